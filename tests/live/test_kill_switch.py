"""The kill switch: four levels, by file, by `futtui panic`, by itself; latched, and finished whatever goes wrong."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from futtui.cli.panic_command import _close_everything
from futtui.domain.account import AccountSeen, HeldAmount
from futtui.domain.effects import WriteLatch
from futtui.domain.errors import ExchangeError, FuttuiError
from futtui.domain.events import BalanceChanged, ChangeMode, ClockTick, SetPaused
from futtui.domain.kill import KillLevel, KillSwitch, Rearm
from futtui.domain.orders import OrderIntent, OrderPurpose, OrderStatus, OrderUpdate
from futtui.domain.position import TradingMode
from futtui.domain.side import OrderSide, Side
from futtui.domain.signal import SignalStatus, Trigger
from futtui.domain.symbols import SymbolRules
from futtui.domain.timeframe import HOUR_MS
from futtui.exchange.binance.trading_models import order_params, position_from
from futtui.exchange.simulator.core.records import AlgoRequest
from futtui.exchange.simulator.wire.config import DEMO_KEY
from futtui.live.flatten import FlattenReport, endangering, flatten
from futtui.live.kill_file import ask_panic, panic_asked, panic_done, read_latch
from futtui.live.lockstep import run_lockstep
from tests.desk.world import World, raw_signal, rules, wide_settings
from tests.live.engine_world import KEYS, exchange, lines, server_config, wired
from tests.live.live_world import SYMBOL, by_hand, live_engine, states, trades, with_position

ENTRY = "method: POST, path: '*/order'"
WHATEVER_GOES_WRONG = {
    "nothing": (),
    "answers lost": (f"{{action: accept_then_timeout, hold_s: 0.02, {ENTRY}, count: 2}}",),
    "overloaded": (f"{{action: respond, status: 503, kind: B, {ENTRY}, count: 2}}",),
    "unknown": (f"{{action: respond, status: 503, kind: A, {ENTRY}, count: 2}}",),
    "stream silent": ("{action: silent_private, after_s: 0}",),
    "cancels fail": ("{action: respond, status: 503, kind: B, method: DELETE, path: '*/algoOrder', count: 3}",),
    "clock shifted": ("{action: shift_clock, shift_ms: 20000, after_s: 0}",),
}


ALWAYS = ("nothing", "answers lost", "stream silent")


@pytest.mark.parametrize(
    "name",
    [name if name in ALWAYS else pytest.param(name, marks=pytest.mark.slow) for name in WHATEVER_GOES_WRONG],
)
async def test_fs52_kill_switch_ends_flat_and_latched_whatever_goes_wrong(name: str, tmp_path: Path) -> None:
    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        engine = await with_position(world, tmp_path / "a.db")
        by_hand(world, Decimal(1))
        world.fault(*WHATEVER_GOES_WRONG[name])
        await engine.command(KillSwitch(world.now_ms, KillLevel.LOCK))
        await run_lockstep(engine, 12)
        assert world.quantity(SYMBOL) == 0
        assert world.resting(SYMBOL) == []
        assert states(engine) == []
        assert lines(engine, "Flat: nothing is held")
        view = engine.runner.desk.snapshot()
        assert (view.mode, view.kill_level, view.paused) == (TradingMode.SIGNALS, 4, True)
        await engine.command(SetPaused(world.now_ms, False))
        with pytest.raises(FuttuiError, match="latched"):
            await engine.command(ChangeMode(world.now_ms, TradingMode.LIVE))
        assert engine.runner.desk.snapshot().mode is TradingMode.SIGNALS
        assert engine.runner.desk.snapshot().paused
        latch = read_latch(tmp_path)
        assert latch is not None
        assert latch.level == 4
        await engine.stop()


async def test_kill_switch_latched_by_an_earlier_run_holds_until_it_is_rearmed(tmp_path: Path) -> None:
    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        engine = await live_engine(world, tmp_path / "a.db", mode=TradingMode.SIGNALS)
        await engine.command(KillSwitch(world.now_ms, KillLevel.LOCK))
        await engine.stop()
        again = await live_engine(world, tmp_path / "a.db", mode=TradingMode.SIGNALS)
        with pytest.raises(FuttuiError, match="latched"):
            await again.command(ChangeMode(world.now_ms, TradingMode.LIVE))
        assert again.runner.desk.snapshot().mode is TradingMode.SIGNALS
        await again.command(Rearm(world.now_ms))
        assert read_latch(tmp_path) is None
        await again.command(ChangeMode(world.now_ms, TradingMode.LIVE))
        assert again.runner.desk.snapshot().mode is TradingMode.LIVE
        await again.stop()


async def test_panic_file_closes_everything_and_is_taken_away(tmp_path: Path) -> None:
    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        engine = await with_position(world, tmp_path / "a.db")
        ask_panic(tmp_path)
        await run_lockstep(engine, 3)
        assert world.quantity(SYMBOL) == 0
        assert world.resting(SYMBOL) == []
        assert not panic_asked(tmp_path)
        assert engine.runner.desk.kill_level == KillLevel.LOCK
        assert len(trades(engine)) == 1
        await engine.stop()


async def test_panic_file_from_before_a_demo_is_named_and_does_not_pause_it(tmp_path: Path) -> None:
    ask_panic(tmp_path)
    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        engine = wired(tmp_path / "demo.db", world, symbols=(SYMBOL,)).build()
        await engine.open()
        await run_lockstep(engine, 2)
        assert not engine.runner.desk.snapshot().paused
        assert lines(engine, "A PANIC file of an earlier run")
        panic_done(tmp_path)
        await run_lockstep(engine, 1)
        ask_panic(tmp_path)
        await run_lockstep(engine, 1)
        assert engine.runner.desk.kill_level == KillLevel.LOCK, "one that comes while it runs is meant for it"
        await engine.stop()


async def test_futtui_panic_closes_everything_without_the_app(tmp_path: Path) -> None:
    config = server_config(seed=3, symbols=(SYMBOL,), speed=1.0)
    async with exchange(config) as world:
        by_hand(world, Decimal(3))
        core = world.server.venue.core
        trigger = Decimal(round(world.server.venue.market.symbols[SYMBOL].last_price * 0.9))
        core.place_algo(
            DEMO_KEY,
            AlgoRequest(
                symbol=SYMBOL, side="SELL", order_type="STOP_MARKET", quantity=Decimal(3), trigger_price=trigger,
                reduce_only=True, client_algo_id="web_stop",
            ),
        )  # fmt: skip
        environment = os.environ | {
            "FUTTUI_API_KEY": "demo-key",
            "FUTTUI_API_SECRET": "demo-secret",
            "FUTTUI__EXCHANGE__REST_URL": world.endpoints.rest,
            "FUTTUI__EXCHANGE__STREAM_URL": world.endpoints.stream,
        }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "futtui", "panic", "--yes", "--home", str(tmp_path)),
            env=environment, cwd=Path.cwd(), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await asyncio.wait_for(process.communicate(), 60)
        text = output.decode()
        assert process.returncode == 0, text
        assert "Flat: nothing is held, no order waits." in text
        assert "demo-secret" not in text
        assert world.quantity(SYMBOL) == 0
        assert world.resting(SYMBOL) == []
        latch = read_latch(tmp_path)
        assert latch is not None
        assert latch.level == KillLevel.LOCK
        assert not panic_asked(tmp_path)


async def test_futtui_panic_closes_while_the_trading_rules_cannot_be_asked() -> None:
    config = server_config(seed=3, symbols=(SYMBOL,), speed=1.0)
    async with exchange(config) as world:
        by_hand(world, Decimal(3))
        world.fault("{action: respond, status: 503, kind: B, path: '*/exchangeInfo'}")
        report = await _close_everything(world.endpoints, KEYS)
        assert report.is_flat, report.lines()
        assert world.quantity(SYMBOL) == 0


def resting(symbol: str, client_id: str, **told: Any) -> Any:
    """An order that waits on the exchange."""
    usual = {"conditional": False, "reduce_only": False, "close_position": False, "side": "SELL", "hedge_side": None}
    return SimpleNamespace(symbol=symbol, client_id=client_id, **usual | told)


class StrictAccount:
    """An account whose exchange refuses market orders that are too large or off the steps, and caps what reduces."""

    def __init__(self, held: dict[str, str], *, most: str = "1e9", step: str = "0.001") -> None:
        self.held = {symbol: Decimal(amount) for symbol, amount in held.items()}
        self.most, self.step = Decimal(most), Decimal(step)
        self.sent: list[OrderIntent] = []
        self.waiting: list[Any] = []

    async def positions(self) -> list[Any]:
        return [
            SimpleNamespace(symbol=name, amount=amount, hedge_side=None) for name, amount in self.held.items() if amount
        ]

    async def open_orders(self, symbol: str | None = None) -> list[Any]:
        return list(self.waiting)

    async def cancel(self, symbol: str, client_id: str, *, conditional: bool) -> OrderUpdate:
        if client_id == "stuck":
            raise ExchangeError("It cannot be cancelled.")
        self.waiting = [order for order in self.waiting if order.client_id != client_id]
        return OrderUpdate(client_id, symbol, OrderStatus.CANCELED, 1)

    async def place(self, intent: OrderIntent, *, hedge_side: Side | None) -> OrderUpdate:
        assert intent.reduce_only
        assert hedge_side is None
        assert intent.client_id not in {order.client_id for order in self.sent}
        self.sent.append(intent)
        reason = ""
        if intent.quantity > self.most:
            reason = "Quantity greater than max quantity. (code -4005)"
        elif intent.quantity % self.step:
            reason = "Precision is over the maximum defined for this asset. (code -1111)"
        status = OrderStatus.REJECTED if reason else OrderStatus.FILLED
        if not reason:
            change = min(intent.quantity, abs(self.held[intent.symbol]))
            self.held[intent.symbol] += change if intent.side is OrderSide.BUY else -change
        return OrderUpdate(intent.client_id, intent.symbol, status, 1, reason=reason)

    async def flatten(self, known: dict[str, SymbolRules] | None = None) -> FlattenReport:
        async def no_pause(seconds: float) -> None:
            return None

        return await flatten(self, known or {}, lambda: 1, sleep=no_pause)


@pytest.mark.parametrize(
    ("account", "known"),
    [
        (StrictAccount({"ETHUSDT": "4500"}, most="2000"), {"ETHUSDT": rules()}),
        (StrictAccount({"BTCUSDC": "0.5", "PEPEUSDT": "-250000"}, most="1000"), {}),
        (StrictAccount({"ETHUSDT": "2.310"}, step="0.1"), {"ETHUSDT": rules()}),
        (StrictAccount({"ETHUSDT": "-0.010"}, step="0.1"), {}),
        (StrictAccount({"ETHUSDT": "2.310"}, step="0.1"), {"ETHUSDT": rules(step_size=Decimal("0.1"))}),
        (StrictAccount({"BTCUSDT_261225": "7"}), {}),
    ],
)
async def test_flatten_closes_what_it_knows_no_rules_of_and_what_its_rules_do_not_fit(
    account: StrictAccount, known: dict[str, SymbolRules]
) -> None:
    report = await account.flatten(known)
    assert report.is_flat, report.lines()
    assert not any(account.held.values())
    assert len(account.sent) < 600


async def test_flatten_sends_no_needless_orders_where_the_rules_are_known() -> None:
    account = StrictAccount({"ETHUSDT": "4500"}, most="2000")
    await account.flatten({"ETHUSDT": rules()})
    assert [order.quantity for order in account.sent] == [Decimal(2_000), Decimal(2_000), Decimal(500)]


async def test_flatten_cancels_what_might_open_more_while_something_cannot_be_closed() -> None:
    account = StrictAccount({"ETHUSDT": "3"}, most="0")
    account.waiting = [
        resting("ETHUSDT", "stop", conditional=True, reduce_only=True),
        resting("ETHUSDT", "all", conditional=True, close_position=True),
        resting("ETHUSDT", "more"),
        resting("BTCUSDT", "stuck"),
        resting("BTCUSDT", "left", conditional=True, reduce_only=True),
    ]
    report = await account.flatten()
    assert not report.is_flat
    assert [order.client_id for order in account.waiting] == ["stop", "all", "stuck"]


async def test_flatten_that_only_ever_hears_no_ends_and_says_so() -> None:
    account = StrictAccount({"ETHUSDT": "3"}, most="0")
    report = await account.flatten()
    assert not report.is_flat
    assert report.left == ["3 ETHUSDT"]
    assert any("-4005" in line for line in report.lines())
    assert len(account.sent) < 200


@pytest.mark.parametrize("orders", [0, 1, 3])
async def test_flatten_that_is_ended_sends_nothing_more_and_cancels_nothing(orders: int) -> None:
    account = StrictAccount({"ETHUSDT": "4500"}, most="1000")
    account.waiting = [resting("BTCUSDT", "left", conditional=True)]
    report = await flatten(account, {}, lambda: 1, is_wanted=lambda: len(account.sent) < orders)
    assert (report.is_flat, report.was_ended) == (False, True)
    assert len(account.sent) == orders
    assert account.held["ETHUSDT"] > 0
    assert account.waiting
    assert "Ended by you" in report.lines()[-1]


async def test_rearming_stops_a_closing_round_that_is_under_way(tmp_path: Path) -> None:
    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        engine = await live_engine(world, tmp_path / "a.db")
        by_hand(world, Decimal(1))
        await engine.command(KillSwitch(world.now_ms, KillLevel.LOCK))
        await engine.command(Rearm(world.now_ms))
        await run_lockstep(engine, 2)
        assert world.quantity(SYMBOL) == 1
        assert lines(engine, "Ended by you")
        assert not lines(engine, "tried again")
        await engine.stop()


class HedgeAccount(StrictAccount):
    """Long and short side by side; an order without its side, or for more than is held, is refused."""

    def __init__(self, long: str, short: str) -> None:
        super().__init__({})
        self.sides = {Side.LONG: Decimal(long), Side.SHORT: Decimal(short)}
        self.refused: list[str] = []

    async def positions(self) -> list[Any]:
        rows = ((side, str(amount * side.sign)) for side, amount in self.sides.items() if amount)
        return [
            position_from({"symbol": SYMBOL, "positionSide": side.value, "positionAmt": text}) for side, text in rows
        ]

    async def place(self, intent: OrderIntent, *, hedge_side: Side | None) -> OrderUpdate:
        params = order_params(intent, hedge_side)
        reason = "" if hedge_side and "reduceOnly" not in params else "no position side (code -4061)"
        held = self.sides.get(Side.__members__.get(params.get("positionSide", ""), Side.LONG), Decimal(0))
        if hedge_side and (intent.side is not hedge_side.exit_order_side or intent.quantity > held):
            reason = "ReduceOnly Order is rejected. (code -2022)"
        if reason or hedge_side is None:
            self.refused.append(reason)
            return OrderUpdate(intent.client_id, intent.symbol, OrderStatus.REJECTED, 1, reason=reason)
        self.sides[hedge_side] -= intent.quantity
        return OrderUpdate(intent.client_id, intent.symbol, OrderStatus.FILLED, 1)


async def test_flatten_closes_long_and_short_of_an_account_in_hedge_mode() -> None:
    account = HedgeAccount("0.004", "2.5")
    report = await account.flatten({SYMBOL: rules(min_quantity=Decimal("0.01"))})
    assert report.is_flat, report.lines()
    assert account.refused == []
    assert report.closed == {f"{SYMBOL} LONG": Decimal("0.004"), f"{SYMBOL} SHORT": Decimal("2.5")}


def test_in_hedge_mode_what_waits_against_its_side_protects_whatever_its_flags_say() -> None:
    held = [position_from({"symbol": SYMBOL, "positionSide": "LONG", "positionAmt": "1"})]
    stop = resting(SYMBOL, "stop", conditional=True, side="SELL", hedge_side=Side.LONG)
    entry = resting(SYMBOL, "entry", side="SELL", hedge_side=Side.SHORT)
    assert endangering(held, [stop, entry]) == [entry]


# --- the desk alone -------------------------------------------------------------------------------------------------


def test_level_one_pauses_and_is_taken_back_by_the_pause_key() -> None:
    world = World()
    world.enter()
    world.send(KillSwitch(world.now_ms, KillLevel.PAUSE))
    assert len(world.desk.snapshot().positions) == 1
    assert world.desk.snapshot().paused
    world.send(SetPaused(world.now_ms, False))
    assert not world.desk.snapshot().paused
    assert world.desk.snapshot().kill_level == 0


def test_level_two_cancels_waiting_signals_and_leaves_positions() -> None:
    world = World()
    waiting = raw_signal(Side.LONG, trigger=Trigger.ARMED, entry=95.0, time_ms=world.now_ms, valid_ms=4 * HOUR_MS)
    world.enter(strategy="other")
    world.analyse(waiting)
    world.send(KillSwitch(world.now_ms, KillLevel.CANCEL))
    assert world.status_of(waiting) is not SignalStatus.WAITING
    assert [view.status for view in world.desk.snapshot().positions] == ["PROTECTED"]


@pytest.mark.parametrize("level", [KillLevel.FLATTEN, KillLevel.LOCK])
def test_levels_three_and_four_close_everything_and_stay(level: KillLevel) -> None:
    world = World()
    world.enter()
    world.send(KillSwitch(world.now_ms, level))
    assert world.desk.snapshot().positions == ()
    world.send(SetPaused(world.now_ms, False))
    assert world.desk.snapshot().paused
    refused = world.enter(strategy="later")
    assert world.status_of(refused) is SignalStatus.REFUSED
    world.send(KillSwitch(world.now_ms, KillLevel.PAUSE))
    assert world.desk.snapshot().kill_level == level, "a lower level loosens nothing"
    world.send(Rearm(world.now_ms))
    assert not world.desk.snapshot().paused


def test_failed_closing_order_is_tried_again_with_the_clock() -> None:
    world = World()
    world.enter()
    world.broker.reject.add(OrderPurpose.EXIT)
    world.send(KillSwitch(world.now_ms, KillLevel.FLATTEN))
    assert len(world.desk.snapshot().positions) == 1
    world.broker.reject.clear()
    for _ in range(4):
        world.now_ms += 60_000
        world.send(ClockTick(world.now_ms))
    assert world.desk.snapshot().positions == ()


# --- by itself ------------------------------------------------------------------------------------------------------


def live_world() -> World:
    world = World(mode=TradingMode.LIVE)
    world.send(BalanceChanged(world.now_ms, TradingMode.LIVE, Decimal(10_000)))
    world.send(ClockTick(world.now_ms))
    return world


def test_drawdown_closes_everything_and_locks_live() -> None:
    world = live_world()
    world.enter()
    world.send(BalanceChanged(world.now_ms, TradingMode.LIVE, Decimal(8_400)))
    world.send(ClockTick(world.now_ms + 1))
    assert world.desk.snapshot().positions == ()
    assert world.desk.kill_level == KillLevel.LOCK
    assert any("below its best" in line for line in world.lines())


def test_drawdown_lets_go_after_it_was_rearmed_and_counts_from_there() -> None:
    world = live_world()
    world.send(BalanceChanged(world.now_ms, TradingMode.LIVE, Decimal(8_400)))
    world.send(ClockTick(world.now_ms + 1))
    world.send(Rearm(world.now_ms + 2))
    world.send(ChangeMode(world.now_ms + 3, TradingMode.LIVE))
    world.send(ClockTick(world.now_ms + 4))
    assert (world.desk.kill_level, world.desk.snapshot().mode) == (0, TradingMode.LIVE)
    world.send(BalanceChanged(world.now_ms + 5, TradingMode.LIVE, Decimal(7_200)))
    world.send(ClockTick(world.now_ms + 6))
    assert world.desk.kill_level == 0, "14.3 % below the new best"
    world.send(BalanceChanged(world.now_ms + 7, TradingMode.LIVE, Decimal(7_100)))
    world.send(ClockTick(world.now_ms + 8))
    assert world.desk.kill_level == KillLevel.LOCK


@pytest.mark.parametrize("mode", [TradingMode.PAPER, TradingMode.SIGNALS])
def test_drawdown_of_a_virtual_account_closes_and_pauses_but_latches_nothing(mode: TradingMode) -> None:
    world = World(mode=mode)
    world.send(ClockTick(world.now_ms))
    world.enter()
    world.send(BalanceChanged(world.now_ms, mode, Decimal(8_600)))
    world.send(ClockTick(world.now_ms + 1))
    assert not world.desk.snapshot().paused, "14 % is not enough"
    world.send(BalanceChanged(world.now_ms, mode, Decimal(8_400)))
    effects = world.send(ClockTick(world.now_ms + 2))
    view = world.desk.snapshot()
    assert (view.positions, view.paused, view.kill_level, view.mode) == ((), True, KillLevel.CANCEL, mode)
    assert "the virtual account is" in view.pause_reason
    assert not [effect for effect in effects if isinstance(effect, WriteLatch)]
    refused = world.enter(strategy="later")
    assert world.status_of(refused) is SignalStatus.REFUSED
    world.send(SetPaused(world.now_ms, False))
    world.send(ClockTick(world.now_ms + 3))
    assert not world.desk.snapshot().paused, "the fall counts anew from the moment the user goes on"


def test_drawdown_of_a_virtual_account_leaves_positions_of_the_real_one_alone() -> None:
    world = live_world()
    world.enter()
    world.send(ChangeMode(world.now_ms, TradingMode.PAPER))
    world.send(ClockTick(world.now_ms + 1))
    world.send(BalanceChanged(world.now_ms, TradingMode.PAPER, Decimal(8_400)))
    world.send(ClockTick(world.now_ms + 2))
    assert [(view.mode, view.status) for view in world.desk.snapshot().positions] == [(TradingMode.LIVE, "PROTECTED")]
    assert world.desk.snapshot().paused


def test_day_loss_cancels_entries_and_leaves_positions_to_their_stops() -> None:
    settings = wide_settings()
    caps = replace(settings.risk.caps, day_loss_limit_pct=3.0)
    world = World(replace(settings, risk=replace(settings.risk, caps=caps)), mode=TradingMode.LIVE)
    world.send(BalanceChanged(world.now_ms, TradingMode.LIVE, Decimal(10_000)))
    world.enter()
    world.send(BalanceChanged(world.now_ms, TradingMode.LIVE, Decimal(9_600)))
    world.send(ClockTick(world.now_ms + 1))
    assert world.desk.kill_level == KillLevel.CANCEL
    assert [view.status for view in world.desk.snapshot().positions] == ["PROTECTED"]


def test_three_positions_that_could_not_be_protected_stop_new_trades() -> None:
    world = live_world()
    world.broker.reject.add(OrderPurpose.STOP)
    for number in range(3):
        assert world.desk.kill_level == 0
        world.enter(strategy=f"number {number}")
        world.tick()
    assert world.desk.kill_level == KillLevel.CANCEL
    assert any("could not be protected" in line for line in world.lines())


def test_books_that_stay_apart_stop_new_trades() -> None:
    world = live_world()
    world.enter()
    for number in range(8):
        world.now_ms += 10_000
        held = (HeldAmount(SYMBOL, Decimal(number + 1)),)
        world.send(AccountSeen(world.now_ms, world.now_ms, TradingMode.LIVE, held, ()))
        world.send(ClockTick(world.now_ms))
    assert world.desk.kill_level == KillLevel.CANCEL
    assert any("do not agree" in line for line in world.lines())
