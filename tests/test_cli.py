"""The command line as a new user meets it: quick answers, plain refusals, nothing heavy before it is needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from futtui.version import VERSION

HEAVY = ("textual", "aiohttp", "sqlalchemy", "numpy", "ccxt", "websockets", "pydantic", "typer")


def futtui(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "futtui", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False)


def test_version_is_answered_without_any_heavy_import(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['futtui', '--version']; from futtui.__main__ import main; main(); "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert answer.stdout.splitlines() == [f"futtui {VERSION}", "[]"]


def test_screen_module_needs_no_exchange_or_database_libraries() -> None:
    heavy = ("aiohttp", "sqlalchemy", "numpy", "ccxt", "websockets", "pydantic", "alembic")
    code = f"import sys, futtui.tui.app; print([name for name in {heavy!r} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["demo", "--speed", "max"], "--speed max is for --headless runs"),
        (["demo", "--speed", "fast"], "--speed fast: use a number"),
        (["demo", "--speed", "0"], "--speed 0: use a number above 0"),
        (["demo", "--from", "2024-03-01"], "--from and --to belong to a replay"),
        (["demo", "--history", "nowhere"], "there is no file or folder nowhere"),
        (["demo", "--mode", "real"], "use signals, paper or live"),
        (["demo", "--faults", "nothing.yaml"], "there is no file nothing.yaml"),
        (["demo", "--history", ".", "--from", "1.3.2024"], "write a day as in 2024-03-01"),
        (["config", "check", "--config", "absent.yaml"], "this file does not exist"),
    ],
)
def test_command_line_wrong_request_is_one_plain_sentence(tmp_path: Path, arguments: list[str], words: str) -> None:
    answer = futtui(*arguments, "--home", str(tmp_path / "home"), cwd=tmp_path)
    assert answer.returncode == 2
    assert words in answer.stderr
    assert "Traceback" not in answer.stderr
    assert answer.stderr.startswith("futtui: ")


def test_config_check_names_file_line_and_suggestion(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("market:\n  top_cuont: 3\n", encoding="utf-8")
    answer = futtui("config", "check", cwd=tmp_path)
    assert answer.returncode == 2
    assert "config.yaml, line 2" in answer.stderr
    assert "Did you mean `top_count`?" in answer.stderr


def test_config_show_lists_values_with_their_origin(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("signals_only_mode: false\n", encoding="utf-8")
    lines = futtui("config", "show", cwd=tmp_path).stdout.splitlines()
    assert any(line.startswith("signals_only_mode = false") and "config.yaml, line 1" in line for line in lines)
    assert any(line.startswith("market.top_count = 50") and line.endswith("(default)") for line in lines)


def test_paths_follow_the_given_home(tmp_path: Path) -> None:
    lines = futtui("paths", "--home", str(tmp_path / "place"), cwd=tmp_path).stdout.splitlines()
    assert all(str(tmp_path / "place") in line for line in lines)
