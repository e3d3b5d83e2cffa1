"""Quarter hours against hours: which quick trade of the dual system the hours allow, forbid or strengthen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from futtui.domain.signal import RawSignal, SignalPart, System
from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import Zone, ZoneKind
from futtui.signals.settings import ArbiterSettings

AGREEMENT = "agrees with the hours"
_WALL_FRAMES = (Timeframe.H4, Timeframe.D1)
_TINY = 1e-9


def is_hours(raw: RawSignal) -> bool:
    """Whether a signal is a view of the hours (the H1 engine)."""
    return raw.system is System.DUAL and raw.timeframe is Timeframe.H1


def is_quarters(raw: RawSignal) -> bool:
    """Whether a signal is a quick trade of the quarter hours (the M15 engine)."""
    return raw.system is System.DUAL and raw.timeframe is Timeframe.M15


class CrossTFArbitrator:
    """Rules between the two engines, strictly per symbol. It remembers nothing: the desk's open signals are its memory.

    `views` are signals of the hours that are open, or were made at this close and may trade; those of other symbols
    never count. Signals of the hours themselves, and of other systems, always pass.
    """

    def __init__(self, settings: ArbiterSettings) -> None:
        self._settings = settings

    def opposition(self, raw: RawSignal, views: Iterable[RawSignal]) -> str | None:
        """Why the hours forbid the trade; None if they do not."""
        for view in _on_symbol(raw, views):
            if view.side is not raw.side:
                word = view.side.value.lower()
                return f"the hours say {word} on {raw.symbol}, a quick trade against them is not taken"
        return None

    def strengthened(self, raw: RawSignal, views: Iterable[RawSignal]) -> RawSignal:
        """The signal with points for hours that say the same; itself where they do not."""
        points = self._settings.agreement_points
        views = _on_symbol(raw, views)
        if not points or not views or any(view.side is not raw.side for view in views):
            return raw
        words = f"the hours say {raw.side.value.lower()} as well"
        part = SignalPart(AGREEMENT, points, words, 1.0)
        return replace(raw, parts=(*raw.parts, part), base_score=raw.base_score + points)

    def front_run(self, raw: RawSignal, zones: Iterable[Zone]) -> str | None:
        """Why the trade would run into a zone of 4h or 1d before it pays; None if there is room."""
        if not is_quarters(raw):
            return None
        settings, sign, entry = self._settings, raw.side.sign, raw.levels.entry
        kind = ZoneKind.RESISTANCE if sign > 0 else ZoneKind.SUPPORT
        ahead = [
            (max(0.0, sign * ((zone.low if sign > 0 else zone.high) - entry)), zone)
            for zone in zones
            if zone.symbol == raw.symbol
            and zone.timeframe in _WALL_FRAMES
            and zone.kind is kind
            and sign * ((zone.high if sign > 0 else zone.low) - entry) >= 0.0
        ]
        needed = max(settings.front_run_atr * raw.atr, settings.front_run_r * raw.levels.risk)
        if not ahead:
            return None
        gap, zone = min(ahead, key=lambda each: (each[0], each[1].zone_id))
        if gap >= needed - _TINY:
            return None
        room = f"{gap / raw.atr:.1f} ATR away, {needed / raw.atr:.1f} are needed"
        return f"the next {kind.value.lower()} of {zone.timeframe.code} is only {room}"

    def combined_risk(self, held_pct: float, new_pct: float) -> str | None:
        """Why both engines together would risk too much on one symbol; None if they would not."""
        most = self._settings.max_combined_risk_pct
        total = held_pct + new_pct
        if total <= most + _TINY:
            return None
        return f"quarter hours and hours together would risk {total:.2f} % here, at most {most:g} % is allowed"


def _on_symbol(raw: RawSignal, views: Iterable[RawSignal]) -> Sequence[RawSignal]:
    """Views of the hours on the symbol of a quick trade; none for any other signal."""
    return [view for view in views if is_hours(view) and view.symbol == raw.symbol] if is_quarters(raw) else []
