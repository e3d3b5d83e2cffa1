"""Liquidity Flush: where the level stands, what forbids it, the mirror, and a whole trade through the desk."""

from __future__ import annotations

from dataclasses import replace

import pytest

from futtui.domain.candle import Candle
from futtui.domain.late_signal import LateSignal
from futtui.domain.position import ExitReason
from futtui.domain.reading import FrameReading, StrategyVerdict
from futtui.domain.side import Side
from futtui.domain.signal import RawSignal, SignalStatus, Trigger, check_levels
from futtui.domain.timeframe import DAY_MS, HOUR_MS, MINUTE_MS, Timeframe
from futtui.risk.settings import StandingSettings
from futtui.strategies.base import StrategyContext
from futtui.strategies.liquidity_flush import LiquidityFlush, LiquidityFlushSettings
from futtui.strategies.manager import StrategyManager
from futtui.strategies.plugin import PluginSource, make_plugin
from tests.desk.world import SYMBOL, World, wide_settings
from tests.strategies.crafted import START_MS, STEP_MS, Tape, mirror_candle

BOTH = LiquidityFlushSettings(short_enabled=True)


def context(
    bars: list[Candle],
    *,
    ema_200: float | None = 90.0,
    atr: float | None = 1.0,
    day_atr: float | None = 5.0,
    days: int = 120,
    symbol="TESTUSDT",
    age_days: float | None = None,
    four_hour_closes: tuple[float, ...] = (),
) -> StrategyContext:
    last = bars[-1]
    time_ms = last.open_time_ms + STEP_MS
    own = FrameReading(Timeframe.M15, time_ms, last.close, atr=atr)
    four_hours = FrameReading(Timeframe.H4, Timeframe.H4.open_ms(time_ms), last.close, ema_200=ema_200)
    day = FrameReading(Timeframe.D1, Timeframe.D1.open_ms(time_ms), last.close, atr=day_atr)
    daily = [replace(bars[0], open_time_ms=START_MS - (number + 1) * DAY_MS) for number in reversed(range(days))]
    hours = [replace(bars[0], close=close) for close in four_hour_closes]
    known = {Timeframe.M15: bars, Timeframe.D1: daily, Timeframe.H4: hours}
    return StrategyContext(
        symbol,
        time_ms,
        {Timeframe.M15: own, Timeframe.H4: four_hours, Timeframe.D1: day},
        lambda frame, count: tuple(known.get(frame, ())[-count:]),
        tick_size=0.01,
        listed_ms=None if age_days is None else time_ms - round(age_days * DAY_MS),
    )


def level(settings: LiquidityFlushSettings | None = None, bars: list[Candle] | None = None, **around) -> RawSignal:
    found = LiquidityFlush("TESTUSDT", settings).evaluate(context(bars or Tape().quiet(20).bars, **around))
    assert isinstance(found, RawSignal), found.reason
    return found


def reason(settings: LiquidityFlushSettings | None = None, bars: list[Candle] | None = None, **around) -> str:
    found = LiquidityFlush("TESTUSDT", settings).evaluate(context(bars or Tape().quiet(20).bars, **around))
    assert isinstance(found, StrategyVerdict)
    return found.reason


def test_flush_level_stands_six_percent_below_the_close_four_hours_ago():
    tape = Tape().quiet(20)
    tape.bar(100, 100.3, 96, 97)
    signal = level(bars=tape.bars)
    assert (signal.side, signal.trigger, signal.standing) == (Side.LONG, Trigger.ARMED, True)
    assert signal.levels.entry == pytest.approx(94.0)
    assert signal.levels.targets == pytest.approx((94.0 + 0.25 * 6.0,))
    assert signal.levels.stop == pytest.approx(94.0 - 18.0)
    assert signal.valid_until_ms == signal.time_ms + STEP_MS
    assert signal.base_score == sum(part.points for part in signal.parts)
    check_levels(signal.levels, 0.01)


@pytest.mark.parametrize("explains", [True, False])
def test_flush_level_has_its_words_at_once_only_where_somebody_reads_reasons(explains: bool):
    moment, manager = context(Tape().quiet(20).bars), StrategyManager([LiquidityFlush("TESTUSDT")])
    manager.explains = explains
    (signal,) = manager.on_close(Timeframe.M15, moment)
    assert type(signal) is (RawSignal if explains else LateSignal)
    assert signal == level()
    assert signal.inputs_hash.endswith(f".{moment.candles_hash(Timeframe.M15, 17)}")


def test_flush_in_a_strategy_of_the_users_own_is_signed_with_its_file():
    text = "from futtui.strategies.liquidity_flush import LiquidityFlush\n\n\n"
    source = PluginSource("mine.py", f"{text}class Mine(LiquidityFlush):\n    name = title = 'my_flush'\n")
    signal = make_plugin("TESTUSDT", source).evaluate(context(Tape().quiet(20).bars))
    assert type(signal) is RawSignal
    assert signal.inputs_hash == source.fingerprint + level().inputs_hash


def test_flush_of_a_wild_coin_stands_three_atr_away():
    assert level(atr=4.0).levels.entry == pytest.approx(88.0)


def test_flush_of_a_coin_with_wide_days_stands_nine_tenths_of_a_day_away():
    assert level(day_atr=10.0).levels.entry == pytest.approx(91.0)
    assert level(LiquidityFlushSettings(distance_day_atr=0.0), day_atr=None).levels.entry == pytest.approx(94.0)


def test_flush_anchor_and_distances_follow_the_settings():
    tape = Tape().quiet(20)
    tape.bar(100, 100.3, 96, 97)
    settings = LiquidityFlushSettings(anchor_bars=0, distance_pct=5.0, target_share=0.5, stop_share=2.0)
    levels = level(settings, tape.bars).levels
    assert levels.entry == pytest.approx(97 * 0.95)
    assert levels.reward_r(0) == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("around", "told"),
    [
        ({"days": 59}, "only 59 days of history"),
        ({"days": 120, "age_days": 59.9}, "traded for 59 days only"),
        ({"atr": None}, "ATR is not available"),
        ({"day_atr": None}, "daily ATR is not available"),
        ({"ema_200": None}, "EMA 200 of 4h is not available"),
        ({"ema_200": 110.0}, "below its EMA 200"),
        ({"bars": Tape().quiet(16).bars}, "too few 15m candles"),
        ({"bars": Tape().quiet(20).bar(100, 100.2, 90, 91).bars}, "beyond the level already"),
    ],
)
def test_flush_what_forbids_a_level(around: dict, told: str):
    assert told in reason(**around)


def test_flush_short_is_off_and_mirrored_exactly_when_on():
    bars = Tape().quiet(20).bar(100, 100.3, 98.7, 99).bars
    flipped = [mirror_candle(bar, 200.0) for bar in bars]
    assert "below its EMA 200" in reason(bars=flipped, ema_200=110.0)
    long, short = level(BOTH, bars), level(BOTH, flipped, ema_200=110.0)
    assert short.side is Side.SHORT
    turned = [200 - price for price in (short.levels.entry, short.levels.stop, *short.levels.targets)]
    assert turned == pytest.approx([long.levels.entry, long.levels.stop, *long.levels.targets])
    assert short.base_score == long.base_score


def test_flush_of_a_short_history_asks_the_plain_mean_of_200_closes():
    calm, dear = (95.0,) * 200, (95.0,) * 100 + (120.0,) * 100
    assert level(ema_200=None, four_hour_closes=calm).side is Side.LONG
    assert "below its EMA 200" in reason(ema_200=None, four_hour_closes=dear)
    assert "not available" in reason(ema_200=None, four_hour_closes=calm[:199])
    assert level(ema_200=90.0, four_hour_closes=dear).side is Side.LONG, "the average itself goes before the mean"


def test_flush_without_trend_filter_asks_nothing_of_4h():
    assert level(replace(BOTH, trend_filter=False), ema_200=None).side is Side.LONG


def test_flush_from_level_to_trade_with_shipped_limits():
    """The desk's limits for near stops must not refuse a far one, and one target takes the whole position."""
    world = World()
    quiet = Tape().quiet(20).bars
    bars = [replace(bar, open_time_ms=world.now_ms + (number - 20) * STEP_MS) for number, bar in enumerate(quiet)]
    signal = LiquidityFlush(SYMBOL).evaluate(context(bars, symbol=SYMBOL))
    assert isinstance(signal, RawSignal)
    world.analyse(signal)
    assert [each.raw for each in world.desk.snapshot().standing] == [signal], world.desk._state.standing.refusals()
    world.price(95.0)
    assert not world.desk.snapshot().positions
    world.price(94.0)
    assert world.status_of(signal) is SignalStatus.ACTIVE
    world.price(95.6)
    assert not world.desk.snapshot().positions
    (trade,) = world.desk.snapshot().trades
    assert trade.result_r == pytest.approx(0.25 / 3 - 0.005, abs=0.01)


COINS = tuple(f"C{number}USDT" for number in range(5))


def market(**limits: int) -> World:
    """Coins at 100, ordinary limits out of the way, those of standing levels as given."""
    settings = wide_settings()
    risk = replace(settings.risk, standing=StandingSettings(**limits))  # type: ignore[arg-type]
    return World(replace(settings, risk=risk), symbols=(SYMBOL, *COINS))


def flushed(world: World, symbol: str) -> RawSignal:
    """The strategy's own level, and price falling to it within the bar."""
    quiet = Tape().quiet(20).bars
    close_ms = world.now_ms - world.now_ms % STEP_MS + STEP_MS
    bars = [replace(bar, open_time_ms=close_ms + (number - 20) * STEP_MS) for number, bar in enumerate(quiet)]
    signal = LiquidityFlush(symbol).evaluate(context(bars, symbol=symbol))
    assert isinstance(signal, RawSignal)
    world.now_ms = close_ms
    world.price(100.0, symbol=symbol)
    world.analyse(signal)
    world.price(94.0, symbol=symbol)
    return signal


def test_flush_stopped_out_leaves_that_coin_alone_for_the_pause():
    world = market(max_open=50, cascade_fills=100, pause_after_stop_hours=24)
    assert world.status_of(flushed(world, COINS[0])) is SignalStatus.ACTIVE
    world.price(76.1, symbol=COINS[0])
    assert not world.trades
    world.price(76.0, symbol=COINS[0])
    assert [leg.reason for leg in world.trades[0].legs] == [ExitReason.STOP]
    assert world.trades[0].result_r == pytest.approx(-1.0, abs=0.05)
    assert world.status_of(flushed(world, COINS[0])) is SignalStatus.REFUSED
    assert "stopped out here within 24 hours" in world.refusals()[0]
    assert world.status_of(flushed(world, COINS[1])) is SignalStatus.ACTIVE
    world.now_ms += 24 * HOUR_MS
    assert world.status_of(flushed(world, COINS[0])) is SignalStatus.ACTIVE


def test_flush_without_target_or_stop_ends_after_a_day():
    world = market()
    flushed(world, COINS[0])
    deadline_ms = world.now_ms - world.now_ms % STEP_MS + 96 * STEP_MS
    world.price(94.5, symbol=COINS[0], step_ms=deadline_ms - MINUTE_MS - world.now_ms)
    assert not world.trades
    world.tick()
    assert world.now_ms == deadline_ms
    assert [leg.reason for leg in world.trades[0].legs] == [ExitReason.TIME]


def test_flush_when_the_whole_market_falls_only_the_first_levels_are_traded():
    world = market(max_open=50, cascade_fills=3, cascade_minutes=120)
    found = [world.status_of(flushed(world, coin)) for coin in COINS]
    assert found == [SignalStatus.ACTIVE] * 3 + [SignalStatus.REFUSED] * 2
    assert "whole market falls" in world.refusals()[0]


def test_flush_no_more_at_once_than_the_limit():
    world = market(max_open=2, cascade_fills=100)
    found = [world.status_of(flushed(world, coin)) for coin in COINS[:3]]
    assert found == [SignalStatus.ACTIVE] * 2 + [SignalStatus.REFUSED]
    assert "already holds 2 positions" in world.refusals()[0]


def test_flush_on_a_coin_with_a_known_listing_day_needs_no_daily_candles():
    assert level(days=3, age_days=60.0) is not None
