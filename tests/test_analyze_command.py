"""`futtui analyze` as a user meets it: words, chart, clear refusals, and nothing from the future."""

from __future__ import annotations

import gzip
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from futtui.cli.app import app
from futtui.domain.candle import Candle
from futtui.domain.reading import FrameReading, SymbolReading
from futtui.domain.timeframe import DAY_MS, HOUR_MS, Timeframe
from futtui.domain.zone import Zone, ZoneKind, ZoneParts
from futtui.domain.zone_words import zone_reasons
from futtui.exchange.archive_csv import KLINE_HEADER
from futtui.live.candle_chart import spread
from futtui.live.past_candles import price_text
from futtui.storage.store import Storage
from tests.analysis.markets import at, walk

M15 = Timeframe.M15
DAYS = 12
MOMENT = "2024-01-11 12:00"
BARS = walk(5, DAYS * 96)


def line(candle: Candle, length_ms: int = M15.ms) -> str:
    figures = [candle.open, candle.high, candle.low, candle.close, candle.volume]
    return ",".join(map(repr, [candle.open_time_ms, *figures, candle.open_time_ms + length_ms - 1, *[""] * 4, 0]))


def archive(folder: Path, bars: list[Candle], symbol: str = "AAAUSDT", length_ms: int = M15.ms) -> Path:
    folder.mkdir(exist_ok=True)
    text = "\n".join([KLINE_HEADER, *(line(bar, length_ms).replace("''", "") for bar in bars)])
    (folder / f"{symbol}.csv.gz").write_bytes(gzip.compress(text.encode()))
    return folder


def analyze(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["analyze", *arguments, "--home", str(home)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return archive(tmp_path / "candles", BARS)


def test_analyze_prints_regimes_figures_and_zones_with_reasons_and_draws_a_chart(tmp_path: Path, folder: Path) -> None:
    chart = tmp_path / "chart.png"
    request = ("aaausdt", "--at", MOMENT, "--history", str(folder), "--chart", str(chart), "--anchor", "2024-01-10")
    told = analyze(tmp_path, *request)
    assert told.exit_code == 0, told.output
    assert f"AAAUSDT at {MOMENT} UTC" in told.output
    for part in ("Market regime", "ATR (usual size of a bar)", "VWAP of the day", "touches turned price", "of 34)"):
        assert part in told.output
    for part in ("week open, since 01-08 00:00", "Europe session, since 01-11 07:00", "your anchor, since 01-10 00:00"):
        assert part in told.output
    assert "begun less than 8 bars ago): Asia session, US session." in told.output
    assert "break_retest: " in told.output
    assert chart.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert chart.stat().st_size > 20_000


def test_analyze_knows_nothing_of_later_candles(tmp_path: Path, folder: Path) -> None:
    seen = [bar for bar in BARS if bar.open_time_ms < at(MOMENT)]
    other = [replace(bar, high=bar.high * 3, close=bar.close * 3) for bar in BARS if bar.open_time_ms >= at(MOMENT)]
    folders = [folder, archive(tmp_path / "cut", seen), archive(tmp_path / "other", [*seen, *other])]
    told = []
    for place in folders:
        result = analyze(tmp_path, "AAAUSDT", "--at", MOMENT, "--history", str(place), "--no-chart")
        told.append(result.output.replace(str(place), "FOLDER"))
    assert told[0] == told[1] == told[2]
    assert "Zones, nearest first" in told[0]


def test_analyze_of_stored_candles_says_the_same_as_of_files(tmp_path: Path, folder: Path) -> None:
    storage = Storage(tmp_path / "futtui.db")
    storage.submit_candles("AAAUSDT", M15, BARS)
    storage.close_now()
    stored = analyze(tmp_path, "AAAUSDT", "--at", MOMENT, "--no-chart")
    files = analyze(tmp_path, "AAAUSDT", "--at", MOMENT, "--no-chart", "--history", str(folder))
    assert stored.exit_code == 0, stored.output
    assert stored.output.replace("the database", "X") == files.output.replace(str(folder), "X")


def test_analyze_takes_the_folder_of_folders_that_a_backtest_takes(tmp_path: Path, folder: Path) -> None:
    folder.rename(tmp_path / "15m")
    chosen = ("AAAUSDT", "--at", MOMENT, "--no-chart", "--history")
    answers = [analyze(tmp_path, *chosen, str(each)) for each in (tmp_path, tmp_path / "15m")]
    assert [each.exit_code for each in answers] == [0, 0]
    assert answers[0].output.replace(str(tmp_path), "X") == answers[1].output.replace(str(tmp_path / "15m"), "X")


def test_analyze_without_a_moment_takes_the_newest_close_and_names_the_chart(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = analyze(tmp_path, "AAAUSDT", "--history", str(folder), "--timeframe", "1h", "--bars", "60")
    assert told.exit_code == 0, told.output
    assert (tmp_path / "AAAUSDT-20240113-0000.png").is_file()


def test_analyze_writes_svg_with_later_candles(tmp_path: Path, folder: Path) -> None:
    chart = tmp_path / "chart.svg"
    request = ("AAAUSDT", "--at", MOMENT, "--history", str(folder), "--chart", str(chart), "--after", "30")
    assert analyze(tmp_path, *request).exit_code == 0
    assert "<svg" in chart.read_text(encoding="utf-8")[:2000]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("BBBUSDT",), "No file for symbol BBBUSDT"),
        (("AAAUSDT", "--at", "2023-06-01"), "has no 15m candle that closed at 2023-06-01 00:00"),
        (("AAAUSDT", "--at", "2024-01-01 10:00"), "has only 40 15m candles"),
        (("AAAUSDT", "--at", "noon"), "write a time as in"),
        (("AAAUSDT", "--timeframe", "5m"), "the chart can show 15m, 1h, 4h or 1d"),
        (("AAAUSDT", "--anchor", "2024-01-14"), "there must be 8 quarter hours at least"),
        (("AAAUSDT", "--anchor", "soon"), "--anchor soon: write a time as in"),
        (("AAAUSDT", "--chart", "chart.txt"), "ends in .png or .svg"),
        (("AAAUSDT", "--chart", "no/such/folder/chart.png"), "cannot be written"),
    ],
)
def test_analyze_refuses_with_a_sentence(
    tmp_path: Path, folder: Path, arguments: tuple[str, ...], message: str
) -> None:  # fmt: skip
    told = analyze(tmp_path, *arguments, "--history", str(folder))
    assert told.exit_code != 0
    assert message in str(told.exception)


def test_analyze_of_a_symbol_that_is_not_stored_says_what_is(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "futtui.db")
    storage.submit_candles("AAAUSDT", M15, BARS[:10])
    storage.close_now()
    told = analyze(tmp_path, "BTCUSDT")
    assert "No candles of BTCUSDT are stored. Stored are: AAAUSDT." in str(told.exception)


def test_analyze_refuses_candles_that_are_too_long(tmp_path: Path) -> None:
    hours = [replace(bar, open_time_ms=at("2024-01-01") + place * HOUR_MS) for place, bar in enumerate(BARS[:200])]
    told = analyze(tmp_path, "AAAUSDT", "--history", str(archive(tmp_path / "hours", hours, length_ms=HOUR_MS)))
    assert "has no candles of 15 minutes or less" in str(told.exception)


@pytest.mark.parametrize(
    ("price", "text"), [(68809.6, "68,809.60"), (0.07198, "0.07198"), (0.00000123, "0.00000123"), (3.5, "3.5")]
)
def test_price_text_is_short_and_without_exponent(price: float, text: str) -> None:
    assert price_text(price) == text


def test_names_on_the_chart_keep_their_distance_and_order() -> None:
    places = spread([1.0, 1.1, 1.2, 5.0], 0.5)
    assert [round(after - before, 9) for before, after in pairwise(places[:3])] == [0.5, 0.5]
    assert places[3] == 5.0
    assert sum(places[:3]) == pytest.approx(3.3)


PARTS = ZoneParts(0.7, 0.6, 1.0, 0.5, 0.0)
ZONE = Zone("z", "AAAUSDT", Timeframe.M15, ZoneKind.SUPPORT, 100.0, 101.0, 60.0, 5, 3, 0, 0, parts=PARTS)


def reasons(zone: Zone, **more) -> str:  # type: ignore[no-untyped-def]
    frames = {Timeframe.M15: FrameReading(Timeframe.M15, 0, 102.0, atr=1.0, ema_200=100.5)}
    return "; ".join(zone_reasons(zone, SymbolReading("AAAUSDT", 2 * HOUR_MS, 102.0, frames, **more)))


def test_reasons_name_what_else_lies_at_a_zone() -> None:
    assert "also here: a VWAP, the 200-bar average (13 of 26)" in reasons(ZONE, daily_vwap=101.2)
    senior = replace(ZONE, zone_id="s", timeframe=Timeframe.H4)
    assert "also here: a zone of a longer timeframe (13 of 26)" in reasons(ZONE, zones=(senior, ZONE))
    alone = replace(ZONE, parts=ZoneParts(0.7, 0.6, 1, 0.1, 0))
    assert "also here: a round number (3 of 26)" in reasons(alone)
    assert "no other level" in reasons(replace(ZONE, parts=ZoneParts(0.7, 0.6, 1, 0, 0)))


def test_reasons_tell_touches_freshness_noise_and_a_change_of_sides() -> None:
    told = reasons(replace(ZONE, flipped=True, last_touch_ms=-3 * DAY_MS, parts=ZoneParts(0.7, 0, 0.5, 0, 0.5)))
    for part in ("3 of 5 touches", "no turn was large enough (0 of 34)", "3 days ago", "(-7)", "changed sides"):
        assert part in told
    assert "the only touch turned price" in reasons(replace(ZONE, touches=1, bounces=1))


def test_points_of_parts_add_up_to_the_score() -> None:
    parts = ZoneParts(0.7, 0.61, 0.9, 0.5, 0.25)
    from futtui.zones.score import weighted

    assert sum(parts.points) == pytest.approx(weighted(*parts))
