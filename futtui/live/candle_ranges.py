"""Which candles are missing, as ranges that cost the exchange's request budget as little as possible. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from futtui.domain.candle import Candle
from futtui.domain.timeframe import Timeframe
from futtui.exchange.binance.weights import kline_pages, klines_weight
from futtui.live.sequencer import BASE, merge_candles

Range = tuple[int, int]
"""First and last open time, both included, in ms."""


def missing_ranges(
    known_open_ms: Iterable[int], timeframe: Timeframe, first_open_ms: int, last_open_ms: int
) -> list[Range]:
    """What lies between two open times (both included) and is not among `known_open_ms` (ascending), oldest first."""
    ranges: list[Range] = []
    next_ms = first_open_ms
    for open_ms in known_open_ms:
        if open_ms > last_open_ms:
            break
        if open_ms > next_ms:
            ranges.append((next_ms, open_ms - timeframe.ms))
        next_ms = max(next_ms, open_ms + timeframe.ms)
    if next_ms <= last_open_ms:
        ranges.append((next_ms, last_open_ms))
    return ranges


def joined_ranges(ranges: Sequence[Range], timeframe: Timeframe) -> list[Range]:
    """The same, neighbours asked in one go wherever that weighs no more than asking twice."""
    joined: list[Range] = []
    for first_ms, last_ms in ranges:
        if joined:
            together = (joined[-1][0], last_ms)
            apart = range_weight(joined[-1], timeframe) + range_weight((first_ms, last_ms), timeframe)
            if range_weight(together, timeframe) <= apart:
                joined[-1] = together
                continue
        joined.append((first_ms, last_ms))
    return joined


def range_weight(wanted: Range, timeframe: Timeframe) -> int:
    """Request weight of fetching a range."""
    return sum(map(klines_weight, kline_pages(timeframe.bars_between(*wanted))))


def put_together(base: Sequence[Candle], timeframe: Timeframe, wanted: Iterable[Range]) -> list[Candle]:
    """Bars of `timeframe` in the `wanted` ranges of which every quarter hour is in `base` (ascending), oldest first.

    They are merged as the live sequencer merges them, so a bar is the same whether it was seen live or loaded.
    """
    position = {bar.open_time_ms: index for index, bar in enumerate(base)}
    count = timeframe.ms // BASE.ms
    made: list[Candle] = []
    for first_ms, last_ms in wanted:
        for open_ms in range(first_ms, last_ms + 1, timeframe.ms):
            first = position.get(open_ms)
            last = position.get(open_ms + timeframe.ms - BASE.ms)
            if first is not None and last is not None and last - first == count - 1:
                made.append(merge_candles(base[first : last + 1]))
    return made
