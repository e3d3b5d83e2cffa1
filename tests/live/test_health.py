"""The health record: every part of the engine is in it, and what is not well is said in sentences."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from futtui.domain.health import (
    BudgetView,
    ClockHealth,
    DatabaseHealth,
    HealthView,
    ProcessHealth,
    StreamHealth,
)
from futtui.live import health as health_module
from futtui.live.health import troubles
from futtui.live.lockstep import run_lockstep
from tests.live.engine_world import SYMBOLS, exchange, server_config, wired

WELL = HealthView(
    time_ms=0,
    loop_lag_ms=3.0,
    loop_lag_p99_ms=9.0,
    streams=(StreamHealth("market-1", "LIVE", None), StreamHealth("candles", "NEWS", 900.0)),
    budget=BudgetView(100, 0, 1680, 2400, 0, 0, "open", 0),
    clock=ClockHealth(offset_ms=12, uncertainty_ms=20),
    database=DatabaseHealth(),
    queues=(("requests", 0),),
    processes=(ProcessHealth("futtui", 1, 110.0), ProcessHealth("analysis 1", 2, None)),
    symbols_ready=12,
    symbols_total=12,
    gaps_open=0,
    gaps_filled=0,
    reconnects=0,
)


async def test_health_of_a_running_engine_tells_of_all_its_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health_module, "RENEW_MS", 0.0)
    async with exchange(server_config()) as world:
        engine = wired(tmp_path / "a.db", world).build()
        try:
            await engine.open()
            await run_lockstep(engine, 30)
            engine.health._made_at_ms = -10_000.0
            health = engine.health.view(engine.snapshot().feed.budget)
            assert (health.symbols_ready, health.symbols_total) == (len(SYMBOLS), len(SYMBOLS))
            named = {stream.name: stream for stream in health.streams}
            assert named["candles"].age_ms is not None
            assert named["mark prices"].age_ms is not None
            assert any(stream.state == "LIVE" for stream in health.streams)
            assert health.budget is not None
            assert health.budget.used > 0
            assert health.processes[0].memory_mb is not None
            assert health.processes[0].memory_mb > 20
            assert {name for name, _ in health.queues} >= {"requests", "closes to analyse", "database"}
            assert health.troubles == ()
        finally:
            await engine.stop()
        assert engine.parts.store.health() == DatabaseHealth()


def test_health_without_trouble_says_nothing() -> None:
    assert list(troubles(WELL)) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"loop_lag_ms": 900.0}, "too busy"),
        ({"streams": (StreamHealth("candles", "NEWS", 61_000.0),)}, "No candles for 61 s"),
        ({"streams": (StreamHealth("market-1", "RECONNECTING", None, "no answer"),)}, "reconnecting: no answer"),
        ({"budget": BudgetView(0, 0, 0, 2400, 3, 0, "banned", 9, "banned: asks again at 10:00:00 UTC")}, "banned"),
        ({"clock": ClockHealth(4_000, 10, advice="Your PC's clock is 4 s behind.")}, "clock is 4 s behind"),
        ({"database": DatabaseHealth(trouble="disk is full")}, "disk is full"),
        ({"database": DatabaseHealth(waiting=900, lag_ms=45_000.0)}, "45 s behind"),
        ({"processes": (ProcessHealth("futtui", 1, 2_100.0),)}, "2100 MB"),
    ],
)
def test_health_with_one_trouble_says_exactly_that(change: dict[str, object], words: str) -> None:
    said = list(troubles(replace(WELL, **change)))  # type: ignore[arg-type]
    assert len(said) == 1
    assert words in said[0]


def test_health_ages_mean_nothing_where_time_stands_still() -> None:
    old = replace(WELL, streams=(StreamHealth("candles", "NEWS", 61_000.0),))
    assert list(troubles(old, real_time=False)) == []
