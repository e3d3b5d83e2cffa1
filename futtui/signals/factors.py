"""Multi-factor confirmation: how many independent things speak for a signal at once."""

from __future__ import annotations

from futtui.domain.reading import FrameReading, SymbolReading
from futtui.domain.signal import RawSignal, SignalPart
from futtui.domain.timeframe import Timeframe
from futtui.signals.settings import ScoringSettings

_HIGHER = (Timeframe.H1, Timeframe.H4)
_NEEDED_KNOWN = 3


def factors(raw: RawSignal, reading: SymbolReading | None, settings: ScoringSettings) -> dict[str, bool | None]:
    """Each factor by name: True speaks for the signal, False does not, None is not known."""
    own = reading.frames.get(raw.timeframe) if reading is not None else None
    flow = raw.flow if raw.flow is not None or own is None else own.flow
    volume = raw.volume_ratio if raw.volume_ratio is not None or own is None else own.volume_ratio
    return {
        "higher timeframes": _higher_frames(raw, reading),
        "volume": None if volume is None else volume >= settings.volume_ratio,
        "money flow": None if flow is None else flow * raw.side.sign > 0.0,
        "price near the most traded price": _near_poc(raw, reading, settings),
        "averages of its own timeframe": _own_regime(raw, own),
    }


def factor_part(raw: RawSignal, reading: SymbolReading | None, settings: ScoringSettings) -> SignalPart:
    """Points when three or more factors agree; unknown ones never count for it."""
    found = factors(raw, reading, settings)
    known = [name for name, value in found.items() if value is not None]
    if len(known) < _NEEDED_KNOWN:
        return SignalPart(
            "confirmation", 0.0, f"only {len(known)} of {len(found)} factors are known", None, valid=False
        )
    agree = [name for name in known if found[name]]
    step = len(agree) - _NEEDED_KNOWN + 1
    points = settings.confirmation_points * step if step > 0 else 0.0
    words = ", ".join(agree) if agree else "none"
    return SignalPart("confirmation", points, f"{len(agree)} of {len(known)} factors agree: {words}", float(len(agree)))


def _higher_frames(raw: RawSignal, reading: SymbolReading | None) -> bool | None:
    """Both 1h and 4h on the right side of their EMA of 50 bars; None while one of them is not known."""
    if reading is None:
        return None
    agree = []
    for timeframe in _HIGHER:
        frame = reading.frames.get(timeframe)
        if frame is None or frame.ema_50 is None:
            return None
        agree.append((frame.close - frame.ema_50) * raw.side.sign > 0.0)
    return all(agree)


def _near_poc(raw: RawSignal, reading: SymbolReading | None, settings: ScoringSettings) -> bool | None:
    if reading is None or reading.profile is None or not raw.atr > 0.0:
        return None
    return abs(raw.levels.entry - reading.profile.poc) / raw.atr <= settings.poc_distance_atr


def _own_regime(raw: RawSignal, own: FrameReading | None) -> bool | None:
    """The short average on the right side of the long one, on the signal's own timeframe."""
    if own is None or own.ema_20 is None or own.ema_50 is None:
        return None
    return (own.ema_20 - own.ema_50) * raw.side.sign > 0.0
