"""Stream names: what each means and on which route it lives.

A name on the wrong route is accepted and stays silent, as on the exchange; so does a name nobody knows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from futtui.exchange.simulator.wire.intervals import INTERVALS

PUBLIC = "public"
MARKET = "market"
PRIVATE = "private"
ROUTES = (PUBLIC, MARKET, PRIVATE)
BARRIER = "!simBarrier"

KLINE = "kline"
CONTINUOUS_KLINE = "continuousKline"
AGGREGATE_TRADE = "aggTrade"
TRADE = "trade"
MARK_PRICE = "markPrice"
MARK_PRICE_ALL = "!markPrice"
BOOK_TICKER = "bookTicker"
BOOK_TICKER_ALL = "!bookTicker"
DEPTH = "depth"
DEPTH_TOP = "depthTop"
MINI_TICKER = "miniTicker"
MINI_TICKER_ALL = "!miniTicker"
TICKER = "ticker"
TICKER_ALL = "!ticker"
FORCE_ORDER = "forceOrder"
FORCE_ORDER_ALL = "!forceOrder"
CONTRACT_INFO = "!contractInfo"

_WHOLE_MARKET = {
    "!markPrice@arr": (MARK_PRICE_ALL, MARKET, "3000"),
    "!markPrice@arr@1s": (MARK_PRICE_ALL, MARKET, "1000"),
    "!bookTicker": (BOOK_TICKER_ALL, PUBLIC, ""),
    "!miniTicker@arr": (MINI_TICKER_ALL, MARKET, ""),
    "!ticker@arr": (TICKER_ALL, MARKET, ""),
    "!forceOrder@arr": (FORCE_ORDER_ALL, MARKET, ""),
    CONTRACT_INFO: (CONTRACT_INFO, MARKET, ""),
}
_PLAIN = {
    "aggTrade": (AGGREGATE_TRADE, MARKET, ""),
    "trade": (TRADE, PUBLIC, ""),
    "bookTicker": (BOOK_TICKER, PUBLIC, ""),
    "miniTicker": (MINI_TICKER, MARKET, ""),
    "ticker": (TICKER, MARKET, ""),
    "forceOrder": (FORCE_ORDER, MARKET, ""),
    "markPrice": (MARK_PRICE, MARKET, "3000"),
    "markPrice@1s": (MARK_PRICE, MARKET, "1000"),
}
_DEPTH = re.compile(r"depth(5|10|20)?(@(0|100|250|500)ms)?")
ORDER_OF_KINDS = (
    AGGREGATE_TRADE,
    TRADE,
    FORCE_ORDER,
    FORCE_ORDER_ALL,
    CONTRACT_INFO,
    DEPTH,
    DEPTH_TOP,
    BOOK_TICKER,
    BOOK_TICKER_ALL,
    KLINE,
    CONTINUOUS_KLINE,
    MARK_PRICE,
    MARK_PRICE_ALL,
    MINI_TICKER,
    MINI_TICKER_ALL,
    TICKER,
    TICKER_ALL,
)


@dataclass(frozen=True, slots=True)
class StreamName:
    """A known market stream. `symbol` is upper case, empty for whole-market streams; `argument` as the kind needs."""

    name: str
    kind: str
    route: str
    symbol: str = ""
    argument: str = ""


def parse_stream(name: str) -> StreamName | None:
    """What the name means; None for names that carry no market data here."""
    if name in _WHOLE_MARKET:
        kind, route, argument = _WHOLE_MARKET[name]
        return StreamName(name, kind, route, "", argument)
    head, separator, tail = name.partition("@")
    if not separator or head != head.lower() or head.startswith("!"):
        return None
    symbol = head.upper()
    if tail in _PLAIN:
        kind, route, argument = _PLAIN[tail]
        return StreamName(name, kind, route, symbol, argument)
    if tail.startswith("kline_") and tail[6:] in INTERVALS:
        return StreamName(name, KLINE, MARKET, symbol, tail[6:])
    if tail.startswith("continuousKline_") and tail[16:] in INTERVALS and head.endswith("_perpetual"):
        return StreamName(name, CONTINUOUS_KLINE, MARKET, symbol[: -len("_PERPETUAL")], tail[16:])
    depth = _DEPTH.fullmatch(tail)
    if depth is not None:
        return StreamName(name, DEPTH_TOP if depth.group(1) else DEPTH, PUBLIC, symbol, depth.group(1) or "")
    return None


@dataclass(frozen=True, slots=True)
class StreamAddress:
    """A stream URL taken apart: which route, envelope or not, and what it asks for from the start."""

    route: str
    combined: bool
    names: tuple[str, ...]
    events: dict[str, frozenset[str]] = field(default_factory=dict)


def parse_address(path: str, raw_query: str) -> StreamAddress | None:
    """The stream URL, None if the path is no stream path.

    Forms: /route/ws, /route/ws/a/b, /route/ws/7 (numeric shard, ignored), /route/stream?streams=a/b,
    /private/ws?listenKey=K[&events=A/B] (an event list belongs to the key before it), and the old unrouted /ws and
    /stream, which carry public streams only.
    """
    parts = [part for part in path.split("/") if part]
    route = PUBLIC
    if parts and parts[0] in ROUTES:
        route = parts.pop(0)
    if not parts or parts[0] not in ("ws", "stream"):
        return None
    combined = parts[0] == "stream"
    names = [part for part in parts[1:] if not part.isdigit()]
    events: dict[str, frozenset[str]] = {}
    key = ""
    for name, value in parse_qsl(raw_query):
        if name == "streams":
            names.extend(part for part in value.split("/") if part)
        elif name == "listenKey":
            key = value
            names.append(key)
        elif name == "events" and key:
            events[key] = frozenset(value.split("/"))
    return StreamAddress(route, combined, tuple(dict.fromkeys(names)), events)
