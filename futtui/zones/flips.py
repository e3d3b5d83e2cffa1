"""Confirmed breaks: when a resistance has become a support, or the other way round."""

from __future__ import annotations

from futtui.domain.zone import ZoneKind
from futtui.zones.past import Past, View
from futtui.zones.settings import ZoneSettings


class FlipTracker:
    """Watches one zone for a close beyond its far side and for what confirms it.

    Confirmed by `flip_closes` further closes in a row beyond the edge, or by a retest: a bar that comes near to the
    edge from beyond and, within a few bars, a move away from it. Forgotten when a close comes back through the zone
    or when neither happens within `retest_bars`.
    """

    __slots__ = ("_closes", "_retest_age", "_was_retested", "pending_bars", "retested", "settings")

    def __init__(self, settings: ZoneSettings) -> None:
        self.settings = settings
        self.pending_bars: int | None = None
        self._closes = 0
        self._retest_age: int | None = None
        self._was_retested = False
        self.retested = False
        """Whether the last bar was the first to come back to the edge after a break."""

    def update(self, kind: ZoneKind, bar: tuple[float, float, float], atr: float, zone: tuple[float, float]) -> bool:
        """Whether this closed bar (low, high, close) confirms that a zone (low, high) of `kind` has changed kind."""
        low, high, close = bar
        zone_low, zone_high = zone
        if kind is ZoneKind.RESISTANCE:
            beyond, near, back = close - zone_high, low - zone_high, zone_low - close
            away = high - zone_high
        else:
            beyond, near, back = zone_low - close, zone_low - high, close - zone_high
            away = zone_low - low
        self.retested = False
        if self.pending_bars is None:
            if beyond > self.settings.break_atr * atr:
                self.pending_bars = 0
                self._closes = 0
                self._retest_age = None
                self._was_retested = False
            return False
        confirmed = self._follow(beyond, near, away, atr)
        if confirmed or back > 0 or self.pending_bars >= self.settings.retest_bars + self.settings.retest_reaction_bars:
            self.pending_bars = None
        return confirmed

    def _follow(self, beyond: float, near: float, away: float, atr: float) -> bool:
        settings = self.settings
        assert self.pending_bars is not None
        self.pending_bars += 1
        self._closes = self._closes + 1 if beyond > 0 else 0
        if self._closes >= settings.flip_closes:
            return True
        if self._retest_age is not None:
            self._retest_age += 1
            if self._retest_age > settings.retest_reaction_bars:
                self._retest_age = None
            elif beyond > 0 and away >= settings.retest_reaction_atr * atr:
                return True
        if near <= settings.retest_near_atr * atr and self.pending_bars <= settings.retest_bars:
            self._retest_age = 0
            if not self._was_retested:
                self.retested = self._was_retested = True
        return False

    def follow_break(self, past: Past, view: View, place: int, edge: float, far_edge: float) -> tuple[int, bool]:
        """The place after the bar that settles the break of a fresh tracker at `place`, and whether it confirms it.

        The same as `update` with each bar, quicker: `view` tells the past so that the break goes up through `edge`.
        A break that no bar settles goes on waiting.
        """
        settings, (lows, highs, closes) = self.settings, view
        needed, last = settings.flip_closes, place + settings.flip_closes
        # No retest can be completed before the second close.
        if needed <= 2 and last < past.end and closes[last] > edge and closes[place + 1] > edge:
            return last + 1, True
        pending, in_a_row, retest_age, was_retested = 0, 0, None, False
        longest, atrs = settings.retest_bars + settings.retest_reaction_bars, past.atrs
        for at in range(place + 1, past.end):
            pending += 1
            close, atr = closes[at], atrs[at]
            in_a_row = in_a_row + 1 if close > edge else 0
            if in_a_row >= needed:
                return at + 1, True
            if retest_age is not None:
                retest_age += 1
                if retest_age > settings.retest_reaction_bars:
                    retest_age = None
                elif close > edge and highs[at] - edge >= settings.retest_reaction_atr * atr:
                    return at + 1, True
            if pending <= settings.retest_bars and lows[at] - edge <= settings.retest_near_atr * atr:
                retest_age, was_retested = 0, True
            if close < far_edge or pending >= longest:
                return at + 1, False
        self.pending_bars, self._closes, self._retest_age, self._was_retested = (
            pending,
            in_a_row,
            retest_age,
            was_retested,
        )
        return past.end, False
