"""Events: the only input of the desk. Each carries its own time."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from futtui.domain.account import AccountSeen, FillsTold, FundingSummed, MoneyMoved
from futtui.domain.candle import Candle
from futtui.domain.kill import KillSwitch, Rearm
from futtui.domain.order_book import BookReading, InterestReading
from futtui.domain.orders import Fill, OrderUpdate
from futtui.domain.packing import quickly_made
from futtui.domain.part_close import ALL_PCT
from futtui.domain.position import TradingMode
from futtui.domain.reading import AnalysisResult
from futtui.domain.symbols import SymbolRules
from futtui.domain.timeframe import Timeframe


@quickly_made
@dataclass(frozen=True, slots=True)
class CandleClosed:
    """A bar is complete. Emitted exactly once per (symbol, timeframe, open time), in order."""

    symbol: str
    timeframe: Timeframe
    candle: Candle
    late: bool = False

    @property
    def time_ms(self) -> int:
        """Close time, exclusive."""
        return self.timeframe.end_ms(self.candle.open_time_ms)


@quickly_made
@quickly_made
@dataclass(frozen=True, slots=True)
class PriceUpdate:
    """What price did since the previous update: `low` and `high` are its extremes in between, `last` is now."""

    symbol: str
    time_ms: int
    last: float
    low: float
    high: float
    mark: float | None = None
    late: bool = False
    """Came too long after its time, or after a time without any: it may end trades but never open one."""


@dataclass(frozen=True, slots=True)
class PriceApart:
    """A price on a way through a bar that is not the way of everybody on the symbol: a backtest's, never a market's."""

    update: PriceUpdate
    position_ids: frozenset[str]
    """Positions that the price is for; waiting signals are known by the position that they would become."""

    @property
    def symbol(self) -> str:
        """The symbol whose price it is."""
        return self.update.symbol

    @property
    def time_ms(self) -> int:
        """When price was there."""
        return self.update.time_ms


@dataclass(frozen=True, slots=True)
class RulesChanged:
    """Trading rules of a symbol became known or changed."""

    time_ms: int
    rules: SymbolRules


@dataclass(frozen=True, slots=True)
class TradingStopped:
    """The exchange takes no orders on a symbol any more; RulesChanged tells that it does again."""

    time_ms: int
    symbol: str


@dataclass(frozen=True, slots=True)
class PricesEnded:
    """The record of a symbol's prices ends here: a backtest's, never a market's.

    Most likely the exchange settled what was held, and the margin is free; at what price is not in the record.
    """

    time_ms: int
    symbol: str


@quickly_made
@dataclass(frozen=True, slots=True)
class AnalysisDone:
    """An analyzer finished with a closed candle. `late` results update readings but may not open trades."""

    time_ms: int
    result: AnalysisResult
    late: bool = False


@quickly_made
@dataclass(frozen=True, slots=True)
class OrderChanged:
    """News of one of our orders."""

    update: OrderUpdate

    @property
    def time_ms(self) -> int:
        """Time of the update."""
        return self.update.time_ms


@dataclass(frozen=True, slots=True)
class OrderFilled:
    """One of our orders was executed, wholly or in part, or an order of the exchange that closed what we held.

    `mode`: of the account; what an order is that is not ours depends on it.
    """

    fill: Fill
    mode: TradingMode = TradingMode.LIVE

    @property
    def time_ms(self) -> int:
        """Time of the fill."""
        return self.fill.time_ms


@dataclass(frozen=True, slots=True)
class BalanceChanged:
    """Wallet balance of the account that a mode trades on, as its broker reports it."""

    time_ms: int
    mode: TradingMode
    wallet_balance: Decimal


@dataclass(frozen=True, slots=True)
class FundingPaid:
    """Funding booked on a symbol; positive `amount` was received."""

    time_ms: int
    symbol: str
    mode: TradingMode
    amount: Decimal


@quickly_made
@dataclass(frozen=True, slots=True)
class ClockTick:
    """Time passed; nothing else happened. Sent at least once per minute of exchange time.

    `silent`: symbols of a run over the past that have no price at this moment. What is held on them waits for one.
    """

    time_ms: int
    silent: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FeedState:
    """Market data of a symbol became stale or fresh again; stale forbids entries, never exits."""

    time_ms: int
    symbol: str
    fresh: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BookSampled:
    """The order book of a watched symbol was looked at, or became unusable."""

    reading: BookReading

    @property
    def time_ms(self) -> int:
        """Time of the sample."""
        return self.reading.time_ms


@dataclass(frozen=True, slots=True)
class InterestSampled:
    """The open interest of a watched symbol was asked for."""

    reading: InterestReading

    @property
    def time_ms(self) -> int:
        """Time of the newest figure in it, or of the failed question."""
        return self.reading.time_ms


@dataclass(frozen=True, slots=True)
class FundingAnnounced:
    """The exchange announces the rate of a symbol's next funding, as a share for one interval of `interval_hours`."""

    time_ms: int
    symbol: str
    rate: float
    interval_hours: float = 8.0


@dataclass(frozen=True, slots=True)
class ProgramEnds:
    """futtui is about to close: what no confirmed stop covers on the real account must not be left behind."""

    time_ms: int


BY_YOU = "blocked by you"
"""The reason of a block that the user gave no words for."""


@dataclass(frozen=True, slots=True)
class BlockSymbol:
    """The user blocks a symbol for new trades until `until_ms` (0 = until unblocked).

    With `strategy` only that strategy is blocked; then an empty `symbol` means on every symbol.
    """

    time_ms: int
    symbol: str
    until_ms: int = 0
    reason: str = BY_YOU
    strategy: str = ""


@dataclass(frozen=True, slots=True)
class UnblockSymbol:
    """The user takes a block off; `symbol` and `strategy` as it was set."""

    time_ms: int
    symbol: str
    strategy: str = ""


@dataclass(frozen=True, slots=True)
class ChangeMode:
    """The user switches between signals-only, paper and live."""

    time_ms: int
    mode: TradingMode


@dataclass(frozen=True, slots=True)
class SetPaused:
    """The user pauses or resumes new trades; exits go on."""

    time_ms: int
    paused: bool


@dataclass(frozen=True, slots=True)
class ClosePosition:
    """The user closes a position at market, or a part of it: `percent` of what is open then."""

    time_ms: int
    position_id: str
    percent: Decimal = ALL_PCT


@dataclass(frozen=True, slots=True)
class MoveStop:
    """The user moves the stop of an open position; never beyond its first stop and never past the price."""

    time_ms: int
    position_id: str
    price: Decimal


@dataclass(frozen=True, slots=True)
class DismissSignal:
    """The user wants no trade of an open signal, or brings it back; it is followed all the same."""

    time_ms: int
    symbol: str
    signal_id: str
    dismissed: bool = True


@dataclass(frozen=True, slots=True)
class TakeSignal:
    """The user takes an open signal on the account of the mode in force, at the price of this moment."""

    time_ms: int
    symbol: str
    signal_id: str


@dataclass(frozen=True, slots=True)
class LookAgain:
    """The user wants everything to be compared with the exchange now; decides nothing."""

    time_ms: int


@dataclass(frozen=True, slots=True)
class SetPriceAlert:
    """The user wants to hear once when price gets to `price`; decides nothing."""

    time_ms: int
    symbol: str
    price: float


@dataclass(frozen=True, slots=True)
class RemovePriceAlert:
    """The user takes the alert at exactly this price away."""

    time_ms: int
    symbol: str
    price: float


Command = (
    BlockSymbol
    | UnblockSymbol
    | ChangeMode
    | SetPaused
    | ClosePosition
    | MoveStop
    | DismissSignal
    | TakeSignal
    | KillSwitch
    | Rearm
    | LookAgain
    | SetPriceAlert
    | RemovePriceAlert
)

Event = (
    CandleClosed
    | PriceUpdate
    | PriceApart
    | RulesChanged
    | TradingStopped
    | PricesEnded
    | AnalysisDone
    | OrderChanged
    | OrderFilled
    | BalanceChanged
    | AccountSeen
    | FillsTold
    | MoneyMoved
    | FundingSummed
    | FundingPaid
    | FundingAnnounced
    | ClockTick
    | FeedState
    | BookSampled
    | InterestSampled
    | ProgramEnds
    | Command
)
