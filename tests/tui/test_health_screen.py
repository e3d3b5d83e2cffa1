"""Health in full: every figure of the record in words, and what is not well first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from futtui.domain.gaps import GapsView
from futtui.domain.health import (
    AnalysisHealth,
    BudgetView,
    ClockHealth,
    DatabaseHealth,
    HealthView,
    LaneView,
    PhoneHealth,
    PoolView,
    ProcessHealth,
    StreamHealth,
)
from futtui.live.round_times import RoundTimes
from futtui.tui.paint import machine
from futtui.tui.paint.text import Line, line_text
from futtui.tui.screens.health import HealthScreen
from tests.tui.conftest import AppMaker
from tests.tui.fake_engine import NOW_MS, FakeEngine
from tests.tui.screen_text import screen_text
from tests.tui.views import view_of

FIGURES = {
    "tick_p50_ms": 1.2,
    "tick_p99_ms": 3.4,
    "tick_max_ms": 9.9,
    "lag_p99_ms": 5.0,
    "snapshots_per_s": 4.9,
    "lines_per_beat": 4.0,
}


def budget(**changes: object) -> BudgetView:
    """A budget during a ban."""
    base = BudgetView(
        used=1200,
        reserved=40,
        cap=1680,
        limit=2400,
        waiting=3,
        longest_wait_ms=4_000,
        gate="banned",
        closed_until_ms=NOW_MS + 90_000,
        gate_text="the exchange banned this address",
        lanes=(LaneView("PROTECT", 0, 0, 12, 300), LaneView("HISTORY", 3, 4_000, 80, 9_000)),
        pools=(PoolView("weight", 1640, 40, 1680, 2400), PoolView("orders 10 s", 0, 0, 210, 300)),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def health(**changes: object) -> HealthView:
    """A record with something in every part."""
    base = HealthView(
        time_ms=NOW_MS,
        loop_lag_ms=3.0,
        loop_lag_p99_ms=20.0,
        streams=(StreamHealth("market-1", "LIVE", None, "data is coming in"), StreamHealth("candles", "NEWS", 900.0)),
        budget=budget(),
        clock=ClockHealth(38, 12, 1000.0, 2.0),
        database=DatabaseHealth(waiting=2, lag_ms=1500.0, dropped=4),
        queues=(("closes to analyse", 7), ("database", 2)),
        processes=(ProcessHealth("futtui", 11, 140.2), ProcessHealth("analysis 1", 12, None)),
        symbols_ready=10,
        symbols_total=12,
        gaps_open=0,
        gaps_filled=3,
        reconnects=1,
        analysis=AnalysisHealth(5, 12, 420.0, 400.0, 900.0),
        phone=PhoneHealth("TROUBLE", "Telegram cannot be reached."),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


@pytest.fixture
def measured(engine: FakeEngine) -> FakeEngine:
    """An engine with a full record."""
    gaps = GapsView(open=1, open_candles=4, filled=2, filled_candles=9, by_class={"no_trades": 2}, corrected_candles=1)
    engine.show(health=health(), feed=replace(engine.current.feed, budget=budget(), gaps=gaps, reconnects=1))
    return engine


def text_of(lines: list[Line]) -> str:
    """Lines as one text."""
    return "\n".join(line_text(line) for line in lines)


def test_requests_show_ban_limits_and_lanes(measured: FakeEngine) -> None:
    lines = machine.request_lines(view_of(measured), 56)
    text = text_of(lines)
    assert "banned" in text
    assert "14:33, 1 min" in text
    assert "the exchange banned this address" in text
    assert "orders, 10 s" in text
    assert "1640+40 / 1680 / 2400" in text
    history = next(line for line in lines if "history" in line_text(line))
    assert line_text(history).split() == ["history", "3", "4s", "80", "9s"]
    full = next(line for line in lines if "weight, minute" in line_text(line))
    assert ("█" * 14, "attention") in full


def test_engine_streams_and_phone_tell_what_is_not_well(measured: FakeEngine) -> None:
    view = view_of(measured)
    engine = text_of(machine.engine_lines(view, 56))
    for part in ("420 ms for 12 candles", "400 / 900 ms  (5)", "2 waiting, 1s behind", "+38 ms, within 12", "140 MB"):
        assert part in engine
    assert "Lines lost" in engine
    streams = text_of(machine.stream_lines(view, 56))
    for part in ("data is coming in", "0s ago", "1, 4 candles", "the exchange has none for this symbol: 2"):
        assert part in streams
    screen = text_of(machine.screen_lines(view, FIGURES, 56))
    assert "Telegram cannot be reached." in screen
    assert "1.20 / 3.40 ms" in screen


def test_troubles_come_first_and_silence_before_them(measured: FakeEngine) -> None:
    view = view_of(measured)
    assert text_of(machine.well_lines(view, 100)).strip() == "All is well."
    measured.show(health=health(troubles=("The database is 40 s behind: the disk is slow.",)))
    assert "! The database is 40 s behind" in text_of(machine.well_lines(view_of(measured), 100))
    silent = replace(view, engine_silence_s=9.0)
    assert "has not answered for 9 s" in text_of(machine.well_lines(silent, 100))


def test_no_connection_is_never_well(measured: FakeEngine) -> None:
    lost = replace(measured.current.feed, connected=False, age_ms=9_000, attempt=3)
    measured.show(feed=lost, phase_text="")
    assert "No market data comes in" in text_of(machine.well_lines(view_of(measured), 100))
    assert "none for 9s, try 3" in text_of(machine.stream_lines(view_of(measured), 60))
    measured.show(feed=replace(lost, age_ms=0), phase_text="No connection to the exchange.")
    assert "No connection to the exchange." in text_of(machine.well_lines(view_of(measured), 100))
    assert "none yet, try 3" in text_of(machine.stream_lines(view_of(measured), 60))


def test_before_the_engine_runs_it_says_so(engine: FakeEngine) -> None:
    engine.show(health=None, phase_text="Starting the engine.", feed=replace(engine.current.feed, budget=None))
    view = view_of(engine)
    assert "Starting the engine." in text_of(machine.well_lines(view, 60))
    assert "No requests yet" in text_of(machine.request_lines(view, 60))
    assert "starting" in text_of(machine.engine_lines(view, 60))


def test_round_times_give_the_newest_and_the_usual() -> None:
    times = RoundTimes()
    assert times.view() == AnalysisHealth()
    times.took(500.0, 0)
    assert times.view().rounds == 0
    for duration in (100.0, 300.0, 200.0):
        times.took(duration, 12)
    assert times.view() == AnalysisHealth(3, 12, 200.0, 200.0, 300.0)


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_health_opens_in_every_size_and_escape_leaves(
    make_app: AppMaker, measured: FakeEngine, size: tuple[int, int]
) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await pilot.press("f3")
        await pilot.pause()
        assert isinstance(app.screen, HealthScreen)
        assert "What is not well" in screen_text(app)
        assert "1, 4 candles" in screen_text(app)
        await pilot.press("escape")
        assert app.screen is app.dashboard
