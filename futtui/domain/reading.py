"""What an analyzer says about one symbol after a close: measures, zones and raw signals."""

from __future__ import annotations

from dataclasses import dataclass

from futtui.domain.regime import UNKNOWN_REGIME, RegimeReading
from futtui.domain.signal import RawSignal
from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import Zone, ZoneEvent


@dataclass(frozen=True, slots=True)
class FrameReading:
    """Measures of one timeframe at its last close; None = not available (still warming up or data unknown)."""

    timeframe: Timeframe
    close_time_ms: int
    close: float
    atr: float | None = None
    adx: float | None = None
    rsi: float | None = None
    ema_20: float | None = None
    ema_50: float | None = None
    ema_200: float | None = None
    bollinger_upper: float | None = None
    bollinger_lower: float | None = None
    bollinger_width_percentile: float | None = None
    donchian_high: float | None = None
    donchian_low: float | None = None
    flow: float | None = None
    volume_ratio: float | None = None
    regime: RegimeReading = UNKNOWN_REGIME


@dataclass(frozen=True, slots=True)
class ProfileReading:
    """Volume profile of an explicit window: point of control and 70 % value area, prices."""

    poc: float
    value_area_low: float
    value_area_high: float
    window: str


@dataclass(frozen=True, slots=True)
class SymbolReading:
    """Everything one symbol's analyzer knows at `time_ms` (the close of the candle that caused it)."""

    symbol: str
    time_ms: int
    price: float
    frames: dict[Timeframe, FrameReading]
    zones: tuple[Zone, ...] = ()
    daily_vwap: float | None = None
    anchored_vwap: float | None = None
    profile: ProfileReading | None = None
    change_24h_pct: float | None = None
    ready: bool = False
    ready_reason: str = ""

    def nearest_zone(self, price: float) -> Zone | None:
        """The zone with the smallest gap to `price`, the higher score winning ties; None without zones."""
        return min(self.zones, key=lambda zone: (zone.gap_pct(price), -zone.score), default=None)


@dataclass(frozen=True, slots=True)
class StrategyVerdict:
    """Why a strategy did, or did not, propose something at this close; feeds "why no signals"."""

    strategy: str
    proposed: bool
    reason: str


@dataclass(frozen=True, slots=True)
class AnalysisResult:
    """Answer of an analyzer to one closed candle."""

    reading: SymbolReading
    signals: tuple[RawSignal, ...] = ()
    verdicts: tuple[StrategyVerdict, ...] = ()
    zone_events: tuple[ZoneEvent, ...] = ()
    """What happened at the zones at this close, and before it if nobody asked; oldest first."""
