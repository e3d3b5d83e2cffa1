"""Score parts that several strategies share. A measure that is not available gives 0 points and says so."""

from __future__ import annotations

from futtui.domain.reading import FrameReading
from futtui.domain.regime import Bias
from futtui.domain.signal import SignalPart
from futtui.domain.timeframe import Timeframe
from futtui.strategies.base import StrategyContext

FLOW_WITH_TRADE = 0.05
"""Share of all volume by which takers of the trade's side must outweigh the others."""


def missing(name: str, what: str) -> SignalPart:
    """The part of a measure that is not available: no points either way."""
    return SignalPart(name, 0.0, f"{what} is not available", valid=False)


def agrees_with_average(reading: FrameReading | None, sign: int) -> bool | None:
    """Whether the close is on the trade's side of EMA 200 (EMA 50 while that is not available); None = not known."""
    if reading is None:
        return None
    average = reading.ema_200 if reading.ema_200 is not None else reading.ema_50
    return None if average is None else sign * (reading.close - average) > 0


def higher_frames_part(context: StrategyContext, sign: int, good: float, bad: float) -> SignalPart:
    """`good` points when 1h and 4h are both on the trade's side of their long average, `bad` when one is not."""
    name = "higher timeframes"
    sides = [agrees_with_average(context.frame(frame), sign) for frame in (Timeframe.H1, Timeframe.H4)]
    if None in sides:
        return missing(name, "the long average of 1h or 4h")
    if all(sides):
        return SignalPart(name, good, "1h and 4h are on the same side of their long average", 1.0)
    return SignalPart(name, bad, "1h or 4h is on the other side of its long average", -1.0)


def bias_part(reading: FrameReading, sign: int, points: float) -> SignalPart:
    """Points when the 4h bias favours the trade; a neutral bias gives none."""
    bias = reading.regime.bias
    if bias is Bias.NEUTRAL:
        return SignalPart("4h bias", 0.0, "the 4h bias is neutral", 0.0)
    if bias.opposes(sign):
        return SignalPart("4h bias", -points, "the 4h bias stands against the trade", -1.0)
    return SignalPart("4h bias", points, "the 4h bias favours the trade", 1.0)


def flow_part(flow: float | None, sign: int, points: float) -> SignalPart:
    """Points when the takers of the last bars stand clearly on the trade's side; unknown taker volume gives none."""
    if flow is None:
        return missing("taker flow", "taker volume")
    given = points if sign * flow >= FLOW_WITH_TRADE else 0.0
    return SignalPart("taker flow", given, f"takers stand at {sign * flow:+.2f} as the trade sees it", sign * flow)
