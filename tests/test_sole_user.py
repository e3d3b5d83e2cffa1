"""Two futtui never work with one database; a dead one holds nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from futtui.cli.sole_user import sole_user
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
