"""The bars of the lookback and what they say about widths: limits for clusters and borders for zones."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import sqrt

from futtui.domain.timeframe import Timeframe
from futtui.zones.episodes import Bar
from futtui.zones.live_zone import Band
from futtui.zones.past import KeptBars, Past
from futtui.zones.settings import ZoneSettings
from futtui.zones.stage_one import Guard
from futtui.zones.swings import Swing
from futtui.zones.weights import swing_weights, weighted_median

RANGE_BARS = 20


class FrameMeasures:
    """Keeps the bars of one timeframe; all its answers are about the newest one."""

    __slots__ = (
        "_atr_bars",
        "_atr_sum",
        "_frame",
        "_kept",
        "_past",
        "_recent_highs",
        "_recent_lows",
        "_settings",
        "_usual",
        "bars",
        "half_life_ms",
    )

    def __init__(self, timeframe: Timeframe, settings: ZoneSettings) -> None:
        self._settings = settings
        self._frame = settings.frame(timeframe)
        self.bars: deque[Bar] = deque(maxlen=self._frame.lookback_bars)
        """Oldest first."""
        self.half_life_ms = settings.recency_half_life * self._frame.lookback_bars * timeframe.ms
        """Age at which a swing counts half."""
        self._recent_lows: deque[float] = deque(maxlen=RANGE_BARS)
        self._recent_highs: deque[float] = deque(maxlen=RANGE_BARS)
        self._atr_sum, self._atr_bars = 0.0, 0
        self._kept = KeptBars(self._frame.lookback_bars)
        self._past: Past | None = None
        self._usual: float | None = None

    def add(self, bar: Bar) -> None:
        """Take the next bar; one without an ATR (0) counts for nothing but its range."""
        if len(self.bars) == self._frame.lookback_bars and self.bars[0][4] > 0:
            self._atr_sum -= self.bars[0][4]
            self._atr_bars -= 1
        self.bars.append(bar)
        self._past = self._usual = None
        self._recent_lows.append(bar[1])
        self._recent_highs.append(bar[2])
        if bar[4] > 0:
            self._atr_sum += bar[4]
            self._atr_bars += 1
            self._kept.add(bar)

    def past(self) -> Past:
        """The bars of the lookback that have an ATR; made once a close, when somebody asks."""
        if self._past is None:
            self._past = self._kept.since(self.bars[0][0])
        return self._past

    def guard(self) -> Guard:
        """The limits of stage one at this close; the widest span in ATR, in percent and against the last 20 bars."""
        _, _, _, close, atr = self.bars[-1]
        frame = self._frame
        walked = max(self._recent_highs) - min(self._recent_lows)
        widest = min(frame.guard_atr * atr, frame.guard_pct / 100.0 * close, frame.guard_range * walked)
        return Guard(
            widest,
            frame.kde_bandwidth_atr * atr,
            self._settings.valley_gap_atr * atr,
            self._settings.outlier_z,
            self._settings.cluster_min_swings,
        )

    def borders(self, members: Sequence[Swing], now_ms: int) -> Band:
        """Weighted median plus and minus half the width: the span of the swings within limits of volatility.

        The measure is the geometric mean of ATR now and its average over the lookback, so that one wild hour widens a
        new zone somewhat, but not all the way.
        """
        weights = swing_weights(members, now_ms, self.half_life_ms)
        middle = weighted_median([swing.price for swing in members], weights)
        usual = self._usual
        if usual is None:
            usual = self._usual = sqrt(self.bars[-1][4] * self._atr_sum / self._atr_bars)
        span = members[-1].price - members[0].price
        half = max(self._frame.min_width_atr * usual, min(self._frame.max_width_atr * usual, span)) / 2.0
        return self.wide_enough(middle - half, middle + half)

    def wide_enough(self, low: float, high: float) -> Band:
        """Borders at least `min_width_pct` of price apart."""
        middle = (low + high) / 2.0
        half = max(high - low, self._settings.min_width_pct / 100.0 * middle) / 2.0
        return middle - half, middle + half
