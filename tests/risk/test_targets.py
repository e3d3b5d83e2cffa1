"""Targets and slices."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from futtui.domain.side import Side
from futtui.domain.symbols import ZERO
from futtui.risk.targets import shares_for, slice_quantity, targets_from_entry
from tests.desk.world import rules

SHARES = (0.3, 0.4, 0.3)


@given(
    steps=st.integers(1, 100_000),
    minimum=st.integers(1, 50),
    step=st.sampled_from([Decimal("0.001"), Decimal("0.1"), Decimal(1), Decimal(10)]),
    count=st.integers(1, 3),
)
def test_slices_any_quantity_sum_exactly_and_respect_the_minimum(
    steps: int, minimum: int, step: Decimal, count: int
) -> None:
    known = rules(step_size=step, min_quantity=minimum * step)
    quantity = steps * step
    slices = slice_quantity(quantity, shares_for(count, SHARES), known)
    assert sum((item.quantity for item in slices), ZERO) == quantity
    assert all(known.is_on_step(item.quantity) for item in slices)
    numbers = [item.target for item in slices]
    assert numbers == sorted(set(numbers))
    assert set(numbers) <= set(range(1, count + 1))
    if steps >= minimum:
        assert all(item.quantity >= known.min_quantity for item in slices)
    if steps >= 10 * minimum:
        shares = shares_for(count, SHARES)
        assert len(slices) == count
        for item in slices:
            assert abs(item.quantity - quantity * Decimal(str(round(shares[item.target - 1], 9)))) <= step


@pytest.mark.parametrize(
    ("steps", "wanted"),
    [(1, {2: 1}), (2, {1: 1, 2: 1}), (3, {1: 1, 2: 1, 3: 1}), (10, {1: 3, 2: 4, 3: 3}), (7, {1: 2, 2: 3, 3: 2})],
)
def test_slices_small_quantities_are_dealt_as_shared_as_possible(steps: int, wanted: dict[int, int]) -> None:
    known = rules(step_size=Decimal(1), min_quantity=Decimal(1))
    found = {item.target: int(item.quantity) for item in slice_quantity(Decimal(steps), SHARES, known)}
    assert found == wanted


def test_slices_below_the_minimum_are_merged() -> None:
    known = rules(step_size=Decimal(1), min_quantity=Decimal(5))
    found = {item.target: int(item.quantity) for item in slice_quantity(Decimal(12), SHARES, known)}
    assert sum(found.values()) == 12
    assert min(found.values()) >= 5
    assert len(found) == 2


def test_shares_missing_targets_go_to_the_last_one() -> None:
    assert shares_for(1, SHARES) == (1.0,)
    assert shares_for(2, SHARES) == pytest.approx((0.3, 0.7))
    assert shares_for(3, SHARES) == pytest.approx(SHARES)
    assert shares_for(5, SHARES) == pytest.approx(SHARES)


@given(
    entry=st.decimals("10", "1000", places=2),
    risk_ticks=st.integers(1, 500),
    rewards=st.lists(st.floats(0.8, 9), min_size=1, max_size=3),
)
def test_targets_are_mirrored_and_never_beyond_their_multiple(
    entry: Decimal, risk_ticks: int, rewards: list[float]
) -> None:
    risk = risk_ticks * Decimal("0.01")
    known = rules()
    longs = targets_from_entry(Side.LONG, entry, entry - risk, rewards, known)
    shorts = targets_from_entry(Side.SHORT, entry, entry + risk, rewards, known)
    for reward, high, low in zip(rewards, longs, shorts, strict=True):
        assert high - entry == entry - low
        assert known.is_on_tick(high)
        assert -1e-6 <= float(risk) * reward - float(high - entry) < 0.01 + 1e-6


def test_targets_float_noise_in_the_multiple_costs_no_tick() -> None:
    noisy = (0.1271 - 0.1251) / (0.1251 - 0.1231)
    known = rules(tick_size=Decimal("0.0001"), min_price=Decimal("0.0001"))
    assert noisy != 1.0
    for side, wanted in ((Side.LONG, "0.1271"), (Side.SHORT, "0.1231")):
        stop = Decimal("0.1251") - side.sign * Decimal("0.0020")
        assert targets_from_entry(side, Decimal("0.1251"), stop, [noisy], known) == (Decimal(wanted),)
