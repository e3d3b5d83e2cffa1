"""A live process dies and another one takes over, over the wire: FS-03, FS-04, FS-05, FS-11, FS-17, FS-38."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path

import pytest

from futtui.domain.kill import KillLevel
from futtui.domain.orders import OrderIntent, OrderPurpose, OrderUpdate
from futtui.domain.position import ExitReason, TradingMode
from futtui.domain.side import Side
from futtui.exchange.simulator.core.records import OrderRequest
from futtui.exchange.simulator.ports import MarketTick
from futtui.exchange.simulator.wire.config import DEMO_KEY
from futtui.live.kill_file import ask_panic
from futtui.live.live_book import LiveBook, live_book_file, read_book
from futtui.live.lockstep import run_lockstep
from tests.live.engine_world import Exchange, WatchedAnalyzers, exchange, lines, server_config, until, wired
from tests.live.live_world import SYMBOL, by_hand, covered, die, live_engine, states, trades, with_position

Place = Callable[[OrderIntent], Awaitable[OrderUpdate]]


def config():  # type: ignore[no-untyped-def]
    return server_config(seed=3, symbols=(SYMBOL,))


async def dies_at(world: Exchange, database: Path, purpose: OrderPurpose, *, sent: bool) -> None:
    """A live engine whose process dies at the first order of a purpose, right before or right after it was sent."""
    engine = await live_engine(world, database, 1)
    assert engine.account is not None
    trading = engine.account.trading
    place: Place = trading.place
    dead = asyncio.Event()

    async def last_order(intent: OrderIntent) -> OrderUpdate:
        if intent.purpose is not purpose:
            return await place(intent)
        if sent:
            await place(intent)
        dead.set()
        return await asyncio.Future()

    trading.place = last_order  # type: ignore[method-assign]
    work = asyncio.create_task(run_lockstep(engine, 20))
    await asyncio.wait_for(dead.wait(), 30)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    await die(engine)


def entry_orders(world: Exchange) -> list[str]:
    orders = world.server.venue.core.all_orders(DEMO_KEY, SYMBOL)
    return [order.client_order_id for order in orders if order.client_order_id.endswith("E1")]


async def test_fs04_entry_that_was_written_down_but_never_sent_is_dropped_and_never_sent_later(tmp_path: Path) -> None:
    async with exchange(config()) as world:
        await dies_at(world, tmp_path / "a.db", OrderPurpose.ENTRY, sent=False)
        assert entry_orders(world) == []
        engine = await live_engine(world, tmp_path / "a.db", mode=TradingMode.SIGNALS)
        assert states(engine) == []
        assert lines(engine, "not entered")
        await run_lockstep(engine, 20)
        assert entry_orders(world) == []
        await engine.stop()


async def test_fs03_entry_sent_before_the_crash_is_adopted_and_is_the_only_one(tmp_path: Path) -> None:
    async with exchange(config()) as world:
        await dies_at(world, tmp_path / "a.db", OrderPurpose.ENTRY, sent=True)
        assert world.quantity(SYMBOL) > 0
        assert not covered(world)
        engine = await live_engine(world, tmp_path / "a.db", mode=TradingMode.SIGNALS)
        assert states(engine) == ["PROTECTED"]
        assert covered(world)
        assert len(entry_orders(world)) == 1
        assert engine.runner.desk.snapshot().mode is TradingMode.SIGNALS
        await engine.stop()


async def test_fs03_same_id_sent_again_is_known_as_a_duplicate_and_looked_up(tmp_path: Path) -> None:
    async with exchange(config()) as world:
        rule = "{action: reject, code: -4116, message: ClientOrderId is duplicated., method: POST, path: '*/order'}"
        engine = await live_engine(world, tmp_path / "a.db", 1)
        world.fault(rule.replace("}", ", count: 1}"))
        core = world.server.venue.core
        assert engine.account is not None
        place: Place = engine.account.trading.place

        async def arrived_before(intent: OrderIntent) -> OrderUpdate:
            if intent.purpose is OrderPurpose.ENTRY:
                core.place_order(
                    DEMO_KEY,
                    OrderRequest(
                        symbol=SYMBOL,
                        side=intent.side.value,
                        order_type="MARKET",
                        quantity=intent.quantity,
                        client_order_id=intent.client_id,
                    ),
                )
            return await place(intent)

        engine.account.trading.place = arrived_before  # type: ignore[method-assign]
        await run_lockstep(engine, 20)
        assert world.struck() == 1
        assert states(engine) == ["PROTECTED"]
        assert Decimal(str(engine.runner.desk.snapshot().positions[0].quantity)) == world.quantity(SYMBOL)
        assert len(entry_orders(world)) == 1
        await engine.stop()


@pytest.mark.parametrize("sent", [False, True])
async def test_fs05_crash_between_fill_and_stop_is_protected_before_anything_else(sent: bool, tmp_path: Path) -> None:
    async with exchange(config()) as world:
        await dies_at(world, tmp_path / "a.db", OrderPurpose.STOP, sent=sent)
        assert world.quantity(SYMBOL) > 0
        assert covered(world) == sent
        before = world.now_ms
        engine = await live_engine(world, tmp_path / "a.db", mode=TradingMode.SIGNALS)
        assert world.now_ms == before, "no minute of the market passed"
        assert states(engine) == ["PROTECTED"]
        assert covered(world)
        told = [line.text for line in lines(engine) if line.text.startswith(SYMBOL) and "agrees" in line.text]
        assert len(told) == 1
        await run_lockstep(engine, 12)
        assert len(world.stops(SYMBOL)) == 1
        await engine.stop()


async def test_fs05_crash_before_the_stop_is_mended_and_panic_obeyed_while_only_exchange_info_fails(
    tmp_path: Path,
) -> None:
    async with exchange(config()) as world:
        await dies_at(world, tmp_path / "a.db", OrderPurpose.STOP, sent=False)
        assert not covered(world)
        world.fault("{action: respond, status: 503, kind: B, path: '*/exchangeInfo'}")
        plan = wired(
            tmp_path / "a.db", world, mode=TradingMode.SIGNALS, symbols=(SYMBOL,), fresh=False, lockstep=False,
            analyzers=WatchedAnalyzers({("", 0): Side.LONG}),
        )  # fmt: skip
        engine = plan.build()
        work = asyncio.create_task(engine.run())
        await until(lambda: covered(world) and states(engine) == ["PROTECTED"])
        assert engine.snapshot().phase == "connecting"
        ask_panic(tmp_path)
        await until(lambda: world.quantity(SYMBOL) == 0 and bool(lines(engine, "Flat: nothing is held")))
        assert engine.runner.desk.kill_level == KillLevel.LOCK
        await engine.stop()
        await work


async def test_account_with_a_position_stays_open_when_its_balance_cannot_be_asked_and_is_completed_later(
    tmp_path: Path,
) -> None:
    async with exchange(config()) as world:
        await dies_at(world, tmp_path / "a.db", OrderPurpose.STOP, sent=False)
        world.fault("{action: respond, status: 503, kind: B, path: '*/balance', count: 1}")
        engine = await live_engine(world, tmp_path / "a.db", mode=TradingMode.SIGNALS)
        assert world.struck() == 1
        assert states(engine) == ["PROTECTED"]
        assert covered(world)
        await run_lockstep(engine, 2)
        assert len(world.stops(SYMBOL)) == 1
        await engine.stop()


async def test_live_positions_of_an_earlier_run_are_managed_to_their_end_in_signals_mode(tmp_path: Path) -> None:
    async with exchange(config()) as world:
        first = await with_position(world, tmp_path / "a.db")
        await die(first)
        core = world.server.venue.core
        stop = max(world.triggers(SYMBOL)[:1])
        core.apply_ticks([MarketTick(SYMBOL, core.now_ms, float(stop) * 0.999, 1.0, None)])
        assert world.quantity(SYMBOL) == 0
        engine = await live_engine(world, tmp_path / "a.db", mode=TradingMode.SIGNALS)
        assert states(engine) == []
        (trade,) = trades(engine)
        assert trade.legs[-1].reason is ExitReason.STOP
        assert Decimal(10_000) + trade.pnl == world.wallet()
        await run_lockstep(engine, 2)
        assert world.resting(SYMBOL) == []
        await engine.stop()


async def test_fs11_stop_partly_done_at_the_crash_is_finished_at_market(tmp_path: Path) -> None:
    async with exchange(config()) as world:
        first = await with_position(world, tmp_path / "a.db")
        await die(first)
        core = world.server.venue.core
        half = (world.quantity(SYMBOL) / 2).quantize(Decimal("0.001"))
        for algo in core.open_algo_orders(DEMO_KEY, SYMBOL):
            core.cancel_algo(DEMO_KEY, algo_id=algo.algo_id)
        by_hand(world, -half, client_id="web_9")
        assert not covered(world)
        engine = await live_engine(world, tmp_path / "a.db", mode=TradingMode.SIGNALS)
        await run_lockstep(engine, 6)
        assert world.quantity(SYMBOL) == 0 or covered(world)
        held = sum(Decimal(str(view.quantity)) for view in engine.runner.desk.snapshot().positions)
        assert held == world.quantity(SYMBOL)
        await engine.stop()


async def test_fs17_position_without_any_record_is_shown_and_left_alone(tmp_path: Path) -> None:
    async with exchange(config()) as world:
        first = await with_position(world, tmp_path / "a.db")
        await die(first)
        held = world.quantity(SYMBOL)
        engine = await live_engine(world, tmp_path / "other.db")
        await run_lockstep(engine, 12)
        assert lines(engine, "not opened by futtui")
        assert world.quantity(SYMBOL) == held
        assert trades(engine) == []
        assert engine.account_watch is not None
        assert engine.live_broker is not None
        for _ in range(3):
            await engine.account_watch.look(whole=True)
            await engine.live_broker.drain()
            assert covered(world), "the stop that protects it is not ours to cancel"
        await engine.stop()


async def test_fs38_entry_is_refused_while_the_intent_cannot_be_written_down_but_protection_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exchange(config()) as world:
        engine = await with_position(world, tmp_path / "a.db")

        async def full(self: LiveBook) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(LiveBook, "secure", full)
        for algo in world.server.venue.core.open_algo_orders(DEMO_KEY, SYMBOL):
            world.server.venue.core.cancel_algo(DEMO_KEY, algo_id=algo.algo_id)
        world.server.venue.tell_users()
        await run_lockstep(engine, 2)
        assert covered(world)
        assert states(engine) == ["PROTECTED"]
        await engine.stop()
        again = await live_engine(world, tmp_path / "b.db", 3)
        world_entries = entry_orders(world)
        await run_lockstep(again, 30)
        assert entry_orders(world) == world_entries
        await again.stop()


def test_live_book_keeps_what_is_open_and_leaves_a_torn_line_out(tmp_path: Path) -> None:
    path = live_book_file(tmp_path / "a.db")
    book = LiveBook(path)
    assert read_book(path).positions == {}
    book.close()
    with path.open("ab") as file:
        file.write(b'{"position":{"position_id":"p-1"')
    assert read_book(path).positions == {}
    assert LiveBook(path).found.positions == {}


@pytest.mark.parametrize("mode", [TradingMode.LIVE, TradingMode.SIGNALS])
async def test_all_closed_and_all_money_taken_out_while_futtui_was_away_is_taken_over(
    mode: TradingMode, tmp_path: Path
) -> None:
    async with exchange(config()) as world:
        await die(await with_position(world, tmp_path / "a.db"))
        by_hand(world, -world.quantity(SYMBOL))
        world.server.venue.core.transfer(DEMO_KEY, -world.wallet())
        async with asyncio.timeout(60):
            engine = await live_engine(world, tmp_path / "a.db", mode=mode)
            await run_lockstep(engine, 5)
        assert world.wallet() == 0
        assert engine.snapshot().phase == "running"
        assert not states(engine)
        (trade,) = trades(engine)
        assert trade.legs[-1].reason is ExitReason.MANUAL
        await engine.stop()
