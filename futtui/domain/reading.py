"""What an analyzer says about one symbol after a close: measures, zones and raw signals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from futtui.domain.divergence import NO_DIVERGENCES, FrameDivergences
from futtui.domain.packing import travels
from futtui.domain.regime import UNKNOWN_REGIME, RegimeReading
from futtui.domain.signal import RawSignal
from futtui.domain.timeframe import Timeframe
from futtui.domain.vwap import NO_VWAPS, VwapReadings
from futtui.domain.zone import Zone, ZoneEvent


@travels
@dataclass(frozen=True, slots=True)
class FrameReading:
    """Measures of one timeframe at its last close; None = not available (still warming up or data unknown).

    Slopes of averages are their change over 10 bars in ATR. `cvd` is taker buy minus taker sell volume of the last 20
    bars, `cvd_slope` its mean a bar over the last 10. `flow_side` is the side (+1 buyers, -1 sellers) that the 3-bar
    flow last took with at least 0.05, `flow_flip` the bars since it changed (0 = at this close; None: 48 or more).
    """

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
    ema_5: float | None = None
    ema_9: float | None = None
    ema_13: float | None = None
    ema_21: float | None = None
    ema_50_slope_atr: float | None = None
    ema_200_slope_atr: float | None = None
    atr_pct: float | None = None
    plus_di: float | None = None
    minus_di: float | None = None
    bollinger_middle: float | None = None
    bollinger_width: float | None = None
    efficiency_ratio: float | None = None
    cvd: float | None = None
    cvd_slope: float | None = None
    flow_side: int | None = None
    flow_flip: int | None = None


@travels
@dataclass(frozen=True, slots=True)
class ProfileReading:
    """Volume profile of an explicit window: point of control and 70 % value area, prices."""

    poc: float
    value_area_low: float
    value_area_high: float
    window: str


class NakedPoc(NamedTuple):
    """The point of control of a past UTC day (`day_ms` is its midnight) that price has not touched since."""

    price: float
    day_ms: int


@travels
@dataclass(frozen=True, slots=True)
class ProfileReadings:
    """Volume profiles of explicit windows; None = the window was not seen whole, or had no volume.

    `composite_5d` covers the five complete UTC days before today. `naked_pocs`: newest day first.
    """

    previous_day: ProfileReading | None = None
    rolling_24h: ProfileReading | None = None
    composite_5d: ProfileReading | None = None
    naked_pocs: tuple[NakedPoc, ...] = ()


NO_PROFILES = ProfileReadings()


@travels
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
    vwaps: VwapReadings = NO_VWAPS
    profiles: ProfileReadings = NO_PROFILES
    divergence: FrameDivergences = NO_DIVERGENCES

    def nearest_zone(self, price: float) -> Zone | None:
        """The zone with the smallest gap to `price`, the higher score winning ties; None without zones."""
        return min(self.zones, key=lambda zone: (zone.gap_pct(price), -zone.score), default=None)


@travels
@dataclass(frozen=True, slots=True)
class StrategyVerdict:
    """Why a strategy did, or did not, propose something at this close; feeds "why no signals".

    `available` False: it failed or was not asked, so its silence says nothing about the market. `set_aside`: it failed
    too often and is not asked any more. `time_ms`: the close at which it was asked; 0 for the newest one.
    """

    strategy: str
    proposed: bool
    reason: str
    available: bool = True
    set_aside: bool = False
    time_ms: int = 0


@travels
@dataclass(frozen=True, slots=True)
class AnalysisResult:
    """Answer of an analyzer to one closed candle."""

    reading: SymbolReading
    signals: tuple[RawSignal, ...] = ()
    verdicts: tuple[StrategyVerdict, ...] = ()
    zone_events: tuple[ZoneEvent, ...] = ()
    """What happened at the zones at this close, and before it if nobody asked; oldest first."""
