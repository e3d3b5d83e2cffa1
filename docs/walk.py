"""A new user's walk: each step with the hint on the screen that leads to it, the keys, and the picture to draw.

`python -m docs.walk` draws all pictures anew into `docs/pictures`; the same walk is a test. The market is made by hand
and stands still, so that the same program draws the same pictures.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Input

from futtui.domain.backtests import RunState
from futtui.tui.app import FuttuiApp
from futtui.tui.settings import UiSettings
from tests.tui.fake_backtests import FakeBacktests, press, run_result, until
from tests.tui.fake_engine import FakeEngine
from tests.tui.screen_text import screen_text

PICTURES = Path(__file__).resolve().parent / "pictures"
SIZE = (120, 35)
MOST_BYTES = 150_000


@dataclass(frozen=True, slots=True)
class Step:
    """One press of keys. `hint` stands on the screen before it; `typed` goes into a field; `picture` is drawn after it.

    `then` is what happens meanwhile in the world, as a backtest that gets on.
    """

    hint: str
    keys: tuple[str, ...]
    typed: str = ""
    picture: str = ""
    shows: str = ""
    then: Callable[[FakeBacktests], None] | None = None


def _half_way(backtests: FakeBacktests) -> None:
    backtests.say(text="running", share=0.58, days_per_s=4.1, seconds_left=9.0, seconds=13.0, days=92.0)


def _finished(backtests: FakeBacktests) -> None:
    done = run_result("20260901-113200", 6)
    head = replace(done.head, run_id="20260901-113200", made_ms=1_788_262_320_000)
    backtests.results = {head.run_id: replace(done, head=head)}
    backtests.say(state=RunState.DONE, share=1.0, seconds=22.0, text="")


WALK = (
    Step("", (), picture="1-dashboard", shows="1 Market"),
    Step("1-5 panel", ("2",), shows="2 Signals"),
    Step("Enter open", ("enter",), picture="2-signal", shows="Why this signal"),
    Step("c chart", ("c",), picture="3-chart", shows="13.744 Stop"),
    Step("Esc back", ("escape",), shows="Why this signal"),
    Step("b block", ("b",), picture="4-block", shows="Block LINKUSDT"),
    Step("1  ", ("1",), shows="Why this signal"),
    Step("m mode", ("m",), picture="5-mode", shows="Signals only"),
    Step("Stop everything", ("!",), picture="8-stop", shows="Close everything"),
    Step("Esc close", ("escape",), shows="Why this signal"),
    Step("Esc back", ("escape",), shows="1 Market"),
    Step(": commands", (":",), typed="backtest", shows="Backtests"),
    Step("Backtests", ("enter",), shows="Folder of candles"),
    Step("Enter open", ("enter",), typed="/home/trader/candles", shows="Folder of candles"),
    Step("Enter take", ("enter",), shows="/home/trader/candles"),
    Step("First day", ("down", "down", "down", "enter"), typed="2024-03-01", shows="First day"),
    Step("Enter take", ("enter",), shows="2024-03-01"),
    Step("Last day", ("down", "enter"), typed="2024-06-01", shows="Last day"),
    Step("Enter take", ("enter",), shows="2024-06-01"),
    Step("r run", ("r",), picture="6-backtest", shows="58%", then=_half_way),
    Step("x end", (), shows="Done in 0:22", then=_finished),
    Step("Tab other side", ("tab",), shows="Kept runs"),
    Step("Enter open", ("enter",), picture="7-result", shows="Profit factor"),
    Step("Enter open", ("enter",), shows="Space play"),
    Step("Esc back", ("escape", "escape", "escape"), shows="1 Market"),
)

Seen = Callable[[Step, FuttuiApp], Awaitable[None]]


def walk_app() -> tuple[FuttuiApp, FakeBacktests]:
    """The app on a market that stands still, with no run kept yet."""
    backtests = FakeBacktests(empty=True)
    app = FuttuiApp(
        FakeEngine(), settings=UiSettings(), real_clock_s=lambda: 0.0, number_source=lambda: "7314", backtests=backtests
    )
    return app, backtests


async def go(pilot: Pilot[None], backtests: FakeBacktests, step: Step) -> str:
    """Takes the step; gives the screen before it."""
    app = pilot.app
    assert isinstance(app, FuttuiApp)
    before = screen_text(app)
    await press(pilot, *step.keys)
    if step.typed:
        await until(pilot, lambda: bool(app.screen.query(Input)))
        app.screen.query_one(Input).value = step.typed
    if step.then is not None:
        await until(pilot, lambda: backtests.now is not None)
        step.then(backtests)

    def is_shown() -> bool:
        app.pulse.beat()
        return step.shows in screen_text(app)

    await until(pilot, is_shown)
    await app.workers.wait_for_complete()
    app.pulse.beat()
    await pilot.pause()
    return before


async def draw() -> None:
    """Walks and writes every picture."""
    app, backtests = walk_app()
    PICTURES.mkdir(exist_ok=True)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        app.pulse.stop()
        for step in WALK:
            await go(pilot, backtests, step)
            if step.picture:
                file = PICTURES / f"{step.picture}.svg"
                file.write_text(app.export_screenshot(title="futtui"), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    asyncio.run(draw())
