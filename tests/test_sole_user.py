"""Two futtui never work with one database; a dead one holds nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from futtui.cli import sole_user as module
from futtui.cli.sole_user import LOCK_PLACE, sole_user
from futtui.domain.errors import StorageError

HOLDER = """
import sys
from pathlib import Path
from futtui.cli.sole_user import sole_user
with sole_user(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(database: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_sole_user_refuses_a_second_process_by_name(tmp_path: Path) -> None:
    database = tmp_path / "new folder" / "a.db"
    with holder(database) as first:
        with (
            pytest.raises(StorageError, match=rf"process {first.pid}\) already works with .*a\.db"),
            sole_user(database),
        ):
            pass
        with sole_user(tmp_path / "b.db"):
            pass
        first.kill()
    with sole_user(database):
        pass


def test_sole_user_second_demo_takes_another_file(tmp_path: Path) -> None:
    database = tmp_path / "demo.db"
    with holder(database) as first:
        with sole_user(database, or_another=True) as second, sole_user(database, or_another=True) as third:
            assert [second.name, third.name] == ["demo-2.db", "demo-3.db"]
        first.kill()
    with sole_user(database, or_another=True) as again:
        assert again == database


def test_sole_user_twice_in_a_row_is_no_conflict(tmp_path: Path) -> None:
    for _ in range(2):
        with sole_user(tmp_path / "a.db"):
            pass


def test_sole_user_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StorageError, match="Choose another one with --home"), sole_user(tmp_path / "file" / "a.db"):
        pass


def test_sole_user_names_the_holder_where_locking_moves_the_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows locks from the current place on, and leaves it there."""

    def refuse(handle: int, mode: int, count: int) -> None:
        assert os.lseek(handle, 0, os.SEEK_CUR) == LOCK_PLACE
        raise PermissionError(13, "Permission denied")

    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(LK_NBLCK=2, locking=refuse))
    monkeypatch.setattr(module, "sys", SimpleNamespace(platform="win32"))
    (tmp_path / "a.db.lock").write_text("4242", encoding="ascii")
    with pytest.raises(StorageError, match="process 4242"), sole_user(tmp_path / "a.db"):
        pass
