"""The chart's painter: golden texts, and what holds for any candles, sizes and looks."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.domain.candle import Candle
from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.domain.vwap import VwapReading
from futtui.domain.zone import ZoneState
from futtui.tui.glyphs import ALLOWED, plain_text
from futtui.tui.paint.chart.anchors import AnchoredLine, AnchoredLines, course
from futtui.tui.paint.chart.bars import bars_in_sight
from futtui.tui.paint.chart.data import LAYERS, ZOOMS, Level, Look, panned, span
from futtui.tui.paint.chart.frame import Frame, paint_chart
from futtui.tui.paint.chart.gutter import gutter_labels
from futtui.tui.paint.chart.layers import volume_profile
from futtui.tui.paint.chart.scale import Scale, fit
from futtui.tui.paint.chart.texts import countdown
from futtui.tui.paint.numbers import amount_text
from futtui.tui.paint.text import line_text, line_width
from tests.tui.chart_data import END_MS, chart_of, link_chart
from tests.tui.fake_engine import zone
from tests.tui.golden import check_golden

STEP_MS = Timeframe.M15.ms
WICKS_AND_BODIES = set("│┃╽╿╷╵╻╹█▀▄")


@pytest.mark.parametrize("size", [(78, 18), (118, 27), (198, 42)])
def test_golden_frames(size: tuple[int, int]) -> None:
    check_golden(f"chart-{size[0]}x{size[1]}", paint_chart(link_chart(), Look(), *size).lines)


@pytest.mark.parametrize("zoom", range(len(ZOOMS)))
def test_golden_zooms(zoom: int) -> None:
    check_golden(f"chart-zoom-{zoom}", paint_chart(link_chart(), Look(zoom=zoom), 98, 22).lines)


def test_golden_crosshair_and_old_data() -> None:
    look = Look(cross_ms=END_MS - 20 * STEP_MS, cross_price=14.1, layers=frozenset({"zones", "volume"}))
    old = link_chart(stale_text="Old data, 9 s")
    check_golden("chart-crosshair", paint_chart(link_chart(), look, 98, 20).lines)
    frame = paint_chart(old, look, 98, 20)
    check_golden("chart-old", frame.lines)
    inks = {token.split("/")[0] for line in frame.lines[1:-1] for text, token in line if text.strip()}
    assert inks == {"dim"}


def test_golden_too_small_and_empty() -> None:
    check_golden("chart-small", paint_chart(link_chart(), Look(), 39, 9).lines)
    check_golden("chart-empty", paint_chart(chart_of((), empty_text="No candles yet."), Look(), 60, 12).lines)


# Any candles


@st.composite
def candle_lists(draw: st.DrawFn) -> list[Candle]:
    size = draw(st.sampled_from([1e-8, 0.004, 1.0, 64_000.0, 1e9]))
    count = draw(st.integers(1, 30))
    unit = st.floats(0.2, 5.0)
    candles = []
    open_ms = END_MS
    for _ in range(count):
        open_ms += STEP_MS * draw(st.sampled_from([1, 1, 1, 7, 4000]))
        flat = draw(st.booleans())
        prices = [draw(unit) * size] * 4 if flat else sorted(draw(unit) * size for _ in range(4))
        low, first, second, high = prices
        opened, closed = (first, second) if draw(st.booleans()) else (second, first)
        volume = draw(st.sampled_from([0.0, 1e-6, 3.5, 4e12]))
        taker = draw(st.sampled_from([None, 0.0, volume]))
        candles.append(Candle(open_ms, opened, high, low, closed, volume, taker_buy_volume=taker))
    return candles


def checked(frame: Frame, width: int, height: int) -> Frame:
    """The frame itself, after the checks that hold for each."""
    assert len(frame.lines) == height
    for line in frame.lines:
        assert line_width(line) == width
        assert set(line_text(line)) <= ALLOWED
        assert plain_text(line_text(line)).isascii()
    return frame


@settings(max_examples=40, deadline=None)
@given(
    candles=candle_lists(),
    zoom=st.integers(0, len(ZOOMS) - 1),
    width=st.integers(20, 130),
    height=st.integers(6, 40),
    layers=st.frozensets(st.sampled_from(LAYERS)),
    cross=st.sampled_from([None, -5, 0, 3, 10_000]),
)
def test_any_candles_make_rows_of_exact_width(
    candles: list[Candle], zoom: int, width: int, height: int, layers: frozenset[str], cross: int | None
) -> None:
    middle = candles[0].close
    data = chart_of(
        candles,
        price=candles[-1].close,
        is_forming=True,
        zones=(zone("ABCUSDT", "S", middle * 0.9, middle * 1.05, 90), zone("ABCUSDT", "R", middle * 3, middle * 4, 50)),
        levels=(Level(middle * 1.2, "Stop", "down", 1), Level(middle * 90, "TP1", "up", 3)),
        daily_vwap=[None, middle, middle * 1.1][: len(candles)],
    )
    cross_ms = None if cross is None else END_MS + cross * STEP_MS
    look = Look(zoom=zoom, cross_ms=cross_ms, cross_price=middle, layers=layers)
    frame = checked(paint_chart(data, look, width, height), width, height)
    again = paint_chart(data, look, width, height, frame.scale)
    assert again.lines == frame.lines


@settings(max_examples=30, deadline=None)
@given(candles=candle_lists(), zoom=st.integers(3, len(ZOOMS) - 1))
def test_high_and_low_land_within_a_half_row_of_their_place(candles: list[Candle], zoom: int) -> None:
    data = chart_of(candles)
    frame = paint_chart(data, Look(zoom=zoom, layers=frozenset()), 130, 30)
    scale = frame.scale
    assert scale is not None
    half_price = (scale.high - scale.low) / scale.rows / 2
    per = ZOOMS[zoom]
    rows = [line_text(line) for line in frame.lines[1 : 1 + scale.rows]]
    for bar in frame.bars:
        column = bar.x + (max(1, per - 1) - 1) // 2
        drawn = [row for row in range(scale.rows) if rows[row][column] in WICKS_AND_BODIES]
        assert drawn == list(range(drawn[0], drawn[-1] + 1))
        top_sign, bottom_sign = rows[drawn[0]][column], rows[drawn[-1]][column]
        top_half = 2 * drawn[0] + (top_sign in "╷╻▄")
        bottom_half = 2 * drawn[-1] + (bottom_sign not in "╵╹▀")
        true_top = (scale.high - bar.high) / (scale.high - scale.low) * 2 * scale.rows
        true_bottom = (scale.high - bar.low) / (scale.high - scale.low) * 2 * scale.rows
        assert abs(top_half + 0.5 - true_top) <= 1.5 + 1e-6, half_price
        assert abs(bottom_half + 0.5 - true_bottom) <= 1.5 + 1e-6


@settings(max_examples=30, deadline=None)
@given(candles=candle_lists(), steps=st.lists(st.sampled_from([-1, -10, 1, 10, -999, 999]), max_size=8))
def test_panning_keeps_candles_in_sight_and_comes_back(candles: list[Candle], steps: list[int]) -> None:
    data = chart_of(candles)
    look = Look()
    for step in steps:
        look = panned(data, look, 40, step)
        first, end = span(data, look, 40)
        assert 0 <= first < end <= len(candles)
        assert end - first <= 40
    assert panned(data, look, 40, len(candles)).end_ms is None


# Details


def test_shared_columns_keep_open_close_extremes_and_volume() -> None:
    data = link_chart()
    for bar in bars_in_sight(data, Look(zoom=1), 60):
        part = data.candles[bar.first : bar.last + 1]
        assert 1 <= len(part) <= 4
        assert (bar.open, bar.close) == (part[0].open, part[-1].close)
        assert (bar.high, bar.low) == (max(c.high for c in part), min(c.low for c in part))
        assert bar.volume == pytest.approx(sum(c.volume for c in part))


def test_shared_columns_hold_the_same_candles_after_panning() -> None:
    data = link_chart()
    before = bars_in_sight(data, Look(zoom=1), 60)
    after = bars_in_sight(data, panned(data, Look(zoom=1), 60, -1), 60)
    inner = {(bar.first, bar.last) for bar in before[2:-1]}
    assert inner & {(bar.first, bar.last) for bar in after} >= set(sorted(inner)[2:-2])


def test_volume_profile_keeps_all_volume_and_its_area_holds_seventy_percent() -> None:
    data = link_chart()
    bars = bars_in_sight(data, Look(), 100)
    scale = fit(data.candles[-100:], (), 25)
    profile = volume_profile(bars, scale)
    assert profile is not None
    total = sum(bar.volume for bar in bars)
    assert sum(profile.volumes) == pytest.approx(total)
    top, bottom = profile.area
    held = sum(profile.volumes[top : bottom + 1])
    assert held >= 0.7 * total
    assert held - min(profile.volumes[top], profile.volumes[bottom]) < 0.7 * total or top == bottom
    assert profile.volumes[profile.poc_row] == max(profile.volumes)


def test_scale_stays_while_price_keeps_to_the_middle_and_is_fitted_when_it_leaves() -> None:
    candles = [Candle(END_MS + n * STEP_MS, 100, 101 + n % 2, 99 - n % 2, 100, 1.0) for n in range(40)]
    first = fit(candles, (), 20)
    assert fit([*candles[1:], replace(candles[-1], high=101.9)], (), 20, first) is first
    assert fit([*candles[1:], replace(candles[-1], high=103.0)], (), 20, first) != first
    assert fit(candles, (), 21, first).rows == 21
    calm = [replace(candle, high=100.2, low=99.9) for candle in candles]
    assert fit(calm, (), 20, first) != first


def test_levels_far_away_pile_up_at_the_edge_and_near_ones_widen_the_scale() -> None:
    frame = paint_chart(link_chart(), Look(), 118, 27)
    text = "\n".join(line_text(line) for line in frame.lines)
    assert "↑ TP3 15.600" in line_text(frame.lines[1])
    for name in ("13.744 Stop", "13.882 ◄", "14.180 TP2", "Arm L", "POC", "13.851 VWAP"):
        assert name in text


def test_names_beyond_the_chart_are_never_cut() -> None:
    levels = (Level(99_999.9, "Arm L", "focus", 20), Level(0.5, "Entry", "strong", 2))
    text = "\n".join(line_text(line) for line in paint_chart(link_chart(levels=levels), Look(), 78, 18).lines)
    assert "↓ Entry 0.500" in text
    assert "Arm L 99" in text
    near = (Level(19.999, "Arm L", "focus", 20),)
    text = "\n".join(line_text(line) for line in paint_chart(link_chart(levels=near), Look(), 78, 18).lines)
    assert "↑ Arm L 19.999" in text


def test_a_thin_zone_is_one_dotted_row_and_an_expired_one_has_no_ground() -> None:
    thin = zone("ABCUSDT", "S", 14.0, 14.0001, 90)
    frame = paint_chart(link_chart(zones=(thin,), levels=()), Look(layers=frozenset({"zones"})), 118, 27)
    dotted = [line for line in frame.lines if "┄┄┄" in line_text(line)]
    assert len(dotted) == 1
    assert any(token.endswith("/support_3") for _, token in dotted[0])
    gone = replace(zone("ABCUSDT", "R", 13.9, 14.1, 90), state=ZoneState.EXPIRED)
    frame = paint_chart(link_chart(zones=(gone,), levels=()), Look(layers=frozenset({"zones"})), 118, 27)
    assert not any("/resistance" in token for line in frame.lines for _, token in line)
    assert len([line for line in frame.lines if "┄┄┄" in line_text(line)]) == 2


def test_layers_that_are_off_leave_nothing() -> None:
    bare = paint_chart(link_chart(levels=(), fills=()), Look(layers=frozenset()), 118, 27)
    tokens = {token for line in bare.lines[1:-1] for _, token in line}
    assert {token.split("/")[1] for token in tokens} == {""}
    text = "\n".join(line_text(line) for line in bare.lines)
    assert not any(name in text for name in ("VWAP", "POC", "vol ", "flow", "•"))


def test_money_flow_pane_is_left_out_where_taker_volume_is_unknown() -> None:
    data = link_chart(candles=[replace(candle, taker_buy_volume=None) for candle in link_chart().candles])
    assert "flow" not in "\n".join(line_text(line) for line in paint_chart(data, Look(), 118, 27).lines)


def test_crosshair_lifts_its_row_and_column_and_shows_its_candle() -> None:
    look = Look(cross_ms=END_MS - 20 * STEP_MS, cross_price=14.0)
    frame = paint_chart(link_chart(), look, 118, 27)
    assert frame.scale is not None
    row = frame.scale.row(14.0)
    assert all(token.endswith("+") for _, token in frame.lines[1 + row])
    candle = link_chart().candles[-20]
    assert f"C {candle.close:.3f}" in line_text(frame.lines[0])
    plain = paint_chart(link_chart(), Look(), 118, 27)
    assert [line_text(a)[: frame.columns] for a in frame.lines[1:-1]] == [
        line_text(b)[: plain.columns] for b in plain.lines[1:-1]
    ]


def test_times_on_the_axis_are_round_and_apart() -> None:
    for zoom in range(len(ZOOMS)):
        text = line_text(paint_chart(link_chart(), Look(zoom=zoom), 118, 27).lines[-1])
        labels = text.split()
        assert labels
        assert all(":" in label or "." in label for label in labels)
        assert all(label.endswith(("00", "30")) for label in labels if ":" in label)


def test_next_row_is_lower_in_price() -> None:
    scale = Scale(10.0, 20.0, 7)
    assert all(scale.price(a) > scale.price(b) for a, b in pairwise(range(7)))
    assert [scale.row(scale.price(row)) for row in range(7)] == list(range(7))


def test_amounts_and_countdowns_are_short() -> None:
    assert [amount_text(value) for value in (0.123456, 12.0, 1820, 182_000, 9_400_000, 3e9)] == [
        "0.123", "12", "1.8k", "182k", "9.4M", "3.0B",
    ]  # fmt: skip
    assert (countdown(773_000), countdown(DAY_MS // 2 + 1000)) == ("12:53", "12:00:01")


@given(st.floats(10, 9e11))
def test_amounts_have_at_most_three_figures_and_are_right_within_them(amount: float) -> None:
    text = amount_text(amount)
    figures = text.rstrip("kMB")
    size = {"k": 1e3, "M": 1e6, "B": 1e9}.get(text[-1], 1.0)
    assert len(figures.replace(".", "")) <= 3
    assert abs(float(figures) * size - amount) <= 0.05 * amount


@given(
    st.lists(st.tuples(st.floats(1, 1e5), st.floats(0, 1e6)), min_size=1, max_size=40),
    st.integers(0, 45),
    st.sampled_from((0, 7 * 60_000)),
)
def test_course_of_an_anchored_vwap_is_the_average_since_its_candle(rows, at, into_ms) -> None:
    frame = Timeframe.M15
    candles = [
        Candle(place * frame.ms, price, price, price, price, volume) for place, (price, volume) in enumerate(rows)
    ]
    found = course(candles, at * frame.ms + into_ms)
    first = min(at, len(rows) - 1)
    assert len(found) == len(rows)
    assert all(value is None for value in found[:first])
    seen = rows[first:]
    for place in range(len(seen)):
        weight = sum(volume for _, volume in seen[: place + 1])
        if weight > 0:
            wanted = sum(price * volume for price, volume in seen[: place + 1]) / weight
            assert found[first + place] == pytest.approx(wanted)
        else:
            assert found[first + place] is None


def test_anchored_vwaps_are_drawn_named_and_can_be_switched_off() -> None:
    data = link_chart()
    price = data.candles[-1].close * 1.008
    line = AnchoredLine("AvHigh", price, tuple([price] * len(data.candles)))
    data = replace(data, anchored=(line,), daily_vwap=(), weekly_vwap=())
    look = Look(layers=frozenset({"anchors"}))
    shown = "\n".join(line_text(each) for each in paint_chart(data, look, 120, 30).lines)
    hidden = "\n".join(line_text(each) for each in paint_chart(data, look.toggled("anchors"), 120, 30).lines)
    assert "AvHigh" in shown
    assert "AvHigh" not in hidden
    assert shown.count("·") > hidden.count("·")


def test_lines_of_anchors_before_the_first_candle_or_without_a_name_are_left_out() -> None:
    candles = link_chart().candles
    first = candles[0].open_time_ms
    readings = [
        VwapReading("last major swing high", first, 1.0, 0.1, 9),
        VwapReading("last major swing low", first - 1, 1.0, 0.1, 9),
        VwapReading("day open", first, 1.0, 0.1, 9),
    ]
    assert [line.name for line in AnchoredLines().of(candles, readings)] == ["AvHigh"]


@given(prices=st.lists(st.floats(10.0, 20.0), min_size=2, max_size=14), rows=st.integers(5, 12))
def test_names_of_crowded_levels_stand_in_the_order_of_their_prices(prices: list[float], rows: int) -> None:
    levels = [Level(price, "Name", "text", rank) for rank, price in enumerate(prices)]
    labels = gutter_labels(link_chart(), levels, Scale(10.0, 20.0, rows))
    shown = [float(label.text.split()[0]) for _, label in sorted(labels.items())]
    assert shown == sorted(shown, reverse=True)
    assert labels[Scale(10.0, 20.0, rows).row(prices[0])].text.endswith("Name"), "the first rank keeps its place"
