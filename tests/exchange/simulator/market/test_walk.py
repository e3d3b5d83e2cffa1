"""The road through a bar keeps the bar's figures exactly, whatever the bar and however it is asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.exchange.simulator.market.walk import BarBatch, WalkedBars, bar_keys, symbol_key, walk

Bar = tuple[int, int, int, int, int, int]
SECTIONS = st.sampled_from([12, 60, 180, 720])


@st.composite
def bars(draw: st.DrawFn) -> Bar:
    """open, high, low, close in ticks, volume and taker volume in steps (-1 unknown)."""
    low = draw(st.integers(1, 10**7))
    high = low + draw(st.one_of(st.integers(0, 3), st.integers(0, 10**6)))
    opened, close = draw(st.integers(low, high)), draw(st.integers(low, high))
    volume = draw(st.one_of(st.just(0), st.integers(0, 50), st.integers(0, 10**12)))
    taker = draw(st.one_of(st.just(-1), st.just(0), st.just(volume), st.integers(0, volume)))
    return opened, high, low, close, volume, taker


def batch(many: list[Bar], seed: int = 7, first_open_ms: int = 0) -> BarBatch:
    columns = np.array(many, dtype=np.int64).T
    open_ms = first_open_ms + np.arange(len(many), dtype=np.int64) * 900_000
    keys = bar_keys(np.array([symbol_key(seed, "BTCUSDT")], dtype=np.uint64), open_ms)
    return BarBatch(keys, *columns)


def same(left: WalkedBars, right: WalkedBars) -> bool:
    return all(np.array_equal(getattr(left, name), getattr(right, name)) for name in ("price", "volume", "taker"))


@settings(max_examples=150, deadline=None)
@given(st.lists(bars(), min_size=1, max_size=12), SECTIONS, st.integers(0, 2**40))
def test_walk_any_bar_keeps_open_high_low_close_and_sums(many: list[Bar], points: int, seed: int) -> None:
    walked = walk(batch(many, seed), points)
    assert walked.price.shape == (len(many), points)
    for row, (opened, high, low, close, volume, taker) in enumerate(many):
        price, lots, bought = walked.price[row], walked.volume[row], walked.taker[row]
        assert (price[0], price.max(), price.min(), price[-1]) == (opened, high, low, close)
        assert lots.min() >= 0
        assert int(lots.sum()) == volume
        if taker < 0:
            assert (bought == -1).all()
        else:
            assert int(bought.sum()) == taker
            assert (bought >= 0).all()
            assert (bought <= lots).all()


@settings(max_examples=60, deadline=None)
@given(st.lists(bars(), min_size=2, max_size=20), SECTIONS, st.data())
def test_walk_part_of_a_batch_gives_the_same_roads_as_the_whole(
    many: list[Bar], points: int, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(1, len(many) - 1))
    whole = walk(batch(many), points)
    head, tail = walk(batch(many[:cut]), points), walk(batch(many[cut:], first_open_ms=cut * 900_000), points)
    for name in ("price", "volume", "taker"):
        assert np.array_equal(getattr(whole, name), np.concatenate([getattr(head, name), getattr(tail, name)]))


@given(bars(), SECTIONS)
@settings(max_examples=50, deadline=None)
def test_walk_same_bar_and_seed_twice_gives_the_same_road(bar: Bar, points: int) -> None:
    assert same(walk(batch([bar]), points), walk(batch([bar]), points))


def test_walk_other_seed_symbol_or_time_gives_another_road() -> None:
    bar = [(50_000, 51_000, 49_500, 50_400, 10_000, 6_000)]
    road = walk(batch(bar), 180).price
    assert not np.array_equal(road, walk(batch(bar, seed=8), 180).price)
    assert not np.array_equal(road, walk(batch(bar, first_open_ms=900_000), 180).price)
    other_key = bar_keys(np.array([symbol_key(7, "ETHUSDT")], dtype=np.uint64), np.zeros(1, dtype=np.int64))
    assert not np.array_equal(road, walk(replace(batch(bar), keys=other_key), 180).price)


def test_walk_flat_bar_without_volume_stands_still() -> None:
    walked = walk(batch([(700, 700, 700, 700, 0, 0)]), 180)
    assert (walked.price == 700).all()
    assert (walked.volume == 0).all()
    assert (walked.taker == 0).all()


def test_walk_many_bars_volume_goes_with_moves_and_takers_with_direction() -> None:
    many = [(50_000, 50_600, 49_300, 50_100, 1_000_000, 500_000)] * 200
    walked = walk(batch(many), 180)
    moves = np.diff(walked.price, axis=1).ravel()
    lots, bought = walked.volume[:, 1:].ravel(), walked.taker[:, 1:].ravel()
    assert np.corrcoef(np.abs(moves), lots)[0, 1] > 0.2
    share = bought[lots > 0] / lots[lots > 0]
    assert share[moves[lots > 0] > 0].mean() > 0.55
    assert share[moves[lots > 0] < 0].mean() < 0.45


def test_walk_many_bars_extremes_come_at_all_times_and_not_by_a_fixed_plan() -> None:
    many = [(50_000, 50_600, 49_300, 50_100, 1_000, 500)] * 400
    high_at = walk(batch(many), 180).price.argmax(axis=1)
    assert len(set(high_at.tolist())) > 80
    assert 0.2 < (high_at > 90).mean() < 0.95


@pytest.mark.parametrize("points", [4, 5, 12])
def test_walk_few_points_still_touches_all_corners(points: int) -> None:
    walked = walk(batch([(10, 20, 5, 15, 100, 50), (10, 20, 5, 10, 3, 1), (20, 20, 5, 5, 1, -1)]), points)
    assert walked.price.max(axis=1).tolist() == [20, 20, 20]
    assert walked.price.min(axis=1).tolist() == [5, 5, 5]
    assert walked.price[:, -1].tolist() == [15, 10, 5]
