"""Order books of other libraries behind one small interface, each with the JSON reader that the library itself uses.

Only their client side runs: nothing is asked from a network. What their own receiving code does around the book
(queues, threads, log lines) is left out, which is to their advantage.
"""

from __future__ import annotations

import logging
from typing import Any, Protocol

import orjson

from benchmarks._depth_streams import DepthStream, Top


class Book(Protocol):
    """A book under measurement."""

    @property
    def name(self) -> str:
        """Library and version."""

    def start(self, stream: DepthStream) -> None:
        """Begins with the snapshot of `stream`."""

    def take(self, text: bytes) -> None:
        """Decodes one message and takes it in."""

    def top(self) -> Top | None:
        """Best bid, its quantity, best ask, its quantity; None when the book has none to offer."""

    def close(self) -> None:
        """Ends what the library started."""


class _Client:
    """What ccxt's book code needs of a connection."""

    url = "wss://fstream.binance.com/public/stream"

    def __init__(self) -> None:
        self.subscriptions: dict[str, Any] = {}

    def resolve(self, result: Any, _: str) -> Any:
        """Nobody waits."""
        return result

    def reject(self, error: Exception, _: str) -> None:
        """The book gave up: the measurement ends."""
        raise error


class CcxtBook:
    """ccxt.pro: `handle_order_book`, which checks the chain of ids and calls `handle_delta` for each level."""

    def __init__(self) -> None:
        import ccxt
        import ccxt.pro

        self.name = f"ccxt.pro {ccxt.__version__}"
        self._exchange = ccxt.pro.binanceusdm()
        self._client = _Client()
        self._symbol = ""

    def start(self, stream: DepthStream) -> None:
        """Begins with the snapshot of `stream`."""
        market: dict[str, Any] = {
            "id": stream.symbol,
            "symbol": f"{stream.symbol}:USDT",
            "type": "swap",
            "swap": True,
            "spot": False,
        }
        self._symbol = market["symbol"]
        self._exchange.set_markets([{**market, "base": stream.symbol, "quote": "USDT", "contract": True}])
        snapshot = {
            "bids": [[float(price), float(quantity)] for price, quantity in stream.snapshot.bids],
            "asks": [[float(price), float(quantity)] for price, quantity in stream.snapshot.asks],
            "nonce": stream.snapshot.lastUpdateId,
        }
        self._exchange.orderbooks[self._symbol] = self._exchange.order_book(snapshot)

    def take(self, text: bytes) -> None:
        """Decodes one message and takes it in."""
        self._exchange.handle_order_book(self._client, orjson.loads(text)["data"])

    def top(self) -> Top | None:
        """Best prices and quantities."""
        book = self._exchange.orderbooks[self._symbol]
        return (*book["bids"][0], *book["asks"][0])

    def close(self) -> None:
        """Nothing was started."""


class PythonBinanceBook:
    """python-binance: `DepthCache`, level by level.

    Its own futures manager replaces the whole cache by each difference, so that it holds no book at all; this is the
    loop of its spot manager with the chain check of futures. It removes a level only for the text "0.00000000", which
    futures never send, so that empty levels stay.
    """

    def __init__(self) -> None:
        from importlib.metadata import version

        from binance.ws.depthcache import DepthCache

        self.name = f"python-binance {version('python-binance')} DepthCache"
        self._make = DepthCache
        self._cache: Any = None
        self._id = 0

    def start(self, stream: DepthStream) -> None:
        """Begins with the snapshot of `stream`."""
        self._cache = self._make(stream.symbol)
        self._id = stream.snapshot.lastUpdateId
        for bid in stream.snapshot.bids:
            self._cache.add_bid(bid)
        for ask in stream.snapshot.asks:
            self._cache.add_ask(ask)

    def take(self, text: bytes) -> None:
        """Decodes one message and takes it in."""
        data = orjson.loads(text)["data"]
        if data["pu"] != self._id and not data["U"] <= self._id <= data["u"]:
            raise RuntimeError("The chain of ids is broken.")
        cache = self._cache
        for bid in data["b"]:
            cache.add_bid(bid)
        for ask in data["a"]:
            cache.add_ask(ask)
        cache.update_time = data["E"]
        self._id = data["u"]

    def top(self) -> Top | None:
        """Best prices and quantities."""
        return (*self._cache.get_bids()[0], *self._cache.get_asks()[0])

    def close(self) -> None:
        """Nothing was started."""


class _NoNetwork:
    """Stands in for the REST client, which asks the exchange as soon as it is made."""

    def __getattr__(self, _: str) -> Any:
        return lambda *_, **__: None


class UnicornBook:
    """unicorn-binance-local-depth-cache: the step its manager takes for each regular update of a futures market."""

    def __init__(self) -> None:
        from unicorn_binance_local_depth_cache import BinanceLocalDepthCacheManager as Manager

        logging.getLogger("unicorn_binance_websocket_api").setLevel(logging.CRITICAL)  # it complains of a busy core
        self._manager = Manager(exchange="binance.com-futures", ubra_manager=_NoNetwork(), warn_on_update=False)
        self.name = f"unicorn-binance-local-depth-cache {self._manager.get_version()}"
        self._market = ""

    def start(self, stream: DepthStream) -> None:
        """Begins with the snapshot of `stream`."""
        self._market = stream.symbol.lower()
        self._manager._add_depthcache(self._market)
        snapshot = stream.snapshot
        self._manager._apply_updates(asks=snapshot.asks, bids=snapshot.bids, market=self._market)
        cache = self._manager.depth_caches[self._market]
        cache["last_update_id"] = snapshot.lastUpdateId
        cache["is_synchronized"] = True

    def take(self, text: bytes) -> None:
        """Decodes one message and takes it in."""
        data = orjson.loads(text)["data"]
        cache = self._manager.depth_caches[self._market]
        if data["pu"] != cache["last_update_id"] and not data["U"] <= cache["last_update_id"] <= data["u"]:
            raise RuntimeError("The chain of ids is broken.")
        self._manager._apply_updates(asks=data["a"], bids=data["b"], market=self._market)
        cache["last_update_id"] = data["u"]

    def top(self) -> Top | None:
        """Best prices and quantities."""
        bids = self._manager.get_bids(self._market, limit_count=1)
        asks = self._manager.get_asks(self._market, limit_count=1)
        return (*bids[0], *asks[0])

    def close(self) -> None:
        """Ends the library's threads."""
        self._manager.stop_manager()
