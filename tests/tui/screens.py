"""Every screen of the terminal that has a picture: how one gets there, and in which state of the world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from dataclasses import replace as changed
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input

from futtui.domain.effects import Say
from futtui.domain.live_check import Finding
from futtui.domain.position import TradingMode
from futtui.domain.snapshot import FeedView, Sleep
from futtui.tui.app import FuttuiApp
from futtui.tui.settings import UiSettings
from tests.tui.fake_backtests import FakeBacktests, press, run_result, until, walk_result
from tests.tui.fake_engine import FakeEngine, live_report, margins
from tests.tui.fake_settings import FakeSettings
from tests.tui.test_health_screen import FIGURES, budget, health
from tests.tui.trading_day import quiet_start, still_loading, trading_day

Size = tuple[int, int]
SMALL, MIDDLE, LARGE = (80, 24), (120, 35), (200, 50)
EDGE, BROAD = (180, 40), (240, 60)
"""The smallest window with a chart beside the tables, and one that is wider than most."""
DARK, SAFE = "night", "colour-safe"
World = Callable[[FuttuiApp, FakeEngine], object]


@dataclass(frozen=True, slots=True)
class Shot:
    """One screen. `keys` lead to it from the dashboard; `typed` stands in its field; `world` is what happens first.

    Shots of one `tour` are visited one after the other by the same app, in a world that none of them changes.
    """

    name: str
    keys: tuple[str, ...] = ()
    typed: str = ""
    more_keys: tuple[str, ...] = ()
    world: World | None = None
    then: World | None = None
    """What happens once the keys are pressed."""
    sizes: tuple[Size, ...] = (MIDDLE, SMALL, LARGE)
    themes: tuple[str, ...] = (DARK, SAFE)
    tour: str = ""
    anew: bool = False
    """What is seen hangs on the size in which the keys were pressed: each size is a start of its own."""
    choices: dict[str, Any] = field(default_factory=dict)


def _live(app: FuttuiApp, engine: FakeEngine) -> None:
    desk = engine.current.desk
    assert desk is not None
    engine.show_desk(
        mode=TradingMode.LIVE, positions=tuple(changed(item, mode=TradingMode.LIVE) for item in desk.positions)
    )
    engine.show(margins=margins(TradingMode.LIVE))


def _too_far(app: FuttuiApp, engine: FakeEngine) -> None:
    _live(app, engine)
    refusal = "price moved 0.90 R away from the entry, at most 0.25 R is allowed"
    engine.take = {"refusal": refusal, "price": 14.01, "quantity": None, "value": None, "risk_money": None}


def _old(app: FuttuiApp, engine: FakeEngine) -> None:
    engine.show(feed=FeedView(connected=False, text="lost", age_ms=9000, delay_ms=0, attempt=3))
    engine.show(market=tuple(changed(row, fresh=False, age_ms=9000) for row in engine.current.market))


def _stopped(app: FuttuiApp, engine: FakeEngine) -> None:
    engine.show_desk(paused=True, pause_reason="kill switch: cancel waiting entries (by you)", kill_level=2)


def _quiet(app: FuttuiApp, engine: FakeEngine) -> None:
    quiet_start(engine)


def _loading(app: FuttuiApp, engine: FakeEngine) -> None:
    still_loading(engine)


def _no_answers(app: FuttuiApp, engine: FakeEngine) -> None:
    engine.hold_candles = True


def _refused(app: FuttuiApp, engine: FakeEngine) -> None:
    engine.refuse_candles = "The database is busy. Try again in a moment."


def _banned(app: FuttuiApp, engine: FakeEngine) -> None:
    trouble = ("The database is 40 s behind: the disk is slow.",)
    engine.show(health=health(troubles=trouble), feed=changed(engine.current.feed, budget=budget()))


def _half_way(app: FuttuiApp, engine: FakeEngine) -> None:
    assert isinstance(app.backtests, FakeBacktests)
    if app.backtests.now is None:
        app.backtests.start({})
    app.backtests.say(text="running", share=0.58, days_per_s=4.1, seconds_left=9.0, seconds=13.0, days=92.0)


def _half_way_paused(app: FuttuiApp, engine: FakeEngine) -> None:
    _half_way(app, engine)
    assert isinstance(app.backtests, FakeBacktests)
    app.backtests.pause(True)


def _walked(app: FuttuiApp, engine: FakeEngine) -> None:
    assert isinstance(app.backtests, FakeBacktests)
    app.backtests.results["20260819-000000"] = walk_result("20260819-000000", 18)


def _nothing_kept(app: FuttuiApp, engine: FakeEngine) -> None:
    assert isinstance(app.backtests, FakeBacktests)
    app.backtests.results = {}


def _hedged(app: FuttuiApp, engine: FakeEngine) -> None:
    text = "The account is in hedge mode, in which stops of futtui would not reduce."
    fix = "Close positions and orders of the account, then run `futtui account --fix`."
    engine.live = live_report(Finding(False, text, fix))


def _much_wrong(app: FuttuiApp, engine: FakeEngine) -> None:
    fix = "Set it on the exchange's page for the account, then look here again."
    texts = (
        "The account is in hedge mode, in which stops of futtui would not reduce.",
        "The account is in multi-assets mode: its whole wallet is margin of each trade.",
        "The key can withdraw: whoever finds it can take the money.",
        "The clock of this PC is 640 ms off, and orders would be refused.",
        "Two symbols are on cross margin: a trade could cost more than its own margin.",
    )
    engine.live = live_report(*(Finding(False, text, fix) for text in texts))


def _unanswered(app: FuttuiApp, engine: FakeEngine) -> None:
    engine.live = None


def _slept(app: FuttuiApp, engine: FakeEngine) -> None:
    app.pulse.beat()
    since_ms = engine.now_ms - 43 * 60_000
    told = (
        Say(since_ms + 300_000, "trade", "ETHUSDT: first target hit, 30 % sold at 3,118.00, stop moves to break-even"),
        Say(since_ms + 900_000, "trade", "XRPUSDT short closed: +0.02 R (+1.10 USDT after fees, on paper)"),
        Say(since_ms + 2_580_000, "feed", "Caught up: 3 candles that closed meanwhile are analysed."),
    )
    engine.show(slept=Sleep(since_ms, 43 * 60_000), log=(*engine.current.log, *told))
    app.pulse.beat()


def _found(app: FuttuiApp, engine: FakeEngine) -> None:
    _live(app, engine)
    engine.show_desk(mode=TradingMode.SIGNALS)


def _three_kept(app: FuttuiApp, engine: FakeEngine) -> None:
    assert isinstance(app.backtests, FakeBacktests)
    app.backtests.results["20260818-000000"] = run_result("20260818-000000", 0, "break_retest", 4)


def _welcome(app: FuttuiApp, engine: FakeEngine) -> None:
    app.action_open_place("welcome")


def _in_small(name: str, *keys: str, **more: Any) -> Shot:
    """A screen that shows something of its own in a small window only."""
    return Shot(name, keys, sizes=(SMALL,), **more)


SHOTS = (
    # The dashboard
    Shot("dashboard", tour="dashboard"),
    _in_small("dashboard-signals", "2", tour="dashboard"),
    _in_small("dashboard-positions", "3", tour="dashboard"),
    _in_small("dashboard-zones", "4", tour="dashboard"),
    _in_small("dashboard-log", "5", tour="dashboard"),
    Shot("dashboard-watching", ("l",)),
    Shot("dashboard-trading", ("l", "l")),
    Shot("dashboard-tables", ("l", "l", "l"), sizes=(LARGE,)),
    Shot("dashboard-chart", ("2", "down", "6", "x", "left", "left", "up"), sizes=(LARGE, EDGE, BROAD), anew=True),
    Shot("dashboard-chart-loading", world=_no_answers, sizes=(LARGE, EDGE)),
    Shot("dashboard-one-panel", ("3", "f")),
    Shot("dashboard-live", world=_live),
    Shot("dashboard-old-data", world=_old),
    Shot("dashboard-loading", world=_loading, tour="loading"),
    Shot("dashboard-quiet", world=_quiet, tour="quiet"),
    Shot("dashboard-speed", ("f12",)),
    Shot("dashboard-light", themes=("light",)),
    Shot("dashboard-plain", choices={"plain_glyphs": True}, themes=(DARK,), sizes=(SMALL, MIDDLE)),
    Shot("too-small", sizes=((64, 15), (79, 23), (30, 10)), themes=(DARK,)),
    # The chart
    Shot("chart", ("2", "c")),
    Shot("chart-crosshair", ("2", "c", "x", "left", "left", "up", "w"), anew=True),
    Shot("chart-far", ("c", "-")),
    Shot("chart-near", ("3", "c", "+", "+"), anew=True),
    Shot("chart-loading", ("c",), world=_no_answers),
    Shot("chart-refused", ("c",), world=_refused),
    Shot("chart-old-data", ("c",), world=_old),
    # Details
    Shot("signal", ("2", "enter"), tour="details"),
    Shot("signal-dismissed", ("2", "home", "down", "enter", "d"), anew=True),
    Shot("signals-dismissed", ("2", "home", "d"), anew=True),
    Shot("take", ("2", "home", "enter", "a"), world=_live),
    Shot("take-refused", ("2", "home", "enter", "a"), world=_too_far),
    Shot("signal-waiting", ("2", "home", "down", "enter"), tour="details"),
    _in_small("signal-end", "2", "home", "enter", "pagedown", "pagedown", "pagedown"),
    Shot("position", ("3", "home", "enter"), tour="details"),
    Shot("position-live", ("3", "home", "enter"), world=_live),
    _in_small("position-end", "3", "home", "enter", "pagedown", "pagedown", "pagedown"),
    Shot("symbol", ("1", "home", "enter"), tour="details"),
    _in_small("symbol-end", "1", "home", "enter", "pagedown", "pagedown", "pagedown"),
    Shot("symbol-blocked", ("slash",), "TIA", ("enter", "enter")),
    Shot("trade", ("3", "end", "enter"), tour="details"),
    Shot("log-line", ("5", "home", "enter"), tour="details"),
    # Why, how well, where
    Shot("why", ("W",), tour="places"),
    Shot("performance", ("P", "down", "down"), tour="places"),
    Shot("zones", ("slash",), "BTC", ("enter", "Z", "down")),
    Shot("performance-empty", ("P",), world=_quiet, tour="quiet"),
    Shot("zones-empty", ("Z",), world=_quiet, tour="quiet"),
    # Backtests
    Shot("backtest-form", ("t",), world=_three_kept),
    Shot("backtest-empty", ("t",), world=_nothing_kept),
    Shot("backtest-edit", ("t", "down", "down", "enter")),
    Shot("backtest-progress", ("t", "r"), then=_half_way),
    Shot("backtest-paused", ("t", "r"), then=_half_way_paused),
    Shot("backtest-end-question", ("t", "r", "x")),
    Shot("backtest-result", ("t", "tab", "enter")),
    Shot("backtest-walk", ("t", "tab", "enter", "tab"), world=_walked),
    Shot("backtest-values", ("t", "tab", "enter", "d")),
    Shot("backtest-compare", ("t", "tab", "v", "down", "v")),
    Shot("backtest-replay", ("t", "tab", "enter", "enter", *["right"] * 9), anew=True),
    # Places
    Shot("symbols", ("u",), tour="places"),
    Shot("symbols-empty", ("u",), world=_loading, tour="loading"),
    Shot("health", ("f3",), tour="places"),
    Shot("health-trouble", ("f3",), world=_banned),
    Shot("log", ("f4",), tour="places"),
    Shot("log-find", ("f4", "slash"), "zones", ("enter",)),
    Shot("log-empty", ("f4",), world=_quiet, tour="quiet"),
    Shot("sent", ("f6", "down"), tour="places"),
    Shot("sent-empty", ("f6",), world=_quiet, tour="quiet"),
    Shot("sent-line", ("f6", "home", "down", "down", "enter")),
    Shot("settings", ("comma", "down", "tab", "down")),
    Shot("settings-changed", ("comma", "down", "tab", "enter"), "30", ("enter",)),
    Shot("settings-edit", ("comma", "down", "tab", "enter"), "300", ("enter",)),
    Shot("settings-choice", ("comma", "down", "down", "down", "tab", "enter")),
    Shot("settings-find", ("comma", "slash"), "s"),
    # Dialogs
    Shot("welcome-language", then=_welcome),
    Shot("welcome-zone", then=_welcome, more_keys=("escape",)),
    Shot("welcome-signs", then=_welcome, more_keys=("escape", "escape")),
    Shot("welcome-look", then=_welcome, more_keys=("escape", "escape", "escape"), themes=(DARK,)),
    Shot("welcome-look-safe", then=_welcome, more_keys=("escape", "escape", "escape"), themes=(SAFE,)),
    Shot("slept", then=_slept, tour="slept"),
    Shot("found-positions", world=_found, tour="found"),
    Shot("help", ("question_mark",), tour="dialogs"),
    Shot("help-chart", ("c", "question_mark")),
    Shot("help-typed", ("question_mark", *"zone"), sizes=(MIDDLE, SMALL)),
    Shot("words", ("i",), tour="dialogs"),
    Shot("commands", ("colon",), tour="dialogs"),
    Shot("commands-typed", ("colon",), "block", tour="dialogs"),
    Shot("mode", ("m",), tour="dialogs"),
    Shot("go-live", ("m", "3", "7", "3"), tour="dialogs"),
    Shot("go-live-locked", ("m", "3"), world=_hedged),
    _in_small("go-live-many", "m", "3", "pagedown", world=_much_wrong),
    Shot("go-live-asking", ("m", "3"), world=_unanswered),
    Shot("go-live-soon", ("m", "3", "7", "3", "1", "4", "enter"), tour="dialogs"),
    Shot("stop-everything", ("!",), tour="dialogs"),
    Shot("stop-everything-again", ("!",), world=_stopped, tour="stopped"),
    Shot("trade-again", ("!", "r"), world=_stopped, tour="stopped"),
    Shot("block", ("b",), tour="dialogs"),
    Shot("block-reason", ("b", "r"), "news risk", tour="dialogs"),
    Shot("block-again", ("slash",), "TIA", ("enter", "b")),
    Shot("block-strategy", ("u", "B"), tour="places"),
    Shot("move-stop", ("3", "s"), "3090"),
    Shot("move-stop-question", ("3", "s"), "3076", ("enter",), world=_live),
    Shot("close-how-much", ("3", "C"), world=_live),
    Shot("close-position", ("3", "C", "2"), world=_live),
    Shot("close-percent", ("3", "C", "4", *"33,3"), world=_live),
    Shot("price-alert", ("w",), "0.0191", tour="dialogs"),
    Shot("find", ("slash",), "li", tour="dialogs"),
    Shot("search", ("f4", "slash"), "zones"),
    Shot("jump", ("g",), anew=True),
    Shot("quit-live", ("q",), world=_live, tour="quit-live"),
    Shot("quit-close", ("q", "3"), world=_live, tour="quit-live"),
    Shot("quit-closing", ("q", "3", "right", "enter"), world=_live, tour="quit-live"),
    Shot("quit-run", ("q",), world=_half_way),
)
TOURS = {
    name: tuple(shot for shot in SHOTS if (shot.tour or shot.name) == name)
    for name in dict.fromkeys(shot.tour or shot.name for shot in SHOTS)
}


def app_of(shot: Shot, theme: str) -> tuple[FuttuiApp, FakeEngine]:
    """The app in the shot's world, on an engine whose day stands still; it beats only when it is told to."""
    engine = trading_day()
    app = FuttuiApp(
        engine,
        settings=UiSettings(**{"theme": theme, **shot.choices}),
        real_clock_s=lambda: 0.0,
        number_source=lambda: "7314",
        backtests=FakeBacktests(),
        settings_port=FakeSettings(),
    )
    app.pulse.start = lambda: None  # type: ignore[method-assign]
    app.pulse.figures = lambda: FIGURES  # type: ignore[method-assign]
    if shot.world is not None:
        shot.world(app, engine)
    return app, engine


async def go_there(shot: Shot, pilot: Pilot[None], engine: FakeEngine) -> None:
    """Opens the shot's screen as a user would."""
    app = pilot.app
    assert isinstance(app, FuttuiApp)
    await settle(pilot)
    await press(pilot, *shot.keys)
    if shot.typed:
        await until(pilot, lambda: bool(app.screen.query(Input)))
        app.screen.query_one(Input).value = shot.typed
        await pilot.pause()
    if shot.then is not None:
        shot.then(app, engine)
        await pilot.pause()
    await press(pilot, *shot.more_keys)
    await settle(pilot)


async def go_back(pilot: Pilot[None]) -> None:
    """Back to the market on the dashboard, with nothing told."""
    app = pilot.app
    assert isinstance(app, FuttuiApp)
    while app.screen is not app.dashboard or app.dashboard.main != "market":
        await press(pilot, "escape")
    await press(pilot, "home")
    app.flash_line.text = ""


async def settle(pilot: Pilot[None]) -> None:
    """Everything that was asked for is there and drawn."""
    app = pilot.app
    assert isinstance(app, FuttuiApp)
    await app.workers.wait_for_complete()
    app.pulse.beat()
    await pilot.pause()
