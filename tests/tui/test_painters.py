"""Painters against golden texts: what each panel and detail says, at several widths, without a terminal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from futtui.domain.position import ExitReason, TradingMode
from futtui.domain.side import Side
from futtui.domain.signal import SignalStatus
from futtui.domain.snapshot import EngineSnapshot, FeedView
from futtui.tui.paint import help as help_paint
from futtui.tui.paint import log, market, notices, positions, signals, zones
from futtui.tui.paint.chart import content
from futtui.tui.paint.chart.content import Subject
from futtui.tui.paint.details import Detail, log_detail
from futtui.tui.paint.position_detail import position_detail, trade_detail
from futtui.tui.paint.signal_detail import signal_detail
from futtui.tui.paint.status import status_line
from futtui.tui.paint.symbol_detail import symbol_detail
from futtui.tui.paint.table import head_line
from futtui.tui.paint.text import Line, line_text, line_width
from futtui.tui.paint.view import View, source_of
from tests.tui import fake_engine
from tests.tui.fake_engine import NOW_MS
from tests.tui.golden import check_golden

KYIV = timezone(timedelta(hours=3))


def view_of(snapshot: EngineSnapshot | None = None, symbol: str = "BTCUSDT", **changes: object) -> View:
    """A view of the drawn dashboard, or of the given snapshot."""
    shown = snapshot or fake_engine.snapshot()
    by_symbol = {row.symbol: row for row in shown.market}
    view = View(shown, NOW_MS, KYIV, "Kyiv", symbol, by_symbol)
    return replace(view, **changes)  # type: ignore[arg-type]


def market_text(view: View, width: int) -> list[Line]:
    """The market panel as lines."""
    columns = market.columns_for(width)
    lines = [market.summary_line(view, width), head_line(columns, sorted_by="gap", sign="▼")]
    rows = market.sort_rows(view.snapshot.market, "gap", False)
    return lines + [market.market_line(row, view, columns, index == 0) for index, row in enumerate(rows)]


def signals_text(view: View, width: int) -> list[Line]:
    """The signals panel as lines."""
    columns = signals.columns_for(width)
    found = signals.listed_signals(view)
    lines = [head_line(columns)] + [signals.signal_line(item, view, columns, False) for item in found]
    for item in found[:2]:
        lines += signals.plan_lines(item, view, width, 14)
    return lines


def positions_text(view: View, width: int) -> list[Line]:
    """The positions panel as lines."""
    columns = positions.columns_for(width)
    assert view.snapshot.desk is not None
    desk = view.snapshot.desk
    lines = [head_line(columns)]
    lines += [positions.position_line(item, view, columns, index == 0) for index, item in enumerate(desk.positions)]
    lines.append(positions.trades_head(view, width))
    return lines + [positions.trade_line(trade, view, columns, False) for trade in desk.trades]


def zones_text(view: View, width: int) -> list[Line]:
    """The zones panel as lines."""
    columns = zones.columns_for(width)
    return [head_line(columns)] + [zones.step_line(step, view, columns, width, False) for step in zones.ladder(view)]


def log_text(view: View, width: int) -> list[Line]:
    """The log panel as lines."""
    return [log.log_line(line, view, width) for line in log.visible_lines(view)]


PANELS: dict[str, tuple[Callable[[View, int], list[Line]], tuple[int, ...]]] = {
    "market": (market_text, (59, 67, 77, 117)),
    "signals": (signals_text, (47, 77)),
    "positions": (positions_text, (77, 117, 160)),
    "zones": (zones_text, (55, 77)),
    "log": (log_text, (59, 77)),
}


@pytest.mark.parametrize(("name", "width"), [(name, width) for name, (_, all_) in PANELS.items() for width in all_])
def test_panel_at_width_reads_as_drawn(name: str, width: int) -> None:
    lines = PANELS[name][0](view_of(), width)
    assert all(line_width(line) <= width for line in lines)
    check_golden(f"{name}-{width}", lines)


@pytest.mark.parametrize("width", [80, 100, 120, 200])
@pytest.mark.parametrize("state", ["paper", "live", "old", "starting", "real"])
def test_status_bar_fits_and_keeps_what_matters(state: str, width: int) -> None:
    snapshot = fake_engine.snapshot()
    assert snapshot.desk is not None
    if state == "live":
        snapshot = replace(snapshot, desk=replace(snapshot.desk, mode=TradingMode.LIVE, paused=True))
    if state == "old":
        snapshot = replace(snapshot, feed=FeedView(False, "lost", 9_000, 0, attempt=3))
    if state == "starting":
        snapshot = replace(snapshot, desk=None, market=(), phase_text="Loading candles")
    if state == "real":
        snapshot = replace(snapshot, synthetic=False, source_label="Binance USD-M", speed_text="")
    line = status_line(view_of(snapshot), width)
    assert line_width(line) == width
    text = line_text(line)
    assert ("SYNTHETIC" in text) is (state != "real")
    assert "14:32" in text
    check_golden(f"status-{state}-{width}", [line])


DETAILS: dict[str, Callable[[], Detail]] = {
    "symbol": lambda: symbol_detail("BTCUSDT", ("Dashboard", "Market", "BTCUSDT")),
    "blocked": lambda: symbol_detail("TIAUSDT", ("Dashboard", "Market", "TIAUSDT")),
    "signal": lambda: signal_detail(fake_engine.signals()[0], ("Dashboard", "Signals", "LINKUSDT long")),
    "waiting": lambda: signal_detail(fake_engine.signals()[1], ("Dashboard", "Signals", "SOLUSDT short")),
    "position": lambda: position_detail(fake_engine.positions()[0], ("Dashboard", "Positions", "ETHUSDT")),
    "trade": lambda: trade_detail(
        fake_engine.trade("BNBUSDT", "21.40", 1.31, ExitReason.TARGET_2, 4_800_000), ("Dashboard", "Positions", "BNB")
    ),
    "log": lambda: log_detail(fake_engine.log_lines()[0], ("Dashboard", "Log")),
}


@pytest.mark.parametrize("width", [57, 77])
@pytest.mark.parametrize("name", sorted(DETAILS))
def test_detail_at_width_reads_as_drawn(name: str, width: int) -> None:
    lines: list[Line] = []
    for box in DETAILS[name]().boxes:
        painted = box.lines(view_of(), width)
        lines += [((f"[{box.title}]", "title"),), *painted]
        assert all(line_width(line) <= width for line in painted), box.id
    check_golden(f"detail-{name}-{width}", lines)


@pytest.mark.parametrize("place", ["market", "signals", "positions", "zones", "log", "detail"])
def test_help_at_full_width_reads_as_drawn(place: str) -> None:
    lines = help_paint.help_lines(place, 100)
    assert all(line_width(line) <= 100 for line in lines)
    check_golden(f"help-{place}", lines)


@pytest.mark.parametrize("place", ["market", "positions"])
def test_help_fits_eighty_columns(place: str) -> None:
    assert all(line_width(line) <= 77 for line in help_paint.help_lines(place, 77))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"quantity": 2_576.3}, " 2,576 "),
        ({"quantity": 128_456.0}, " 128k "),
        ({"quantity": 0.0123456}, " 0.0123 "),
        ({"pnl": -11_025.57, "pnl_pct": -10.21}, "-11,025.57 "),
        ({"stop": 87_930.1, "entry_price": 87_817.9, "mark_price": 88_179.1, "side": Side.LONG}, "stop 87,930.1"),
    ],
)
def test_compact_position_cuts_no_number(changes: dict[str, Any], told: str) -> None:
    position = replace(view_of().snapshot.desk.positions[0], **changes)  # type: ignore[union-attr]
    line = line_text(positions.compact_line(position, view_of(), False, 77))
    assert told in line
    assert "…" not in line


def test_compact_lines_fit_seventy_seven_cells() -> None:
    view = view_of()
    assert view.snapshot.desk is not None
    lines = [signals.compact_line(item, view, index == 0, 77) for index, item in enumerate(view.snapshot.desk.signals)]
    lines += [positions.compact_line(item, view, False, 77) for item in view.snapshot.desk.positions]
    assert all(line_width(line) <= 77 for line in lines)
    check_golden("compact-77", lines)


def test_tabs_fit_eighty_cells_with_big_numbers() -> None:
    rows = fake_engine.market_rows() * 40
    line = notices.tabs_line(view_of(replace(fake_engine.snapshot(), market=rows)), "signals", 80)
    assert line_width(line) <= 80


def test_row_with_long_name_and_missing_figures_keeps_its_columns() -> None:
    base = fake_engine.market_rows()[0]
    odd = replace(
        base,
        symbol="1000000MOGUSDT",
        price=0.00000123,
        nearest_zone=None,
        gap_pct=None,
        change_24h_pct=None,
        rules=None,
    )
    view = view_of(replace(fake_engine.snapshot(), market=(odd,)))
    columns = market.columns_for(67)
    line = market.market_line(odd, view, columns, False)
    assert line_width(line) == sum(column.width + 1 for column in columns) + 2
    text = line_text(line)
    assert "1000000M…" in text
    assert text.count("n/a") == 2
    assert "no zone near" in text


def test_sort_puts_unknown_and_blocked_last_either_way() -> None:
    rows = list(fake_engine.market_rows())
    rows[3] = replace(rows[3], gap_pct=None)
    for reverse in (False, True):
        order = [row.symbol for row in market.sort_rows(rows, "gap", reverse)]
        assert set(order[-2:]) == {"XRPUSDT", "TIAUSDT"}
    biggest = market.sort_rows(rows, "change", False)[0]
    assert biggest.symbol == "SOLUSDT"


def test_position_without_a_stop_warns() -> None:
    naked = replace(fake_engine.positions()[0], status="NAKED")
    columns = positions.columns_for(117)
    line = positions.position_line(naked, view_of(), columns, False)
    assert "attention" in [token for text, token in line if "no stop yet" in text]


def test_reward_is_told_for_each_target() -> None:
    text = "\n".join(line_text(line) for line in signals.plan_lines(fake_engine.signals()[0], view_of(), 77, 6))
    assert "Reward 1.0R / 2.2R / 3.8R" in text


def test_list_and_chart_tell_the_reward_of_the_same_target_and_the_chart_names_it() -> None:
    signal, view = fake_engine.signals()[0], view_of()
    for count, name in ((3, "TP2"), (2, "TP2"), (1, "TP1")):
        levels = replace(signal.raw.levels, targets=signal.raw.levels.targets[:count])
        shown = replace(signal, raw=replace(signal.raw, levels=levels))
        desk = replace(view.snapshot.desk, signals=(shown,))
        now = replace(view, snapshot=replace(view.snapshot, desk=desk))
        plan = line_text(content.plan_line(now, Subject(shown.raw.symbol, signal_id=shown.signal_id), 200))
        reward = signals._reward(shown)
        assert f"reward {reward} to {name}" in plan


@pytest.mark.parametrize(
    ("label", "synthetic", "badge", "embedded"),
    [
        ("Synthetic market, seed 7", True, "SYNTHETIC MARKET x60", True),
        ("History replay of 5 symbols", False, "HISTORY REPLAY x60", True),
        ("Binance demo exchange", False, "EXCHANGE DEMO", False),
        ("Binance USD-M", False, "", False),
    ],
)
def test_source_is_named_for_what_it_is(label: str, synthetic: bool, badge: str, embedded: bool) -> None:
    source = source_of(replace(fake_engine.snapshot(), source_label=label, synthetic=synthetic))
    assert (source.badge, source.embedded) == (badge, embedded)


odd_floats = st.floats(min_value=1e-8, max_value=1e8, allow_nan=False)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    odd_floats, odd_floats, odd_floats, st.integers(min_value=40, max_value=220), st.sampled_from(list(SignalStatus))
)
def test_no_figures_break_a_panel(price: float, entry: float, stop: float, width: int, status: SignalStatus) -> None:
    snapshot = fake_engine.snapshot()
    assert snapshot.desk is not None
    row = replace(snapshot.market[0], price=price, previous_price=entry)
    first = snapshot.desk.signals[0]
    levels = replace(first.raw.levels, entry=entry, stop=stop if stop != entry else stop * 2)
    changed = replace(first, raw=replace(first.raw, symbol="BTCUSDT", levels=levels), status=status)
    held = replace(snapshot.desk.positions[0], symbol="BTCUSDT", entry_price=entry, mark_price=price, stop=stop)
    desk = replace(snapshot.desk, signals=(changed,), positions=(held,))
    view = view_of(replace(snapshot, market=(row, *snapshot.market[1:]), desk=desk))
    for paint, _ in PANELS.values():
        for line in paint(view, width):
            assert line_width(line) <= max(width, 90)
    for detail in (symbol_detail("BTCUSDT", ("x",)), signal_detail(changed, ("x",)), position_detail(held, ("x",))):
        for box in detail.boxes:
            assert box.lines(view, width)
