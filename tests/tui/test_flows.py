"""Keys to commands: what the user presses and what reaches the engine."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace

import pytest
from textual.command import CommandList
from textual.widgets import Button, Input

from futtui.domain.errors import FuttuiError
from futtui.domain.events import (
    BlockSymbol,
    ChangeMode,
    ClosePosition,
    RemovePriceAlert,
    SetPaused,
    SetPriceAlert,
    UnblockSymbol,
)
from futtui.domain.live_check import Finding, LiveReport
from futtui.domain.position import TradingMode
from futtui.domain.timeframe import HOUR_MS
from futtui.language.catalogue import Language
from futtui.tui.app import FuttuiApp
from futtui.tui.commands import values_now
from futtui.tui.messages import CommandAnswered
from futtui.tui.screens.dashboard import DashboardScreen
from futtui.tui.screens.detail import DetailScreen
from futtui.tui.screens.dialog import MenuDialog, QuestionDialog
from futtui.tui.screens.find import FindScreen, matches
from futtui.tui.screens.go_live import GoLiveDialog
from futtui.tui.screens.help import HelpScreen
from futtui.tui.screens.menus import QuitMenu, QuitQuestion
from futtui.tui.screens.waiting import ClosingDialog, LastMoment
from futtui.tui.widgets.market_panel import MarketPanel
from tests.tui.conftest import AppMaker
from tests.tui.fake_backtests import FakeBacktests, until
from tests.tui.fake_engine import NOW_MS, FakeEngine, live_report
from tests.tui.screen_text import panel_lines, screen_text

FULL, SMALL = (120, 35), (80, 24)


async def test_start_first_frame_is_painted_before_the_engine_starts(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    painted: list[bool] = []
    start = engine.start

    def noting_start() -> None:
        painted.append("LINKUSDT" in screen_text(app))
        start()

    engine.start = noting_start  # type: ignore[method-assign]
    async with app.run_test(size=FULL) as pilot:
        for _ in range(100):
            if painted:
                break
            await pilot.pause(0.02)
        assert painted == [True]
        assert engine.started == 1


@pytest.mark.parametrize("key", ["b", "и"])
@pytest.mark.parametrize(("choice", "hours"), [("1", 1), ("2", 4), ("3", 0)])
async def test_block_choice_sends_the_block_for_the_marked_symbol(
    make_app: AppMaker, engine: FakeEngine, key: str, choice: str, hours: int
) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press(key, choice)
        await pilot.pause()
        until = NOW_MS + hours * HOUR_MS if hours else 0
        assert engine.commands == [BlockSymbol(NOW_MS, "LINKUSDT", until)]
        assert isinstance(app.screen, DashboardScreen)
        assert "Done." in screen_text(app)


async def test_a_beat_or_an_answer_that_comes_while_the_app_closes_is_no_error(
    make_app: AppMaker, engine: FakeEngine
) -> None:
    app = make_app()
    beats: list[int] = []
    close_all = app._close_all

    async def close_all_then_beat() -> None:
        await close_all()
        beats.append(len(app.screen_stack))
        app.pulse.beat()
        app._show_answer(CommandAnswered("Done.", accepted=True))

    app._close_all = close_all_then_beat  # type: ignore[method-assign]
    async with app.run_test(size=FULL):
        pass
    assert beats == [0]


async def test_block_dialog_left_with_escape_sends_nothing(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("b")
        assert isinstance(app.screen, MenuDialog)
        await pilot.press("escape")
        assert isinstance(app.screen, DashboardScreen)
        assert engine.commands == []


async def test_block_of_a_blocked_symbol_offers_unblock_first(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("end", "b")
        assert "TIAUSDT is blocked now" in screen_text(app)
        await pilot.press("enter")
        assert engine.commands == [UnblockSymbol(NOW_MS, "TIAUSDT")]


async def test_block_on_signals_takes_the_symbol_of_the_signal(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("2", "down", "b", "1")
        assert [command.symbol for command in engine.commands] == ["SOLUSDT"]  # type: ignore[union-attr]


@pytest.mark.parametrize("key", ["p", "з"])
async def test_pause_key_toggles_new_trades(make_app: AppMaker, engine: FakeEngine, key: str) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press(key)
        engine.show_desk(paused=True, pause_reason="paused by you")
        app.pulse.beat()
        await pilot.press(key)
        assert engine.commands == [SetPaused(NOW_MS, True), SetPaused(NOW_MS, False)]


async def test_pause_key_asks_before_it_takes_back_what_a_limit_stopped(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    engine.show_desk(paused=True, pause_reason="kill switch 2 (the day is lost)", kill_level=2)
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("p")
        assert "kill switch 2 (the day is lost)" in screen_text(app)
        await pilot.press("enter")
        assert engine.commands == []
        await pilot.press("p", "tab", "enter")
        assert engine.commands == [SetPaused(NOW_MS, False)]


async def test_refused_command_shows_the_reason(make_app: AppMaker, engine: FakeEngine) -> None:
    engine.refuse = "Live needs an account key. Add one and try again."
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("p")
        await pilot.pause()
        assert engine.refuse in screen_text(app)


@pytest.mark.parametrize(
    ("size", "keys"),
    [
        (FULL, ("p",)),
        ((80, 24), ("p",)),
        ((80, 24), ("comma", "p")),
        ((80, 24), ("f", "p")),
        ((80, 24), ("5", "p")),
    ],
)
async def test_long_refusal_is_read_to_its_end_which_says_what_to_do(
    make_app: AppMaker, engine: FakeEngine, size: tuple[int, int], keys: tuple[str, ...]
) -> None:
    engine.refuse = f"Live needs the keys of your account{', and more than that' * 3}. Look with `futtui-account`."
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await pilot.press(*keys)
        await until(pilot, lambda: "`futtui-account`." in screen_text(app))
        app.flash("Short.")
        app.pulse.beat()
        await until(pilot, lambda: app.screen.query_one("#flash").outer_size.height in (0, 1))


@pytest.mark.parametrize("failure", [RuntimeError("a bug"), None])
async def test_lost_answer_sends_the_user_to_the_log(
    make_app: AppMaker, engine: FakeEngine, failure: Exception | None
) -> None:
    answer: Future[str] = Future()
    engine.send = lambda command: answer  # type: ignore[method-assign]
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("p")
        if failure is None:
            answer.cancel()
        else:
            answer.set_exception(failure)
        await pilot.pause()
        assert "The engine could not answer. Look at the log (5)" in screen_text(app)


@pytest.mark.parametrize("key", ["m", "ь"])
async def test_mode_to_signals_only_needs_no_number(make_app: AppMaker, engine: FakeEngine, key: str) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press(key, "1")
        assert engine.commands == [ChangeMode(NOW_MS, TradingMode.SIGNALS)]


async def test_mode_live_needs_the_whole_number_and_a_moment(make_app: AppMaker, engine: FakeEngine) -> None:
    app, now_s = make_app(), [0.0]
    app.store._real_clock_s = lambda: now_s[0]
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("m", "3")
        assert isinstance(app.screen, GoLiveDialog)
        assert app.focused is not None
        assert app.focused.id == "no"
        assert "no real money can be lost" in " ".join(screen_text(app).replace("┃", " ").split())
        await pilot.press("7", "3", "1")
        assert app.screen.query_one("#yes", Button).disabled
        await pilot.press("4", "enter")
        await until(pilot, lambda: isinstance(app.screen, LastMoment))
        await until(pilot, lambda: "Live begins in 5 s" in screen_text(app))
        now_s[0] = 4.9
        app.pulse.beat()
        await until(pilot, lambda: "Live begins in 1 s" in screen_text(app))
        assert engine.commands == []
        now_s[0] = 5.1
        app.pulse.beat()
        await until(pilot, lambda: engine.commands == [ChangeMode(NOW_MS, TradingMode.LIVE)])
        assert isinstance(app.screen, DashboardScreen)


@pytest.mark.parametrize("key", ["escape", "enter"])
async def test_going_live_is_taken_back_with_one_key_before_anything_was_sent(
    make_app: AppMaker, engine: FakeEngine, key: str
) -> None:
    app, now_s = make_app(), [0.0]
    app.store._real_clock_s = lambda: now_s[0]
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("m", "3", "7", "3", "1", "4", "enter", key)
        await until(pilot, lambda: "the mode is still Paper" in app.flash_line.text)
        now_s[0] = 60.0
        app.pulse.beat()
        assert engine.commands == []
        assert isinstance(app.screen, DashboardScreen)


async def test_the_moment_before_live_does_not_pass_while_it_cannot_be_read(
    make_app: AppMaker, engine: FakeEngine
) -> None:
    app, now_s = make_app(), [0.0]
    app.store._real_clock_s = lambda: now_s[0]
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("m", "3", "7", "3", "1", "4", "enter")
        await pilot.resize_terminal(70, 20)
        now_s[0] = 60.0
        app.pulse.beat()
        await pilot.resize_terminal(*FULL)
        await pilot.pause()
        assert isinstance(app.screen, LastMoment)
        assert engine.commands == []


async def test_ctrl_q_asks_over_an_open_question_which_is_there_again_afterwards(
    make_app: AppMaker, engine: FakeEngine
) -> None:
    port = FakeBacktests()
    port.start({})
    app, now_s = make_app(backtests=port), [0.0]
    app.store._real_clock_s = lambda: now_s[0]
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("m", "3", "7", "3", "ctrl+q", "ctrl+й")
        assert [type(screen) for screen in app.screen_stack[1:]] == [GoLiveDialog, QuitQuestion]
        await pilot.press("escape", "1", "4", "enter")
        await until(pilot, lambda: isinstance(app.screen, LastMoment))
        await pilot.press("ctrl+q")
        assert isinstance(app.screen, QuitQuestion)
        now_s[0] = 60.0
        await pilot.press("escape")
        app.pulse.beat()
        assert isinstance(app.screen, LastMoment)  # the time in which it could not be read does not count
        assert engine.commands == []
        await pilot.press("ctrl+q", "right", "enter")
        await until(pilot, lambda: app._exit)


async def test_the_time_in_which_a_command_is_to_be_answered_is_seen_and_a_late_answer_says_so(
    make_app: AppMaker, engine: FakeEngine
) -> None:
    answers: list[Future[str]] = []
    engine.send = lambda command: answers.append(Future()) or answers[-1]  # type: ignore[method-assign]
    app, now_s = make_app(), [0.0]
    app.store._real_clock_s = lambda: now_s[0]
    async with app.run_test(size=FULL) as pilot:
        app.pulse.stop()
        await pilot.press("p")

        async def told_at(moment_s: float) -> str:
            now_s[0] = moment_s
            app.pulse.beat()
            await pilot.pause()
            return app.flash_line.text

        app.flash_line.text = ""
        assert await told_at(0.9) == ""
        assert await told_at(1.2) == "Waiting for the engine's answer: 14 s left."
        assert await told_at(9.7) == "Waiting for the engine's answer: 6 s left."
        app.flash("LINKUSDT: a new signal.")
        assert await told_at(10.7) == "LINKUSDT: a new signal."  # fresh news is not covered
        assert "No answer from the engine in 15 s." in await told_at(15.0)
        app.flash("Something else.")
        assert await told_at(17.0) == "Something else."  # told once
        answers[0].set_result("New trades are paused.")
        await until(pilot, lambda: app.flash_line.text == "Late answer: New trades are paused.")
        await pilot.press("p")
        app.flash_line.text, app.flash_line.bright_s = "", 0.0
        assert await told_at(18.2) == "Waiting for the engine's answer: 14 s left."
        answers[1].set_exception(FuttuiError("It cannot be."))
        await until(pilot, lambda: app.flash_line.text == "It cannot be.")
        assert await told_at(60.0) == "It cannot be."


@pytest.mark.parametrize("keys", [["enter"], ["7", "3", "enter"], ["escape"], ["1", "2", "3", "4", "enter"]])
async def test_mode_live_with_anything_less_stays(make_app: AppMaker, engine: FakeEngine, keys: list[str]) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("m", "3", *keys)
        await pilot.pause()
        assert engine.commands == []
        assert isinstance(app.screen, DashboardScreen)


async def test_mode_live_with_a_failed_check_stays_locked(make_app: AppMaker, engine: FakeEngine) -> None:
    engine.show(symbols_ready=3)
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("m", "3", "7", "3", "1", "4")
        assert app.screen.query_one("#yes", Button).disabled
        assert "3 of 12 symbols are ready" in screen_text(app)
        await pilot.press("enter")
        assert engine.commands == []


@pytest.mark.parametrize("at", [0, 4, 7])
async def test_mode_live_with_any_finding_against_it_stays_locked_and_says_what_to_do(
    make_app: AppMaker, engine: FakeEngine, at: int
) -> None:
    report = live_report()
    spoiled = [*report.findings]
    spoiled[at] = Finding(False, "This is not as it must be.", "Put it right first.")
    engine.live = replace(report, findings=tuple(spoiled))
    app = make_app()
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("m", "3", "7", "3", "1", "4")
        assert app.screen.query_one("#yes", Button).disabled
        assert "This is not as it must be. Put it right first." in " ".join(screen_text(app).replace("┃", " ").split())
        await pilot.press("enter")
        assert engine.commands == []


async def test_go_live_with_many_failed_checks_scrolls_them_between_facts_and_buttons(
    make_app: AppMaker, engine: FakeEngine
) -> None:
    advice = "Close positions and orders of the account, wait for the exchange, then run `futtui account --fix`."
    failed = [Finding(False, f"Check {number} of the account did not pass as it must.", advice) for number in range(5)]
    engine.live = live_report(*failed)
    app = make_app(language=Language.UKRAINIAN)
    async with app.run_test(size=SMALL) as pilot:
        await pilot.press("m", "3")
        await until(pilot, lambda: "Check 0" in screen_text(app))
        seen = screen_text(app)
        for key in ("down", *["pagedown"] * 9, "home"):
            await pilot.press(key)
            text = screen_text(app)
            seen += text
            assert "7 3 1 4" in text
            assert app.screen.query_one("#no").region.bottom <= SMALL[1]
        assert "Check 0" in text
        assert all(f"Check {number} of" in seen for number in range(5))
        assert seen.count("--fix") >= 5
        await pilot.press("7", "3", "1", "4", "enter")
        assert engine.commands == []


async def test_mode_live_waits_for_the_account_and_opens_once_it_answered(
    make_app: AppMaker, engine: FakeEngine
) -> None:
    engine.live, answer = None, Future[LiveReport]()
    engine.live_report = lambda: answer  # type: ignore[method-assign]
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("m", "3", "7", "3", "1", "4")
        assert app.screen.query_one("#yes", Button).disabled
        assert "The account is being looked at" in screen_text(app)
        answer.set_result(live_report())
        app.pulse.beat()
        await pilot.pause()
        assert not app.screen.query_one("#yes", Button).disabled
        assert app.focused is not None
        assert app.focused.id == "no"
        assert "key ...9F2A" in screen_text(app)


async def test_mode_live_is_locked_with_the_reason_when_the_engine_refuses_to_look(
    make_app: AppMaker, engine: FakeEngine
) -> None:
    answer = Future[LiveReport]()
    answer.set_exception(FuttuiError("The engine has stopped."))
    engine.live_report = lambda: answer  # type: ignore[method-assign]
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("m", "3", "7", "3", "1", "4")
        assert app.screen.query_one("#yes", Button).disabled
        assert "The engine has stopped." in screen_text(app)


async def test_mode_already_chosen_says_so_and_sends_nothing(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("m", "2")
        app.pulse.beat()
        await pilot.pause()
        assert engine.commands == []
        assert "The mode is already Paper." in screen_text(app)


async def test_close_position_on_a_closed_trade_explains(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("3", "end", "C")
        app.pulse.beat()
        await pilot.pause()
        assert isinstance(app.screen, DashboardScreen)
        assert "Mark an open position first." in screen_text(app)
        assert engine.commands == []


async def test_focus_goes_round_in_reading_order(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        seen = []
        for _ in range(6):
            seen.append(app.focused.id if app.focused else None)
            await pilot.press("tab")
        assert seen == ["market", "signals", "positions", "zones", "log", "market"]
        assert app.focused is not None
        await pilot.press("1", "shift+tab")
        assert app.focused.id == "log"
        for number, name in enumerate(("market", "signals", "positions", "zones", "log"), start=1):
            await pilot.press(str(number))
            assert app.focused.id == name
        await pilot.press("escape")
        assert app.focused.id == "market"


@pytest.mark.parametrize("keys", [("s", "S"), ("і", "І"), ("ы", "Ы")])
async def test_sort_keys_change_column_and_direction(make_app: AppMaker, keys: tuple[str, str]) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press(keys[0])
        panel = app.market_panel()
        assert panel is not None
        assert "sorted by symbol" in panel.subtitle(app.store.read())
        names = [line.split()[1 if "▸" in line else 0] for line in panel_lines(panel)[2:6]]
        assert names == ["ADAUSDT", "AVAXUSDT", "BNBUSDT", "BTCUSDT"]
        await pilot.press(keys[1])
        names = [line.split()[1 if "▸" in line else 0] for line in panel_lines(panel)[2:4]]
        assert names == ["XRPUSDT", "TIAUSDT"]
        assert "sorted by symbol ▼" in panel.subtitle(app.store.read())


@pytest.mark.parametrize(("column", "place"), [("price", 1), ("change", 3)])
async def test_sort_arrow_points_down_when_the_largest_is_first(make_app: AppMaker, column: str, place: int) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        panel = app.market_panel()
        assert isinstance(panel, MarketPanel)
        panel.sort_column(column)
        for _ in range(2):
            head, first, second, third = panel_lines(panel)[1:5]
            values = [float(line.replace("▸", " ").split()[place].replace(",", "")) for line in (first, second, third)]
            assert values == sorted(values, reverse="▼" in head)
            await pilot.press("S")


async def test_sort_keeps_the_marker_on_its_symbol(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("down", "down", "s")
        panel = app.market_panel()
        assert panel is not None
        assert panel.cursor_key == "ETHUSDT"
        assert any("▸ ETHUSDT" in line for line in panel_lines(panel))


@pytest.mark.parametrize(("opener", "typed"), [("slash", "dot"), (".", "вще")])
async def test_find_goes_to_the_symbol_on_any_layout(make_app: AppMaker, opener: str, typed: str) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("4", opener, *typed)
        assert isinstance(app.screen, FindScreen)
        assert app.screen.query_one(Input).value == typed
        await pilot.press("enter")
        await pilot.pause()
        panel = app.market_panel()
        assert panel is not None
        assert panel.cursor_key == "DOTUSDT"
        assert app.focused is panel
        assert "4 Zones  DOTUSDT" in screen_text(app)


def test_find_matches_puts_beginnings_first() -> None:
    assert matches(["WBTCUSDT", "BTCUSDT", "ETHUSDT"], "btc") == ["BTCUSDT", "WBTCUSDT"]
    assert matches(["BTCUSDT", "ETHUSDT"], "иес") == ["BTCUSDT"]
    assert matches(["BTCUSDT"], "nothing") == []


@pytest.mark.parametrize("key", ["question_mark", "f1"])
async def test_help_explains_the_focused_panel(make_app: AppMaker, key: str) -> None:
    app = make_app()
    async with app.run_test(size=(120, 60)) as pilot:
        await pilot.press("3", key)
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)
        text = screen_text(app)
        assert "On this panel (Positions)" in text
        assert "The rule that protects it now." in text
        assert "Close all or a part" in text
        await pilot.press(*"gu", "backspace", "backspace", *"guard")  # g, u, j and Space are keys elsewhere
        await pilot.pause()
        text = screen_text(app)
        assert "Find: guard_" in text
        assert "The rule that protects it now." in text
        assert "Close all or a part" not in text
        await pilot.press("escape")
        await pilot.pause()
        assert "Close all or a part" in screen_text(app)
        await pilot.press("escape")
        assert isinstance(app.screen, DashboardScreen)


@pytest.mark.parametrize("typed", ["theme", "colour"])
async def test_command_list_finds_the_colours_by_either_word(make_app: AppMaker, typed: str) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("colon", *typed)
        for _ in range(200):
            if "Colour theme: light" in screen_text(app):
                break
            await pilot.pause(0.01)
        assert "Colour theme: light" in screen_text(app)


@pytest.mark.parametrize("opener", ["colon", "ctrl+p", "ctrl+з"])
async def test_command_list_runs_an_action_by_name(make_app: AppMaker, engine: FakeEngine, opener: str) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press(opener)
        await pilot.press(*"resume")
        found = app.screen.query_one(CommandList)
        for _ in range(200):
            if found.option_count == 1:
                break
            await pilot.pause()
        assert found.option_count == 1
        await pilot.press("enter")
        await pilot.pause()
        assert engine.commands == [SetPaused(NOW_MS, True)]


async def test_enter_opens_the_detail_and_escape_leads_back(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        for panel, words in (
            ("1", ("Why signals, or why none", "broke 13.80 and held it twice", "Bollinger top")),
            ("2", ("Why this signal", "market buys outweigh sells", "reward 2.16R", "n/a")),
            ("3", ("Targets, stop and guard", "trailing tier 1", "reached")),
            ("5", ("Log entry", "LINKUSDT long 86 Flip-Retest M15 found")),
        ):
            await pilot.press(panel, "enter")
            await pilot.pause()
            assert isinstance(app.screen, DetailScreen), panel
            text = screen_text(app)
            for expected in words:
                assert expected in text
            await pilot.press("escape")
            assert isinstance(app.screen, DashboardScreen)


async def test_detail_of_a_position_follows_the_price(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("3", "enter")
        await pilot.pause()
        assert engine.current.desk is not None
        first = engine.current.desk.positions[0]
        moved = replace(first, mark_price=3150.0, pnl=26.4, version=2)
        engine.show_desk(positions=(moved, *engine.current.desk.positions[1:]))
        app.pulse.beat()
        await pilot.pause()
        assert "3,150.00" in screen_text(app)
        engine.show_desk(positions=())
        app.pulse.beat()
        await pilot.pause()
        assert "This position is closed." in screen_text(app)


@pytest.mark.parametrize("key", ["q", "й", "ctrl+q", "ctrl+й"])
async def test_quit_without_live_positions_is_instant(make_app: AppMaker, key: str) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press(key)
        await pilot.pause()
        assert app._exit


async def test_quit_with_live_positions_asks(make_app: AppMaker, engine: FakeEngine) -> None:
    assert engine.current.desk is not None
    live = tuple(replace(item, mode=TradingMode.LIVE) for item in engine.current.desk.positions)
    engine.show_desk(mode=TradingMode.LIVE, positions=live)
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("q")
        assert isinstance(app.screen, QuitMenu)
        assert "3 live positions are open." in screen_text(app)
        await pilot.press("enter")
        assert not app._exit
        await pilot.press("q", "2")
        await pilot.pause()
        assert app._exit
        assert engine.commands == []


async def test_quit_can_close_live_positions_first_and_leaves_when_all_are_closed(
    make_app: AppMaker, engine: FakeEngine
) -> None:
    assert engine.current.desk is not None
    held = engine.current.desk.positions
    live = tuple(replace(item, mode=TradingMode.LIVE) for item in held[:2])
    engine.show_desk(mode=TradingMode.LIVE, positions=(*live, held[2]))
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("q", "3", "escape")
        assert engine.commands == []
        await pilot.press("q", "3", "right", "enter")
        await until(pilot, lambda: isinstance(app.screen, ClosingDialog) and len(engine.commands) == 3)
        closes = [ClosePosition(NOW_MS, item.position_id) for item in live]
        assert engine.commands == [SetPaused(NOW_MS, True), *closes]
        engine.show_desk(positions=(live[1], held[2]))
        app.pulse.beat()
        await until(pilot, lambda: f"close {live[1].symbol}." in screen_text(app))
        assert not app._exit
        assert engine.commands == [SetPaused(NOW_MS, True), *closes]
        engine.show_desk(positions=(held[2],))
        app.pulse.beat()
        await until(pilot, lambda: app._exit)


async def test_quit_that_waits_for_closing_is_left_with_escape(make_app: AppMaker, engine: FakeEngine) -> None:
    assert engine.current.desk is not None
    live = replace(engine.current.desk.positions[0], mode=TradingMode.LIVE)
    engine.show_desk(mode=TradingMode.LIVE, paused=True, positions=(live,))
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("q", "3", "right", "enter")
        await until(pilot, lambda: isinstance(app.screen, ClosingDialog) and bool(engine.commands))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, DashboardScreen))
        engine.show_desk(positions=())
        app.pulse.beat()
        await pilot.pause()
        assert not app._exit
        assert engine.commands == [ClosePosition(NOW_MS, live.position_id)]


@pytest.mark.parametrize(
    ("label", "words"),
    [("SYNTHETIC MARKET (seed 7)", "The embedded exchange ends"), ("Binance USD-M futures", "Their stops stay")],
)
async def test_quit_with_one_live_position_says_what_becomes_of_it(
    make_app: AppMaker, engine: FakeEngine, label: str, words: str
) -> None:
    assert engine.current.desk is not None
    live = replace(engine.current.desk.positions[0], mode=TradingMode.LIVE)
    engine.show_desk(mode=TradingMode.LIVE, positions=(live,))
    engine.show(source_label=label, synthetic=label.startswith("SYNTHETIC"), speed_text="")
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("q")
        text = screen_text(app)
        assert "1 live position is open." in text
        assert words in text


async def test_quit_names_live_positions_that_no_confirmed_stop_covers(make_app: AppMaker, engine: FakeEngine) -> None:
    assert engine.current.desk is not None
    live = [replace(item, mode=TradingMode.LIVE) for item in engine.current.desk.positions]
    naked = replace(live[0], status="NAKED")
    engine.show_desk(mode=TradingMode.LIVE, positions=(naked, *live[1:]))
    engine.show(source_label="Binance USD-M futures", synthetic=False, speed_text="")
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("q")
        text = screen_text(app)
        assert f"just being closed: {naked.symbol}." in text
        assert live[1].symbol not in text.partition("Quit?")[2].partition("nothing changes")[0]
        assert "Their stops stay" not in text


@pytest.mark.parametrize("key", ["ctrl+c", "ctrl+с"])
async def test_ctrl_c_says_how_to_quit(make_app: AppMaker, key: str) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press(key)
        await pilot.pause()
        assert not app._exit
        assert "Press q to quit." in screen_text(app)


async def test_full_screen_shows_one_panel_and_escape_gives_it_back(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("5", "а")
        await pilot.pause()
        assert "1 Market" not in screen_text(app)
        assert app.screen.query_one("#log").size.height > 25
        await pilot.press("escape")
        await pilot.pause()
        assert "1 Market" in screen_text(app)


async def test_overlay_key_shows_the_figures(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("f12")
        await pilot.pause()
        assert "engine lag" in screen_text(app)
        await pilot.press("f12")
        await pilot.pause()
        assert "engine lag" not in screen_text(app)


async def test_mouse_click_marks_double_click_opens_and_heading_sorts(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.click("#market", offset=(10, 5))
        panel = app.market_panel()
        assert panel is not None
        assert panel.cursor_key == "ETHUSDT"
        await pilot.click("#market", offset=(6, 2))
        assert "sorted by symbol" in panel.subtitle(app.store.read())
        await pilot.click("#market", offset=(10, 5), times=2)
        await pilot.pause()
        assert isinstance(app.screen, DetailScreen)


async def test_footer_click_runs_the_key(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        line = app.screen.query_one("#footer").render_line(0).text  # type: ignore[attr-defined]
        await pilot.click("#footer", offset=(line.index("pause"), 0))
        assert engine.commands == [SetPaused(NOW_MS, True)]


async def test_focus_comes_back_after_the_window_was_too_small(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("2")
        assert app.focused is not None
        panel = app.focused.id
        await pilot.resize_terminal(60, 15)
        await pilot.pause()
        await pilot.resize_terminal(*FULL)
        await pilot.pause()
        await pilot.pause()
        assert app.focused is not None
        assert app.focused.id == panel


def focused_id(app: FuttuiApp) -> str | None:
    """Of what has the focus."""
    return app.focused.id if app.focused is not None else None


async def test_a_dialog_that_does_not_fit_says_so_and_answers_nothing_until_it_can_be_read(
    make_app: AppMaker, engine: FakeEngine
) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("m")
        menu = app.screen
        await pilot.resize_terminal(60, 15)
        await until(pilot, lambda: "This window is 60 x 15. futtui needs at least 80 x 24." in screen_text(app))
        await pilot.press("1", "down", "enter", "2")
        assert app.screen is menu
        assert engine.commands == []
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "This window is" not in screen_text(app))
        await pilot.press("escape")
        app.push_screen(QuestionDialog("Sure?", ["It matters."], yes="Yes", no="No"))
        await until(pilot, lambda: focused_id(app) == "no")
        await pilot.resize_terminal(60, 15)
        await until(pilot, lambda: app.focused is None)  # a button out of sight cannot be pressed
        await pilot.resize_terminal(*FULL)
        await until(pilot, lambda: focused_id(app) == "no")


async def test_an_error_that_ends_the_screen_is_in_the_log(
    make_app: AppMaker, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app()

    def stumble() -> None:
        raise RuntimeError("a bad day")

    async def run() -> None:
        async with app.run_test(size=FULL) as pilot:
            app.call_later(stumble)
            await pilot.pause()

    with pytest.raises(RuntimeError, match="a bad day"):
        await run()
    assert "The screen ended with an error." in caplog.text
    assert "a bad day" in caplog.text


@pytest.mark.parametrize("key", ["w", "ц"])
async def test_price_alert_is_set_from_the_market_and_taken_away_by_the_same_price(
    make_app: AppMaker, engine: FakeEngine, key: str
) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press(key, *"14,00049")
        await until(pilot, lambda: "Told when price rises to 14.000." in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: engine.commands == [SetPriceAlert(NOW_MS, "LINKUSDT", 14.0)])
        await pilot.press(key, *"14")
        await until(pilot, lambda: "Takes the alert at 14.000 away." in screen_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: engine.commands[1:] == [RemovePriceAlert(NOW_MS, "LINKUSDT", 14.0)])
        assert engine.current.alerts == ()


async def test_price_alert_takes_no_words_and_is_left_with_escape(make_app: AppMaker, engine: FakeEngine) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("w", *"soon", "enter")
        await until(pilot, lambda: "This is no price." in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, DashboardScreen))
        assert engine.commands == []


async def test_command_list_tells_what_is_set_now(make_app: AppMaker, engine: FakeEngine) -> None:
    engine.show_desk(paused=True, kill_level=2)
    app = make_app(theme="colour-safe")
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("s", "f")
        now = values_now(app)
        assert now["mode"] == "Paper"
        assert now["pause"] == "paused now"
        assert now["kill"] == "level 2 now"
        assert now["sort"] == "sorted by symbol"
        assert (now["full"], now["overlay"]) == ("on now", "off now")
        await pilot.press("colon")
        await until(pilot, lambda: bool(app.screen.query(CommandList)))
        await until(pilot, lambda: app.screen.query_one(CommandList).option_count > 5)
        options = [str(option.prompt) for option in app.screen.query_one(CommandList).options]
        assert [" ".join(text.split()) for text in options if "Change the mode" in text] == [
            "m Change the mode (Live asks first) \u00b7 Paper"
        ]
        assert [text for text in options if "in use now" in text and "colour-safe" in text]
        assert sum("in use now" in text for text in options) == 1
