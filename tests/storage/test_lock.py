"""One engine a database: a second one is refused in plain words, and nothing is left after a crash."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from futtui.domain.effects import RecordSymbolState
from futtui.domain.errors import StorageError
from futtui.live.assembly import open_store
from futtui.storage.lock import DatabaseLock

HOLDER = (
    "import sys; from pathlib import Path; from futtui.storage.lock import DatabaseLock; "
    "lock = DatabaseLock(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
)


def test_lock_of_another_process_refuses_and_ends_with_that_process(tmp_path: Path) -> None:
    database = tmp_path / "home" / "futtui.db"
    command = [sys.executable, "-c", HOLDER, str(database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == b"held"
        with pytest.raises(StorageError, match="Another futtui is running"):
            DatabaseLock(database)
        holder.kill()
    DatabaseLock(database).release()


def test_open_store_second_engine_on_one_database_is_refused(tmp_path: Path) -> None:
    database = tmp_path / "futtui.db"
    store = open_store(database, fresh=False)
    with pytest.raises(StorageError, match="--home"):
        open_store(database, fresh=False)
    store.close_now()
    open_store(database, fresh=False).close_now()


def test_open_store_second_demo_takes_another_file_and_leaves_the_first_alone(tmp_path: Path) -> None:
    first = open_store(tmp_path / "demo.db", fresh=True)
    first.submit(RecordSymbolState("BTCUSDT", 0, "blocked by you", 1))
    assert first.writer.flush()
    second = open_store(tmp_path / "demo.db", fresh=True)
    assert second.path != first.path
    assert second.blocked_symbols() == {}
    assert first.path.exists()
    assert set(first.blocked_symbols()) == {"BTCUSDT"}
    first.close_now()
    second.close_now()
    third = open_store(tmp_path / "demo.db", fresh=True)
    assert third.path == first.path
    assert third.blocked_symbols() == {}
    third.close_now()


def test_open_store_that_fails_gives_the_lock_back(tmp_path: Path) -> None:
    database = tmp_path / "futtui.db"
    database.write_bytes(b"SQLite format 3\x00" + b"\xff" * 5000)
    with pytest.raises(StorageError, match="damaged"):
        open_store(database, fresh=False)
    DatabaseLock(database).release()
