"""The archive: right addresses, files only with their checksum, and text that means the same both ways."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.domain.errors import InvalidInputError
from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.exchange.archive_csv import KLINE_HEADER, RowsOfFile
from futtui.exchange.binance.archive.addresses import checked_symbol, file_of, files_for
from futtui.exchange.binance.archive.checksum import parse_checksum
from futtui.exchange.binance.archive.client import TRIES, ArchiveClient
from futtui.exchange.binance.archive.download import ArchiveFolder, Got, replace_file, verified_hash
from futtui.exchange.binance.archive.errors import ArchiveError, ArchiveUnreachableError
from futtui.exchange.binance.archive.reading import read_candles
from futtui.exchange.binance.archive.writing import write_klines
from tests.exchange.binance.archive.archive_server import ArchiveServer, bar_line
from tests.shared_data import shared_path

M15 = Timeframe.M15
FILE = file_of("BTCUSDT", M15, "2024-01-31")


def moment(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


async def no_sleep(_seconds: float) -> None:
    await asyncio.sleep(0)


def client(server: ArchiveServer) -> ArchiveClient:
    return ArchiveClient(server.url, sleep=no_sleep)


@pytest.fixture
async def server():
    async with ArchiveServer() as running:
        yield running


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


async def get(server: ArchiveServer, folder: Path, ask_again: bool = False):
    async with client(server) as archive:
        return await ArchiveFolder(folder).get(archive, FILE, lambda count: None, ask_again=ask_again)


def test_files_for_takes_past_months_whole_and_other_days_singly() -> None:
    now_ms = moment("2024-04-03T05:00")
    files = files_for("BTCUSDT", M15, moment("2024-01-30"), moment("2024-12-31"), now_ms)
    assert [file.name for file in files] == [
        "BTCUSDT-15m-2024-01-30.zip",
        "BTCUSDT-15m-2024-01-31.zip",
        "BTCUSDT-15m-2024-02.zip",
        "BTCUSDT-15m-2024-03.zip",
        "BTCUSDT-15m-2024-04-01.zip",
        "BTCUSDT-15m-2024-04-02.zip",
    ]
    assert files[2].path == "futures/um/monthly/klines/BTCUSDT/15m/BTCUSDT-15m-2024-02.zip"
    assert files[0].path == "futures/um/daily/klines/BTCUSDT/15m/BTCUSDT-15m-2024-01-30.zip"


@given(st.integers(0, 3000), st.integers(0, 800), st.integers(0, 4000))
def test_files_for_covers_every_past_day_exactly_once(first: int, count: int, today: int) -> None:
    start_ms = moment("2019-01-01") + first * DAY_MS
    end_ms, now_ms = start_ms + count * DAY_MS, moment("2019-01-01") + today * DAY_MS + 1
    files = files_for("BTCUSDT", M15, start_ms, end_ms, now_ms)
    days = [day.start_ms for file in files for day in (file.by_day() if file.monthly else [file])]
    assert days == list(range(start_ms, min(end_ms, now_ms - 1), DAY_MS))
    assert all(file_of("BTCUSDT", M15, file.name[12:-4]) == file for file in files)


@pytest.mark.parametrize(
    "text", ["../BTCUSDT", "BTC/USDT", "", "BTC", "CON", "BTCUSDT.", "BTC USDT", "..", "BTC\\USDT"]
)
def test_checked_symbol_refuses_what_cannot_be_one(text: str) -> None:
    with pytest.raises(InvalidInputError):
        checked_symbol(text)


@pytest.mark.parametrize("text", ["btcusdt", "1000PEPEUSDT", "BTCUSDT_240329", "币安人生USDT"])
def test_checked_symbol_takes_what_the_exchange_lists(text: str) -> None:
    assert checked_symbol(text) == text.upper()


@pytest.mark.parametrize(
    "text", ["<html>log in</html>", "", "abc  BTCUSDT-15m-2024-01-31.zip", f"{'a' * 64}  other.zip"]
)
def test_parse_checksum_something_else_is_refused(text: str) -> None:
    with pytest.raises(ArchiveError):
        parse_checksum(text, FILE.name)


async def test_get_keeps_the_file_and_asks_only_once(server: ArchiveServer, tmp_path: Path) -> None:
    packed = server.publish(FILE, bar_line(FILE.start_ms, M15))
    first = await get(server, tmp_path)
    assert first.got is Got.FETCHED
    assert first.path == tmp_path / FILE.path
    assert first.path.read_bytes() == packed
    assert verified_hash(first.path) == first.sha256
    assert (await get(server, tmp_path)).got is Got.THERE
    assert len(server.asked) == 2


async def test_get_wrong_checksum_leaves_nothing_behind(server: ArchiveServer, tmp_path: Path) -> None:
    server.publish(FILE, bar_line(FILE.start_ms, M15))
    server.files[f"{FILE.path}.CHECKSUM"] = f"{'0' * 64}  {FILE.name}\n".encode()
    with pytest.raises(ArchiveError, match="does not fit"):
        await get(server, tmp_path)
    assert server.asked_for(FILE.path) == 2
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("failures", [[503, 500], ["cut", "cut"], [429, "cut", 502]])
async def test_get_passing_failures_are_overcome(server: ArchiveServer, tmp_path: Path, failures: list) -> None:
    packed = server.publish(FILE, bar_line(FILE.start_ms, M15))
    server.fail(FILE.path, *failures)
    server.fail(f"{FILE.path}.CHECKSUM", *failures)
    assert (await get(server, tmp_path)).path.read_bytes() == packed
    assert server.asked_for(FILE.path) == len(failures) + 1
    assert names_in(tmp_path) == [FILE.name, f"{FILE.name}.CHECKSUM"]


@pytest.mark.parametrize("failure", [503, "cut"])
async def test_get_lasting_failure_is_told_after_a_few_tries(
    server: ArchiveServer, tmp_path: Path, failure: int | str
) -> None:
    server.publish(FILE, bar_line(FILE.start_ms, M15))
    server.fail(FILE.path, *[failure] * 50)
    with pytest.raises(ArchiveUnreachableError, match="run the same command again"):
        await get(server, tmp_path)
    assert server.asked_for(FILE.path) == TRIES
    assert names_in(tmp_path) == []


async def test_get_no_server_is_told(server: ArchiveServer, tmp_path: Path) -> None:
    async with ArchiveClient("http://127.0.0.1:1/data", sleep=no_sleep) as archive:
        with pytest.raises(ArchiveUnreachableError):
            await ArchiveFolder(tmp_path).get(archive, FILE, lambda count: None)


async def test_get_missing_file_is_absent_and_no_error(server: ArchiveServer, tmp_path: Path) -> None:
    assert (await get(server, tmp_path)).got is Got.ABSENT


async def test_get_half_a_file_of_a_killed_run_never_counts(server: ArchiveServer, tmp_path: Path) -> None:
    packed = server.publish(FILE, bar_line(FILE.start_ms, M15))
    place = tmp_path / FILE.path
    place.parent.mkdir(parents=True)
    place.write_bytes(packed[:30])
    place.with_name(f"{FILE.name}.x.part").write_bytes(packed[:50])
    assert (await get(server, tmp_path)).got is Got.FETCHED
    assert place.read_bytes() == packed


async def test_get_file_replaced_later_is_seen_when_asked_again(server: ArchiveServer, tmp_path: Path) -> None:
    server.publish(FILE, bar_line(FILE.start_ms, M15))
    old = await get(server, tmp_path)
    packed = server.publish(FILE, bar_line(FILE.start_ms, M15, 200.0))
    assert (await get(server, tmp_path)).got is Got.THERE
    new = await get(server, tmp_path, ask_again=True)
    assert new.got is Got.FETCHED
    assert new.sha256 != old.sha256
    assert new.path.read_bytes() == packed
    assert (await get(server, tmp_path, ask_again=True)).got is Got.THERE


async def test_get_cancelled_in_the_middle_leaves_no_part(server: ArchiveServer, tmp_path: Path) -> None:
    server.publish(FILE, bar_line(FILE.start_ms, M15))
    arrived = asyncio.Event()
    async with client(server) as archive:
        task = asyncio.create_task(ArchiveFolder(tmp_path).get(archive, FILE, lambda count: arrived.set()))
        server.fail(FILE.path, *["cut"] * 50)
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert names_in(tmp_path) == []


def test_place_outside_the_folder_is_refused(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "archive", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    try:
        (folder / "futures").symlink_to(elsewhere, target_is_directory=True)
    except OSError:
        pytest.skip("symbolic links are not allowed here")
    with pytest.raises(ArchiveError, match="outside"):
        ArchiveFolder(folder).place(FILE)


def test_read_candles_recorded_row_has_its_figures(tmp_path: Path) -> None:
    recorded = json.loads(shared_path("fixtures/binance/live_2026_09/vision_csv_rows.json").read_text(encoding="utf-8"))
    path = tmp_path / "BTCUSDT-1m-2026-07-15.csv"
    body = recorded["klines_row_BTCUSDT_1m_2026-07-15"]
    path.write_text(f"{recorded['klines_header_since_2023']}\n{body}\n", encoding="utf-8")
    candles = read_candles(path, Timeframe.M1)
    assert candles.open_time_ms.tolist() == [1784073600000]
    assert candles.figures[:, 0].tolist() == [
        65014.6, 65031.8, 64996.8, 65011.5, 327.207, 21273110.5073, 5998.0, 222.863, 14489221.327,
    ]  # fmt: skip
    path.write_text(body, encoding="utf-8")
    assert read_candles(path, None).timeframe is Timeframe.M1


def lines(count: int, **changed: str) -> list[str]:
    result = [bar_line(FILE.start_ms + index * M15.ms, M15) for index in range(count)]
    for name, text in changed.items():
        result[int(name[4:])] = text
    return result


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("{time},100,90,95,97,1,,,,,,0", "the bar is impossible"),
        ("{time},100,101,,97,1,,,,,,0", "low is empty"),
        ("{time},100,101,95,97,-1,,,,,,0", "the bar is impossible"),
        ("{time},100,101,95,97,1,,,,-5,,0", "below zero"),
        ("{time},100,101,95", "it has 4 cells"),
        ("{time},100,abc,95,97,1,,,,,,0", "is not a number"),
        ("{odd},100,101,95,97,1,,,,,,0", "is not the start of a 15m bar"),
        ("{before},100,101,95,97,1,,,,,,0", "a different bar for the same time"),
        ("{far},100,101,95,97,1,,,,,,0", "outside the days"),
    ],
)
def test_read_candles_wrong_line_is_named(tmp_path: Path, wrong: str, words: str) -> None:
    path = tmp_path / FILE.name.replace(".zip", ".csv")
    time = FILE.start_ms + 5 * M15.ms
    text = wrong.format(time=time, odd=time + 1, before=time - M15.ms, far=time + DAY_MS)
    path.write_text("\n".join([KLINE_HEADER, *lines(9, line5=text)]), encoding="utf-8")
    with pytest.raises(InvalidInputError, match=words) as caught:
        read_candles(path, M15, (FILE.start_ms, FILE.end_ms))
    assert "Line 7 of file" in str(caught.value)


def test_read_candles_unordered_and_equal_lines_are_put_right(tmp_path: Path) -> None:
    path = tmp_path / "BTCUSDT.csv"
    there = lines(6)
    path.write_text("\n".join([*there[3:], there[2], *there[:4]]), encoding="utf-8")
    candles = read_candles(path, None)
    assert candles.open_time_ms.tolist() == [FILE.start_ms + index * M15.ms for index in range(6)]


@pytest.mark.parametrize(("first", "after"), [(0, 4), (3, 9), (20, 31), (28, 40), (-9, -3), (33, 39)])
def test_read_candles_of_a_period_are_those_of_the_whole_file(tmp_path: Path, first: int, after: int) -> None:
    path = tmp_path / "BTCUSDT.csv"
    there = [*lines(40)[:12], *lines(40)[16:30]]
    path.write_text("\n".join([KLINE_HEADER, *there]), encoding="utf-8")
    start_ms, end_ms = FILE.start_ms + first * M15.ms, FILE.start_ms + after * M15.ms
    whole, part = read_candles(path, None), read_candles(path, None, wanted=(start_ms, end_ms))
    assert part.timeframe is M15
    assert len(part.open_time_ms) < len(whole.open_time_ms)
    inside = (whole.open_time_ms >= start_ms) & (whole.open_time_ms < end_ms)
    found = (part.open_time_ms >= start_ms) & (part.open_time_ms < end_ms)
    assert part.open_time_ms[found].tolist() == whole.open_time_ms[inside].tolist()
    assert np.array_equal(part.figures[:, found], whole.figures[:, inside], equal_nan=True)


@pytest.mark.parametrize(
    "wrong",
    [
        "{time},100,101,95",
        "{time},100,abc,95,97,1,,,,,,0",
        "{odd},100,101,95,97,1,,,,,,0",
        "x",
        "{before},1,1,1,1,1,,,,,,0",
    ],
)
def test_read_candles_of_a_period_name_a_wrong_line_outside_it(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "BTCUSDT.csv"
    time = FILE.start_ms + 5 * M15.ms
    text = wrong.format(time=time, odd=time + 1, before=time - M15.ms)
    path.write_text("\n".join([KLINE_HEADER, *lines(30, line5=text)]), encoding="utf-8")
    with pytest.raises(InvalidInputError, match="Line 7 of file") as whole:
        read_candles(path, None)
    with pytest.raises(InvalidInputError) as part:
        read_candles(path, None, wanted=(FILE.start_ms + 20 * M15.ms, FILE.start_ms + 25 * M15.ms))
    assert str(part.value) == str(whole.value)


def test_read_candles_of_a_period_are_found_in_lines_out_of_order(tmp_path: Path) -> None:
    path = tmp_path / "BTCUSDT.csv"
    path.write_text("\n".join([*lines(20)[10:], *lines(20)[:10]]), encoding="utf-8")
    part = read_candles(path, None, wanted=(FILE.start_ms, FILE.start_ms + 12 * M15.ms))
    assert part.open_time_ms.tolist()[:12] == [FILE.start_ms + index * M15.ms for index in range(12)]


written = st.one_of(
    st.floats(0, 1e15).map(repr),
    st.integers(0, 10**22).map(str),
    st.decimals(0, 10**9, places=12).map(lambda number: f"{number:f}"),
    st.sampled_from(["", "0", "007", "+1.5", ".5", "5.", " 7", "1e-7", "-0", "-0.0", "nan"]),
)


@given(rows=st.lists(st.tuples(written, written, written), min_size=1, max_size=9))
def test_cells_in_any_way_of_writing_are_the_numbers_that_python_reads(rows: list[tuple[str, ...]]) -> None:
    text = "\n".join(",".join(["1704067200000", *row]) for row in rows)
    found = RowsOfFile(Path("BTCUSDT.csv"), text.encode(), 4).parse()[:, 1:]
    wanted = np.array([[float(cell or "nan") for cell in row] for row in rows])
    assert np.array_equal(found, wanted, equal_nan=True)
    assert np.array_equal(np.signbit(found[found == 0]), np.signbit(wanted[wanted == 0]))


def test_read_candles_wrong_interval_in_the_name_is_told(tmp_path: Path) -> None:
    path = tmp_path / "BTCUSDT-1h.csv"
    path.write_text("\n".join(lines(9)), encoding="utf-8")
    with pytest.raises(InvalidInputError, match="should hold 1h bars"):
        read_candles(path, Timeframe.H1)


def test_read_candles_two_bars_around_a_hole_keep_their_interval(tmp_path: Path) -> None:
    path = tmp_path / "BTCUSDT-15m.csv"
    path.write_text("\n".join([lines(3)[0], lines(3)[2]]), encoding="utf-8")
    assert len(read_candles(path, M15).open_time_ms) == 2
    assert read_candles(path, None).timeframe is M15


def test_replace_file_waits_for_a_scanner_that_holds_the_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    source, target = tmp_path / "new", tmp_path / "old"
    source.write_text("new", encoding="utf-8")
    target.write_text("old", encoding="utf-8")
    held, real = [1, 2, 3], Path.replace

    def replace_when_free(path: Path, other: Path) -> Path:
        if held:
            held.pop()
            raise PermissionError("held by another program")
        return real(path, other)

    monkeypatch.setattr(Path, "replace", replace_when_free)
    replace_file(source, target)
    assert target.read_text(encoding="utf-8") == "new"
    assert not source.exists()


def test_read_candles_published_day_without_trades_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "BTCUSDT-15m-2024-01-31.csv"
    path.write_text(KLINE_HEADER + "\n", encoding="utf-8")
    assert len(read_candles(path, M15).open_time_ms) == 0


prices = st.floats(1e-9, 1e9)
unknown_or = st.one_of(st.just(float("nan")), st.floats(0, 1e15))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_write_klines_reading_gives_every_figure_back(tmp_path_factory: pytest.TempPathFactory, data) -> None:
    count = data.draw(st.integers(1, 12))
    timeframe = data.draw(st.sampled_from(list(Timeframe)))
    prices_of_bars = [sorted(data.draw(st.lists(prices, min_size=4, max_size=4))) for _ in range(count)]
    shaped = [[low_mid, high, low, high_mid] for low, low_mid, high_mid, high in prices_of_bars]
    others = [[data.draw(st.floats(0, 1e12)), *(data.draw(unknown_or) for _ in range(4))] for _ in range(count)]
    figures = np.array([first + rest for first, rest in zip(shaped, others, strict=True)]).T
    times = FILE.start_ms // timeframe.ms * timeframe.ms + np.arange(count, dtype=np.int64) * timeframe.ms
    suffix = data.draw(st.sampled_from([".csv", ".csv.gz", ".zip"]))
    path = tmp_path_factory.mktemp("written") / f"BTCUSDT-{timeframe.code}{suffix}"
    write_klines(path, times, figures, timeframe.ms)
    back = read_candles(path, None)
    assert back.timeframe is timeframe
    assert np.array_equal(back.open_time_ms, times)
    assert np.array_equal(back.figures, figures, equal_nan=True)


def test_write_klines_real_history_is_the_same_text_again(tmp_path: Path) -> None:
    import gzip

    source = shared_path("market-data/futures/klines/15m/ALGOUSDT.csv.gz")
    candles = read_candles(source, M15)
    write_klines(tmp_path / "ALGOUSDT-15m.csv", candles.open_time_ms, candles.figures, M15.ms)
    assert (tmp_path / "ALGOUSDT-15m.csv").read_bytes() == gzip.decompress(source.read_bytes())
