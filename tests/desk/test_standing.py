"""Standing levels: renewed at every close, a signal only when price reaches one, limited in a cascade."""

from __future__ import annotations

from dataclasses import replace

import pytest

from futtui.desk.standing import StandingBook
from futtui.domain.effects import RecordSignal
from futtui.domain.position import ExitReason
from futtui.domain.side import Side
from futtui.domain.signal import PlanLimits, RawSignal, Signal, SignalStatus, Trigger
from futtui.domain.timeframe import HOUR_MS, MINUTE_MS
from futtui.risk.settings import StandingSettings
from tests.desk.world import SYMBOL, World, raw_signal, wide_settings

QUARTER_MS = 15 * MINUTE_MS
COINS = tuple(f"C{number}USDT" for number in range(8))
FAR = PlanLimits(max_stop_atr=20.0, min_reward_r=0.05)


def flush(side: Side = Side.LONG, *, moved: float = -6.0, **changes: object) -> RawSignal:
    """A level 6 away, a stop 18 beyond it, one near target; one that the ordinary limits would refuse."""
    values = {
        "entry": 100.0 + side.sign * moved,
        "risk": 18.0,
        "rewards": (0.11,),
        "trigger": Trigger.ARMED,
        "strategy": "liquidity_flush",
        "valid_ms": QUARTER_MS,
        "standing": True,
        "limits": FAR,
        **changes,
    }
    return raw_signal(side, **values)  # type: ignore[arg-type]


def limited(**limits: int) -> World:
    settings = wide_settings()
    risk = replace(settings.risk, standing=StandingSettings(**limits))  # type: ignore[arg-type]
    return World(replace(settings, risk=risk), symbols=(SYMBOL, *COINS))


def reach(world: World, symbol: str) -> RawSignal:
    """Put a level up and let price fall to it."""
    signal = flush(symbol=symbol, time_ms=world.now_ms)
    world.analyse(signal)
    world.price(94.0, symbol=symbol)
    return signal


def test_standing_level_renewed_replaces_the_old_one_and_records_nothing():
    world = World()
    world.analyse(flush(time_ms=world.now_ms))
    later = flush(time_ms=world.now_ms + QUARTER_MS, moved=-7.0)
    world.analyse(later)
    assert [each.raw for each in world.desk.snapshot().standing] == [later]
    assert not [effect for effect in world.effects if isinstance(effect, RecordSignal)]
    assert world.desk.snapshot().signals == ()


@pytest.mark.parametrize("side", list(Side))
def test_standing_level_reached_becomes_a_trade_with_one_target(side: Side):
    world = World()
    signal = flush(side, time_ms=world.now_ms)
    world.analyse(signal)
    world.price(100.0 - side.sign * 5.9)
    assert world.signals == {}
    world.price(100.0 - side.sign * 6.0)
    assert world.status_of(signal) is SignalStatus.ACTIVE
    assert world.desk.snapshot().standing == ()
    world.price(100.0 - side.sign * 4.0)
    (trade,) = world.trades
    assert [leg.reason for leg in trade.legs] == [ExitReason.TARGET_1]
    assert trade.result_r > 0


def test_standing_level_without_own_limits_is_refused_by_the_ordinary_ones_and_says_so():
    world = World()
    signal = flush(time_ms=world.now_ms, limits=None)
    world.analyse(signal)
    assert world.desk.snapshot().standing == ()
    (reason,) = world.desk._state.standing.refusals().values()
    assert "ATR away" in reason


def test_standing_level_not_renewed_in_time_is_gone():
    world = World()
    world.analyse(flush(time_ms=world.now_ms))
    world.tick(16)
    assert world.desk.snapshot().standing == ()
    world.price(94.0)
    assert world.signals == {}


def test_standing_level_reached_after_its_time_without_a_clock_tick_is_not_traded():
    world = World()
    world.analyse(flush(time_ms=world.now_ms))
    world.price(94.0, step_ms=QUARTER_MS + MINUTE_MS)
    assert world.signals == {}


def test_standing_levels_more_than_the_limit_are_refused_with_the_reason():
    world = limited(max_open=2, cascade_fills=100)
    signals = [reach(world, coin) for coin in COINS[:3]]
    assert [world.status_of(each) for each in signals[:2]] == [SignalStatus.ACTIVE] * 2
    assert world.status_of(signals[2]) is SignalStatus.REFUSED
    assert "already holds 2 positions" in world.refusals()[0]


def test_standing_levels_reached_in_a_cascade_are_refused_until_it_is_over():
    world = limited(max_open=50, cascade_fills=3, cascade_minutes=30)
    for coin in COINS[:3]:
        reach(world, coin)
    stopped = reach(world, COINS[3])
    assert world.status_of(stopped) is SignalStatus.REFUSED
    assert "whole market falls" in world.refusals()[0]
    world.now_ms += 31 * MINUTE_MS
    world.price(100.0, symbol=COINS[4])
    assert world.status_of(reach(world, COINS[4])) is SignalStatus.ACTIVE


def test_standing_level_after_a_stop_waits_for_the_pause_on_that_symbol_only():
    world = limited(max_open=50, cascade_fills=100, pause_after_stop_hours=24)
    reach(world, COINS[0])
    world.price(70.0, symbol=COINS[0])
    assert world.trades[0].legs[-1].reason is ExitReason.STOP
    world.price(100.0, symbol=COINS[0])
    again = reach(world, COINS[0])
    assert world.status_of(again) is SignalStatus.REFUSED
    assert "stopped out here within 24 hours" in world.refusals()[0]
    assert world.status_of(reach(world, COINS[1])) is SignalStatus.ACTIVE
    world.now_ms += 24 * HOUR_MS
    world.price(100.0, symbol=COINS[0])
    assert world.status_of(reach(world, COINS[0])) is SignalStatus.ACTIVE


def test_standing_level_on_a_place_that_is_held_is_not_put_up():
    world = World()
    world.analyse(flush(time_ms=world.now_ms))
    world.price(94.0)
    world.analyse(flush(time_ms=world.now_ms + QUARTER_MS, moved=-12.0))
    assert world.desk.snapshot().standing == ()


def test_levels_end_each_at_its_own_time_whatever_was_renewed_meanwhile() -> None:
    book = StandingBook()

    def put(symbol: str, until_ms: int) -> None:
        raw = replace(flush(symbol=symbol), valid_until_ms=until_ms)
        book.renew(Signal(raw, 50.0, (), SignalStatus.WAITING, "", 0))

    put("AUSDT", 1_000)
    put("BUSDT", 3_000)
    put("CUSDT", 2_000)
    put("AUSDT", 4_000)
    alive = {}
    for time_ms in (1_000, 1_001, 2_000, 2_001, 3_001, 4_000, 4_001):
        book.end(time_ms)
        alive[time_ms] = [signal.raw.symbol[0] for signal in book.view()]
    assert alive == {
        1_000: ["A", "B", "C"], 1_001: ["A", "B", "C"], 2_000: ["A", "B", "C"], 2_001: ["A", "B"], 3_001: ["A"],
        4_000: ["A"], 4_001: [],
    }  # fmt: skip
    put("BUSDT", 5_000)
    book.end(5_001)
    assert book.view() == ()
