"""Fixtures of the screen tests: a frozen engine, and an app on it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from logging.handlers import BufferingHandler

import pytest

from futtui.language.catalogue import Language
from futtui.tui.app import FuttuiApp
from futtui.tui.settings import UiSettings
from futtui.tui.widgets.failures import LOGGER
from futtui.tui.words import speak
from tests.tui.fake_backtests import FakeBacktests
from tests.tui.fake_engine import FakeEngine

AppMaker = Callable[..., FuttuiApp]


@pytest.fixture(autouse=True)
def english_afterwards() -> Iterator[None]:
    """Whatever a test speaks, the next one starts in English."""
    yield
    speak(Language.ENGLISH)


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
