"""How the engine and the screen are doing: the figures behind F12."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from futtui.domain.health import BudgetView, HealthView
from futtui.tui.heard import heard
from futtui.tui.paint import numbers
from futtui.tui.paint.text import Line, fit, wrap
from futtui.tui.paint.view import View
from futtui.tui.words import has_word, word

LABEL = 26
MOST_TROUBLES = 6
"""Lines for sentences about what is not well."""


def health_lines(view: View, figures: Mapping[str, float], width: int) -> list[Line]:
    """Labels with values, then what is not well in sentences; as many lines as that needs."""
    health = view.snapshot.health
    rows = [*_screen_rows(view, figures), *(_engine_rows(health) if health is not None else ())]
    lines: list[Line] = [_row(label, value, width) for label, value in rows]
    troubles = health.troubles if health is not None else ()
    told = [part for text in troubles for part in wrap(f"! {text}", width - 2)]
    lines += [((f" {fit(text, width - 1)}", "bar_attention"),) for text in told[:MOST_TROUBLES]]
    if health is not None and not told:
        lines.append(((f" {fit(word('overlay.well'), width - 1)}", "bar_up"),))
    return lines


def _row(label: str, value: str, width: int) -> Line:
    return ((f" {fit(label, LABEL)}", "bar_muted"), (f"{fit(value, width - LABEL - 2, '>')} ", "bar"))


def _screen_rows(view: View, figures: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    yield word("overlay.tick"), numbers.milliseconds_text(figures["tick_p50_ms"], figures["tick_p99_ms"], decimals=2)
    yield word("overlay.lag"), numbers.milliseconds_text(figures["lag_p99_ms"])
    yield word("overlay.snapshots"), f"{figures['snapshots_per_s']:.1f} / {figures['lines_per_beat']:.1f}"
    health = view.snapshot.health
    lags = (view.snapshot.engine_lag_ms, *((health.loop_lag_p99_ms,) if health is not None else ()))
    yield word("overlay.engine"), numbers.milliseconds_text(*lags)


def _engine_rows(health: HealthView) -> Iterator[tuple[str, str]]:
    yield word("overlay.symbols"), f"{health.symbols_ready} / {health.symbols_total}"
    yield word("overlay.gaps"), f"{health.reconnects} / {health.gaps_filled} / {health.gaps_open}"
    for stream in health.streams:
        age = "" if stream.age_ms is None else numbers.age_text(int(stream.age_ms))
        yield word("overlay.stream", name=heard(stream.name)), age or state_text(stream.state)
    if health.budget is not None:
        yield from _budget_rows(health.budget)
    yield word("overlay.clock"), clock_text(health)
    database = health.database
    yield (
        word("overlay.database"),
        f"{database.waiting} / {numbers.age_text(int(database.lag_ms))} / {database.dropped}",
    )
    for name, depth in health.queues:
        if depth and name not in ("requests", "database"):
            yield word("overlay.queue", name=heard(name)), str(depth)
    megabytes = [process.memory_mb for process in health.processes]
    each = " + ".join("?" if size is None else f"{size:.0f}" for size in megabytes)
    yield word("overlay.memory"), f"{each} {word('unit.mb')}"


def state_text(state: str) -> str:
    """State of a connection in words."""
    name = f"stream.{state}"
    return word(name) if has_word(name) else state.lower()


def _budget_rows(budget: BudgetView) -> Iterator[tuple[str, str]]:
    yield word("overlay.weight"), f"{budget.used} / {budget.cap} / {budget.limit}"
    gate = word(f"gate.{budget.gate}")
    yield word("overlay.waiting"), f"{budget.waiting}, {gate}"
    busy = [lane for lane in budget.lanes if lane.waiting]
    for lane in busy:
        yield word(f"lane.{lane.name}"), f"{lane.waiting}, {numbers.age_text(lane.longest_wait_ms)}"


def clock_text(health: HealthView) -> str:
    """How far the PC's clock is off."""
    clock = health.clock
    if clock.offset_ms is None:
        return word("overlay.clock_none")
    return word("overlay.clock_text", offset=f"{clock.offset_ms:+d}", within=clock.uncertainty_ms)
