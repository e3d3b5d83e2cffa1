"""Both dual engines at the desk: what the hours forbid, allow and change; also after a restart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from futtui.desk.settings import DeskSettings
from futtui.domain.events import AnalysisDone
from futtui.domain.position import ExitReason
from futtui.domain.reading import AnalysisResult
from futtui.domain.side import Side
from futtui.domain.signal import RawSignal, SignalStatus, System, Trigger
from futtui.domain.timeframe import Timeframe
from futtui.risk.settings import SizingSettings
from futtui.signals.settings import ScoringSettings
from tests.desk.test_restart import restart
from tests.desk.world import World, raw_signal, reading, wide_settings
from tests.signals.test_arbitrator import wall

LONG, SHORT = Side.LONG, Side.SHORT
SIDES = pytest.mark.parametrize("side", [LONG, SHORT])
BLOCKED = "the hours say {} on ETHUSDT, a quick trade against them is not taken"


def dual(world: World, side: Side, frame: Timeframe, **changes) -> RawSignal:
    name = {Timeframe.M15: "dual_m15", Timeframe.H1: "dual_h1"}[frame]
    values = {"base_score": 65.0, "time_ms": world.now_ms, "system": System.DUAL, "strategy": name, "timeframe": frame}
    return raw_signal(side, **{**values, **changes})


def quarters(world: World, side: Side, **changes) -> RawSignal:
    return dual(world, side, Timeframe.M15, **changes)


def hours(world: World, side: Side, **changes) -> RawSignal:
    return dual(world, side, Timeframe.H1, **changes)


def waiting_hours(world: World, side: Side, **changes) -> RawSignal:
    """A view of the hours that is in force without a position."""
    return hours(world, side, trigger=Trigger.ARMED, entry=100.0 - side.sign * 3.0, **changes)


def status(world: World, raw: RawSignal) -> tuple[SignalStatus, str]:
    found = world.signals[raw.signal_id]
    return found.status, found.status_reason


@SIDES
def test_dual_opposite_signals_of_one_close_hours_win_whatever_the_scores(side):
    world = World()
    long, short = quarters(world, side, base_score=95.0), hours(world, side.opposite)
    world.analyse(long, short)
    assert status(world, long) == (SignalStatus.REFUSED, BLOCKED.format(side.opposite.value.lower()))
    assert world.status_of(short) is SignalStatus.ACTIVE


@SIDES
def test_dual_weak_hours_do_not_block(side):
    world = World()
    short, weak = quarters(world, side), hours(world, side.opposite, base_score=40.0)
    world.analyse(short, weak)
    assert world.status_of(short) is SignalStatus.ACTIVE
    assert world.status_of(weak) is SignalStatus.REFUSED


@SIDES
@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("make", [hours, waiting_hours])
def test_dual_hours_in_force_block_and_strengthen_also_after_a_restart(side, restarted, make):
    world = World(symbols=("ETHUSDT", "BTCUSDT"))
    view = make(world, side)
    world.analyse(view)
    if restarted:
        restart(world)
    world.price(100.0)
    against = quarters(world, side.opposite)
    world.analyse(against)
    assert status(world, against) == (SignalStatus.REFUSED, BLOCKED.format(side.value.lower()))
    with_it = quarters(world, side, time_ms=world.now_ms + 1, base_score=55.0)
    world.analyse(with_it)
    assert world.status_of(with_it) is SignalStatus.ACTIVE
    assert world.signals[with_it.signal_id].score >= 65.0


@SIDES
def test_dual_without_agreement_the_same_score_is_too_low(side):
    world = World()
    alone = quarters(world, side, base_score=55.0)
    world.analyse(alone)
    assert "below 60" in status(world, alone)[1]


def test_dual_hours_of_another_symbol_do_not_count():
    world = World(symbols=("ETHUSDT", "BTCUSDT"))
    world.analyse(hours(world, LONG, symbol="BTCUSDT"))
    short = quarters(world, SHORT)
    world.analyse(short)
    assert world.status_of(short) is SignalStatus.ACTIVE


def test_dual_view_ends_with_its_signal():
    world = World()
    view = waiting_hours(world, LONG, valid_ms=60_000)
    world.analyse(view)
    world.tick(2)
    assert world.status_of(view) is SignalStatus.EXPIRED
    short = quarters(world, SHORT)
    world.price(100.0)
    world.analyse(short)
    assert world.status_of(short) is SignalStatus.ACTIVE


@SIDES
@pytest.mark.parametrize(("gap", "expected"), [(1.0, SignalStatus.REFUSED), (1.5, SignalStatus.ACTIVE)])
def test_dual_short_trade_does_not_run_into_a_higher_zone(side, gap, expected):
    world = World()
    raw = quarters(world, side)
    measures = replace(reading(time_ms=raw.time_ms), zones=(wall(side, gap),))
    world.send(AnalysisDone(raw.time_ms, AnalysisResult(measures, (raw,))))
    assert world.status_of(raw) is expected
    if expected is SignalStatus.REFUSED:
        assert "of 4h is only 1.0 ATR away, 1.2 are needed" in status(world, raw)[1]


def with_risk(risk_pct: float) -> DeskSettings:
    wide = wide_settings()
    sizing = SizingSettings(
        include_costs=False, risk_per_trade_pct=risk_pct, max_position_leverage=50.0, max_total_leverage=100.0
    )
    return replace(wide, risk=replace(wide.risk, sizing=sizing))


@pytest.mark.parametrize(("risk_pct", "expected"), [(0.6, SignalStatus.ACTIVE), (0.7, SignalStatus.REFUSED)])
def test_dual_both_engines_together_stay_within_their_limit(risk_pct, expected):
    world = World(with_risk(risk_pct))
    world.analyse(hours(world, LONG))
    world.price(100.0)
    second = quarters(world, LONG)
    world.analyse(second)
    assert world.status_of(second) is expected
    if expected is SignalStatus.REFUSED:
        assert status(world, second)[1] == (
            "quarter hours and hours together would risk 1.40 % here, at most 1.25 % is allowed"
        )


def test_dual_one_engine_holds_a_symbol_only_once():
    world = World()
    world.analyse(hours(world, LONG))
    world.price(100.0)
    again = hours(world, LONG, time_ms=world.now_ms + 1)
    world.analyse(again)
    assert "its system already holds a long position" in status(world, again)[1]


@SIDES
@pytest.mark.parametrize("restarted", [False, True])
def test_dual_hours_against_an_open_short_trade_tighten_its_stop_and_say_so(side, restarted):
    world = World()
    world.analyse(quarters(world, side, rewards=(2.0, 3.0, 4.0)))
    world.price(100.0 + side.sign * 0.9)
    if restarted:
        restart(world)
        world.price(100.0 + side.sign * 0.9)
    against = hours(world, side.opposite, entry=100.0 + side.sign * 0.9)
    world.analyse(against)
    assert "counter to the open" in status(world, against)[1]
    (stop,) = world.stops()
    assert side.sign * (float(stop.trigger_price) - 100.0) > 0.0
    said = f"ETHUSDT: the hours now say {side.opposite.value.lower()}; the stop moves to break-even"
    assert said in world.lines()
    world.price(99.0 if side is LONG else 101.0)
    assert world.trades[0].legs[-1].reason is ExitReason.BREAK_EVEN


@SIDES
def test_dual_losing_short_trade_keeps_its_stop(side):
    world = World()
    world.analyse(quarters(world, side))
    world.price(100.0 - side.sign * 0.5)
    before = [stop.trigger_price for stop in world.stops()]
    world.analyse(hours(world, side.opposite, entry=100.0 - side.sign * 0.5))
    assert [stop.trigger_price for stop in world.stops()] == before
    assert any("the stop stays where it is" in line for line in world.lines())


def test_dual_tightening_can_be_switched_off_and_leaves_other_trades_alone():
    wide = wide_settings()
    arbiter = replace(wide.scoring.arbiter, tighten_when_opposed=False)
    off = replace(wide, scoring=replace(ScoringSettings(), arbiter=arbiter))
    for settings, make in ((off, quarters), (wide, lambda world, side: raw_signal(side, time_ms=world.now_ms))):
        world = World(settings)
        world.analyse(make(world, LONG))
        world.price(100.9)
        world.analyse(hours(world, SHORT, entry=100.9))
        assert not any("the hours now say" in line for line in world.lines())
