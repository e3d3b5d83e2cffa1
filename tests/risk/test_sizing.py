"""Sizes never risk more than allowed and always pass the exchange's filters."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from futtui.domain.symbols import tiers_of
from futtui.risk.settings import SizingSettings
from futtui.risk.sizing import Sizing, size_position
from tests.desk.world import rules

money = st.decimals("1", "1000000", places=2)
steps = st.sampled_from([Decimal("0.001"), Decimal("0.1"), Decimal(1), Decimal(10)])


@given(
    equity=money,
    price=st.decimals("0.02", "100000", places=2),
    distance_ticks=st.integers(1, 100_000),
    step=steps,
    risk=st.floats(0.01, 5.0),
)
def test_size_any_input_stays_within_risk_leverage_and_filters(
    equity: Decimal, price: Decimal, distance_ticks: int, step: Decimal, risk: float
) -> None:
    known = rules(step_size=step, min_quantity=step)
    settings = SizingSettings(risk_per_trade_pct=risk)
    stop = price - distance_ticks * Decimal("0.01")
    found = size_position(equity, Decimal(0), price, stop, known, settings)
    if isinstance(found, str):
        assert found
        return
    assert found.risk_money == found.quantity * (price - stop)
    assert float(found.risk_money) <= float(equity) * risk / 100 * (1 + 1e-12)
    assert float(found.notional) <= float(equity) * settings.max_position_leverage * (1 + 1e-12)
    assert known.refusal(price, found.quantity, market=True, reduce_only=False) is None


def sized(equity: str = "10000", stop: str = "99", open_notional: str = "0") -> Sizing | str:
    return size_position(
        Decimal(equity), Decimal(open_notional), Decimal(100), Decimal(stop), rules(), SizingSettings()
    )


def test_size_half_percent_of_equity_over_one_point() -> None:
    found = sized()
    assert isinstance(found, Sizing)
    assert found.quantity == Decimal(50)
    assert found.risk_money == Decimal(50)
    assert found.note == ""


def test_size_tight_stop_is_cut_to_the_leverage_and_says_so() -> None:
    found = sized(stop="99.99")
    assert isinstance(found, Sizing)
    assert found.quantity == Decimal(300)
    assert "3 times" in found.note


def test_size_tiny_account_is_refused_with_the_minimum_named() -> None:
    found = sized(equity="5")
    assert isinstance(found, str)
    assert "minimum 5 USDT" in found


def test_size_full_book_is_refused_by_total_leverage() -> None:
    found = sized(open_notional="99000")
    assert isinstance(found, str)
    assert "10 times" in found


def test_size_no_distance_or_equity_is_refused() -> None:
    assert isinstance(sized(stop="100"), str)
    assert isinstance(sized(equity="0"), str)


TABLE = st.lists(st.tuples(st.integers(1, 125), st.decimals("1", "1000000", places=0)), min_size=1, max_size=6)


@given(equity=money, steps=TABLE, distance_ticks=st.integers(1, 5000))
def test_size_with_a_leverage_table_stays_within_one_of_its_tiers(
    equity: Decimal, steps: list[tuple[int, Decimal]], distance_ticks: int
) -> None:
    leverages, values = sorted({step[0] for step in steps}, reverse=True), sorted({step[1] for step in steps})
    known = replace(rules(), leverage_tiers=tiers_of(zip(leverages, values, strict=False)))
    found = size_position(
        equity, Decimal(0), Decimal(100), 100 - distance_ticks * Decimal("0.01"), known, SizingSettings()
    )
    if isinstance(found, str):
        return
    account = min(known.max_leverage, known.leverage_tiers[0].max_leverage)
    assert any(
        found.notional <= tier.up_to and found.notional <= equity * account
        for tier in known.leverage_tiers
        if tier.max_leverage >= account
    )


def test_size_beyond_the_leverage_table_is_cut_to_it_and_says_so() -> None:
    known = replace(rules(), leverage_tiers=tiers_of([(10, Decimal(1500)), (5, Decimal(30000))]))
    found = size_position(Decimal(10000), Decimal(0), Decimal(100), Decimal(99), known, SizingSettings())
    assert isinstance(found, Sizing)
    assert found.notional == 1500
    assert "0.15 times" in found.note
