"""Divergence as a part of the score: off by default, a bonus or the same penalty, and never counted when unknown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from futtui.domain.divergence import Divergence, FrameDivergences
from futtui.domain.reading import SymbolReading
from futtui.domain.side import Side
from futtui.indicators.divergence import together
from futtui.signals.btc import BtcView
from futtui.signals.modifiers import ScoringContext
from futtui.signals.scorer import score_signal
from futtui.signals.settings import DivergenceSettings, ScoringSettings
from tests.desk.world import START_MS, raw_signal

ON = ScoringSettings(divergence=DivergenceSettings(enabled=True))
NONE = Divergence(reason="price and taker flow agree", known=True)
UNKNOWN = Divergence(reason="taker volume is not known for every bar")
FOR_LONGS = Divergence(Side.LONG, 0.5, True, "", 1, 2, known=True)
FOR_SHORTS = replace(FOR_LONGS, side=Side.SHORT)


def part(side: Side, found: FrameDivergences, settings: ScoringSettings = ON):
    reading = SymbolReading("X", START_MS, 100.0, {}, divergence=found)
    context = ScoringContext(raw_signal(side), None, BtcView(False), reading=reading)
    scored = score_signal(context, settings)
    assert scored.score == pytest.approx(sum(each.points for each in scored.parts))
    return next((each for each in scored.parts if each.name == "divergence"), None)


@pytest.mark.parametrize(
    ("m15", "h1", "points"),
    [
        (FOR_LONGS, NONE, 0.3),
        (FOR_LONGS, UNKNOWN, 0.3),
        (NONE, FOR_LONGS, 0.5),
        (FOR_LONGS, FOR_LONGS, 0.8),
        (FOR_SHORTS, FOR_LONGS, 0.0),
        (NONE, NONE, 0.0),
        (replace(FOR_LONGS, valid=False, reason="too weak"), NONE, 0.0),
    ],
)
def test_divergence_gives_its_points_for_its_side_and_takes_them_from_the_other(m15, h1, points):
    found = together(m15, h1)
    assert (part(Side.LONG, found).points, part(Side.SHORT, found).points) == (points, -points)
    assert part(Side.LONG, found).valid


def test_divergence_that_is_not_known_is_no_number():
    for found in (FrameDivergences(), together(UNKNOWN, UNKNOWN)):
        told = part(Side.LONG, found)
        assert (told.points, told.value, told.valid) == (0.0, None, False)
        assert found.reason in told.reason


def test_divergence_is_off_by_default_and_then_no_missing_input():
    assert part(Side.LONG, together(FOR_LONGS, FOR_LONGS), ScoringSettings()) is None


def test_divergence_of_a_signal_without_a_reading_is_not_known():
    scored = score_signal(ScoringContext(raw_signal(), None, BtcView(False)), ON)
    assert not next(each for each in scored.parts if each.name == "divergence").valid
