"""The market regime on one timeframe: strength of trend on one axis, volatility on the other."""

from __future__ import annotations

from dataclasses import replace

from futtui.domain.regime import UNKNOWN_REGIME, Regime, RegimeReading
from futtui.indicators.frame import FrameIndicators
from futtui.regime.measures import RegimeMeasures, measure
from futtui.regime.settings import RegimeSettings
from futtui.regime.words import confidence, reason

_STILL = RegimeReading(Regime.UNKNOWN, 0.0, reason="price does not move")


def _too_few(bars: int, needed: int) -> str:
    return f"not enough candles yet, {bars} of {needed}"


class RegimeDetector:
    """Names the state of a market after each close, with hysteresis.

    Every combination of the two axes has a name (no dead area); UNKNOWN only while measures are missing. A state
    changes after `confirm_bars` bars in a row that agree on another one.
    """

    def __init__(self, settings: RegimeSettings | None = None) -> None:
        self.settings = settings or RegimeSettings()
        self.bars_in_state = 0
        self._reading: RegimeReading | None = UNKNOWN_REGIME
        self._measures: RegimeMeasures | None = None
        self._state = Regime.UNKNOWN
        self._candidate = Regime.UNKNOWN
        self._agreed = 0

    def update(self, indicators: FrameIndicators) -> RegimeReading:
        """The regime at the close that `indicators` was just fed; call once per closed bar."""
        self.step(indicators)
        return self.reading

    def step(self, indicators: FrameIndicators) -> None:
        """As `update`, for those who may ask for the reading later, or never."""
        measures = measure(indicators)
        if measures is None:
            self._enter(Regime.UNKNOWN)
            bars, needed = indicators.bars, indicators.ema_50.warm_up_bars
            self._reading = _STILL if bars >= needed else replace(UNKNOWN_REGIME, reason=_too_few(bars, needed))
        else:
            self._step(measures)

    def update_measures(self, measures: RegimeMeasures) -> RegimeReading:
        """The regime at a bar given by its measures."""
        self._step(measures)
        return self.reading

    def _step(self, measures: RegimeMeasures) -> None:
        self._settle(self.classify(measures))
        self.bars_in_state += 1
        self._measures, self._reading = measures, None

    @property
    def reading(self) -> RegimeReading:
        """The regime at the last close."""
        measures = self._measures
        if self._reading is None and measures is not None:
            self._reading = RegimeReading(
                regime=self._state,
                confidence=confidence(self._state, measures, self.bars_in_state, self.settings),
                bias=measures.bias,
                late_trend=measures.stretch_atr > self.settings.late_trend_atr,
                reason=reason(self._state, measures),
            )
        return self._reading or UNKNOWN_REGIME

    def _settle(self, wanted: Regime) -> None:
        if wanted is self._state:
            self._agreed = 0
            return
        self._agreed = self._agreed + 1 if wanted is self._candidate else 1
        self._candidate = wanted
        if self._state is Regime.UNKNOWN or self._agreed >= self.settings.confirm_bars:
            self._enter(wanted)

    def _enter(self, state: Regime) -> None:
        if state is not self._state:
            self.bars_in_state = 0
        self._state = state
        self._agreed = 0

    def classify(self, measures: RegimeMeasures) -> Regime:
        """The state this bar asks for, given the present one (thresholds depend on it)."""
        trend = self._trend(measures)
        if trend is not None:
            return trend
        if self._is_squeezed(measures):
            return Regime.SQUEEZE
        if self._is_expanding(measures):
            return Regime.EXPANSION
        known = self._state is Regime.CHOP
        limit = self.settings.chop_leave_slope_atr if known else self.settings.chop_enter_slope_atr
        return Regime.CHOP if measures.slope_atr >= limit else Regime.RANGE

    def _trend(self, measures: RegimeMeasures) -> Regime | None:
        settings, direction = self.settings, measures.direction
        if self._state.is_trend:
            sign = 1 if self._state is Regime.TREND_UP else -1
            if measures.adx >= settings.trend_leave_adx and direction != -sign:
                # A trend that went quiet is a squeeze, even while the slow ADX still remembers the move.
                return None if self._is_squeezed(measures) else self._state
        if direction == 0 or measures.adx < settings.trend_enter_adx:
            return None
        if measures.efficiency < settings.trend_enter_efficiency:
            return None
        return Regime.TREND_UP if direction > 0 else Regime.TREND_DOWN

    def _is_squeezed(self, measures: RegimeMeasures) -> bool:
        settings = self.settings
        known = self._state is Regime.SQUEEZE
        limit = settings.squeeze_leave_percentile if known else settings.squeeze_enter_percentile
        return measures.width_percentile < limit and measures.efficiency <= settings.squeeze_max_efficiency

    def _is_expanding(self, measures: RegimeMeasures) -> bool:
        known = self._state is Regime.EXPANSION
        limit = self.settings.expansion_leave_percentile if known else self.settings.expansion_enter_percentile
        return measures.volatility_percentile >= limit
