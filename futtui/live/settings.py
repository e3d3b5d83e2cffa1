"""How the engine runs: which symbols, how much history, which exchange, at what pace."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated

from annotated_types import Ge, Gt, Le

from futtui.domain.position import TradingMode
from futtui.domain.timeframe import Timeframe
from futtui.domain.universe import UniverseLimits


@dataclass(frozen=True, slots=True)
class HistorySettings:
    """How many closed bars of each timeframe are loaded before a symbol is analysed."""

    bars_15m: Annotated[int, Ge(200), Le(10_000)] = 3000
    """15-minute bars (3000 = about 31 days; with fewer, some zones depend on where the history starts)."""
    bars_1h: Annotated[int, Ge(100), Le(10_000)] = 1500
    """1-hour bars (1500 = about 62 days; with 1000 some zones depend on where the history starts)."""
    bars_4h: Annotated[int, Ge(60), Le(10_000)] = 900
    """4-hour bars (900 = 150 days; an EMA of 200 bars needs about 800 to settle)."""
    bars_1d: Annotated[int, Ge(20), Le(3_000)] = 499
    """Daily bars (zones look at 200; with fewer than 400 some depend on where the history starts)."""

    def bars(self, timeframe: Timeframe) -> int:
        """Number of bars wanted of `timeframe`."""
        return {
            Timeframe.M15: self.bars_15m,
            Timeframe.H1: self.bars_1h,
            Timeframe.H4: self.bars_4h,
            Timeframe.D1: self.bars_1d,
        }[timeframe]


@dataclass(frozen=True, slots=True)
class MarketSettings:
    """Which symbols are watched."""

    symbols: tuple[str, ...] = ()
    """Symbols to watch, as in [BTCUSDT, ETHUSDT]; empty = the most traded ones."""
    top_count: Annotated[int, Ge(1), Le(240)] = 50
    """How many of the most traded symbols to watch when no list is given."""
    min_quote_volume: Annotated[float, Ge(0)] = 10_000_000.0
    """A symbol must have traded this much in 24 hours, in USDT."""
    leave_share: Annotated[float, Ge(0.1), Le(1)] = 0.7
    """A watched symbol leaves only below this share of the turnover (and beyond the spread divided by it)."""
    max_spread_pct: Annotated[float, Gt(0), Le(5)] = 0.15
    """A symbol whose bid and ask are further apart is not taken in, in percent of price."""
    min_age_days: Annotated[float, Ge(0), Le(3_650)] = 0.0
    """A symbol must have been traded for so many days; 0 = any age."""
    looks_to_enter: Annotated[int, Ge(1), Le(48)] = 2
    """So many hourly looks in a row a symbol must be good enough before it comes in."""
    looks_to_leave: Annotated[int, Ge(1), Le(48)] = 6
    """So many hourly looks in a row a symbol must be clearly too weak before it leaves."""
    always: tuple[str, ...] = ()
    """Symbols that are watched whatever their turnover, besides the most traded ones."""
    never: tuple[str, ...] = ()
    """Symbols that are never watched."""
    order_books: Annotated[int, Ge(0), Le(30)] = 8
    """How many order books are followed at most, of symbols whose price is near a waiting signal or level; 0 = none."""
    order_book_within_atr: Annotated[float, Gt(0), Le(10)] = 1.0
    """A level that is renewed at every close counts as near when price is within so many ATR of it."""
    history: HistorySettings = field(default_factory=HistorySettings)
    """Bars loaded before a symbol is analysed."""

    def universe_limits(self) -> UniverseLimits:
        """What a symbol must be to be watched."""
        return UniverseLimits(
            most=self.top_count,
            min_quote_volume=self.min_quote_volume,
            leave_share=self.leave_share,
            max_spread_pct=self.max_spread_pct,
            min_age_days=self.min_age_days,
            looks_to_enter=self.looks_to_enter,
            looks_to_leave=self.looks_to_leave,
            always=self.always,
            never=self.never,
        )


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Everything the engine needs besides the desk's and the analyzers' own settings."""

    market: MarketSettings = field(default_factory=MarketSettings)
    mode: TradingMode = TradingMode.SIGNALS
    start_equity: Decimal = Decimal("10000")
    speed: float = 1.0
    lockstep: bool = False
    snapshot_ms: Annotated[int, Gt(0)] = 200
    load_parallel: Annotated[int, Ge(1), Le(16)] = 4
    live_allowed: bool = False
    key_end: str = ""
    """The last letters of the API key, by which its owner knows it again."""
    live_refusal: str = (
        "Live trading on the real exchange is not part of this version yet. "
        "Use Paper: same signals, same rules, no money."
    )
