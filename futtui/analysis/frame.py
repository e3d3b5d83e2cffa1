"""One timeframe inside an analyzer: takes each closed candle once, in order, and knows when one is missing."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isfinite

from futtui.domain.candle import Candle
from futtui.domain.errors import InvalidInputError
from futtui.domain.reading import FrameReading
from futtui.domain.timeframe import Timeframe
from futtui.indicators.asked import IndicatorKey, Values
from futtui.indicators.frame import CUT_EVERY_BARS, FrameIndicators
from futtui.regime.detector import RegimeDetector
from futtui.regime.settings import RegimeSettings
from futtui.strategies.base import written
from futtui.strategies.structure import OrientedBar, OrientedBars


class AnalysisFrame:
    """Indicators, regime and continuity of one timeframe."""

    def __init__(self, timeframe: Timeframe, settings: RegimeSettings, kept_candles: int) -> None:
        self.timeframe = timeframe
        self.missing = 0
        self._kept_candles = kept_candles
        self._indicators = FrameIndicators(timeframe, kept_candles)
        self._candles = self._indicators.last_candles
        self._rows: list[bytes] = []
        self._rows_taken = 0
        self._oriented = OrientedBars(kept_candles)
        self._detector = RegimeDetector(settings)
        self._last_open_ms: int | None = None
        self._reading: FrameReading | None = None

    def refusal(self, candle: Candle) -> str | None:
        """Why this candle cannot be taken, in words; None when it is the next one. Notes missing candles."""
        code, open_ms = self.timeframe.code, candle.open_time_ms
        if self._last_open_ms is None:
            return self._fault_of(candle)
        if open_ms - self._last_open_ms == self.timeframe.ms and not self.missing and _is_plainly_sound(candle):
            return None
        if open_ms <= self._last_open_ms:
            return f"{code}: the candle at {open_ms} was already taken; ignored"
        gap = (open_ms - self._last_open_ms) // self.timeframe.ms - 1
        fault = self._fault_of(candle)
        if fault is not None or gap > 0 or self.missing:
            self.missing = max(self.missing, gap + (fault is not None))
            return fault or self.not_ready_reason
        return None

    def _fault_of(self, candle: Candle) -> str | None:
        code = self.timeframe.code
        if candle.open_time_ms % self.timeframe.ms:
            return f"{code}: the candle at {candle.open_time_ms} does not start on a full {code}; ignored"
        try:
            _checked(candle)
        except InvalidInputError as fault:
            return f"{code}: {fault}"
        return None

    def take(self, candle: Candle) -> None:
        """Take a candle that `refusal` found nothing against."""
        self._indicators.update(candle)
        self._detector.step(self._indicators)
        self._last_open_ms = candle.open_time_ms
        self._reading = None

    @property
    def bars(self) -> int:
        """Candles taken since the last load."""
        return self._indicators.bars

    @property
    def atr(self) -> float | None:
        """ATR at the last close; None while it warms up."""
        return self._indicators.atr.value

    @property
    def reading(self) -> FrameReading | None:
        """The measures at the last close; None before the first candle and while candles are missing."""
        if self.missing or self._last_open_ms is None:
            return None
        if self._reading is None:
            self._reading = self._indicators.reading(self._detector.reading)
        return self._reading

    @property
    def kept(self) -> Sequence[Candle]:
        """All candles that are here, `candles` and perhaps a few older ones; the list grows with the next candle."""
        return self._candles

    def is_current(self, time_ms: int) -> bool:
        """Whether the newest candle that is closed at `time_ms` has been taken."""
        return self._last_open_ms is not None and self._last_open_ms >= self.timeframe.last_closed_open_ms(time_ms)

    def candles(self, count: int) -> Sequence[Candle]:
        """The newest `count` closed candles, oldest first; none while candles are missing."""
        if self.missing or count <= 0:
            return ()
        return self._candles[-min(count, self._kept_candles) :]

    def ago(self, bars: int) -> Candle | None:
        """The candle that closed so many bars before the newest one; None while candles are missing or too few."""
        kept = min(len(self._candles), self._kept_candles)
        return None if self.missing or bars >= kept else self._candles[-bars - 1]

    def has_candles(self, count: int, time_ms: int) -> bool | None:
        """Whether `candles_by` would give that many; None where it gives None."""
        last_open_ms = self._last_open_ms
        if self.missing or last_open_ms is None or count <= 0:
            return count <= 0
        if last_open_ms + self.timeframe.ms > time_ms:
            return None
        return min(len(self._candles), self._kept_candles) >= count

    def candles_by(self, count: int, time_ms: int) -> Sequence[Candle] | None:
        """As `candles`; None when later ones than those closed by `time_ms` are here."""
        last_open_ms = self._last_open_ms
        if self.missing or last_open_ms is None or count <= 0:
            return ()
        return None if last_open_ms + self.timeframe.ms > time_ms else self._candles[-min(count, self._kept_candles) :]

    def oriented(self, count: int, sign: int, time_ms: int) -> Sequence[OrientedBar] | None:
        """The same candles as a trade of direction `sign` sees them; None when there are none or later ones."""
        last_open_ms = self._last_open_ms
        if self.missing or last_open_ms is None or last_open_ms + self.timeframe.ms > time_ms:
            return None
        return self._oriented.newest(self._indicators.last_candles, self._indicators.bars, count, sign)

    def written(self, count: int, time_ms: int) -> Sequence[bytes] | None:
        """The same candles as they go into fingerprints; None when there are none or later ones."""
        last_open_ms = self._last_open_ms
        if self.missing or last_open_ms is None or last_open_ms + self.timeframe.ms > time_ms:
            return None
        rows, fresh = self._rows, min(self.bars - self._rows_taken, len(self._candles))
        rows.extend(map(written, self._candles[len(self._candles) - fresh :]))
        self._rows_taken = self.bars
        if len(rows) >= self._kept_candles + CUT_EVERY_BARS:
            del rows[: -self._kept_candles]
        return rows[-min(count, self._kept_candles) :] if count > 0 else ()

    @property
    def newest_open_ms(self) -> int | None:
        """Open time of the newest candle; None before the first and while candles are missing."""
        return None if self.missing else self._last_open_ms

    def usual_values(self, key: IndicatorKey) -> Values | None:
        """Values of an indicator of the usual set at the last close; None for others, and while candles are missing."""
        return None if self.missing else self._indicators.usual_values(key)

    @property
    def last_taken(self) -> Sequence[Candle]:
        """The newest candle that was taken, even while later ones are missing; empty before the first."""
        return self._indicators.candles(1)

    @property
    def not_ready_reason(self) -> str:
        """Why this timeframe gives no readings; empty when it does."""
        if not self.missing:
            return "" if self.bars else f"{self.timeframe.code}: no candles yet"
        noun = "candle" if self.missing == 1 else "candles"
        return f"{self.timeframe.code}: not ready, {self.missing} {noun} missing; reload the history"


def newest_unbroken(timeframe: Timeframe, candles: Sequence[Candle]) -> list[Candle]:
    """The newest run of sound candles without a hole, oldest first; of two with one open time the later given wins."""
    by_time = {candle.open_time_ms: candle for candle in candles}
    run: list[Candle] = []
    for open_ms in sorted(by_time, reverse=True):
        candle = by_time[open_ms]
        if run and run[-1].open_time_ms - open_ms != timeframe.ms:
            break
        if not _is_sound(timeframe, candle):
            break
        run.append(candle)
    return run[::-1]


def _is_plainly_sound(candle: Candle) -> bool:
    """Whether `_checked` surely has nothing against the candle; quicker, as nearly all candles are sound."""
    low, high = candle.low, candle.high
    return 0.0 < low <= candle.open <= high and low <= candle.close <= high < inf and 0.0 <= candle.volume < inf


def _is_sound(timeframe: Timeframe, candle: Candle) -> bool:
    try:
        _checked(candle)
    except InvalidInputError:
        return False
    return candle.open_time_ms % timeframe.ms == 0


def _checked(candle: Candle) -> Candle:
    """The candle; raises InvalidInputError when a figure is missing, endless or contradicts another."""
    if not all(map(isfinite, (candle.open, candle.high, candle.low, candle.close, candle.volume))):
        raise InvalidInputError(f"Candle at {candle.open_time_ms} holds a figure that is not a number; ignored.")
    return candle.check()
