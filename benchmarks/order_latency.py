"""From a signal to the order on the wire, and from the fill to its stop: desk, write-ahead on disk, signing, socket."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks._virtual_exchange import QuietMarket
from futtui.desk.settings import DeskSettings
from futtui.domain.events import AnalysisDone, BalanceChanged, ClosePosition, PriceUpdate, RulesChanged
from futtui.domain.orders import OrderPurpose, OrderStatus, OrderUpdate
from futtui.domain.position import TradingMode
from futtui.domain.reading import AnalysisResult, FrameReading, SymbolReading
from futtui.domain.regime import Regime, RegimeReading
from futtui.domain.side import Side
from futtui.domain.signal import Levels, RawSignal, SignalPart, System, Trigger
from futtui.domain.timeframe import Timeframe
from futtui.exchange.binance.rest import BinanceRest
from futtui.exchange.binance.trading import BinanceTrading
from futtui.exchange.ports import Credentials
from futtui.exchange.simulator.wire.config import DEMO_KEY, DEMO_SECRET, ServerConfig
from futtui.exchange.simulator.wire.server import WireServer, bind, endpoints_of
from futtui.live.desk_journal import DeskJournal, RecordedDesk
from futtui.live.desk_runner import DeskRunner
from futtui.live.exchange_broker import ExchangeDeskBroker
from futtui.live.live_book import LiveBook
from futtui.risk.settings import CapSettings, KillSettings

NAME = "order-latency"
DESCRIPTION = "Signal to entry written, fill to stop written, in ms: 50 symbols, loopback, with journal and fsync."
SYMBOLS = 50
ROUNDS = 6
SIGNAL_LIMIT_MS, STOP_LIMIT_MS = 10.0, 20.0
PAUSE_S = 0.45
"""Between rounds: with 7 orders each, the exchange's limit of 1,200 orders a minute is never what is measured."""

Span = tuple[float, float]
"""Milliseconds by the clock, and of this process' own work (the exchange's included)."""
NEVER = (0.0, 0.0)


def now() -> Span:
    """Both clocks."""
    return time.perf_counter() * 1000, time.process_time() * 1000


def since(began: Span) -> Span:
    """What passed on both clocks."""
    clock_ms, work_ms = now()
    return clock_ms - began[0], work_ms - began[1]


class Quiet:
    """Takes records and lines and forgets them."""

    def submit(self, record: object) -> None:
        return None

    def say(self, line: object) -> None:
        return None


def signal_of(symbol: str, time_ms: int) -> AnalysisDone:
    """A close with one signal that is entered at once."""
    levels = Levels(Side.LONG, 100.0, 98.0, (102.0, 104.0, 106.0))
    raw = RawSignal(
        symbol, System.CORE, "bench", Timeframe.M15, Side.LONG, Trigger.IMMEDIATE, time_ms, time_ms + 900_000,
        levels, 1.0, 10.0, Regime.RANGE, (SignalPart("bench", 10.0, "made up"),), "Made up.",
    )  # fmt: skip
    frame = FrameReading(Timeframe.M15, time_ms, 100.0, atr=1.0, regime=RegimeReading(Regime.RANGE, 0.8))
    reading = SymbolReading(symbol, time_ms, 100.0, {Timeframe.M15: frame}, ready=True)
    return AnalysisDone(time_ms, AnalysisResult(reading, (raw,)))


class Bench:
    """The whole way of an order, with a stop-watch at both ends."""

    def __init__(self, folder: Path, trading: BinanceTrading, start_ms: int) -> None:
        journal = DeskJournal(folder / "journal")
        journal.begin("bench")
        self.now_ms = start_ms
        desk = RecordedDesk(journal, _settings(), TradingMode.LIVE, Decimal(10_000), frozenset())
        book = LiveBook(folder / "book.jsonl")
        self.runner = DeskRunner(desk, Quiet(), Quiet(), book)
        self.broker = ExchangeDeskBroker(trading, self.runner.submit, lambda: self.now_ms, ahead=book)
        self.runner.brokers[TradingMode.LIVE] = self.broker
        self.began = self.filled = NEVER
        self.entry_ms: list[Span] = []
        self.first_ms: list[Span] = []
        self.stop_ms: list[Span] = []
        self.fresh = True
        self._entered: set[str] = set()
        self._watch(trading)

    def _watch(self, trading: BinanceTrading) -> None:
        fetch: Callable[..., Awaitable[Any]] = trading._client._exchange.fetch
        tell = self.broker.on_update

        async def sent(url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
            if method == "POST" and url.split("?")[0].endswith("/order") and self.began != NEVER:
                (self.first_ms if self.fresh else self.entry_ms).append(since(self.began))
                self.began = NEVER
            elif method == "POST" and "algoOrder" in url and self.filled != NEVER:
                self.stop_ms.append(since(self.filled))
                self.filled = NEVER
            return await fetch(url, method, headers, body)

        def told(update: OrderUpdate) -> None:
            is_entry = update.client_id.endswith(f"{OrderPurpose.ENTRY.value[0]}1")
            if update.status is OrderStatus.FILLED and is_entry and update.client_id not in self._entered:
                self._entered.add(update.client_id)
                self.filled = now()
            tell(update)

        trading._client._exchange.fetch = sent
        self.broker.on_update = told  # type: ignore[method-assign]

    async def round(self, symbol: str, *, fresh: bool) -> None:
        """Enter, protect, close."""
        self.fresh = fresh
        self.now_ms += 1_000
        self.runner.submit(PriceUpdate(symbol, self.now_ms, 100.0, 100.0, 100.0))
        self.began = now()
        self.runner.submit(signal_of(symbol, self.now_ms))
        await self._all_known()
        for view in self.runner.desk.snapshot().positions:
            self.runner.submit(ClosePosition(self.now_ms, view.position_id))
        await self._all_known()

    async def _all_known(self) -> None:
        """There is no account stream here: executions are asked for."""
        for _ in range(3):
            await self.broker.drain()
            self.broker.look_at([order for order in self.broker._sent.values() if order.executed_at_ms is not None])
        await self.broker.drain()


def _settings() -> DeskSettings:
    """Limits that do not stop hundreds of trades that only cost fees."""
    caps = CapSettings(loss_streak=100_000, day_loss_limit_pct=50.0, week_loss_limit_pct=100.0)
    return replace(DeskSettings(), risk=replace(DeskSettings().risk, caps=caps, kill=KillSettings(drawdown_pct=100.0)))


def quantile(values: list[Span], share: float, which: int) -> float:
    """The value of clock (0) or work (1) that `share` of all do not exceed."""
    ordered = sorted(value[which] for value in values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def _measure(folder: Path) -> Bench:
    names = [f"B{number:02}USDT" for number in range(SYMBOLS)]
    config = ServerConfig(speed=1.0)
    source = QuietMarket(names)
    listener = bind(config)
    endpoints = endpoints_of(listener, source)
    server = WireServer(config, source)
    await server.start(listener)
    keys = Credentials(DEMO_KEY, DEMO_SECRET)
    rest = BinanceRest(endpoints, keys, ask_time=True)
    try:
        rules = await rest.exchange_info()
        trading = BinanceTrading(endpoints, keys, rules, lambda: server.venue.clock.now_ms, budget=rest.budget)
        await trading.open()
        bench = Bench(folder, trading, await rest.server_time_ms())
        for name in names:
            wide = replace(rules[name], min_price=rules[name].tick_size, max_price=Decimal(1_000))
            bench.runner.submit(RulesChanged(bench.now_ms, wide))
        bench.runner.submit(BalanceChanged(bench.now_ms, TradingMode.LIVE, Decimal(10_000)))
        for number in range(ROUNDS):
            for name in names:
                await bench.round(name, fresh=number == 0)
                await asyncio.sleep(PAUSE_S)
        await bench.broker.close()
        return bench
    finally:
        await rest.close()
        await server.stop()
        listener.close()


def run() -> tuple[list[tuple[str, ...]], dict[str, Any]]:
    """Table and figures."""
    with tempfile.TemporaryDirectory() as folder:
        bench = asyncio.run(_measure(Path(folder)))
    rows: list[tuple[str, ...]] = [("way", "orders", "p50 ms", "p99 ms", "p50 work", "p99 work", "limit ms")]
    figures: dict[str, Any] = {}
    ways = (
        ("signal to entry", bench.entry_ms, f"{SIGNAL_LIMIT_MS:g}"),
        ("the same, first on a symbol (sets margin)", bench.first_ms, "-"),
        ("fill to stop", bench.stop_ms, f"{STOP_LIMIT_MS:g}"),
    )
    for name, values, limit in ways:
        if values:
            found = [quantile(values, share, which) for which in (0, 1) for share in (0.5, 0.99)]
            rows.append((name, str(len(values)), *(f"{value:.2f}" for value in found), limit))
            names = ("p50_ms", "p99_ms", "p50_work_ms", "p99_work_ms")
            figures[name] = {"orders": len(values), **dict(zip(names, (round(item, 3) for item in found), strict=True))}
    return rows, figures
