"""Pictures of the key screens. Compared on one Python only, because the drawing of SVG differs between versions."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from futtui.domain.position import TradingMode
from futtui.domain.snapshot import FeedView
from futtui.tui.app import FuttuiApp
from tests.tui.conftest import AppMaker
from tests.tui.fake_backtests import FakeBacktests, press
from tests.tui.fake_engine import FakeEngine
from tests.tui.fake_settings import FakeSettings
from tests.tui.test_health_screen import FIGURES, budget, health
from tests.tui.test_records_screen import sent_book
from tests.tui.test_welcome import FakeHabits, first_start

pytestmark = pytest.mark.skipif(
    sys.version_info[:2] != (3, 11) or sys.platform == "win32",
    reason="pictures are compared on Python 3.11 outside Windows only; the flows run everywhere",
)

Compare = Callable[..., bool]


def after(*keys: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    """Presses the keys one by one, then beats once, so that the picture never waits for a timer."""

    async def run(pilot: Pilot[None]) -> None:
        await pilot.pause()
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
            await pilot.app.workers.wait_for_complete()
        app = pilot.app
        assert isinstance(app, FuttuiApp)
        app.pulse.stop()
        app.pulse.beat()
        await pilot.pause()

    return run


@pytest.mark.parametrize(("width", "height"), [(120, 35), (80, 24), (200, 50), (64, 15)])
def test_picture_of_the_dashboard(snap_compare: Compare, make_app: AppMaker, width: int, height: int) -> None:
    assert snap_compare(make_app(), terminal_size=(width, height), run_before=after())


@pytest.mark.parametrize("theme", ["colour-safe", "light"])
def test_picture_of_a_theme(snap_compare: Compare, make_app: AppMaker, theme: str) -> None:
    assert snap_compare(make_app(theme=theme), terminal_size=(120, 35), run_before=after())


def test_picture_of_plain_glyphs(snap_compare: Compare, make_app: AppMaker) -> None:
    assert snap_compare(make_app(plain_glyphs=True), terminal_size=(80, 24), run_before=after())


def test_picture_of_live_mode(snap_compare: Compare, make_app: AppMaker, engine: FakeEngine) -> None:
    engine.show_desk(mode=TradingMode.LIVE)
    assert snap_compare(make_app(), terminal_size=(120, 35), run_before=after())


def test_picture_of_old_data(snap_compare: Compare, make_app: AppMaker, engine: FakeEngine) -> None:
    engine.show(feed=FeedView(connected=False, text="lost", age_ms=9000, delay_ms=0, attempt=3))
    assert snap_compare(make_app(), terminal_size=(120, 35), run_before=after())


def test_picture_of_loading(snap_compare: Compare, make_app: AppMaker, engine: FakeEngine) -> None:
    feed = FeedView(connected=False, text="", age_ms=0, delay_ms=0)
    shown = replace(engine.current, market=(), desk=None, readings={}, log=(), feed=feed)
    engine.current = replace(shown, phase="loading", phase_text="Loading candles", symbols_ready=5)
    assert snap_compare(make_app(), terminal_size=(120, 35), run_before=after())


def test_picture_of_a_signal(snap_compare: Compare, make_app: AppMaker) -> None:
    assert snap_compare(make_app(), terminal_size=(120, 35), run_before=after("2", "enter"))


def test_picture_of_a_symbol_in_a_small_window(snap_compare: Compare, make_app: AppMaker) -> None:
    assert snap_compare(make_app(), terminal_size=(80, 24), run_before=after("enter"))


def test_picture_of_going_live(snap_compare: Compare, make_app: AppMaker) -> None:
    assert snap_compare(make_app(), terminal_size=(80, 24), run_before=after("m", "3", "7", "3"))


def test_picture_of_the_block_menu(snap_compare: Compare, make_app: AppMaker) -> None:
    assert snap_compare(make_app(), terminal_size=(80, 24), run_before=after("b"))


def test_picture_of_help(snap_compare: Compare, make_app: AppMaker) -> None:
    assert snap_compare(make_app(), terminal_size=(120, 35), run_before=after("3", "question_mark"))


@pytest.mark.parametrize("size", [(80, 24), (120, 35), (200, 50)])
@pytest.mark.parametrize("theme", ["night", "colour-safe"])
def test_picture_of_the_chart(snap_compare: Compare, make_app: AppMaker, size: tuple[int, int], theme: str) -> None:
    keys = ("2", "c") if size[0] < 200 else ("2", "c", "x", "left", "left", "up", "w")
    assert snap_compare(make_app(theme=theme), terminal_size=size, run_before=after(*keys))


@pytest.mark.parametrize("size", [(80, 24), (120, 35)])
def test_picture_of_the_settings(snap_compare: Compare, make_app: AppMaker, size: tuple[int, int]) -> None:
    app = make_app()
    app.settings_port = FakeSettings()
    keys = ("comma", "down", "down", "tab", "down")
    assert snap_compare(app, terminal_size=size, run_before=after(*keys))


@pytest.mark.parametrize("size", [(80, 24), (120, 35)])
def test_picture_of_the_symbols(
    snap_compare: Compare, make_app: AppMaker, engine: FakeEngine, size: tuple[int, int]
) -> None:
    assert snap_compare(make_app(), terminal_size=size, run_before=after("u"))


@pytest.mark.parametrize("size", [(80, 24), (120, 35)])
def test_picture_of_the_health(
    snap_compare: Compare, make_app: AppMaker, engine: FakeEngine, size: tuple[int, int]
) -> None:
    app = make_app()
    app.pulse.figures = lambda: FIGURES  # type: ignore[method-assign]
    engine.show(health=health(), feed=replace(engine.current.feed, budget=budget()))
    assert snap_compare(app, terminal_size=size, run_before=after("f3"))


@pytest.mark.parametrize("size", [(80, 24), (120, 35)])
def test_picture_of_what_was_sent(
    snap_compare: Compare, make_app: AppMaker, engine: FakeEngine, size: tuple[int, int]
) -> None:
    engine.show(sent=sent_book().view())
    assert snap_compare(make_app(), terminal_size=size, run_before=after("f6", "down"))


def test_picture_of_the_log_while_finding(snap_compare: Compare, make_app: AppMaker) -> None:
    keys = ("f4", "slash", *"zones", "enter")
    assert snap_compare(make_app(), terminal_size=(120, 35), run_before=after(*keys))


@pytest.mark.parametrize("size", [(80, 24), (120, 35)])
@pytest.mark.parametrize(
    "keys",
    [("t",), ("t", "tab", "enter"), ("t", "tab", "enter", "enter", *["right"] * 9)],
    ids=["form", "run", "replay"],
)
def test_picture_of_backtests(
    snap_compare: Compare, make_app: AppMaker, size: tuple[int, int], keys: tuple[str, ...]
) -> None:
    async def run(pilot: Pilot[None]) -> None:
        await pilot.pause()
        await press(pilot, *keys)
        await after()(pilot)

    assert snap_compare(make_app(backtests=FakeBacktests()), terminal_size=size, run_before=run)


@pytest.mark.parametrize(("keys", "size"), [((), (120, 35)), (("escape", "escape"), (80, 24))])
def test_picture_of_the_welcome(
    snap_compare: Compare, engine: FakeEngine, keys: tuple[str, ...], size: tuple[int, int]
) -> None:
    app = first_start(engine, FakeHabits(), "never")

    async def welcome(pilot: Pilot[None]) -> None:
        app.action_open_place("welcome")
        await after(*keys)(pilot)

    assert snap_compare(app, terminal_size=size, run_before=welcome)


@pytest.mark.parametrize("keys", [("g",), ("l", "l")], ids=["jump", "trade"])
def test_picture_of_habits(snap_compare: Compare, make_app: AppMaker, keys: tuple[str, ...]) -> None:
    assert snap_compare(make_app(), terminal_size=(120, 35), run_before=after(*keys))
