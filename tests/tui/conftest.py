"""Fixtures of the screen tests: a frozen engine, and an app on it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from logging.handlers import BufferingHandler

import pytest
from textual._styles_cache import StylesCache
from textual.css.model import RuleSet
from textual.css.stylesheet import CSSLocation, Stylesheet

from futtui.language.catalogue import Language
from futtui.tui.app import FuttuiApp
from futtui.tui.settings import UiSettings
from futtui.tui.widgets.failures import LOGGER
from futtui.tui.words import speak
from tests.tui.fake_backtests import FakeBacktests
from tests.tui.fake_engine import FakeEngine
from tests.tui.quiet import wait_until_quiet

AppMaker = Callable[..., FuttuiApp]


@pytest.fixture(scope="session", autouse=True)
def styles_are_read_once() -> Iterator[None]:
    """A stylesheet in the same colours says the same to every app: reading it again was a third of each start."""
    read = Stylesheet._parse_rules
    known: dict[tuple[object, ...], list[RuleSet]] = {}

    def read_once(sheet: Stylesheet, css: str, read_from: CSSLocation, *more: object, **named: object) -> list[RuleSet]:
        key = (css, read_from, more, *named.items(), *sheet._variables.items())
        if key not in known:
            known[key] = read(sheet, css, read_from, *more, **named)  # type: ignore[arg-type]
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", read_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def quiet_is_seen_and_not_timed() -> Iterator[None]:
    """Each key of a test took a twentieth of a second to be sure that nothing more happens."""
    with pytest.MonkeyPatch.context() as patch:
        for module in ("textual.app", "textual.pilot"):
            patch.setattr(f"{module}.wait_for_idle", wait_until_quiet)
        yield


@pytest.fixture(autouse=True)
def english_afterwards() -> Iterator[None]:
    """Whatever a test speaks, the next one starts in English."""
    yield
    speak(Language.ENGLISH)


@pytest.fixture(autouse=True)
def nothing_is_kept_of_closed_screens() -> Iterator[None]:
    """Textual keeps what the last thousand widgets drew: every later collection of garbage would walk through it."""
    yield
    StylesCache.get_inner_outer.cache_clear()


@pytest.fixture(autouse=True)
def screen_faults() -> Iterator[list[logging.LogRecord]]:
    """What the screen logged about panels that failed: an empty list, or the test that did not take it fails."""
    kept = BufferingHandler(1000)
    logger = logging.getLogger(LOGGER)
    logger.addHandler(kept)
    yield kept.buffer
    logger.removeHandler(kept)
    faults = [str(record.exc_info and record.exc_info[1]) for record in kept.buffer if record.levelno == logging.ERROR]
    assert faults == []


@pytest.fixture
def engine() -> FakeEngine:
    """The drawn dashboard, frozen."""
    return FakeEngine()


@pytest.fixture
def make_app(engine: FakeEngine) -> AppMaker:
    """Builds an app on the engine with a steady clock that stands still and a known number."""

    def make(*, on: FakeEngine | None = None, backtests: FakeBacktests | None = None, **choices: object) -> FuttuiApp:
        settings = UiSettings(**choices)  # type: ignore[arg-type]
        return FuttuiApp(
            on or engine,
            settings=settings,
            real_clock_s=lambda: 0.0,
            number_source=lambda: "7314",
            backtests=backtests,
        )

    return make
