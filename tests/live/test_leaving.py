"""Quitting in the moment between an entry and its stop: nothing is left behind that no stop covers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from futtui.desk.desk import TradingDesk
from futtui.domain.events import AnalysisDone, BalanceChanged, ClockTick, Event, PriceUpdate, ProgramEnds, RulesChanged
from futtui.domain.orders import Fill, OrderIntent, OrderPurpose, OrderStatus, OrderUpdate
from futtui.domain.position import TradingMode
from futtui.domain.reading import AnalysisResult
from futtui.domain.snapshot import EngineSnapshot, PositionView
from futtui.live import leaving
from futtui.live.desk_runner import DeskRunner
from futtui.live.exchange_broker import ExchangeDeskBroker
from futtui.live.log_book import EngineLogBook
from futtui.live.real_account import UNCHECKED, RealAccount
from futtui.live.settings import EngineSettings
from futtui.live.snapshots import starting_snapshot
from tests.desk.world import START_MS, SYMBOL, raw_signal, reading, rules, wide_settings
from tests.live.test_desk_runner import Book
from tests.live.test_engine_order_faults import Trading
from tests.tui.fake_engine import positions


class Venue(Trading):
    """An exchange that answers orders of some purposes only when told to; `held` and `stop` are the truth."""

    def __init__(self) -> None:
        super().__init__([None])
        self.gates = {purpose: asyncio.Event() for purpose in OrderPurpose}
        for gate in self.gates.values():
            gate.set()
        self.held = self.stop = Decimal(0)
        self.on_fill: Any = None

    async def place(self, intent: OrderIntent) -> OrderUpdate:
        self.sent.append(intent.client_id)
        await self.gates[intent.purpose].wait()
        status = OrderStatus.OPEN
        if intent.purpose in (OrderPurpose.ENTRY, OrderPurpose.EXIT):
            self.held += intent.quantity if intent.purpose is OrderPurpose.ENTRY else -intent.quantity
            status = OrderStatus.FILLED
            number = str(len(self.sent))
            price = Decimal(100)
            self.on_fill(
                Fill(intent.client_id, SYMBOL, number, intent.side, price, intent.quantity, Decimal(0), START_MS)
            )
        elif intent.purpose is OrderPurpose.STOP:
            self.stop = intent.quantity
        return OrderUpdate(intent.client_id, SYMBOL, status, START_MS, executed=intent.quantity)

    async def cancel(self, symbol: str, client_id: str, *, conditional: bool) -> OrderUpdate:
        return OrderUpdate(client_id, symbol, OrderStatus.CANCELED, START_MS)


class Running:
    """The engine as far as quitting looks at it, with one signal that is being entered."""

    def __init__(self) -> None:
        desk = TradingDesk(wide_settings(naked_limit_ms=600_000), TradingMode.LIVE)
        self.book = EngineLogBook()
        self.runner = DeskRunner(desk, Book(), self.book)
        self.venue = Venue()
        self.live_broker = ExchangeDeskBroker(self.venue, self.runner.submit, lambda: START_MS)
        self.venue.on_fill = self.live_broker.on_fill
        self.runner.brokers[TradingMode.LIVE] = self.live_broker
        self.clock = SimpleNamespace(now_ms=lambda: START_MS)
        self.said: list[str] = []
        self.runner.submit(BalanceChanged(START_MS, TradingMode.LIVE, Decimal(10_000)))
        self.runner.submit(RulesChanged(START_MS, rules()))
        self.runner.submit(PriceUpdate(SYMBOL, START_MS, 100.0, 100.0, 100.0))

    def signal(self) -> None:
        raw = raw_signal(time_ms=START_MS)
        self.runner.submit(AnalysisDone(START_MS, AnalysisResult(reading(), (raw,))))

    def tick(self, time_ms: int) -> None:
        self.runner.submit(ClockTick(time_ms))

    def say(self, topic: str, text: str, *_: object) -> None:
        self.said.append(text)

    async def sees(self, text: str) -> None:
        async with asyncio.timeout(10):
            while not any(text in sent for sent in self.venue.sent):
                await asyncio.sleep(0)


@pytest.fixture
async def running(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Running]:
    monkeypatch.setattr(leaving, "BEAT_S", 0.001)
    engine = Running()
    yield engine
    await engine.live_broker.close()


def leave(engine: Running) -> asyncio.Task[tuple[str, ...]]:
    return asyncio.ensure_future(leaving.leave_safely(engine))  # type: ignore[arg-type]


async def test_quitting_waits_for_the_stop_that_is_under_way(running: Running) -> None:
    running.venue.gates[OrderPurpose.STOP].clear()
    running.signal()
    await running.sees("-S1")
    work = leave(running)
    await asyncio.sleep(0.01)
    assert not work.done()
    running.venue.gates[OrderPurpose.STOP].set()
    assert await asyncio.wait_for(work, 10) == ()
    assert running.venue.held == running.venue.stop > 0
    assert not any("-X1" in sent for sent in running.venue.sent)


async def test_quitting_closes_what_gets_no_stop_although_the_stop_is_never_answered(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaving, "STOPS_S", 0.05)
    running.venue.gates[OrderPurpose.STOP].clear()
    running.signal()
    await running.sees("-S1")
    assert await asyncio.wait_for(leave(running), 10) == ()
    assert running.venue.held == 0
    assert any("not confirmed before futtui closed" in line.text for line in running.book.lines())


async def test_quitting_protects_an_entry_that_is_answered_late(running: Running) -> None:
    running.venue.gates[OrderPurpose.ENTRY].clear()
    running.signal()
    await running.sees("-E1")
    work = leave(running)
    await asyncio.sleep(0.01)
    running.venue.gates[OrderPurpose.ENTRY].set()
    assert await asyncio.wait_for(work, 10) == ()
    assert running.venue.held == running.venue.stop > 0


async def test_quitting_names_what_may_be_held_when_nothing_is_answered(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaving, "STOPS_S", 0.02)
    monkeypatch.setattr(leaving, "EXITS_S", 0.02)
    running.venue.gates[OrderPurpose.ENTRY].clear()
    running.signal()
    await running.sees("-E1")
    (sentence,) = await asyncio.wait_for(leave(running), 10)
    assert SYMBOL in sentence
    assert running.said == [sentence]


async def test_while_quitting_no_entry_leaves_any_more(running: Running) -> None:
    assert await leave(running) == ()
    running.signal()
    await running.live_broker.drain()
    assert running.venue.sent == []
    assert any("futtui is being closed" in line.text for line in running.book.lines())


async def test_quitting_with_everything_protected_takes_no_time(running: Running) -> None:
    running.signal()
    await running.live_broker.drain()
    sent = list(running.venue.sent)
    async with asyncio.timeout(1):
        assert await leave(running) == ()
    assert running.venue.sent == sent


def test_what_quitting_waits_for_is_told_by_name() -> None:
    naked, paper = (replace(item, status="NAKED") for item in positions()[:2])
    held = (replace(naked, mode=TradingMode.LIVE), replace(paper, mode=TradingMode.PAPER))
    quiet = tuple(replace(item, mode=TradingMode.LIVE, status="PROTECTED") for item in positions())
    assert leaving.waits_for(shown(held)).count("USDT") == 1
    assert naked.symbol in leaving.waits_for(shown(held))
    assert leaving.waits_for(shown(quiet)) == leaving.waits_for(starting_snapshot(EngineSettings())) == ""


def shown(held: tuple[PositionView, ...]) -> EngineSnapshot:
    desk = TradingDesk().snapshot()
    return replace(starting_snapshot(EngineSettings()), desk=replace(desk, positions=held))


async def test_a_stop_leaves_although_the_answer_to_its_entry_never_came(running: Running) -> None:
    """The account stream told of the fill: the stop must not queue behind the request that hangs."""
    running.venue.gates[OrderPurpose.ENTRY].clear()
    running.signal()
    await running.sees("-E1")
    entry = running.runner.desk.live_orders()[0][0].intent
    running.venue.on_fill(
        Fill(entry.client_id, SYMBOL, "t", entry.side, Decimal(100), entry.quantity, Decimal(0), START_MS)
    )
    await running.sees("-S1")
    async with asyncio.timeout(10):
        while running.runner.desk.uncovered_symbols:
            await asyncio.sleep(0)
    assert running.venue.stop == entry.quantity


async def test_a_mistake_of_the_desk_while_quitting_does_not_keep_the_rest_from_being_closed(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaving, "STOPS_S", 0.02)
    monkeypatch.setattr(leaving, "EXITS_S", 0.02)
    running.venue.gates[OrderPurpose.STOP].clear()
    running.signal()
    await running.sees("-S1")
    submit = running.runner.submit

    def stumbles(event: Event) -> object:
        if isinstance(event, ProgramEnds):
            raise RuntimeError("the desk stumbled")
        return submit(event)

    monkeypatch.setattr(running.runner, "submit", stumbles)
    account = RealAccount(running)  # type: ignore[arg-type]
    await asyncio.wait_for(account.leave(), 10)
    assert SYMBOL in account.left_open[0], "what may be held is named all the same"
    monkeypatch.setattr(running.live_broker, "refuse_entries", None)
    await account.leave()
    assert account.left_open == (UNCHECKED,)
