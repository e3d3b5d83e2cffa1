"""Signals dismissed and taken by hand: what is followed stays as it was, money goes only through the desk's rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from futtui.desk.desk import TradingDesk
from futtui.domain.effects import Effect, PlaceOrder, RecordPosition, Say, Severity
from futtui.domain.events import (
    BalanceChanged,
    BlockSymbol,
    ChangeMode,
    DismissSignal,
    FeedState,
    KillSwitch,
    SetPaused,
    TakeSignal,
)
from futtui.domain.kill import KillLevel
from futtui.domain.orders import OrderPurpose
from futtui.domain.position import TradingMode
from futtui.domain.side import Side
from futtui.domain.signal import RawSignal, Signal, SignalStatus, Trigger
from futtui.domain.taking import TakeLook
from futtui.domain.timeframe import HOUR_MS
from tests.desk.world import SYMBOL, World, raw_signal, rules, wide_settings

TOLD = frozenset({"atr_momentum"})
SIDES = [Side.LONG, Side.SHORT]


def dismiss(world: World, raw: RawSignal, *, dismissed: bool = True) -> list[Effect]:
    return world.send(DismissSignal(world.now_ms, raw.symbol, raw.signal_id, dismissed))


def take(world: World, raw: RawSignal) -> list[Effect]:
    return world.send(TakeSignal(world.now_ms, raw.symbol, raw.signal_id))


def look(world: World, raw: RawSignal) -> TakeLook:
    found = world.desk.look_at_taking(raw.signal_id, world.now_ms)
    assert found is not None
    return found


def armed(world: World, **changes: object) -> RawSignal:
    """A signal that waits at 99 while the price is at 100."""
    raw = raw_signal(time_ms=world.now_ms, trigger=Trigger.ARMED, entry=99.0, **changes)  # type: ignore[arg-type]
    world.analyse(raw)
    assert world.status_of(raw) is SignalStatus.WAITING
    return raw


def entries(world: World) -> list[TradingMode]:
    """Accounts that an entry was sent to."""
    orders = [item for item in world.effects if isinstance(item, PlaceOrder)]
    return [item.mode for item in orders if item.intent.purpose is OrderPurpose.ENTRY]


def newest(world: World, raw: RawSignal) -> Signal:
    return next(item for item in world.desk.snapshot().signals if item.signal_id == raw.signal_id)


def taken_one(world: World) -> Signal:
    (found,) = [item for item in world.desk.snapshot().signals if item.raw.is_by_hand]
    return found


def told_world(mode: TradingMode = TradingMode.PAPER) -> tuple[World, RawSignal]:
    """A world with one signal that is for information only, entered at 100 and followed."""
    world = World(mode=mode, for_information=TOLD)
    if mode is TradingMode.LIVE:
        world.send(BalanceChanged(world.now_ms, mode, Decimal(10_000)))
    return world, world.enter()


# Dismissing


@pytest.mark.parametrize("mode", [TradingMode.PAPER, TradingMode.LIVE])
def test_dismissed_entry_that_waits_costs_no_money_when_reached_but_is_followed_to_its_end(mode: TradingMode) -> None:
    world = World(mode=mode)
    world.send(BalanceChanged(world.now_ms, mode, Decimal(10_000)))
    raw = armed(world)
    dismiss(world, raw)
    assert newest(world, raw).is_set_aside
    assert newest(world, raw).status is SignalStatus.WAITING
    world.price(99.0)
    assert entries(world) == [TradingMode.INFO]
    assert newest(world, raw).is_for_information
    world.price(97.9)
    (trade,) = world.trades
    assert (trade.mode, trade.signal_id) == (TradingMode.INFO, raw.signal_id)
    assert trade.result_r < -0.9
    assert world.desk.snapshot().account.closed_trades == 0


def test_signal_that_was_brought_back_is_entered_as_if_nothing_had_happened() -> None:
    untouched, world = World(mode=TradingMode.PAPER), World(mode=TradingMode.PAPER)
    for each in (untouched, world):
        raw = armed(each)
        if each is world:
            dismiss(world, raw)
            dismiss(world, raw, dismissed=False)
            assert not newest(world, raw).is_set_aside
        each.price(99.0)
        each.price(97.9)
    assert world.trades == untouched.trades
    assert world.desk.fingerprint() == untouched.desk.fingerprint()


def test_signals_only_follows_a_dismissed_signal_on_the_account_it_always_did() -> None:
    world = World()
    raw = armed(world)
    dismiss(world, raw)
    world.price(99.0)
    assert entries(world) == [TradingMode.SIGNALS]


def test_dismissing_twice_is_dismissing_once_and_both_say_what_is() -> None:
    world = World(mode=TradingMode.PAPER)
    raw = armed(world)
    first, second = dismiss(world, raw), dismiss(world, raw)
    said = [[item.text for item in effects if isinstance(item, Say)] for effects in (first, second)]
    assert said[0] == said[1]
    assert said[0][0].endswith("dismissed, it is followed but not entered")
    assert newest(world, raw).tags.count("dismissed") == 1


def test_dismissing_a_traded_signal_leaves_its_position_and_says_so() -> None:
    world = World(mode=TradingMode.PAPER)
    raw = world.enter()
    before = world.desk.snapshot().positions
    said = dismiss(world, raw)
    assert world.desk.snapshot().positions == before
    assert len(world.stops()) == 1
    assert any("its position stays open" in item.text for item in said if isinstance(item, Say))


@pytest.mark.parametrize("wish", [dismiss, take])
def test_signal_that_ended_is_answered_with_a_sentence(wish: Callable[[World, RawSignal], list[Effect]]) -> None:
    world = World(mode=TradingMode.PAPER)
    raw = world.enter()
    world.price(98.9)
    assert newest(world, raw).status is SignalStatus.CLOSED
    (line,) = [item for item in wish(world, raw) if isinstance(item, Say)]
    assert "over" in line.text


def test_dismissed_signal_keeps_its_place_and_its_tag_over_a_restart() -> None:
    world = World(mode=TradingMode.PAPER)
    raw = armed(world)
    dismiss(world, raw)
    stored = [item for item in world.signals.values() if item.status.is_open]
    world.desk = TradingDesk(wide_settings(), TradingMode.PAPER)
    world.desk.restore(signals=stored, time_ms=world.now_ms)
    world.desk._state.rules[SYMBOL] = rules()
    assert newest(world, raw).is_set_aside
    world.price(100.0)
    world.price(99.0)
    assert entries(world) == [TradingMode.INFO]


# Taking


@pytest.mark.parametrize("mode", [TradingMode.PAPER, TradingMode.LIVE])
@pytest.mark.parametrize("side", SIDES)
def test_information_signal_is_taken_sized_and_protected_like_any_other(side: Side, mode: TradingMode) -> None:
    worlds = []
    for told in (TOLD, frozenset()):
        world = World(mode=mode, for_information=told)
        world.send(BalanceChanged(world.now_ms, mode, Decimal(10_000)))
        raw = world.enter(side)
        if told:
            take(world, raw)
        worlds.append(world)
    by_hand, automatic = ([item for item in each.desk.snapshot().positions if item.mode is mode] for each in worlds)
    assert len(by_hand) == len(automatic) == 1
    for name in ("side", "quantity", "entry_price", "stop", "targets", "status", "strategy", "guard"):
        assert getattr(by_hand[0], name) == getattr(automatic[0], name), name
    assert by_hand[0].status == "PROTECTED"
    assert taken_one(worlds[0]).position_id == by_hand[0].position_id
    assert taken_one(worlds[0]).status is SignalStatus.ACTIVE
    assert not taken_one(worlds[0]).is_for_information


def test_what_is_followed_is_the_same_whether_its_signal_was_taken_or_not() -> None:
    trades = []
    for taken in (True, False):
        world, raw = told_world()
        if taken:
            take(world, raw)
        world.price(98.9)
        trades.append([item for item in world.trades if item.mode is TradingMode.INFO])
        assert len(world.trades) == 1 + taken
    # The fake broker numbers fills of all accounts in one row, so ids may differ; results may not.
    assert [item.result_r for item in trades[0]] == [item.result_r for item in trades[1]]


def test_waiting_signal_is_taken_at_the_price_now_and_its_own_entry_is_only_followed() -> None:
    world = World(mode=TradingMode.PAPER)
    raw = armed(world)
    world.price(99.05)
    take(world, raw)
    assert entries(world) == [TradingMode.PAPER]
    assert world.desk.snapshot().positions[0].entry_price == 99.05
    world.price(99.0)
    assert entries(world) == [TradingMode.PAPER, TradingMode.INFO]


def test_taken_signal_holds_no_place_and_agrees_with_no_new_one() -> None:
    world, raw = told_world()
    take(world, raw)
    state = world.desk._state
    holder = state.book.holder(raw.place)
    assert holder is not None
    assert holder.signal_id == raw.signal_id
    assert [item.signal_id for item in state.book.lately(SYMBOL, 0)] == [raw.signal_id]
    assert world.desk.snapshot().signals_today == 1


def test_taken_position_survives_a_restart_with_its_signal() -> None:
    world, raw = told_world()
    take(world, raw)
    (held,) = [item for item in world.desk.snapshot().positions if item.mode is TradingMode.PAPER]
    states = {item.position.position_id: item.position for item in world.effects if isinstance(item, RecordPosition)}
    world.desk = TradingDesk(wide_settings(), TradingMode.PAPER, for_information=TOLD)
    stored = [item for item in world.signals.values() if item.status.is_open]
    world.desk.restore(states.values(), stored, time_ms=world.now_ms)
    assert {item.position_id for item in world.desk.snapshot().positions} == set(states)
    assert taken_one(world).position_id == held.position_id
    assert look(world, raw).refusal == "it was taken already"
    world.price(98.9)
    assert {item.mode for item in world.trades} == {TradingMode.INFO, TradingMode.PAPER}


def test_taken_twice_is_refused_unless_the_exchange_refused_the_first_one() -> None:
    world, raw = told_world()
    world.broker.reject = {OrderPurpose.ENTRY}
    take(world, raw)
    assert [item.mode for item in world.desk.snapshot().positions] == [TradingMode.INFO]
    world.broker.reject = set()
    world.now_ms += 1
    take(world, raw)
    assert entries(world) == [TradingMode.INFO, TradingMode.PAPER, TradingMode.PAPER]
    assert "taken already" in refusal_of(world, take(world, raw))
    copy = next(item for item in world.desk.snapshot().signals if item.raw.is_by_hand and item.status.is_open)
    assert "taken already" in refusal_of(world, take(world, copy.raw))


def refusal_of(world: World, effects: list[Effect]) -> str:
    """The only line, a warning, of a command that did nothing else."""
    (line,) = effects
    assert isinstance(line, Say)
    assert line.severity is Severity.WARNING
    assert "not taken, " in line.text
    return line.text


def small_caps(**caps: object) -> World:
    settings = wide_settings()
    settings = replace(settings, risk=replace(settings.risk, caps=replace(settings.risk.caps, **caps)))  # type: ignore[arg-type]
    return World(settings, mode=TradingMode.PAPER, for_information=TOLD, symbols=(SYMBOL, "AUSDT"))


def paused(world: World) -> None:
    world.send(SetPaused(world.now_ms, True))


def killed(world: World) -> None:
    world.send(KillSwitch(world.now_ms, KillLevel.PAUSE))


def blocked(world: World) -> None:
    world.send(BlockSymbol(world.now_ms, SYMBOL, 0, "blocked by you"))


def stale(world: World) -> None:
    world.send(FeedState(world.now_ms, SYMBOL, False, "no data"))


def late(world: World) -> None:
    world.now_ms += HOUR_MS + 1


def drifted(world: World) -> None:
    world.price(100.9)


def signals_only(world: World) -> None:
    world.send(ChangeMode(world.now_ms, TradingMode.SIGNALS))


def crowded(world: World) -> None:
    world.enter(Side.SHORT, strategy="break_retest")


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        (paused, "new trades are paused"),
        (killed, "new trades are paused"),
        (blocked, "is blocked by you"),
        (stale, "market data is old (no data)"),
        (late, "its time to enter is over"),
        (drifted, "price moved 0.90 R away from the entry"),
        (signals_only, "in signals only nothing is traded"),
        (crowded, "counter to the open short position"),
    ],
)
def test_what_forbids_an_entry_forbids_taking_it_and_nothing_is_done(
    before: Callable[[World], None], reason: str
) -> None:
    world, raw = told_world()
    assert look(world, raw).refusal == ""
    before(world)
    known = world.desk.snapshot().signals, len(entries(world))
    assert reason in look(world, raw).refusal
    assert reason in refusal_of(world, take(world, raw))
    assert (world.desk.snapshot().signals, len(entries(world))) == known


def test_price_beyond_the_stop_is_refused_for_a_signal_that_still_waits() -> None:
    world = World(mode=TradingMode.PAPER)
    raw = raw_signal(time_ms=world.now_ms, trigger=Trigger.ARMED, entry=102.0)
    world.analyse(raw)
    assert "price has already passed the stop" in refusal_of(world, take(world, raw))


@pytest.mark.parametrize(
    ("caps", "reason"),
    [
        ({"max_positions": 1}, "position"),
        ({"max_open_risk_pct": 0.6}, "risk"),
        ({"day_loss_limit_pct": 0.4}, "loss"),
    ],
)
def test_limits_of_the_account_hold_for_what_is_taken(caps: dict[str, object], reason: str) -> None:
    world = small_caps(**caps)
    world.enter(symbol="AUSDT", strategy="break_retest")
    raw = world.enter()
    if "day_loss_limit_pct" in caps:
        world.price(98.9, symbol="AUSDT")
    assert reason in refusal_of(world, take(world, raw))


def test_look_tells_what_taking_then_does() -> None:
    world, raw = told_world()
    world.price(100.1)
    told = look(world, raw)
    before = world.desk.fingerprint()
    assert look(world, raw) == told
    assert world.desk.fingerprint() == before
    take(world, raw)
    (held,) = [item for item in world.desk.snapshot().positions if item.mode is TradingMode.PAPER]
    assert (told.quantity, told.stop, told.price) == (held.quantity, held.stop, held.entry_price)
    assert told.risk_money == pytest.approx(held.quantity * (held.entry_price - held.stop))
    assert told.risk_pct == pytest.approx(0.5, abs=0.01)
    assert told.planned == 100.0


def test_look_gives_the_size_also_where_something_else_stands_against_it() -> None:
    world, raw = told_world()
    paused(world)
    assert look(world, raw).quantity is not None
    drifted(world)
    assert look(world, raw).quantity is None
    assert world.desk.look_at_taking("0" * 16, world.now_ms) is None
