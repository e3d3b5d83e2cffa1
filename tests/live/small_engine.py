"""The parts of an engine that its helpers look at, without exchange, database or desk."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from futtui.domain.effects import Severity
from futtui.domain.events import Event, FeedState
from futtui.domain.symbols import SymbolRules, to_decimal
from futtui.domain.timeframe import Timeframe
from futtui.live.analysis_rounds import AnalysisRounds
from futtui.live.blind import BlindWatch
from futtui.live.clock import ExchangeClock
from futtui.live.clock_watch import ClockWatch
from futtui.live.feed import FeedWatch
from futtui.live.gap_ledger import GapLedger
from futtui.live.loader import HistoryLoader
from futtui.live.sequencer import Hole
from futtui.live.settings import HistorySettings
from futtui.live.strategy_watch import StrategyWatch
from futtui.live.symbol_state import Phase, SymbolState
from tests.live.fake_market import FakeMarket, FakeStore, bars

QUARTER_MS = Timeframe.M15.ms
NOW_MS = 1_800_000_000_000 // (24 * 3_600_000) * 24 * 3_600_000
SMALL = HistorySettings(bars_15m=200, bars_1h=100, bars_4h=60, bars_1d=20)


def rules(symbol: str, tick: str = "0.1") -> SymbolRules:
    one = to_decimal("1")
    return SymbolRules(symbol, symbol[:3], to_decimal(tick), one, one, one * 1000, one * 1000, one, one, one * 10**6)


@dataclass
class Analyzers:
    """Analyzers that answer what the test wants; `lost` as the pool tells."""

    lost: set[str] = field(default_factory=set)
    failing: dict[str, Exception] = field(default_factory=dict)
    loaded: list[str] = field(default_factory=list)

    def lost_symbols(self) -> set[str]:
        return self.lost

    async def load(self, symbol: str, history: Any, tick_size: float | None, listed_ms: int | None) -> Any:
        self._fail(symbol)
        self.loaded.append(symbol)
        self.lost.discard(symbol)
        return SimpleNamespace(symbol=symbol)

    async def on_closes(self, symbol: str, closes: Any) -> Any:
        self._fail(symbol)
        return SimpleNamespace(reading=SimpleNamespace(symbol=symbol), verdicts=(), signals=(), zone_events=())

    def _fail(self, symbol: str) -> None:
        if symbol in self.failing:
            raise self.failing[symbol]


class QuietZoneBook:
    """Writes nothing down."""

    async def catch_up(self, reading: Any) -> None:
        return None

    def keep(self, reading: Any, events: Any) -> None:
        return None


class SmallEngine:
    """Just enough of `Engine`; what it is asked to do is written down."""

    def __init__(self, *symbols: str) -> None:
        self.clock = ExchangeClock(0.0)
        self.clock.observe(NOW_MS)
        self.account = None
        self.real_account = SimpleNamespace(is_awaited=False)
        self.counts: Counter[str] = Counter()
        self.silent = SimpleNamespace(look=lambda: None)
        self.states = {symbol: SymbolState(symbol, rules(symbol)) for symbol in symbols}
        self.feed = FeedWatch()
        self.market = FakeMarket(NOW_MS - 400 * 24 * 3_600_000, NOW_MS)
        self.connection = SimpleNamespace(market=self.market, measure_clock=None)
        self.clock_watch = ClockWatch(self)  # type: ignore[arg-type]
        self.loader = HistoryLoader(self.market, FakeStore(), SMALL)
        self.analyzers = Analyzers()
        self.store = SimpleNamespace(trouble="")
        self.parts = SimpleNamespace(analyzers=self.analyzers, store=self.store)
        self.events: list[Event] = []
        self.deaf: set[str] = set()
        self.runner: Any = SimpleNamespace(
            submit=self._submit,
            desk=SimpleNamespace(warm_up=lambda symbol, candles: None, is_in_motion=False, live_symbols=()),
        )
        self.zone_book: Any = QuietZoneBook()
        self.ledger, self.blind = GapLedger(), BlindWatch(lambda text, severity: self.say("feed", text, severity))
        self.rounds = AnalysisRounds(
            *(self.analyzers, self.loader, self.runner, self.states, self.clock.now_ms, self.counts, self.zone_book),
            *(self.ledger, self.blind, StrategyWatch(lambda *told: self.say(*told))),
        )
        self.live_broker = None
        self.pictures = SimpleNamespace(slept=None)
        self.kill_watch = SimpleNamespace(look=lambda now_ms: None)
        self.self_watch = SimpleNamespace(look=lambda: None)
        self.lines: list[tuple[Severity, str, str]] = []
        self.repaired: list[Hole] = []
        self.reloaded: list[str] = []
        self.rules_told: list[SymbolRules] = []
        self.ticks: list[int] = []

    def ready(self, symbol: str, last_open_ms: int = NOW_MS - QUARTER_MS) -> SymbolState:
        """Make a symbol READY with history up to the bar that opened at `last_open_ms`."""
        state = self.states[symbol]
        state.sequencer.start({Timeframe.M15: bars(Timeframe.M15, last_open_ms - 9 * QUARTER_MS, 10)})
        state.phase = Phase.READY
        return state

    def _submit(self, event: Event) -> None:
        if getattr(event, "symbol", "") in self.deaf:
            raise RuntimeError("the desk stumbled")
        self.events.append(event)

    @property
    def feed_news(self) -> list[tuple[str, bool]]:
        return [(event.symbol, event.fresh) for event in self.events if isinstance(event, FeedState)]

    def say(self, topic: str, text: str, severity: Severity = Severity.INFO, symbol: str = "") -> None:
        self.lines.append((severity, symbol, text))

    def tick(self, time_ms: int) -> None:
        self.ticks.append(time_ms)

    def repair(self, state: SymbolState, hole: Hole) -> None:
        self.repaired.append(hole)

    def reload(self, state: SymbolState) -> None:
        self.reloaded.append(state.symbol)

    def tell_rules(self, new: SymbolRules) -> None:
        self.rules_told.append(new)

    def accept(self, state: SymbolState, candle: Any) -> None:
        raise AssertionError("nothing was buffered")
