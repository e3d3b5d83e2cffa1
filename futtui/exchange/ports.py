"""The exchange as a port: what the live shell may ask of any exchange, and what it will hear from it.

`exchange/binance` implements these over the wire (production, exchange demo, or our embedded exchange:
the host is configuration). Decoded messages are domain records or the small records below.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import IntEnum
from ipaddress import ip_address
from typing import Protocol
from urllib.parse import urlsplit

from futtui.domain.candle import Candle, FormingCandle
from futtui.domain.orders import Fill, OrderIntent, OrderUpdate
from futtui.domain.side import Side
from futtui.domain.symbols import LeverageTier, SymbolRules
from futtui.domain.timeframe import Timeframe
from futtui.domain.universe import Listing


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where an exchange lives. `rest` and `stream` without trailing slash, e.g. http://127.0.0.1:8080, ws://127.0.0.1:8080."""

    rest: str
    stream: str
    label: str
    synthetic: bool = False

    @property
    def local(self) -> bool:
        """Whether either of them is on this computer."""
        return is_loopback(self.rest) or is_loopback(self.stream)


def is_loopback(url: str) -> bool:
    """Whether `url` points to this computer; then no proxy may stand in between."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Credentials:
    """API key and secret; `repr` never shows them."""

    api_key: str
    api_secret: str

    def __repr__(self) -> str:
        return "Credentials(hidden)"


class Lane(IntEnum):
    """How urgent a request is; the smaller number goes first when the request budget is short."""

    PROTECT = 0
    """Orders, the account, and whatever open trades need; may use a part of the limit that nobody else may."""
    CLOSED_CANDLES = 1
    """A candle that has just closed and did not come by stream."""
    CATCH_UP = 2
    """Holes in the row of candles, rules, book snapshots."""
    HISTORY = 3
    """History of a symbol that is not analysed yet."""
    STATISTICS = 4
    """Everything that may wait."""


@dataclass(frozen=True, slots=True)
class KlineMessage:
    """A kline stream event: `closed` is set with the final message of the bar, else `forming`."""

    symbol: str
    timeframe: Timeframe
    event_time_ms: int
    closed: Candle | None
    forming: FormingCandle | None


@dataclass(frozen=True, slots=True)
class MarkPriceMessage:
    """Mark price (and funding) of one symbol."""

    symbol: str
    event_time_ms: int
    mark_price: float
    index_price: float | None
    funding_rate: float | None
    next_funding_ms: int


@dataclass(frozen=True, slots=True)
class AggregateTradeMessage:
    """An aggregated trade. `buyer_is_maker` True = the seller was the aggressor."""

    symbol: str
    event_time_ms: int
    trade_id: int
    price: float
    quantity: float
    trade_time_ms: int
    buyer_is_maker: bool


@dataclass(frozen=True, slots=True)
class BookTickerMessage:
    """Best bid and ask."""

    symbol: str
    event_time_ms: int
    update_id: int
    bid: float
    bid_quantity: float
    ask: float
    ask_quantity: float


TRANSFERS = frozenset(
    {
        *("DEPOSIT", "WITHDRAW", "WITHDRAW_REJECT", "ADMIN_DEPOSIT", "ADMIN_WITHDRAW", "ASSET_TRANSFER"),
        *("COIN_SWAP_DEPOSIT", "COIN_SWAP_WITHDRAW", "AUTO_EXCHANGE"),
    }
)
"""Reasons of account news whose change of the balance nobody earned or lost by trading."""
ACCOUNT_MODE_CHANGED = "ACCOUNT_MODE_CHANGED"
"""Reason of account news that only say that a mode of the whole account was changed."""


@dataclass(frozen=True, slots=True)
class AccountMessage:
    """ACCOUNT_UPDATE: new wallet balances per asset and position amounts per symbol; only what changed."""

    event_time_ms: int
    reason: str
    balances: dict[str, Decimal]
    positions: dict[str, Decimal]
    funding_symbol: str = ""
    balance_change: Decimal | None = None
    leverages: dict[str, int] = field(default_factory=dict)
    """Leverage per symbol that was changed (ACCOUNT_CONFIG_UPDATE)."""


@dataclass(frozen=True, slots=True)
class BarrierMessage:
    """The embedded exchange's mark in the stream: everything up to step `step` has been sent on this connection."""

    step: int
    event_time_ms: int
    connection: str


@dataclass(frozen=True, slots=True)
class StreamStateMessage:
    """A connection changed state, with the reason in words; `streams` are the names that it carries.

    States: CONNECTING, LIVE, LATE, STALE, RESYNC, RECONNECTING, CLOSED.
    """

    connection: str
    state: str
    reason: str
    attempt: int = 0
    streams: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ContractMessage:
    """The exchange says that a contract came, ends or has another leverage table (`tiers` only with the last)."""

    symbol: str
    event_time_ms: int
    status: str
    ends_ms: int | None
    tiers: tuple[LeverageTier, ...]


MarketMessage = KlineMessage | MarkPriceMessage | AggregateTradeMessage | BookTickerMessage | ContractMessage
UserMessage = OrderUpdate | Fill | AccountMessage
StreamMessage = MarketMessage | UserMessage | BarrierMessage | StreamStateMessage
MessageHandler = Callable[[StreamMessage], None]


class MarketDataPort(Protocol):
    """Keyless market data."""

    @property
    def used_weight(self) -> int:
        """Request weight used in the exchange's current minute."""
        ...

    async def server_time_ms(self) -> int: ...

    async def exchange_info(self) -> dict[str, SymbolRules]: ...

    async def klines(
        self,
        symbol: str,
        timeframe: Timeframe,
        *,
        start_ms: int | None = None,
        end_ms: int | None = None,
        limit: int = 500,
        lane: Lane = Lane.HISTORY,
    ) -> list[Candle]:
        """CLOSED candles only, oldest first (the still open bar is cut off)."""
        ...

    async def listings(self) -> list[Listing]:
        """Every symbol as the exchange lists it, tradable or not."""
        ...

    async def close(self) -> None: ...


class StreamPort(Protocol):
    """Market and user streams; messages arrive through the handler given at construction, on the engine's loop."""

    async def subscribe(self, streams: Sequence[str]) -> None: ...

    async def unsubscribe(self, streams: Sequence[str]) -> None: ...

    async def revive(self, streams: Sequence[str]) -> None:
        """Subscribe anew what is silent although the exchange has news."""
        ...

    async def close(self) -> None: ...


class TradingPort(Protocol):
    """Orders of one account. Every method has a deadline; an answer that never came raises, it is never guessed."""

    async def place(self, intent: OrderIntent, *, hedge_side: Side | None = None) -> OrderUpdate: ...

    async def cancel(self, symbol: str, client_id: str, *, conditional: bool) -> OrderUpdate: ...

    async def wallet_balance(self) -> Decimal: ...

    async def close(self) -> None: ...
