"""The order log on disk: the next run begins with it, and what was sent before goes on changing."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest

from futtui.domain.effects import CancelOrder, PlaceOrder
from futtui.domain.events import (
    BlockSymbol,
    ChangeMode,
    ClosePosition,
    Command,
    DismissSignal,
    LookAgain,
    MoveStop,
    RemovePriceAlert,
    SetPaused,
    SetPriceAlert,
    TakeSignal,
    UnblockSymbol,
)
from futtui.domain.kill import KillLevel, KillSwitch, Rearm
from futtui.domain.orders import Fill, OrderIntent, OrderPurpose, OrderStatus, OrderType, OrderUpdate
from futtui.domain.position import TradingMode
from futtui.domain.sent import RefusedEntry
from futtui.domain.side import OrderSide, Side
from futtui.domain.timeframe import Timeframe
from futtui.live import sent_file
from futtui.live.lockstep import run_lockstep
from futtui.live.sent_file import KeptSentBook, read_sent
from tests.live.engine_world import exchange, server_config
from tests.live.live_world import SYMBOL, live_engine, with_position

COMMANDS: list[Command] = [
    BlockSymbol(1, SYMBOL, 5, "news"),
    UnblockSymbol(2, SYMBOL),
    ChangeMode(3, TradingMode.PAPER),
    SetPaused(4, True),
    ClosePosition(5, "p-1", Decimal("12.5")),
    MoveStop(6, "p-1", Decimal("99.5")),
    KillSwitch(7, KillLevel.PAUSE),
    Rearm(8),
    SetPriceAlert(9, SYMBOL, 99.5),
    RemovePriceAlert(10, SYMBOL, 99.5),
    DismissSignal(11, SYMBOL, "abc"),
    TakeSignal(12, SYMBOL, "abc"),
    LookAgain(13),
]


def order(number: int) -> PlaceOrder:
    client_id = f"f-abc-S{number}"
    intent = OrderIntent(
        client_id, SYMBOL, OrderSide.SELL, OrderType.STOP_MARKET, Decimal("0.5"), OrderPurpose.STOP, "p-abc", number,
        trigger_price=Decimal("99.5"), reduce_only=True,
    )  # fmt: skip
    return PlaceOrder(TradingMode.LIVE, intent)


def update(number: int, status: OrderStatus) -> OrderUpdate:
    return OrderUpdate(f"f-abc-S{number}", SYMBOL, status, 100 + number, exchange_id="77")


def filled_book(path: Path) -> KeptSentBook:
    book = KeptSentBook(path)
    for number in (1, 2):
        book.placed(order(number))
        book.updated(update(number, OrderStatus.OPEN))
    book.cancelled(CancelOrder(TradingMode.LIVE, SYMBOL, "f-abc-S1", True, 50))
    book.updated(update(1, OrderStatus.CANCELED))
    for command in COMMANDS:
        book.answered(book.commanded(command), "Done.", command.time_ms + 1)
    for time_ms in (20, 21):
        entry = RefusedEntry(TradingMode.PAPER, SYMBOL, Side.LONG, "pullback", Timeframe.M15, "abc")
        book.entry_refused(entry, "new trades are paused", time_ms)
    return book


def test_every_kind_of_command_is_tried() -> None:
    assert {type(command) for command in COMMANDS} == set(get_args(Command))


def test_next_run_begins_with_everything_as_it_stood(tmp_path: Path) -> None:
    path = tmp_path / "a-sent.jsonl"
    book = filled_book(path)
    assert KeptSentBook(path).view() == book.view()
    assert [entry.command for entry in book.view() if entry.command] == COMMANDS


def test_order_that_waits_since_the_last_run_is_filled_in_this_one(tmp_path: Path) -> None:
    path = tmp_path / "a-sent.jsonl"
    filled_book(path).close()
    again = KeptSentBook(path)
    again.filled(Fill("f-abc-S2", SYMBOL, "1", OrderSide.SELL, Decimal("99.4"), Decimal("0.5"), Decimal("0.02"), 900))
    again.updated(update(2, OrderStatus.FILLED))
    again.placed(order(3))
    third = KeptSentBook(path).view()
    stop = next(entry for entry in third if entry.client_id == "f-abc-S2")
    assert (stop.status, stop.filled, stop.average_price) == (OrderStatus.FILLED, Decimal("0.5"), Decimal("99.4"))
    assert third[-1].client_id == "f-abc-S3"
    assert [entry.number for entry in third] == list(range(1, len(third) + 1))


def test_torn_and_foreign_lines_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a-sent.jsonl"
    book = filled_book(path)
    with path.open("ab") as file:
        file.write(b'{"number": 99, "time_ms": 1, "command_name": "OfLater", "command": {}}\n{"number": 5')
    assert read_sent(path) == list(book.view())


def test_file_stays_small_and_keeps_the_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sent_file, "MOST_BYTES", 20_000)
    path = tmp_path / "a-sent.jsonl"
    book = KeptSentBook(path, kept=10)
    for number in range(1, 301):
        book.placed(order(number))
        book.updated(update(number, OrderStatus.OPEN))
    assert path.stat().st_size <= 21_000
    assert [entry.client_id for entry in KeptSentBook(path, kept=10).view()] == [f"f-abc-S{n}" for n in range(291, 301)]


def test_disk_that_refuses_costs_only_the_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    book = filled_book(tmp_path / "file" / "a-sent.jsonl")
    assert len(book.view()) == 3 + len(COMMANDS) + 1
    book.close()


async def test_order_log_of_a_restarted_engine_shows_the_run_before(tmp_path: Path) -> None:
    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        engine = await with_position(world, tmp_path / "a.db")
        await engine.command(BlockSymbol(world.now_ms, SYMBOL, 0, "by hand"))
        before = engine.runner.sent.view()
        assert {entry.client_id[-2:] for entry in before if entry.order} >= {"E1", "S1"}
        await engine.stop()
        again = await live_engine(world, tmp_path / "a.db")
        await run_lockstep(again, 1)
        shown = again.snapshot().sent
        assert [replace(entry, answered_ms=0) for entry in shown[: len(before)]] == [
            replace(entry, answered_ms=0) for entry in before
        ]
        await again.stop()
