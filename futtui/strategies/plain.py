"""A signal with plain numbers: a strategy that computes with arrays may hand out some that nothing can write down."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np

from futtui.domain.signal import RawSignal

_PLAIN_TYPES = frozenset((float, int, bool, type(None)))


def plain_signal(signal: RawSignal) -> RawSignal:
    """The signal itself where its numbers are plain ones, as nearly always; else the same one with plain numbers."""
    levels = signal.levels
    figures = [levels.entry, levels.stop, *levels.targets, signal.atr, signal.base_score, signal.volume_ratio]
    figures += [signal.flow, signal.time_ms, signal.valid_until_ms, signal.time_stop_bars, signal.standing]
    for part in signal.parts:
        figures += [part.points, part.value, part.valid]
    if signal.limits is not None:
        figures += [signal.limits.max_stop_atr, signal.limits.min_reward_r]
    if _PLAIN_TYPES.issuperset(map(type, figures)):
        return signal
    made: RawSignal = _plain(signal) if any(isinstance(figure, np.generic) for figure in figures) else signal
    return made


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{item.name: _plain(getattr(value, item.name)) for item in fields(value)})
    return value
