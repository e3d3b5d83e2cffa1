"""All zones of one symbol: a builder for each timeframe and one merged view."""

from __future__ import annotations

from collections.abc import Sequence

from futtui.domain.candle import Candle
from futtui.domain.errors import InvalidInputError
from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import Zone, ZoneEvent
from futtui.zones.builder import ZoneBuilder
from futtui.zones.live_zone import Band
from futtui.zones.merged_view import MergedView
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
        self._view = MergedView(self.settings)
        self._seniors: dict[Timeframe, tuple[Band, ...]] = {}
        self._last_seniors: dict[Timeframe, tuple[Band, ...]] = {}

    def on_candle(self, timeframe: Timeframe, candle: Candle, atr: float | None, vwaps: Sequence[float] = ()) -> None:
        """Take the next closed candle of `timeframe`, the ATR at its close (None: not available) and known VWAPs.

        Only this timeframe is rebuilt. Raises InvalidInputError for another timeframe or an old candle.
        """
        builder = self.builders.get(timeframe)
        if builder is None:
            raise InvalidInputError(f"There are no zones on {timeframe.code}. Use one of: 15m, 1h, 4h, 1d.")
        seniors = self._seniors.get(timeframe)
        if seniors is None:
            higher = ZONE_TIMEFRAMES[: ZONE_TIMEFRAMES.index(timeframe)]
            seniors = tuple([band for senior in higher for band in self.builders[senior].solid_bands])
            # The same object where nothing moved: zones need not be compared with it once more.
            before = self._last_seniors.get(timeframe)
            seniors = before if before == seniors else seniors
            self._seniors[timeframe] = self._last_seniors[timeframe] = seniors
        builder.on_candle(candle, atr, seniors, vwaps)
        if timeframe is not ZONE_TIMEFRAMES[-1]:
            self._seniors.clear()
        self._merged = None

    def take_events(self) -> list[ZoneEvent]:
        """What happened at the zones of all timeframes since the last call: by time, seniors first."""
        events = [event for builder in self.builders.values() for event in builder.take_events()]
        return sorted(events, key=lambda event: event.time_ms + event.timeframe.ms)

    def forget_events(self) -> None:
        """Forget what happened since the last call of `take_events`."""
        for builder in self.builders.values():
            builder.forget_events()

    def zones(self) -> tuple[Zone, ...]:
        """The chosen zones of all timeframes, lowest first.

        A zone that overlaps one of the same kind on a higher timeframe is absorbed by it and adds to its score.
        """
        if self._merged is None:
            *seniors, own = [builder.zones for builder in self.builders.values()]
            self._merged = self._view.of(seniors, own)
        return self._merged
