"""A restart in the middle changes nothing about the result."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.desk.desk import TradingDesk
from futtui.desk.storage_form import position_state, resume_position
from futtui.domain.effects import PlaceOrder, PositionState, RecordPosition, Say, Severity
from futtui.domain.errors import InvalidInputError
from futtui.domain.events import OrderChanged, RulesChanged
from futtui.domain.orders import OrderStatus, OrderUpdate
from futtui.domain.position import PositionStatus
from futtui.domain.side import Side
from futtui.domain.signal import SignalStatus, Trigger
from tests.desk.world import START_MS, SYMBOL, World, raw_signal, rules, wide_settings

FINAL = (PositionStatus.CLOSED.value, PositionStatus.FAILED.value)


def stored_positions(world: World) -> list[PositionState]:
    """What storage would hold: the last record of each position that is not finished."""
    last: dict[str, PositionState] = {}
    for effect in world.effects:
        if isinstance(effect, RecordPosition):
            last[effect.position.position_id] = effect.position
    return [state for state in last.values() if state.status not in FINAL]


def restart(world: World) -> None:
    """Replace the desk by a new one that knows only what was recorded; the broker goes on."""
    desk = TradingDesk(wide_settings())
    desk.restore(stored_positions(world), list(world.signals.values()), {}, world.trades, world.now_ms)
    desk.handle(RulesChanged(world.now_ms, rules()))
    world.desk = desk


path = st.lists(st.integers(-25, 60).map(lambda tick: 100.0 + tick / 10), min_size=3, max_size=25)


@settings(max_examples=60, deadline=None)
@given(prices=path, cut=st.integers(0, 24), side=st.sampled_from(Side), parts=st.integers(1, 3))
def test_restart_anywhere_gives_the_same_trades(prices: list[float], cut: int, side: Side, parts: int) -> None:
    worlds = []
    for restarted in (False, True):
        world = World()
        world.broker.entry_parts = parts
        world.enter(side, rewards=(1.0, 2.0, 4.0))
        for index, price in enumerate(prices):
            if restarted and index == min(cut, len(prices) - 1):
                world.tick()
                restart(world)
            elif index == min(cut, len(prices) - 1):
                world.tick()
            world.price(price if side is Side.LONG else 200.0 - price)
            world.analyse(price=price)
        world.tick(minutes=8 * 24 * 60)
        worlds.append(world)
    plain, again = worlds
    assert plain.trades
    assert again.trades == plain.trades
    assert again.broker.resting == plain.broker.resting == {}
    assert again.desk.snapshot().account == plain.desk.snapshot().account


def test_stored_form_survives_the_round_trip() -> None:
    world = World()
    world.enter()
    world.price(101.0)
    (state,) = stored_positions(world)
    assert position_state(resume_position(state)) == state
    json.loads(state.detail)


@pytest.mark.parametrize("detail", ["", "{}", "[1]", "not json", '{"form": 99}'])
def test_stored_position_without_readable_details_blocks_its_symbol_and_says_so(detail: str) -> None:
    world = World()
    world.enter()
    broken = [replace(state, detail=detail) for state in stored_positions(world)]
    with pytest.raises(InvalidInputError, match=r"cannot be read|unknown form"):
        resume_position(broken[0])
    desk = TradingDesk(wide_settings())
    effects = desk.restore(broken, [], {})
    assert any(isinstance(effect, Say) and effect.severity is Severity.ERROR for effect in effects)
    assert SYMBOL in desk.snapshot().blocked


def test_working_orders_are_those_that_rest_at_the_broker() -> None:
    world = World()
    world.enter()
    world.price(101.0)
    restart(world)
    alive = {effect.intent.client_id: effect for effect in world.desk.working_orders()}
    assert set(alive) == set(world.broker.resting)
    assert all(isinstance(effect, PlaceOrder) for effect in alive.values())
    assert {effect.intent for effect in alive.values()} == set(world.broker.resting.values())


def test_restart_same_signal_again_is_not_taken_twice() -> None:
    world = World()
    signal = world.enter()
    world.price(99.0)
    restart(world)
    before = len(world.effects)
    world.analyse(signal)
    new = world.effects[before:]
    assert [type(effect) for effect in new] == [Say]
    assert world.desk.snapshot().positions == ()


def test_restart_signal_of_a_closed_trade_is_known_from_the_trade_alone() -> None:
    world = World()
    signal = world.enter()
    world.price(99.0)
    desk = TradingDesk(wide_settings())
    desk.restore(trades=world.trades)
    world.desk = desk
    world.send(RulesChanged(world.now_ms, rules()))
    before = len(world.effects)
    world.analyse(signal)
    assert [type(effect) for effect in world.effects[before:]] == [Say]


def test_restart_waiting_signal_goes_on_waiting() -> None:
    world = World()
    signal = raw_signal(entry=99.0, time_ms=world.now_ms, trigger=Trigger.ARMED)
    world.analyse(signal)
    restart(world)
    world.price(99.5)
    assert world.status_of(signal) is SignalStatus.WAITING
    world.price(99.0)
    assert world.status_of(signal) is SignalStatus.ACTIVE


def test_restart_active_signal_without_its_position_is_closed_and_frees_its_place() -> None:
    world = World()
    signal = world.enter()
    desk = TradingDesk(wide_settings())
    desk.restore([], [world.signals[signal.signal_id]], {}, [], START_MS)
    world.desk = desk
    world.send(RulesChanged(world.now_ms, rules()))
    again = raw_signal(time_ms=world.now_ms + 1)
    world.analyse(again)
    assert world.status_of(again) is SignalStatus.ACTIVE


def test_restart_losses_of_today_still_count() -> None:
    world = World()
    world.enter()
    world.price(99.0)
    (trade,) = world.trades
    restart(world)
    world.tick()
    account = world.desk.snapshot().account
    assert account.losses == 1
    assert account.today_pct == pytest.approx(float(trade.pnl) / 100)
    assert account.wallet_balance == pytest.approx(10_000 + float(trade.pnl))


def test_restart_gives_a_position_whose_stop_is_not_confirmed_its_time_anew() -> None:
    world = World()
    world.enter()
    (stop,) = world.stops()
    del world.broker.resting[stop.client_id]
    world.broker.answers = False
    world.send(OrderChanged(OrderUpdate(stop.client_id, SYMBOL, OrderStatus.EXPIRED, world.now_ms)))
    world.now_ms += 300_000
    restart(world)
    for _ in range(5):
        world.price(100.1, step_ms=100)
    assert [item.status for item in world.desk.snapshot().positions] == ["NAKED"]
    world.broker.answers = True
    world.price(100.1, step_ms=2_000)
    assert len(world.trades) == 1, "the limit itself stays"


def test_restart_blocks_are_kept() -> None:
    desk = TradingDesk(wide_settings(), start_equity=Decimal(500))
    desk.restore(blocked={"AAAUSDT": (0, "blocked by you")})
    assert desk.snapshot().blocked == {"AAAUSDT": (0, "blocked by you")}
