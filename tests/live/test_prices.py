"""The price tracker never misses an extreme and never invents one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from futtui.live.prices import PriceTracker

PRICES = st.lists(st.floats(1.0, 1000.0), min_size=2, max_size=60)


@given(PRICES, st.integers(1, 7))
def test_price_tracker_union_of_updates_covers_exactly_the_path(path: list[float], every: int) -> None:
    tracker = PriceTracker("BTCUSDT")
    high = low = path[0]
    covered: list[tuple[float, float]] = []
    for index, price in enumerate(path):
        high, low = max(high, price), min(low, price)
        if index % every == 0 or index == len(path) - 1:
            update = tracker.on_bar(0, high, low, price, index)
            assert update is not None
            assert update.low <= update.last <= update.high
            covered.append((update.low, update.high))
    assert min(item[0] for item in covered) == min(path)
    assert max(item[1] for item in covered) == max(path)


def test_price_tracker_new_bar_includes_the_way_from_the_old_close() -> None:
    tracker = PriceTracker("BTCUSDT")
    tracker.on_bar(0, 110, 90, 100, 1)
    update = tracker.on_bar(900_000, 106, 104, 105, 2)
    assert update is not None
    assert (update.low, update.high) == (100, 106)


def test_price_tracker_old_message_is_ignored() -> None:
    tracker = PriceTracker("BTCUSDT")
    tracker.on_bar(900_000, 106, 104, 105, 20)
    assert tracker.on_bar(0, 200, 1, 50, 21) is None
    assert tracker.on_bar(900_000, 300, 1, 50, 10) is None
    assert tracker.last == 105
