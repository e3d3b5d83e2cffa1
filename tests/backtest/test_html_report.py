"""The page of a run: whole, from nowhere else, every word escaped, every trade in it, candles packed without loss."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from futtui.backtest import report_trades
from futtui.backtest.data import BASE, SymbolData
from futtui.backtest.html_report import ASSETS, html_report, tenths_of
from futtui.backtest.report_charts import Bar, bar_chart, line_chart, thinned, waterfall
from futtui.backtest.report_trades import LEAST_BARS, MOST_BARS, embedded
from futtui.backtest.run import BacktestResult
from futtui.backtest.settings import BacktestRequest
from futtui.domain.position import Trade
from futtui.domain.signal import Signal, SignalPart, SignalStatus
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES, DAY_MS, HOUR_MS
from futtui.live.past_candles import PastCandles
from futtui.storage.candle_arrays import CandleArrays, combined
from tests.backtest.made_trades import made_trade
from tests.desk.world import raw_signal, rules

NASTY = "</script><img src=x onerror=alert(1)>&\"'"
DAYS = 30


def made_data() -> dict[str, SymbolData]:
    generator = np.random.default_rng(1)
    count = DAYS * 96
    closes = np.round(100 + np.cumsum(generator.normal(0, 0.05, count)), 2)
    opens = np.concatenate([[100.0], closes[:-1]])
    figures = np.full((9, count), np.nan)
    figures[0:5] = opens, np.maximum(opens, closes) + 0.03, np.minimum(opens, closes) - 0.02, closes, np.ones(count)
    keep = np.ones(count, bool)
    keep[1000:1010] = False
    base = CandleArrays((np.arange(count) * BASE.ms)[keep], figures[:, keep])
    series = {frame: base if frame is BASE else combined(base, BASE.ms, frame.ms) for frame in ANALYSIS_TIMEFRAMES}
    return {"AUSDT": SymbolData("AUSDT", PastCandles("AUSDT", "made", series), (), rules("AUSDT"))}


def made_result(trades: list[Trade]) -> BacktestResult:
    request = BacktestRequest(Path("candles"), ("AUSDT",), 0, DAYS * DAY_MS)
    raw = raw_signal(symbol="AUSDT", parts=(SignalPart("setup", 4.0, NASTY),), summary=NASTY)
    signals = [
        Signal(replace(raw, time_ms=trade.opened_ms), 4.0, raw.parts, SignalStatus.CLOSED, "", trade.closed_ms)
        for trade in trades
    ]
    named = [replace(trade, signal_id=signal.signal_id) for trade, signal in zip(trades, signals, strict=True)]
    return BacktestResult(request, named, signals=signals, tick_sizes={"AUSDT": Decimal("0.01")}, data_hash="d")


def some_trades(count: int = 40, **changes) -> list[Trade]:
    results = np.random.default_rng(3).normal(0.1, 1.0, count)
    gap = (DAYS - 4) * DAY_MS // count
    return [
        made_trade(round(float(result), 3), opened_ms=DAY_MS + number * gap, number=number, **changes)
        for number, result in enumerate(results)
    ]


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))
        if tag not in ("meta", "input"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.seen.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_page_is_whole_and_loads_nothing():
    page = html_report(made_result(some_trades()), made_data(), 7, "NOT PROVEN: luck", "NOT PROVEN")
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    for tag, attributes in tags.seen:
        assert tag not in ("link", "img", "iframe", "object", "embed")
        assert not {"src", "href", "onclick", "onerror"} & attributes.keys()
    assert "http" not in page.replace("http-equiv", "")
    assert "default-src 'none'" in page
    for word in ("Months", "before costs", "trials on this data", "Win rate by hour", "NOT PROVEN: luck"):
        assert word in page


def test_page_escapes_every_word():
    trades = some_trades(5, strategy=NASTY)
    page = html_report(made_result(trades), made_data(), 1, NASTY, "X", [(NASTY, NASTY, NASTY)])
    assert "<img" not in page
    assert page.count("</script>") == 2
    rows = json.loads(re.search(r'id="trades">(.*?)</script>', page, re.S).group(1))["trades"]
    assert [row["g"] for row in rows] == [NASTY] * 5
    assert rows[0]["a"][0][2] == NASTY


def test_equal_scores_are_in_one_tenth_and_different_ones_in_their_order():
    """Split by anything else, a score that has no say would seem to have one."""
    equal = [made_trade(0.1, number=number, score=6.0) for number in range(40)]
    assert set(tenths_of(equal).values()) == {"05"}
    plain = [made_trade(0.1, number=number, score=float(number)) for number in range(20)]
    assert list(tenths_of(plain).values()) == [f"{number // 2 + 1:02d}" for number in range(20)]
    mixed = [made_trade(0.1, number=number, score=float(number >= 30)) for number in range(40)]
    assert sorted(set(tenths_of(mixed).values())) == ["04", "09"]


def test_page_of_no_trades_says_so():
    assert "No trades" in html_report(made_result([]), made_data(), 1)


@pytest.mark.parametrize("hours", [1, 30, 200, 500])
def test_packed_candles_are_the_real_ones_around_the_trade(hours: int):
    trade = made_trade(1.0, opened_ms=9 * DAY_MS, closed_ms=9 * DAY_MS + hours * HOUR_MS)
    data = made_data()
    row = json.loads(embedded(made_result([trade]), data))["trades"][0]
    bars = unpacked(row["b"])
    assert LEAST_BARS <= len(bars) <= MOST_BARS + 8
    assert bars[0][0] < trade.opened_ms < trade.closed_ms < bars[-1][0] + row["b"]["i"] * 2
    frame = next(each for each in ANALYSIS_TIMEFRAMES if each.ms == row["b"]["i"])
    real = data["AUSDT"].past.series[frame].between(bars[0][0], bars[-1][0] + 1)
    assert [bar[0] for bar in bars] == real.open_time_ms.tolist()
    assert pytest.approx(real.figures[0:4]) == np.array([bar[1:] for bar in bars]).T


def unpacked(packed) -> list[list[float]]:
    """What `candles` of report.js does."""
    found, jumps, close, time = [], dict(packed["j"]), 0, packed["z"]
    for place in range(len(packed["v"]) // 4):
        time = jumps.get(place, time)
        row = [(close + step) * packed["u"] for step in packed["v"][place * 4 : place * 4 + 4]]
        close += packed["v"][place * 4 + 3]
        found.append([time, *row])
        time += packed["i"]
    return found


def test_script_draws_every_trade(tmp_path):
    """With node, where there is one: candles unpacked as here, and a drawing that can be read, for each trade."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node to run the page's script")
    data = tmp_path / "trades.json"
    data.write_text(embedded(made_result(some_trades(6)), made_data()))
    code = (
        f"const page = require({str(ASSETS / 'report.js')!r});"
        f"const rows = JSON.parse(require('fs').readFileSync({str(data)!r}, 'utf8')).trades;"
        "console.log(JSON.stringify(rows.map((row) => [page.candles(row.b), page.drawing(row)])));"
    )
    told = subprocess.run([node, "-e", code], capture_output=True, text=True, check=True, timeout=60)
    rows = json.loads(data.read_text())["trades"]
    for row, (bars, drawing) in zip(rows, json.loads(told.stdout), strict=True):
        assert np.array(bars) == pytest.approx(np.array(unpacked(row["b"])))
        tree = ElementTree.fromstring(drawing)
        assert len(tree.findall("g")) == len(bars)
        assert len(tree.findall("circle")) == len(row["l"])


def test_many_trades_stay_bounded_and_are_all_there(monkeypatch):
    monkeypatch.setattr(report_trades, "ALL_BARS", 20_000)
    one = some_trades(1)[0]
    many = [replace(one, position_id=f"p-{number}") for number in range(700)]
    text = embedded(made_result(many), made_data())
    rows = json.loads(text)["trades"]
    assert len(rows) == 700
    assert sum(len(row["b"]["v"]) for row in rows) <= 4 * 1.1 * 20_000
    assert len(text) < 700 * 3_000


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=40), st.floats(0.1, 3))
def test_charts_are_drawings_that_can_be_read(values: list[float], width: float):
    bars = [Bar(f"<{number}>", value, value - width, value + width, 3) for number, value in enumerate(values)]
    for drawing in (
        bar_chart(bars, "R"), line_chart(list(enumerate(values)), "R", "sum", ["a & b"]),
        waterfall([("gross", 3.0), *((f"<{v}>", v) for v in values), ("net", 1.0)], "R"),
    ):  # fmt: skip
        tree = ElementTree.fromstring(drawing)
        assert tree.tag == "svg"
        numbers = [float(each) for each in re.findall(r'(?:x|y|x1|y1|y2|height|width)="(-?[\d.]+)"', drawing)]
        assert all(-1 <= number <= 780 for number in numbers)


def test_thinned_line_keeps_its_ends_and_its_peaks():
    points = [(float(place), float(value)) for place, value in enumerate(np.random.default_rng(1).normal(size=20_000))]
    kept = thinned(points, 500)
    assert len(kept) <= 520
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert max(each[1] for each in kept) == max(each[1] for each in points)
    assert min(each[1] for each in kept) == min(each[1] for each in points)
    assert kept == sorted(kept)
