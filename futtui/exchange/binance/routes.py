"""Which stream lives on which route, and how long each kind may be silent. Data, not code.

Source: the exchange's WebSocket change notice of 2026: a stream asked for on the wrong route is accepted and stays
silent for ever, so the table decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from futtui.domain.errors import InvalidInputError
from futtui.exchange.binance.messages import DepthMessage
from futtui.exchange.ports import AggregateTradeMessage, BookTickerMessage, KlineMessage, MarkPriceMessage

BARRIER_STREAM = "!simBarrier"
ROTATE_AFTER_MS = 23 * 3_600_000

_ROUTE_BY_KIND = {
    "bookTicker": "public",
    "depth": "public",
    "rpiDepth": "public",
    "aggTrade": "market",
    "markPrice": "market",
    "kline": "market",
    "continuousKline": "market",
    "ticker": "market",
    "miniTicker": "market",
    "forceOrder": "market",
    "compositeIndex": "market",
    "contractInfo": "market",
    "assetIndex": "market",
    "tradingSession": "market",
}
_MESSAGE_BY_KIND: dict[str, type] = {
    "kline": KlineMessage,
    "markPrice": MarkPriceMessage,
    "aggTrade": AggregateTradeMessage,
    "bookTicker": BookTickerMessage,
    "depth": DepthMessage,
}
DEFAULT_SILENCE_MS: dict[type, int] = {
    MarkPriceMessage: 10_000,
    KlineMessage: 75_000,
    AggregateTradeMessage: 60_000,
    BookTickerMessage: 60_000,
    DepthMessage: 60_000,
}


def kind_of(stream: str) -> str:
    """The kind in a stream name: `btcusdt@kline_15m` is a kline, `!markPrice@arr@1s` a mark price."""
    word = stream[1:].split("@")[0] if stream.startswith("!") else stream.partition("@")[2].split("@")[0]
    word = word.split("_")[0]
    return word.rstrip("0123456789") if word.startswith("depth") else word


def route_of(stream: str) -> str:
    """`public` or `market`; raises InvalidInputError for a name that belongs to neither."""
    route = _ROUTE_BY_KIND.get(kind_of(stream))
    if route is None:
        raise InvalidInputError(f"Unknown stream {stream!r}. Use names like btcusdt@kline_15m or !markPrice@arr@1s.")
    return route


def expected_messages(streams: Iterable[str]) -> set[type]:
    """The message types that these streams must keep producing."""
    return {_MESSAGE_BY_KIND[kind] for kind in map(kind_of, streams) if kind in _MESSAGE_BY_KIND}


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """Deadlines of stream connections. Times are real ms or seconds as named; None switches a deadline off.

    `silence_ms` is the longest allowed silence per message type over the whole connection; at half of it the
    connection is late. `backoff_scale` shortens the pauses between reconnects (tests). `attempts_per_5_minutes`:
    how often sockets may be opened in five minutes, over all connections.
    """

    streams_per_connection: int = 200
    connect_seconds: float = 10.0
    first_payload_ms: int | None = 10_000
    silence_ms: dict[type, int] = field(default_factory=lambda: dict(DEFAULT_SILENCE_MS))
    rotate_after_ms: int | None = ROTATE_AFTER_MS
    check_seconds: float = 1.0
    backoff_scale: float = 1.0
    ping_seconds: float | None = None
    attempts_per_5_minutes: int | None = 60

    @classmethod
    def patient(cls) -> StreamSettings:
        """Settings without deadlines on payloads, for an exchange whose time stands still between steps."""
        return cls(first_payload_ms=None, silence_ms={}, rotate_after_ms=None)

    @classmethod
    def private(cls) -> StreamSettings:
        """Settings of an account stream, which may rightly be silent for days: pings prove that it is alive."""
        return cls(first_payload_ms=None, silence_ms={}, ping_seconds=30.0)
