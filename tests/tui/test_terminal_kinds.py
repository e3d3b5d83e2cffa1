"""Terminals that have less: few colours or none, the old console of Windows, one that takes pictures slowly."""

from __future__ import annotations

from io import StringIO
from queue import Queue
from types import SimpleNamespace

import pytest
from rich.color import ColorSystem
from textual.drivers._writer_thread import WriterThread

from futtui.tui import app as app_module
from futtui.tui.compat.terminal import has_few_colours, is_old_console, pieces_waiting
from futtui.tui.running_settings import choose_theme
from futtui.tui.theme import FEW, NIGHT, Palette
from tests.tui.conftest import AppMaker
from tests.tui.screen_text import screen_text

TOKENS = (
    "text", "bold", "muted", "dim", "up", "down", "focus", "attention", "bar", "bar_live", "pill_paper", "support_3",
)  # fmt: skip
GREYS = {"#000000": 0, "#aaaaaa": 7, "#555555": 8, "#ffffff": 15}
"""Colours that every terminal has, and their numbers there."""


@pytest.mark.parametrize(
    ("no_color", "headless", "system", "few"),
    [
        (False, False, "truecolor", False),
        (False, False, "256", False),
        (False, False, "standard", True),
        (False, False, "windows", True),
        (False, False, None, True),
        (False, True, None, False),
        (True, False, "truecolor", True),
    ],
)
def test_few_colours_are_told_from_many(no_color: bool, headless: bool, system: str | None, few: bool) -> None:
    app = SimpleNamespace(no_color=no_color, is_headless=headless, console=SimpleNamespace(color_system=system))
    assert has_few_colours(app) is few  # type: ignore[arg-type]


@pytest.mark.parametrize("token", TOKENS)
def test_few_colours_stay_what_they_are_on_a_terminal_with_sixteen(token: str) -> None:
    palette = Palette(FEW)
    for selected in (False, True):
        style = palette.style(token, selected=selected)
        for color in (style.color, style.bgcolor):
            assert color is not None
            assert color.downgrade(ColorSystem.STANDARD).number == GREYS[color.get_truecolor().hex]
        assert style.color != style.bgcolor


def test_few_colours_mark_a_row_and_live_by_reversing() -> None:
    palette = Palette(FEW)
    for token in TOKENS:
        plain, marked = palette.style(token), palette.style(token, selected=True)
        assert plain.bgcolor != marked.bgcolor or token in ("bar_live",)
    assert palette.style("bar").bgcolor != palette.style("bar_live").bgcolor
    assert palette.style("pill_live").color != palette.style("pill_paper").color


async def test_few_colours_are_used_whatever_theme_is_chosen(
    make_app: AppMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_module, "has_few_colours", lambda app: True)
    app = make_app()
    async with app.run_test(size=(120, 35)):
        assert app.palette.tokens is FEW
        choose_theme(app, "light")
        assert app.palette.tokens is FEW
        assert app.ui_settings.theme == "light"
    monkeypatch.setattr(app_module, "has_few_colours", lambda app: False)
    other = make_app()
    async with other.run_test(size=(120, 35)):
        assert other.palette.tokens is NIGHT


@pytest.mark.parametrize(
    ("platform", "environment", "window_class", "old"),
    [
        ("win32", {}, "ConsoleWindowClass", True),
        ("win32", {}, "PseudoConsoleWindow", False),  # the default terminal of Windows 11, opened by a double click
        ("win32", {}, "", False),
        ("win32", {"WT_SESSION": "1"}, "ConsoleWindowClass", False),
        ("win32", {"TERM_PROGRAM": "vscode"}, "ConsoleWindowClass", False),
        ("win32", {"ConEmuANSI": "ON"}, "ConsoleWindowClass", False),
        ("linux", {}, "ConsoleWindowClass", False),
    ],
)
def test_old_console_of_windows_is_recognised(
    platform: str, environment: dict[str, str], window_class: str, old: bool
) -> None:
    assert is_old_console(platform, environment, lambda: window_class) is old


async def test_old_console_gets_plain_signs_and_one_hint(make_app: AppMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_module, "is_old_console", lambda: True)
    app = make_app()
    monkeypatch.setattr(type(app), "is_headless", property(lambda self: False))
    app._suit_terminal()
    assert app.ui_settings.plain_glyphs
    assert "Windows Terminal" in app.flash_line.text
    monkeypatch.undo()
    async with app.run_test(size=(120, 35)):
        assert "\u25b8" not in screen_text(app)


async def test_pulse_slows_down_for_a_terminal_that_does_not_keep_up(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=(120, 35)):
        app.pulse.stop()  # its own beats would count, too
        assert app.pulse.wanted_hz == 5.0
        for waiting in (20, 20, 20, 20, 0, 20, 20, 20, 20):  # never five beats in a row
            app.pulse.suit_terminal(waiting)
        assert app.pulse.wanted_hz == 5.0
        app.pulse.suit_terminal(20)
        app.pulse.start()
        assert (app.pulse.wanted_hz, app.pulse.interval_s) == (2.0, 0.5)
        app.pulse.stop()
        assert "2 a second" in app.flash_line.text
        app.pulse.set_background(True)
        assert app.pulse.wanted_hz == 1.0
        app.pulse.set_background(False)
        for _ in range(60):
            assert app.pulse.wanted_hz == 2.0
            app.pulse.suit_terminal(0)
        assert app.pulse.wanted_hz == 5.0


def test_pieces_that_wait_are_counted_where_textual_has_its_writing_thread() -> None:
    queue = Queue[str]()
    queue.put("half a picture")
    driver = SimpleNamespace(_writer_thread=SimpleNamespace(_queue=queue))
    assert pieces_waiting(SimpleNamespace(_driver=driver)) == 1  # type: ignore[arg-type]
    assert pieces_waiting(SimpleNamespace(_driver=None)) == 0  # type: ignore[arg-type]
    assert isinstance(WriterThread(StringIO())._queue, Queue)  # what is counted is really there
