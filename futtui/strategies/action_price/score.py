"""From component points to a band: skip, SCALP or STANDARD."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from math import fsum

from futtui.domain.signal import SignalPart
from futtui.strategies.action_price.component_settings import ComponentSettings
from futtui.strategies.action_price.components import COMPONENTS
from futtui.strategies.action_price.cross import CrossView
from futtui.strategies.action_price.settings import BandSettings

MODE_PART = "mode"


class Mode(Enum):
    """How far a trade wants to go."""

    SCALP = 1
    STANDARD = 2


@dataclass(frozen=True, slots=True)
class CrossScore:
    """The components and their sum; `mode` None = the cross is skipped."""

    parts: tuple[SignalPart, ...]
    total: float
    mode: Mode | None


def score_cross(view: CrossView, components: ComponentSettings, bands: BandSettings) -> CrossScore:
    """The score of a cross; its total is the sum of its parts, rounded once."""
    parts = tuple(component(view, components) for component in COMPONENTS)
    total = fsum(part.points for part in parts)
    return CrossScore(parts, total, band_of(total, bands))


def band_of(total: float, bands: BandSettings) -> Mode | None:
    """The kind of trade that a score is good for; None = none."""
    if not total >= bands.scalp_from:
        return None
    return Mode.STANDARD if total >= bands.standard_from else Mode.SCALP


def mode_part(mode: Mode, bands: BandSettings, second_target_r: float) -> SignalPart:
    """The band as a part without points, so that it stays with the signal."""
    scope = f"from {bands.scalp_from:g} to below {bands.standard_from:g}"
    if mode is Mode.STANDARD:
        scope = f"{bands.standard_from:g} or more"
    words = f"{mode.name}: a score of {scope}, second target at {second_target_r:g} R"
    return SignalPart(MODE_PART, 0.0, words, float(mode.value))


def mode_of(parts: Iterable[SignalPart]) -> Mode | None:
    """The band that `mode_part` stored; None for parts of another system."""
    found = next((part.value for part in parts if part.name == MODE_PART), None)
    return None if found is None else Mode(int(found))
