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

    __slots__ = ("_average", "_ema_200", "_highest", "_levels", "_lowest", "_moment", "_near", "_near_atr")

    def __init__(self, near_atr: float) -> None:
        self._near_atr = near_atr
        self._ema_200 = Ema(200)
        self._levels: Sequence[float] | None = None
        self._near = self._lowest = self._highest = 0.0
        self.see(Moment(0, 0.0, (), ()))

    def update(self, close: float) -> None:
        """Take the next close."""
        self._ema_200.update(close)

    def see(self, moment: Moment) -> None:
        """Judge by what this close brings from now on."""
        self._moment, self._average, self._levels = moment, self._ema_200.value, None

    def _note_levels(self) -> Sequence[float]:
        """The levels of this close, with where they begin and end: noted when a zone is judged, not at every close."""
        average, near = self._average, self._near_atr * self._moment.atr
        levels = self._moment.vwaps if average is None else (average, *self._moment.vwaps)
        # A hair wider than what is near: beyond it nothing is.
        self._lowest = min(levels, default=inf) - near * 1.001
        self._highest = max(levels, default=-inf) + near * 1.001
        self._near, self._levels = near, levels
        return levels

    def appraise(self, zones: Iterable[LiveZone]) -> None:
        """Let zones know what they are worth at this close; those that are worth the same stay as they are.

        Confluence: EMA 200 at the zone 0.2, a round number in it up to 0.2, a VWAP 0.3, a solid zone of a higher frame
        0.5. Swings inside do not count: every zone is made of them.
        """
        now_ms, _, seniors, _ = self._moment
        levels = self._note_levels() if self._levels is None else self._levels
        near, lowest, highest = self._near, self._lowest, self._highest
        for zone in zones:
            low, high = zone.low, zone.high
            if zone.seniors is not seniors:
                zone.seniors = seniors
                zone.has_senior = _is_under(low, high, seniors)
                zone.standing = zone.round_number + 0.5 if zone.has_senior else zone.round_number
            value = zone.standing
            if high >= lowest and low <= highest:
                floor, roof = low - near, high + near
                for level in levels:
                    if floor <= level <= roof:
                        value = self._with_levels(zone, floor, roof)
                        break
            if now_ms >= zone.steady_ms or value != zone.confluence:
                zone.appraise(now_ms, value)

    def _with_levels(self, zone: LiveZone, floor: float, roof: float) -> float:
        """The confluence of a zone with some level at it."""
        value, average = zone.round_number, self._average
        if average is not None and floor <= average <= roof:
            value += 0.2
        for vwap in self._moment.vwaps:
            if floor <= vwap <= roof:
                value += 0.3
                break
        return value + 0.5 if zone.has_senior else value


def _is_under(low: float, high: float, seniors: Sequence[Band]) -> bool:
    """Whether a zone of a higher timeframe lies over these borders."""
    for senior_low, senior_high in seniors:  # noqa: SIM110 - quicker than `any`
        if senior_low <= high and low <= senior_high:
            return True
    return False
