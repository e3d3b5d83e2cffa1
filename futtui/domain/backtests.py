"""Runs over candles of the past as the screen shows them: what was asked, how far it is, what came out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from futtui.domain.candle import Candle
from futtui.domain.performance import AccountPerformance, TradeStatistics
from futtui.domain.position import Trade
from futtui.domain.timeframe import Timeframe


class RunState(Enum):
    """Where a run is."""

    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    DONE = "DONE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class RunProgress:
    """The newest run of this session. `share` 0 to 1; rate and time left are None until they can be told.

    `text`: what is being done, or why it failed. `notes`: what the user should know, as holes in the candles.
    `symbols_done`: with how many of the `symbols` a step is over that is told by symbols, as reading their candles.
    """

    run_id: str
    state: RunState
    share: float = 0.0
    days: float = 0.0
    days_per_s: float | None = None
    seconds_left: float | None = None
    seconds: float = 0.0
    text: str = ""
    notes: tuple[str, ...] = ()
    symbols_done: int = 0
    symbols: int = 0

    @property
    def is_under_way(self) -> bool:
        """Whether it has not ended, also while it stands still."""
        return self.state in (RunState.RUNNING, RunState.PAUSED)


@dataclass(frozen=True, slots=True)
class RunHead:
    """One kept run in a line. `made_ms`: when it was started. `systems`: what was tested, empty = as configured."""

    run_id: str
    made_ms: int
    symbols: tuple[str, ...]
    start_ms: int
    end_ms: int
    systems: str
    trades: int
    net_r: float
    win_rate: float | None
    profit_factor: float | None
    verdict: str
    folds: int = 0
    """How many times was learned and looked at what came next; 0 = a plain run. Figures are of what came next alone."""


@dataclass(frozen=True, slots=True)
class WalkFold:
    """One fold of a walk-forward: both parts of the time, what was chosen on the first, and the figures of both."""

    learn_from_ms: int
    learn_to_ms: int
    see_from_ms: int
    see_to_ms: int
    chosen: str
    learned: TradeStatistics
    seen: TradeStatistics


@dataclass(frozen=True, slots=True)
class WalkResult:
    """All folds. `total` is of the parts that were never learned from.

    `ratio`: their mean result as a share of the learned mean (None: nothing to compare), `needed` what it must be.
    """

    folds: tuple[WalkFold, ...]
    total: TradeStatistics
    candidates: int
    ratio: float | None
    needed: float
    holds: bool


@dataclass(frozen=True, slots=True)
class TestedTrade:
    """A trade of a run with its plan and what the strategy said about it."""

    __test__ = False  # not a test, whatever its name suggests

    trade: Trade
    targets: tuple[float, ...]
    summary: str


@dataclass(frozen=True, slots=True)
class RunResult:
    """All that is kept of a run. `chosen`: each setting of the form (path, text) that differs from its default.

    `traded`: figures of the trades, `informed` those of signals that were only followed; None without a trade.
    """

    head: RunHead
    seconds: float
    chosen: tuple[tuple[str, str], ...]
    traded: AccountPerformance | None
    informed: AccountPerformance | None
    trades: tuple[TestedTrade, ...]
    start_equity: float
    equity: float
    open_positions: int
    notes: tuple[str, ...] = ()
    walk: WalkResult | None = None
    """The folds of a walk-forward; then the trades and figures above are those that were never learned from."""


@dataclass(frozen=True, slots=True)
class TradeCandles:
    """The candles around a trade, oldest first; some before its entry and some after its exit."""

    timeframe: Timeframe
    candles: tuple[Candle, ...]
