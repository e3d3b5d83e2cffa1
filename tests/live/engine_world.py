"""A whole engine against an embedded exchange in this process: real sockets, real adapter, real database."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from futtui.analysis.pool import AnalyzerPool
from futtui.analysis.settings import AnalysisSettings
from futtui.desk.settings import DeskSettings
from futtui.domain.candle import Candle
from futtui.domain.effects import Say
from futtui.domain.position import TradingMode
from futtui.domain.reading import AnalysisResult
from futtui.domain.regime import Regime
from futtui.domain.side import Side
from futtui.domain.signal import Levels, RawSignal, SignalPart, System, Trigger
from futtui.domain.timeframe import MINUTE_MS, Timeframe
from futtui.exchange.ports import Credentials, Endpoints
from futtui.exchange.simulator.market.synthetic import DEFAULT_START_MS
from futtui.exchange.simulator.ports import MarketSource
from futtui.exchange.simulator.wire.config import DEMO_KEY, DEMO_SECRET, ServerConfig
from futtui.exchange.simulator.wire.fault_rules import parse_fault_script
from futtui.exchange.simulator.wire.server import WireServer, bind, endpoints_of
from futtui.exchange.simulator.wire.sources import build_source
from futtui.live.assembly import EnginePlan, build_engine
from futtui.live.engine import Engine
from futtui.live.settings import EngineSettings, HistorySettings, MarketSettings
from futtui.strategies.settings import StrategySettings

SYMBOLS = ("BTCUSDT", "ETHUSDT")
SHORT_HISTORY = HistorySettings(bars_15m=300, bars_1h=250, bars_4h=210, bars_1d=60)
START_MS = DEFAULT_START_MS
QUARTER_MS = Timeframe.M15.ms
KEYS = Credentials(DEMO_KEY, DEMO_SECRET)
NO_STRATEGY = StrategySettings()
"""By this very record the tests of the live shell know an analyzer that is to ask no strategy."""

Key = tuple[str, Timeframe]


@dataclass(frozen=True, slots=True)
class Armed:
    """A made-up signal that waits for price to come `distance_atr` closer to its stop (below 0: to run away)."""

    side: Side
    distance_atr: float
    valid_ms: int = 4 * 3_600_000


SignalScript = Mapping[tuple[str, int], "Side | Armed"]
"""Which symbol gets a made-up signal at which close (time in ms)."""


def server_config(
    seed: int = 3,
    speed: float | str = "max",
    symbols: tuple[str, ...] = SYMBOLS,
    start_ms: int = DEFAULT_START_MS,
) -> ServerConfig:
    return ServerConfig(symbols=symbols, seed=seed, start_ms=start_ms, history_days=61, speed=speed, step_ms=MINUTE_MS)


@dataclass
class Exchange:
    """An embedded exchange with its insides open to the test."""

    server: WireServer
    endpoints: Endpoints
    source: MarketSource

    def fault(self, *rules: str) -> None:
        """Arm fault rules, each a YAML mapping without the dash."""
        self.server.venue.load_faults(parse_fault_script("\n".join(f"- {rule}" for rule in rules)))

    def struck(self) -> int:
        """How often any rule has struck so far."""
        return sum(int(str(report["struck"])) for report in self.server.venue.faults.reports())

    def candles(self, symbol: str, timeframe: Timeframe, first_open_ms: int, end_ms: int) -> list[Candle]:
        return self.source.candles(symbol, timeframe, first_open_ms, end_ms, 0)

    @property
    def now_ms(self) -> int:
        return self.server.venue.clock.now_ms

    def quantity(self, symbol: str) -> Decimal:
        """Position held on the exchange."""
        return self.server.venue.core.position(DEMO_KEY, symbol).quantity

    def bought(self, symbol: str) -> Decimal:
        """All that was ever bought."""
        trades = self.server.venue.core.trades(DEMO_KEY, symbol)
        return sum((each.quantity for each in trades if each.side == "BUY"), Decimal(0))

    def stops(self, symbol: str) -> list[Decimal]:
        """Quantities of live stop orders on the exchange."""
        algos = self.server.venue.core.open_algo_orders(DEMO_KEY, symbol)
        return [algo.quantity or Decimal(0) for algo in algos if algo.order_type == "STOP_MARKET"]

    def triggers(self, symbol: str) -> list[Decimal]:
        """Prices at which waiting stops and targets act."""
        algos = self.server.venue.core.open_algo_orders(DEMO_KEY, symbol)
        return [algo.trigger_price for algo in algos if algo.trigger_price is not None]

    def wallet(self) -> Decimal:
        """Money of the account on the exchange, without open profit."""
        return self.server.venue.core.account(DEMO_KEY).wallet

    def resting(self, symbol: str) -> list[str]:
        """Client ids of everything that waits on the exchange."""
        core = self.server.venue.core
        orders = [order.client_order_id for order in core.open_orders(DEMO_KEY, symbol)]
        return orders + [algo.client_algo_id for algo in core.open_algo_orders(DEMO_KEY, symbol)]

    def entries(self, symbol: str) -> list[str]:
        """Client ids of all entry orders that the exchange ever carried out."""
        core = self.server.venue.core
        return [
            order.client_order_id
            for order in core.all_orders(DEMO_KEY, symbol)
            if order.client_order_id.rpartition("-")[2].startswith("E") and order.executed_quantity
        ]


@asynccontextmanager
async def exchange(config: ServerConfig, source: MarketSource | None = None) -> AsyncIterator[Exchange]:
    market = build_source(config) if source is None else source
    listener = bind(config)
    server = WireServer(config, market)
    try:
        await server.start(listener)
        yield Exchange(server, endpoints_of(listener, market), market)
    finally:
        await server.stop()
        listener.close()


class WatchedAnalyzers(AnalyzerPool):
    """Analyzers in this process that write down what reached them, and add made-up signals by script."""

    def __init__(self, script: SignalScript | None = None) -> None:
        super().__init__(AnalysisSettings(strategies=NO_STRATEGY) if script else AnalysisSettings(), 0)
        self.script: SignalScript = dict(script or {})
        self.history: dict[Key, list[int]] = {}
        self.loads: Counter[str] = Counter()
        self.listed_ms: dict[str, int | None] = {}
        self.seen: dict[Key, list[Candle]] = {}
        self.start()

    async def load(self, symbol, history, tick_size=None, listed_ms=None):  # type: ignore[no-untyped-def]
        reading = await super().load(symbol, history, tick_size, listed_ms)
        self.loads[symbol] += 1
        self.listed_ms[symbol] = listed_ms
        for timeframe, bars in history.items():
            self.history[symbol, timeframe] = [bar.open_time_ms for bar in bars]
        return reading

    async def on_closes(self, symbol: str, closes: Sequence[tuple[Timeframe, Candle]]) -> AnalysisResult:
        result = await super().on_closes(symbol, closes)
        for timeframe, candle in closes:
            self.seen.setdefault((symbol, timeframe), []).append(candle)
        side = self.script.get((symbol, result.reading.time_ms))
        if side is None:
            return replace(result, signals=()) if self.script else result
        return replace(result, signals=(made_up_signal(result, side),))

    def opens(self, symbol: str, timeframe: Timeframe) -> list[int]:
        """Open times that reached the analyzer as closes, in the order of arrival."""
        return [candle.open_time_ms for candle in self.seen.get((symbol, timeframe), [])]


def made_up_signal(result: AnalysisResult, wish: Side | Armed) -> RawSignal:
    """A plan almost three ATR wide around the close, so good that nothing but the account stands against it."""
    armed = wish if isinstance(wish, Armed) else Armed(wish, 0.0, QUARTER_MS)
    side = armed.side
    trigger = Trigger.ARMED if isinstance(wish, Armed) else Trigger.IMMEDIATE
    reading = result.reading
    atr = reading.frames[Timeframe.M15].atr
    assert atr is not None
    price, step = reading.price - side.sign * armed.distance_atr * atr, side.sign * 2.8 * atr
    levels = Levels(side, price, price - step, (price + step, price + 2 * step, price + 3 * step))
    part = SignalPart("scripted", 10.0, "made up for a test")
    return RawSignal(
        reading.symbol, System.CORE, "scripted", Timeframe.M15, side, trigger, reading.time_ms,
        reading.time_ms + armed.valid_ms, levels, atr, 10.0, Regime.RANGE, (part,), "Made up for a test.",
    )  # fmt: skip


@dataclass
class Wired:
    """How an engine is to be built; `build` is called on the loop that runs it."""

    database: Path
    endpoints: Callable[[], Awaitable[Endpoints]]
    mode: TradingMode = TradingMode.PAPER
    lockstep: bool = True
    speed: float = 1.0
    symbols: tuple[str, ...] = SYMBOLS
    fresh: bool = True
    live_allowed: bool = True
    analyzers: WatchedAnalyzers = field(default_factory=WatchedAnalyzers)
    desk: DeskSettings = field(default_factory=DeskSettings)
    for_information: frozenset[str] = frozenset()
    warm_up: HistorySettings = SHORT_HISTORY
    look_at_config: Callable[[], tuple[str, bool] | None] | None = None
    marks_orders: bool = False

    def build(self) -> Engine:
        return build_engine(self.plan())

    def plan(self) -> EnginePlan:
        market = MarketSettings(symbols=self.symbols, min_quote_volume=0.0, history=self.warm_up)
        settings = EngineSettings(
            market=market,
            mode=self.mode,
            speed=self.speed,
            lockstep=self.lockstep,
            live_allowed=self.live_allowed,
            snapshot_ms=50,
        )
        return EnginePlan(
            settings,
            self.desk,
            self.analyzers,
            self.database,
            self.endpoints,
            KEYS,
            self.fresh,
            virtual_clock=True,
            marks_orders=self.marks_orders,
            for_information=self.for_information,
            look_at_config=self.look_at_config,
        )


def wired(database: Path, world: Exchange, **more: object) -> Wired:
    """An engine's plan against `world`."""

    async def endpoints() -> Endpoints:
        return world.endpoints

    return Wired(database, endpoints, **more)  # type: ignore[arg-type]


def watched(engine: Engine) -> WatchedAnalyzers:
    """The analyzers of an engine, to see what reached them."""
    analyzers = engine.parts.analyzers
    assert isinstance(analyzers, WatchedAnalyzers)
    return analyzers


def lines(engine: Engine, word: str = "") -> list[Say]:
    """Log lines for people that contain `word`."""
    return [line for line in engine.parts.log_book.lines() if word in line.text]


async def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Return when `condition` holds; TimeoutError with the condition's source line if it never does."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def leftovers() -> list[str]:
    """Names of tasks other than the caller's own."""
    return [task.get_name() for task in asyncio.all_tasks() if task is not asyncio.current_task()]
