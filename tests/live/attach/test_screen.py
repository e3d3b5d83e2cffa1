"""The real screen on an engine in another place: it shows it, commands it, closes without harm and opens again."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from futtui.domain.events import KillSwitch, SetPaused
from futtui.domain.kill import KillLevel
from futtui.domain.position import TradingMode
from futtui.live.attach.door import ScreenDoor
from futtui.live.attach.remote_engine import RemoteEngine
from futtui.tui.app import FuttuiApp
from futtui.tui.settings import UiSettings
from tests.live.engine_world import until
from tests.tui.fake_engine import MovingEngine
from tests.tui.screen_text import screen_text

SIZE = (140, 40)


def app_on(remote: RemoteEngine) -> FuttuiApp:
    settings = UiSettings(attached_to=remote.pid, time_zone="UTC")
    return FuttuiApp(remote, settings=settings, number_source=lambda: "7314")


async def shown(app: FuttuiApp, text: str) -> None:
    await until(lambda: text in screen_text(app))


async def test_the_screen_closes_and_opens_again_on_a_running_engine_with_live_positions(tmp_path: Path) -> None:
    engine = MovingEngine()
    assert engine.current.desk is not None
    live = tuple(replace(each, mode=TradingMode.LIVE) for each in engine.current.desk.positions)
    engine.show_desk(positions=live, mode=TradingMode.LIVE)
    note = tmp_path / "note.json"
    door = ScreenDoor(engine, note)
    door.open()
    try:
        remote = RemoteEngine(note)
        await asyncio.to_thread(remote.connect)
        app = app_on(remote)
        async with app.run_test(size=SIZE) as pilot:
            await shown(app, f"Engine of process {remote.pid}")
            await shown(app, live[0].symbol)
            await pilot.press("p")
            await until(lambda: any(isinstance(each, SetPaused) for each in engine.commands))
            await pilot.press("exclamation_mark", "2")
            await until(lambda: any(isinstance(each, KillSwitch) for each in engine.commands))
            thrown = next(each for each in engine.commands if isinstance(each, KillSwitch))
            assert thrown.level is KillLevel.CANCEL
            engine.show_desk(paused=True, pause_reason="paused by you")
            await shown(app, "PAUSED")
            await pilot.press("q")  # no question: nothing is lost
            await until(lambda: not app.is_running)
        await asyncio.to_thread(remote.close)
        engine.step()

        again = RemoteEngine(note)
        await asyncio.to_thread(again.connect)
        app = app_on(again)
        async with app.run_test(size=SIZE) as pilot:
            await shown(app, "PAUSED")
            await shown(app, live[0].symbol)
            assert again.snapshot() == engine.current
            await asyncio.to_thread(door.close)
            await shown(app, "The engine was stopped.")
            await pilot.press("q")
            await until(lambda: not app.is_running)
        await asyncio.to_thread(again.close)
    finally:
        door.close()
