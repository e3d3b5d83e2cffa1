"""Moving a stop: what was typed, what it means, and how often it is asked before the command leaves."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from textual.widgets import Input

from futtui.domain.events import MoveStop
from futtui.domain.position import TradingMode
from futtui.domain.snapshot import PositionView
from futtui.tui.app import FuttuiApp
from futtui.tui.paint import stop_wish
from futtui.tui.paint.text import line_text
from futtui.tui.screens.detail import DetailScreen
from futtui.tui.screens.dialog import QuestionDialog
from futtui.tui.screens.help import HelpScreen
from futtui.tui.screens.move_stop import MoveStopDialog
from tests.tui.conftest import AppMaker
from tests.tui.fake_engine import NOW_MS, FakeEngine, positions
from tests.tui.screen_text import screen_text
from tests.tui.test_painters import view_of

ETH = positions()[0]
"""Long at 3,098.10, price 3,121.44, stop 3,081.50, first stop 3,073.32."""


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("3090", 3090.0),
        ("3,090.5", 3090.5),
        ("3090,5", 3090.5),
        (" 3 090 ", 3090.0),
        ("3,090", 3090.0),
        ("0", None),
        ("-5", None),
        ("1e9", None),
        ("", None),
        ("3.0.9", None),
        ("nan", None),
    ],
)
def test_typed_price_reads_both_decimal_signs_and_nothing_else(text: str, price: float | None) -> None:
    assert stop_wish.typed_price(text, ETH.mark_price) == price


def test_typed_comma_means_what_lies_nearer_to_the_price() -> None:
    assert stop_wish.typed_price("3,090", 3.1) == 3.09
    assert stop_wish.typed_price("3,090", 3100.0) == 3090.0


@pytest.mark.parametrize(
    ("text", "problem"),
    [("3090", ""), ("3073.32", ""), ("3070", "first stop"), ("3121.44", "beyond it already"), ("x", "no price")],
)
def test_problem_names_the_bound_that_is_crossed(text: str, problem: str) -> None:
    found = stop_wish.problem_of(text, ETH, view_of())
    assert found == problem or (problem and problem in found)


def test_short_is_mirrored() -> None:
    short = positions()[2]
    first = short.story.first_stop
    low = replace(short, story=replace(short.story, first_stop=27.8), stop=27.69)
    assert first
    assert stop_wish.problem_of("27.5", low, view_of()) == ""
    assert "beyond it already" in stop_wish.problem_of("27.3", low, view_of())
    assert "first stop" in stop_wish.problem_of("27.9", low, view_of())
    assert stop_wish.is_looser(27.75, low)
    assert not stop_wish.is_looser(27.5, low)


def test_unprotected_position_cannot_be_touched() -> None:
    naked = replace(ETH, status="NAKED")
    assert "not protected" in stop_wish.problem_of("3090", naked, view_of())


def test_wish_says_what_the_rest_brings_and_warns_of_loosening() -> None:
    better = " ".join(line_text(line).strip() for line in stop_wish.wish_lines("3100", ETH, view_of(), 62))
    assert "the rest brings +0.97 USDT before costs" in better
    worse = " ".join(line_text(line).strip() for line in stop_wish.wish_lines("3075", ETH, view_of(), 62))
    assert "you will be asked twice" in worse


@pytest.mark.parametrize(
    ("mode", "price", "count"),
    [
        (TradingMode.PAPER, 3090.0, 0),
        (TradingMode.PAPER, 3075.0, 2),
        (TradingMode.LIVE, 3090.0, 1),
        (TradingMode.LIVE, 3075.0, 2),
    ],
)
def test_questions_are_asked_as_often_as_it_is_dangerous(mode: TradingMode, price: float, count: int) -> None:
    assert len(stop_wish.questions(price, replace(ETH, mode=mode), view_of())) == count


async def type_stop(app: FuttuiApp, pilot: object, text: str) -> None:
    """Puts `text` into the field and presses Enter."""
    app.screen.query_one(Input).value = text
    await pilot.press("enter")  # type: ignore[attr-defined]
    await pilot.pause()  # type: ignore[attr-defined]


def sent(price: str, position: PositionView = ETH) -> MoveStop:
    return MoveStop(NOW_MS, position.position_id, Decimal(price))


async def test_nearer_stop_in_paper_is_sent_at_once_and_an_impossible_one_never(
    make_app: AppMaker, engine: FakeEngine
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.press("3", "enter", "і")
        await pilot.pause()
        assert isinstance(app.screen, MoveStopDialog)
        await type_stop(app, pilot, "3000")
        assert isinstance(app.screen, MoveStopDialog)
        assert engine.commands == []
        await type_stop(app, pilot, "3090")
        assert isinstance(app.screen, DetailScreen)
        assert engine.commands == [sent("3090.0")]
        await pilot.press("s", "escape")
        assert engine.commands == [sent("3090.0")]


async def test_looser_stop_is_asked_twice_and_each_no_keeps_it(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.press("3", "s")
        await pilot.pause()
        await type_stop(app, pilot, "3075")
        assert isinstance(app.screen, QuestionDialog)
        await pilot.press("enter")  # the safe answer has the focus
        await pilot.pause()
        assert engine.commands == []
        await pilot.press("s")
        await pilot.pause()
        await type_stop(app, pilot, "3075")
        await pilot.press("right", "enter")
        await pilot.pause()
        assert "-8.47 USDT" in screen_text(app)
        assert engine.commands == []
        await pilot.press("right", "enter")
        await pilot.pause()
        assert engine.commands == [sent("3075.0")]


async def test_price_that_passes_the_wish_while_one_types_is_noticed(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.press("3", "s")
        await pilot.pause()
        app.screen.query_one(Input).value = "3110"
        await pilot.pause()
        engine.show_desk(positions=(replace(ETH, mark_price=3105.0), *positions()[1:]))
        app.pulse.beat()
        await pilot.pause()
        assert "The price is beyond it already (3,105.00)." in screen_text(app)
        assert "price now 3,105.00" in screen_text(app)


async def test_key_without_a_marked_position_says_so(make_app: AppMaker, engine: FakeEngine) -> None:
    engine.show_desk(positions=())
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.press("3", "s")
        await pilot.pause()
        assert app.flash_line.text == "No open position is marked."


async def test_help_over_a_position_names_its_keys_and_explains_its_words(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=(120, 50)) as pilot:
        await pilot.press("3", "enter", "question_mark")
        await pilot.pause()
        text = screen_text(app)
        assert "Move the stop (loosening asks twice)" in text
        assert "first stop" in text
        await pilot.press("escape", "escape", "2", "enter", "question_mark")
        await pilot.pause()
        text = screen_text(app)
        assert "Move the stop" not in text
        assert "odds" in text


def test_beat_before_the_dialog_is_on_screen_is_no_error() -> None:
    view = view_of()
    MoveStopDialog(ETH, view).pulse(view)
    HelpScreen("detail").pulse(view)
