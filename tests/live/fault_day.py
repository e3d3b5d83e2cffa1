"""A day on which everything goes wrong, drawn from a seed: what is armed on the exchange, and when the PC sleeps."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from futtui.domain.timeframe import MINUTE_MS
from futtui.live.engine import Engine
from futtui.live.lockstep import run_lockstep
from futtui.live.provisional import ASK_AFTER_MS
from tests.live.engine_world import SYMBOLS, Exchange

CALM_MINUTES = 31
"""At the end of a day nothing new goes wrong, so that what was lost can be had again."""


@dataclass(frozen=True, slots=True)
class Sleep:
    """The PC stands still for `minutes`; `cut`: its connections are dead afterwards, else old news pour in."""

    at_minute: int
    minutes: int
    cut: bool


@dataclass(frozen=True, slots=True)
class FaultDay:
    """Fault rules (YAML mappings) and sleeps (in order, apart from each other) of one day."""

    rules: tuple[str, ...]
    sleeps: tuple[Sleep, ...]


def _text(action: str, chance: random.Random, length_s: int, **more: object) -> str:
    """One rule somewhere inside the day, over before its end."""
    after_s = chance.randrange(60, max(61, length_s - 600))
    for_s = min(chance.choice((300, 900, 2400, 5400, 10_800)), length_s - after_s)
    words = {"action": action, "after_s": after_s, "for_s": for_s, **more}
    return "{" + ", ".join(f"{key}: {value}" for key, value in words.items()) + "}"


def fault_day(seed: int, minutes: int) -> FaultDay:
    """The faults of a day of `minutes`, every kind at least once, each at its own time."""
    chance = random.Random(f"fault day {seed}")
    length_s = (minutes - CALM_MINUTES) * 60

    def part(low: float, high: float) -> float:
        return round(chance.uniform(low, high), 3)

    def symbol() -> str:
        return chance.choice(SYMBOLS)

    kinds: tuple[Callable[[], str], ...] = (
        lambda: _text("drop", chance, length_s, event="klineClosed", probability=part(0.2, 1.0)),
        lambda: _text("drop", chance, length_s, stream="'*@kline_15m'", probability=part(0.3, 1.0)),
        lambda: _text("delay", chance, length_s, event="klineClosed", delay_ms=chance.randrange(1000, 4_000_000)),
        lambda: _text("duplicate", chance, length_s, stream="'*@kline_15m'", probability=part(0.2, 1.0)),
        lambda: _text("reorder", chance, length_s, stream="'*@kline_15m'", probability=part(0.1, 0.6)),
        lambda: _text("stall", chance, length_s, stream="'*@kline_15m'"),
        lambda: _text("freeze_stream", chance, length_s, stream="'*'", symbol=symbol()),
        lambda: _text("freeze_stream", chance, length_s, route="market"),
        lambda: _text("disconnect", chance, length_s, event="klineClosed", probability=part(0.1, 0.5)),
        lambda: _text("respond", chance, length_s, status=503, kind=chance.choice("ABCD"), path="/fapi/v1/klines"),
        lambda: _text("respond", chance, length_s, status=502, path="'/fapi/*'", probability=part(0.2, 0.9)),
        lambda: _text("respond", chance, length_s, status=429, path="/fapi/v1/klines", count=chance.randrange(1, 4)),
        lambda: _text("drop", chance, length_s, path="/fapi/v1/klines", probability=part(0.2, 0.9)),
    )
    drawn = [*kinds, *chance.choices(kinds, k=chance.randrange(0, 8))]
    rules = [make() for make in drawn]
    chance.shuffle(rules)
    cuts = chance.randrange(1, 6)
    rules.append(
        f"{{action: disconnect, after_s: {chance.randrange(60, length_s // 2)}, count: {cuts}, repeat_s: 1900}}"
    )
    return FaultDay(tuple(rules), _sleeps(chance, minutes - CALM_MINUTES))


def _sleeps(chance: random.Random, minutes: int) -> tuple[Sleep, ...]:
    """Two naps or one, in different halves of the day."""
    longest = max(6, minutes // 6)
    half = minutes // 2
    naps = [chance.randrange(5, longest) for _ in range(2 if minutes > 300 else 1)]
    starts = [number * half + chance.randrange(1, max(2, half - nap)) for number, nap in enumerate(naps)]
    return tuple(Sleep(start, nap, chance.random() < 0.6) for start, nap in zip(starts, naps, strict=True))


async def live_through(
    engine: Engine, world: Exchange, day: FaultDay, minutes: int, *, own_clock: bool = False
) -> None:
    """Let the day happen: lockstep, but while the PC sleeps the exchange's time goes on without us.

    With `own_clock`, late bars are also closed by our own clock after each minute, as in a run that is not in steps.
    """
    start_ms = world.now_ms
    world.fault(*day.rules)
    for nap in day.sleeps:
        await _run_until(engine, world, start_ms + nap.at_minute * MINUTE_MS, own_clock)
        await sleep(engine, world, nap)
    await _run_until(engine, world, start_ms + minutes * MINUTE_MS, own_clock)


async def _run_until(engine: Engine, world: Exchange, time_ms: int, own_clock: bool) -> None:
    """Waiting for the request budget moves time too, so the way there is measured, not planned."""
    while own_clock and time_ms - world.now_ms >= MINUTE_MS:
        await run_lockstep(engine, 1)
        for late_ms in (ASK_AFTER_MS - 300, ASK_AFTER_MS):
            engine.provisional.look(world.now_ms + late_ms)
            while engine.has_inner_work:
                await engine.do_inner_work()
    left = (time_ms - world.now_ms) // MINUTE_MS
    if left > 0:
        await run_lockstep(engine, left)


async def sleep(engine: Engine, world: Exchange, nap: Sleep) -> None:
    """The exchange's time passes; nothing of ours runs. With `cut` the old connections and their news are lost."""
    assert engine.connection is not None
    assert engine.connection.control is not None
    assert engine.held is not None
    number = 0
    connections = 0
    for _ in range(nap.minutes):
        step = await engine.connection.control.advance()
        number, connections = step.number, step.connections
    if nap.cut:
        await engine.held.wait_for(number, connections)
        engine.held._held.clear()
        world.server.venue.hub.disconnect()
