"""Closing a position from the screen: how much, what it means, and no command without a yes."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from futtui.domain.events import ClosePosition
from futtui.domain.part_close import typed_percent
from futtui.domain.position import TradingMode
from futtui.language.catalogue import Language
from futtui.tui.paint import close_wish
from futtui.tui.paint.text import line_text
from futtui.tui.screens.close_position import ClosePercentDialog, close_question, share_menu
from futtui.tui.screens.dashboard import DashboardScreen
from futtui.tui.screens.detail import DetailScreen
from futtui.tui.screens.dialog import TEXT_WIDTH, MenuDialog, QuestionDialog
from futtui.tui.words import speak
from tests.tui.conftest import AppMaker
from tests.tui.fake_engine import NOW_MS, FakeEngine, positions
from tests.tui.screen_text import screen_text
from tests.tui.test_painters import view_of

FULL = (120, 35)
ETH = positions()[0]
"""Long 0.51 at 3,098.10, price 3,121.44, stop 3,081.50."""
XRP = positions()[1]
"""Short 2,400 at 0.5271, price 0.5214."""
TINY = replace(positions()[2], quantity=0.2)
"""Short 0.2 AVAX at a price of 27.41: half of it is worth less than the exchange's 5 USDT."""


@pytest.mark.parametrize(
    ("text", "percent"),
    [
        ("50", "50"),
        ("33,3", "33.3"),
        ("12.5%", "12.5"),
        (" 100 % ", "100"),
        ("0", "0"),
        ("101", None),
        ("-5", None),
        ("1e1", None),
        ("", None),
        ("5.5.5", None),
        ("half", None),
    ],
)
def test_typed_percentage_reads_both_decimal_signs_and_nothing_else(text: str, percent: str | None) -> None:
    found = typed_percent(text)
    assert found == (None if percent is None else Decimal(percent))


@pytest.mark.parametrize(
    ("position", "percent", "name"),
    [
        (ETH, 50, ""),
        (ETH, 100, ""),
        (replace(ETH, status="NAKED"), 50, "UNPROTECTED"),
        (replace(ETH, status="NAKED"), 100, ""),
        (replace(ETH, symbol="NEWUSDT"), 50, "NO_RULES"),
        (replace(ETH, symbol="NEWUSDT"), 100, ""),
        (TINY, 4, "TOO_SMALL"),
        (TINY, 50, "REST_TOO_SMALL"),
        (ETH, 0, "NO_SHARE"),
        (ETH, None, "NO_SHARE"),
    ],
)
def test_problem_names_what_stands_against_a_share_and_never_against_all(
    position: object, percent: int | None, name: str
) -> None:
    wanted = None if percent is None else Decimal(percent)
    assert close_wish.problem(position, wanted, view_of()) == name  # type: ignore[arg-type]
    assert bool(close_wish.refusal_text(position, wanted, view_of())) == bool(name)  # type: ignore[arg-type]


@pytest.mark.parametrize("language", Language, ids=lambda language: language.value)
def test_every_share_of_the_menu_fits_its_line(language: Language) -> None:
    speak(language)
    large = replace(XRP, quantity=1_234_500.0)
    for position in (ETH, XRP, large, TINY, replace(ETH, status="NAKED")):
        menu = share_menu(view_of(), position)
        names = max(len(choice.name) for choice in menu._choices)
        assert all(8 + names + len(choice.note) <= TEXT_WIDTH for choice in menu._choices)


async def ask(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()


@pytest.mark.parametrize("key", ["C", "С"])
async def test_menu_then_question_and_the_safe_answer_has_the_focus(
    make_app: AppMaker, engine: FakeEngine, key: str
) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await ask(pilot, "3", key)
        assert isinstance(app.screen, MenuDialog)
        text = screen_text(app)
        assert "0.51 = 1,591.93 USDT" in text
        assert "0.25 = 780.36 USDT, 0.26 stay" in text
        await ask(pilot, "1")
        assert isinstance(app.screen, QuestionDialog)
        await ask(pilot, "enter")
        assert (isinstance(app.screen, DashboardScreen), engine.commands) == (True, [])
        await ask(pilot, key, "enter", "right", "enter")
        assert engine.commands == [ClosePosition(NOW_MS, "p-ETHUSDT")]


async def test_half_from_the_detail_says_what_is_closed_what_stays_and_where_the_stop_is(
    make_app: AppMaker, engine: FakeEngine
) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await ask(pilot, "3", "down", "enter")
        assert isinstance(app.screen, DetailScreen)
        await ask(pilot, "C", "2")
        text = " ".join(screen_text(app).replace("┃", " ").split())
        assert "Close 1,200 XRP of 2,400 XRPUSDT" in text
        assert "this part brings about +6.84 USDT before costs" in text
        assert "The stop stays at 0.5271" in text
        await ask(pilot, "right", "enter")
        assert engine.commands == [ClosePosition(NOW_MS, "p-XRPUSDT", Decimal(50))]


async def test_typed_share_is_taken_only_when_it_can_be(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await ask(pilot, "3", "C", "4")
        assert isinstance(app.screen, ClosePercentDialog)
        field = app.screen.query_one(Input)
        field.value = "150"
        await ask(pilot, "enter")
        assert isinstance(app.screen, ClosePercentDialog)
        assert "Type a share above 0 and up to 100 %." in screen_text(app)
        field.value = "33,3"
        await ask(pilot, "enter", "right", "enter")
        assert engine.commands == [ClosePosition(NOW_MS, "p-ETHUSDT", Decimal("33.3"))]


async def test_share_whose_rest_is_too_small_is_explained_and_all_is_offered(
    make_app: AppMaker, engine: FakeEngine
) -> None:
    engine.show_desk(positions=(TINY, *positions()[:2]))
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await ask(pilot, "3", "C")
        assert "the rest would be too small" in screen_text(app)
        await ask(pilot, "2")
        text = " ".join(screen_text(app).replace("┃", " ").split())
        assert "What is left, 0.1 AVAX worth 2.74 USDT, would be below the exchange's minimum" in text
        assert "Only all of it can be closed:" in text
        await ask(pilot, "enter", "C", "2", "right", "enter")
        assert engine.commands == [ClosePosition(NOW_MS, "p-AVAXUSDT")]


async def test_share_follows_the_position_that_shrinks_while_one_types(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await ask(pilot, "3", "C", "4")
        app.screen.query_one(Input).value = "50"
        engine.show_desk(positions=(replace(ETH, quantity=0.3), *positions()[1:]))
        app.pulse.beat()
        await pilot.pause()
        assert "0.15 = 468.22 USDT, 0.15 stay" in screen_text(app)
        await ask(pilot, "escape")
        assert engine.commands == []


def test_question_of_a_live_position_says_that_an_order_is_sent() -> None:
    live = replace(ETH, mode=TradingMode.LIVE)
    question = close_question(view_of(), live, Decimal(25))
    assert "This sends a live order." in question._texts
    assert "Close 0.12 ETH of 0.51 ETHUSDT" in question._texts[0]
    lines = close_wish.wish_lines("25", live, view_of(), TEXT_WIDTH)
    assert [line_text(line).strip() for line in lines] == ["0.12 = 374.57 USDT, 0.39 stay"]
