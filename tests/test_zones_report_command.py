"""`futtui zones-report` as a user meets it, and that later candles change no touch that was decided before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from futtui.analysis.settings import AnalysisSettings
from futtui.cli.app import app
from futtui.domain.timeframe import DAY_MS
from futtui.live.past_candles import from_files, time_of
from futtui.live.settings import HistorySettings
from futtui.live.zones_report import rows_of, touches_of
from tests.shared_data import shared_path
from tests.test_analyze_command import BARS, archive

START_MS = time_of("2024-01-05")


def report(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["zones-report", *arguments, "--home", str(home)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return archive(tmp_path / "candles", BARS)


def test_zones_report_prints_rates_by_grade_beside_random_levels(tmp_path: Path, folder: Path) -> None:
    told = report(tmp_path, "--history", str(folder), "--symbols", "aaausdt", "--from", "2024-01-05")
    assert told.exit_code == 0, told.output
    for part in ("AAAUSDT: 2024-01-05 00:00 UTC to", "random bounced", "below D", "all on 15m", "Wilson"):
        assert part in told.output


def test_zones_report_json_is_repeatable_and_adds_up(tmp_path: Path, folder: Path) -> None:
    wanted = ("--history", str(folder), "--symbols", "AAAUSDT", "--from", "2024-01-05", "--json")
    first, again = report(tmp_path, *wanted), report(tmp_path, *wanted)
    assert first.output == again.output
    rows = json.loads(first.output)["rows"]
    total = next(row for row in rows if row["timeframe"] is None and row["grade"] is None)
    assert total["zones"]["n"] > 20
    for side in ("zones", "random"):
        assert total[side]["n"] == sum(row[side]["n"] for row in rows if row["grade"] is not None)
        assert total[side]["n"] == sum(row[side]["n"] for row in rows if row["timeframe"] is not None)
        low, high = total[side]["interval_95"]
        assert low < total[side]["bounce_rate"] < high


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--symbols", ""), "--symbols is missing"),
        (("--from", "2024-01-08", "--to", "2024-01-07"), "is not after"),
        (("--from", "2024-01-20", "--to", "2024-01-21"), "no candles in this time"),
        (("--from", "2023-01-01"), "at least 60"),
        (("--from", "yesterday"), "write a time as in"),
        (("--symbols", "BBBUSDT"), "No file for symbol BBBUSDT"),
    ],
)
def test_zones_report_that_cannot_be_made_says_why(
    tmp_path: Path, folder: Path, arguments: tuple[str, ...], words: str
) -> None:
    told = report(tmp_path, "--history", str(folder), "--symbols", "AAAUSDT", *arguments)
    assert told.exit_code != 0
    assert words in str(told.exception)


@pytest.mark.parametrize(
    ("symbols", "days", "words"),
    [
        ("AAAUSDT,CCCUSDT", ("--from", "2024-01-05"), "No file for symbol CCCUSDT"),
        ("AAAUSDT,BBBUSDT", ("--from", "2024-01-05"), "BBBUSDT has only 0 15m candles before 2024-01-05"),
        ("AAAUSDT,BBBUSDT", ("--from", "2024-01-08", "--to", "2024-01-09"), "BBBUSDT has no candles in this time"),
    ],
)
def test_zones_report_looks_at_every_symbol_before_it_walks_with_the_first(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, symbols: str, days: tuple[str, ...], words: str
) -> None:
    walked: list[object] = []
    monkeypatch.setattr("futtui.live.zones_report.touches_of", lambda *each: walked.append(each) or [])
    missing_ms = range(START_MS + 3 * DAY_MS, START_MS + 4 * DAY_MS) if "--to" in days else range(START_MS)
    archive(folder, [bar for bar in BARS if bar.open_time_ms not in missing_ms], "BBBUSDT")
    told = report(tmp_path, "--history", str(folder), "--symbols", symbols, *days)
    assert told.exit_code != 0
    assert words in str(told.exception)
    assert not walked
    assert "AAAUSDT" not in told.output
    fine = report(tmp_path, "--history", str(folder), "--symbols", "AAAUSDT,aaausdt", *days)
    assert fine.exit_code == 0
    assert len(walked) == 1


def test_touches_decided_by_a_day_are_the_same_whatever_comes_after_it(folder: Path) -> None:
    past = from_files(folder, "AAAUSDT")
    settings = (AnalysisSettings(), HistorySettings(), 7)
    middle_ms = START_MS + 4 * DAY_MS
    short = touches_of(past, (START_MS, middle_ms), *settings)
    full = touches_of(past, (START_MS, START_MS + 8 * DAY_MS), *settings)
    assert len(short) > 10
    for frame in {touch.timeframe for touch in short}:
        before, whole = ([touch for touch in each if touch.timeframe is frame] for each in (short, full))
        assert whole[: len(before)] == before


def test_touches_of_real_weeks_lie_in_them_and_every_one_is_decided(tmp_path: Path) -> None:
    past = from_files(shared_path("market-data/futures/klines/15m"), "BTCUSDT")
    span_ms = (time_of("2024-03-01"), time_of("2024-03-15"))
    touches = touches_of(past, span_ms, AnalysisSettings(), HistorySettings(), 7)
    total = next(row for row in rows_of(touches) if row.grade is None and row.timeframe is None)
    assert total.zones.count + total.random.count == len(touches)
    assert total.zones.count > 100
    assert total.zones.days <= 14
    assert all(span_ms[0] <= touch.time_ms < span_ms[1] for touch in touches)
