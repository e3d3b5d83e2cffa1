"""Signals of the past that were like one at hand, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass

from futtui.domain.position import TradeClass, TradingMode
from futtui.domain.signal import SignalStatus
from futtui.domain.timeframe import Timeframe


@dataclass(frozen=True, slots=True)
class PastSignal:
    """One of them. `result_r` is the net result of its closed trade in R, None without one."""

    signal_id: str
    time_ms: int
    symbol: str
    timeframe: Timeframe
    score: float
    status: SignalStatus
    mode: TradingMode | None = None
    result_r: float | None = None
    result_class: TradeClass | None = None


@dataclass(frozen=True, slots=True)
class PastTally:
    """How many of them there were and how their closed trades ended; `net_r` is the sum of the net results."""

    signals: int = 0
    wins: int = 0
    break_evens: int = 0
    losses: int = 0
    net_r: float = 0.0

    @property
    def trades(self) -> int:
        """Closed trades."""
        return self.wins + self.break_evens + self.losses


@dataclass(frozen=True, slots=True)
class SimilarSignals:
    """Accepted signals of the same system, strategy and side that were made before `signal_id`.

    `here`: those of its symbol; `frame`: those of its timeframe on any symbol. `newest`: both, newest first.
    """

    signal_id: str
    here: PastTally = PastTally()
    frame: PastTally = PastTally()
    newest: tuple[PastSignal, ...] = ()


def tally_of(signals: tuple[PastSignal, ...]) -> PastTally:
    """The counts of these signals."""
    ended = [signal.result_class for signal in signals]
    return PastTally(
        len(signals),
        ended.count(TradeClass.WIN),
        ended.count(TradeClass.BREAK_EVEN),
        ended.count(TradeClass.LOSS),
        sum(signal.result_r or 0.0 for signal in signals),
    )
