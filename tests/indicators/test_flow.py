"""Taker flow from candles and from single trades: windows, sides that change, and the unknown that stays unknown."""

from __future__ import annotations

import gzip
import json
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.domain.candle import Candle
from futtui.domain.errors import InvalidInputError
from futtui.indicators import BarFlow, CVDCalculator, FlowFlip, FlowWindow, TradeFlow
from tests.indicators.market import START_MS
from tests.shared_data import shared_path

BAR_MS = 1_000
deltas = st.one_of(st.none(), st.integers(-50, 50).map(float))
flows = st.one_of(st.none(), st.integers(-20, 20).map(lambda number: number / 100.0))
trades = st.lists(
    st.tuples(st.integers(0, 900), st.integers(1, 40).map(float), st.booleans()), min_size=1, max_size=60
)  # fmt: skip


@given(bars=st.lists(deltas, max_size=40), window=st.integers(1, 12), slope=st.integers(1, 12))
def test_cvd_is_the_sum_of_its_window_and_unknown_with_any_unknown_bar_in_it(bars, window, slope):
    slope = min(slope, window)
    calculator = CVDCalculator(window, slope)
    for number, delta in enumerate(bars, start=1):
        calculator.add(delta)
        past = bars[:number]
        assert calculator.value == total(past, window)
        change = total(past, slope)
        assert calculator.slope == (None if change is None else change / slope)


def total(bars, count):
    """Sum of the last bars; None where one is unknown or not there."""
    last = bars[-count:]
    return None if len(last) < count or None in last else sum(last)


def test_cvd_of_candles_is_taker_buying_minus_selling():
    calculator = CVDCalculator(3, 2)
    for number, taken in enumerate([8.0, 7.0, 1.0, 5.0]):
        calculator.update(Candle(START_MS + number, 1, 1, 1, 1, 10.0, taker_buy_volume=taken))
    assert (calculator.value, calculator.slope) == (4.0 - 8.0 + 0.0, -4.0)
    calculator.update(Candle(START_MS + 4, 1, 1, 1, 1, 10.0))
    assert (calculator.value, calculator.slope) == (None, None)


def test_cvd_with_a_slope_longer_than_its_window_is_refused():
    with pytest.raises(InvalidInputError, match="slope_bars"):
        CVDCalculator(5, 6)


@pytest.mark.parametrize(
    ("told", "side", "bars_since"),
    [
        ([0.04], None, None),
        ([0.05], 1, None),
        ([-0.2, 0.1], 1, 0),
        ([-0.2, 0.1, 0.3, 0.2], 1, 2),
        ([-0.2, 0.04, -0.04, 0.06], 1, 0),
        ([0.2, -0.049, 0.2], 1, None),
        ([-0.2, None, 0.1], 1, None),
        ([-0.2, 0.1, None], None, None),
        ([0.2, -0.1, 0.1, -0.1], -1, 0),
    ],
)
def test_flow_flips_where_the_stronger_side_changes_clearly(told, side, bars_since):
    for sign in (1, -1):
        flip = FlowFlip()
        for flow in told:
            flip.update(None if flow is None else sign * flow)
        assert (flip.side, flip.bars_since) == (None if side is None else sign * side, bars_since)


@settings(max_examples=60)
@given(told=st.lists(flows, min_size=1, max_size=60), skipped=st.integers(0, 40), more=st.lists(flows, max_size=20))
def test_flow_flip_depends_on_the_remembered_bars_only(told, skipped, more):
    remembered = 8
    early, late = FlowFlip(remembered=remembered), FlowFlip(remembered=remembered)
    told = told + more
    for number, flow in enumerate(told):
        early.update(flow)
        if number >= skipped:
            late.update(flow)
        if number - skipped > 2 * remembered + 1:
            assert (late.side, late.bars_since) == (early.side, early.bars_since)


def feed(flow: TradeFlow, rows) -> list[BarFlow]:
    return [bar for row in rows for bar in flow.add_trade(*row)]


def numbered(steps, first_id=7, start_ms=10 * BAR_MS):
    """Trades (id, time, quantity, buyer is maker) with consecutive ids, each some ms after the one before."""
    found, time_ms = [], start_ms
    for number, (step, quantity, is_sale) in enumerate(steps):
        time_ms += step
        found.append((first_id + number, time_ms, quantity, is_sale))
    return found


@given(steps=trades)
def test_bars_of_trades_have_the_delta_of_the_candles_made_of_the_same_trades(steps):
    rows = numbered(steps)
    bars = feed(TradeFlow(BAR_MS), rows)
    last_open = rows[-1][1] - rows[-1][1] % BAR_MS
    first_open = rows[0][1] - rows[0][1] % BAR_MS
    assert [bar.open_ms for bar in bars] == list(range(first_open, last_open, BAR_MS))
    for bar in bars:
        inside = [row for row in rows if bar.open_ms <= row[1] < bar.open_ms + BAR_MS]
        volume, bought = sum(row[2] for row in inside), sum(row[2] for row in inside if not row[3])
        candle = Candle(bar.open_ms, 1, 1, 1, 1, volume, taker_buy_volume=bought)
        assert bar.volume == volume
        # The stream may have begun in the middle of its first bar.
        assert bar.delta == (None if bar.open_ms == first_open else candle.delta)


@given(steps=trades, lost=st.integers(0, 59))
def test_bars_that_may_hold_a_lost_trade_are_unknown_and_all_others_as_before(steps, lost):
    rows = numbered(steps)
    lost %= len(rows)
    whole, holey = feed(TradeFlow(BAR_MS), rows), feed(TradeFlow(BAR_MS), rows[:lost] + rows[lost + 1 :])
    known = {bar.open_ms: bar for bar in whole}
    hole_ms = rows[lost][1]
    for bar in holey:
        is_whole = bar.delta is not None
        assert not (is_whole and bar.open_ms <= hole_ms < bar.open_ms + BAR_MS)
        if is_whole:
            assert bar == known[bar.open_ms]


def test_repeated_and_older_trades_change_nothing():
    rows = numbered([(0, 1.0, False), (BAR_MS, 2.0, True), (10, 3.0, False), (BAR_MS, 5.0, False)])
    plain = feed(TradeFlow(BAR_MS), rows)
    assert feed(TradeFlow(BAR_MS), [rows[0], rows[1], rows[1], rows[0], rows[2], rows[1], rows[3]]) == plain
    assert [(bar.volume, bar.delta) for bar in plain] == [(1.0, None), (5.0, 1.0)]


def test_bar_without_trades_has_no_flow_but_a_known_delta():
    rows = numbered([(0, 1.0, False), (BAR_MS, 2.0, True), (3 * BAR_MS, 3.0, False)])
    bars = feed(TradeFlow(BAR_MS), rows)
    assert [(bar.volume, bar.delta) for bar in bars] == [(1.0, None), (2.0, -2.0), (0.0, 0.0), (0.0, 0.0)]
    window = FlowWindow(1)
    seen = []
    for bar in bars:
        window.add(bar.delta, bar.volume)
        seen.append(window.value)
    assert seen == [None, -1.0, None, None]


def test_real_trades_give_the_flow_that_counting_them_gives():
    path = shared_path("market-data/futures/streams/BTCUSDT_20230404-05_usdm.jsonl.gz")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        events = (json.loads(line.partition(" ")[2]) for line in islice(lines, 60_000))
        found = [each["data"] for each in events if each.get("stream", "").endswith("@trade")]
    rows = [(int(each["t"]), int(each["T"]), float(each["q"]), bool(each["m"])) for each in found]
    bars = feed(TradeFlow(BAR_MS), rows)
    known = [bar for bar in bars if bar.delta is not None]
    assert len(known) > 5
    for bar in known:
        inside = [row for row in rows if bar.open_ms <= row[1] < bar.open_ms + BAR_MS]
        assert bar.delta == pytest.approx(sum(-row[2] if row[3] else row[2] for row in inside))
