"""Everyday names of the trade's enums."""

from __future__ import annotations

from futtui.domain.side import Side
from futtui.domain.signal import TAKEN, Signal, SignalStatus
from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import Zone, ZoneKind
from futtui.tui.glyphs import DOWN, UP
from futtui.tui.paint.text import Span
from futtui.tui.words import has_word, word

_REGIME_TOKENS = {"TREND_UP": "up", "TREND_DOWN": "down", "EXPANSION": "attention", "UNKNOWN": "dim"}


def regime_span(regime: str) -> Span:
    """Short word of a regime (its enum value), as in `up ▲`; a text that is no regime is shown as it is."""
    text = word(f"regime.{regime}") if has_word(f"regime.{regime}") else regime
    return text, _REGIME_TOKENS.get(regime, "text")


def side_span(side: Side) -> Span:
    """`▲ LONG` or `▼ SHORT`."""
    return (f"{UP} {word('side.long')}", "up_bold") if side is Side.LONG else (f"{DOWN} {word('side.short')}", "down")


def setup_name(strategy: str) -> str:
    """`Break Retest` of `break_retest`; a strategy of the user's own is marked as such."""
    identity = f"strategy.{strategy}"
    return word(identity) if has_word(identity) else word("strategy.own", name=strategy.replace("_", " ").title())


def system_name(system: str) -> str:
    """Everyday name of a signal system."""
    return word(f"system.{system}") if has_word(f"system.{system}") else system


def frame_name(timeframe: Timeframe) -> str:
    """`M15`, `H1`."""
    return timeframe.name


PASSED_MARK = "?"


def zone_letter(zone: Zone) -> str:
    """S, R, or F for a zone that was broken and changed sides."""
    if zone.flipped:
        return word("zone.flipped")
    return word("zone.support") if zone.kind is ZoneKind.SUPPORT else word("zone.resistance")


def zone_mark(zone: Zone, price: float) -> str:
    """The letter, with a question mark while price is beyond the zone and it has not changed sides."""
    return zone_letter(zone) + (PASSED_MARK if price > 0 and zone.is_passed_by(price) else "")


def zone_token(zone: Zone) -> str:
    """Style token of a zone: its kind and, in three steps, its score."""
    kind = "flipped" if zone.flipped else zone.kind.value.lower()
    step = 3 if zone.score >= 80 else 2 if zone.score >= 60 else 1
    return f"{kind}_{step}"


def status_text(signal: Signal) -> str:
    """State of a signal in one word; `for info` while one that is not traded is followed.

    What the user did with an open one comes first.
    """
    if signal.status.is_open and signal.is_set_aside:
        return word("signal.status.taken" if TAKEN in signal.tags else "signal.status.dismissed")
    if signal.raw.is_by_hand and signal.status is SignalStatus.ACTIVE:
        return word("signal.status.by_hand")
    if signal.is_for_information and signal.status is SignalStatus.ACTIVE:
        return word("signal.status.information")
    return word(f"signal.status.{signal.status.value}")


def is_listed_open(signal: Signal) -> bool:
    """Whether a signal stands among the open ones: not over, and not set aside by the user."""
    return signal.status.is_open and not signal.is_set_aside


def status_token(signal: Signal) -> str:
    """Open signals stand out, finished ones and those set aside step back."""
    status = signal.status
    if signal.is_set_aside:
        return "dim"
    return "text" if status is SignalStatus.ACTIVE else "attention" if status is SignalStatus.WAITING else "dim"


def window_name(window: str) -> str:
    """Over which time a profile was taken, in everyday words."""
    return word(f"window.{window}") if has_word(f"window.{window}") else window
