"""What strategies see of an analyzer at a close: worked out when it is asked for, and only then."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from futtui.analysis.frame import AnalysisFrame
from futtui.domain.candle import Candle
from futtui.domain.divergence import FrameDivergences
from futtui.domain.reading import FrameReading
from futtui.domain.timeframe import Timeframe
from futtui.domain.vwap import VwapReadings
from futtui.indicators.frame import KEPT_CANDLES
from futtui.indicators.profile_days import ProfileDays
from futtui.strategies.base import CandleSource, IndicatorSource, StrategyContext, VwapSource, rows_hash
from futtui.strategies.structure import Dip, OrientedBar
from futtui.zones.registry import ZoneRegistry

TOO_LATE = "This was not asked for at its own close, and the analysis has gone on. Ask while the close is decided on."


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the measures of one symbol come from; all of them stand at its newest close."""

    symbol: str
    frames: Mapping[Timeframe, AnalysisFrame]
    zones: ZoneRegistry
    profiles: ProfileDays
    vwaps: VwapSource
    divergences: Callable[[], FrameDivergences]
    candles: CandleSource
    indicator: IndicatorSource
    tick_size: float | None
    listed_ms: int | None
    nothing: None = None


@dataclass(frozen=True, slots=True)
class _Worked:
    """VWAPs that were worked out."""

    readings: VwapReadings


class LiveContext(StrategyContext):
    """The context of an analyzer's newest close: a measure stays empty until somebody asks for it.

    When the analysis goes on, `end` is called: what was asked for stays, the rest cannot be told any more
    (RuntimeError). For those who keep contexts, `complete` comes before.
    """

    __slots__ = ("_bars", "_dips", "_frames", "_is_over", "_sources")

    _sources: Sources
    _frames: dict[Timeframe, FrameReading | None]
    _bars: dict[Timeframe, Sequence[Candle]]
    """All candles that are kept of a timeframe; only of those that somebody asked for and that hold no later ones."""
    _dips: dict[tuple[Timeframe, int, int], Sequence[Dip]]
    _is_over: bool

    def __new__(cls, *given: Any, **named: Any) -> StrategyContext:  # type: ignore[misc]
        """A plain context of these values: what `dataclasses.replace` makes of a live one."""
        return StrategyContext(*given, **named)

    @classmethod
    def at(cls, sources: Sources, time_ms: int, daily_vwap: float | None) -> LiveContext:
        """The context of the close at `time_ms`, at which the sources stand."""
        made = object.__new__(cls)
        given: tuple[Any, ...] = (
            sources, sources.symbol, sources.tick_size, sources.listed_ms, time_ms, daily_vwap, {}, {}, {}, False
        )  # fmt: skip
        for put, value in zip(_PUT, given, strict=True):
            put(made, value)
        return made

    def __getattr__(self, name: str) -> Any:
        """Something that nobody has asked for yet."""
        if name in _OF_SOURCES:
            value: Any = getattr(self._sources, _OF_SOURCES[name])
        elif name not in _WORKED_OUT:
            raise AttributeError(name)
        elif self._is_over:
            raise RuntimeError(TOO_LATE)
        else:
            value = _WORKED_OUT[name](self)
        object.__setattr__(self, name, value)
        return value

    def complete(self) -> None:
        """Work out all that nobody has asked for yet."""
        for name in _WORKED_OUT:
            getattr(self, name)
        object.__setattr__(self, "vwap_source", _Worked(self.vwaps))

    def end(self) -> None:
        """The analysis goes on to a later close."""
        object.__setattr__(self, "_is_over", True)
        self._bars.clear()

    def frame(self, timeframe: Timeframe) -> FrameReading | None:
        """The measures of a timeframe at its last close, or None when its newest due candle is not here."""
        known = self._frames.get(timeframe)
        if known is not None or timeframe in self._frames:
            return known
        if self._is_over:
            raise RuntimeError(TOO_LATE)
        frame = self._sources.frames.get(timeframe)
        reading = frame.reading if frame is not None and frame.is_current(self.time_ms) else None
        reading = None if reading is None or reading.close_time_ms > self.time_ms else reading
        self._frames[timeframe] = reading
        return reading

    def candles(self, timeframe: Timeframe, count: int) -> Sequence[Candle]:
        """The newest `count` candles closed by `time_ms`, oldest first; fewer where history is short."""
        known = self._bars.get(timeframe)
        if known is not None and 0 < count <= KEPT_CANDLES:
            return known[-count:]
        frame = self._sources.frames.get(timeframe)
        bars = () if frame is None else frame.candles_by(count, self.time_ms)
        if bars and frame is not None and not self._is_over:
            self._bars[timeframe] = frame.kept
        return StrategyContext.candles(self, timeframe, count) if bars is None else bars

    def has_candles(self, timeframe: Timeframe, count: int) -> bool:
        """Whether `candles` would give that many."""
        known = self._bars.get(timeframe)
        if known is not None and 0 < count <= KEPT_CANDLES:
            return len(known) >= count
        frame = self._sources.frames.get(timeframe)
        has = frame is not None and frame.has_candles(count, self.time_ms)
        return StrategyContext.has_candles(self, timeframe, count) if has is None else has

    def oriented(self, timeframe: Timeframe, count: int, sign: int) -> Sequence[OrientedBar]:
        """The same candles as a trade of direction `sign` sees them; each is turned once for all who ask."""
        frame = self._sources.frames.get(timeframe)
        turned = None if frame is None else frame.oriented(count, sign, self.time_ms)
        return StrategyContext.oriented(self, timeframe, count, sign) if turned is None else turned

    def candles_hash(self, timeframe: Timeframe, count: int, more: object = None) -> str:
        """`candles_hash` of the newest `count` candles; each is written out once for all."""
        frame = self._sources.frames.get(timeframe)
        rows = None if frame is None else frame.written(count, self.time_ms)
        return StrategyContext.candles_hash(self, timeframe, count, more) if rows is None else rows_hash(rows, more)

    def dips(self, timeframe: Timeframe, most_outside: int, sign: int) -> Sequence[Dip]:
        """The dips that the newest candle may have ended for a trade of direction `sign`; worked out once for all."""
        key = timeframe, most_outside, sign
        known = self._dips.get(key)
        if known is None:
            known = self._dips[key] = StrategyContext.dips(self, timeframe, most_outside, sign)
        return known


def _all_frames(context: LiveContext) -> dict[Timeframe, FrameReading]:
    found = {timeframe: context.frame(timeframe) for timeframe in context._sources.frames}
    return {timeframe: reading for timeframe, reading in found.items() if reading is not None}


_WORKED_OUT: dict[str, Callable[[LiveContext], Any]] = {
    "frames": _all_frames,
    "zones": lambda context: context._sources.zones.zones(),
    "profiles": lambda context: context._sources.profiles.readings,
    "profile": lambda context: context.profiles.rolling_24h,
    "divergence": lambda context: context._sources.divergences(),
}
"""Measures that are left empty, and how each is worked out."""

_OF_SOURCES = {
    "candle_source": "candles",
    "indicator_source": "indicator",
    "vwap_source": "vwaps",
    "oriented_source": "nothing",
}
"""What is the same at every close and seldom asked for, and its name among the sources."""

_PUT: list[Callable[[LiveContext, Any], None]] = [vars(LiveContext)["_sources"].__set__]
_PUT += [vars(StrategyContext)[name].__set__ for name in ("symbol", "tick_size", "listed_ms", "time_ms", "daily_vwap")]
_PUT += [vars(LiveContext)[name].__set__ for name in ("_frames", "_dips", "_bars", "_is_over")]
