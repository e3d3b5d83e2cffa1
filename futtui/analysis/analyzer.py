"""SymbolAnalyzer: candles of one symbol in, readings and raw signals out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter

from futtui.analysis.context import LiveContext, Sources
from futtui.analysis.frame import AnalysisFrame, newest_unbroken
from futtui.analysis.settings import AnalysisSettings
from futtui.analysis.vwaps import SymbolVwaps
from futtui.domain.candle import Candle
from futtui.domain.divergence import NO_DIVERGENCES, Divergence, FrameDivergences
from futtui.domain.errors import InvalidInputError
from futtui.domain.reading import AnalysisResult, FrameReading, StrategyVerdict, SymbolReading
from futtui.domain.regime import Regime
from futtui.domain.signal import RawSignal
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES, DAY_MS, Timeframe
from futtui.domain.vwap import NO_VWAPS, VwapReadings
from futtui.domain.zone import ZoneEvent
from futtui.indicators.asked import IndicatorKey, Values, values_after
from futtui.indicators.cache import CacheKey, IndicatorCache
from futtui.indicators.divergence import LOOKBACK_BARS, divergence_of, together
from futtui.indicators.frame import KEPT_CANDLES as KEPT_CANDLES
from futtui.indicators.profile_days import ProfileDays
from futtui.indicators.vwap import DailyVwap
from futtui.strategies.base import EVERY_CANDLE
from futtui.strategies.catalogue import build_strategies
from futtui.strategies.manager import Deadline, Stopwatch, StrategyManager
from futtui.strategies.plugin import build_plugins
from futtui.zones.registry import ZoneRegistry

BASE = Timeframe.M15
DAY_BARS = DAY_MS // BASE.ms
SELF = "analyzer"
"""Name under which the analyzer itself speaks in verdicts, about data and not about a strategy."""

Close = tuple[Timeframe, Candle]


class SymbolAnalyzer:
    """Candle series, indicators, regimes, zones and strategies of one symbol.

    Pure: the same candles give the same readings and signals, whenever and wherever they are fed. Feed it history with
    `load`, then every moment's closed candles with `on_closes`. A timeframe with a hole gives no readings, and no
    strategy decides on it, until the history is loaded again. `listed_ms`: since when the symbol is traded, None =
    unknown; some strategies want an established coin.
    """

    def __init__(
        self,
        symbol: str,
        settings: AnalysisSettings | None = None,
        tick_size: float | None = None,
        stopwatch: Stopwatch | None = None,
        listed_ms: int | None = None,
        deadline: Deadline | None = None,
    ) -> None:
        self.symbol = symbol
        self._listed_ms = listed_ms
        self._stopwatch = stopwatch
        self._deadline = deadline
        self.tick_size = tick_size
        self._settings = settings or AnalysisSettings()
        self._start_over()

    def _start_over(self) -> None:
        settings = self._settings
        shipped = build_strategies(self.symbol, settings.strategies)
        own = build_plugins(self.symbol, settings.plugins)
        self._manager = StrategyManager((*shipped, *own), self._stopwatch, self._deadline)
        kept = max(KEPT_CANDLES, self._manager.memory_bars, self._manager.required_bars)
        self._frames = {frame: AnalysisFrame(frame, settings.regime, kept) for frame in ANALYSIS_TIMEFRAMES}
        self._zones = ZoneRegistry(self.symbol, settings.zones)
        self._day_vwap = DailyVwap()
        self._vwaps = SymbolVwaps()
        self._profile_days = ProfileDays()
        self._cache = IndicatorCache()
        self._time_ms = 0
        self._sources = Sources(
            self.symbol, self._frames, self._zones, self._profile_days, self._vwaps, self._divergences, self._candles,
            self._indicator, self.tick_size, self._listed_ms,
        )  # fmt: skip

    def load(self, history: Mapping[Timeframe, Sequence[Candle]]) -> SymbolReading:
        """The reading after all of `history`; signals of the past are not reported.

        Starts over, and uses the newest unbroken run of each timeframe, in the order in which it would have come.
        Raises InvalidInputError when there is no usable 15m candle.
        """
        self._start_over()
        runs = {frame: newest_unbroken(frame, history.get(frame, ())) for frame in ANALYSIS_TIMEFRAMES}
        if not runs[BASE]:
            raise InvalidInputError(f"{self.symbol}: there is no usable 15m candle. Load some history first.")
        newest_ms = BASE.end_ms(runs[BASE][-1].open_time_ms)
        decide_from_ms = newest_ms - (self._manager.memory_bars + 1) * BASE.ms
        last_ms = {frame.end_ms(run[-1].open_time_ms) for frame, run in runs.items() if run}
        closes = ((frame, candle) for frame, run in runs.items() for candle in run)
        for time_ms, group in _moments(closes):
            taken, _ = self._take(time_ms, group)
            if time_ms >= decide_from_ms:
                self._manager.closes_to_come = max(0, newest_ms - time_ms) // BASE.ms
                self._manager.explains = time_ms in last_ms  # the reasons of earlier closes are overwritten unread
                self._decide(time_ms, taken)
        self._manager.closes_to_come = 0
        return self.reading

    def on_closes(self, closes: Sequence[Close], *, explain: bool = True) -> AnalysisResult:
        """What the closed candles of one moment mean: the new reading, raw signals, and reasons.

        Higher timeframes are taken first whatever the order given; should candles of several moments come at once, the
        moments are worked off in order. A repeated candle is ignored and named in the verdicts; a candle after a hole
        is refused, and its timeframe stays "not ready" until `load`. Raises InvalidInputError before the first `load`.
        Without `explain` there are no reasons, no events of zones and not the VWAPs that a chart draws: nothing is
        decided by them.
        """
        self._manager.explains = explain
        signals: list[RawSignal] = []
        remarks: list[StrategyVerdict] = []
        for time_ms, group in _moments(closes):
            taken, refused = self._take(time_ms, group)
            signals += self._decide(time_ms, taken)
            remarks += (StrategyVerdict(SELF, False, reason) for reason in refused)
        if not explain:
            self._zones.forget_events()
            return AnalysisResult(self._read(NO_VWAPS), tuple(signals), ())
        verdicts = (*remarks, *self._manager.verdicts)
        return AnalysisResult(self.reading, tuple(signals), verdicts, tuple(self._zones.take_events()))

    def take_zone_events(self) -> list[ZoneEvent]:
        """What `load` saw happen at the zones, oldest first: the newest 500 notes of a timeframe, once.

        What comes later is in the answers of `on_closes`.
        """
        return self._zones.take_events()

    def _take(self, time_ms: int, closes: Iterable[Close]) -> tuple[list[Timeframe], list[str]]:
        taken, refused = [], []
        for timeframe, candle in closes:
            frame = self._frames.get(timeframe)
            reason = f"{timeframe.code} is not analysed" if frame is None else frame.refusal(candle)
            if frame is None or reason is not None:
                refused.append(reason or "")
                continue
            frame.take(candle)
            if timeframe is BASE:
                self._day_vwap.update(candle)
                self._vwaps.update(candle, frame.atr)
                self._profile_days.update(candle)
            vwaps = (self._day_vwap.value, self._vwaps.week)
            self._zones.on_candle(timeframe, candle, frame.atr, [vwap for vwap in vwaps if vwap is not None])
            taken.append(timeframe)
        if taken:
            self._time_ms = max(self._time_ms, time_ms)
        return taken, refused

    def _decide(self, time_ms: int, taken: Sequence[Timeframe]) -> list[RawSignal]:
        if not taken:
            return []
        context = LiveContext.at(self._sources, time_ms, self._day_vwap.value)
        signals = [signal for timeframe in taken for signal in self._manager.on_close(timeframe, context)]
        if self._settings.plugins:
            context.complete()  # a strategy of the user's own may have kept it
        context.end()
        return signals

    def _divergences(self) -> FrameDivergences:
        if not self._settings.divergence:
            return NO_DIVERGENCES
        return together(self._divergence(Timeframe.M15), self._divergence(Timeframe.H1))

    def _divergence(self, timeframe: Timeframe) -> Divergence:
        newest_ms = self._frames[timeframe].newest_open_ms
        if newest_ms is None:
            return divergence_of(())
        key = CacheKey(self.symbol, timeframe, newest_ms, divergence_of)
        return self._cache.get(key, lambda: divergence_of(self._candles(timeframe, LOOKBACK_BARS)))

    def _indicator(self, timeframe: Timeframe, key: IndicatorKey, last_open_ms: int) -> Values | None:
        """From the usual set, else from all kept candles, once for all who ask; None once its moment is over."""
        frame = self._frames.get(timeframe)
        if frame is None or frame.newest_open_ms != last_open_ms:
            return None
        usual = frame.usual_values(key)
        if usual is not None:
            return usual
        place = CacheKey(self.symbol, timeframe, last_open_ms, key)
        return self._cache.get(place, lambda: values_after(key, frame.candles(EVERY_CANDLE)))

    def _candles(self, timeframe: Timeframe, count: int) -> Sequence[Candle]:
        frame = self._frames.get(timeframe)
        return () if frame is None else frame.candles(count)

    @property
    def reading(self) -> SymbolReading:
        """Everything known at the last close; raises InvalidInputError before the first 15m candle."""
        return self._read(self._vwaps.readings)

    def _read(self, vwaps: VwapReadings) -> SymbolReading:
        newest = self._frames[BASE].last_taken
        if not newest:
            raise InvalidInputError(f"{self.symbol}: no 15m candle yet. Load its history first.")
        readings = {frame: each.reading for frame, each in self._frames.items()}
        reason = "" if self._is_plainly_ready(readings) else self._not_ready_reason()
        profiles = self._profile_days.readings
        return SymbolReading(
            symbol=self.symbol,
            time_ms=self._time_ms,
            price=newest[-1].close,
            frames={frame: reading for frame, reading in readings.items() if reading is not None},
            zones=self._zones.zones(),
            daily_vwap=self._day_vwap.value,
            anchored_vwap=self._vwaps.week,
            profile=profiles.rolling_24h,
            profiles=profiles,
            vwaps=vwaps,
            divergence=self._divergences(),
            change_24h_pct=self._change_24h_pct(),
            ready=not reason,
            ready_reason=reason,
        )

    def _change_24h_pct(self) -> float | None:
        day_ago = self._frames[BASE].ago(DAY_BARS)
        newest = self._frames[BASE].ago(0)
        return None if day_ago is None or newest is None else (newest.close / day_ago.close - 1.0) * 100.0

    def _is_plainly_ready(self, readings: Mapping[Timeframe, FrameReading | None]) -> bool:
        """Whether `_not_ready_reason` surely has nothing to say; quicker, as that is nearly always so."""
        for timeframe, reading in readings.items():
            if reading is None or reading.atr is None or reading.close_time_ms <= self._time_ms - timeframe.ms:
                return False
        four_hours = readings[Timeframe.H4]
        return four_hours is not None and four_hours.regime.regime is not Regime.UNKNOWN

    def _not_ready_reason(self) -> str:
        """Why strategies cannot decide yet, seniors first; empty when they can. Days are context only."""
        reasons = []
        for timeframe, frame in self._frames.items():
            if frame.missing:
                reasons.append(frame.not_ready_reason)
            elif timeframe is Timeframe.D1:
                continue
            elif not frame.is_current(self._time_ms):
                reasons.append(frame.not_ready_reason or f"{timeframe.code}: its newest candle has not arrived")
            elif frame.atr is None:
                reasons.append(f"{timeframe.code}: warming up, {frame.bars} candles so far")
        four_hours = self._frames[Timeframe.H4].reading
        if not reasons and (four_hours is None or four_hours.regime.regime is Regime.UNKNOWN):
            reasons.append("4h: the regime is not known yet" + (f" ({four_hours.regime.reason})" if four_hours else ""))
        return "; ".join(reasons)


def _moments(closes: Iterable[Close]) -> Iterable[tuple[int, list[Close]]]:
    """(close time, candles) oldest first; inside a moment higher timeframes first."""
    if isinstance(closes, list) and len(closes) == 1:
        timeframe, candle = closes[0]
        yield timeframe.end_ms(candle.open_time_ms), closes
        return
    timed = [(timeframe.end_ms(candle.open_time_ms), timeframe, candle) for timeframe, candle in closes]
    timed.sort(key=lambda each: (each[0], -each[1].ms))
    for time_ms, group in groupby(timed, key=itemgetter(0)):
        yield time_ms, [(timeframe, candle) for _, timeframe, candle in group]
