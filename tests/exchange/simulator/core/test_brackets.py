"""Bracket tables against the recorded ones of the real exchange."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from futtui.exchange.simulator.core.brackets import BracketTable, default_table
from tests.shared_data import shared_path


def recorded() -> dict[str, list[dict]]:
    path = shared_path("fixtures/binance/leverageBracket_2024_10.json")
    entries = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    return {entry["symbol"]: entry["brackets"] for entry in entries}


def test_from_rows_recorded_tables_gives_the_recorded_floors_and_cums() -> None:
    tables = recorded()
    assert len(tables) == 13
    for symbol, brackets in tables.items():
        rows = [(b["initialLeverage"], b["notionalCap"], b["maintMarginRatio"]) for b in brackets]
        built = BracketTable.from_rows(rows).brackets
        assert [b.number for b in built] == [b["bracket"] for b in brackets], symbol
        assert [b.floor for b in built] == [b["notionalFloor"] for b in brackets], symbol
        assert [b.cum for b in built] == [b["cum"] for b in brackets], symbol


@pytest.mark.parametrize("symbol", ["BTCUSDT", "ETHUSDT"])
def test_default_table_majors_equals_the_recorded_table(symbol: str) -> None:
    ours = [(b.initial_leverage, b.cap, b.maintenance_ratio, b.cum) for b in default_table(symbol).brackets]
    real = [(b["initialLeverage"], b["notionalCap"], b["maintMarginRatio"], b["cum"]) for b in recorded()[symbol]]
    assert ours == real


@given(symbol=st.sampled_from(["BTCUSDT", "ETHUSDT", "ADAUSDT"]), notional=st.decimals(0, 2_000_000_000, places=2))
def test_maintenance_any_notional_is_the_sum_over_the_steps_below_it(symbol: str, notional: Decimal) -> None:
    """Progressive-tax view of the same rule: each slice pays the ratio of its own bracket."""
    table = default_table(symbol)
    expected = Decimal(0)
    for index, bracket in enumerate(table.brackets):
        top = notional if index == len(table.brackets) - 1 else min(notional, bracket.cap)
        if top > bracket.floor:
            expected += (top - bracket.floor) * bracket.maintenance_ratio
    assert table.maintenance(notional) == expected


def test_max_notional_falls_as_leverage_rises() -> None:
    table = default_table("BTCUSDT")
    caps = [table.max_notional(leverage) for leverage in range(1, table.max_leverage + 1)]
    assert caps == sorted(caps, reverse=True)
    assert table.max_notional(20) == Decimal(100_000_000)
    assert table.max_notional(table.max_leverage + 1) == 0
