"""What the engine keeps about one symbol: phase, order keeper, price, newest reading and the row for the screen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from futtui.domain.candle import Candle, FormingCandle
from futtui.domain.events import FundingAnnounced
from futtui.domain.reading import StrategyVerdict, SymbolReading
from futtui.domain.snapshot import MarketRow
from futtui.domain.symbols import SymbolRules
from futtui.domain.timeframe import Timeframe
from futtui.exchange.ports import MarkPriceMessage
from futtui.live.clock import steady_ms
from futtui.live.prices import PriceTracker
from futtui.live.sequencer import SymbolSequencer

RETRY_MS = (2_000.0, 5_000.0, 15_000.0, 60_000.0)
"""Pauses before a symbol is tried again; the last one repeats."""
FUNDING_HOURS = (8, 4, 2, 1)
"""Intervals at which the exchange books funding, longest first."""

FUNDING_DIGITS = 6
"""Digits of a funding rate that the screen shows: smaller changes draw no row anew."""


class Phase(Enum):
    """Life of a symbol in the engine."""

    NEW = "waiting for its turn to load"
    LOADING = "loading history"
    READY = "ready"
    FILLING = "filling a gap in its candles"
    DISABLED = "not traded on the exchange now"


@dataclass(slots=True)
class SymbolState:
    """One symbol. Everything here belongs to the engine's loop."""

    symbol: str
    rules: SymbolRules
    phase: Phase = Phase.NEW
    reason: str = ""
    sequencer: SymbolSequencer = field(init=False)
    tracker: PriceTracker = field(init=False)
    buffered: list[Candle] = field(default_factory=list)
    reading: SymbolReading | None = None
    verdicts: tuple[StrategyVerdict, ...] = ()
    fresh: bool = True
    seen_at_ms: float = 0.0
    """When its newest payload came, or since when one was due, on the steady clock."""
    next_try_ms: float = 0.0
    failures: int = 0
    unconfirmed_ms: int | None = None
    """Open time of a bar that our own clock closed and that the exchange has not confirmed yet."""
    funding_rate: float | None = None
    next_funding_ms: int | None = None
    forming: FormingCandle | None = None
    """The quarter hour under way as last seen, for the screen only."""
    _funding_hours: int = FUNDING_HOURS[0]
    _row: MarketRow | None = None
    _row_key: tuple[object, ...] = ()
    _previous_price: float = 0.0
    _version: int = 0

    def __post_init__(self) -> None:
        self.sequencer = SymbolSequencer(self.symbol)
        self.tracker = PriceTracker(self.symbol)

    def try_later(self, phase: Phase, reason: str) -> None:
        """Go to `phase` for `reason`; the watchdog tries again after a pause that grows with each failure."""
        self.phase, self.reason = phase, reason
        self.next_try_ms = steady_ms() + RETRY_MS[min(self.failures, len(RETRY_MS) - 1)]
        self.failures += 1

    def try_now(self, phase: Phase, reason: str) -> None:
        """Go to `phase` for `reason`; the watchdog tries again at its next look."""
        self.phase, self.reason, self.next_try_ms = phase, reason, steady_ms()

    def take_rules(self, rules: SymbolRules) -> None:
        """Use other trading rules from now on."""
        self.rules, self._row = rules, None

    def on_mark(self, message: MarkPriceMessage, announce: Callable[[FundingAnnounced], None]) -> None:
        """Take over the mark price, and announce the funding rate when it changed.

        A funding time beside 00, 08 and 16 UTC tells that the symbol has a shorter interval, from then on.
        """
        self.tracker.mark = message.mark_price
        hours = self._funding_hours
        if message.next_funding_ms > 0:
            self.next_funding_ms = message.next_funding_ms
            fitting = (each for each in FUNDING_HOURS if message.next_funding_ms % (each * Timeframe.H1.ms) == 0)
            hours = min(hours, next(fitting, hours))
        rate = message.funding_rate
        if rate is not None and (rate != self.funding_rate or hours != self._funding_hours):
            self.funding_rate = rate
            announce(FundingAnnounced(message.event_time_ms, self.symbol, rate, float(hours)))
        self._funding_hours = hours

    def row(self, age_ms: int, blocked: tuple[int, str] | None) -> MarketRow:
        """The market row; the same object (and version) while nothing in it changed."""
        price = self.tracker.last or (self.reading.price if self.reading else 0.0)
        reading, tracker = self.reading, self.tracker
        key = (
            price,
            reading.time_ms if reading else 0,
            self.phase,
            self.fresh,
            blocked,
            self.reason,
            self.unconfirmed_ms,
            None if self.funding_rate is None else round(self.funding_rate, FUNDING_DIGITS),
            self.next_funding_ms,
        )
        if self._row is not None and key == self._row_key:
            return self._row
        self._version += 1
        zone = reading.nearest_zone(price) if reading and price else None
        self._row = MarketRow(
            symbol=self.symbol,
            price=price,
            previous_price=self._previous_price or price,
            change_24h_pct=self._change_24h_pct(price),
            regime_m15=self._regime(Timeframe.M15),
            regime_h1=self._regime(Timeframe.H1),
            nearest_zone=zone,
            gap_pct=zone.gap_pct(price) if zone else None,
            ready=self.phase is Phase.READY and bool(reading and reading.ready),
            state_text=self.reason or self._state_text(reading),
            fresh=self.fresh,
            age_ms=age_ms,
            blocked_until_ms=blocked[0] if blocked else None,
            rules=self.rules,
            version=self._version,
            funding_rate=self.funding_rate,
            next_funding_ms=self.next_funding_ms,
        )
        self._row_key, self._previous_price = key, tracker.last
        return self._row

    def _state_text(self, reading: SymbolReading | None) -> str:
        if self.unconfirmed_ms is not None:
            return "its newest candle is closed by our own clock and not confirmed yet"
        if self.phase is not Phase.READY:
            return self.phase.value
        return "" if reading is None or reading.ready else reading.ready_reason

    def _regime(self, timeframe: Timeframe) -> str:
        frame = self.reading.frames.get(timeframe) if self.reading else None
        return frame.regime.regime.value if frame else "UNKNOWN"

    def _change_24h_pct(self, price: float) -> float | None:
        if self.reading is None or self.reading.change_24h_pct is None or not price:
            return None
        day_ago = self.reading.price / (1.0 + self.reading.change_24h_pct / 100.0)
        return (price / day_ago - 1.0) * 100.0
