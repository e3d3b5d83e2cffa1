"""The command line as a new user meets it: quick answers, plain refusals, nothing heavy before it is needed."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest
from typer.testing import CliRunner

from futtui import __main__ as entry
from futtui.cli import app as cli
from futtui.cli import panic_command
from futtui.cli.launch import Launch
from futtui.cli.live_command import run_live
from futtui.exchange.ports import Credentials, Endpoints
from futtui.live.flatten import FlattenReport
from futtui.live.kill_file import panic_asked, read_latch
from futtui.version import VERSION

HEAVY = ("textual", "aiohttp", "sqlalchemy", "numpy", "ccxt", "websockets", "pydantic", "typer")


def futtui(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "futtui", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False)


Answer = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Answer:
    """The whole command line in this process, begun in the test's folder: what a program of its own would answer."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(gc, "set_threshold", lambda *_: None)

    def answer(*arguments: str) -> subprocess.CompletedProcess[str]:
        monkeypatch.setattr(sys, "argv", ["futtui", *arguments])
        try:
            entry.main()
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
        return subprocess.CompletedProcess(arguments, code, *capsys.readouterr())

    return answer


def test_version_is_answered_without_any_heavy_import(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['futtui', '--version']; from futtui.__main__ import main; main(); "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True, cwd=tmp_path
    )
    assert answer.stdout.splitlines() == [f"futtui {VERSION}", "[]"]


def test_screen_module_needs_no_exchange_or_database_libraries() -> None:
    heavy = ("aiohttp", "sqlalchemy", "numpy", "ccxt", "websockets", "pydantic", "alembic")
    code = f"import sys, futtui.tui.app; print([name for name in {heavy!r} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
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
        (["demo", "--headless", "--json", "nowhere/out.json"], "--json: there is no folder"),
        (["config", "check", "--config", "absent.yaml"], "this file does not exist"),
        (["config", "check", "--config", "."], "this file cannot be read"),
        (["demo", "--minutes", "5"], "--minutes and --json are for runs without a screen"),
        (["demo"], "This is not a terminal"),
        ([], "This is not a terminal"),
    ],
)
def test_command_line_wrong_request_is_one_plain_sentence(
    tmp_path: Path, here: Answer, arguments: list[str], words: str
) -> None:
    answer = here(*arguments, "--home", str(tmp_path / "home"))
    assert answer.returncode == 2
    assert words in answer.stderr
    assert answer.stderr.startswith("futtui: ")
    assert answer.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["demo"], "This is not a terminal"),
        (["demo", "--headless", "--minutes", "1", "--symbols", "FOO"], "Use a name that ends in USDT"),
    ],
)
def test_program_of_its_own_refuses_in_one_plain_sentence(tmp_path: Path, arguments: list[str], words: str) -> None:
    answer = futtui(*arguments, "--home", str(tmp_path / "home"), cwd=tmp_path)
    assert answer.returncode == 2, answer.stderr
    assert words in answer.stderr
    assert "Traceback" not in answer.stderr
    assert answer.stderr.startswith("futtui: ")


def test_exchange_serve_port_that_is_taken_is_one_plain_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = futtui("exchange", "serve", "--port", str(port), cwd=tmp_path)
    assert answer.returncode == 2
    assert answer.stderr.startswith(f"futtui: Port {port} on 127.0.0.1 cannot be used")
    assert answer.stderr.count("\n") == 1


def test_demo_log_folder_that_cannot_be_made_is_one_plain_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    (tmp_path / "config.yaml").write_text("logs:\n  directory: file/logs\n", encoding="utf-8")
    answer = futtui("demo", "--headless", "--minutes", "1", "--home", str(tmp_path / "home"), cwd=tmp_path)
    assert answer.returncode == 2
    assert "for log files cannot be made" in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_live_command_keeps_candles_of_the_practice_host_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    launches: list[Launch] = []
    monkeypatch.setattr("futtui.cli.launch.run_screen", launches.append)
    monkeypatch.setattr("futtui.analysis.pool.AnalyzerPool.start", lambda self: None)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("futtui.cli.screen.need_terminal", lambda: None)
    for name in ("production", "demo"):
        monkeypatch.setenv("FUTTUI__EXCHANGE__NAME", name)
        run_live(None, tmp_path / "home")
    monkeypatch.setenv("FUTTUI__EXCHANGE__REST_URL", "http://127.0.0.1:8899")
    run_live(None, tmp_path / "home")
    real, practice, local = launches
    assert len({real.database, practice.database, local.database}) == 3
    assert {launch.credentials for launch in launches} == {None}
    labels = [asyncio.run(launch.endpoints()).label for launch in launches]  # type: ignore[arg-type]
    assert labels == ["Binance USD-M futures", "Binance demo exchange", "Local exchange at 127.0.0.1:8899"]


def test_home_that_is_a_file_is_named_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    answer = futtui("demo", "--headless", "--minutes", "1", "--home", str(tmp_path / "file"), cwd=tmp_path)
    assert answer.returncode == 2
    assert "Traceback" not in answer.stderr
    assert str(tmp_path / "file") in answer.stderr
    assert "--home" in answer.stderr


@pytest.mark.parametrize(
    "arguments", [("--home", "", "paths"), ("paths", "--home", " "), ("history", "gaps", "--home=")]
)
def test_empty_home_is_refused_instead_of_meaning_the_current_folder(arguments: tuple[str, ...]) -> None:
    answer = CliRunner().invoke(cli.app, arguments)
    assert answer.exit_code == 2
    assert "folder is empty" in " ".join(answer.output.split())


def test_config_check_names_file_line_and_suggestion(tmp_path: Path, here: Answer) -> None:
    (tmp_path / "config.yaml").write_text("market:\n  top_cuont: 3\n", encoding="utf-8")
    answer = here("config", "check")
    assert answer.returncode == 2
    assert "config.yaml, line 2" in answer.stderr
    assert "Did you mean `top_count`?" in answer.stderr


def test_config_show_lists_values_with_their_origin(tmp_path: Path, here: Answer) -> None:
    (tmp_path / "config.yaml").write_text("signals_only_mode: false\n", encoding="utf-8")
    lines = here("config", "show").stdout.splitlines()
    assert any(line.startswith("signals_only_mode = false") and "config.yaml, line 1" in line for line in lines)
    assert any(line.startswith("market.top_count = 50") and line.endswith("(default)") for line in lines)


def test_paths_name_the_log_folder_and_configuration_that_are_used(tmp_path: Path, here: Answer) -> None:
    def found(*home: str) -> dict[str, str]:
        lines = here("paths", *home).stdout.splitlines()
        return {line[:14].strip(): line[15:] for line in lines}

    home = ("--home", str(tmp_path / "place"))
    assert found(*home)["logs"] == str(tmp_path / "place" / "logs")
    (tmp_path / "logs").mkdir()
    assert found(*home)["logs"] == str(tmp_path / "place" / "logs")
    assert found()["logs"] == str(tmp_path / "logs")
    (tmp_path / "config.yaml").write_text("logs:\n  directory: elsewhere\n", encoding="utf-8")
    assert found()["logs"] == str(tmp_path / "elsewhere")
    assert found()["config"] == str(tmp_path / "config.yaml")


def test_paths_follow_the_given_home(tmp_path: Path, here: Answer) -> None:
    lines = here("paths", "--home", str(tmp_path / "place")).stdout.splitlines()
    assert all(str(tmp_path / "place") in line for line in lines)


def test_home_before_the_command_is_the_same_as_after_it(tmp_path: Path, here: Answer) -> None:
    (tmp_path / "my.yaml").write_text("market:\n  top_cuont: 3\n", encoding="utf-8")
    home = str(tmp_path / "elsewhere")
    before = here("--home", home, "paths")
    assert before.stdout == here("paths", "--home", home).stdout
    assert home in before.stdout
    nested = here("--config", "my.yaml", "config", "check")
    assert nested.returncode == 2
    assert "my.yaml" in nested.stderr


def test_replay_of_a_file_that_is_no_journal_says_so(tmp_path: Path, here: Answer) -> None:
    (tmp_path / "out.json").write_text("{}", encoding="utf-8")
    alone = here("replay", "out.json")
    assert (alone.returncode, alone.stderr) == (2, f"futtui: There is no journal in {tmp_path.resolve()}.\n")
    (tmp_path / "desk-1-0001.jsonl").write_text("", encoding="utf-8")
    beside = here("replay", "out.json")
    assert beside.returncode == 2
    assert "out.json is not a journal file" in beside.stderr


def test_panic_closes_although_nothing_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    closed: list[Credentials] = []

    async def close(endpoints: object, credentials: Credentials) -> FlattenReport:
        closed.append(credentials)
        return FlattenReport()

    monkeypatch.setattr(panic_command, "keys_of", lambda places: Credentials("key", "secret"))
    monkeypatch.setattr(panic_command, "_close_everything", close)
    monkeypatch.setattr(panic_command, "APP_SEES_IT_S", 0.0)
    monkeypatch.chdir(tmp_path)
    with contextlib.suppress(SystemExit):
        panic_command.run_panic(None, tmp_path / "file", yes=True)
    assert closed == [Credentials("key", "secret")]
    assert "could not be locked" in capsys.readouterr().err


@pytest.mark.parametrize("written", ["exchange:\n  name: demo\n", "exchange: [\n"])
def test_panic_locks_and_closes_whatever_is_wrong_in_the_settings(
    tmp_path: Path, written: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.yaml").write_text(written, encoding="utf-8")
    closed: list[str] = []

    async def close(endpoints: Endpoints, credentials: Credentials) -> FlattenReport:
        assert panic_asked(tmp_path)
        assert read_latch(tmp_path) is not None
        closed.append(endpoints.label)
        return FlattenReport()

    monkeypatch.setattr(panic_command, "keys_of", lambda places: Credentials("key", "secret"))
    monkeypatch.setattr(panic_command, "_close_everything", close)
    monkeypatch.setattr(panic_command, "APP_SEES_IT_S", 0.0)
    monkeypatch.setenv("FUTTUI__MARKET__TOP_CUONT", "3")
    monkeypatch.setenv("FUTTUI_API_KEY2", "x")
    monkeypatch.chdir(tmp_path)
    with contextlib.suppress(SystemExit):
        panic_command.run_panic(None, tmp_path, yes=True)
    assert closed == ["Binance demo exchange" if "demo" in written else "Binance USD-M futures"]
    assert "TOP_CUONT" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "futtui: the disk is full"),
        (BrokenProcessPool("terminated abruptly"), "futtui: memory ran out, or the system ended a process"),
        (MemoryError(), "futtui: memory ran out"),
        (OSError(errno.ENOSPC, "No space left on device", "candles.db"), "futtui: the disk is full"),
        (OSError(errno.EACCES, "Permission denied", "candles.db"), "futtui: candles.db cannot be used"),
    ],
)
def test_what_the_system_refuses_is_a_sentence_and_no_traceback(
    error: Exception, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails() -> None:
        raise error

    monkeypatch.setattr(cli, "app", fails)
    with pytest.raises(SystemExit) as ended:
        cli.run()
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith(told)


def test_ctrl_c_while_the_command_line_loads_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys, "argv", ["futtui", "paths"])
    monkeypatch.setattr(gc, "set_threshold", lambda *_: None)
    monkeypatch.setattr(cli, "run", stopped)
    with pytest.raises(SystemExit) as ended:
        entry.main()
    assert ended.value.code == entry.INTERRUPTED == 130
