"""The keys of a signal: dismissing and bringing back, taking on paper at once, in Live only after a yes."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace

import pytest
from textual.pilot import Pilot
from textual.widgets import Button

from futtui.desk.choosing import UNKNOWN
from futtui.domain.errors import FuttuiError
from futtui.domain.events import DismissSignal, LookAgain, TakeSignal
from futtui.domain.position import TradingMode
from futtui.domain.signal import SignalStatus, Trigger
from futtui.domain.taking import TakeLook
from futtui.language.catalogue import Language
from futtui.tui.paint import signals as painted
from futtui.tui.paint import take_wish
from futtui.tui.paint.chart.content import Subject, levels_of
from futtui.tui.paint.text import line_text, line_width
from futtui.tui.screens.chart import ChartScreen
from futtui.tui.screens.detail import DetailScreen
from futtui.tui.screens.dialog import TEXT_WIDTH, MenuDialog
from futtui.tui.screens.take import AGAIN_BEATS, TakeDialog
from futtui.tui.words import speak
from tests.tui.conftest import AppMaker
from tests.tui.fake_backtests import until
from tests.tui.fake_engine import NOW_MS, FakeEngine, signals, take_look
from tests.tui.screen_text import screen_text
from tests.tui.test_painters import view_of
from tests.tui.test_records_screen import sent_book

FULL = (120, 35)
LINK, SOL, *_ = signals()
"""LINK is active and on top, SOL waits below it."""


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()


def dismissal(symbol: str, signal_id: str, *, dismissed: bool = True) -> DismissSignal:
    return DismissSignal(NOW_MS, symbol, signal_id, dismissed)


@pytest.mark.parametrize("key", ["d", "в"])
async def test_dismissed_signal_leaves_the_active_ones_and_the_undo_key_brings_it_back(
    make_app: AppMaker, engine: FakeEngine, key: str
) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await press(pilot, "2", "home", key)
        await until(pilot, lambda: "LINKUSDT long dismissed, not entered. Ctrl+Z" in screen_text(app))
        view = app.store.read()
        assert painted.listed_signals(view)[0].signal_id == SOL.signal_id
        await press(pilot, key)  # the marker went on to the next one
        await until(pilot, lambda: len(engine.commands) == 2)
        await press(pilot, "ctrl+z", "ctrl+я")
        await until(pilot, lambda: len(engine.commands) == 4)
        both = [(item.raw.symbol, item.signal_id) for item in (LINK, SOL)]
        back = [dismissal(*item, dismissed=False) for item in reversed(both)]
        assert engine.commands == [*(dismissal(*item) for item in both), *back]
        await press(pilot, "ctrl+z")
        assert len(engine.commands) == 4
        assert "No signal was dismissed here" in screen_text(app)


async def test_undo_that_comes_before_the_answer_brings_the_signal_back(make_app: AppMaker, engine: FakeEngine) -> None:
    sent: list[object] = []

    def send(command: object) -> Future[str]:
        sent.append(command)
        return Future()

    engine.send = send  # type: ignore[method-assign]
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await press(pilot, "2", "home", "d", "ctrl+z", "ctrl+z")
        link = LINK.raw.symbol, LINK.signal_id
        assert sent == [dismissal(*link), dismissal(*link, dismissed=False)]


async def test_same_key_on_a_dismissed_signal_brings_it_back_and_one_that_is_over_is_told(
    make_app: AppMaker, engine: FakeEngine
) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await press(pilot, "2", "home", "enter", "d")
        await until(pilot, lambda: "You dismissed it" in screen_text(app))
        await press(pilot, "d")
        await until(pilot, lambda: "is back among the active signals" in screen_text(app))
        assert [item.dismissed for item in engine.commands] == [True, False]  # type: ignore[union-attr]
        await press(pilot, "escape", "end", "d")
        assert len(engine.commands) == 2
        assert "This signal is over" in screen_text(app)


async def test_paper_takes_at_once_and_says_what_came_of_it(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await press(pilot, "2", "home", "enter")
        assert "If taken now" in screen_text(app)
        await press(pilot, "a")
        await until(pilot, lambda: "bought 379 at 13.884" in screen_text(app))
        assert engine.commands == [TakeSignal(NOW_MS, "LINKUSDT", LINK.signal_id)]
        assert "You took it" in screen_text(app)


async def test_signals_only_takes_nothing_and_says_how_to_switch(make_app: AppMaker, engine: FakeEngine) -> None:
    engine.show_desk(mode=TradingMode.SIGNALS)
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await press(pilot, "2", "home", "enter", "ф")
        assert isinstance(app.screen, DetailScreen)
        assert engine.commands == []
        assert "Signals only takes nothing. m changes the mode" in screen_text(app)


async def test_live_asks_with_the_safe_answer_in_focus_and_takes_only_after_a_yes(
    make_app: AppMaker, engine: FakeEngine
) -> None:
    engine.show_desk(mode=TradingMode.LIVE)
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await press(pilot, "2", "home", "enter", "a")
        await until(pilot, lambda: "379" in screen_text(app) and "52.41 USDT" in screen_text(app))
        assert isinstance(app.screen, TakeDialog)
        assert app.focused is not None
        assert app.focused.id == "no"
        await press(pilot, "enter")
        assert (isinstance(app.screen, DetailScreen), engine.commands) == (True, [])
        await press(pilot, "a")
        await until(pilot, lambda: not app.screen.query_one("#yes", Button).disabled)
        await press(pilot, "right", "enter")
        await until(pilot, lambda: engine.commands == [TakeSignal(NOW_MS, "LINKUSDT", LINK.signal_id)])


async def test_live_question_is_locked_again_once_the_engine_refuses_to_look(
    make_app: AppMaker, engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.show_desk(mode=TradingMode.LIVE)
    app = make_app(language=Language.UKRAINIAN)
    async with app.run_test(size=FULL) as pilot:
        await press(pilot, "2", "home", "enter", "a")
        await until(pilot, lambda: isinstance(app.screen, TakeDialog) and not app.screen.locked)
        refused: Future[TakeLook] = Future()
        refused.set_exception(FuttuiError(UNKNOWN))
        monkeypatch.setattr(engine, "look_at_taking", lambda _: refused)
        for _ in range(AGAIN_BEATS):
            app.pulse.beat()
        assert app.screen.query_one("#yes", Button).disabled
        await until(pilot, lambda: "Цього сигналу вже немає" in screen_text(app))
        assert "52.41" not in screen_text(app)


async def test_live_question_is_locked_while_something_stands_against_it(
    make_app: AppMaker, engine: FakeEngine
) -> None:
    engine.show_desk(mode=TradingMode.LIVE)
    engine.take = {"refusal": "new trades are paused"}
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await press(pilot, "2", "home", "enter", "a")
        await until(pilot, lambda: "Not possible: new trades are paused." in screen_text(app))
        assert app.screen.query_one("#yes", Button).disabled
        await press(pilot, "right", "enter")
        assert engine.commands == []


@pytest.mark.parametrize("language", Language, ids=lambda language: language.value)
def test_lines_about_taking_fit_in_every_language(language: Language) -> None:
    speak(language)
    view = view_of()
    refusals = ("", "new trades are paused", "price moved 0.90 R away from the entry, at most 0.25 R is allowed")
    for refusal in refusals:
        look = take_look(LINK, TradingMode.LIVE, refusal=refusal, notes=("too small for 3 slices, sold at target 1",))
        for width in (46, TEXT_WIDTH, 118):
            lines = [*take_wish.wish_lines(look, view, width), *take_wish.state_lines(LINK, look, view, width)]
            assert max(line_width(line) for line in lines) <= width


def test_price_away_from_the_plan_is_told_in_r_against_or_for_the_trade() -> None:
    look = take_look(LINK, TradingMode.LIVE, price=13.951)
    text = "\n".join(line_text(line) for line in take_wish.wish_lines(look, view_of(), 80))
    assert "13.951 now, planned 13.882 (+0.50R away)" in text
    short = take_look(SOL, TradingMode.LIVE, price=SOL.raw.levels.entry + 0.5 * SOL.raw.levels.risk)
    text = "\n".join(line_text(line) for line in take_wish.wish_lines(short, view_of(), 80))
    assert "(-0.50R away)" in text


def test_level_of_a_dismissed_signal_does_not_wait_on_the_chart_unless_it_is_looked_at() -> None:
    engine = FakeEngine()
    gone = replace(SOL, tags=("dismissed",))
    shown = [[SOL], [gone]]
    levels = []
    for each in shown:
        engine.show_desk(signals=tuple(each), positions=(), standing=())
        levels.append([level.price for level in levels_of(view_of(engine.current), Subject("SOLUSDT"))])
    assert levels == [[SOL.raw.levels.entry], []]
    chosen = levels_of(view_of(engine.current), Subject("SOLUSDT", signal_id=gone.signal_id))
    assert SOL.raw.levels.stop in [level.price for level in chosen]


def test_what_the_user_did_is_the_state_that_the_list_shows() -> None:
    by_hand = replace(LINK, raw=replace(LINK.raw, trigger=Trigger.BY_HAND))
    states = [
        painted.status_text(item)
        for item in (
            replace(LINK, tags=("dismissed",)),
            replace(LINK, tags=("for-information", "taken")),
            by_hand,
            replace(by_hand, status=SignalStatus.CLOSED),
        )
    ]
    assert states == ["dropped", "taken", "by hand", "closed"]


@pytest.mark.parametrize("keys", [("r",), ("к",), ("f5",), ("2", "enter", "f5")])
async def test_key_compares_all_with_the_exchange(
    make_app: AppMaker, engine: FakeEngine, keys: tuple[str, ...]
) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await press(pilot, *keys)
        assert engine.commands == [LookAgain(NOW_MS)]


@pytest.mark.parametrize(
    ("way", "trail"),
    [
        (("2", "enter"), "Dashboard › Market › XRPUSDT"),
        (("3", "enter"), "Dashboard › Market › XRPUSDT"),
        (("c",), "XRPUSDT › Chart"),
        (("Z",), "Zones › XRPUSDT"),
        (("W",), "XRPUSDT"),
    ],
)
async def test_symbol_is_found_and_shown_in_place(make_app: AppMaker, way: tuple[str, ...], trail: str) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await press(pilot, *way, "slash", "x", "r", "p", "enter")
        await until(pilot, lambda: trail in str(screen_text(app)[: 3 * FULL[0]]))
        await press(pilot, "n", "escape")
        await until(pilot, lambda: app.screen is app.dashboard)


async def test_line_of_the_order_log_leads_to_chart_and_block_of_its_symbol(
    make_app: AppMaker, engine: FakeEngine
) -> None:
    engine.show(sent=sent_book().view())
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await press(pilot, "f6", "home", "c")
        assert isinstance(app.screen, ChartScreen)
        assert app.screen.subject.symbol == "SOLUSDT"
        await press(pilot, "escape", "b")
        assert isinstance(app.screen, MenuDialog)
        assert "SOLUSDT" in screen_text(app)
