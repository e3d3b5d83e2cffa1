"""Commands that help to install, renew and find out: the profile of Windows Terminal, upgrade, the key test."""

from __future__ import annotations

import json
import re
import time
import tomllib
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
import typer
from packaging.requirements import Requirement
from packaging.version import Version

from futtui.cli import upgrade_command
from futtui.cli.doctor_command import run_key_test
from futtui.cli.places import Places
from futtui.cli.windows_terminal import FRAGMENT, run_windows_terminal
from futtui.domain.errors import InvalidInputError
from futtui.tui.key_test import KeyTest, key_line, meaning_of

ROOT = Path(__file__).resolve().parents[1]


def test_profile_of_windows_terminal_is_written_where_it_looks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_windows_terminal(only_print=False, environment={"LOCALAPPDATA": str(tmp_path)})
    written = json.loads((tmp_path / FRAGMENT).read_text(encoding="utf-8"))
    (profile,) = written["profiles"]
    assert profile["commandline"].endswith('" -m futtui')
    assert profile["font"] == {"face": "Cascadia Mono", "builtinGlyphs": True}
    assert profile["compatibility.kittyKeyboardMode"] is False
    assert "--size 140,40" in capsys.readouterr().out
    run_windows_terminal(only_print=True, environment={})
    assert json.loads(capsys.readouterr().out) == written
    with pytest.raises(InvalidInputError, match="--print"):
        run_windows_terminal(only_print=False, environment={})


@pytest.mark.parametrize(
    ("prefix", "command"),
    [
        (PureWindowsPath(r"C:\Users\x\AppData\Roaming\uv\tools\futtui"), "uv tool upgrade futtui"),
        (PurePosixPath("/home/x/.local/share/uv/tools/futtui"), "uv tool upgrade futtui"),
        (PureWindowsPath(r"C:\Users\x\pipx\venvs\futtui"), "pipx upgrade futtui"),
        (PurePosixPath("/home/x/venv"), "python -m pip install --upgrade -c constraints.txt ."),
    ],
)
def test_upgrade_names_the_command_that_fits_the_installation(prefix: PurePosixPath, command: str) -> None:
    assert upgrade_command.command_for(prefix).endswith(command)


def test_upgrade_says_what_has_to_be_closed_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    upgrade_command.run_upgrade(tmp_path)
    assert "runs now" not in capsys.readouterr().out
    monkeypatch.setattr(upgrade_command, "running", lambda places, now_s: ["real market"])
    with pytest.raises(typer.Exit) as left:
        upgrade_command.run_upgrade(tmp_path)
    assert left.value.exit_code == 1
    assert "A futtui runs now (real market). Close it first" in capsys.readouterr().out
    monkeypatch.undo()
    assert upgrade_command.running(Places(tmp_path), time.time()) == []


def test_constraints_fit_what_the_package_asks_for() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = dict(line.split("==") for line in lines if not line.startswith("#"))
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    for requirement in map(Requirement, asked):
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        assert Version(pinned[name]) in requirement.specifier, requirement
    assert len(pinned) == len(lines) - sum(line.startswith("#") for line in lines)


@pytest.mark.parametrize(
    ("key", "character", "meaning"),
    [
        ("b", "b", "Block or unblock the symbol"),
        ("и", "и", "Block or unblock the symbol"),
        ("ctrl+й", None, "Quit"),
        ("question_mark", "?", "Help for this place"),
        ("f3", None, "Health and request budget"),
        ("f7", None, ""),
    ],
)
def test_key_test_tells_what_a_key_would_do(key: str, character: str | None, meaning: str) -> None:
    assert meaning_of(key, character) == meaning
    line = key_line(key, character)
    assert line.startswith(key)
    assert line.endswith(meaning or "nothing on the dashboard")
    assert ("U+0438" in line) == (character == "и")


async def test_key_test_shows_every_key_and_leaves_with_escape_twice() -> None:
    app = KeyTest()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.press("q", "ctrl+c", "ctrl+q", "escape", "й")
        assert app.is_running
        assert [line.split()[0] for line in app.pressed] == ["q", "ctrl+c", "ctrl+q", "escape", "й"]
        await pilot.press("escape", "escape")
        await pilot.pause()
    assert not app.is_running


def test_key_test_knows_nothing_else() -> None:
    with pytest.raises(InvalidInputError, match="futtui doctor keys"):
        run_key_test("mouse", None, None)
