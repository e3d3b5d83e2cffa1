"""Swings found by how far price turned back, beside those found by counting bars."""

from __future__ import annotations

from futtui.domain.candle import Candle
from futtui.zones.swings import FractalSwings, Swing


class ReversalSwings:
    """Finds the last extreme before each move back of at least `reversal_atr` ATR.

    Whether the low of a bar came before or after its own high is not known: on the bar of the extreme only its close
    can confirm the turn, later bars with their whole range. ATR is that of the confirming bar.
    """

    __slots__ = (
        "_falling",
        "_far",
        "_far_ms",
        "_far_volume",
        "_from",
        "_top",
        "_top_ms",
        "_top_volume",
        "reversal_atr",
    )

    def __init__(self, reversal_atr: float) -> None:
        self.reversal_atr = reversal_atr
        # Prices of a falling leg are negated, so that the extreme which is followed is always a top.
        self._falling: bool | None = None
        self._top = self._far = self._from = 0.0
        self._top_ms = self._far_ms = -1
        self._top_volume = self._far_volume = 0.0

    def update(self, candle: Candle, atr: float | None) -> Swing | None:
        """The swing that this closed candle confirms, if any; None also without an ATR."""
        if not atr:
            return None
        if self._falling is None:
            self._begin(candle, atr)
            return None
        if self._falling:
            high, low, close = -candle.low, -candle.high, -candle.close
        else:
            high, low, close = candle.high, candle.low, candle.close
        if high >= self._top:
            self._top, self._top_ms, self._top_volume = high, candle.open_time_ms, candle.volume
            self._far, self._far_ms, self._far_volume = close, candle.open_time_ms, candle.volume
        elif low <= self._far:
            self._far, self._far_ms, self._far_volume = low, candle.open_time_ms, candle.volume
        if self._top - self._far < self.reversal_atr * atr:
            return None
        return self._turn(candle.open_time_ms)

    def _turn(self, now_ms: int) -> Swing:
        """The top as a swing; what was the far end of the move back is the extreme to follow from now on."""
        is_high, top = not self._falling, self._top
        prominence = min(top - self._from, top - self._far)
        swing = Swing(self._top_ms, now_ms, top if is_high else -top, is_high, self._top_volume, prominence)
        self._falling = is_high
        self._from, self._top, self._top_ms, self._top_volume = -top, -self._far, self._far_ms, self._far_volume
        # The far end of the next move back is not known yet: it starts at the new extreme itself.
        self._far, self._far_ms = self._top, self._top_ms
        return swing

    def _begin(self, candle: Candle, atr: float) -> None:
        """Follow the first bars until price has gone far enough one way from where it began."""
        close = candle.close
        if self._top_ms < 0:
            self._from, self._top_ms = close, candle.open_time_ms
        elif abs(close - self._from) >= self.reversal_atr * atr:
            self._falling = close < self._from
            sign = -1.0 if self._falling else 1.0
            self._from *= sign
            self._top = -candle.low if self._falling else candle.high
            self._top_ms, self._top_volume = candle.open_time_ms, candle.volume
            self._far, self._far_ms, self._far_volume = sign * close, candle.open_time_ms, candle.volume


class SwingFinder:
    """Fractal and reversal swings together; a turning point that both find is one swing, from the first to tell."""

    __slots__ = ("_fractals", "_known", "_reversals")

    def __init__(self, bars: int, reversal_atr: float) -> None:
        self._fractals = FractalSwings(bars)
        self._reversals = ReversalSwings(reversal_atr)
        self._known: dict[tuple[int, bool], None] = {}

    def update(self, candle: Candle, atr: float | None) -> list[Swing]:
        """The swings that this closed candle confirms and that were not known before."""
        found = self._fractals.update(candle)
        turned = self._reversals.update(candle, atr)
        if turned is not None:
            found.append(turned)
        if not found:
            return found
        new = []
        for swing in found:
            key = (swing.time_ms, swing.is_high)
            if key not in self._known:
                self._known[key] = None
                new.append(swing)
        while len(self._known) > 256:
            del self._known[next(iter(self._known))]
        return new
