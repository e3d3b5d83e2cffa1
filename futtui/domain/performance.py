"""What became of signals: figures of closed trades by strategy and account, each with what it is worth."""

from __future__ import annotations

from dataclasses import dataclass

from futtui.domain.position import ExitReason, TradingMode
from futtui.domain.signal import SignalStatus, System


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % interval; None = it cannot be given."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class FallRisk:
    """Largest fall in R that half, 95 and 99 of 100 paths stay above; positive numbers."""

    middle: float
    most_95: float
    most_99: float


@dataclass(frozen=True, slots=True)
class TradeStatistics:
    """Net figures in R. `win_rate` counts a break-even as no win; `days` are the days on which trades were opened.

    `payoff`: average win divided by average loss. `fall_risk`: what the largest fall may be when the days come again.
    `gross_r` is before all of `costs_r`: fees, funding, and the slippage of the fills. `slippage_r` is that part alone;
    None where nobody knows it, as of a real account: then it is in the prices, and in neither of the two.
    """

    trades: int
    days: int
    wins: int
    break_evens: int
    losses: int
    win_rate: Interval
    break_even_win_rate: float | None
    profit_factor: Interval
    expectancy_r: Interval
    net_r: float
    gross_r: float
    costs_r: float
    max_drawdown_r: float
    verdict: str
    payoff: float | None = None
    fall_risk: FallRisk | None = None
    slippage_r: float | None = None


@dataclass(frozen=True, slots=True)
class Performance:
    """Results of one strategy on one account, or of all strategies on it (`system` None, `strategy` empty).

    `figures` are of closed trades only. `open_r` is what the open ones are worth now in R, costs so far included; None
    when one of them cannot be valued. `exits`: legs by their reason, the most frequent first. `running_r`: time of
    each close with the sum of R so far.
    """

    system: System | None
    strategy: str
    figures: TradeStatistics
    open_trades: int
    open_r: float | None
    exits: tuple[tuple[ExitReason, int], ...]
    running_r: tuple[tuple[int, float], ...]

    @property
    def net_with_open_r(self) -> float | None:
        """Net R if everything that is open were closed now; None when that cannot be valued."""
        return None if self.open_r is None else self.figures.net_r + self.open_r


@dataclass(frozen=True, slots=True)
class SymbolResult:
    """Closed trades on a symbol, and what they brought together in R."""

    symbol: str
    trades: int
    net_r: float


@dataclass(frozen=True, slots=True)
class AccountPerformance:
    """One account: its total, a line for each strategy that has a trade there, and each symbol with one, by name."""

    mode: TradingMode
    total: Performance
    strategies: tuple[Performance, ...]
    symbols: tuple[SymbolResult, ...] = ()


@dataclass(frozen=True, slots=True)
class SignalCounts:
    """How many signals of a strategy there were, by what they are now."""

    strategy: str
    by_status: tuple[tuple[SignalStatus, int], ...]

    @property
    def found(self) -> int:
        """All of them, refused candidates included."""
        return sum(count for _, count in self.by_status)

    def count(self, *statuses: SignalStatus) -> int:
        """Those that are in one of these states."""
        return sum(count for status, count in self.by_status if status in statuses)


@dataclass(frozen=True, slots=True)
class PerformanceReport:
    """What became of all signals since `since_ms` (0 = ever): trades by their close, signals by their birth.

    Accounts are kept apart, because only trades that cost the same may be added: `accounts` holds those with a trade,
    open or closed, Live first. `until_ms`: when this was put together.
    """

    since_ms: int
    until_ms: int
    accounts: tuple[AccountPerformance, ...] = ()
    signals: tuple[SignalCounts, ...] = ()

    def account(self, mode: TradingMode) -> AccountPerformance | None:
        """The account of a mode; None without a trade on it."""
        return next((each for each in self.accounts if each.mode is mode), None)
