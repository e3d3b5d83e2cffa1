"""Dialogs that nobody asked for: what happened while the PC slept, and live positions that an earlier run left."""

from __future__ import annotations

from dataclasses import replace

import pytest

from futtui.domain.effects import Say, Severity
from futtui.domain.events import ClosePosition
from futtui.domain.position import TradingMode
from futtui.domain.snapshot import FeedView, Sleep
from futtui.language.catalogue import Language
from futtui.tui.app import FuttuiApp
from futtui.tui.paint.absence import events_since, found_lines, slept_lines
from futtui.tui.paint.text import line_width, plain_lines
from futtui.tui.paint.view import live_positions
from futtui.tui.screens.absence import FoundDialog, SleptDialog
from futtui.tui.screens.dialog import TEXT_WIDTH, DialogText, QuestionDialog
from futtui.tui.screens.go_live import GoLiveDialog
from futtui.tui.words import speak
from tests.tui.conftest import AppMaker
from tests.tui.fake_engine import NOW_MS, FakeEngine
from tests.tui.views import view_of

SLEPT_MS = 43 * 60_000
SLEEP = Sleep(NOW_MS - SLEPT_MS, SLEPT_MS)
HIT = Say(SLEEP.from_ms + 300_000, "trade", "ETHUSDT: first target hit, 30 % sold at 3,118.00")


def shown(app: FuttuiApp) -> str:
    """The text of the dialog."""
    return plain_lines(line for text in app.screen.query(DialogText) for line in text.lines)


def with_live_positions(engine: FakeEngine) -> FakeEngine:
    """An engine in Signals only that found the positions of an earlier live run."""
    desk = engine.current.desk
    assert desk is not None
    held = tuple(replace(item, mode=TradingMode.LIVE) for item in desk.positions)
    engine.show_desk(mode=TradingMode.SIGNALS, positions=held)
    return engine


async def test_sleep_is_told_once_and_follows_what_becomes_known(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        engine.show(slept=SLEEP)
        app.pulse.beat()
        await pilot.pause()
        assert isinstance(app.screen, SleptDialog)
        assert "43 min" in shown(app)
        assert "first target hit" not in shown(app)
        engine.show(log=(*engine.current.log, HIT))
        app.pulse.beat()
        assert "13:54  ETHUSDT: first target hit" in shown(app)
        await pilot.press("escape")
        app.pulse.beat()
        await pilot.pause()
        assert app.screen is app.dashboard
    assert engine.commands == []


async def test_sleep_waits_until_another_question_is_answered(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.press("m")
        menu = app.screen
        engine.show(slept=SLEEP)
        app.pulse.beat()
        await pilot.pause()
        assert app.screen is menu
        await pilot.press("escape")
        app.pulse.beat()
        await pilot.pause()
        assert isinstance(app.screen, SleptDialog)


async def test_sleep_from_before_the_screen_opened_is_not_news(make_app: AppMaker, engine: FakeEngine) -> None:
    engine.show(slept=SLEEP)
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        app.pulse.beat()
        await pilot.pause()
        assert app.screen is app.dashboard


def test_sleep_shows_what_happened_to_money_in_the_order_of_its_time() -> None:
    engine = FakeEngine()
    before = Say(SLEEP.from_ms - 1, "trade", "before it")
    candle = Say(SLEEP.from_ms + 1, "data", "a candle")
    late = Say(SLEEP.from_ms + 900_000, "account", "the account differs", Severity.WARNING)
    engine.show(log=(before, candle, late, HIT))
    assert events_since(view_of(engine), SLEEP.from_ms) == [HIT, late]


@pytest.mark.parametrize(
    ("world", "told"),
    [
        ({}, "Data is fresh again: new trades"),
        ({"feed": FeedView(connected=False, text="lost", age_ms=9000, delay_ms=0)}, "Prices are still old"),
    ],
    ids=["fresh", "old"],
)
def test_sleep_says_whether_trading_goes_on(world: dict[str, object], told: str) -> None:
    engine = FakeEngine()
    engine.show(**world)
    assert told in plain_lines(slept_lines(SLEEP, view_of(engine), 62))
    engine.show_desk(paused=True, pause_reason="")
    engine.show(feed=FakeEngine().current.feed)
    assert "New trades are paused" in plain_lines(slept_lines(SLEEP, view_of(engine), 62))


async def test_positions_found_at_the_start_stay_guarded_with_escape(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app(on=with_live_positions(engine))
    async with app.run_test(size=(120, 35)) as pilot:
        app.pulse.beat()
        await pilot.pause()
        assert isinstance(app.screen, FoundDialog)
        assert "They are guarded already" in shown(app)
        assert "XRP" in shown(app)
        await pilot.press("escape")
        app.pulse.beat()
        await pilot.pause()
        assert app.screen is app.dashboard
    assert engine.commands == []


async def test_positions_found_at_the_start_can_be_closed_after_one_more_question(
    make_app: AppMaker, engine: FakeEngine
) -> None:
    app = make_app(on=with_live_positions(engine))
    async with app.run_test(size=(120, 35)) as pilot:
        app.pulse.beat()
        await pilot.pause()
        await pilot.press("3")
        assert isinstance(app.screen, QuestionDialog)
        assert engine.commands == []
        await pilot.press("right", "enter")
    closed = [command.position_id for command in engine.commands if isinstance(command, ClosePosition)]
    assert closed == ["p-ETHUSDT", "p-XRPUSDT", "p-AVAXUSDT"]


async def test_positions_found_at_the_start_lead_to_the_panel_or_to_the_number(
    make_app: AppMaker, engine: FakeEngine
) -> None:
    app = make_app(on=with_live_positions(engine))
    async with app.run_test(size=(120, 35)) as pilot:
        app.pulse.beat()
        await pilot.pause()
        await pilot.press("4")
        assert isinstance(app.screen, GoLiveDialog)
        await pilot.press("escape")
        assert engine.commands == []
    other = make_app(on=with_live_positions(engine))
    async with other.run_test(size=(120, 35)) as pilot:
        other.pulse.beat()
        await pilot.pause()
        await pilot.press("2")
        assert other.dashboard is not None
        assert other.dashboard.main == "positions"


async def test_positions_that_close_meanwhile_take_the_question_away(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app(on=with_live_positions(engine))
    async with app.run_test(size=(120, 35)) as pilot:
        app.pulse.beat()
        await pilot.pause()
        engine.show_desk(positions=())
        app.pulse.beat()
        await pilot.pause()
        assert app.screen is app.dashboard


async def test_positions_of_this_run_are_not_found_ones(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        with_live_positions(engine)
        app.pulse.beat()
        await pilot.pause()
        assert app.screen is app.dashboard


def test_positions_without_their_account_are_said_to_be_unguarded() -> None:
    engine = with_live_positions(FakeEngine())
    engine.show(log=(Say(NOW_MS, "account", "Without keys futtui cannot see them.", Severity.ERROR),))
    text = plain_lines(found_lines(view_of(engine), 62))
    assert "cannot be guarded now" in text
    assert "They are guarded already" not in text


def test_found_position_of_a_cheap_coin_is_written_shorter_and_no_number_is_cut() -> None:
    engine = with_live_positions(FakeEngine())
    held = replace(live_positions(view_of(engine))[0], symbol="1000PEPEUSDT", quantity=12_345_678.0)
    low, far = replace(held, stop=0.012345678), replace(held, pnl=12_345.67, pnl_pct=110.75, stop=64_506.9)
    engine.show_desk(positions=(low, far))
    lines = found_lines(view_of(engine), 62)
    text = plain_lines(lines)
    assert "…" not in text
    assert text.count("1000PEPE ") == text.count(" 12,346k ") == 2
    assert "+12,345.67 " in text
    assert all(line_width(line) <= 62 for line in lines)


@pytest.mark.parametrize("language", list(Language))
def test_choices_about_found_positions_have_room_in_every_language_and_mode(language: Language) -> None:
    speak(language)
    for mode in (TradingMode.SIGNALS, TradingMode.PAPER):
        engine = with_live_positions(FakeEngine())
        engine.show_desk(mode=mode)
        choices = FoundDialog(view_of(engine))._choices
        name = max(len(choice.name) for choice in choices)
        assert all(len(f" > 1  {'':<{name + 2}}{choice.note}") <= TEXT_WIDTH for choice in choices)
