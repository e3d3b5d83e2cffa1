"""What zones were worth: a walk through past candles with the analyzer of the live app, touch by touch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from random import Random

from futtui.analysis.analyzer import Close, SymbolAnalyzer
from futtui.analysis.settings import AnalysisSettings
from futtui.domain.errors import InvalidInputError
from futtui.domain.reading import AnalysisResult
from futtui.domain.shares import wilson_interval
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES, DAY_MS, Timeframe
from futtui.live.past_candles import PastCandles
from futtui.live.settings import HistorySettings
from futtui.strategies.settings import StrategySettings
from futtui.zones.episodes import Outcome
from futtui.zones.registry import ZONE_TIMEFRAMES
from futtui.zones.touch_study import Touch, TouchStudy

BASE = Timeframe.M15
GRADES = ("A", "B", "C", "D", "")
Progress = Callable[[int], None]
"""Called with every midnight that was reached, in ms."""


@dataclass(frozen=True, slots=True)
class TouchShare:
    """How touches of one kind ended: counts, days on which they began, and the bounce rate with its 95 % interval.

    Touches without an outcome count in the rate: they did not bounce. None = no touch.
    """

    bounces: int
    breaks: int
    neither: int
    days: int

    @property
    def count(self) -> int:
        """All touches."""
        return self.bounces + self.breaks + self.neither

    @property
    def rate(self) -> float | None:
        """Share of touches that bounced, 0-1."""
        return self.bounces / self.count if self.count else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's 95 % interval of `rate`, as if every touch were independent."""
        return wilson_interval(self.bounces, self.count)


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One group of touches: zones beside random levels. `timeframe` None = all, `grade` None = all, "" = below D."""

    timeframe: Timeframe | None
    grade: str | None
    zones: TouchShare
    random: TouchShare


def check_walk(past: PastCandles, span_ms: tuple[int, int], history: HistorySettings) -> None:
    """Raises InvalidInputError when there are no candles in this time, or too few before it; walks nowhere."""
    past.at(span_ms[0], history)
    if not len(past.series[BASE].between(span_ms[0], span_ms[1] - BASE.ms + 1)):
        raise InvalidInputError(f"{past.symbol} has no candles in this time in {past.source}. Choose other days.")


def touches_of(
    past: PastCandles,
    span_ms: tuple[int, int],
    analysis: AnalysisSettings,
    history: HistorySettings,
    seed: int,
    progress: Progress | None = None,
) -> list[Touch]:
    """All touches of zones and of random levels that were decided between two moments.

    Raises InvalidInputError when there are too few candles before the first one.
    """
    check_walk(past, span_ms, history)
    walk = _Walk(past, replace(analysis, strategies=_silent(analysis.strategies)), history, seed)
    walk.load(span_ms[0])
    closes = [
        (frame.end_ms(candle.open_time_ms), frame, candle)
        for frame in ANALYSIS_TIMEFRAMES
        for candle in past.between(frame, span_ms[0], span_ms[1])
    ]
    closes.sort(key=itemgetter(0))
    for time_ms, group in groupby(closes, key=itemgetter(0)):
        walk.step(time_ms, [(frame, candle) for _, frame, candle in group])
        if progress is not None and time_ms % DAY_MS == 0:
            progress(time_ms)
    return [touch for study in walk.studies.values() for touch in study.touches]


class _Walk:
    """Feeds one analyzer as the live app does, and shows its zones to the studies close by close."""

    def __init__(self, past: PastCandles, analysis: AnalysisSettings, history: HistorySettings, seed: int) -> None:
        self._past, self._history = past, history
        self._analyzer = SymbolAnalyzer(past.symbol, analysis)
        self.studies = {
            frame: TouchStudy(past.symbol, frame, analysis.zones, Random(f"{seed}-{past.symbol}-{frame.code}").random)
            for frame in ZONE_TIMEFRAMES
        }

    def load(self, time_ms: int) -> None:
        """Start from the history before a moment."""
        self._analyzer.load(self._past.at(time_ms, self._history))
        for study in self.studies.values():
            study.break_off()

    def step(self, time_ms: int, closes: Sequence[Close]) -> None:
        """Take the candles of one moment; after a hole the history is loaded again, as live."""
        result = self._analyzer.on_closes(closes)
        if "missing" in result.reading.ready_reason:
            self.load(time_ms)
            return
        self._show(result, closes)

    def _show(self, result: AnalysisResult, closes: Iterable[Close]) -> None:
        for frame, candle in closes:
            measured = result.reading.frames.get(frame)
            study = self.studies.get(frame)
            if study is None or measured is None or measured.atr is None:
                continue
            bar = (candle.open_time_ms, candle.low, candle.high, candle.close, measured.atr)
            study.on_close(bar, [zone for zone in result.reading.zones if zone.timeframe is frame])


def rows_of(touches: Sequence[Touch]) -> list[ReportRow]:
    """Bounce rates by grade, all timeframes together; then by timeframe."""
    rows = [_row(touches, None, grade) for grade in GRADES]
    rows.append(_row(touches, None, None))
    rows += [_row(touches, frame, None) for frame in reversed(ZONE_TIMEFRAMES)]
    return rows


def _row(touches: Iterable[Touch], timeframe: Timeframe | None, grade: str | None) -> ReportRow:
    wanted = [
        touch
        for touch in touches
        if (timeframe is None or touch.timeframe is timeframe) and (grade is None or touch.grade == grade)
    ]
    return ReportRow(
        timeframe,
        grade,
        _share([touch for touch in wanted if not touch.is_random]),
        _share([touch for touch in wanted if touch.is_random]),
    )


def _share(touches: Sequence[Touch]) -> TouchShare:
    counts = {outcome: sum(touch.outcome is outcome for touch in touches) for outcome in Outcome}
    days = len({touch.time_ms // DAY_MS for touch in touches})
    return TouchShare(counts[Outcome.BOUNCE], counts[Outcome.BREAK], counts[Outcome.NONE], days)


def _silent(strategies: StrategySettings) -> StrategySettings:
    """The same settings with every strategy turned off: only zones are asked."""
    return replace(
        strategies, **{name: replace(getattr(strategies, name), enabled=False) for name in strategies.__slots__}
    )
