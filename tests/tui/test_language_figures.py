"""No painter loses a number, or cuts more, in a language with longer words; the English picture is the measure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC

import pytest

from futtui.domain.gaps import GapsView
from futtui.language.catalogue import Language
from futtui.tui.glyphs import ELLIPSIS
from futtui.tui.paint import (
    backtest,
    machine,
    notices,
    past,
    performance,
    positions,
    records,
    signals,
    story,
    symbols,
    why,
    zone_browser,
)
from futtui.tui.paint.chart import texts
from futtui.tui.paint.chart.data import Look
from futtui.tui.paint.status import status_line
from futtui.tui.paint.text import Line, line_text, line_width
from futtui.tui.paint.view import View
from futtui.tui.words import speak
from tests.tui import fake_engine
from tests.tui.chart_data import link_chart
from tests.tui.fake_backtests import run_result
from tests.tui.test_health_screen import FIGURES, health
from tests.tui.test_painters import DETAILS, PANELS, view_of
from tests.tui.test_performance_screen import PAPER
from tests.tui.test_performance_screen import table as performance_table
from tests.tui.test_records_screen import sent_book
from tests.tui.test_signal_screen import answered
from tests.tui.test_zone_browser import LOOK, made_view
from tests.tui.test_zone_browser import table as zone_table

CYRILLIC = (Language.UKRAINIAN, Language.RUSSIAN)


def figures(lines: Sequence[Line]) -> Counter[str]:
    """Every whole run of digits with how often it is shown."""
    text = "\n".join(line_text(line) for line in lines)
    return Counter(re.findall(r"\d+", re.sub(rf"\d+{ELLIPSIS}", "", text)))


def everything(width: int) -> dict[str, list[Line]]:
    """Panels, details, bars and notices painted at one width."""
    view = view_of()
    desk = view.snapshot.desk
    assert desk is not None
    painted = {name: paint(view, width) for name, (paint, widths) in PANELS.items() if width >= min(widths)}
    for name, make in DETAILS.items():
        painted[f"detail {name}"] = [line for box in make().boxes for line in box.lines(view, width)]
    if width >= 77:
        painted["compact signals"] = [signals.compact_line(item, view, False, width) for item in desk.signals]
        painted["compact positions"] = [positions.compact_line(item, view, False, width) for item in desk.positions]
        painted["tabs"] = [notices.tabs_line(view, "market", width)]
    painted["status"] = [status_line(view, width + 3)]
    painted |= dict(places(view, width))
    return painted


def places(view: View, width: int) -> Iterator[tuple[str, list[Line]]]:
    """The screens that are a place of their own, box by box."""
    look = why.WhyLook("", 1, fake_engine.why_no_signals())
    for painter in (why.short_lines, why.nearly_lines, why.refusal_lines, why.silence_lines):
        yield f"why {painter.__name__}", painter(look, view, width)
    first, position = fake_engine.signals()[0], fake_engine.positions()[0]
    yield "past", past.record_lines(first, answered(fake_engine.similar_signals()), view, width)
    for told in (story.order_lines, story.rule_lines, story.step_lines):
        yield f"story {told.__name__}", told(position, view, width)
    yield "performance", performance_table(width)
    account = PAPER.account
    assert account is not None
    for item in account.strategies:
        yield f"verdict {item.strategy}", performance.words_lines(item, PAPER, view, width)
    zones = made_view()
    best = zone_browser.zones_of(LOOK, zones)[0]
    yield "zones", zone_table(zones, LOOK, width)
    yield "zone", zone_browser.why_lines(best, zones, width)
    yield "touches", zone_browser.story_lines(fake_engine.zone_events(), "", zones, width)
    columns = symbols.columns_for(width)
    watched = symbols.all_symbols(view.snapshot, by_state=True)
    yield "symbols", [symbols.symbol_line(item, view, columns, False) for item in watched]
    gaps = GapsView(open=1, open_candles=4, filled=2, filled_candles=9, by_class={"no_trades": 2}, corrected_candles=1)
    measured = replace(view.snapshot, health=health(), feed=replace(view.snapshot.feed, gaps=gaps))
    working = view_of(measured)
    yield "requests", machine.request_lines(working, width)
    yield "engine", machine.engine_lines(working, width)
    yield "streams", machine.stream_lines(working, width)
    yield "screen", machine.screen_lines(working, FIGURES, width)
    sending = replace(view.snapshot, sent=sent_book().view())
    rows = records.sent_columns(width)
    if width >= 77:
        shown, none = view_of(sending), records.Filter("")
        yield "orders", [records.sent_row(entry, shown, rows, none, selected=False) for entry in sending.sent]
    chart = link_chart()
    yield "chart", [texts.header_line(chart, Look(), width)]
    result = run_result("a", 6)
    yield "run", backtest.head_lines(result, width)
    yield "two runs", backtest.compare_lines(result, run_result("b", 1, "volume_profile"), UTC, width)
    runs = backtest.columns_for(backtest.RUN_COLUMNS, width)
    yield "runs", [backtest.run_line(result.head, "", UTC, runs, ">", False)]
    tested = backtest.columns_for(backtest.TRADE_COLUMNS, width)
    yield "trades", [backtest.trade_line(item, UTC, tested, ">", False) for item in result.trades[:5]]


@pytest.mark.parametrize("language", CYRILLIC, ids=lambda language: language.value)
@pytest.mark.parametrize("width", [57, 77, 117])
def test_no_number_is_lost_and_no_more_is_cut_than_in_english(language: Language, width: int) -> None:
    speak(Language.ENGLISH)
    before = everything(width)
    speak(language)
    for name, lines in everything(width).items():
        assert figures(before[name]) - figures(lines) == Counter(), name
        cut, was_cut = ("\n".join(line_text(line) for line in all_).count(ELLIPSIS) for all_ in (lines, before[name]))
        assert cut <= was_cut, name
        assert max(map(line_width, lines)) <= (width + 3 if name in ("status", "tabs") else width), name
