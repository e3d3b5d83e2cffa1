"""Measures of a book: mirrored books give mirrored measures, units do not matter, the unknown is never a number."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from futtui.domain.events import BookSampled, InterestSampled
from futtui.domain.order_book import BookReading, BookSide, InterestReading
from futtui.indicators.order_book import (
    DISTANCES_PCT,
    MAIN_DISTANCE_PCT,
    BookMeasures,
    LeanMemory,
    change_pct,
    imbalance_of,
    measure_book,
    reading_of,
)

CENTRE = 8192.0
STEP = 0.5
quantities = st.integers(0, 4000).map(lambda number: number / 4.0)
offsets = st.dictionaries(st.integers(1, 300), quantities, min_size=1, max_size=40)
shares = st.floats(-1.0, 1.0)


def bid_side(levels: dict[int, float], known_to: float = 0.0) -> BookSide:
    """Levels by their distance below the centre, in steps; the best one always holds something."""
    levels = levels | {min(levels): levels[min(levels)] or 1.0}
    order = sorted(levels, reverse=True)
    return BookSide([CENTRE - STEP * step for step in order], [levels[step] for step in order], known_to)


def mirror(side: BookSide) -> BookSide:
    known = {0.0: inf, inf: 0.0}.get(side.known_to, 2 * CENTRE - side.known_to)
    return BookSide([2 * CENTRE - price for price in reversed(side.prices)], list(reversed(side.quantities)), known)


def ask_side(levels: dict[int, float], known_to: float = inf) -> BookSide:
    return mirror(bid_side(levels, 0.0 if known_to == inf else 2 * CENTRE - known_to))


def measured(bids: BookSide, asks: BookSide) -> BookMeasures:
    found = measure_book(bids, asks)
    assert found is not None
    return found


def scaled(side: BookSide, price: float, quantity: float) -> BookSide:
    """Scaled by powers of two, so that not even the last bit changes."""
    return BookSide(
        [item * price for item in side.prices], [item * quantity for item in side.quantities], side.known_to * price
    )


@given(bids=offsets, asks=offsets)
def test_measures_of_the_mirrored_book_have_the_opposite_imbalance(
    bids: dict[int, float], asks: dict[int, float]
) -> None:
    # Both best levels equally far from the centre, so that the centre is the middle and mirroring is exact.
    bids, asks = bids | {1: 2.0}, asks | {1: 3.0}
    seen = measured(bid_side(bids), ask_side(asks))
    other = measured(mirror(ask_side(asks)), mirror(bid_side(bids)))
    assert other.spread_bp == seen.spread_bp
    assert CENTRE - other.microprice == pytest.approx(seen.microprice - CENTRE, abs=1e-9)
    for mine, mirrored in zip(seen.bands, other.bands, strict=True):
        assert mine.imbalance is not None
        assert mirrored.imbalance is not None
        assert mirrored.imbalance == -mine.imbalance
        assert -1.0 <= mine.imbalance <= 1.0


@given(bids=offsets, asks=offsets, price=st.sampled_from([2.0**-12, 0.5, 4.0]), quantity=st.sampled_from([0.25, 8.0]))
def test_measures_do_not_depend_on_the_units_of_price_and_quantity(
    bids: dict[int, float], asks: dict[int, float], price: float, quantity: float
) -> None:
    plain = measured(bid_side(bids), ask_side(asks))
    other = measured(*(scaled(side, price, quantity) for side in (bid_side(bids), ask_side(asks))))
    assert other.spread_bp == plain.spread_bp
    assert [band.imbalance for band in other.bands] == [band.imbalance for band in plain.bands]
    for mine, band in zip(plain.bands, other.bands, strict=True):
        assert mine.bid_quote is not None
        assert band.bid_quote == pytest.approx(mine.bid_quote * price * quantity)


@given(bids=offsets, asks=offsets)
def test_depth_grows_with_the_distance_and_counts_each_level_once(
    bids: dict[int, float], asks: dict[int, float]
) -> None:
    below, above = bid_side(bids), ask_side(asks)
    seen = measured(below, above)
    amounts = [band.bid_quote for band in seen.bands]
    assert all(amount is not None for amount in amounts)
    assert amounts == sorted(amounts)  # type: ignore[type-var]
    for band in seen.bands:
        low = seen.middle * (1.0 - band.distance_pct / 100.0)
        wanted = sum(p * q for p, q in zip(below.prices, below.quantities, strict=True) if p >= low)
        assert band.bid_quote == pytest.approx(wanted)


def test_band_beyond_what_the_book_knows_is_none_on_that_side_only() -> None:
    known_to = CENTRE * (1.0 - 0.003)
    seen = measured(bid_side({1: 5.0, 10: 1.0}, known_to), ask_side({1: 5.0, 10: 1.0}))
    by_distance = {band.distance_pct: band for band in seen.bands}
    assert by_distance[0.25].bid_quote is not None
    assert by_distance[0.25].imbalance == 0.0
    assert (by_distance[0.5].bid_quote, by_distance[0.5].imbalance) == (None, None)
    assert by_distance[0.5].ask_quote is not None


@pytest.mark.parametrize(
    ("bids", "asks"),
    [
        (BookSide([], [], 0.0), BookSide([2.0], [1.0], inf)),
        (BookSide([1.0], [1.0], 0.0), BookSide([], [], inf)),
        (BookSide([2.0], [1.0], 0.0), BookSide([2.0], [1.0], inf)),
        (BookSide([3.0], [1.0], 0.0), BookSide([2.0], [1.0], inf)),
    ],
)
def test_book_that_is_empty_or_crossed_has_no_measures(bids: BookSide, asks: BookSide) -> None:
    assert measure_book(bids, asks) is None


@given(st.lists(shares, min_size=1, max_size=40))
def test_lean_of_the_mirrored_row_swaps_the_sides(row: Sequence[float]) -> None:
    plain, mirrored = LeanMemory(), LeanMemory()
    for value in row:
        plain.add(value)
        mirrored.add(-value)
    assert plain.share(1) == mirrored.share(-1)
    assert plain.share(-1) == mirrored.share(1)
    assert plain.ema == -(mirrored.ema or 0.0)


@given(st.lists(shares, max_size=30), st.lists(shares, min_size=1, max_size=30))
def test_lean_after_a_hole_remembers_nothing_from_before(before: Sequence[float], after: Sequence[float]) -> None:
    holed, fresh = LeanMemory(), LeanMemory()
    for value in before:
        holed.add(value)
    holed.add(None)
    for value in after:
        holed.add(value)
        fresh.add(value)
    assert (holed.ema, holed.share(1), len(holed)) == (fresh.ema, fresh.share(1), len(fresh))


def test_lean_share_needs_all_samples_and_counts_only_clear_ones() -> None:
    memory = LeanMemory(samples=4)
    for value in (0.2, 0.15, 0.1):
        memory.add(value)
        assert memory.share(1) is None
    memory.add(-0.5)
    assert (memory.share(1), memory.share(-1)) == (0.5, 0.25)
    memory.add(0.9)
    assert memory.share(1) == 0.5


def test_imbalance_and_change_of_nothing_are_not_available() -> None:
    assert imbalance_of(0.0, 0.0) is None
    assert (change_pct(None, 1.0), change_pct(1.0, None), change_pct(0.0, 5.0)) == (None, None, None)
    assert change_pct(200.0, 205.0) == pytest.approx(2.5)


@given(bids=offsets, asks=offsets)
def test_events_of_a_book_come_back_from_their_written_form_unchanged(
    bids: dict[int, float], asks: dict[int, float]
) -> None:
    measures, memory = measured(bid_side(bids), ask_side(asks)), LeanMemory()
    memory.add(measures.imbalance(MAIN_DISTANCE_PCT))
    assume(len(measures.bands) == len(DISTANCES_PCT))
    event = BookSampled(reading_of("X", 1_000, 20, measures, memory))
    assert msgspec.json.decode(msgspec.json.encode(event), type=BookSampled) == event
    failed = InterestSampled(InterestReading("X", 5, False, "no answer"))
    assert msgspec.json.decode(msgspec.json.encode(failed), type=InterestSampled) == failed
    assert BookReading("X", 5, False, "no snapshot yet").imbalance is None
