"""A fake engine: a hand-made snapshot of the drawn dashboard, a frozen clock, and a list of commands that arrived."""

from __future__ import annotations

import random
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar

from futtui.domain.candle import Candle, FormingCandle
from futtui.domain.candle_series import CandleSeries
from futtui.domain.effects import Say, Severity
from futtui.domain.errors import FuttuiError
from futtui.domain.events import Command, DismissSignal, RemovePriceAlert, SetPriceAlert, TakeSignal
from futtui.domain.live_check import Finding, LiveReport
from futtui.domain.orders import OrderPurpose, OrderStatus
from futtui.domain.past_signals import PastSignal, SimilarSignals, tally_of
from futtui.domain.performance import PerformanceReport
from futtui.domain.position import ExitReason, Leg, Trade, TradingMode, class_of
from futtui.domain.position_story import NextRule, OrderView, PositionStep, PositionStory, RuleKind, StepKind
from futtui.domain.price_alert import PriceAlert
from futtui.domain.reading import FrameReading, ProfileReading, StrategyVerdict, SymbolReading
from futtui.domain.regime import Bias, Regime, RegimeReading
from futtui.domain.side import Side
from futtui.domain.signal import DISMISSED, TAKEN, Levels, RawSignal, Signal, SignalPart, SignalStatus, System, Trigger
from futtui.domain.silence import RefusalCount, SilenceCount, WhyNoSignals
from futtui.domain.snapshot import (
    AccountMargins,
    AccountView,
    DeskSnapshot,
    EngineSnapshot,
    FeedView,
    HeldMargin,
    MarketRow,
    PositionView,
)
from futtui.domain.symbols import SymbolRules
from futtui.domain.taking import TakeLook
from futtui.domain.timeframe import DAY_MS, HOUR_MS, MINUTE_MS, Timeframe
from futtui.domain.zone import Zone, ZoneEvent, ZoneEventKind, ZoneKind

Answered = TypeVar("Answered")

NOW_MS = int(datetime(2026, 9, 1, 11, 32, 7, tzinfo=UTC).timestamp() * 1000)
"""14:32:07 in Kyiv."""

_MARKET = (
    # symbol, price, previous, 24h %, M15, H1, zone kind, low, high, score, tick
    ("BTCUSDT", 64506.9, 64506.0, -0.82, "RANGE", "TREND_UP", "S", 64330.0, 64390.0, 88, "0.1"),
    ("ETHUSDT", 3121.44, 3121.44, 0.31, "TREND_UP", "TREND_UP", "R", 3140.0, 3152.0, 74, "0.01"),
    ("SOLUSDT", 146.02, 146.05, 2.75, "TREND_UP", "RANGE", "R", 147.1, 147.8, 66, "0.010"),
    ("XRPUSDT", 0.5214, 0.5214, -1.10, "TREND_DOWN", "TREND_DOWN", "S", 0.5160, 0.5172, 71, "0.0001"),
    ("DOGEUSDT", 0.1211, 0.1211, -0.44, "EXPANSION", "RANGE", "S", 0.1196, 0.1201, 55, "0.00001"),
    ("BNBUSDT", 588.3, 588.2, 0.12, "RANGE", "RANGE", "R", 592.0, 593.5, 69, "0.01"),
    ("AVAXUSDT", 27.41, 27.42, -2.02, "TREND_DOWN", "TREND_DOWN", "S", 27.02, 27.11, 60, "0.001"),
    ("LINKUSDT", 13.882, 13.88, 0.90, "TREND_UP", "TREND_UP", "F", 13.80, 13.86, 88, "0.001"),
    ("TIAUSDT", 5.114, 5.114, 0.20, "RANGE", "RANGE", "S", 5.02, 5.05, 62, "0.0001"),
    ("ADAUSDT", 0.4471, 0.4471, -0.61, "RANGE", "TREND_DOWN", "R", 0.4502, 0.4511, 58, "0.0001"),
    ("DOTUSDT", 6.431, 6.430, 0.05, "SQUEEZE", "RANGE", "R", 6.58, 6.61, 64, "0.001"),
    ("LTCUSDT", 71.22, 71.25, -0.33, "CHOP", "RANGE", "S", 69.9, 70.2, 70, "0.01"),
)


def rules(symbol: str, tick: str) -> SymbolRules:
    """Trading rules with the given tick."""
    size = Decimal(tick).normalize()
    return SymbolRules(
        symbol=symbol,
        base_asset=symbol.removesuffix("USDT"),
        tick_size=size,
        step_size=Decimal("0.01"),
        min_quantity=Decimal("0.01"),
        max_quantity=Decimal(10000),
        market_max_quantity=Decimal(10000),
        min_notional=Decimal(5),
        min_price=size,
        max_price=Decimal(1000000),
    )


def zone(symbol: str, kind: str, low: float, high: float, score: float, *, age_ms: int = 3 * HOUR_MS) -> Zone:
    """A zone; kind F is a flipped support."""
    return Zone(
        zone_id=f"{symbol}-{kind}-{low}",
        symbol=symbol,
        timeframe=Timeframe.H1,
        kind=ZoneKind.RESISTANCE if kind == "R" else ZoneKind.SUPPORT,
        low=low,
        high=high,
        score=score,
        touches=5,
        bounces=3,
        created_ms=NOW_MS - 9 * DAY_MS,
        last_touch_ms=NOW_MS - age_ms,
        flipped=kind == "F",
    )


def market_rows() -> tuple[MarketRow, ...]:
    """The symbols of the drawing; TIA is blocked until 15:00."""
    rows = []
    for symbol, price, previous, change, m15, h1, kind, low, high, score, tick in _MARKET:
        nearest = zone(symbol, kind, low, high, score)
        rows.append(
            MarketRow(
                symbol=symbol,
                price=price,
                previous_price=previous,
                change_24h_pct=change,
                regime_m15=m15,
                regime_h1=h1,
                nearest_zone=nearest,
                gap_pct=nearest.gap_pct(price),
                ready=True,
                state_text="",
                fresh=True,
                age_ms=200,
                blocked_until_ms=NOW_MS + 27 * MINUTE_MS + 53_000 if symbol == "TIAUSDT" else None,
                rules=rules(symbol, tick),
                version=1,
                funding_rate=-0.000031 if symbol == "XRPUSDT" else 0.0001,
                next_funding_ms=NOW_MS + 88 * MINUTE_MS,
            )
        )
    return tuple(rows)


def reading(symbol: str, price: float, zones: tuple[Zone, ...]) -> SymbolReading:
    """A reading of all frames around `price`."""
    frames = {
        frame: FrameReading(
            timeframe=frame,
            close_time_ms=frame.open_ms(NOW_MS),
            close=price,
            atr=price * 0.002 * (index + 1),
            adx=18.2 + index,
            rsi=54.1,
            ema_20=price * 0.998,
            ema_50=price * 0.995,
            ema_200=None if frame is Timeframe.D1 else price * 0.97,
            bollinger_upper=price * 1.01,
            bollinger_lower=price * 0.99,
            bollinger_width_percentile=42.0,
            donchian_high=price * 1.02,
            donchian_low=price * 0.98,
            flow=None if frame is Timeframe.D1 else 0.18,
            volume_ratio=1.3,
            regime=RegimeReading(
                Regime.RANGE, 0.7, Bias.NEUTRAL, reason="ADX 18 is low and the bands are of usual width"
            ),
        )
        for index, frame in enumerate((Timeframe.M15, Timeframe.H1, Timeframe.H4, Timeframe.D1))
    }
    return SymbolReading(
        symbol=symbol,
        time_ms=NOW_MS - 125_000,
        price=price,
        frames=frames,
        zones=zones,
        daily_vwap=price * 1.00008,
        anchored_vwap=price * 0.996,
        profile=ProfileReading(price * 1.001, price * 0.992, price * 1.007, "24h"),
        change_24h_pct=-0.8,
        ready=True,
    )


def readings(rows: tuple[MarketRow, ...]) -> dict[str, SymbolReading]:
    """Readings of all rows; BTC has the zones of the drawing."""
    result = {}
    for row in rows:
        near = (row.nearest_zone,) if row.nearest_zone else ()
        if row.symbol == "BTCUSDT":
            near = (
                zone("BTCUSDT", "R", 65090.0, 65160.0, 82),
                zone("BTCUSDT", "R", 64720.0, 64830.0, 74, age_ms=HOUR_MS),
                zone("BTCUSDT", "S", 64330.0, 64390.0, 88, age_ms=9 * HOUR_MS),
                zone("BTCUSDT", "S", 63820.0, 63930.0, 69, age_ms=DAY_MS),
            )
        result[row.symbol] = reading(row.symbol, row.price, near)
    return result


def signal(
    symbol: str,
    side: Side,
    strategy: str,
    levels: tuple[float, ...],
    *,
    age_ms: int,
    score: float,
    status: SignalStatus = SignalStatus.ACTIVE,
    frame: Timeframe = Timeframe.M15,
) -> Signal:
    """A signal with entry, stop and targets in `levels`."""
    entry, stop, *targets = levels
    parts = (
        SignalPart("setup_quality", 30.0, "the flipped zone held twice and the close is back above it"),
        SignalPart("zone_quality", 22.0, "zone score 88"),
        SignalPart("regime_fit", 14.0, "H1 trend up, M15 trend up"),
        SignalPart("money_flow", 12.0, "market buys outweigh sells over the last 20 candles", 0.18),
        SignalPart("btc_filter", 8.0, "BTC moves the same way"),
        SignalPart("funding", 0.0, "not available yet", None, False),
        SignalPart("late_entry", round(score - 86.0, 1), "price is already a little far from the zone"),
    )
    raw = RawSignal(
        symbol=symbol,
        system=System.CORE,
        strategy=strategy,
        timeframe=frame,
        side=side,
        trigger=Trigger.ARMED if status is SignalStatus.WAITING else Trigger.IMMEDIATE,
        time_ms=NOW_MS - age_ms,
        valid_until_ms=NOW_MS - age_ms + 15 * MINUTE_MS,
        levels=Levels(side, entry, stop, tuple(targets)),
        atr=abs(entry - stop) / 1.5,
        base_score=score,
        regime=Regime.TREND_UP,
        parts=parts,
        summary="flipped zone held twice, above VWAP, money flow up, H1 trend up",
    )
    return Signal(raw, score, parts, status, "", raw.time_ms, completeness=0.86)


def take_look(found: Signal | None, mode: TradingMode, **changes: object) -> TakeLook:
    """What taking a signal would mean: 0.5 % of 10,482.30 at the plan's own entry and stop."""
    assert found is not None
    raw, money = found.raw, 52.41
    quantity = round(money / raw.levels.risk, 2)
    look = TakeLook(
        found.signal_id, raw.symbol, raw.side, mode, "", raw.levels.entry, raw.levels.entry * 1.0001, raw.levels.stop,
        raw.levels.targets, quantity, quantity * raw.levels.entry, 3, money, 0.5, 7.37,
    )  # fmt: skip
    return replace(look, **changes)  # type: ignore[arg-type]


def signals() -> tuple[Signal, ...]:
    """Three open signals, one of them waiting, and an expired one."""
    return (
        signal("LINKUSDT", Side.LONG, "sr_flip_retest", (13.882, 13.744, 14.02, 14.18, 14.4), age_ms=12_000, score=86),
        signal(
            "SOLUSDT",
            Side.SHORT,
            "sr_sweep_return",
            (146.4, 147.95, 144.85, 143.3, 141.0),
            age_ms=3 * MINUTE_MS,
            score=78,
            status=SignalStatus.WAITING,
        ),
        signal(
            "BTCUSDT",
            Side.LONG,
            "break_retest",
            (64420.0, 64100.0, 64740.0, 65060.0, 65700.0),
            age_ms=9 * MINUTE_MS,
            score=71,
            frame=Timeframe.H1,
        ),
        signal(
            "ADAUSDT",
            Side.SHORT,
            "atr_momentum",
            (0.45, 0.4545, 0.4455, 0.441, 0.435),
            age_ms=47 * MINUTE_MS,
            score=66,
            status=SignalStatus.EXPIRED,
        ),
    )


def position_story(symbol: str, size: float, entry: float, stop: float, age_ms: int, hit: int) -> PositionStory:
    """Stop and targets on the exchange, one target filled where it was hit, and what comes next."""
    name, opened_ms = f"f-{symbol.lower()}", NOW_MS - age_ms
    stop_order = OrderView(
        f"{name}-S{1 + hit}", OrderPurpose.STOP, OrderStatus.OPEN, size, 0.0, stop, opened_ms + 1000,
        reason=ExitReason.BREAK_EVEN if hit else ExitReason.STOP,
    )  # fmt: skip
    done = OrderView(
        f"{name}-T1", OrderPurpose.TARGET, OrderStatus.FILLED if hit else OrderStatus.OPEN, size / 2,
        size / 2 if hit else 0.0, entry * 1.008, opened_ms + 1200, 1, ExitReason.TARGET_1,
    )  # fmt: skip
    second = OrderView(
        f"{name}-T2", OrderPurpose.TARGET, OrderStatus.SENT, size / 2, 0.0, entry * 1.016, opened_ms + 1200, 2
    )
    steps = [
        PositionStep(opened_ms - 300, StepKind.ORDERED, quantity=size),
        PositionStep(opened_ms, StepKind.OPENED, entry, size),
        PositionStep(opened_ms + 1000, StepKind.STOP_SET, entry * 0.992, size, ExitReason.STOP),
    ]
    if hit:
        gain = entry * 0.008 * size / 2
        steps += [
            PositionStep(opened_ms + 20 * MINUTE_MS, StepKind.LEFT, entry * 1.008, size / 2, ExitReason.TARGET_1, gain),
            PositionStep(opened_ms + 20 * MINUTE_MS + 800, StepKind.STOP_MOVED, stop, size / 2, ExitReason.BREAK_EVEN),
        ]
    next_kind = RuleKind.TRAIL_FROM if hit else RuleKind.BREAK_EVEN
    return PositionStory(
        orders=(stop_order, done, second),
        rules=(
            NextRule(next_kind, entry * (1.016 if hit else 1.008), 2.0 if hit else 1.0, amount=1 + hit),
            NextRule(RuleKind.PROGRESS, time_ms=NOW_MS + 52 * MINUTE_MS, amount=0.5),
            NextRule(RuleKind.LONGEST, time_ms=NOW_MS + 6 * DAY_MS, amount=7),
        ),
        steps=tuple(steps),
        bought=size * (1.5 if hit else 1.0),
        fees=1.05,
        funding=-0.02,
        best_r=0.91,
        worst_r=-0.24,
        first_stop=entry * 0.992,
    )


def position(
    symbol: str,
    side: Side,
    size: float,
    entry: float,
    mark: float,
    stop: float,
    *,
    age_ms: int,
    guard: str,
    hit: int = 0,
) -> PositionView:
    """An open position in paper mode."""
    pnl = (mark - entry) * size * side.sign
    return PositionView(
        position_id=f"p-{symbol}",
        signal_id=f"s-{symbol}",
        symbol=symbol,
        side=side,
        system="CORE",
        strategy="break_retest",
        mode=TradingMode.PAPER,
        status="PROTECTED",
        quantity=size,
        entry_price=entry,
        mark_price=mark,
        stop=stop,
        targets=tuple(entry * (1 + side.sign * share) for share in (0.008, 0.016, 0.03)),
        targets_hit=hit,
        pnl=pnl,
        pnl_pct=pnl / (entry * size) * 100,
        pnl_r=pnl / max(abs(entry - stop) * size, entry * size * 0.008),
        opened_ms=NOW_MS - age_ms,
        guard=guard,
        version=1,
        story=position_story(symbol, size, entry, stop, age_ms, hit),
    )


def positions() -> tuple[PositionView, ...]:
    """The three positions of the drawing."""
    return (
        position(
            "ETHUSDT",
            Side.LONG,
            0.51,
            3098.1,
            3121.44,
            3081.5,
            age_ms=41 * MINUTE_MS,
            guard="trailing tier 1",
            hit=1,
        ),
        position(
            "XRPUSDT", Side.SHORT, 2400, 0.5271, 0.5214, 0.5271, age_ms=126 * MINUTE_MS, guard="break-even"
        ),
        position(
            "AVAXUSDT", Side.SHORT, 31.0, 27.35, 27.41, 27.69, age_ms=8 * MINUTE_MS, guard="time stop in 52m"
        ),
    )  # fmt: skip


def margins(mode: TradingMode = TradingMode.PAPER) -> AccountMargins:
    """How the account of a mode holds the positions of the drawing; the real one was looked at six seconds ago."""
    if mode is not TradingMode.LIVE:
        return AccountMargins(tuple(HeldMargin(mode, item.symbol, False, 20) for item in positions()))
    eth = HeldMargin(mode, "ETHUSDT", True, 3, 2104.0)
    return AccountMargins((eth, HeldMargin(mode, "AVAXUSDT", True, None, 27.60)), NOW_MS - 6_000)


def trade(symbol: str, pnl: str, result_r: float, reason: ExitReason, age_ms: int) -> Trade:
    """A closed trade."""
    return Trade(
        position_id=f"t-{symbol}-{age_ms}",
        signal_id="s",
        symbol=symbol,
        system=System.CORE,
        strategy="atr_momentum",
        side=Side.LONG,
        mode=TradingMode.PAPER,
        quantity=Decimal(10),
        entry_price=Decimal("27.1"),
        initial_stop=Decimal("26.8"),
        opened_ms=NOW_MS - age_ms - HOUR_MS,
        closed_ms=NOW_MS - age_ms,
        legs=(Leg(Decimal(10), Decimal("27.4"), reason, NOW_MS - age_ms, Decimal("0.12")),),
        fees=Decimal("0.24"),
        funding=Decimal("-0.02"),
        pnl=Decimal(pnl),
        result_r=result_r,
        result_pct=result_r,
        mfe_r=result_r + 0.4,
        mae_r=-0.5,
        score=72.0,
    )


def live_report(*more: Finding) -> LiveReport:
    """An account on which everything is well but the address of its key, and `more`."""
    found = (
        Finding(True, "The account may trade."),
        Finding(True, "One-way mode."),
        Finding(True, "Single-asset mode."),
        Finding(True, "The key cannot withdraw."),
        Finding(
            True,
            "The key works from every address.",
            "Bind it to your address on the exchange's page for API keys: then it is worthless to a thief.",
        ),
        Finding(True, "10,482.30 USDT on the futures account."),
        Finding(True, "The clock is +38 ms off."),
        Finding(True, "Orders can be written down before they are sent."),
        *more,
    )
    return LiveReport(found, 0.5, 3.0, 10482.30, "9F2A")


def log_lines() -> tuple[Say, ...]:
    """The log of the drawing, oldest first."""
    texts = (
        (-217, "risk", "day loss at 10% of limit", Severity.WARNING, ""),
        (-176, "feed", "reconnected after 2.1 s, 3 candles filled", Severity.INFO, ""),
        (-125, "zones", "46 symbols rebuilt in 1.8 s", Severity.INFO, ""),
        (-27, "filter", "ADAUSDT short skipped: market in a range", Severity.INFO, "ADAUSDT"),
        (-20, "debug", "a line that nobody needs to see", Severity.DEBUG, ""),
        (-9, "paper", "ETHUSDT stop moved 3,074.0 → 3,081.5", Severity.INFO, "ETHUSDT"),
        (-2, "signal", "LINKUSDT long 86 Flip-Retest M15 found", Severity.NOTICE, "LINKUSDT"),
    )
    return tuple(Say(NOW_MS + at * 1000, topic, text, severity, symbol) for at, topic, text, severity, symbol in texts)


def account() -> AccountView:
    """The account of the drawing."""
    return AccountView(
        equity=10482.30,
        wallet_balance=10452.86,
        start_equity=10000.0,
        today_pct=1.84,
        open_risk_pct=0.9,
        open_risk_cap_pct=3.0,
        day_loss_left_pct=2.7,
        closed_trades=7,
        wins=4,
        losses=2,
        break_evens=1,
        net_r=3.4,
    )


def desk() -> DeskSnapshot:
    """The desk of the drawing, in paper mode."""
    return DeskSnapshot(
        version=1,
        time_ms=NOW_MS,
        mode=TradingMode.PAPER,
        paused=False,
        pause_reason="",
        account=account(),
        signals=signals(),
        positions=positions(),
        trades=(
            trade("BNBUSDT", "21.40", 1.31, ExitReason.TARGET_2, 80 * MINUTE_MS),
            trade("DOTUSDT", "-10.20", -1.02, ExitReason.STOP, 190 * MINUTE_MS),
        ),
        blocked={"TIAUSDT": (NOW_MS + 27 * MINUTE_MS + 53_000, "blocked by you")},
        expired_today=4,
        signals_today=9,
    )


def snapshot() -> EngineSnapshot:
    """The drawn dashboard on a synthetic market at 60x."""
    rows = market_rows()
    verdicts = {
        row.symbol: (
            StrategyVerdict("break_retest", False, "the last break was 14 candles ago, older than 12"),
            StrategyVerdict("atr_momentum", False, "the candle is 0.8 ATR, needs 1.5"),
        )
        for row in rows
    }
    verdicts["LINKUSDT"] = (StrategyVerdict("break_retest", True, "broke 13.80 and held it twice"),)
    return EngineSnapshot(
        version=1,
        time_ms=NOW_MS,
        phase="running",
        phase_text="Running",
        source_label="Synthetic market, seed 7",
        synthetic=True,
        speed_text="x60",
        market=rows,
        desk=desk(),
        feed=FeedView(connected=True, text="fresh", age_ms=120, delay_ms=84),
        log=log_lines(),
        log_version=7,
        engine_lag_ms=1.2,
        readings=readings(rows),
        verdicts=verdicts,
        symbols_ready=len(rows),
        symbols_total=len(rows),
        margins=margins(),
        forming={
            row.symbol: FormingCandle(
                Timeframe.M15.open_ms(NOW_MS),
                row.price,
                row.price * 1.001,
                row.price * 0.9995,
                row.price,
                480.0,
                NOW_MS,
            )
            for row in rows
        },
    )


def made_candles(price: float, timeframe: Timeframe, end_ms: int, count: int) -> tuple[Candle, ...]:
    """A seeded walk that ends at `price`; each candle depends on its place before the end only."""
    chance = random.Random(11)
    candles: list[Candle] = []
    close = price
    for back in range(1, count + 1):
        opened = close * (1 + chance.gauss(0, 0.0025))
        high = max(opened, close) * (1 + abs(chance.gauss(0, 0.001)))
        low = min(opened, close) * (1 - abs(chance.gauss(0, 0.001)))
        volume = 1000.0 * abs(chance.gauss(1, 0.5)) + 50
        candles.append(
            Candle(
                end_ms - back * timeframe.ms,
                opened,
                high,
                low,
                close,
                volume,
                taker_buy_volume=volume * (0.5 + 0.3 * (close - opened) / (high - low)),
            )
        )
        close = opened
    return tuple(reversed(candles))


def similar_signals() -> SimilarSignals:
    """Some wins, a loss and a signal that price never reached."""
    results = (("LINKUSDT", 1.31), ("LINKUSDT", -1.04), ("SOLUSDT", 0.02), ("LINKUSDT", None), ("ETHUSDT", 0.84))
    newest = tuple(
        PastSignal(
            f"past-{at}",
            NOW_MS - (at + 1) * DAY_MS,
            symbol,
            Timeframe.M15,
            82.0 - at,
            SignalStatus.EXPIRED if result is None else SignalStatus.CLOSED,
            None if result is None else TradingMode.PAPER,
            result,
            None if result is None else class_of(result),
        )
        for at, (symbol, result) in enumerate(results)
    )
    return SimilarSignals(
        "", tally_of(tuple(item for item in newest if item.symbol == "LINKUSDT")), tally_of(newest), newest
    )


def zone_events() -> tuple[ZoneEvent, ...]:
    """Three touches: one turned price, one broke the zone with a flip after it, one is open."""
    told = (
        (9, ZoneEventKind.TOUCH, None),
        (9, ZoneEventKind.SWEEP, 0.3),
        (10, ZoneEventKind.BOUNCE, 1.4),
        (30, ZoneEventKind.TOUCH, None),
        (34, ZoneEventKind.BREAK, 0.6),
        (35, ZoneEventKind.FLIP, None),
        (70, ZoneEventKind.TOUCH, None),
    )
    return tuple(
        ZoneEvent(
            f"e-{at}-{kind.value}", "z", "BTCUSDT", Timeframe.H1, kind, ZoneKind.SUPPORT, NOW_MS - (80 - at) * HOUR_MS,
            64390.0, 64330.0, 64390.0, 1, size,
        )
        for at, kind, size in told
    )  # fmt: skip


def why_no_signals() -> WhyNoSignals:
    """A day on which most candidates were refused."""
    refused = (
        ("DOGEUSDT", Side.LONG, "break_retest", 68, "the score 68 is below 70"),
        ("XRPUSDT", Side.SHORT, "atr_momentum", 64, "fees and slippage would eat too much of the first target"),
    )
    nearly = tuple(
        replace(
            signal(symbol, side, strategy, (1.0, 0.98, 1.02, 1.04), age_ms=HOUR_MS, score=score),
            status=SignalStatus.REFUSED,
            status_reason=reason,
        )
        for symbol, side, strategy, score, reason in refused
    )
    return WhyNoSignals(
        "",
        NOW_MS - DAY_MS,
        looks=1284,
        candidates=46,
        refused=39,
        expired=3,
        refusals=(
            RefusalCount("score, regime and BTC", 27, NOW_MS - HOUR_MS, "DOGEUSDT", "the score 68 is below 70"),
            RefusalCount("shape of the plan", 9, NOW_MS - 2 * HOUR_MS, "XRPUSDT", refused[1][4]),
            RefusalCount(
                "price, size and limits at the entry (risk)", 3, NOW_MS - 5 * HOUR_MS, "ADAUSDT", "open risk is 3.0 %"
            ),
        ),
        silences=(
            SilenceCount(
                "break_retest", 700, NOW_MS - 130_000, "BTCUSDT", "the last break was 14 candles ago, older than 12"
            ),
            SilenceCount("atr_momentum", 512, NOW_MS - 130_000, "ETHUSDT", "the candle is 0.8 ATR, needs 1.5"),
            SilenceCount("break_retest", 72, NOW_MS - 7 * HOUR_MS, "SOLUSDT", "no level was broken"),
        ),
        nearly=nearly,
    )


class FakeEngine:
    """Does nothing until told: `show` puts a new snapshot, `commands` holds what arrived, `refuse` makes it say no."""

    def __init__(self, first: EngineSnapshot | None = None) -> None:
        self.current = first or snapshot()
        self.commands: list[Command] = []
        self.started = 0
        self.refuse = ""
        self.now_ms = NOW_MS
        self.asked: list[tuple[str, Timeframe, int, int | None]] = []
        self.answers: list[tuple[Future[CandleSeries], CandleSeries]] = []
        self.refuse_candles = ""
        self.hold_candles = False
        self.stored = 1000
        self.report = PerformanceReport(0, NOW_MS)
        self.live: LiveReport | None = live_report()
        self.asked_days: list[int | None] = []
        self.refuse_performance = ""
        self.hold_performance = False
        self.held_reports: list[tuple[Future[PerformanceReport], PerformanceReport]] = []
        self.why = why_no_signals()
        self.similar = similar_signals()
        self.zone_events = zone_events()
        self.questions: list[tuple[object, ...]] = []
        self.take: dict[str, object] = {}

    def snapshot(self) -> EngineSnapshot:
        """The snapshot that was put last."""
        return self.current

    def show(self, **changes: object) -> EngineSnapshot:
        """Puts a changed snapshot with the next version."""
        self.current = replace(self.current, version=self.current.version + 1, **changes)  # type: ignore[arg-type]
        return self.current

    def show_desk(self, **changes: object) -> EngineSnapshot:
        """Puts a snapshot with a changed desk."""
        assert self.current.desk is not None
        return self.show(desk=replace(self.current.desk, version=self.current.desk.version + 1, **changes))  # type: ignore[arg-type]

    def send(self, command: Command) -> Future[str]:
        """Remembers the command and answers at once."""
        self.commands.append(command)
        answer: Future[str] = Future()
        if self.refuse:
            answer.set_exception(FuttuiError(self.refuse))
        else:
            answer.set_result(self._mind_alert(command))
        return answer

    def _mind_alert(self, command: Command) -> str:
        """The answer to a command, and alerts as the engine would keep them."""
        if isinstance(command, SetPriceAlert):
            row = next(row for row in self.current.market if row.symbol == command.symbol)
            alert = PriceAlert(command.symbol, command.price, command.price > row.price)
            self.show(alerts=(*self.current.alerts, alert))
            return f"Alert at {command.price:.3f} for {command.symbol}. It is told once, also after a restart."
        if isinstance(command, RemovePriceAlert):
            place = command.symbol, command.price
            self.show(alerts=tuple(each for each in self.current.alerts if (each.symbol, each.price) != place))
            return f"Alert at {command.price:.3f} for {command.symbol} taken away."
        return self._mind_signal(command) if isinstance(command, DismissSignal | TakeSignal) else "Done."

    def _mind_signal(self, command: DismissSignal | TakeSignal) -> str:
        """The desk's answer, and the signal as it would be kept."""
        assert self.current.desk is not None
        known = self.current.desk.signals
        signal = next(item for item in known if item.signal_id == command.signal_id)
        name = f"{signal.raw.symbol} {signal.raw.side.value.lower()}"
        tag = TAKEN if isinstance(command, TakeSignal) else DISMISSED
        rest = tuple(each for each in signal.tags if each != tag)
        back = isinstance(command, DismissSignal) and not command.dismissed
        marked = replace(signal, tags=rest if back else (*rest, tag))
        self.show_desk(signals=tuple(marked if item is signal else item for item in known))
        if isinstance(command, TakeSignal):
            return f"{name}: bought 379 at 13.884, stop 13.744 (risk 0.5 %, on paper)"
        return (
            f"{name} is back among the active signals"
            if back
            else (f"{name} dismissed, it is followed but not entered")
        )

    def candles(
        self, symbol: str, timeframe: Timeframe, limit: int, before_ms: int | None = None
    ) -> Future[CandleSeries]:
        """Made-up candles that end at the row's price; `stored` says how many there are, `hold_candles` delays."""
        self.asked.append((symbol, timeframe, limit, before_ms))
        answer: Future[CandleSeries] = Future()
        if self.refuse_candles:
            answer.set_exception(FuttuiError(self.refuse_candles))
            return answer
        self.answers.append((answer, self._series(symbol, timeframe, limit, before_ms)))
        if not self.hold_candles:
            self.give_candles()
        return answer

    def give_candles(self) -> None:
        """Answers everything that was asked for and held back."""
        for answer, series in self.answers:
            answer.set_result(series)
        self.answers = []

    def performance(self, days: int | None) -> Future[PerformanceReport]:
        """The report that was put into `report`, whatever the days; `hold_performance` delays it."""
        self.asked_days.append(days)
        answer: Future[PerformanceReport] = Future()
        if self.refuse_performance:
            answer.set_exception(FuttuiError(self.refuse_performance))
            return answer
        self.held_reports.append((answer, self.report))
        if not self.hold_performance:
            self.give_performance()
        return answer

    def give_performance(self) -> None:
        """Answers every question about performance that was held back."""
        for answer, report in self.held_reports:
            answer.set_result(report)
        self.held_reports = []

    def live_report(self) -> Future[LiveReport]:
        """The report that was put into `live`; None there: it never comes."""
        answer: Future[LiveReport] = Future()
        if self.live is not None:
            answer.set_result(self.live)
        return answer

    def _series(self, symbol: str, timeframe: Timeframe, limit: int, before_ms: int | None) -> CandleSeries:
        price = next((row.price for row in self.current.market if row.symbol == symbol), 100.0)
        end_ms = timeframe.open_ms(self.now_ms)
        every = made_candles(price, timeframe, end_ms, self.stored)
        if before_ms is not None:
            every = tuple(candle for candle in every if candle.open_time_ms < before_ms)
        shown = every[-limit:]
        vwap = tuple(candle.typical * 0.999 for candle in shown)
        week = tuple(candle.typical * 0.994 for candle in shown)
        return CandleSeries(symbol, timeframe, shown, vwap, week, is_oldest=len(every) <= limit)

    def why_no_signals(self, symbol: str, since_ms: int) -> Future[WhyNoSignals]:
        """The prepared answer for the symbol; "" = all."""
        self.questions.append(("why", symbol, since_ms))
        return self._answered(replace(self.why, symbol=symbol, since_ms=since_ms))

    def similar_signals(self, signal: Signal) -> Future[SimilarSignals]:
        """The prepared answer."""
        self.questions.append(("similar", signal.signal_id))
        return self._answered(replace(self.similar, signal_id=signal.signal_id))

    def zone_story(self, symbol: str, zone_ids: Sequence[str]) -> Future[tuple[ZoneEvent, ...]]:
        """The prepared events, as those of the first of the zones."""
        self.questions.append(("zone", symbol, *zone_ids))
        return self._answered(tuple(replace(event, zone_id=zone_ids[0], symbol=symbol) for event in self.zone_events))

    def look_at_taking(self, signal_id: str) -> Future[TakeLook]:
        """The prepared look with what `take` changes, for the signal."""
        self.questions.append(("take", signal_id))
        desk = self.current.desk
        found = next((item for item in (desk.signals if desk else ()) if item.signal_id == signal_id), None)
        return self._answered(take_look(found, desk.mode if desk else TradingMode.SIGNALS, **self.take))

    def _answered(self, value: Answered) -> Future[Answered]:
        """An answer at once; a refusal where candles are refused too."""
        answer: Future[Answered] = Future()
        if self.refuse_candles:
            answer.set_exception(FuttuiError(self.refuse_candles))
        else:
            answer.set_result(value)
        return answer

    def start(self) -> None:
        """Counts the starts."""
        self.started += 1

    def exchange_time_ms(self) -> int:
        """The frozen time."""
        return self.now_ms


class MovingEngine(FakeEngine):
    """A fake engine whose prices move by seeded chance on each `step`; for looking and for speed."""

    def __init__(self, symbols: int = 12, seed: int = 7) -> None:
        super().__init__()
        self._chance = random.Random(seed)
        if symbols > len(self.current.market):
            self._grow(symbols)

    def _grow(self, symbols: int) -> None:
        base = self.current.market
        rows = [
            replace(base[index % len(base)], symbol=f"{base[index % len(base)].symbol[:-4]}{index}USDT")
            for index in range(len(base), symbols)
        ]
        market = (*base, *rows)
        self.show(market=market, readings=readings(market), symbols_ready=symbols, symbols_total=symbols)

    def step(self, elapsed_ms: int = 200) -> None:
        """Moves every price a little, and the clock."""
        self.now_ms += elapsed_ms
        rows = []
        for row in self.current.market:
            price = max(row.price * (1 + self._chance.gauss(0, 0.0004)), 1e-6)
            near = row.nearest_zone
            gap = near.gap_pct(price) if near else None
            rows.append(replace(row, price=price, previous_price=row.price, gap_pct=gap, version=row.version + 1))
        marks = {row.symbol: row.price for row in rows}
        assert self.current.desk is not None
        moved = []
        for item in self.current.desk.positions:
            mark = marks[item.symbol]
            pnl = (mark - item.entry_price) * item.quantity * item.side.sign
            percent = pnl / (item.entry_price * item.quantity) * 100
            moved.append(replace(item, mark_price=mark, pnl=pnl, pnl_pct=percent, version=item.version + 1))
        self.current = replace(
            self.current,
            version=self.current.version + 1,
            time_ms=self.now_ms,
            market=tuple(rows),
            desk=replace(self.current.desk, positions=tuple(moved)),
        )
