"""A whole trading day for the pictures: forty symbols, signals of every state, a long log, full books."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from futtui.domain.candle_series import CandleSeries
from futtui.domain.effects import Say, Severity
from futtui.domain.position import ExitReason, Trade, TradingMode
from futtui.domain.reading import StrategyVerdict, SymbolReading
from futtui.domain.regime import Regime
from futtui.domain.side import Side
from futtui.domain.signal import Signal, SignalStatus
from futtui.domain.snapshot import EngineSnapshot, FeedView, MarketRow
from futtui.domain.timeframe import DAY_MS, HOUR_MS, MINUTE_MS, Timeframe
from futtui.domain.universe import Listing
from tests.tui import made_performance
from tests.tui.fake_engine import (
    NOW_MS,
    FakeEngine,
    log_lines,
    market_rows,
    position,
    positions,
    readings,
    rules,
    signal,
    signals,
    trade,
    zone,
)
from tests.tui.made_zones import show_zones
from tests.tui.test_health_screen import budget, health
from tests.tui.test_records_screen import sent_book

_MORE = (
    ("SUIUSDT", 3.4127, "0.0001"), ("NEARUSDT", 4.862, "0.001"), ("APTUSDT", 9.134, "0.001"),
    ("ARBUSDT", 0.7813, "0.0001"), ("OPUSDT", 1.6420, "0.0001"), ("ATOMUSDT", 6.118, "0.001"),
    ("FILUSDT", 4.403, "0.001"), ("INJUSDT", 21.35, "0.01"), ("AAVEUSDT", 171.4, "0.1"),
    ("UNIUSDT", 8.217, "0.001"), ("ETCUSDT", 22.61, "0.01"), ("BCHUSDT", 412.8, "0.1"),
    ("TRXUSDT", 0.16124, "0.00001"), ("XLMUSDT", 0.10213, "0.00001"), ("HBARUSDT", 0.06421, "0.00001"),
    ("ICPUSDT", 9.71, "0.01"), ("RUNEUSDT", 5.214, "0.001"), ("SEIUSDT", 0.4412, "0.0001"),
    ("1000PEPEUSDT", 0.0114820, "0.0000010"), ("1000SHIBUSDT", 0.0194510, "0.0000010"),
    ("WIFUSDT", 2.4213, "0.0001"), ("LDOUSDT", 1.2231, "0.0001"), ("ALGOUSDT", 0.1410, "0.0001"),
    ("GALAUSDT", 0.02371, "0.00001"), ("SANDUSDT", 0.2914, "0.0001"), ("XTZUSDT", 0.7214, "0.0001"),
    ("MKRUSDT", 1612.4, "0.1"), ("ZECUSDT", 31.22, "0.01"),
)  # fmt: skip
_SILENT = (
    StrategyVerdict("break_retest", False, "no level was broken in the last 12 candles"),
    StrategyVerdict("atr_momentum", False, "the candle is 0.6 ATR, needs 1.5"),
)
_REGIMES = ("TREND_UP", "TREND_DOWN", "RANGE", "RANGE", "EXPANSION", "SQUEEZE", "CHOP")


def listings(rows: tuple[MarketRow, ...]) -> dict[str, Listing]:
    """Turnover and spread of all but the last symbol, of which the exchange tells none."""
    chance = random.Random(8)
    return {
        row.symbol: Listing(row.symbol, row.symbol, quote_volume=2e10 / at**2, spread_pct=chance.uniform(0.001, 0.06))
        for at, row in enumerate(rows[:-1], start=1)
    }


def whole_market() -> tuple[MarketRow, ...]:
    """The symbols of the drawing, and twenty-eight more around them."""
    chance = random.Random(5)
    rows = list(market_rows())
    for symbol, price, tick in _MORE:
        kind = chance.choice("RSF")
        gap = chance.uniform(0.003, 0.03) * (1 if kind == "R" else -1)
        low = round(price * (1 + gap), 6)
        nearest = zone(symbol, kind, low, round(low * 1.004, 6), float(chance.randrange(45, 92)))
        rows.append(
            replace(
                rows[0],
                symbol=symbol,
                price=price,
                previous_price=price * (1 + chance.choice((-1, 0, 1)) * 0.0003),
                change_24h_pct=round(chance.gauss(0, 2.4), 2),
                regime_m15=chance.choice(_REGIMES),
                regime_h1=chance.choice(_REGIMES),
                nearest_zone=nearest,
                gap_pct=nearest.gap_pct(price),
                blocked_until_ms=None,
                rules=rules(symbol, tick),
            )
        )
    return tuple(rows)


class DayEngine(FakeEngine):
    """Its charts have a VWAP that runs through the day instead of one that follows each candle."""

    def _series(self, symbol: str, timeframe: Timeframe, limit: int, before_ms: int | None) -> CandleSeries:
        made = super()._series(symbol, timeframe, limit, before_ms)
        return replace(made, daily_vwap=_running_vwap(made, DAY_MS), weekly_vwap=_running_vwap(made, 7 * DAY_MS))


def _running_vwap(series: CandleSeries, period_ms: int) -> tuple[float, ...]:
    """Volume-weighted average since the period of each candle began."""
    found: list[float] = []
    period, worth, volume = -1, 0.0, 0.0
    for candle in series.candles:
        if candle.open_time_ms // period_ms != period:
            period, worth, volume = candle.open_time_ms // period_ms, 0.0, 0.0
        worth, volume = worth + candle.typical * candle.volume, volume + candle.volume
        found.append(worth / volume)
    return tuple(found)


def whole_readings(rows: tuple[MarketRow, ...]) -> Mapping[str, SymbolReading]:
    """Readings in which no two symbols are alike, each with zones on both sides of its price."""
    chance = random.Random(9)
    found = dict(readings(rows))
    for row in rows:
        one = found[row.symbol]
        scale, flow, ratio = chance.uniform(0.6, 2.4), chance.uniform(-0.6, 0.6), chance.uniform(0.4, 2.6)
        regimes = {Timeframe.M15: row.regime_m15, Timeframe.H1: row.regime_h1}
        frames = {
            frame: replace(
                reading,
                atr=None if reading.atr is None else reading.atr * scale,
                adx=chance.uniform(12, 38),
                rsi=chance.uniform(32, 68),
                flow=None if reading.flow is None else round(flow, 2),
                volume_ratio=round(ratio, 1),
                regime=replace(reading.regime, regime=Regime(regimes.get(frame, "RANGE"))),
            )
            for frame, reading in one.frames.items()
        }
        around = (*one.zones, *(
            zone(row.symbol, kind, row.price * (1 + at), row.price * (1 + at + 0.0035), score, age_ms=age * HOUR_MS)
            for kind, at, score, age in (("R", 0.012, 71, 6), ("R", 0.027, 58, 40), ("S", -0.019, 66, 19))
        ))  # fmt: skip
        vwap = row.price * (1 + chance.uniform(-0.012, 0.012))
        found[row.symbol] = replace(one, frames=frames, zones=around, daily_vwap=vwap)
    return found


def whole_trades() -> tuple[Trade, ...]:
    """What was closed today, each at prices of its own symbol."""
    told = (
        ("BNBUSDT", "582.4", "594.1", "21.40", 1.31, ExitReason.TARGET_2),
        ("DOTUSDT", "6.512", "6.441", "-10.20", -1.02, ExitReason.STOP),
        ("LTCUSDT", "71.40", "71.43", "0.35", 0.03, ExitReason.BREAK_EVEN),
        ("SUIUSDT", "3.3510", "3.4012", "8.10", 0.62, ExitReason.TARGET_1),
        ("AAVEUSDT", "172.9", "172.1", "-2.85", -0.31, ExitReason.TIME),
    )
    found = []
    for at, (symbol, entry, leave, pnl, result_r, reason) in enumerate(told):
        made = trade(symbol, pnl, result_r, reason, (80 + 55 * at) * MINUTE_MS)
        price = Decimal(entry)
        legs = (replace(made.legs[0], price=Decimal(leave)),)
        found.append(replace(made, entry_price=price, initial_stop=price * Decimal("0.99"), legs=legs))
    return tuple(found)


_PARTS = {
    "setup_quality": "setup", "zone_quality": "zone", "regime_fit": "regime fit", "money_flow": "money flow",
    "btc_filter": "BTC filter", "late_entry": "entry timing",
}  # fmt: skip


def named(one: Signal) -> Signal:
    """The signal with its parts as the scorer names them."""
    parts = tuple(replace(part, name=_PARTS.get(part.name, part.name)) for part in one.parts)
    return replace(one, parts=parts)


def whole_log() -> tuple[Say, ...]:
    """What a day tells: the drawing's lines after thirty earlier ones."""
    told = (
        ("zones", "40 symbols rebuilt in 1.8 s", Severity.INFO, ""),
        ("filter", "DOTUSDT long skipped: the score 64 is below 70", Severity.INFO, "DOTUSDT"),
        ("paper", "BNBUSDT long opened: 3.40 at 588.30, stop 584.10", Severity.NOTICE, "BNBUSDT"),
        ("risk", "SOLUSDT short refused: two positions in the same direction already", Severity.INFO, "SOLUSDT"),
        ("phone", "Telegram: message delivered after 2 tries", Severity.DEBUG, ""),
        ("paper", "BNBUSDT target 1 reached: half closed at 592.80, +9.15", Severity.NOTICE, "BNBUSDT"),
    )
    earlier = tuple(
        Say(NOW_MS - (34 - at) * 11 * MINUTE_MS, topic, text, severity, symbol)
        for at, (topic, text, severity, symbol) in enumerate(told * 5)
    )
    return (*earlier, *log_lines())


def trading_day() -> FakeEngine:
    """An engine in the middle of a busy day in paper mode."""
    engine = DayEngine()
    rows = whole_market()
    more_signals = (
        signal("NEARUSDT", Side.LONG, "volume_profile", (4.86, 4.79, 4.93, 5.0, 5.12), age_ms=22 * MINUTE_MS, score=74),
        signal(
            "MKRUSDT", Side.SHORT, "liquidity_sweep", (1620.0, 1641.5, 1598.5, 1577.0, 1540.0),
            age_ms=31 * MINUTE_MS, score=81, status=SignalStatus.WAITING, frame=Timeframe.H1,
        ),
        signal(
            "DOTUSDT", Side.LONG, "atr_momentum", (6.41, 6.33, 6.49, 6.57, 6.7),
            age_ms=3 * HOUR_MS, score=72, status=SignalStatus.CLOSED,
        ),
    )  # fmt: skip
    more_positions = (
        position(
            "1000PEPEUSDT", Side.LONG, 912000.0, 0.0114410, 0.0114820, 0.0113460, age_ms=73 * MINUTE_MS,
            guard="break-even",
        ),
    )  # fmt: skip
    opened_by = signal(
        "ETHUSDT", Side.LONG, "break_retest", (3098.0, 3073.0, 3123.0, 3148.0, 3191.0), age_ms=42 * MINUTE_MS, score=78
    )
    held = tuple(
        replace(item, signal_id=opened_by.signal_id) if item.symbol == "ETHUSDT" else item
        for item in (*positions(), *more_positions)
    )
    engine.show_desk(
        signals=tuple(
            named(one) for one in (*signals(), *more_signals, replace(opened_by, status=SignalStatus.CLOSED))
        ),
        positions=held,
        trades=whole_trades(),
        signals_today=14,
    )
    engine.show(
        listings=listings(rows),
        market=rows,
        readings=whole_readings(rows),
        verdicts={row.symbol: engine.current.verdicts.get(row.symbol, _SILENT) for row in rows},
        symbols_ready=len(rows),
        symbols_total=len(rows),
        log=whole_log(),
        log_version=99,
        sent=sent_book().view(),
        health=health(budget=budget(gate="open", closed_until_ms=0, gate_text=""), phone=health().phone),
        feed=replace(engine.current.feed, budget=budget(gate="open", closed_until_ms=0, gate_text="")),
    )
    show_zones(engine)
    engine.report = made_performance.report()
    return engine


def quiet_start(engine: FakeEngine) -> EngineSnapshot:
    """The first minute of a first day: a market, and nothing that happened yet."""
    desk = engine.current.desk
    assert desk is not None
    account = replace(
        desk.account, equity=10000.0, wallet_balance=10000.0, today_pct=0.0, open_risk_pct=0.0, day_loss_left_pct=3.0,
        closed_trades=0, wins=0, losses=0, break_evens=0, net_r=0.0,
    )  # fmt: skip
    engine.show_desk(
        account=account, signals=(), positions=(), trades=(), blocked={}, expired_today=0, signals_today=0,
        mode=TradingMode.SIGNALS,
    )  # fmt: skip
    rows = tuple(replace(row, blocked_until_ms=None) for row in engine.current.market)
    quiet = {row.symbol: replace(engine.current.readings[row.symbol], zones=()) for row in rows}
    engine.report = type(engine.report)(0, engine.now_ms)
    return engine.show(market=rows, log=(), log_version=100, readings=quiet, sent=())


def still_loading(engine: FakeEngine) -> EngineSnapshot:
    """Before the first candles: no desk, no market."""
    feed = FeedView(connected=False, text="", age_ms=0, delay_ms=0)
    shown = replace(engine.current, market=(), desk=None, readings={}, log=(), feed=feed, sent=(), health=None)
    engine.current = replace(shown, phase="loading", phase_text="Loading candles", symbols_ready=5)
    return engine.current
