"""The order book and open interest reach the score by events: at the close, and when a waiting level is reached."""

from __future__ import annotations

from dataclasses import replace

import pytest

from futtui.domain.events import BookSampled, InterestSampled
from futtui.domain.order_book import BookReading, InterestReading
from futtui.domain.side import Side
from futtui.domain.signal import Signal, SignalStatus, Trigger
from tests.desk.world import SYMBOL, World, raw_signal

SIDES = list(Side)


def sample(world: World, side: Side, lean: float = 0.5, **changes: object) -> BookSampled:
    """A book that leans steadily by `lean` in favour of `side`."""
    shares = (1.0, 0.0) if lean * side.sign > 0 else (0.0, 1.0)
    reading = BookReading(
        SYMBOL, world.now_ms, True, imbalance=lean * side.sign, bid_share=shares[0], ask_share=shares[1], samples=15
    )
    return BookSampled(replace(reading, **changes))  # type: ignore[arg-type]


def scored(world: World, side: Side, **changes: object) -> Signal:
    signal = raw_signal(side, time_ms=world.now_ms, **changes)  # type: ignore[arg-type]
    world.analyse(signal)
    return world.signals[signal.signal_id]


@pytest.mark.parametrize("side", SIDES)
def test_desk_scores_with_the_newest_book_and_open_interest(side: Side) -> None:
    plain = scored(World(), side)
    world = World()
    assert world.send(sample(world, side)) == []
    world.send(InterestSampled(InterestReading(SYMBOL, world.now_ms, True, change_1h_pct=2.0)))
    better = scored(world, side)
    assert better.score == plain.score + 2.0
    assert better.completeness > plain.completeness


@pytest.mark.parametrize("side", SIDES)
def test_desk_told_that_the_book_broke_counts_it_as_unknown(side: Side) -> None:
    world = World()
    world.send(sample(world, side))
    world.send(BookSampled(BookReading(SYMBOL, world.now_ms, False, "updates are missing in between")))
    part = next(part for part in scored(world, side).parts if part.name == "order book")
    assert (part.points, part.valid, part.reason) == (0.0, False, "updates are missing in between")


@pytest.mark.parametrize("side", SIDES)
def test_armed_signal_is_scored_again_with_the_book_at_its_level(side: Side) -> None:
    world = World()
    waiting = scored(world, side, entry=100.0 - side.sign, trigger=Trigger.ARMED)
    assert waiting.status is SignalStatus.WAITING
    world.send(sample(world, side))
    world.price(100.0 - side.sign)
    entered = world.signals[waiting.signal_id]
    assert entered.status is SignalStatus.ACTIVE
    assert entered.score == waiting.score + 1.0


@pytest.mark.parametrize("side", SIDES)
def test_armed_signal_that_lost_the_support_it_needed_is_refused_at_its_level(side: Side) -> None:
    world = World()
    world.send(sample(world, side))
    waiting = scored(world, side, entry=100.0 - side.sign, trigger=Trigger.ARMED, base_score=2.5)
    assert waiting.status is SignalStatus.WAITING
    world.send(sample(world, side, lean=-0.5))
    world.price(100.0 - side.sign)
    refused = world.signals[waiting.signal_id]
    assert refused.status is SignalStatus.REFUSED
    assert "when its level is reached" in refused.status_reason


@pytest.mark.parametrize("side", SIDES)
def test_armed_signal_without_a_book_enters_as_it_was_scored(side: Side) -> None:
    world = World()
    waiting = scored(world, side, entry=100.0 - side.sign, trigger=Trigger.ARMED)
    world.send(BookSampled(BookReading(SYMBOL, world.now_ms, False, "no snapshot yet")))
    world.price(100.0 - side.sign)
    entered = world.signals[waiting.signal_id]
    assert (entered.status, entered.score, entered.parts) == (SignalStatus.ACTIVE, waiting.score, waiting.parts)


def test_desk_names_symbols_near_waiting_signals_first_then_those_near_standing_levels() -> None:
    symbols = ("AUSDT", "BUSDT", "CUSDT", "DUSDT", "EUSDT")
    world = World(symbols=symbols)
    assert world.desk.close_to_action(5, 1.0) == ()
    plans = {
        "AUSDT": (95.0, True),  # five ATR away
        "BUSDT": (99.4, True),
        "CUSDT": (97.0, False),
        "DUSDT": (99.0, False),
        "EUSDT": (99.8, True),
    }
    for symbol, (entry, standing) in plans.items():
        more = {"standing": standing, "trigger": Trigger.ARMED, "time_ms": world.now_ms}
        world.analyse(raw_signal(Side.LONG, symbol=symbol, entry=entry, **more))  # type: ignore[arg-type]
    assert world.desk.close_to_action(9, 1.0) == ("DUSDT", "CUSDT", "EUSDT", "BUSDT")
    assert world.desk.close_to_action(9, 5.0) == ("DUSDT", "CUSDT", "EUSDT", "BUSDT", "AUSDT")
    assert world.desk.close_to_action(2, 1.0) == ("DUSDT", "CUSDT")
    world.price(97.2, symbol="CUSDT")
    assert world.desk.close_to_action(1, 1.0) == ("CUSDT",)
    world.tick(61)
    assert world.desk.close_to_action(9, 1.0) == ()
