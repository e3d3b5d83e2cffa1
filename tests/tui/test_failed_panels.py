"""A panel that cannot be drawn says so in its place and comes back; the others go on, and the log tells it once."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from futtui.domain.timeframe import Timeframe
from futtui.language.catalogue import Language
from futtui.tui.app import FuttuiApp
from futtui.tui.paint import status
from futtui.tui.paint.chart.content import Subject
from futtui.tui.widgets import bars, candle_chart, live_chart
from futtui.tui.widgets.candle_chart import CandleChart
from futtui.tui.widgets.line_widget import LineWidget
from futtui.tui.widgets.live_panel import LivePanel
from futtui.tui.widgets.rows import Row
from tests.tui.conftest import AppMaker
from tests.tui.fake_engine import FakeEngine

Faults = list[logging.LogRecord]
BEGINNINGS = {
    Language.ENGLISH: "This panel failed.",
    Language.UKRAINIAN: "Ця панель не малюється.",
    Language.RUSSIAN: "Эта панель не рисуется.",
}


def broken(*values: Any, **named: Any) -> Any:
    raise ZeroDivisionError("the range is empty")


def text_of(panel: LivePanel | LineWidget) -> str:
    return "\n".join(panel.render_line(y).text.rstrip() for y in range(panel.size.height))


async def beat(app: FuttuiApp, pilot: Pilot[None]) -> None:
    app.pulse.beat()
    await pilot.pause()


@pytest.mark.parametrize("language", list(Language))
async def test_panel_that_cannot_be_made_says_so_and_comes_back_while_others_go_on(
    make_app: AppMaker, engine: FakeEngine, screen_faults: Faults, language: Language, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(language=language)
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.press("3", "down")
        await beat(app, pilot)
        panel, market = (app.screen.query_one(f"#{name}", LivePanel) for name in ("positions", "market"))
        before, marker = text_of(panel), panel.cursor_key
        with monkeypatch.context() as fault:
            fault.setattr(type(panel), "content", broken)
            for price in (3122.5, 3123.5, 3124.5):
                rows = (replace(row, price=price, version=int(price)) for row in engine.current.market)
                engine.show(market=tuple(rows))
                await beat(app, pilot)
            shown = " ".join(text_of(panel).split())
            assert shown.startswith(BEGINNINGS[language])
            assert "ZeroDivisionError: the range is empty" in shown
            assert "3,124.50" in text_of(market)
            await pilot.press("down", "end", "y")
            assert app.is_running
        await beat(app, pilot)
        assert text_of(panel) == before
        assert panel.cursor_key == marker
    (record,) = screen_faults
    assert "positions" in record.getMessage()
    assert record.exc_info is not None
    assert record.exc_info[2] is not None
    screen_faults.clear()


async def test_only_the_line_that_cannot_be_painted_fails(
    make_app: AppMaker, screen_faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await beat(app, pilot)
        panel = app.screen.query_one("#market", LivePanel)
        y = next(at for at in range(panel.size.height) if "ETHUSDT" in panel.render_line(at).text)
        before = text_of(panel).splitlines()
        made = panel._row_at

        def with_one_bad_row(at: int, height: int, top: int) -> Row | None:
            row = made(at, height, top)
            return Row(row.key, (row.version, "bad"), broken) if row is not None and at == y else row

        monkeypatch.setattr(panel, "_row_at", with_one_bad_row)
        for _ in range(3):
            await beat(app, pilot)
        shown = text_of(panel).splitlines()
        assert "This panel failed" in shown[y]
        assert [line for at, line in enumerate(shown) if at != y] == [line for at, line in enumerate(before) if at != y]
        monkeypatch.undo()
        await beat(app, pilot)
        assert text_of(panel).splitlines() == before
    assert len(screen_faults) == 1
    screen_faults.clear()


async def test_bar_that_cannot_be_painted_says_so_and_comes_back(
    make_app: AppMaker, screen_faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await beat(app, pilot)
        bar = app.screen.query_one("#status", LineWidget)
        before = text_of(bar)
        monkeypatch.setattr(bars, "status_line", broken)
        await beat(app, pilot)
        assert "This panel failed" in text_of(bar)
        monkeypatch.setattr(bars, "status_line", status.status_line)
        await beat(app, pilot)
        assert text_of(bar) == before
    assert len(screen_faults) == 1
    screen_faults.clear()


@pytest.mark.parametrize(("where", "what"), [(candle_chart, "paint_chart"), (live_chart, "ChartData")])
async def test_chart_that_cannot_be_painted_says_so_and_comes_back(
    make_app: AppMaker, screen_faults: Faults, monkeypatch: pytest.MonkeyPatch, where: Any, what: str
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        app.open_chart([Subject("ETHUSDT")], 0, ("futtui",), Timeframe.M15)
        await pilot.pause()
        await beat(app, pilot)
        chart = app.screen.query_one(CandleChart)
        before = text_of(chart)
        with monkeypatch.context() as fault:
            fault.setattr(where, what, broken)
            await beat(app, pilot)
            await pilot.press("left")
            assert "This panel failed" in text_of(chart)
        await pilot.press("0")
        await beat(app, pilot)
        assert "This panel failed" not in text_of(chart)
        assert text_of(chart) == before
    assert len(screen_faults) == 1
    screen_faults.clear()
