"""The mark of a data folder: one, for ever, and orders of what is open are found whatever became of it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from futtui.domain.effects import PositionState, RecordPosition, Say
from futtui.domain.errors import StorageError
from futtui.domain.events import ClosePosition
from futtui.exchange.simulator.core.records import AlgoRequest
from futtui.exchange.simulator.wire.config import DEMO_KEY
from futtui.live import order_mark
from futtui.live.engine import Engine
from futtui.live.live_book import Book, live_book_file
from futtui.live.lockstep import run_lockstep
from futtui.live.order_mark import client_mark, mark_file
from futtui.storage.store import Storage
from tests.live.engine_world import exchange, server_config
from tests.live.live_world import SYMBOL, die, live_engine, states, with_position
from tests.live.test_live_book import live_states


def mark_of(database: Path, *, stored: Iterable[PositionState] = (), book: Iterable[PositionState] = ()) -> str:
    """With which mark a run sends its orders."""
    store = Storage(database)
    for state in stored:
        store.submit(RecordPosition(state, 1))
    store.flush()
    ids = client_mark(database, store, Book({state.position_id: state for state in book}))
    (form,) = ids.outward({"newClientOrderId": "f-0a-E1"}, sends=True)
    store.close_now()
    return form["newClientOrderId"].split("-")[0].removeprefix("f")


def forget(database: Path, *places: str) -> None:
    """Take the mark away from where it is kept."""
    if "file" in places:
        mark_file(database).unlink()
    if "database" in places:
        store = Storage(database)
        store.keep_order_mark(0)
        store.close_now()


@pytest.mark.parametrize("places", [(), ("file",), ("database",)])
def test_mark_is_made_once_and_found_again_wherever_it_still_is(tmp_path: Path, places: tuple[str, ...]) -> None:
    database = tmp_path / "a.db"
    first = mark_of(database)
    assert re.fullmatch("[0-9a-f]{4}", first)
    for _ in range(2):
        forget(database, *places)
        assert mark_of(database) == first
    assert mark_of(tmp_path / "b.db")


@pytest.mark.parametrize("where", ["stored", "book"])
def test_no_mark_is_made_while_a_real_position_is_open(tmp_path: Path, where: str) -> None:
    database = tmp_path / "a.db"
    held = next(state for state in live_states() if state.status == "PROTECTED")
    assert mark_of(database, **{where: [held]}) == ""
    assert mark_of(database, stored=[replace(held, status="CLOSED", updated_ms=8)]) != ""


def test_mark_that_cannot_be_kept_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    def locked(*_: object) -> None:
        raise StorageError("The database refuses to write.")

    monkeypatch.setattr(order_mark, "write_through", full)
    assert mark_of(tmp_path / "a.db")
    monkeypatch.setattr(Storage, "keep_order_mark", locked)
    assert mark_of(tmp_path / "b.db") == ""


def told(engine: Engine, part: str) -> list[str]:
    return [record.text for record in engine.runner.records or () if isinstance(record, Say) and part in record.text]


@pytest.mark.parametrize(
    ("marked_before", "lost"),
    [(False, ()), (True, ()), (True, ("file",)), (True, ("file", "database"))],
    ids=["plain before", "kept", "only the database is left", "lost altogether"],
)
async def test_orders_of_what_is_open_are_found_where_the_book_is_gone(
    tmp_path: Path, marked_before: bool, lost: tuple[str, ...]
) -> None:
    database = tmp_path / "a.db"
    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        engine = await with_position(world, database, 1, marks_orders=marked_before)
        resting, held = world.resting(SYMBOL), world.quantity(SYMBOL)
        assert await asyncio.to_thread(engine.parts.store.flush)
        await die(engine)
        live_book_file(database).unlink()
        forget(database, *lost)
        engine = await live_engine(world, database, marks_orders=True)
        await run_lockstep(engine, 20)
        assert (states(engine), world.quantity(SYMBOL)) == (["PROTECTED"], held)
        assert sorted(world.resting(SYMBOL)) == sorted(resting)
        assert not told(engine, "outside")
        assert not told(engine, "nother futtui")
        (position,) = engine.runner.desk.snapshot().positions
        engine.runner.submit(ClosePosition(engine.clock.now_ms(), position.position_id))
        await run_lockstep(engine, 4)
        assert (states(engine), world.quantity(SYMBOL), list(world.resting(SYMBOL))) == ([], 0, [])
        await engine.stop()
        own = resting[0].split("-")[0].removeprefix("f")
        assert mark_of(database) == own if own else mark_of(database)


async def test_order_that_an_earlier_version_left_is_cancelled_under_its_own_id(tmp_path: Path) -> None:
    database = tmp_path / "a.db"
    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        engine = await with_position(world, database, 1)
        (position,) = engine.runner.desk.snapshot().positions
        name = f"{world.resting(SYMBOL)[0].rsplit('-', 1)[0]}-S9"
        engine.runner.submit(ClosePosition(engine.clock.now_ms(), position.position_id))
        await run_lockstep(engine, 2)
        await engine.stop()
        trigger = (Decimal(str(position.entry_price)) / 2).quantize(Decimal("0.01"))
        left = AlgoRequest(
            symbol=SYMBOL, side="SELL", order_type="STOP_MARKET", quantity=Decimal(1), trigger_price=trigger,
            reduce_only=True, client_algo_id=name,
        )  # fmt: skip
        world.server.venue.core.place_algo(DEMO_KEY, left)
        engine = await live_engine(world, database, marks_orders=True)
        await run_lockstep(engine, 30)
        assert list(world.resting(SYMBOL)) == []
        assert not engine.runner.desk.snapshot().paused
        await engine.stop()
