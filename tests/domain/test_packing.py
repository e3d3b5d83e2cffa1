"""Records that travel come back as they were, by pickle and by copy."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass, field

import pytest

from futtui.domain.packing import travels
from futtui.domain.reading import AnalysisResult, FrameReading, SymbolReading
from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import Zone, ZoneKind

ZONE = Zone("BTC-15m-S-1", "BTCUSDT", Timeframe.M15, ZoneKind.SUPPORT, 1.0, 2.0, 50.0, 3, 2, 10, 20, merged=("other",))
FRAME = FrameReading(Timeframe.H1, 1, 2.0, rsi=None, atr=0.5)


def test_travelling_records_come_back_equal_with_what_they_hold():
    reading = SymbolReading("BTCUSDT", 1, 2.0, {Timeframe.H1: FRAME}, (ZONE, ZONE))
    back = pickle.loads(pickle.dumps(AnalysisResult(reading, (), (), ()), pickle.HIGHEST_PROTOCOL))
    assert back == AnalysisResult(reading, (), (), ())
    assert type(back.reading.frames[Timeframe.H1]) is FrameReading
    assert back.reading.zones[0] is back.reading.zones[1], "what was one object is one again"
    assert copy.copy(ZONE) == ZONE
    assert copy.deepcopy(reading) == reading


def test_travelling_record_still_cannot_be_changed():
    back = pickle.loads(pickle.dumps(ZONE))
    with pytest.raises(AttributeError):
        back.low = 3.0


def test_record_that_cannot_be_made_from_its_fields_does_not_travel():
    @dataclass(frozen=True, slots=True)
    class Single:
        value: int

    @dataclass
    class Hidden:
        first: int
        second: int = field(init=False, default=1)

    for kind in (Single, Hidden):
        with pytest.raises(TypeError, match="needs at least two fields"):
            travels(kind)
