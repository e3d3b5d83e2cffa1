"""The screen on a clock that moves in steps of 1/64 second, as on Windows."""

from __future__ import annotations

import time

import pytest

from futtui.tui import pulse
from tests.tui.conftest import AppMaker
from tests.windows_like import STEPS_PER_S, stepping


async def test_screen_on_a_coarse_clock_beats_and_tells_its_figures(
    make_app: AppMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, clock in stepping().items():
        monkeypatch.setattr(time, name, clock)
    monkeypatch.setattr(pulse, "perf_counter", time.perf_counter)
    assert time.monotonic() * STEPS_PER_S % 1 == 0
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        app.action_toggle_overlay()
        for _ in range(20):  # several within one step of the clock
            app.pulse.beat()
            await pilot.pause()
        while len(app.pulse._lags_ms) < 2:  # beats of the timer
            await pilot.pause(0.01)
        await pilot.press("down", "enter", "escape")
        assert all(value >= 0.0 for value in app.pulse.figures().values())
