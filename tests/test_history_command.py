"""`futtui history` as a user meets it, against a local copy of the archive that can be told to fail."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from typer import Exit
from typer.testing import CliRunner

from futtui.cli.app import app
from futtui.cli.history_runs import _end_with_failures
from futtui.domain.candle import Candle
from futtui.domain.timeframe import DAY_MS, HOUR_MS, Timeframe
from futtui.exchange.archive_csv import KLINE_HEADER
from futtui.exchange.binance.archive import client as archive_client
from futtui.exchange.binance.archive.addresses import ArchiveFileName, file_of
from futtui.exchange.binance.archive.reading import read_candles
from futtui.live.history_jobs.taking import Failure
from futtui.storage.candle_arrays import CandleArrays
from futtui.storage.database import open_database
from futtui.storage.deep_history import DeepHistory
from futtui.storage.store import Storage
from tests.exchange.binance.archive.archive_server import ArchiveServer, bar_line
from tests.shared_data import shared_path

M15, H1 = Timeframe.M15, Timeframe.H1
JANUARY = file_of("BTCUSDT", M15, "2024-01")
FEBRUARY_1 = file_of("BTCUSDT", M15, "2024-02-01")
FEBRUARY_2 = file_of("BTCUSDT", M15, "2024-02-02")
SPAN = ("--from", "2024-01-01", "--to", "2024-02-02")


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(archive_client, "FIRST_PAUSE_S", 0.0)
    async with ArchiveServer() as running:
        yield running


async def futtui(home: Path, *arguments: str) -> Result:
    """Runs the command on another thread, so that the server can answer it."""
    whole = ["history", *arguments, "--home", str(home)]
    return await asyncio.to_thread(CliRunner().invoke, app, whole, catch_exceptions=False)


async def download(server: ArchiveServer, home: Path, *more: str, symbols: str = "BTCUSDT") -> Result:
    span = () if "--from" in more else SPAN
    return await futtui(home, "download", "--symbols", symbols, *span, "--base-url", server.url, *more)


def stored(home: Path, symbol: str = "BTCUSDT", timeframe: Timeframe = M15) -> CandleArrays:
    engine = open_database(home / "futtui.db")
    candles = DeepHistory(engine).load_arrays(symbol, timeframe, 0, 1 << 62)
    engine.dispose()
    return candles


def publish(server: ArchiveServer, *files: ArchiveFileName) -> None:
    for file in files:
        server.publish_bars(file)


async def test_download_stores_months_and_days_and_asks_for_nothing_twice(
    server: ArchiveServer, tmp_path: Path
) -> None:  # fmt: skip
    publish(server, JANUARY, FEBRUARY_1, FEBRUARY_2)
    first = await download(server, tmp_path)
    assert first.exit_code == 0, first.output
    assert "3 files taken in (3,168 candles" in first.output
    candles = stored(tmp_path)
    assert np.array_equal(candles.open_time_ms, JANUARY.start_ms + np.arange(33 * 96) * M15.ms)
    parts = [read_candles(tmp_path / "archive" / file.path, M15) for file in (JANUARY, FEBRUARY_1, FEBRUARY_2)]
    assert np.array_equal(candles.figures, np.concatenate([part.figures for part in parts], axis=1))
    asked = len(server.asked)
    second = await download(server, tmp_path)
    assert "0 files taken in" in second.output
    assert "3 were there already" in second.output
    assert len(server.asked) == asked == 6


async def test_download_wrong_checksum_takes_nothing_in_and_the_next_run_heals_it(
    server: ArchiveServer, tmp_path: Path
) -> None:  # fmt: skip
    publish(server, JANUARY, FEBRUARY_1, FEBRUARY_2)
    right = server.files[f"{JANUARY.path}.CHECKSUM"]
    server.files[f"{JANUARY.path}.CHECKSUM"] = b"0" * 64 + right[64:]
    result = await download(server, tmp_path)
    assert result.exit_code == 1
    assert "BTCUSDT-15m-2024-01.zip does not fit its published checksum" in result.output
    assert len(stored(tmp_path)) == 2 * 96
    assert not (tmp_path / "archive" / JANUARY.path).exists()
    server.files[f"{JANUARY.path}.CHECKSUM"] = right
    server.asked.clear()
    assert (await download(server, tmp_path)).exit_code == 0
    assert set(server.asked) == {JANUARY.path, f"{JANUARY.path}.CHECKSUM"}
    assert len(stored(tmp_path)) == 33 * 96


async def test_download_overcomes_cut_connections_and_server_errors(server: ArchiveServer, tmp_path: Path) -> None:
    publish(server, JANUARY, FEBRUARY_1, FEBRUARY_2)
    server.fail(JANUARY.path, "cut", 503, "cut")
    server.fail(f"{FEBRUARY_1.path}.CHECKSUM", 500, 502, "cut")
    result = await download(server, tmp_path)
    assert result.exit_code == 0, result.output
    assert len(stored(tmp_path)) == 33 * 96


async def test_download_no_archive_stops_early_and_says_how_to_go_on(server: ArchiveServer, tmp_path: Path) -> None:
    publish(server, FEBRUARY_1)
    for name in ("2024-02-02", "2024-02-03", "2024-02-04", "2024-02-05", "2024-02-06", "2024-02-07"):
        server.fail(f"{file_of('BTCUSDT', M15, name).path}.CHECKSUM", *[503] * 99)
    days = ("--from", "2024-02-01", "--to", "2024-02-28", "--connections", "1")
    result = await download(server, tmp_path, *days)
    assert result.exit_code == 1
    assert "run the same command again to go on" in result.output
    assert len(stored(tmp_path)) == 96
    assert not any("2024-02-05" in path for path in server.asked)


async def test_download_missing_files_are_noted_and_no_error(server: ArchiveServer, tmp_path: Path) -> None:
    listed_ms = FEBRUARY_1.start_ms + 10 * HOUR_MS
    server.publish_bars(FEBRUARY_1, set(range(FEBRUARY_1.start_ms, listed_ms, M15.ms)))
    server.publish_bars(FEBRUARY_2)
    result = await download(server, tmp_path)
    assert result.exit_code == 0
    assert "1 are not in the archive" in result.output
    assert "BTCUSDT-15m-2024-01.zip" in result.output
    gaps = await futtui(tmp_path, "gaps")
    assert gaps.output.splitlines() == [
        "BTCUSDT 15m: 2024-01-01 00:00 to 2024-02-01 09:45 UTC, 3,016 candles: before the symbol was listed"
    ]
    server.asked.clear()
    await download(server, tmp_path)
    assert server.asked == []


async def test_download_month_that_is_not_published_yet_is_taken_by_days(
    server: ArchiveServer, tmp_path: Path
) -> None:  # fmt: skip
    last = datetime.now(UTC).replace(day=1) - timedelta(days=1)
    month = file_of("BTCUSDT", M15, f"{last:%Y-%m}")
    publish(server, *month.by_day())
    days = ("--from", f"{last:%Y-%m}-01", "--to", f"{last:%Y-%m-%d}")
    assert (await download(server, tmp_path, *days)).exit_code == 0
    assert len(stored(tmp_path)) == (month.end_ms - month.start_ms) // M15.ms
    server.asked.clear()
    await download(server, tmp_path, *days)
    assert server.asked == []


async def test_download_refresh_takes_in_a_file_that_was_replaced(server: ArchiveServer, tmp_path: Path) -> None:
    publish(server, JANUARY, FEBRUARY_1, FEBRUARY_2)
    await download(server, tmp_path)
    server.publish_bars(FEBRUARY_1, {FEBRUARY_1.start_ms}, 300.0)
    assert "0 files taken in" in (await download(server, tmp_path)).output
    refreshed = await download(server, tmp_path, "--refresh")
    assert "1 file taken in (95 candles" in refreshed.output
    candles = stored(tmp_path)
    assert len(candles) == 33 * 96 - 1
    assert candles.between(FEBRUARY_1.start_ms, FEBRUARY_1.end_ms).open.min() >= 300.0
    assert (await futtui(tmp_path, "verify")).exit_code == 0


async def test_download_impossible_candle_is_refused_with_its_line(server: ArchiveServer, tmp_path: Path) -> None:
    publish(server, JANUARY, FEBRUARY_1)
    good = bar_line(FEBRUARY_2.start_ms, M15)
    wrong = f"{FEBRUARY_2.start_ms + M15.ms},100,90,95,97,1,,,,,,0"
    server.publish(FEBRUARY_2, "\n".join([KLINE_HEADER, good, wrong]))
    result = await download(server, tmp_path)
    assert result.exit_code == 1
    assert "Line 3 of file" in result.output
    assert "the bar is impossible" in result.output
    assert len(stored(tmp_path)) == 32 * 96


async def test_download_goes_on_from_files_on_disk_without_asking(server: ArchiveServer, tmp_path: Path) -> None:
    publish(server, JANUARY, FEBRUARY_1, FEBRUARY_2)
    await download(server, tmp_path)
    (tmp_path / "futtui.db").unlink()
    server.asked.clear()
    result = await download(server, tmp_path)
    assert "3 files taken in (3,168 candles, 0.0 MB fetched)" in result.output
    assert server.asked == []


async def test_gaps_tell_why_candles_are_missing(server: ArchiveServer, tmp_path: Path) -> None:
    everywhere = {FEBRUARY_1.start_ms + index * M15.ms for index in (4, 5, 6)}
    server.publish_bars(FEBRUARY_1, everywhere | {FEBRUARY_1.start_ms + 40 * M15.ms})
    server.publish_bars(file_of("ETHUSDT", M15, "2024-02-01"), everywhere)
    later = file_of("BTCUSDT", M15, "2024-02-04")
    server.publish_bars(later)
    day = ("--from", "2024-02-01", "--to", "2024-02-01")
    await download(server, tmp_path, *day, symbols="BTCUSDT,ETHUSDT")
    await download(server, tmp_path, "--from", "2024-02-03", "--to", "2024-02-04")
    lines = (await futtui(tmp_path, "gaps", "--symbols", "btcusdt")).output.splitlines()
    assert lines == [
        "BTCUSDT 15m: 2024-02-01 01:00 to 2024-02-01 01:30 UTC, 3 candles: "
        "the exchange has none for any symbol stored here (exchange-wide)",
        "BTCUSDT 15m: 2024-02-01 10:00 to 2024-02-01 10:00 UTC, 1 candle: "
        "the exchange has none, but others traded (no trades, or this symbol was halted)",
        "BTCUSDT 15m: 2024-02-02 00:00 to 2024-02-02 23:45 UTC, 96 candles: never fetched",
        "BTCUSDT 15m: 2024-02-03 00:00 to 2024-02-03 23:45 UTC, 96 candles: the archive has no file for it",
    ]
    clean = await futtui(tmp_path, "gaps", "--symbols", "BTCUSDT", "--from", "2024-02-04", "--to", "2024-02-04")
    assert clean.output == "BTCUSDT 15m: no gaps\n"


async def test_verify_finds_changed_files_and_candles(server: ArchiveServer, tmp_path: Path) -> None:
    publish(server, JANUARY, FEBRUARY_1, FEBRUARY_2)
    await download(server, tmp_path)
    fine = await futtui(tmp_path, "verify")
    assert fine.exit_code == 0, fine.output
    assert "3 files and 3,168 candles checked" in fine.output
    place = tmp_path / "archive" / FEBRUARY_1.path
    place.write_bytes(place.read_bytes() + b"x")
    store = Storage(tmp_path / "futtui.db")
    store.submit_candles("BTCUSDT", M15, [Candle(FEBRUARY_2.start_ms, 1.0, 2.0, 0.5, 1.5, 3.0)])
    store.close_now()
    with sqlite3.connect(tmp_path / "futtui.db") as connection:
        connection.execute("DELETE FROM candle_blocks WHERE day_ms = ?", (JANUARY.start_ms,))
    connection.close()
    result = await futtui(tmp_path, "verify")
    assert result.exit_code == 1
    assert "was changed since it was taken in" in result.output
    assert "BTCUSDT-15m-2024-01.zip has 96 candles that are not stored" in result.output
    assert (
        "1 stored candles differ from futures/um/daily/klines/BTCUSDT/15m/BTCUSDT-15m-2024-02-02.zip" in result.output
    )


async def test_verify_hours_must_be_what_their_quarters_add_up_to(tmp_path: Path) -> None:
    home = tmp_path / "home"
    store = Storage(home / "futtui.db")
    quarters, hours = [], []
    for hour in range(8):
        bars = [
            Candle(hour * HOUR_MS + part * M15.ms, 10.0 + part, 14.0 + hour, 9.0 - part, 11.0 + part, 0.1 + part, 3.3)
            for part in range(4)
        ]
        quarters += bars
        hours.append(Candle(hour * HOUR_MS, 10.0, 14.0 + hour, 6.0, 14.0, 6.4, 13.2, None, 2.0))
    store.submit_candles("BTCUSDT", M15, quarters[:-1])
    store.submit_candles("BTCUSDT", H1, hours)
    assert store.writer.flush()
    fine = await futtui(home, "verify")
    assert "7 bars rebuilt from finer ones" in fine.output
    assert fine.exit_code == 0, fine.output
    store.submit_candles("BTCUSDT", H1, [Candle(3 * HOUR_MS, 10.0, 17.0, 6.0, 14.0, 6.5)])
    store.close_now()
    result = await futtui(home, "verify")
    assert result.exit_code == 1
    assert "1 of 7 1h bars are not what their 15m bars add up to, the first at 1970-01-01 03:00 UTC" in result.output


@pytest.mark.parametrize("form", ["csv", "gz", "zip"])
async def test_export_and_import_give_the_same_candles_and_the_same_text(
    server: ArchiveServer, tmp_path: Path, form: str
) -> None:
    publish(server, JANUARY, FEBRUARY_1, FEBRUARY_2)
    await download(server, tmp_path / "a")
    store = Storage(tmp_path / "a" / "futtui.db")
    store.submit_candles("BTCUSDT", M15, [Candle(FEBRUARY_2.end_ms, 0.1 + 0.2, 2.0, 1e-7, 1.5, 1e16, 1 / 3)])
    store.close_now()
    written = await futtui(tmp_path / "a", "export", str(tmp_path / "out"), "--form", form)
    assert written.exit_code == 0
    assert "3,169 candles" in written.output
    read = await futtui(tmp_path / "b", "import", str(tmp_path / "out"))
    assert "1 file taken in (3,169 candles)" in read.output
    first, second = stored(tmp_path / "a"), stored(tmp_path / "b")
    assert np.array_equal(first.open_time_ms, second.open_time_ms)
    assert np.array_equal(first.figures, second.figures, equal_nan=True)
    assert np.isnan(second.column("taker_buy_volume")[-1])
    await futtui(tmp_path / "a", "export", str(tmp_path / "text a"))
    await futtui(tmp_path / "b", "export", str(tmp_path / "text b"))
    name = "BTCUSDT-15m.csv"
    assert (tmp_path / "text a" / name).read_bytes() == (tmp_path / "text b" / name).read_bytes()


async def test_import_folder_takes_good_files_whole_and_bad_ones_not_at_all(tmp_path: Path) -> None:
    folder = tmp_path / "files" / "deeper"
    folder.mkdir(parents=True)
    days = [bar_line(FEBRUARY_1.start_ms + index * M15.ms, M15) for index in range(96)]
    (folder / "BTCUSDT-15m-2024-02-01.csv").write_text("\n".join(days), encoding="utf-8")
    (folder / "ETHUSDT.csv").write_text("\n".join([*days[:50], days[50].replace(",", ",-", 1)]), encoding="utf-8")
    (folder / "notes.txt").write_text("nothing", encoding="utf-8")
    result = await futtui(tmp_path, "import", str(tmp_path / "files"))
    assert result.exit_code == 1
    assert "1 file taken in (96 candles)" in result.output
    assert "Line 51 of file" in result.output
    assert len(stored(tmp_path)) == 96
    assert len(stored(tmp_path, "ETHUSDT")) == 0
    again = await futtui(tmp_path, "import", str(tmp_path / "files"), "--symbols", "BTCUSDT")
    assert again.exit_code == 0
    assert "1 were there already" in again.output


async def test_import_bar_that_is_still_open_is_left_out(tmp_path: Path) -> None:
    now_ms = int(datetime.now(UTC).timestamp() * 1000)
    forming_ms = H1.open_ms(now_ms) + DAY_MS
    bars = [bar_line(forming_ms - index * H1.ms, H1) for index in range(1, 49)]
    path = tmp_path / "BTCUSDT.csv"
    path.write_text("\n".join(bars), encoding="utf-8")
    result = await futtui(tmp_path, "import", str(path))
    assert "not closed yet" in result.output
    assert stored(tmp_path, timeframe=H1).open_time_ms[-1] + H1.ms <= now_ms + HOUR_MS
    assert 24 <= len(stored(tmp_path, timeframe=H1)) <= 25
    assert (await futtui(tmp_path, "gaps")).output == "BTCUSDT 1h: no gaps\n"


async def test_import_real_history_is_exactly_what_the_files_say(tmp_path: Path) -> None:
    source = shared_path("market-data/futures/klines/15m/ALGOUSDT.csv.gz")
    assert (await futtui(tmp_path, "import", str(source))).exit_code == 0
    expected, candles = read_candles(source, M15), stored(tmp_path, "ALGOUSDT")
    assert np.array_equal(candles.open_time_ms, expected.open_time_ms)
    assert np.array_equal(candles.figures, expected.figures, equal_nan=True)
    gaps = await futtui(tmp_path, "gaps")
    assert len(gaps.output.splitlines()) == 3


async def test_import_file_with_a_wrong_checksum_beside_it_is_refused(
    server: ArchiveServer, tmp_path: Path
) -> None:  # fmt: skip
    publish(server, FEBRUARY_1)
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / FEBRUARY_1.name).write_bytes(server.files[FEBRUARY_1.path])
    note = folder / f"{FEBRUARY_1.name}.CHECKSUM"
    note.write_text(f"{'0' * 64}  {FEBRUARY_1.name}\n", encoding="utf-8")
    result = await futtui(tmp_path, "import", str(folder))
    assert result.exit_code == 1
    assert "does not fit the checksum beside it" in result.output
    note.write_bytes(server.files[f"{FEBRUARY_1.path}.CHECKSUM"])
    assert (await futtui(tmp_path, "import", str(folder))).exit_code == 0
    assert "1 were there already" in (await futtui(tmp_path, "import", str(folder))).output
    assert len(stored(tmp_path)) == 96


STOPPED_RUN = """
    import _thread, asyncio, sys, threading
    from futtui.cli import app as command_line
    from futtui.exchange.binance.archive.addresses import file_of
    from futtui.domain.timeframe import Timeframe
    from tests.exchange.binance.archive.archive_server import ArchiveServer

    server, ready, stop_at = ArchiveServer(), threading.Event(), int(sys.argv[2])
    for day in range(1, 32):
        server.publish_bars(file_of("BTCUSDT", Timeframe.M15, f"2024-03-{day:02}"))

    def count(path):
        if len(server.asked) == stop_at:
            _thread.interrupt_main()

    async def serve():
        async with server:
            ready.set()
            await asyncio.sleep(3600)

    server.before_answer = count
    threading.Thread(target=lambda: asyncio.run(serve()), daemon=True).start()
    ready.wait()
    sys.argv = ["futtui", "history", "download", "--symbols", "BTCUSDT", "--from", "2024-03-01", "--to", "2024-03-30",
                "--base-url", server.url, "--home", sys.argv[1]]
    try:
        command_line.run()
    finally:
        print(len([path for path in server.asked if path.endswith(".zip")]))
"""


def test_download_ctrl_c_leaves_a_usable_database_and_the_next_run_goes_on(tmp_path: Path) -> None:
    def run(stop_at: int) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", textwrap.dedent(STOPPED_RUN), str(tmp_path), str(stop_at)]
        root = Path(__file__).resolve().parents[1]
        return subprocess.run(command, cwd=root, capture_output=True, encoding="utf-8", timeout=60, check=False)

    stopped = run(25)
    assert stopped.returncode == 130, stopped.stderr
    assert "Stopped. The same command goes on from here." in stopped.stderr
    assert "Traceback" not in stopped.stderr
    assert list((tmp_path / "archive").rglob("*.part")) == []
    with sqlite3.connect(tmp_path / "futtui.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    kept = len(stored(tmp_path)) // 96
    assert 0 < kept < 30
    assert len(stored(tmp_path)) == kept * 96
    finished = run(-1)
    assert finished.returncode == 0, finished.stderr
    assert int(finished.stdout.splitlines()[-1]) <= 30 - kept
    assert np.array_equal(stored(tmp_path).open_time_ms, 1_709_251_200_000 + np.arange(30 * 96) * M15.ms)
    assert len(stored(tmp_path)) * M15.ms == 30 * DAY_MS


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["download", "--symbols", "../BTC"], "is not a symbol"),
        (["download", "--symbols", ","], "Give at least one symbol"),
        (["download", "--symbols", "BTCUSDT", "--interval", "7m"], "Unknown timeframe '7m'"),
        (["download", "--symbols", "BTCUSDT", "--from", "2024-02-02", "--to", "2024-02-01"], "Check --from and --to"),
        (["download", "--symbols", "BTCUSDT", "--from", "2999-02-02"], "Choose an earlier --from"),
        (["download", "--symbols", "BTCUSDT", "--base-url", "nowhere"], "is not an address of an archive"),
        (["import", "nowhere"], "There is no file or folder nowhere"),
        (["gaps"], "No such candles are stored"),
        (["export", "out", "--form", "pdf"], "use csv, gz, zip"),
    ],
)
def test_history_wrong_request_is_one_plain_sentence(tmp_path: Path, arguments: list[str], words: str) -> None:
    command = [sys.executable, "-m", "futtui", "history", *arguments, "--home", str(tmp_path / "home")]
    answer = subprocess.run(
        command, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=60, check=False
    )  # fmt: skip
    assert answer.returncode == 2
    assert words in answer.stderr
    assert answer.stderr.startswith("futtui: ")
    assert len(answer.stderr.splitlines()) == 1


def test_files_that_one_dead_connection_kept_away_are_named_once_with_one_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    failures = [Failure(f"BTCUSDT-15m-2026-{month:02}.zip", "no way there") for month in range(1, 10)]
    with pytest.raises(Exit):
        _end_with_failures([*failures, Failure("ODD.zip", "another reason")], "no way there")
    told = capsys.readouterr().out
    assert told.count("no way there") == 1
    assert "ODD.zip: another reason" in told
    assert "BTCUSDT-15m-2026-01.zip" in told
