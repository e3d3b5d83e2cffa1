"""Correlation of 15-minute returns against numpy, whatever the order of arrival."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.signals.btc import btc_view
from futtui.signals.closes import BAR_MS, MINIMUM_PAIRS, WINDOW_BARS, CloseBook
from tests.desk.world import START_MS


def walk(seed: int, count: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0, 0.004, count)


def fill(book: CloseBook, symbol: str, returns: np.ndarray, first_ms: int = START_MS) -> int:
    price, time_ms = 100.0, first_ms
    book.add(symbol, time_ms, price)
    for value in returns:
        price, time_ms = price * math.exp(value), time_ms + BAR_MS
        book.add(symbol, time_ms, price)
    return time_ms


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(MINIMUM_PAIRS, 900), weight=st.floats(-1.5, 1.5))
def test_correlation_random_walks_equals_numpy(seed: int, count: int, weight: float) -> None:
    lead, own = walk(seed, count), walk(seed + 1, count)
    coin = weight * lead + own
    book = CloseBook()
    fill(book, "BTCUSDT", lead)
    end = fill(book, "AAAUSDT", coin)
    used = min(count, WINDOW_BARS)
    wanted = np.corrcoef(lead[-used:], coin[-used:])[0, 1]
    assert book.correlation("AAAUSDT", "BTCUSDT", end) == pytest.approx(wanted, abs=1e-9)


def test_correlation_order_and_repeats_of_arrival_change_nothing() -> None:
    lead, coin = walk(1, 200), walk(2, 200)
    first, second = CloseBook(), CloseBook()
    end = fill(first, "BTCUSDT", lead)
    fill(first, "AAAUSDT", coin)
    fill(second, "AAAUSDT", coin)
    fill(second, "AAAUSDT", coin)
    fill(second, "BTCUSDT", lead)
    assert first.correlation("AAAUSDT", "BTCUSDT", end) == second.correlation("AAAUSDT", "BTCUSDT", end)


def test_correlation_too_few_common_bars_is_not_available() -> None:
    book = CloseBook()
    end = fill(book, "BTCUSDT", walk(1, MINIMUM_PAIRS - 1))
    fill(book, "AAAUSDT", walk(2, MINIMUM_PAIRS - 1))
    assert book.correlation("AAAUSDT", "BTCUSDT", end) is None


def test_correlation_flat_market_is_not_available() -> None:
    book = CloseBook()
    end = fill(book, "BTCUSDT", walk(1, 200))
    fill(book, "AAAUSDT", np.zeros(200))
    assert book.correlation("AAAUSDT", "BTCUSDT", end) is None


def test_correlation_holes_are_left_out_not_bridged() -> None:
    book = CloseBook()
    end = fill(book, "BTCUSDT", np.zeros(150))
    book_with_jump = CloseBook()
    fill(book_with_jump, "AAAUSDT", walk(3, 10))
    resumed = START_MS + 60 * BAR_MS
    fill(book_with_jump, "AAAUSDT", walk(4, 50), resumed)
    assert resumed not in book_with_jump.returns("AAAUSDT", end)


def test_btc_view_uses_the_previous_bar_when_btc_is_not_in_yet() -> None:
    book = CloseBook()
    end = fill(book, "BTCUSDT", walk(1, 200))
    fill(book, "AAAUSDT", walk(2, 201))
    view = btc_view(book, "AAAUSDT", end + BAR_MS, 1.0, "BTCUSDT")
    assert view.move_atr is not None
    assert btc_view(book, "AAAUSDT", end + 3 * BAR_MS, 1.0, "BTCUSDT").move_atr is None


def test_btc_view_impulse_is_seen_for_thirty_minutes() -> None:
    returns = np.zeros(120)
    returns[100] = math.log(1.02)
    book = CloseBook()
    fill(book, "BTCUSDT", returns)
    shock_ms = START_MS + 101 * BAR_MS

    def impulse(time_ms: int) -> float:
        found = btc_view(book, "AAAUSDT", time_ms, 1.0, "BTCUSDT").impulse_pct
        assert found is not None
        return found

    assert impulse(shock_ms - BAR_MS) == pytest.approx(0.0)
    assert impulse(shock_ms) == pytest.approx(2.0)
    assert impulse(shock_ms + 5 * BAR_MS) == pytest.approx(2.0)
    assert impulse(shock_ms + 6 * BAR_MS) == pytest.approx(0.0)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_returns_closes_in_any_order_are_those_of_the_closes_that_are_known(seed: int) -> None:
    draws = np.random.default_rng(seed)
    book = CloseBook()
    for place in draws.integers(0, 1_500, 2_000):
        book.add("AAAUSDT", START_MS + int(place) * BAR_MS, float(draws.uniform(1.0, 2.0)))
    end = START_MS + int(draws.integers(0, 1_500)) * BAR_MS
    wanted = {}
    for time_ms in range(end - (WINDOW_BARS - 1) * BAR_MS, end + 1, BAR_MS):
        before, after = book.close_at("AAAUSDT", time_ms - BAR_MS), book.close_at("AAAUSDT", time_ms)
        if before is not None and after is not None:
            wanted[time_ms] = math.log(after / before)
    assert book.returns("AAAUSDT", end) == wanted
