"""History replay: files in every form, holes and unknown cells kept, and errors a person can act on."""

from __future__ import annotations

import gzip
import io
import zipfile
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from futtui.domain.errors import InvalidInputError
from futtui.domain.timeframe import DAY_MS, HOUR_MS, MINUTE_MS, Timeframe
from futtui.exchange.simulator.core.exchange import ExchangeCore
from futtui.exchange.simulator.market.history import HistoryMarket
from tests.exchange.simulator.market.agreement import assert_market_agrees
from tests.shared_data import shared_path

HEADER = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore"
)
START = int(datetime(2024, 3, 1, tzinfo=UTC).timestamp() * 1000)
M15 = 900_000
KLINES = "market-data/futures/klines/15m"
MAJORS = ["BTCUSDT", "ETHUSDT", "BNBUSDT", "DOGEUSDT", "ADAUSDT"]


def moment(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def row(open_ms: int, figures: str = "100.1,102.35,99.05,101.5,12.345", rest: str = ",,,,0", length: int = M15) -> str:
    return f"{open_ms},{figures},{open_ms + length - 1},{rest}"


def rows(count: int, first: int = START, length: int = M15, without: tuple[int, ...] = ()) -> list[str]:
    return [row(first + index * length, length=length) for index in range(count) if index not in without]


def text(lines: list[str], header: bool = True) -> bytes:
    return ("\n".join([HEADER, *lines] if header else lines) + "\n").encode()


def zipped(content: bytes, name: str = "X.csv") -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return memory.getvalue()


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("form", ["csv", "csv.gz", "zip", "crlf"])
def test_history_every_file_form_gives_the_same_candles(tmp_path: Path, form: str, header: bool) -> None:
    content = text(rows(8), header)
    data, name = {
        "csv": (content, "ABCUSDT.csv"),
        "csv.gz": (gzip.compress(content), "ABCUSDT.csv.gz"),
        "zip": (zipped(content), "ABCUSDT-15m-2024-03.zip"),
        "crlf": (content.replace(b"\n", b"\r\n"), "ABCUSDT.csv"),
    }[form]
    (tmp_path / name).write_bytes(data)
    market = HistoryMarket(tmp_path, ["ABCUSDT"], START, START + 8 * M15)
    candles = market.candles("ABCUSDT", Timeframe.M15, START, START + 8 * M15, 0)
    assert [candle.open_time_ms for candle in candles] == [START + index * M15 for index in range(8)]
    first = candles[0]
    assert (first.open, first.high, first.low, first.close, first.volume) == (100.1, 102.35, 99.05, 101.5, 12.345)
    assert (first.quote_volume, first.trade_count, first.taker_buy_volume) == (None, None, None)
    assert first.taker_buy_quote_volume is None
    rules = market.specs[0].rules
    assert (rules.tick_size, rules.step_size, rules.base_asset) == (Decimal("0.01"), Decimal("0.001"), "ABC")


def test_history_monthly_files_are_joined_in_time_order_without_doubles(tmp_path: Path) -> None:
    april = START + 31 * DAY_MS
    (tmp_path / "ABCUSDT-15m-2024-04.zip").write_bytes(zipped(text(rows(4, april))))
    march = [*rows(4, april - 4 * M15), row(april, "1,1,1,1,1")]
    (tmp_path / "ABCUSDT-15m-2024-03.zip").write_bytes(zipped(text(march, header=False)))
    (tmp_path / "notes.txt").write_text("not data", encoding="utf-8")
    market = HistoryMarket(tmp_path, None, april - 4 * M15, april + 4 * M15)
    candles = market.candles("ABCUSDT", Timeframe.M15, 0, april + 4 * M15, 0)
    assert [candle.open_time_ms for candle in candles] == [april + index * M15 for index in range(-4, 4)]
    assert candles[4].open == 1.0, "of doubles the first in time order of the files is kept"


def test_history_hole_has_no_ticks_and_higher_bars_are_made_of_what_exists(tmp_path: Path) -> None:
    (tmp_path / "ABCUSDT.csv").write_bytes(text(rows(12, without=(2, 4, 5, 6, 7))))
    market = HistoryMarket(tmp_path, None, START, START + 12 * M15)
    times = {tick.time_ms for tick in market.ticks(START, START + 12 * M15)}
    assert not any(START + 2 * M15 < time_ms <= START + 3 * M15 for time_ms in times)
    assert not any(START + 4 * M15 < time_ms <= START + 8 * M15 for time_ms in times)
    hours = market.candles("ABCUSDT", Timeframe.H1, START, START + 12 * M15, 0)
    assert [hour.open_time_ms - START for hour in hours] == [0, 2 * HOUR_MS]
    assert hours[0].volume == pytest.approx(3 * 12.345)
    for timeframe in (Timeframe.M1, Timeframe.M5, Timeframe.M15, Timeframe.H1):
        assert assert_market_agrees(market, timeframe, START, START + 12 * M15) > 0


def test_history_unknown_taker_volume_in_one_part_makes_the_sum_unknown(tmp_path: Path) -> None:
    lines = [row(START + index * M15, rest="1234.5,77,6.1,610.2,0") for index in range(8)]
    lines[1] = row(START + M15)
    (tmp_path / "ABCUSDT.csv").write_bytes(text(lines))
    market = HistoryMarket(tmp_path, None, START, START + 8 * M15)
    first, second = market.candles("ABCUSDT", Timeframe.H1, START, START + 8 * M15, 0)
    assert (first.taker_buy_volume, first.quote_volume, first.trade_count) == (None, None, None)
    assert second.taker_buy_volume == pytest.approx(4 * 6.1)
    assert (second.quote_volume, second.trade_count) == (4 * 1234.5, 4 * 77)
    minutes = market.candles("ABCUSDT", Timeframe.M1, START, START + 3 * M15, 0)
    assert all(minute.taker_buy_volume is None and minute.trade_count is None for minute in minutes[15:30])
    assert sum(minute.quote_volume or 0.0 for minute in minutes[:15]) == pytest.approx(1234.5)
    assert sum(minute.trade_count or 0 for minute in minutes[30:]) == 77
    assert {tick.taker_buy_volume for tick in market.ticks(START + M15, START + 2 * M15)} == {None}


@pytest.mark.parametrize(
    "length", [MINUTE_MS, 3 * MINUTE_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, HOUR_MS, 4 * HOUR_MS, DAY_MS]
)
def test_history_any_base_timeframe_is_detected_and_walked(tmp_path: Path, length: int) -> None:
    count = 2 * DAY_MS // length
    (tmp_path / "ABCUSDT.csv").write_bytes(text(rows(count, length=length)))
    market = HistoryMarket(tmp_path, None, START, START + 2 * DAY_MS)
    span = HOUR_MS * 8
    for timeframe in (Timeframe.M1, Timeframe.M5, Timeframe.M15, Timeframe.H4):
        assert assert_market_agrees(market, timeframe, START, START + span) == span // timeframe.ms


def test_history_symbols_of_different_base_timeframes_share_one_market(tmp_path: Path) -> None:
    (tmp_path / "AAAUSDT.csv").write_bytes(text(rows(96)))
    (tmp_path / "BBBUSDT.csv").write_bytes(text(rows(1440, length=MINUTE_MS)))
    market = HistoryMarket(tmp_path, None, START, START + DAY_MS)
    ticks = market.ticks(START, START + HOUR_MS)
    assert [(tick.time_ms, tick.symbol) for tick in ticks] == sorted((tick.time_ms, tick.symbol) for tick in ticks)
    assert len(ticks) == 2 * 720
    assert assert_market_agrees(market, Timeframe.M15, START, START + HOUR_MS) == 8


def test_history_microsecond_times_are_understood(tmp_path: Path) -> None:
    lines = [row((START + index * M15) * 1000, length=M15 * 1000) for index in range(4)]
    (tmp_path / "ABCUSDT.csv").write_bytes(text(lines))
    market = HistoryMarket(tmp_path, None, START, None)
    assert market.end_ms == START + 4 * M15
    assert len(market.candles("ABCUSDT", Timeframe.M15, START, START + DAY_MS, 0)) == 4


def test_history_warmup_is_cut_and_start_is_chosen_when_not_given(tmp_path: Path) -> None:
    (tmp_path / "ABCUSDT.csv").write_bytes(text(rows(20 * 96)))
    late = START + 15 * DAY_MS
    market = HistoryMarket(tmp_path, None, late, START + 16 * DAY_MS, warmup_days=2)
    candles = market.candles("ABCUSDT", Timeframe.H1, 0, late, 0)
    assert candles[0].open_time_ms == late - 2 * DAY_MS
    assert market.ticks(START + 16 * DAY_MS, START + 17 * DAY_MS) == []
    free = HistoryMarket(tmp_path, None, None, None, warmup_days=5)
    assert (free.start_ms, free.end_ms) == (START + 5 * DAY_MS, START + 20 * DAY_MS)
    assert HistoryMarket(tmp_path, None, None, None).start_ms == START + 10 * DAY_MS


def test_history_flat_bar_without_volume_walks(tmp_path: Path) -> None:
    lines = [row(START, "10,10,10,10,0"), row(START + M15, "10,10,10,10,0")]
    (tmp_path / "ABCUSDT.csv").write_bytes(text(lines))
    market = HistoryMarket(tmp_path, None, START, None)
    assert {(tick.price, tick.volume) for tick in market.ticks(START, START + 2 * M15)} == {(10.0, 0.0)}


def refused(path: Path, symbols: list[str] | None, from_ms: int | None = None, to_ms: int | None = None) -> str:
    with pytest.raises(InvalidInputError) as caught:
        HistoryMarket(path, symbols, from_ms, to_ms)
    return str(caught.value)


def test_history_missing_symbol_error_names_folder_and_what_exists(tmp_path: Path) -> None:
    for name in ("AAAUSDT", "BBBUSDT"):
        (tmp_path / f"{name}.csv").write_bytes(text(rows(4)))
    message = refused(tmp_path, ["AAAUSDT", "CCCUSDT"])
    assert message.startswith(f"No file for symbol CCCUSDT in folder {tmp_path}. These exist: AAAUSDT, BBBUSDT.")


def test_history_missing_or_empty_folder_error_says_what_is_expected(tmp_path: Path) -> None:
    assert "There is no file or folder" in refused(tmp_path / "nowhere", None)
    assert "BTCUSDT-15m-2024-03.zip" in refused(tmp_path, None)
    (tmp_path / "ABCUSDT.csv").write_bytes((HEADER + "\n").encode())
    assert "holds no rows" in refused(tmp_path, None)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1709253000000,1,2,0.5,abc,3,1709253899999,,,,,0", "'abc' is not a number"),
        ("1709253000000,1,2,0.5", "it has 4 cells, expected 12"),
        ("1709253000000,1,2,0.5,1.5,3,1709253899999,,,,,0,9", "it has 13 cells, expected 12"),
        ("1709253000000,1,1.2,0.5,1.5,3,1709253899999,,,,,0", "the bar is impossible"),
        ("1709253000000,1,2,0,1.5,3,1709253899999,,,,,0", "the bar is impossible"),
        ("1709253000000,1,2,0.5,,3,1709253899999,,,,,0", "close is empty"),
        ("1709253000000,1,2,0.5,1.5,-3,1709253899999,,,,,0", "the bar is impossible"),
    ],
)
@pytest.mark.parametrize("header", [True, False])
def test_history_bad_line_error_names_line_file_and_reason(
    tmp_path: Path, line: str, reason: str, header: bool
) -> None:
    lines = rows(6)
    lines[2] = line
    path = tmp_path / "ABCUSDT.csv"
    path.write_bytes(text(lines, header))
    for from_ms in (None, START):
        message = refused(tmp_path, None, from_ms)
        assert f"Line {4 if header else 3} of file {path} cannot be read because" in message
        assert reason in message


def test_history_two_bad_lines_that_even_out_are_still_found(tmp_path: Path) -> None:
    lines = rows(6)
    lines[2] = lines[2].removesuffix(",0")
    lines[4] += ",0"
    (tmp_path / "ABCUSDT.csv").write_bytes(text(lines))
    message = refused(tmp_path, None)
    assert "Line 4 of file" in message
    assert "it has 11 cells, expected 12" in message


def test_history_bad_packing_error_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "ABCUSDT.csv.gz").write_bytes(gzip.compress(text(rows(40)))[:60])
    assert "ABCUSDT.csv.gz cannot be read" in refused(tmp_path, None)
    (tmp_path / "ABCUSDT.csv.gz").unlink()
    (tmp_path / "ABCUSDT.zip").write_bytes(zipped(text(rows(40)))[:200])
    assert "ABCUSDT.zip cannot be read" in refused(tmp_path, None)


def test_history_time_outside_the_data_error_tells_what_the_data_covers(tmp_path: Path) -> None:
    (tmp_path / "ABCUSDT.csv").write_bytes(text(rows(96)))
    covers = "data covers 2024-03-01 00:00 to 2024-03-02 00:00 UTC"
    for from_ms, to_ms in ((START - 1, None), (START + DAY_MS, None), (START, START + 3 * DAY_MS), (START, START)):
        assert covers in refused(tmp_path, None, from_ms, to_ms)
    (tmp_path / "LATEUSDT.csv").write_bytes(text(rows(96, START + 40 * DAY_MS)))
    message = refused(tmp_path, ["LATEUSDT", "ABCUSDT"], START, START + DAY_MS)
    assert message.startswith("LATEUSDT has no bars from 2024-03-01 00:00 to 2024-03-02 00:00.")
    assert len(HistoryMarket(tmp_path, None, START, START + DAY_MS).specs) == 1


def test_history_mixed_timeframes_in_one_file_are_refused(tmp_path: Path) -> None:
    lines = [*rows(8), *[row(START + 8 * M15 + index * 7_000, length=7_000) for index in range(3)]]
    (tmp_path / "ABCUSDT.csv").write_bytes(text(lines))
    assert "Keep files of one timeframe in a folder" in refused(tmp_path, None)


def test_funding_recorded_rates_are_used_and_the_usual_one_elsewhere(tmp_path: Path) -> None:
    candles, funding = tmp_path / "candles", tmp_path / "funding"
    candles.mkdir()
    funding.mkdir()
    (candles / "AAAUSDT.csv").write_bytes(text(rows(96)))
    (candles / "BBBUSDT.csv").write_bytes(text(rows(96)))
    (funding / "AAAUSDT.csv.gz").write_bytes(
        gzip.compress(f"funding_time,funding_rate\n{START + 8 * HOUR_MS + 7},-0.00042\n".encode())
    )
    archive = f"calc_time,funding_interval_hours,last_funding_rate\n{START + 8 * HOUR_MS},8,0.00077\n".encode()
    (funding / "BBBUSDT-fundingRate-2024-03.zip").write_bytes(zipped(archive))
    market = HistoryMarket(candles, None, START, None, funding=funding)
    assert market.funding_rate("AAAUSDT", START + 8 * HOUR_MS) == -0.00042
    assert market.funding_rate("BBBUSDT", START + 8 * HOUR_MS) == 0.00077
    assert market.funding_rate("AAAUSDT", START + 16 * HOUR_MS) == 0.0001
    assert {spec.funding_hours for spec in market.specs} == {8}


def test_funding_every_four_hours_is_paid_every_four_hours_in_a_replay(tmp_path: Path) -> None:
    candles, funding = tmp_path / "candles", tmp_path / "funding"
    candles.mkdir()
    funding.mkdir()
    (candles / "AAAUSDT.csv").write_bytes(text(rows(96)))
    events = [f"{START + hour * HOUR_MS + 7},0.0003\n" for hour in (-8, -4, 0, 4, 8, 16, 20)]
    (funding / "AAAUSDT.csv").write_text("funding_time,funding_rate\n" + "".join(events))
    market = HistoryMarket(candles, None, START, None, funding=funding)
    assert market.specs[0].funding_hours == 4
    assert [market.funding_rate("AAAUSDT", START + hour * HOUR_MS) for hour in (4, 8, 12)] == [0.0003, 0.0003, 0.00005]
    core = ExchangeCore(market.specs, market.start_ms, funding_rate=market.funding_rate)
    assert core.funding_interval_ms("AAAUSDT") == 4 * HOUR_MS
    assert core.next_funding_ms == START + 4 * HOUR_MS


def test_history_real_majors_replay_exactly() -> None:
    folder = shared_path(KLINES)
    start, end = moment("2024-03-01"), moment("2024-03-15")
    market = HistoryMarket(folder, MAJORS, start, end)
    assert (market.start_ms, market.end_ms, market.synthetic) == (start, end, False)
    assert market.label == "HISTORY REPLAY 2024-03-01 to 2024-03-15"
    assert {spec.rules.symbol: str(spec.rules.tick_size) for spec in market.specs}["BTCUSDT"] == "0.10"
    plain = {}
    with gzip.open(folder / "BTCUSDT.csv.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            cells = line.split(",")
            if cells[0].isdigit() and start <= int(cells[0]) < end:
                plain[int(cells[0])] = tuple(float(cell) for cell in cells[1:6])
    candles = market.candles("BTCUSDT", Timeframe.M15, start, end, 0)
    assert {
        candle.open_time_ms: (candle.open, candle.high, candle.low, candle.close, candle.volume) for candle in candles
    } == plain
    assert len(market.candles("BTCUSDT", Timeframe.D1, 0, start, 0)) == 200
    for timeframe in (Timeframe.M1, Timeframe.M15, Timeframe.H1, Timeframe.D1):
        assert_market_agrees(market, timeframe, start, start + DAY_MS)


def test_history_real_file_with_holes_and_partly_known_taker_volume_agrees() -> None:
    folder = shared_path(KLINES)
    whole = HistoryMarket(folder, ["FILUSDT"], moment("2025-01-01"), moment("2025-06-01"), warmup_days=900)
    candles = whole.candles("FILUSDT", Timeframe.M15, 0, moment("2025-06-01"), 0)
    gaps = [
        (earlier.open_time_ms + M15, later.open_time_ms)
        for earlier, later in pairwise(candles)
        if later.open_time_ms - earlier.open_time_ms > M15
    ]
    assert gaps
    for begin, end in gaps:
        assert whole.ticks(begin, end) == []
        assert len(whole.ticks(begin - M15, begin)) == 180
    known = [candle.taker_buy_volume is not None for candle in candles]
    assert any(known)
    assert not all(known)
    seam = next(index for index in range(1, len(known)) if known[index] != known[index - 1])
    at = candles[seam].open_time_ms
    at -= at % HOUR_MS
    for timeframe in (Timeframe.M5, Timeframe.H1):
        assert_market_agrees(whole, timeframe, at - 2 * HOUR_MS, at + 2 * HOUR_MS)


def test_history_real_one_minute_file_walks() -> None:
    folder = shared_path("market-data/futures/klines/1m")
    start = moment("2025-05-10")
    market = HistoryMarket(folder, ["BTCUSDT", "SUIUSDT"], start, start + DAY_MS, warmup_days=2)
    assert assert_market_agrees(market, Timeframe.M1, start, start + 2 * HOUR_MS) == 240
    assert assert_market_agrees(market, Timeframe.H1, start, start + 2 * HOUR_MS) == 4
