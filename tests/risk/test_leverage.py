"""The leverage on the exchange: liquidation always lies far beyond the stop, and margin is never over-used."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from futtui.domain.symbols import LeverageTier
from futtui.risk.leverage import leverage_for, lower_leverage_refusal, margin_refusal
from futtui.risk.settings import SizingSettings
from tests.desk.world import rules

SETTINGS = SizingSettings()


@given(entry=st.decimals("0.5", "90000", places=2), share=st.floats(0.0005, 0.7), long=st.booleans())
def test_liquidation_lies_at_least_twice_as_far_as_the_stop(entry: Decimal, share: float, long: bool) -> None:
    distance = entry * Decimal(str(share))
    stop = entry - distance if long else entry + distance
    leverage = leverage_for(entry, stop, rules(), SETTINGS)
    if isinstance(leverage, str):
        assert share * 2 + 0.02 > 1
        return
    assert 1 <= leverage <= min(20, rules().max_leverage)
    liquidation_share = 1 / leverage - SETTINGS.maintenance_margin_pct / 100
    assert leverage == 1 or liquidation_share >= 2 * share - 1e-9


def test_leverage_of_longs_and_shorts_is_the_same() -> None:
    long = leverage_for(Decimal(100), Decimal(97), rules(), SETTINGS)
    short = leverage_for(Decimal(100), Decimal(103), rules(), SETTINGS)
    assert long == short == 12


def test_leverage_stays_within_the_table_of_the_exchange() -> None:
    offered = replace(rules(), leverage_tiers=(LeverageTier(5, Decimal(1_000)), LeverageTier(2, Decimal(9_000))))
    assert leverage_for(Decimal(100), Decimal(97), offered, SETTINGS) == 5
    assert leverage_for(Decimal(100), Decimal(80), offered, SETTINGS) == 2  # the far stop asks for less


def test_margin_that_does_not_suffice_is_told_with_figures() -> None:
    held = [(Decimal(10_000), 2), (Decimal(5_000), 2)]
    assert margin_refusal(Decimal(10_000), Decimal(1_000), 2, held, SETTINGS) is None
    text = margin_refusal(Decimal(10_000), Decimal(2_000), 2, held, SETTINGS)
    assert text == "it needs 1,000.00 USDT of margin and 500.00 are free for it"


@given(leverage=st.integers(1, 20), in_use=st.lists(st.integers(1, 20), max_size=4))
def test_only_a_leverage_that_would_have_to_be_lowered_is_refused(leverage: int, in_use: list[int]) -> None:
    refused = lower_leverage_refusal("BTCUSDT", leverage, in_use) is not None
    assert refused is (bool(in_use) and all(each > leverage for each in in_use))
