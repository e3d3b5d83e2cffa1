"""What else speaks for a price: round numbers, the 200-bar average, VWAPs, zones of higher timeframes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf
from typing import NamedTuple

from futtui.indicators.averages import Ema
from futtui.zones.live_zone import Band, LiveZone


class Moment(NamedTuple):
    """What one close brings besides its candle."""

    now_ms: int
    atr: float
    seniors: Sequence[Band]
    vwaps: Sequence[float]


class Confluence:
    """Follows the average of one timeframe and judges zones by it and by what a close brings."""

    __slots__ = ("_ema_200", "_near_atr")

    def __init__(self, near_atr: float) -> None:
        self._near_atr = near_atr
        self._ema_200 = Ema(200)

    def update(self, close: float) -> None:
        """Take the next close."""
        self._ema_200.update(close)

    def appraise(self, zones: Iterable[LiveZone], moment: Moment) -> None:
        """Let zones know what they are worth at this close; those that are worth the same stay as they are.

        Confluence: EMA 200 at the zone 0.2, a round number in it up to 0.2, a VWAP 0.3, a solid zone of a higher frame
        0.5. Swings inside do not count: every zone is made of them.
        """
        now_ms, atr, seniors, vwaps = moment
        near, average = self._near_atr * atr, self._ema_200.value
        levels = vwaps if average is None else (average, *vwaps)
        # A hair wider than what is near: beyond it nothing is, and most zones are beyond it.
        lowest = min(levels, default=inf) - near * 1.001
        highest = max(levels, default=-inf) + near * 1.001
        for zone in zones:
            low, high = zone.low, zone.high
            is_apart = high < lowest or low > highest
            if is_apart and zone.is_apart and zone.seniors is seniors and now_ms < zone.steady_ms:
                continue
            value = zone.round_number
            if not is_apart:
                floor, roof = low - near, high + near
                if average is not None and floor <= average <= roof:
                    value += 0.2
                for vwap in vwaps:
                    if floor <= vwap <= roof:
                        value += 0.3
                        break
            if zone.seniors is not seniors:
                zone.seniors = seniors
                zone.has_senior = _is_under(low, high, seniors)
            if zone.has_senior:
                value += 0.5
            zone.is_apart = is_apart
            if now_ms >= zone.steady_ms or value != zone.confluence:
                zone.appraise(now_ms, value)


def _is_under(low: float, high: float, seniors: Sequence[Band]) -> bool:
    """Whether a zone of a higher timeframe lies over these borders."""
    for senior_low, senior_high in seniors:  # noqa: SIM110 - quicker than `any`
        if senior_low <= high and low <= senior_high:
            return True
    return False
