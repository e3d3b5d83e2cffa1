"""Why there were no (more) signals: what gates refused, what strategies missed, and which candidates came near."""

from __future__ import annotations

from dataclasses import dataclass

from futtui.domain.signal import Signal

ENTRY_ORDER = "entry accepted by the exchange"
"""The last gate: every other let the candidate pass, and its entry order was refused."""


@dataclass(frozen=True, slots=True)
class RefusalCount:
    """How often one gate refused a candidate. `gate` is its name as in FilterCheck; the rest is the newest case."""

    gate: str
    count: int
    last_ms: int
    last_symbol: str
    last_reason: str


@dataclass(frozen=True, slots=True)
class SilenceCount:
    """How often a strategy proposed nothing for one kind of reason; `last_reason` is the newest one with figures."""

    strategy: str
    count: int
    last_ms: int
    last_symbol: str
    last_reason: str


@dataclass(frozen=True, slots=True)
class WhyNoSignals:
    """Everything that stood against signals of a symbol ("" = all) from `since_ms` on; most frequent first.

    `looks`: how often strategies looked and proposed nothing. Of the `candidates` that they did propose, `refused`
    were turned down, `expired` were never reached by price, the rest became trades or still wait.
    `nearly`: refused candidates, the best score first.
    """

    symbol: str
    since_ms: int
    looks: int = 0
    candidates: int = 0
    refused: int = 0
    expired: int = 0
    refusals: tuple[RefusalCount, ...] = ()
    silences: tuple[SilenceCount, ...] = ()
    nearly: tuple[Signal, ...] = ()
