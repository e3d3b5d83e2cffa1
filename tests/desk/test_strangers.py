"""Another futtui on the same account: nothing new is opened, and nothing of it is touched."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from futtui.desk.desk import TradingDesk
from futtui.desk.orders import is_of_another, signal_id_of
from futtui.domain.account import AccountSeen, HeldAmount, SeenOrder
from futtui.domain.effects import CancelOrder, PlaceOrder, Say, Severity
from futtui.domain.events import BalanceChanged, ChangeMode, Event, OrderChanged, OrderFilled, SetPaused
from futtui.domain.kill import KillLevel, KillSwitch
from futtui.domain.orders import Fill, OrderStatus, OrderUpdate
from futtui.domain.position import TradingMode
from futtui.domain.side import OrderSide
from futtui.domain.snapshot import PAUSED_BY_YOU
from tests.desk.test_restart import stored_positions
from tests.desk.world import SYMBOL, World, raw_signal, wide_settings

LIVE = TradingMode.LIVE
THEIRS = "fbeef-0123456789abcdef"
UNMARKED = "f-0123456789abcdef"


def live_world() -> World:
    world = World(mode=LIVE)
    world.send(BalanceChanged(world.now_ms, LIVE, Decimal(10_000)))
    return world


def fill(client_id: str, time_ms: int, trade_id: str = "t1") -> OrderFilled:
    return OrderFilled(
        Fill(client_id, SYMBOL, trade_id, OrderSide.BUY, Decimal(100), Decimal(3), Decimal("0.1"), time_ms)
    )


def seen(world: World, *names: str, held: int = 0) -> AccountSeen:
    orders = tuple(SeenOrder(name, SYMBOL, True, "STOP_MARKET", Decimal(3), Decimal(99)) for name in names)
    amounts = (HeldAmount(SYMBOL, Decimal(held), Decimal(100), Decimal(100)),) if held else ()
    return AccountSeen(world.now_ms, world.now_ms, LIVE, amounts, orders)


def refused(world: World) -> bool:
    """Whether a signal of this moment opens nothing."""
    world.now_ms += 1_000
    effects = world.analyse(raw_signal(time_ms=world.now_ms))
    return not [item for item in effects if isinstance(item, PlaceOrder)]


NEWS = ["fill", "update", "look", "unmarked fill", "unmarked look"]


def news_of(kind: str, world: World, suffix: str = "E1") -> Event:
    stem = UNMARKED if kind.startswith("unmarked") else THEIRS
    if kind.endswith("fill"):
        return fill(f"{stem}-{suffix}", world.now_ms, suffix)
    if kind == "update":
        return OrderChanged(OrderUpdate(f"{stem}-{suffix}", SYMBOL, OrderStatus.OPEN, world.now_ms))
    return seen(world, f"{stem}-{suffix}", held=3)


@pytest.mark.parametrize("kind", NEWS)
def test_orders_of_another_futtui_stop_entries_and_are_told_loudly_once(kind: str) -> None:
    world = live_world()
    world.price(100.0)
    effects = world.send(news_of(kind, world))
    loud = [item for item in effects if isinstance(item, Say) and item.severity is Severity.ERROR]
    assert [("Another futtui" in item.text, "End one of the two" in item.text) for item in loud] == [(True, True)]
    assert world.desk.snapshot().pause_reason == "another futtui trades on this account"
    assert refused(world)
    again = world.send(news_of(kind, world)) + world.send(news_of(kind, world, "S1"))
    assert not [item for item in again if isinstance(item, Say) and item.severity is Severity.ERROR]


def test_whoever_lets_trading_go_on_may_trade_until_the_other_one_sends_a_new_order() -> None:
    world = live_world()
    world.price(100.0)
    world.send(fill(f"{THEIRS}-E1", world.now_ms))
    world.send(SetPaused(world.now_ms, False))
    world.send(seen(world, f"{THEIRS}-E1"))
    assert not world.desk.snapshot().paused
    assert not refused(replace_symbol(world))
    world.send(seen(world, f"{THEIRS}-S2"))
    assert world.desk.snapshot().paused


def replace_symbol(world: World) -> World:
    """What the other one bought is gone again, so that nothing but the pause can refuse."""
    sold = fill(f"{THEIRS}-E1", world.now_ms, "t2").fill
    world.send(OrderFilled(replace(sold, side=OrderSide.SELL)))
    world.send(seen(world, f"{THEIRS}-E1"))
    return world


def test_stops_of_another_futtui_are_never_cancelled_and_ours_go_on_protecting() -> None:
    world = live_world()
    world.enter()
    ours = [item.client_id for item in (*world.stops(), *world.targets())]
    held = int(sum(world.broker.held.values()))
    cancelled = []
    for amount in (held + 3, held + 3, held, held, held):
        world.now_ms += 2_000
        effects = world.send(seen(world, f"{THEIRS}-S1", *ours, held=amount))
        cancelled += [item.client_id for item in effects if isinstance(item, CancelOrder)]
    assert not [name for name in cancelled if name.startswith("fbeef")]
    assert world.stops()
    assert [item.status for item in world.desk.snapshot().positions] == ["PROTECTED"]


def test_entry_that_was_executed_twice_is_one_of_two_of_the_same_name() -> None:
    world = live_world()
    world.enter()
    (position,) = world.desk._state.open.values()
    entry = position.entry_order
    twin = Fill(entry.client_id, SYMBOL, "twin", entry.side, Decimal(100), entry.quantity, Decimal(0), world.now_ms)
    world.send(OrderFilled(twin))
    assert world.desk.snapshot().pause_reason == "another futtui trades on this account"
    assert max(stop.quantity for stop in world.stops()) == 2 * entry.quantity


def test_own_orders_orders_by_hand_and_forced_ones_are_no_sign_of_another() -> None:
    world = live_world()
    world.enter()
    world.price(98.0, low=98.0)
    own = [item.intent.client_id for item in world.effects if isinstance(item, PlaceOrder)]
    assert own
    for name in own:
        world.send(seen(world, name))
        world.send(OrderChanged(OrderUpdate(name, SYMBOL, OrderStatus.FILLED, world.now_ms)))
    for number, name in enumerate(("web_12", "adl_autoclose", "autoclose-1", "panic-17-1", "f-x", "fifth-wheel")):
        world.send(fill(name, world.now_ms, f"x{number}"))
        world.send(seen(world, name))
    assert not [line for line in world.lines() if "Another futtui" in line]


def places(world: World) -> set[TradingMode]:
    """The accounts on which a signal of now opens a trade."""
    world.now_ms += 1_000
    effects = world.analyse(raw_signal(time_ms=world.now_ms, strategy="any"))
    return {item.mode for item in effects if isinstance(item, PlaceOrder)}


@pytest.mark.parametrize("mode", [TradingMode.PAPER, TradingMode.SIGNALS])
def test_virtual_trades_go_on_beside_another_futtui_and_real_ones_do_not_once_live_is_chosen(mode: TradingMode) -> None:
    world = World(mode=mode)
    for account in (mode, LIVE):
        world.send(BalanceChanged(world.now_ms, account, Decimal(10_000)))
    world.price(100.0)
    world.send(seen(world, f"{THEIRS}-S1"))
    assert [line for line in world.lines() if "Another futtui" in line]
    assert not world.desk.snapshot().paused
    for paused in (True, False):  # of virtual trades: that says nothing of the real account
        world.send(SetPaused(world.now_ms, paused))
    world.send(ChangeMode(world.now_ms, LIVE))
    assert world.desk.snapshot().pause_reason == "another futtui trades on this account"
    assert places(world) == set()
    world.send(ChangeMode(world.now_ms, mode))
    assert places(world) == {mode}


def test_trades_for_information_go_on_beside_another_futtui() -> None:
    world = World(mode=LIVE, for_information=frozenset({"any"}))
    world.send(BalanceChanged(world.now_ms, LIVE, Decimal(10_000)))
    world.price(100.0)
    world.send(seen(world, f"{THEIRS}-S1"))
    assert world.desk.snapshot().paused
    assert places(world) == {TradingMode.INFO}


@pytest.mark.parametrize("ended_as", ["FAILED", "CLOSED"])
def test_orders_of_own_positions_that_ended_before_a_restart_are_no_sign_of_another(ended_as: str) -> None:
    world = live_world()
    world.enter()
    (stored,) = stored_positions(world)
    world.desk = TradingDesk(wide_settings(), LIVE)
    world.send(BalanceChanged(world.now_ms, LIVE, Decimal(10_000)))
    unreadable = replace(stored, status=ended_as, detail="not json")  # only its id counts
    world.desk.restore([unreadable], time_ms=world.now_ms)
    assert not world.desk.snapshot().positions
    assert not world.desk.snapshot().blocked
    world.send(fill(f"f-{stored.signal_id}-E1", world.now_ms))
    world.send(seen(world, f"f-{stored.signal_id}-S1"))
    assert not world.desk.snapshot().paused


def test_the_reason_of_the_kill_switch_is_not_covered_by_it() -> None:
    world = live_world()
    world.send(KillSwitch(world.now_ms, KillLevel.LOCK, "you"))
    world.send(fill(f"{THEIRS}-E1", world.now_ms))
    assert "kill switch 4" in world.desk.snapshot().pause_reason


def test_an_id_with_the_mark_of_another_is_no_signal_of_ours() -> None:
    assert is_of_another(f"{THEIRS}-E1")
    assert signal_id_of(f"{THEIRS}-E1") is None
    assert not is_of_another(f"{UNMARKED}-E1")


def test_a_pause_of_the_user_beside_another_futtui_holds_in_every_mode() -> None:
    world = live_world()
    world.price(100.0)
    world.send(fill(f"{THEIRS}-E1", world.now_ms))
    told = world.send(SetPaused(world.now_ms, True))
    assert [item.text for item in told if isinstance(item, Say) and item.topic == "mode"]
    assert world.desk.snapshot().pause_reason == PAUSED_BY_YOU
    world.send(ChangeMode(world.now_ms, TradingMode.PAPER))
    assert world.desk.snapshot().pause_reason == PAUSED_BY_YOU
    assert refused(world)
    assert not [item for item in world.send(SetPaused(world.now_ms, True)) if isinstance(item, Say)], "told twice"
    world.send(SetPaused(world.now_ms, False))
    assert not refused(world)
