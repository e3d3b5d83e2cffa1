"""What an engine is put together from, and what it needs of each part."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from futtui.domain.candle import Candle
from futtui.domain.events import FundingAnnounced, RulesChanged
from futtui.domain.gaps import Gap, GapState
from futtui.domain.health import DatabaseHealth
from futtui.domain.position import TradingMode
from futtui.domain.reading import SymbolReading
from futtui.domain.timeframe import Timeframe
from futtui.domain.universe import UniverseMemory
from futtui.exchange.ports import StreamMessage
from futtui.live.analysis_rounds import Analyzers
from futtui.live.brokers import Broker
from futtui.live.clock import ExchangeClock
from futtui.live.connection import Connection
from futtui.live.desk_runner import DeskRunner, Recorder
from futtui.live.fresh_database import FreshDatabase
from futtui.live.live_book import LiveBook
from futtui.live.loader import CandleStore
from futtui.live.log_book import EngineLogBook
from futtui.live.settings import EngineSettings
from futtui.live.zone_book import ZoneStore, ZoneTeller
from futtui.risk.settings import RiskSettings

if TYPE_CHECKING:
    import numpy as np


class AnalyzerPoolPort(Analyzers, ZoneTeller, Protocol):
    """The analyzers, in this process or in workers."""

    async def load(
        self,
        symbol: str,
        history: Mapping[Timeframe, Sequence[Candle]],
        tick_size: float | None,
        listed_ms: int | None,
    ) -> SymbolReading: ...

    async def drop(self, symbol: str) -> None: ...

    def lost_symbols(self) -> Collection[str]: ...

    @property
    def worker_pids(self) -> tuple[int, ...]: ...

    async def stop(self) -> None: ...


class StorePort(CandleStore, Recorder, ZoneStore, Protocol):
    """The database. `trouble` says why it refuses to write, empty while all is well."""

    @property
    def trouble(self) -> str: ...

    def health(self) -> DatabaseHealth: ...

    def flush(self) -> bool: ...

    def gaps(self, states: Iterable[GapState]) -> list[Gap]: ...

    def submit_gaps(self, gaps: Sequence[Gap]) -> None: ...

    def submit_universe(self, memory: UniverseMemory) -> None: ...

    def universe(self) -> UniverseMemory | None: ...

    def open_times(self, symbol: str, timeframe: Timeframe, start_ms: int, end_ms: int) -> np.ndarray: ...

    async def close(self) -> None: ...


@dataclass(slots=True)
class EngineParts:
    """What an engine is put together from. `connect` opens the exchange; `brokers` makes the virtual accounts."""

    settings: EngineSettings
    runner: DeskRunner
    analyzers: AnalyzerPoolPort
    store: StorePort
    log_book: EngineLogBook
    clock: ExchangeClock
    connect: Callable[[Callable[[StreamMessage], None]], Awaitable[Connection]]
    virtual_brokers: Callable[[DeskRunner, int], dict[TradingMode, Broker]]
    set_rules: Callable[[RulesChanged], None]
    announce_funding: Callable[[FundingAnnounced], None]
    """Tells desk and virtual accounts a rate that the exchange announced."""
    set_mark: Callable[[str, float], None]
    """Tells the virtual accounts a mark price."""
    live_book: LiveBook | None
    """The write-ahead book of the real account; None where nothing may outlive the run."""
    database: Path
    """The database's file; the health record lies beside it."""
    own_titles: tuple[str, ...] = ()
    own_problems: tuple[str, ...] = ()
    """The user's own strategies that run, and sentences about those that could not be loaded."""
    look_at_config: Callable[[], tuple[str, bool] | None] | None = None
    """Tells of an edited configuration file: a sentence, and whether the file can be used."""
    fresh: FreshDatabase | None = None
    """What becomes of the database before; None where the database goes on."""
    risk: RiskSettings = field(default_factory=RiskSettings)
    """How much a trade and a day may lose, to be told before going live."""
