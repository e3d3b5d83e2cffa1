"""Prices and the made-up book."""

from __future__ import annotations

from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.domain.errors import InvalidInputError
from futtui.exchange.simulator.core import ExchangeCore
from futtui.exchange.simulator.ports import MarketTick, SymbolSpec
from tests.exchange.simulator.core.helpers import ALT, BTC, KEY, START_MS, D, btc_rules, new_core, tick

PRICES = st.lists(st.integers(6_000, 900_000).map(lambda ticks: ticks / 10), min_size=2, max_size=40)


@given(prices=PRICES, gap_ms=st.integers(1, 60_000))
@settings(max_examples=60, deadline=None)
def test_market_prices_are_on_the_grid_and_the_mark_stays_between_the_last_two_prints(
    prices: list[float], gap_ms: int
) -> None:
    core = new_core()
    previous = 50_000.0
    for price in prices:
        tick(core, price, gap_ms)
        view = core.market(BTC)
        assert all(p % D("0.1") == 0 for p in (view.last_price, view.bid, view.ask))
        assert view.bid <= view.last_price <= view.ask
        assert view.ask - view.bid == D("0.1")
        assert min(previous, price) - 1e-6 <= float(view.mark_price) <= max(previous, price) + 1e-6
        previous = price


@given(price=st.floats(600, 90_000), levels=st.integers(1, 60), seed=st.integers(0, 100))
@settings(max_examples=40, deadline=None)
def test_book_is_sorted_on_the_grid_and_agrees_with_the_best_prices(price: float, levels: int, seed: int) -> None:
    core = new_core(seed=seed)
    tick(core, round(price, 1))
    bids, asks = core.book(BTC, levels)
    view = core.market(BTC)
    assert (bids[0][0], asks[0][0]) == (view.bid, view.ask)
    assert [p for p, _ in bids] == [view.bid - D("0.1") * k for k in range(levels)]
    assert [p for p, _ in asks] == [view.ask + D("0.1") * k for k in range(levels)]
    assert all(q > 0 and q % D("0.001") == 0 for _, q in bids + asks)


def test_book_same_seed_and_path_is_the_same_and_another_seed_differs() -> None:
    books = []
    for seed in (1, 1, 2):
        core = new_core(seed=seed)
        tick(core, 50_100.0)
        books.append(core.book(BTC, 20))
    assert books[0] == books[1] != books[2]


def test_book_changes_gradually_so_that_depth_updates_stay_small() -> None:
    core = new_core()
    tick(core, 50_000.1)
    before = dict(core.book(BTC, 500)[1])
    tick(core, 50_000.2, 100)
    after = dict(core.book(BTC, 500)[1])
    same = sum(1 for price, quantity in after.items() if before.get(price) == quantity)
    assert same > 400


def test_book_ends_at_the_lowest_possible_price() -> None:
    core = new_core()
    tick(core, 0.0004, 1, ALT)
    assert [price for price, _ in core.book(ALT, 10)[0]] == [D("0.0004"), D("0.0003"), D("0.0002"), D("0.0001")]


def test_symbol_without_a_price_has_no_book_and_takes_no_order() -> None:
    core = ExchangeCore([SymbolSpec(btc_rules(), 0)], START_MS)
    assert core.book(BTC, 5) == ([], [])
    assert core.market(BTC).last_price == 0


def test_tick_of_an_unlisted_symbol_is_refused_in_words() -> None:
    with pytest.raises(InvalidInputError, match="not listed"):
        tick(new_core(), 1.0, 1, "NOPEUSDT")


def test_account_key_can_be_used_once() -> None:
    with pytest.raises(InvalidInputError):
        new_core().add_account(KEY, "secret")


@pytest.mark.slow
def test_uneventful_ticks_cost_less_than_two_microseconds() -> None:
    core = new_core()
    ticks = [MarketTick(BTC, START_MS + 1_000 * k, 50_000.0 + k % 7, 1.0, None) for k in range(200_000)]
    started = perf_counter()
    core.apply_ticks(ticks)
    assert (perf_counter() - started) / len(ticks) < 2e-6
