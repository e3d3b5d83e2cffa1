"""Records that travel come back as they were, by pickle and by copy."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, replace

import pytest

from futtui.domain.packing import quickly_made, travels
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


def _plain():
    @dataclass(frozen=True, slots=True)
    class Record:
        first: int
        second: tuple[str, ...] = ("a",)
        third: float | None = None

    return Record


def test_quickly_made_record_is_what_the_plain_one_is():
    quick, plain = quickly_made(_plain()), _plain()
    for given, named in (((1,), {}), ((1, ("b",)), {}), ((1,), {"third": 2.5}), ((), {"first": 3, "second": ()})):
        made, wanted = quick(*given, **named), plain(*given, **named)
        assert type(made) is quick
        assert [getattr(made, each.name) for each in fields(quick)] == [
            getattr(wanted, each.name) for each in fields(plain)
        ]
        assert replace(made, third=7.0) == quick(made.first, made.second, 7.0)
    assert hash(quick(1)) == hash(quick(1))
    assert quick.__init__.__annotations__ == plain.__init__.__annotations__


def test_quickly_made_record_is_frozen_and_asks_for_its_fields():
    quick = quickly_made(_plain())
    with pytest.raises(FrozenInstanceError):
        quick(1).first = 2
    with pytest.raises(AttributeError):
        object.__setattr__(quick(1), "other", 2)
    with pytest.raises(TypeError, match="first"):
        quick()
    with pytest.raises(TypeError, match="fourth"):
        quick(1, fourth=2)


def test_record_with_more_to_it_is_not_quickly_made():
    @dataclass(slots=True)
    class Open:
        first: int

    @dataclass(frozen=True, slots=True)
    class Anew:
        first: list[int] = field(default_factory=list)

    @dataclass(frozen=True, slots=True)
    class Checked:
        first: int

        def __post_init__(self) -> None:
            assert self.first

    @dataclass(frozen=True)
    class WithoutSlots:
        first: int

    for kind in (Open, Anew, Checked, WithoutSlots):
        with pytest.raises(TypeError, match="no plain frozen dataclass"):
            quickly_made(kind)


def test_quickly_made_record_takes_by_name_what_the_plain_one_does():
    @dataclass(frozen=True, slots=True)
    class Mixed:
        first: int
        second: int = field(default=2, kw_only=True)
        third: int = field(kw_only=True)

    @dataclass(frozen=True, slots=True)
    class Plain:
        first: int
        second: int = field(default=2, kw_only=True)
        third: int = field(kw_only=True)

    quick = quickly_made(Mixed)
    for given, named in (((1,), {"third": 3}), ((1,), {"third": 3, "second": 4}), ((), {"first": 5, "third": 6})):
        assert asdict(quick(*given, **named)) == asdict(Plain(*given, **named))
    for given, named in (((1, 2, 3), {}), ((1,), {}), ((1, 2), {"third": 3})):
        for kind in (quick, Plain):
            with pytest.raises(TypeError):
                kind(*given, **named)
