"""Files as they come from elsewhere: what can be read means the same as ever, and what cannot is one sentence."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from futtui.backtest.data import funding_of, load_symbol, symbols_in
from futtui.domain.errors import InvalidInputError
from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.exchange.archive_csv import KLINE_HEADER
from futtui.exchange.binance.archive.reading import read_candles
from futtui.live.past_candles import time_of
from tests.backtest.made_history import candle_rows, write_candles, write_rows

START_MS = time_of("2024-03-01")
ROWS = candle_rows(START_MS, 0.5, taker=True)


def in_microseconds(rows: list[str]) -> list[str]:
    cells = [row.split(",") for row in rows]
    return [",".join([one[0] + "000", *one[1:6], one[6] + "999", *one[7:]]) for one in cells]


def file_of(folder: Path, text: str, ending: str = "csv") -> Path:
    path = folder / f"NEWUSDT.{ending}"
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(ROWS[:20] + in_microseconds(ROWS[20:])),
        "\n".join(in_microseconds(ROWS[:20]) + ROWS[20:]),
        "\r".join([KLINE_HEADER, *ROWS]),
        "\n".join(ROWS).replace(",", " , "),
        "\n".join(f"  {row}" for row in ROWS),
        "Open Time,Open,High,Low,Close,Volume,Close Time,Quote Asset Volume,Number of Trades,"
        "Taker buy base asset volume,Taker buy quote asset volume,Ignore\n" + "\n".join(ROWS),
    ],
    ids=["microseconds-later", "microseconds-first", "old-mac", "blanks", "indented", "other-names"],
)
def test_file_of_another_form_holds_the_same_candles(tmp_path, text):
    plain = read_candles(write_rows(tmp_path / "plain.csv", ROWS), None)
    found = read_candles(file_of(tmp_path, text), None)
    assert np.array_equal(found.open_time_ms, plain.open_time_ms)
    assert np.array_equal(found.figures, plain.figures)


def test_blank_cell_is_unknown_and_not_a_number(tmp_path):
    rows = [row.rsplit(",", 3)[0] + ", , ,0" for row in ROWS]
    assert np.isnan(read_candles(write_rows(tmp_path / "a.csv", rows), None).figures[-2:]).all()


def mixed_up(row: str) -> str:
    time, opened, high, low, close, *others = row.split(",")
    return ",".join([time, close, high, low, opened, *others])


def larger(row: str, place: int, figure: str) -> str:
    cells = row.split(",")
    cells[place] = figure
    return ",".join(cells)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (KLINE_HEADER.replace("open,high,low,close", "close,high,low,open") + "\n" + "\n".join(map(mixed_up, ROWS)),
         "names its columns in another order: 'close' is in column 2"),
        ("\n".join([f"{row.split(',')[0]}000000,{row.split(',', 1)[1]}" for row in ROWS]), "neither in milliseconds"),
        ("\n".join([*ROWS[:-1], larger(ROWS[-1], 2, "1e300")]), "impossible"),
        ("\n".join([*ROWS[:-1], larger(ROWS[-1], 5, "1e300")]), "impossible"),
    ],
    ids=["columns-moved", "nanoseconds", "price", "volume"],
)  # fmt: skip
def test_file_that_would_be_misunderstood_is_refused(tmp_path, text, words):
    with pytest.raises(InvalidInputError, match=words):
        read_candles(file_of(tmp_path, text), None)


@pytest.mark.parametrize(("place", "change"), [((6, 8), 1), ((8, 10), 97)], ids=["locked", "unknown-packing"])
def test_zip_that_cannot_be_unpacked_is_one_sentence(tmp_path, place, change):
    path = tmp_path / "NEWUSDT.zip"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("NEWUSDT.csv", "\n".join(ROWS))
    content = bytearray(path.read_bytes())
    content[place[0]] = change
    content[content.rfind(b"PK\x01\x02") + place[1]] = change
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match=r"NEWUSDT\.zip cannot be read"):
        read_candles(path, None)


def test_plain_file_and_newer_months_beside_it_are_one_history(tmp_path):
    write_candles(tmp_path / "NEWUSDT.csv", START_MS - DAY_MS, 1)
    write_candles(tmp_path / "NEWUSDT-15m-2024-03.csv", START_MS, 1, seed=2)
    assert load_symbol(tmp_path, "NEWUSDT", START_MS).past.span_ms == (START_MS - DAY_MS, START_MS + DAY_MS)


def test_empty_folders_are_as_good_as_none(tmp_path):
    write_candles(tmp_path / "5m" / "NEWUSDT.csv", START_MS, 1, frame=Timeframe.M5)
    for name in ("15m", "1m", "funding"):
        (tmp_path / name).mkdir()
    assert symbols_in(tmp_path) == ("NEWUSDT",)
    assert len(load_symbol(tmp_path, "NEWUSDT", START_MS).fine) == 1
    assert funding_of(tmp_path, ["NEWUSDT"]).rate("NEWUSDT", START_MS) == 0.0001


def fine_rows(change: Callable[[float], float], of: slice) -> list[str]:
    """Fifteen one-minute bars for each quarter hour of ROWS, of the same prices, some of them changed."""
    rows = []
    for number, row in enumerate(ROWS):
        time, *prices = row.split(",")[:5]
        factor = change(1.0) if number in range(*of.indices(len(ROWS))) else 1.0
        shown = ",".join(f"{float(price) * factor:.3f}" for price in prices)
        rows += [f"{int(time) + minute * 60_000},{shown},1,,,,,,0" for minute in range(15)]
    return rows


def test_finer_candles_of_another_market_are_refused(tmp_path):
    write_rows(tmp_path / "15m" / "NEWUSDT.csv", ROWS)
    write_rows(tmp_path / "1m" / "NEWUSDT.csv", fine_rows(lambda price: price * 1_000, slice(None)))
    with pytest.raises(InvalidInputError, match="1m candles of NEWUSDT do not fit its 15m candles"):
        load_symbol(tmp_path, "NEWUSDT", START_MS)


@pytest.mark.parametrize(("factor", "walked"), [(1.0, "1m"), (1.02, "1m"), (1.2, "15m"), (0.8, "15m")])
def test_finer_candles_that_contradict_a_quarter_hour_do_not_carry_its_exits(tmp_path, factor, walked):
    write_rows(tmp_path / "15m" / "NEWUSDT.csv", ROWS)
    write_rows(tmp_path / "1m" / "NEWUSDT.csv", fine_rows(lambda price: price * factor, slice(7, 8)))
    data = load_symbol(tmp_path, "NEWUSDT", START_MS, START_MS + DAY_MS)
    quarters = data.quarters(START_MS, START_MS + DAY_MS)
    assert data.path(quarters[7])[0].code == walked
    assert {data.path(each)[0].code for each in quarters[:7] + quarters[8:]} == {"1m"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1709251200000\n1709280000000\n", "has 1 columns"),
        ("1709251200000,NEWUSDT,8,0.0001\n", "has 4 columns"),
        ("funding_time,funding_rate\n1709251200000,0.0001\n1709280000000,100\n", "Line 3 .* 100 is no funding rate"),
        ("calc_time,last_funding_rate,funding_interval_hours\n1709251200000,0.0001,8\n", "8 is no funding rate"),
    ],
)
def test_funding_that_can_be_no_rate_is_refused(tmp_path, text, words):
    write_rows(tmp_path / "15m" / "NEWUSDT.csv", ROWS)
    (tmp_path / "funding").mkdir()
    file_of(tmp_path / "funding", text)
    with pytest.raises(InvalidInputError, match=words):
        funding_of(tmp_path, ["NEWUSDT"])


@pytest.mark.parametrize("text", ["0001-01-01", "0001-01-01T00:00+14:00", "9999-12-31T23:45-12:00"])
def test_year_without_markets_is_refused(text):
    with pytest.raises(InvalidInputError, match=f"--from {text[:10]}.*nothing was traded in the year"):
        time_of(text, "--from")
