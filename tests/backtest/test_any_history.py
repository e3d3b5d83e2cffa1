"""History that the project has never seen, and history that is wrong, through the command line."""

from __future__ import annotations

import csv
import json
import signal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from futtui.backtest import run as run_module
from futtui.backtest.data import holes_in, load_symbol, symbols_in
from futtui.cli import backtest_command
from futtui.cli.app import app
from futtui.domain.errors import InvalidInputError
from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.live.past_candles import time_of
from tests.backtest.made_history import candle_rows, write_candles, write_rows

START_MS = time_of("2024-03-01")
BEFORE_MS = START_MS - 2 * DAY_MS
PERIOD = ("--from", "2024-03-01", "--workers", "0", "--no-cache")


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")


def told(history: Path, *more: str, until: str = "2024-03-02"):
    home = ("--home", str(history.parent / "home"))
    return CliRunner().invoke(app, ["backtest", "--history", str(history), *PERIOD, "--to", until, *home, *more])


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("15m/NEWUSDT.csv", {}),
        ("15m/NEWUSDT.csv.gz", {"header": False}),
        ("15m/NEWUSDT.zip", {"taker": True}),
        ("NEWUSDT.csv", {"header": False}),
        ("NEWUSDT-15m-2024-03.zip", {}),
        ("1m/NEWUSDT.csv.gz", {"frame": Timeframe.M1}),
        ("5m/NEWUSDT.csv", {"frame": Timeframe.M5}),
        ("NEWUSDT.csv.gz", {"frame": Timeframe.M5}),
        ("15m/NEWUSDT.csv", {"price": 1.234e-6, "decimals": 10}),
        ("15m/NEWUSDT.csv", {"price": 76_543.0, "decimals": 1}),
    ],
)
def test_backtest_any_folder_of_candles_runs(tmp_path, name, shape):
    write_candles(tmp_path / "history" / name, BEFORE_MS, 3, **shape)
    out, trades = tmp_path / "out.json", tmp_path / "trades.csv"
    answer = told(
        tmp_path / "history",
        "--symbols",
        "newusdt",
        "--json",
        str(out),
        "--trades",
        str(trades),
        until="2024-03-01 06:00",
    )
    assert answer.exit_code == 0, answer.output
    found = json.loads(out.read_text())
    assert found["run"]["analyses"] == 24
    assert next(csv.reader(trades.open()))[0] == "kind"
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("option", ["--from", "--to"])
def test_time_between_two_closes_is_refused_with_one_that_can_be_used(tmp_path, option):
    write_candles(tmp_path / "history" / "15m/NEWUSDT.csv", BEFORE_MS, 3)
    answer = told(tmp_path / "history", option, "2024-03-01 06:07")
    assert isinstance(answer.exception, InvalidInputError)
    assert str(answer.exception) == (
        f"{option} 2024-03-01 06:07: decisions are made at full quarter hours. Give for example 2024-03-01 06:00 (UTC)."
    )
    assert not (tmp_path / "home").exists()


def test_history_of_one_minute_gives_the_quarter_hours_of_the_exchange(tmp_path):
    rows = candle_rows(BEFORE_MS, 1, frame=Timeframe.M1, taker=True)
    write_rows(tmp_path / "1m" / "NEWUSDT.csv", rows)
    data = load_symbol(tmp_path, "NEWUSDT", START_MS)
    quarter = data.quarters(BEFORE_MS, BEFORE_MS + 900_000)[0]
    fine = [list(map(float, row.split(","))) for row in rows[:15]]
    assert quarter.open == fine[0][1]
    assert quarter.high == max(row[2] for row in fine)
    assert quarter.low == min(row[3] for row in fine)
    assert quarter.close == fine[-1][4]
    assert quarter.volume == sum(row[5] for row in fine)
    assert quarter.taker_buy_volume == sum(row[9] for row in fine)
    assert data.path(quarter)[0] is Timeframe.M1


def test_history_with_a_symbol_in_finer_candles_alone_is_found_beside_the_others(tmp_path):
    write_candles(tmp_path / "15m" / "AAAUSDT.csv", BEFORE_MS, 2)
    write_candles(tmp_path / "5m" / "BBBUSDT.csv", BEFORE_MS, 2, frame=Timeframe.M5)
    assert symbols_in(tmp_path) == ("AAAUSDT", "BBBUSDT")
    assert len(load_symbol(tmp_path, "BBBUSDT", START_MS).quarters(BEFORE_MS, START_MS)) == 2 * 96


@pytest.mark.parametrize(("price", "decimals"), [(1.234e-6, 10), (0.00123, 7), (1.5, 4), (76_543.0, 1), (2_300.0, 0)])
def test_history_of_an_unknown_symbol_has_sane_rules(tmp_path, price, decimals):
    write_candles(tmp_path / "NEWUSDT.csv", BEFORE_MS, 1, price=price, decimals=decimals)
    data = load_symbol(tmp_path, "NEWUSDT", START_MS)
    rules, bars = data.rules, data.quarters(BEFORE_MS, START_MS)
    assert rules.tick_size == 10 ** -rules.tick_size.__class__(decimals)
    assert all(rules.round_price(bar.close) == rules.tick_size.__class__(f"{bar.close:.{decimals}f}") for bar in bars)
    assert rules.step_size * rules.tick_size.__class__(price) < 100
    assert rules.min_price <= min(bar.low for bar in bars)
    assert rules.max_price >= max(bar.high for bar in bars)


def test_history_without_taker_volume_makes_parts_unavailable_and_never_zero(tmp_path):
    write_candles(tmp_path / "NEWUSDT.csv", BEFORE_MS, 3)
    data = load_symbol(tmp_path, "NEWUSDT", START_MS)
    assert all(bar.taker_buy_volume is None for bar in data.quarters(BEFORE_MS, START_MS))


def holed(path: Path) -> list[tuple[int, int]]:
    """Three days of which 5 hours on the last one, and its last hour, are missing."""
    rows = candle_rows(BEFORE_MS, 3)
    first = 2 * 96 + 20
    write_rows(path, rows[:first] + rows[first + 20 : -4])
    hole_ms = BEFORE_MS + first * 900_000
    return [(hole_ms, hole_ms + 20 * 900_000), (BEFORE_MS + 3 * DAY_MS - 3_600_000, BEFORE_MS + 3 * DAY_MS)]


def test_backtest_hole_in_the_period_is_told_and_nothing_is_decided_in_it(tmp_path):
    holes = holed(tmp_path / "history" / "NEWUSDT.csv")
    assert holes_in(load_symbol(tmp_path / "history", "NEWUSDT", START_MS), START_MS, START_MS + DAY_MS) == holes
    out = tmp_path / "out.json"
    answer = told(tmp_path / "history", "--json", str(out))
    assert answer.exit_code == 0
    assert "NEWUSDT has no candles from 2024-03-01 05:00 UTC to 2024-03-01 10:00 UTC, and 1 more" in answer.stderr
    assert json.loads(out.read_text())["run"]["analyses"] == 96 - 24 - 1


def test_backtest_strict_refuses_a_hole(tmp_path):
    holed(tmp_path / "history" / "NEWUSDT.csv")
    answer = told(tmp_path / "history", "--strict", "--json", str(tmp_path / "out.json"))
    refused(answer, tmp_path, "has no candles from 2024-03-01 05:00 UTC")


def refused(answer, folder: Path, words: str) -> None:
    assert answer.exit_code != 0
    assert isinstance(answer.exception, InvalidInputError), answer.exception
    assert words in str(answer.exception)
    assert "\n" not in str(answer.exception)
    assert not [file for file in folder.rglob("*") if file.name.startswith(("out", "trades"))]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["1709251200000,1,2,0.5"], "Line 2"),
        (["1709251200000,a,2,0.5,1,10,1709252099999,,,,,0"], "Line 2"),
        (["1709251200000,1,0.5,2,1,10,1709252099999,,,,,0"], "impossible"),
        (["1709251200001,1,2,0.5,1,10,1709252100000,,,,,0"], "is not the start of a 15m bar"),
        (["1709251200000,1,2,0.5,1,10,1709251379999,,,,,0"], "Known intervals: 1m, 5m, 15m"),
        ([], "holds no rows"),
    ],
)
def test_backtest_malformed_file_is_one_sentence(tmp_path, rows, words):
    write_rows(tmp_path / "history" / "NEWUSDT.csv", rows)
    answer = told(tmp_path / "history", "--json", str(tmp_path / "out.json"))
    refused(answer, tmp_path, words)


def test_backtest_file_that_cannot_be_unpacked_is_one_sentence(tmp_path):
    file = write_candles(tmp_path / "history" / "NEWUSDT.csv.gz", BEFORE_MS, 3)
    file.write_bytes(file.read_bytes()[:500])
    refused(told(tmp_path / "history"), tmp_path, "cannot be read")


def test_backtest_bars_that_are_too_long_are_one_sentence(tmp_path):
    write_candles(tmp_path / "history" / "NEWUSDT.csv", BEFORE_MS, 3, frame=Timeframe.H1)
    refused(told(tmp_path / "history"), tmp_path, "has no candles of 15 minutes or less")


def test_backtest_absent_folder_and_wrong_days_are_one_sentence(tmp_path):
    refused(told(tmp_path / "nowhere"), tmp_path, "There is no file or folder")
    write_candles(tmp_path / "history" / "NEWUSDT.csv", BEFORE_MS, 3)
    for days, words in (
        (("2024-03-02", "2024-03-01"), "not after its start"),
        (("2030-01-01", "2030-01-02"), "Its data goes from"),
        (("2024-3-x", "2024-03-02"), "write a time as in"),
    ):
        arguments = ["backtest", "--history", str(tmp_path / "history"), "--from", days[0], "--to", days[1]]
        home = ("--home", str(tmp_path / "home"))
        refused(CliRunner().invoke(app, [*arguments, "--no-cache", *home]), tmp_path, words)
    refused(told(tmp_path / "history", "--symbols", "OLDUSDT"), tmp_path, "No file for symbol OLDUSDT")


def test_backtest_stopped_with_ctrl_c_ends_with_130_and_writes_nothing(tmp_path, monkeypatch):
    write_candles(tmp_path / "history" / "NEWUSDT.csv", BEFORE_MS, 3)

    def stopped(*_) -> None:
        signal.raise_signal(signal.SIGINT)

    for place, where in ((run_module.Backtest, "_stretch"), (backtest_command, "reading")):
        with monkeypatch.context() as patch:
            patch.setattr(place, where, stopped)
            answer = told(tmp_path / "history", "--json", str(tmp_path / "out.json"))
        assert answer.exit_code == backtest_command.INTERRUPTED == 130
        assert "Stopped; no file was written." in answer.stderr
        assert not list(tmp_path.glob("out*"))


def test_backtest_files_that_cannot_be_written_are_told_before_anything_is_run(tmp_path):
    history = tmp_path / "nowhere"
    same = told(history, "--json", str(tmp_path / "out"), "--trades", str(tmp_path / "empty" / ".." / "out"))
    refused(same, tmp_path, "--json and --trades are the same file")
    refused(told(history, "--json", str(tmp_path / ("out" + "x" * 300))), tmp_path, "cannot be written")


def test_backtest_writes_all_files_or_none(tmp_path):
    (tmp_path / "a").write_text("before")
    with pytest.raises(InvalidInputError, match="y cannot be written"):
        backtest_command.write_files({tmp_path / "a": "1", tmp_path / "x" / "y": "2"})
    assert (tmp_path / "a").read_text() == "before"
    assert not list(tmp_path.rglob("*.part"))


def test_backtest_whose_first_line_alone_is_read_has_its_files(tmp_path, monkeypatch):
    write_candles(tmp_path / "history" / "NEWUSDT.csv", BEFORE_MS, 3)
    out = tmp_path / "out.json"

    def closed(_result) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("futtui.backtest.report.summary", closed)
    told(tmp_path / "history", "--json", str(out), until="2024-03-01 01:00")
    assert json.loads(out.read_text())["run"]["analyses"] == 4
