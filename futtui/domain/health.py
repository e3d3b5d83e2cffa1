"""The health record: how the engine itself is doing, made in one place and read by the screen, logs and the doctor."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LaneView:
    """Requests of one urgency: how many wait, how long the first of them has waited, how many were let through."""

    name: str
    waiting: int
    longest_wait_ms: int
    served: int
    longest_served_wait_ms: int


@dataclass(frozen=True, slots=True)
class PoolView:
    """One of the exchange's request limits: `used` in its current window, `cap` is what futtui allows itself now."""

    name: str
    used: int
    reserved: int
    cap: int
    limit: int


@dataclass(frozen=True, slots=True)
class BudgetView:
    """The request budget. `gate`: open, ramp, slowed, paused or banned; `closed_until_ms` 0 = not closed.

    Weight of the exchange's minute: `used` is known, `reserved` belongs to requests whose answers are still out.
    """

    used: int
    reserved: int
    cap: int
    limit: int
    waiting: int
    longest_wait_ms: int
    gate: str
    closed_until_ms: int
    gate_text: str = ""
    """What holds requests back, in words; empty when nothing does."""
    lanes: tuple[LaneView, ...] = ()
    pools: tuple[PoolView, ...] = ()


@dataclass(frozen=True, slots=True)
class StreamHealth:
    """One connection or kind of news. `age_ms`: real time since its newest payload, None = none came yet."""

    name: str
    state: str
    age_ms: float | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class ClockHealth:
    """The PC's clock against the exchange's. `offset_ms` above 0: the exchange is ahead; None = not measured.

    `uncertainty_ms`: half of the quickest round trip. `drift_ms_per_hour` None until two measurements lie apart.
    `advice` says what to do, empty while all is well.
    """

    offset_ms: int | None = None
    uncertainty_ms: int = 0
    age_ms: float | None = None
    drift_ms_per_hour: float | None = None
    advice: str = ""


@dataclass(frozen=True, slots=True)
class DatabaseHealth:
    """`lag_ms`: how long the writer has had something left to write; `trouble` is empty while it can."""

    waiting: int = 0
    lag_ms: float = 0.0
    dropped: int = 0
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class ProcessHealth:
    """A process of futtui. `memory_mb`: memory held in RAM (RSS), None where the system does not tell."""

    name: str
    process_id: int
    memory_mb: float | None


@dataclass(frozen=True, slots=True)
class AnalysisHealth:
    """How long rounds of analyses took, real time. `closes`: candles in the newest round; percentiles of the last ones.

    `rounds` counts since the start; while it is 0 the other figures mean nothing.
    """

    rounds: int = 0
    closes: int = 0
    last_ms: float = 0.0
    p50_ms: float = 0.0
    p99_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class PhoneHealth:
    """The Telegram bot. `state`: OFF, STARTING, REACHED or TROUBLE; `trouble` says what is wrong."""

    state: str = "OFF"
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class HealthView:
    """Everything about the engine's own state at exchange time `time_ms`.

    `queues`: name and depth of everything that can wait. `gaps_open`: symbols whose candles are being repaired now.
    `troubles`: what is not well, in plain sentences; empty while all is well.
    """

    time_ms: int
    loop_lag_ms: float
    loop_lag_p99_ms: float
    streams: tuple[StreamHealth, ...]
    budget: BudgetView | None
    clock: ClockHealth
    database: DatabaseHealth
    queues: tuple[tuple[str, int], ...]
    processes: tuple[ProcessHealth, ...]
    symbols_ready: int
    symbols_total: int
    gaps_open: int
    gaps_filled: int
    reconnects: int
    troubles: tuple[str, ...] = ()
    analysis: AnalysisHealth = AnalysisHealth()
    phone: PhoneHealth = PhoneHealth()
