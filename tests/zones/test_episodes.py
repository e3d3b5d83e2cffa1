"""Touches and flips as a trader would tell them: short stories of bars around a zone 100-101 with an ATR of 1."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.domain.zone import ZoneKind
from futtui.zones.episodes import TouchTracker
from futtui.zones.flips import FlipTracker
from futtui.zones.settings import ZoneSettings

LOW, HIGH, ATR = 100.0, 101.0, 1.0
AROUND = 201.0


def touch(bars, window=6, upside_down=False):
    """The tracker after bars of (low, high, close)."""
    tracker = TouchTracker(ZoneSettings(), window)
    for number, (low, high, close) in enumerate(bars, start=1):
        if upside_down:
            low, high, close = AROUND - high, AROUND - low, AROUND - close
        tracker.update((number, low, high, close, ATR), LOW, HIGH)
    return tracker


def told(tracker):
    return tracker.touches, tracker.bounces, tracker.breaks


ABOVE = (102.0, 103.0, 102.5)
DIP = (100.8, 102.5, 101.2)
INSIDE = (100.2, 100.9, 100.5)
AWAY = (101.2, 101.9, 101.8)
FAR = (102.0, 103.0, 102.6)
BELOW = (98.0, 100.2, 98.5)


@pytest.mark.parametrize("upside_down", [False, True])
@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ([ABOVE, DIP, AWAY], (1, 1, 0)),
        ([ABOVE, DIP, FAR], (1, 1, 0)),
        ([ABOVE, DIP, BELOW], (1, 0, 1)),
        ([ABOVE, DIP], (1, 0, 0)),
        ([ABOVE, ABOVE, FAR], (0, 0, 0)),
        ([INSIDE, INSIDE, FAR], (0, 0, 0)),
        ([ABOVE, *[INSIDE] * 10], (1, 0, 0)),
        ([ABOVE, *[INSIDE] * 10, AWAY, FAR], (1, 0, 0)),
        ([ABOVE, DIP, AWAY, DIP, AWAY], (2, 2, 0)),
        ([ABOVE, DIP, (101.1, 101.4, 101.3), DIP, AWAY], (1, 1, 0)),
        ([ABOVE, DIP, BELOW, (98.5, 100.1, 99.0), (97.0, 99.0, 97.5)], (2, 1, 1)),
    ],
    ids=[
        "bounce",
        "larger bounce",
        "break",
        "undecided",
        "never came",
        "began inside",
        "ten bars inside are one touch",
        "too late is no bounce",
        "two visits",
        "came back before it had left",
        "break, then bounce from below",
    ],
)
def test_touches_bounces_and_breaks_are_counted_as_told(story, expected, upside_down):
    assert told(touch(story, upside_down=upside_down)) == expected


def test_reaction_is_the_best_distance_from_the_near_edge_within_the_window():
    tracker = touch([ABOVE, DIP, AWAY, (101.5, 104.0, 103.0), (101.5, 103.0, 102.0)])
    assert list(tracker.reactions) == [pytest.approx(3.0)]


def test_reaction_after_the_window_does_not_count():
    quiet = (101.1, 101.6, 101.55)
    tracker = touch([ABOVE, DIP, AWAY, *[quiet] * 8, (101.5, 109.0, 108.0)])
    assert list(tracker.reactions) == [pytest.approx(0.9)]


def test_high_of_the_touching_bar_itself_is_no_reaction():
    tracker = touch([ABOVE, (100.5, 104.0, 101.1), INSIDE])
    assert told(tracker) == (1, 0, 0)


def test_leap_over_the_zone_is_a_touch_that_broke():
    assert told(touch([ABOVE, (97.0, 98.0, 97.5)])) == (1, 0, 1)


prices = st.integers(97 * 4, 104 * 4).map(lambda value: value / 4.0)
bar_lists = st.lists(st.tuples(prices, prices, prices).map(sorted).map(lambda p: (p[0], p[2], p[1])), max_size=60)


@settings(max_examples=200, deadline=None)
@given(bars=bar_lists)
def test_mirrored_bars_give_the_same_counts(bars):
    up, down = touch(bars), touch(bars, upside_down=True)
    assert told(up) == told(down)
    assert list(up.reactions) == pytest.approx(list(down.reactions))


@settings(max_examples=200, deadline=None)
@given(bars=bar_lists)
def test_every_touch_has_at_most_one_outcome_and_bounces_are_large_enough(bars):
    tracker = touch(bars)
    assert tracker.bounces + tracker.breaks <= tracker.touches
    assert len(tracker.reactions) == min(tracker.bounces, 40)
    assert all(reaction >= 0.7 for reaction in tracker.reactions)


def flipped_at(kind, bars):
    """Number of the bar (from 1) that confirmed the break, or None."""
    tracker = FlipTracker(ZoneSettings())
    for number, bar in enumerate(bars, start=1):
        if tracker.update(kind, bar, ATR, (LOW, HIGH)):
            return number
    return None


BREAK = (100.5, 102.0, 101.5)
BEYOND = (101.5, 102.0, 101.8)
BACK_IN = (100.5, 101.6, 100.8)
FELL_BACK = (99.0, 101.0, 99.5)


@pytest.mark.parametrize("kind", list(ZoneKind))
@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ([BREAK, BEYOND, BEYOND], 3),
        ([BREAK, BEYOND], None),
        ([(100.5, 102.0, 101.2), BEYOND], None),
        ([BREAK, FELL_BACK, (100.0, 101.0, 100.5), (100.0, 101.0, 100.5)], None),
        ([BREAK, BACK_IN, (100.9, 101.6, 101.5)], 3),
        ([BREAK, *[(101.0, 101.3, 100.9)] * 20, BEYOND], None),
    ],
    ids=["two closes", "one close", "too small a break", "fell back", "retest and move away", "nothing within time"],
)
def test_flip_is_confirmed_by_two_closes_or_a_retest(kind, story, expected):
    if kind is ZoneKind.SUPPORT:
        story = [(AROUND - high, AROUND - low, AROUND - close) for low, high, close in story]
    assert flipped_at(kind, story) == expected
