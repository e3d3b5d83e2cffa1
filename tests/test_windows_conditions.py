"""What Windows does otherwise, as far as it can be had elsewhere: coarse clocks, no UTF-8 by default, no time zones.

Held files, loops without signals and closed windows are in `live/test_compat.py`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path, PureWindowsPath
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.cli.found_files import put_text
from futtui.domain.file_names import LONGEST, file_name
from tests.backtest.made_history import write_candles
from tests.windows_like import BETWEEN, NAMED_ENCODINGS

SCRIPT = Path(__file__).with_name("windows_like.py")
ROOT = SCRIPT.parents[1]
WINDOWS = {**NAMED_ENCODINGS, "PYTHONTZPATH": "", "PYTHONIOENCODING": "cp1251"}
START_MS = 1_709_251_200_000
"""2024-03-01."""
SHORT_HISTORY = "market:\n  history: {bars_15m: 300, bars_1h: 250, bars_4h: 210, bars_1d: 60}\ntime_zone: Europe/Kyiv\n"


def futtui(place: Path, *words: str, told: str = "") -> str:
    """What commands print on a machine like that; they complain of nothing but what `told` begins."""
    answer = subprocess.run(
        [sys.executable, str(SCRIPT), *words],
        cwd=place,
        env={**os.environ, **WINDOWS, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    assert answer.returncode == 0, answer.stderr
    assert [line for line in answer.stderr.splitlines() if not told or not line.startswith(told)] == []
    return answer.stdout


def test_commands_name_the_encoding_of_every_file_and_need_no_fine_clock(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(SHORT_HISTORY, encoding="utf-8")
    write_candles(tmp_path / "candles" / "15m" / "AVAXUSDT.csv", START_MS, 2)
    backtest = ("backtest", "--history", "candles", "--from", "2024-03-02", "--to", "2024-03-03", "--workers", "0")
    files = ("--json", "out.json", "--trades", "trades.csv", "--html", "page.html")
    commands = (("config", "check"), ("paths",), (*backtest, *files), ("stats", "--help"))
    words = [word for command in commands for word in (*command, BETWEEN)]
    said = futtui(tmp_path, *words[:-1])
    assert said.count("$ ") == len(commands)
    assert "The configuration is fine" in said
    for name in ("out.json", "trades.csv", "page.html"):
        assert (tmp_path / name).read_text(encoding="utf-8")


def demo(place: Path, *words: str) -> dict[str, Any]:
    """The result of a short demo on such a machine, in whose log nothing stumbled."""
    (place / "config.yaml").write_text(SHORT_HISTORY, encoding="utf-8")
    run = ("demo", "--headless", "--symbols", "BTCUSDT", "--home", "home", "--json", "out.json")
    futtui(place, *run, *words, told="Open a screen on this run")
    assert "Traceback" not in (place / "home" / "logs" / "futtui.log").read_text(encoding="utf-8")
    return dict(json.loads((place / "out.json").read_text(encoding="utf-8")))


def test_engine_on_a_coarse_clock_comes_to_its_end(tmp_path: Path) -> None:
    run = demo(tmp_path, "--minutes", "1", "--speed", "60")["run"]
    assert run["complete"] is True
    assert run["end_ms"] - run["start_ms"] >= 60_000


@pytest.mark.slow
def test_engine_in_step_on_a_coarse_clock_counts_nothing_twice(tmp_path: Path) -> None:
    counts = demo(tmp_path, "--minutes", "60", "--speed", "max", "--seed", "3")["counts"]
    assert (counts["candles"], counts["analyses"]) == (4 + 1, 4)
    assert counts["duplicate_candles"] == counts["gaps"] == counts["reconnects"] == 0


# --- time zones ------------------------------------------------------------------------------------------------------

NO_ZONES = """
import sys
if sys.argv[1] == "without":
    sys.modules["tzdata"] = None
from futtui.config.settings import load
from futtui.domain.errors import FuttuiError
from futtui.tui.compat.clock import load_zone
from pathlib import Path

print(load_zone("Europe/Kyiv"))
try:
    print(load(Path(sys.argv[2])).settings.time_zone)
except FuttuiError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("tzdata", "clock", "answer"),
    [
        ("with", "(zoneinfo.ZoneInfo(key='Europe/Kyiv'), 'Kyiv')", "Europe/Kyiv"),
        ("without", "(datetime.timezone.utc, 'UTC')", "pip install tzdata"),
    ],
)
def test_time_zones_come_from_their_package_where_the_system_has_none(
    tmp_path: Path, tzdata: str, clock: str, answer: str
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("time_zone: Europe/Kyiv\n", encoding="utf-8")
    said = subprocess.run(
        [sys.executable, "-c", NO_ZONES, tzdata, str(file)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONTZPATH": ""},
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout
    first, rest = said.split("\n", 1)
    assert first == clock
    assert answer in rest


# --- names of files --------------------------------------------------------------------------------------------------

DEVICES = [f"{name}{number}" for name in ("com", "lpt") for number in (*range(10), "\u00b9", "\u00b2", "\u00b3")]
DEVICES += ["con", "prn", "aux", "nul", "conin$", "conout$"]
ODD = ["CON.tar.gz", "AUX .txt", "nul:", "..", "a:b", "x. ", "C:\\x", "\\\\server\\x", "/etc/x", "x\ud800", ""]


def is_taken_by_windows(name: str) -> bool:
    """Whether Windows makes a file of exactly this name in the folder it is told, as its rules of names are written."""
    path = PureWindowsPath("C:/Users/Ім'я") / name
    parts = (path.name == name, path.parent == PureWindowsPath("C:/Users/Ім'я"), name[-1:] not in (" ", "."))
    first = name.split(".")[0].rstrip(" ").lower()
    return all(parts) and first not in DEVICES and not any(sign in '<>:"/\\|?*' or sign < " " for sign in name)


@settings(max_examples=60)
@given(st.text(max_size=150) | st.sampled_from([*DEVICES, *ODD]))
def test_file_name_of_any_words_is_one_that_windows_takes(words: str) -> None:
    name = file_name(words)
    assert is_taken_by_windows(name)
    assert len(name) <= LONGEST
    assert file_name(name) == name


@pytest.mark.parametrize(
    "name", ["BTCUSDT-15m-20240101-000000.svg", "币安人生USDT-1h.csv.gz", "CONUSDT-1d.zip", "a b.txt"]
)
def test_file_name_that_is_good_stays_as_it_is(name: str) -> None:
    assert file_name(name) == name


def test_file_names_of_different_words_differ_and_keep_their_ending() -> None:
    names = [
        file_name(words)
        for words in ("A/B.svg", "A\\B.svg", "A:B.svg", "A_B.svg", f"{'x' * 200}1.svg", f"{'x' * 200}2.svg")
    ]
    assert len(set(names)) == len(names)
    assert all(name.endswith(".svg") for name in names)


def test_picture_of_a_symbol_with_signs_of_a_path_stays_in_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    told = put_text("..\\../AUX:USDT-15m.svg", "<svg/>")
    (written,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert written.parent == folder
    assert written.name in told
    assert is_taken_by_windows(written.name)
