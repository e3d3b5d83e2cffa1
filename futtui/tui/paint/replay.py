"""A trade of a backtest bar by bar: what the chart shows at a moment, and what has happened until then."""

from __future__ import annotations

from datetime import tzinfo

from futtui.domain.backtests import TestedTrade, TradeCandles
from futtui.domain.candle import Candle
from futtui.domain.side import Side
from futtui.tui.glyphs import BLOCKED, DOWN, UP
from futtui.tui.paint import numbers
from futtui.tui.paint.chart.data import ChartData, FillMark, Level
from futtui.tui.paint.details import paragraph
from futtui.tui.paint.names import setup_name, side_span
from futtui.tui.paint.text import Line, line_width
from futtui.tui.words import word

ROOMY = 110
SPEEDS = (1, 2, 5, 10, 25)
"""Bars a second."""


def first_shown(found: TradeCandles, item: TestedTrade) -> int:
    """How many candles are shown at the beginning: up to the one before the entry, at least one."""
    before = sum(candle.open_time_ms + found.timeframe.ms <= item.trade.opened_ms for candle in found.candles)
    return max(1, min(len(found.candles), before))


def moment_ms(found: TradeCandles, shown: int) -> int:
    """The time at which the newest of the shown candles is closed."""
    return found.candles[shown - 1].open_time_ms + found.timeframe.ms


def chart_of(found: TradeCandles, item: TestedTrade, shown: int, zone: tzinfo) -> ChartData:
    """The chart with its newest `shown` candles only, plan and fills as known then."""
    trade, now_ms = item.trade, moment_ms(found, shown)
    candles = found.candles[:shown]
    levels: list[Level] = []
    if now_ms > trade.opened_ms and not _is_over(item, now_ms):
        levels = [
            Level(float(trade.entry_price), word("chart.level.entry"), "strong", 2),
            Level(float(trade.initial_stop), word("chart.level.stop"), "down", 1),
        ]
        names = enumerate(item.targets, start=1)
        levels += [Level(price, word("chart.level.target", n=at), "up", 2 + at) for at, price in names]
    sign = (UP if trade.side is Side.LONG else DOWN, "strong")
    fills = [FillMark(trade.opened_ms, float(trade.entry_price), *sign)] if trade.opened_ms < now_ms else []
    fills += [FillMark(leg.time_ms, float(leg.price), BLOCKED, "strong") for leg in trade.legs if leg.time_ms < now_ms]
    return ChartData(
        trade.symbol,
        found.timeframe,
        zone,
        candles,
        price=candles[-1].close,
        levels=levels,
        fills=fills,
        now_ms=now_ms,
    )


def _is_over(item: TestedTrade, now_ms: int) -> bool:
    return now_ms > item.trade.closed_ms


def state_line(
    found: TradeCandles, item: TestedTrade, shown: int, speed: int, *, playing: bool, width: int = 120
) -> Line:
    """Where the replay is, how fast it runs, and how the trade stands; the strategy where there is room."""
    trade, now_ms = item.trade, moment_ms(found, shown)
    state = word("replay.playing" if playing else "replay.paused", speed=speed)
    candle = found.candles[shown - 1]
    if now_ms <= trade.opened_ms:
        stands = (word("replay.before"), "muted")
    elif _is_over(item, now_ms):
        stands = (word("replay.closed", r=numbers.signed_text(trade.result_r)), _token(trade.result_r))
    else:
        r = open_r(item, candle)
        stands = (word("replay.open", r=numbers.signed_text(r)), _token(r))
    count = word("replay.bar", at=shown, all=len(found.candles))
    setup = f" {setup_name(trade.strategy)}   " if width >= ROOMY else "   "
    line: Line = (("  ", "text"), side_span(trade.side), (setup, "text"), stands, (f"   {count}   ", "muted"))
    if line_width((*line, (state, ""))) > width:
        state = word("replay.playing_short" if playing else "replay.paused_short")
    return (*line, (state, "attention" if playing else "bold"))


def open_r(item: TestedTrade, candle: Candle) -> float:
    """What the whole position would be worth at the candle's close in R, before costs."""
    trade = item.trade
    risk = abs(float(trade.entry_price) - float(trade.initial_stop))
    return trade.side.sign * (candle.close - float(trade.entry_price)) / risk if risk > 0 else 0.0


def _token(amount: float) -> str:
    return numbers.direction_token(amount)


def story_lines(found: TradeCandles, item: TestedTrade, shown: int, zone: tzinfo, width: int) -> list[Line]:
    """What has happened until then: the reason, the entry, each exit."""
    trade, now_ms = item.trade, moment_ms(found, shown)
    if now_ms <= trade.opened_ms:
        return paragraph(word("replay.waiting"), width, "muted")[:1]
    events = [
        word(
            "replay.entered",
            time=numbers.time_text(trade.opened_ms, zone, seconds=False),
            price=_price(trade.entry_price),
            stop=_price(trade.initial_stop),
        )
    ]
    events += [
        word(
            "replay.left",
            time=numbers.time_text(leg.time_ms, zone, seconds=False),
            price=_price(leg.price),
            reason=word(f"exit.{leg.reason.value}"),
        )
        for leg in trade.legs
        if leg.time_ms < now_ms
    ]
    return paragraph("   ".join(events), width)


def _price(price: object) -> str:
    return f"{float(str(price)):.8g}"
