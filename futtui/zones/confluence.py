"""What else speaks for a price: round numbers, the 200-bar average, VWAPs, zones of higher timeframes."""

from __future__ import annotations

from collections.abc import Sequence
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

    def at(self, zone: LiveZone, moment: Moment) -> tuple[float, bool]:
        """EMA 200 at the zone 0.2, a round number in it up to 0.2, a VWAP 0.3, a solid zone of a higher frame 0.5.

        Swings inside do not count: every zone is made of them. Also: whether there is such a higher zone.
        """
        value, low, high = zone.round_number, zone.low, zone.high
        near = self._near_atr * moment.atr
        average = self._ema_200.value
        if average is not None and low - near <= average <= high + near:
            value += 0.2
        for vwap in moment.vwaps:
            if low - near <= vwap <= high + near:
                value += 0.3
                break
        seniors, known = moment.seniors, zone.under
        if known is None or known[0] is not seniors or known[1] != low or known[2] != high:
            known = zone.under = seniors, low, high, _is_under(low, high, seniors)
        return (value + 0.5, True) if known[3] else (value, False)


def _is_under(low: float, high: float, seniors: Sequence[Band]) -> bool:
    """Whether a zone of a higher timeframe lies over these borders."""
    for senior_low, senior_high in seniors:  # noqa: SIM110 - quicker than `any`
        if senior_low <= high and low <= senior_high:
            return True
    return False
