"""A demo starts with an empty database; the one before is lost only when the new demo has really begun."""

from __future__ import annotations

from pathlib import Path

import pytest

from futtui.domain.errors import ExchangeError, FuttuiError
from futtui.exchange.ports import Endpoints
from futtui.live.fresh_database import FreshDatabase, aside, remove
from tests.live.engine_world import Wired, exchange, server_config, wired
from tests.live.live_world import SYMBOL


def files(path: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in path.parent.iterdir() if each.is_file()}


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """A database of an earlier demo with a side file."""
    path = tmp_path / "demo.db"
    path.write_bytes(b"old")
    path.with_name("demo.db-wal").write_bytes(b"old wal")
    return path


def test_demo_that_began_replaces_the_one_before(before: Path) -> None:
    fresh = FreshDatabase(before)
    assert not before.exists()
    before.write_bytes(b"new")
    fresh.keep_new()
    fresh.give_back()
    assert files(before) == {"demo.db": b"new"}


def test_demo_that_never_began_gives_the_one_before_back(before: Path) -> None:
    fresh = FreshDatabase(before)
    before.write_bytes(b"new")
    fresh.give_back()
    assert files(before) == {"demo.db": b"old", "demo.db-wal": b"old wal"}


def test_demo_that_was_killed_before_it_began_leaves_the_one_before_to_the_next(before: Path) -> None:
    FreshDatabase(before)
    before.write_bytes(b"never began")
    again = FreshDatabase(before)
    before.write_bytes(b"new")
    again.give_back()
    assert files(before) == {"demo.db": b"old", "demo.db-wal": b"old wal"}


def test_first_demo_that_fails_leaves_its_own_traces(tmp_path: Path) -> None:
    fresh = FreshDatabase(tmp_path / "demo.db")
    (tmp_path / "demo.db").write_bytes(b"new")
    fresh.give_back()
    assert (tmp_path / "demo.db").read_bytes() == b"new"
    remove(tmp_path / "demo.db")
    assert files(tmp_path / "demo.db") == {}


async def test_engine_whose_exchange_does_not_start_keeps_the_database_before(before: Path) -> None:
    async def no_exchange() -> Endpoints:
        raise ExchangeError("The embedded exchange did not start: no such file.")

    engine = Wired(before, no_exchange).build()
    with pytest.raises(FuttuiError, match="did not start"):
        await engine.run()
    await engine.stop()
    assert files(before)["demo.db"] == b"old"
    assert aside(before).name not in files(before)


async def test_engine_that_works_throws_the_database_before_away(before: Path) -> None:
    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        engine = wired(before, world, symbols=(SYMBOL,)).build()
        await engine.open()
        assert aside(before).name not in files(before)
        await engine.stop()
    assert files(before)["demo.db"].startswith(b"SQLite format 3")
