"""Orders whose answers are lost, refused or late: no second entry, and no position without its stop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from futtui.domain.account import AccountModes, KeyRights, SymbolSetup, Transfer
from futtui.domain.effects import AskFills, CancelOrder
from futtui.domain.errors import ExchangeError
from futtui.domain.events import ClosePosition, Event, FillsTold, OrderChanged, OrderFilled
from futtui.domain.orders import Fill, OrderIntent, OrderPurpose, OrderStatus, OrderType, OrderUpdate
from futtui.domain.position import TradingMode
from futtui.domain.side import OrderSide, Side
from futtui.exchange.ports import Endpoints
from futtui.exchange.simulator.wire.config import ServerConfig
from futtui.live import exchange_broker
from futtui.live.assembly import desk_settings
from futtui.live.engine import Engine
from futtui.live.exchange_broker import LOOKS_TO_VOID, ExchangeDeskBroker
from futtui.live.lockstep import run_lockstep
from tests.live.engine_world import (
    QUARTER_MS,
    START_MS,
    Exchange,
    WatchedAnalyzers,
    Wired,
    exchange,
    server_config,
    wired,
)
from tests.live.live_world import live_engine

SYMBOL = "ETHUSDT"
SIGNAL_MS = START_MS + QUARTER_MS
ENTRY = "method: POST, path: '*/order'"
STOP = "method: POST, path: '*/algoOrder'"
CANCEL = "method: DELETE, path: '*/algoOrder'"
LOST = "action: accept_then_timeout, hold_s: 0.02"
NEVER = "action: respond, status: 503, kind: A"
OVERLOADED = "action: respond, status: 503, kind: B"

OPENED = {
    "nothing": [],
    "entry done, answer lost": [f"{{{LOST}, {ENTRY}, count: 1}}"],
    "stop done, answer lost": [f"{{{LOST}, {STOP}, count: 1}}"],
    "all orders done, answers lost": [f"{{{LOST}, method: POST, path: '*/*rder', count: 5}}"],
    "news of the entry cut off": ["{action: disconnect, route: private, event: ORDER_TRADE_UPDATE, count: 1}"],
    "key of the account stream gone": ["{action: expire_listen_key, after_s: 300}"],
    "targets refused": [f"{{action: reject, code: -4014, {STOP}, every: 2, count: 1}}"],
    "stop met an overloaded exchange": [f"{{{OVERLOADED}, {STOP}, count: 1}}"],
    "clock shifted": ["{action: shift_clock, shift_ms: 20000, after_s: 300}"],
    "clock set back": ["{action: shift_clock, shift_ms: -4000, after_s: 300}"],
}
"""Faults after which the position is open, with its stop on the exchange."""

CLOSED = {
    "entry unknown, never done": [f"{{{NEVER}, {ENTRY}, count: 1}}"],
    "entry refused for overload": [f"{{{OVERLOADED}, {ENTRY}, count: 1}}"],
    "stop would trigger at once": [f"{{action: reject, code: -2021, {STOP}, count: 1}}"],
    "no stop is ever accepted": [f"{{action: reject, code: -4045, {STOP}}}"],
    "exit refused twice": [
        f"{{action: reject, code: -2021, {STOP}, count: 1}}",
        f"{{action: reject, code: -1008, status: 503, {ENTRY}, after_s: 900, count: 2}}",
    ],
}
"""Faults after which there must be no position at all."""


async def trade(world: Exchange, folder: Path, rules: list[str], minutes: int = 25) -> Engine:
    """An engine in live mode that got one long signal at the first close, `minutes` after the start."""
    analyzers = WatchedAnalyzers({(SYMBOL, SIGNAL_MS): Side.LONG})
    engine = wired(folder / "a.db", world, mode=TradingMode.LIVE, symbols=(SYMBOL,), analyzers=analyzers).build()
    await engine.open()
    world.fault(*rules)
    await run_lockstep(engine, minutes)
    return engine


def states(engine: Engine) -> list[str]:
    desk = engine.runner.desk.snapshot()
    return [position.status for position in desk.positions]


def check_safe(world: Exchange) -> None:
    """The exchange holds a position and a stop for all of it, or nothing at all."""
    held = world.quantity(SYMBOL)
    if held:
        assert max(world.stops(SYMBOL), default=Decimal(0)) >= abs(held)
    else:
        assert world.resting(SYMBOL) == []
    assert len(world.entries(SYMBOL)) <= 1


async def close_by_hand(engine: Engine, world: Exchange) -> None:
    for position in engine.runner.desk.snapshot().positions:
        await engine.command(ClosePosition(world.now_ms, position.position_id))
        assert engine.live_broker is not None
        await engine.live_broker.drain()
    await run_lockstep(engine, 8)


@pytest.mark.parametrize("name", OPENED)
async def test_engine_live_entry_is_protected_and_single_whatever_happens_to_answers(name: str, tmp_path: Path) -> None:
    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        engine = await trade(world, tmp_path, OPENED[name])
        try:
            assert (world.struck() > 0) == (name != "nothing")
            assert world.quantity(SYMBOL) > 0
            check_safe(world)
            assert states(engine) == ["PROTECTED"]
            position = engine.runner.desk.snapshot().positions[0]
            assert Decimal(str(position.quantity)) == world.quantity(SYMBOL)
            await close_by_hand(engine, world)
            assert world.quantity(SYMBOL) == 0
            check_safe(world)
            assert engine.runner.counts["trades"] == 1
            wallet = engine.runner.desk.snapshot().account.wallet_balance
            assert wallet == pytest.approx(float(world.wallet()))
        finally:
            await engine.stop()


@pytest.mark.parametrize("name", CLOSED)
async def test_engine_live_entry_that_cannot_be_protected_ends_flat(name: str, tmp_path: Path) -> None:
    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        engine = await trade(world, tmp_path, CLOSED[name])
        try:
            assert world.struck() > 0
            assert world.quantity(SYMBOL) == 0
            check_safe(world)
            assert states(engine) == []
        finally:
            await engine.stop()


@pytest.mark.parametrize(
    "rule", [f"{{{LOST}, {CANCEL}}}", f"{{{NEVER}, {CANCEL}, count: 2}}", f"{{{OVERLOADED}, {CANCEL}, count: 3}}"]
)
async def test_engine_live_failing_cancels_leave_no_order_behind(rule: str, tmp_path: Path) -> None:
    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        engine = await trade(world, tmp_path, [rule])
        try:
            assert states(engine) == ["PROTECTED"]
            await close_by_hand(engine, world)
            assert world.struck() > 0
            assert world.quantity(SYMBOL) == 0
            assert world.resting(SYMBOL) == []
            assert states(engine) == []
        finally:
            await engine.stop()


async def test_engine_live_stop_never_created_is_replaced_or_the_position_closed(tmp_path: Path) -> None:
    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        engine = await trade(world, tmp_path, [f"{{{NEVER}, {STOP}, count: 1}}"])
        try:
            assert world.struck() == 1
            assert len(world.entries(SYMBOL)) == 1
            check_safe(world)
            assert "NAKED" not in states(engine)
        finally:
            await engine.stop()


@pytest.mark.parametrize("purpose", [OrderPurpose.ENTRY, OrderPurpose.EXIT])
async def test_engine_live_order_at_market_that_was_executed_unheard_after_it_was_called_new_is_looked_up(
    purpose: OrderPurpose, tmp_path: Path
) -> None:
    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        engine = await live_engine(world, tmp_path / "a.db", 1)
        assert engine.account is not None
        place: Callable[..., Awaitable[OrderUpdate]] = engine.account.trading.place

        async def called_new(intent: OrderIntent) -> OrderUpdate:
            told = await place(intent)
            if intent.purpose is not purpose:
                return told
            return replace(told, status=OrderStatus.OPEN, executed=Decimal(0))

        engine.account.trading.place = called_new  # type: ignore[method-assign]
        world.fault("{action: silent_private, after_s: 0}")
        await run_lockstep(engine, 17)
        assert world.quantity(SYMBOL) > 0
        check_safe(world)
        assert states(engine) == ["PROTECTED"]
        if purpose is OrderPurpose.EXIT:
            await close_by_hand(engine, world)
            assert world.quantity(SYMBOL) == 0
            check_safe(world)
            assert states(engine) == []
        await engine.stop()


async def test_engine_live_silent_account_stream_does_not_leave_a_position_naked(tmp_path: Path) -> None:
    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        engine = await trade(world, tmp_path, ["{action: silent_private, after_s: 600, for_s: 480}"])
        try:
            assert world.struck() > 0
            check_safe(world)
            assert states(engine) == ["PROTECTED"]
            await close_by_hand(engine, world)
            assert world.quantity(SYMBOL) == 0
            check_safe(world)
            assert engine.runner.counts["trades"] == 1
        finally:
            await engine.stop()


# --- the broker alone, with pauses ----------------------------------------------------------------------------------


class Trading:
    """An account whose answers are scripted; `None` in `known` means that the exchange has no such order."""

    def __init__(self, known: list[OrderUpdate | ExchangeError | None]) -> None:
        self.known = known
        self.fills: list[Fill] = []
        self.sent: list[str] = []
        self.canceled: list[str] = []
        self.answer = OrderStatus.UNKNOWN

    async def place(self, intent: OrderIntent) -> OrderUpdate:
        self.sent.append(intent.client_id)
        return update(intent.client_id, self.answer)

    async def cancel(self, symbol: str, client_id: str, *, conditional: bool) -> OrderUpdate:
        self.canceled.append(client_id)
        if len(self.canceled) < 3:
            raise ExchangeError("Overloaded.")
        return update(client_id, OrderStatus.CANCELED)

    async def query(self, symbol: str, client_id: str, *, conditional: bool) -> OrderUpdate | None:
        answer = self.known.pop(0) if len(self.known) > 1 else self.known[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def executions(self, symbol: str, client_id: str, exchange_id: str) -> list[Fill]:
        return self.fills

    async def symbol_fills(self, symbol: str, since_ms: int) -> list[Fill]:
        return self.fills

    async def executed_orders(self, symbol: str, since_ms: int) -> list[tuple[str, Decimal]]:
        return []

    async def open_orders(self, symbol: str | None = None) -> list[object]:
        return []

    async def positions(self) -> list[object]:
        return []

    async def prepare(self, symbol: str, leverage: int, known: SymbolSetup | None = None) -> SymbolSetup:
        return SymbolSetup(True, leverage)

    async def symbol_setups(self, symbol: str | None = None) -> dict[str, SymbolSetup]:
        return {}

    async def modes(self) -> AccountModes:
        return AccountModes(can_trade=True, hedge=False, multi_asset=False)

    async def key_rights(self) -> KeyRights | None:
        return None

    async def funding_since(self, symbol: str, since_ms: int) -> Decimal:
        return Decimal(0)

    async def transfers_since(self, since_ms: int) -> list[Transfer]:
        return []

    async def wallet_balance(self) -> Decimal:
        return Decimal(1)

    async def close(self) -> None:
        return None


def update(client_id: str, status: OrderStatus) -> OrderUpdate:
    return OrderUpdate(client_id, SYMBOL, status, 1, "77")


def intent(client_id: str = "a") -> OrderIntent:
    two = Decimal(2)
    return OrderIntent(client_id, SYMBOL, OrderSide.BUY, OrderType.MARKET, two, OrderPurpose.ENTRY, "p", 1)


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange_broker, "LOOK_PAUSES_S", (0.001,))
    monkeypatch.setattr(exchange_broker, "VOID_AFTER_MS", 30.0)


@pytest.mark.usefixtures("short_pauses")
@pytest.mark.parametrize("answer", [OrderStatus.FILLED, OrderStatus.OPEN])
async def test_exchange_broker_exit_that_the_exchange_had_is_believed_gone_only_after_several_answers(
    answer: OrderStatus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange_broker, "NEWS_OVERDUE_MS", 0.0)
    monkeypatch.setattr(exchange_broker, "VOID_AFTER_MS", 0.0)
    news: list[Event] = []
    known = update("a", OrderStatus.FILLED)
    trading = Trading([*[None] * (LOOKS_TO_VOID - 1), known, *[None] * LOOKS_TO_VOID])
    broker = ExchangeDeskBroker(trading, news.append, lambda: 1)
    order = replace(intent(), side=OrderSide.SELL, purpose=OrderPurpose.EXIT, reduce_only=True)
    trading.answer = answer
    broker.place(order)
    await broker.drain()
    for _ in range(2):
        broker.look_at_overdue()
        await broker.drain()
        told = [item.update.status for item in news if isinstance(item, OrderChanged)]
        if len(told) == 2:
            assert told == [answer, OrderStatus.FILLED], "too few answers in a row said that it is not there"
    assert told == [answer, OrderStatus.FILLED, OrderStatus.EXPIRED]
    assert len(trading.known) == 1, "every answer was asked for"
    await broker.close()


@pytest.mark.usefixtures("short_pauses")
async def test_exchange_broker_unknown_order_is_looked_up_through_failures_until_its_fills_are_known() -> None:
    news: list[Event] = []
    trading = Trading([ExchangeError("No connection."), None, update("a", OrderStatus.FILLED)])
    trading.fills = [Fill("a", SYMBOL, "9", OrderSide.BUY, Decimal(5), Decimal(2), Decimal(0), 1)]
    broker = ExchangeDeskBroker(trading, news.append, lambda: 1)
    broker.place(intent())
    await broker.drain()
    told = [(type(item).__name__, getattr(item, "update", None) and item.update.status) for item in news]  # type: ignore[union-attr]
    assert told == [("OrderChanged", OrderStatus.UNKNOWN), ("OrderFilled", None), ("OrderChanged", OrderStatus.FILLED)]
    assert trading.sent == ["a"]
    await broker.close()


async def test_exchange_broker_many_executions_are_told_apart_without_comparing_each_with_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[Fill] = []
    monkeypatch.setattr(Fill, "__eq__", lambda one, other: compared.append(one) or one is other)
    news: list[Event] = []
    trading = Trading([])
    trading.fills = [
        Fill("web_1" if n < 50 else "f-abc-T1", SYMBOL, str(n), OrderSide.SELL, Decimal(5), Decimal(2), Decimal(0), n)
        for n in range(100)
    ]
    broker = ExchangeDeskBroker(trading, news.append, lambda: 1)
    broker.ask_fills(AskFills(TradingMode.LIVE, SYMBOL, 0, 1))
    await broker.drain()
    *ours, last = news
    assert [item.fill.trade_id for item in ours if isinstance(item, OrderFilled)] == [str(n) for n in range(50, 100)]
    assert isinstance(last, FillsTold)
    assert [fill.trade_id for fill in last.fills or ()] == [str(n) for n in range(50)]
    assert not compared
    await broker.close()


@pytest.mark.usefixtures("short_pauses")
async def test_exchange_broker_entry_that_could_not_leave_in_time_is_given_up_and_an_exit_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exchange_broker, "ENTRY_MAY_WAIT_MS", -1.0)
    news: list[Event] = []
    trading = Trading([update("x", OrderStatus.CANCELED)])
    broker = ExchangeDeskBroker(trading, news.append, lambda: 1)
    broker.place(intent())
    broker.place(replace(intent("x"), reduce_only=True, purpose=OrderPurpose.EXIT))
    await broker.drain()
    assert trading.sent == ["x"]
    told = next(item.update for item in news if isinstance(item, OrderChanged) and item.update.client_id == "a")
    assert told.status is OrderStatus.REJECTED
    assert "since the signal" in told.reason
    await broker.close()


@pytest.mark.usefixtures("short_pauses")
@pytest.mark.parametrize("odd", [KeyError("leverage"), ValueError("abc is no number"), AttributeError("get")])
async def test_exchange_broker_order_that_meets_something_odd_is_looked_up_until_its_end(
    odd: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    news: list[Event] = []
    trading = Trading([odd, update("a", OrderStatus.CANCELED)])  # type: ignore[list-item]

    async def place(sent: OrderIntent) -> OrderUpdate:
        raise odd

    monkeypatch.setattr(trading, "place", place)
    broker = ExchangeDeskBroker(trading, news.append, lambda: 1)
    broker.place(intent())
    await broker.drain()
    assert [item.update.status for item in news] == [OrderStatus.UNKNOWN, OrderStatus.CANCELED]  # type: ignore[union-attr]
    await broker.close()


@pytest.mark.usefixtures("short_pauses")
async def test_exchange_broker_order_that_never_arrived_is_refused_only_when_it_cannot_arrive_any_more() -> None:
    news: list[Event] = []
    broker = ExchangeDeskBroker(Trading([None]), news.append, lambda: 1)
    broker.place(intent())
    before = time.monotonic()
    await broker.drain()
    assert time.monotonic() - before >= 0.03
    assert [item.update.status for item in news] == [OrderStatus.UNKNOWN, OrderStatus.REJECTED]  # type: ignore[union-attr]
    await broker.close()


@pytest.mark.usefixtures("short_pauses")
async def test_exchange_broker_failing_cancel_is_repeated_while_the_order_waits() -> None:
    news: list[Event] = []
    trading = Trading([update("s", OrderStatus.OPEN)])
    broker = ExchangeDeskBroker(trading, news.append, lambda: 1)
    broker.cancel(CancelOrder(TradingMode.LIVE, SYMBOL, "s", True, 1))
    await broker.drain()
    assert trading.canceled == ["s", "s", "s"]
    assert news[-1] == OrderChanged(update("s", OrderStatus.CANCELED))
    await broker.close()


@pytest.mark.usefixtures("short_pauses")
async def test_exchange_broker_closed_while_looking_up_leaves_no_task() -> None:
    broker = ExchangeDeskBroker(Trading([ExchangeError("No connection.")]), lambda event: None, lambda: 1)
    broker.place(intent())
    before = len(asyncio.all_tasks())
    await asyncio.sleep(0.02)
    assert not broker.is_idle
    await broker.close()
    assert broker.is_idle
    assert len(asyncio.all_tasks()) < before


async def nowhere() -> Endpoints:
    raise AssertionError("this exchange is never asked for")


def test_engine_at_sixty_times_real_time_gives_a_stop_real_seconds_to_be_confirmed(tmp_path: Path) -> None:
    plan = Wired(tmp_path / "a.db", nowhere, lockstep=False, speed=60.0).plan()
    assert desk_settings(plan).risk.exits.naked_limit_ms == 60 * plan.desk.risk.exits.naked_limit_ms
    assert desk_settings(plan).risk.kill.mismatch_seconds == 60 * plan.desk.risk.kill.mismatch_seconds
    in_lockstep = Wired(tmp_path / "a.db", nowhere).plan()
    steps_ms = 2 * ServerConfig().step_ms  # an order is answered at the next step at the latest
    assert desk_settings(in_lockstep).risk.exits.naked_limit_ms >= steps_ms
