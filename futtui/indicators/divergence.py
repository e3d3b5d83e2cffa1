"""Divergence: price makes a new extreme, and the cumulative delta of the takers does not go along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from statistics import median

from futtui.domain.candle import Candle
from futtui.domain.divergence import NO_DIVERGENCE, Divergence, FrameDivergences
from futtui.domain.side import Side

LOOKBACK_BARS = 20
PIVOT_BARS = 2
OLDEST_PIVOT_BARS = 5
"""The second turning point may be so many bars old."""
LEAST_STRENGTH = 0.3
SPIKE_VOLUME = 1.5
"""Volume, in medians of the look-back, that shows that somebody took all that was offered."""


def divergence_of(candles: Sequence[Candle], lookback_bars: int = LOOKBACK_BARS) -> Divergence:
    """What the last two turning points of the newest `lookback_bars` candles say; it depends on these alone.

    For longs: a turning point is a low below its two neighbours on each side. The second low is lower and at most five
    bars old, but cumulative delta is higher there by 30 % of its range in the look-back. Volume confirms: less than at
    the first low (sellers are exhausted), or a spike whose close is back above the first low (they were absorbed).
    Shorts mirror it. Not available with fewer candles or with unknown taker volume in any of them.
    """
    bars = candles[-lookback_bars:]
    if len(bars) < lookback_bars:
        return replace(NO_DIVERGENCE, reason=f"only {len(bars)} of {lookback_bars} bars so far")
    deltas = [bar.delta for bar in bars if bar.delta is not None]
    if len(deltas) < len(bars):
        return replace(NO_DIVERGENCE, reason="taker volume is not known for every bar")
    flow = list(accumulate(deltas))
    found = [_on_side(side, bars, flow) for side in (Side.LONG, Side.SHORT)]
    telling = [each for each in found if each.valid] or [each for each in found if each.side is not None]
    if len(telling) == 2:
        if telling[0].second_ms == telling[1].second_ms:
            return _none("both sides diverge at the same bar")
        return max(telling, key=lambda each: each.second_ms or 0)
    return telling[0] if telling else found[0]


def _on_side(side: Side, bars: Sequence[Candle], flow: Sequence[float]) -> Divergence:
    """The divergence for one side. For shorts prices and flow are negated, so that lows are looked at for both."""
    sign = side.sign
    lows = [bar.low if sign > 0 else -bar.high for bar in bars]
    pivots = [place for place in range(PIVOT_BARS, len(bars) - PIVOT_BARS) if _is_pivot(lows, place)]
    if len(pivots) < 2:
        return _none("fewer than two turning points in the look-back")
    first, second = pivots[-2:]
    if len(bars) - 1 - second > OLDEST_PIVOT_BARS:
        return _none(f"the last turning point is more than {OLDEST_PIVOT_BARS} bars old")
    moved = sign * (flow[second] - flow[first])
    if lows[second] >= lows[first] or moved <= 0:
        return _none("price and taker flow agree")
    strength = moved / (max(flow) - min(flow))
    reason = ""
    if strength < LEAST_STRENGTH:
        reason = f"too weak: {strength:.0%} of the range of the flow, {LEAST_STRENGTH:.0%} needed"
    elif not _volume_confirms(bars, first, second, is_back=sign * bars[second].close > lows[first]):
        reason = "volume does not confirm it: neither less than at the first point nor a spike that was taken up"
    times = (bars[first].open_time_ms, bars[second].open_time_ms)
    return Divergence(side, strength, not reason, reason, *times, known=True)


def _none(reason: str) -> Divergence:
    """All is known, and there is no divergence."""
    return Divergence(reason=reason, known=True)


def _is_pivot(lows: Sequence[float], place: int) -> bool:
    return all(lows[place] < lows[place + step] for step in range(-PIVOT_BARS, PIVOT_BARS + 1) if step)


def _volume_confirms(bars: Sequence[Candle], first: int, second: int, *, is_back: bool) -> bool:
    """Less volume than before (exhaustion), or a spike whose close came back (absorption)."""
    volume = bars[second].volume
    is_spike = volume >= SPIKE_VOLUME * median(bar.volume for bar in bars)
    return volume <= bars[first].volume or (is_spike and is_back)


def together(m15: Divergence, h1: Divergence) -> FrameDivergences:
    """Both timeframes in one answer: the longer one counts, and nothing where they contradict each other."""
    if m15.valid and h1.valid and m15.side is not h1.side:
        return FrameDivergences(reason="15m and 1h contradict each other", m15=m15, h1=h1)
    lead = h1 if h1.valid else m15
    both = m15.valid and h1.valid
    return FrameDivergences(lead.side, lead.strength, lead.valid, lead.reason, both, m15, h1)
