"""Builds the health record: one place that asks every part of the engine how it is doing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from futtui.domain.health import (
    AnalysisHealth,
    BudgetView,
    ClockHealth,
    HealthView,
    PhoneHealth,
    ProcessHealth,
    StreamHealth,
)
from futtui.domain.orders import Fill, OrderUpdate
from futtui.exchange.ports import AccountMessage, KlineMessage, MarkPriceMessage, StreamMessage
from futtui.live.clock import steady_ms
from futtui.live.memory import memory_mb
from futtui.live.symbol_state import Phase

if TYPE_CHECKING:
    from futtui.live.engine import Engine

RENEW_MS = 1000.0
KINDS = {
    KlineMessage: "candles",
    MarkPriceMessage: "mark prices",
    AccountMessage: "account news",
    OrderUpdate: "account news",
    Fill: "account news",
}
LOOP_LAG_MS = 250.0
DATABASE_LAG_MS = 30_000.0
KIND_LATE_MS = {"candles": 30_000.0, "mark prices": 10_000.0}
"""So long without this kind of news is worth a sentence; account news may rightly be absent for days."""
MEMORY_MB = 1500.0


class HealthMeter:
    """Notes when each kind of news came, and makes the record at most once a second."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._seen_at_ms: dict[str, float] = {}
        self._made_at_ms = 0.0
        self._view: HealthView | None = None
        self.clock = ClockHealth()
        self.phone: Callable[[], PhoneHealth] = PhoneHealth
        """Asked how the bot on the phone is; whoever starts one puts its answer here."""

    def saw(self, message: StreamMessage) -> None:
        """A message came in."""
        kind = KINDS.get(type(message))
        if kind is not None:
            self._seen_at_ms[kind] = steady_ms()

    def view(self, budget: BudgetView | None) -> HealthView:
        """The record; the same object for a second."""
        now_ms = steady_ms()
        if self._view is None or now_ms - self._made_at_ms >= RENEW_MS:
            self._view, self._made_at_ms = self._make(now_ms, budget), now_ms
        return self._view

    def _make(self, now_ms: float, budget: BudgetView | None) -> HealthView:
        engine = self._engine
        states = engine.states.values()
        view = HealthView(
            time_ms=engine.clock.now_ms(),
            loop_lag_ms=engine.lag.recent_ms,
            loop_lag_p99_ms=engine.lag.percentile(0.99),
            streams=tuple(self._streams(now_ms)),
            budget=budget,
            clock=self.clock,
            database=engine.parts.store.health(),
            queues=tuple(self._queues(budget)),
            processes=tuple(self.processes()),
            symbols_ready=sum(state.phase is Phase.READY for state in states),
            symbols_total=len(engine.states),
            gaps_open=sum(state.phase is Phase.FILLING for state in states),
            gaps_filled=engine.counts["gap_candles"],
            reconnects=engine.feed.reconnects,
            analysis=engine.rounds.times.view() if hasattr(engine, "rounds") else AnalysisHealth(),
            phone=self.phone(),
        )
        found = (*troubles(view, real_time=engine.clock.speed == 1.0), *engine.strategies.troubles())
        return replace(view, troubles=found)

    def _streams(self, now_ms: float) -> Iterator[StreamHealth]:
        yield from (StreamHealth(name, state, None, note) for name, state, note in self._engine.feed.connections())
        for kind in dict.fromkeys(KINDS.values()):
            if kind in self._seen_at_ms:
                yield StreamHealth(kind, "NEWS", now_ms - self._seen_at_ms[kind])

    def _queues(self, budget: BudgetView | None) -> Iterator[tuple[str, int]]:
        engine = self._engine
        yield "requests", budget.waiting if budget else 0
        yield "closes to analyse", engine.rounds.waiting if hasattr(engine, "rounds") else 0
        yield "candles held back", sum(len(state.buffered) for state in engine.states.values())
        yield "orders without an end", engine.live_broker.unfinished if engine.live_broker else 0
        yield "database", engine.parts.store.health().waiting

    def processes(self) -> Iterator[ProcessHealth]:
        """The processes of futtui and what they hold of the memory."""
        yield ProcessHealth("futtui", os.getpid(), memory_mb(os.getpid()))
        for number, process_id in enumerate(self._engine.parts.analyzers.worker_pids, 1):
            yield ProcessHealth(f"analysis {number}", process_id, memory_mb(process_id))


def troubles(view: HealthView, *, real_time: bool = True) -> Iterator[str]:
    """What is not well in a record, each as a sentence for people; `real_time`: ages of news mean something."""
    if view.loop_lag_ms > LOOP_LAG_MS:
        yield (
            f"The engine is {view.loop_lag_ms:.0f} ms late: this PC is too busy. Close other programs, "
            "or watch fewer symbols."
        )
    for stream in view.streams:
        limit_ms = KIND_LATE_MS.get(stream.name)
        if real_time and limit_ms is not None and stream.age_ms is not None and stream.age_ms > limit_ms:
            yield f"No {stream.name} for {stream.age_ms / 1000:.0f} s."
        elif stream.state in ("STALE", "RECONNECTING", "RESYNC", "DEAD"):
            yield f"Connection {stream.name} is {stream.state.lower()}{f': {stream.note}' if stream.note else ''}."
    if view.budget is not None and view.budget.gate_text:
        yield f"Requests: {view.budget.gate_text}."
    if view.clock.advice:
        yield view.clock.advice
    if view.database.trouble:
        yield f"The database refuses to write: {view.database.trouble}. Check free space."
    elif view.database.lag_ms > DATABASE_LAG_MS:
        yield f"The database is {view.database.lag_ms / 1000:.0f} s behind: the disk is slow."
    total_mb = sum(process.memory_mb or 0.0 for process in view.processes)
    if total_mb > MEMORY_MB:
        yield f"futtui holds {total_mb:.0f} MB of memory. Watch fewer symbols, or restart it."
