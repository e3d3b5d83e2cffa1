"""All zones of one symbol: a builder for each timeframe and one merged view."""

from __future__ import annotations

from dataclasses import replace

from futtui.domain.candle import Candle
from futtui.domain.errors import InvalidInputError
from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import Zone
from futtui.zones.builder import ZoneBuilder
from futtui.zones.live_zone import overlap_share
from futtui.zones.settings import ZoneSettings

ZONE_TIMEFRAMES = (Timeframe.D1, Timeframe.H4, Timeframe.H1, Timeframe.M15)
"""Seniors first."""


class ZoneRegistry:
    """Zones of one symbol on 15m, 1h, 4h and 1d. Close the higher frames first when several close together."""

    def __init__(self, symbol: str, settings: ZoneSettings | None = None) -> None:
        self.symbol = symbol
        self.settings = settings or ZoneSettings()
        self.builders = {frame: ZoneBuilder(symbol, frame, self.settings) for frame in ZONE_TIMEFRAMES}
        self._merged: tuple[Zone, ...] | None = ()

    def on_candle(self, timeframe: Timeframe, candle: Candle, atr: float | None) -> None:
        """Take the next closed candle of `timeframe` and the ATR at its close (None: not available).

        Only this timeframe is rebuilt. Raises InvalidInputError for another timeframe or an old candle.
        """
        builder = self.builders.get(timeframe)
        if builder is None:
            raise InvalidInputError(f"There are no zones on {timeframe.code}. Use one of: 15m, 1h, 4h, 1d.")
        higher = [self.builders[senior] for senior in ZONE_TIMEFRAMES[: ZONE_TIMEFRAMES.index(timeframe)]]
        builder.on_candle(candle, atr, lambda: [zone for senior in higher for zone in senior.zones])
        self._merged = None

    def zones(self) -> tuple[Zone, ...]:
        """The chosen zones of all timeframes, lowest first.

        A zone that overlaps one of the same kind on a higher timeframe is absorbed by it and adds to its score.
        """
        if self._merged is None:
            self._merged = self._merge()
        return self._merged

    def _merge(self) -> tuple[Zone, ...]:
        kept: list[Zone] = []
        absorbed: list[int] = []
        for timeframe in ZONE_TIMEFRAMES:
            seniors = len(kept)
            for zone in self.builders[timeframe].zones:
                place = self._absorber(zone, kept, seniors)
                if place is None:
                    kept.append(zone)
                    absorbed.append(0)
                else:
                    absorbed[place] += 1
        for place, count in enumerate(absorbed):
            if count:
                zone = kept[place]
                kept[place] = replace(zone, score=min(100.0, zone.score + count * self.settings.merge_bonus))
        return tuple(sorted(kept, key=lambda zone: (zone.low + zone.high, zone.zone_id)))

    def _absorber(self, zone: Zone, kept: list[Zone], seniors: int) -> int | None:
        """Place of the senior zone of the same kind that overlaps most, if it overlaps enough."""
        best, most = None, 0.0
        low, high, kind = zone.low, zone.high, zone.kind
        for place in range(seniors):
            senior = kept[place]
            if senior.low <= high and low <= senior.high and senior.kind is kind:
                share = overlap_share(senior.low, senior.high, low, high)
                if share >= self.settings.merge_overlap and share > most:
                    best, most = place, share
        return best
