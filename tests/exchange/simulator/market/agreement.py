"""Puts ticks together into bars the plain way: the other side of the promise that candles and ticks agree."""

from __future__ import annotations

from collections import defaultdict

import pytest

from futtui.domain.candle import Candle
from futtui.domain.timeframe import Timeframe
from futtui.exchange.simulator.ports import MarketSource, MarketTick


def by_bar(ticks: list[MarketTick], timeframe: Timeframe) -> dict[str, dict[int, list[MarketTick]]]:
    """Ticks by symbol and open time of their bar; a tick ends its grid step, so a bar's last tick has its end time."""
    found: dict[str, dict[int, list[MarketTick]]] = defaultdict(lambda: defaultdict(list))
    for tick in ticks:
        found[tick.symbol][timeframe.open_ms(tick.time_ms - 1)].append(tick)
    return found


def assert_candle_is_its_ticks(candle: Candle, ticks: list[MarketTick]) -> None:
    """Open, high, low, close exactly; volumes within 1e-9."""
    prices = [tick.price for tick in ticks]
    assert (candle.open, candle.high, candle.low, candle.close) == (prices[0], max(prices), min(prices), prices[-1])
    assert candle.volume == pytest.approx(sum(tick.volume for tick in ticks), rel=1e-9, abs=1e-12)
    takers = [tick.taker_buy_volume for tick in ticks]
    if candle.taker_buy_volume is None:
        assert None in takers
    else:
        known = [taker for taker in takers if taker is not None]
        assert len(known) == len(takers)
        assert candle.taker_buy_volume == pytest.approx(sum(known), rel=1e-9, abs=1e-12)


def assert_market_agrees(market: MarketSource, timeframe: Timeframe, from_ms: int, to_ms: int) -> int:
    """Every candle of the stretch is its ticks, and every bar with ticks has a candle; how many were compared."""
    bars = by_bar(market.ticks(from_ms, to_ms), timeframe)
    compared = 0
    for spec in market.specs:
        symbol = spec.rules.symbol
        candles = market.candles(symbol, timeframe, from_ms, to_ms, 0)
        assert [candle.open_time_ms for candle in candles] == sorted(bars[symbol])
        for candle in candles:
            assert_candle_is_its_ticks(candle.check(), bars[symbol][candle.open_time_ms])
        compared += len(candles)
    return compared
