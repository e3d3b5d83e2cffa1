"""Market regimes: one shared enum, so that no two rooms can spell a state differently."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from futtui.domain.packing import travels


class Regime(Enum):
    """State of a market on one timeframe."""

    TREND_UP = "TREND_UP"
    TREND_DOWN = "TREND_DOWN"
    RANGE = "RANGE"
    SQUEEZE = "SQUEEZE"
    CHOP = "CHOP"
    EXPANSION = "EXPANSION"
    UNKNOWN = "UNKNOWN"

    is_trend: bool
    """Whether price moves in one direction."""

    def __init__(self, code: str) -> None:
        self.is_trend = code.startswith("TREND_")

    @property
    def mirrored(self) -> Regime:
        """The state that the same market upside down would have."""
        return _MIRROR.get(self, self)


_MIRROR = {Regime.TREND_UP: Regime.TREND_DOWN, Regime.TREND_DOWN: Regime.TREND_UP}


class Bias(Enum):
    """Which side a higher timeframe favours."""

    BULLISH = "BULLISH"
    BEARISH = "BEARISH"
    NEUTRAL = "NEUTRAL"

    def opposes(self, sign: int) -> bool:
        """Whether the bias stands against a trade of direction `sign` (+1 long, -1 short)."""
        return (self is Bias.BEARISH and sign > 0) or (self is Bias.BULLISH and sign < 0)


@travels
@dataclass(frozen=True, slots=True)
class RegimeReading:
    """The regime of one symbol and timeframe, with how sure the detector is and why."""

    regime: Regime
    confidence: float
    bias: Bias = Bias.NEUTRAL
    late_trend: bool = False
    reason: str = ""


UNKNOWN_REGIME = RegimeReading(Regime.UNKNOWN, 0.0, reason="not enough candles yet")
