"""Python's garbage collector stops the screen while it works: beats leave it nothing, and it is kept to small steps."""

from __future__ import annotations

import gc

import pytest
from rich.segment import Segment
from textual.strip import Strip

from futtui.tui.app import FuttuiApp
from futtui.tui.compat.collector import LONG_BEATS, MIDDLE_BEATS, THRESHOLDS, CollectorCare
from futtui.tui.compat.strips import let_strips_go
from futtui.tui.widgets.live_panel import STRIPS_KEPT, LivePanel
from tests.tui.conftest import AppMaker
from tests.tui.fake_engine import MovingEngine

BEATS = 20
MOST_A_BEAT = 5
"""The shell of the test makes a few circles of its own; a repainted line that holds itself is twenty objects."""


async def test_beats_in_which_every_row_moves_leave_nothing_to_the_collector(make_app: AppMaker) -> None:
    engine = MovingEngine()
    app = make_app(on=engine)
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        app.pulse.stop()
        engine.step()
        app.pulse.beat()
        await pilot.pause()
        gc.collect()
        gc.disable()
        try:
            for _ in range(BEATS):
                engine.step()
                app.pulse.beat()
                await pilot.pause()
            left = gc.collect()
        finally:
            gc.enable()
    assert left <= BEATS * MOST_A_BEAT


def test_a_strip_cut_nowhere_is_itself_and_is_not_kept_by_itself() -> None:
    let_strips_go()
    let_strips_go()
    strip = Strip([Segment("price")], 5)
    assert list(strip.divide([5])) == [strip]
    assert list(strip.divide([5, 9])) == [strip], "what lies beyond the end is left out, as ever"
    assert [part.text for part in strip.divide([2, 5])] == ["pr", "ice"]
    assert strip not in [part for kept in strip._divide_cache._cache.values() for part in kept]


def test_collector_is_asked_once_when_the_engine_runs_and_not_before_the_first_frame(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(gc, "collect", lambda oldest=2: asked.append("collect" if oldest == 2 else f"up to {oldest}"))
    monkeypatch.setattr(gc, "freeze", lambda: asked.append("freeze"))
    monkeypatch.setattr(gc, "set_threshold", lambda *limits: asked.append(f"limits {limits == THRESHOLDS}"))
    care = CollectorCare()
    care.look(running=False)
    assert asked == []
    care.begin()
    assert asked == ["collect", "freeze", "limits True"]
    asked.clear()
    for running in (False, True, True, False, True):
        care.look(running=running)
    assert asked == [], "a beat is not held up"
    care.after_beat()
    assert asked == ["collect", "freeze"]
    asked.clear()
    for _ in range(2 * MIDDLE_BEATS - 1):
        care.after_beat()
    young = ["up to 0"] * (MIDDLE_BEATS - 1)
    assert asked == [*young[1:], "up to 1", *young, "up to 1"]
    asked.clear()
    for _ in range(LONG_BEATS):
        care.after_beat()
    assert asked.count("collect") == 1, "closed screens go in the end"
    assert asked.count("up to 1") == LONG_BEATS // MIDDLE_BEATS - 1


def drawn_often(app: FuttuiApp, engine: MovingEngine) -> LivePanel:
    """The market panel after more beats with news than strips are kept of."""
    app.pulse.stop()
    market = app.screen.query_one("#market", LivePanel)
    for _ in range(STRIPS_KEPT // 5):
        engine.step()
        app.pulse.beat()
        for y in range(market.size.height):
            market.render_line(y)
    return market


async def test_panel_forgets_strips_of_rows_as_they_were(make_app: AppMaker) -> None:
    engine = MovingEngine()
    app = make_app(on=engine)
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        market = drawn_often(app, engine)
        assert len(market._strips) == STRIPS_KEPT


async def test_panel_higher_than_what_is_kept_keeps_all_that_is_in_sight(make_app: AppMaker) -> None:
    engine = MovingEngine()
    app = make_app(on=engine)
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        market = drawn_often(app, engine)
        await pilot.resize_terminal(120, 4 * STRIPS_KEPT)
        await pilot.pause()
        height = market.size.height
        assert height > STRIPS_KEPT
        drawn = [market._strips.set(("row", number), market.render_line(0)) for number in range(2 * height)]
        assert len(drawn) == 2 * height
        assert len(market._strips) == height
