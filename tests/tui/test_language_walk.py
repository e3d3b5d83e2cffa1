"""A walk through every place of the screen in another language meets no English text of ours."""

from __future__ import annotations

import re
from functools import lru_cache

import pytest
from textual.pilot import Pilot

from futtui.language.catalogue import Language
from futtui.language.screen.tables import screen_table
from futtui.tui import keys
from futtui.tui.app import FuttuiApp
from futtui.tui.screens.dashboard import DashboardScreen
from tests.tui.conftest import AppMaker
from tests.tui.fake_engine import FakeEngine
from tests.tui.fake_settings import FakeSettings
from tests.tui.screen_text import screen_text

SHORTEST = 6
"""Letters of a text with a capital that does not stand in a sentence of the engine by chance."""
STOPS = (
    (), ("enter",), ("2", "enter"), ("3", "enter"), ("5", "enter"), ("c",), ("question_mark",), ("m",), ("m", "3"),
    ("b",), ("slash",), ("f12",), ("3", "C"), ("4", "question_mark"), ("2", "question_mark"),
)  # fmt: skip
PLACES = tuple(item.command for item in keys.ACTIONS if item.command.startswith("app.open_place"))


@lru_cache(maxsize=2)
def english_of(language: Language) -> re.Pattern[str]:
    """Finds English texts that `language` says in other words."""
    spoken = screen_table(language)
    names = " ".join(text for key, text in screen_table(Language.ENGLISH).items() if spoken[key] == text)
    texts = {
        text
        for key, text in screen_table(Language.ENGLISH).items()
        if len(text) >= SHORTEST and text[0].isupper() and "{" not in text and spoken[key] != text and text not in names
    }
    return re.compile(rf"(?<![\w-])(?:{'|'.join(sorted(map(re.escape, texts), key=len, reverse=True))})(?![\w-])")


async def back(app: FuttuiApp, pilot: Pilot[None]) -> None:
    """To the market of the dashboard."""
    for _ in range(6):
        if isinstance(app.screen, DashboardScreen):
            break
        await pilot.press("escape")
    await pilot.press("1")


@pytest.mark.parametrize(
    ("language", "stops"), [(Language.UKRAINIAN, (*STOPS, *PLACES)), (Language.RUSSIAN, PLACES)], ids=("uk", "ru")
)
async def test_no_place_shows_an_english_text_of_the_table(
    make_app: AppMaker, engine: FakeEngine, language: Language, stops: tuple[str | tuple[str, ...], ...]
) -> None:
    engine.show(phase_text="")
    app = make_app(language=language)
    app.settings_port = FakeSettings()
    seen = set()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.pause()
        for stop in stops:
            if isinstance(stop, str):
                await app.run_action(stop)
            else:
                await pilot.press(*stop)
            await pilot.pause()
            app.pulse.beat()
            await pilot.pause()
            text = screen_text(app)
            seen.add(type(app.screen).__name__)
            assert english_of(language).findall(text) == [], stop
            await back(app, pilot)
    assert len(seen) >= len(PLACES) - 1
