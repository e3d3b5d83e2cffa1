"""Effects: the only output of the desk. The shell carries them out, in order."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from futtui.domain.orders import OrderIntent
from futtui.domain.position import Trade, TradingMode
from futtui.domain.signal import Signal


class Severity(Enum):
    """How much attention a message wants."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    NOTICE = "NOTICE"
    WARNING = "WARNING"
    ERROR = "ERROR"


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """Send this order to the broker of `mode`."""

    mode: TradingMode
    intent: OrderIntent


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """Cancel one of our orders. `conditional` tells which of the exchange's two order books holds it."""

    mode: TradingMode
    symbol: str
    client_id: str
    conditional: bool
    time_ms: int


@dataclass(frozen=True, slots=True)
class AskFills:
    """Ask the broker of `mode` for every execution on a symbol since `since_ms`.

    Those of our orders come back as OrderFilled, then the others as FillsTold, which also tells of a failure.
    `orders`: ask also how much the orders of others executed.
    """

    mode: TradingMode
    symbol: str
    since_ms: int
    time_ms: int
    orders: bool = False


@dataclass(frozen=True, slots=True)
class WriteLatch:
    """Keep on disk that the kill switch latched `level`; 0 = it was re-armed."""

    level: int
    reason: str
    time_ms: int


@dataclass(frozen=True, slots=True)
class RecordSignal:
    """A signal was born or changed state: store it (insert or update by id)."""

    signal: Signal
    time_ms: int


@dataclass(frozen=True, slots=True)
class RecordPosition:
    """A position changed: store its current state so that a restart loses nothing."""

    position: PositionState
    time_ms: int


@dataclass(frozen=True, slots=True)
class RecordNoSignal:
    """A strategy looked at a close and proposed nothing: count it under `kind`, the reason without its figures."""

    day_ms: int
    symbol: str
    strategy: str
    kind: str
    reason: str
    time_ms: int


@dataclass(frozen=True, slots=True)
class RecordTrade:
    """A position is closed: store the trade with its legs."""

    trade: Trade
    time_ms: int


@dataclass(frozen=True, slots=True)
class RecordSymbolState:
    """Block state of a symbol changed. `blocked_until_ms` None = not blocked, 0 = until unblocked."""

    symbol: str
    blocked_until_ms: int | None
    reason: str
    time_ms: int


@dataclass(frozen=True, slots=True)
class Say:
    """A line for the log panel and the log files, in everyday words. `topic` is one word, as in `signal`, `risk`."""

    time_ms: int
    topic: str
    text: str
    severity: Severity = Severity.INFO
    symbol: str = ""


@dataclass(frozen=True, slots=True)
class PositionState:
    """Flat, storable view of a position; also what the screen shows. Prices as float for display, text in storage.

    `detail` is what else a restart needs (fills, working orders, counters) as JSON text that only the desk reads.
    """

    position_id: str
    signal_id: str
    symbol: str
    system: str
    strategy: str
    side: str
    mode: str
    status: str
    quantity: str
    quantity_open: str
    entry_price: str
    initial_stop: str
    stop: str
    targets: tuple[str, ...]
    targets_hit: int
    opened_ms: int
    updated_ms: int
    realized_pnl: str
    fees: str
    guard: str
    best_price: float
    worst_price: float
    detail: str = ""


Effect = (
    PlaceOrder
    | CancelOrder
    | AskFills
    | WriteLatch
    | RecordSignal
    | RecordNoSignal
    | RecordPosition
    | RecordTrade
    | RecordSymbolState
    | Say
)
