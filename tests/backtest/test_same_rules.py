"""Steps of price and quantity are those that the candles before the start show: in a replay as in a backtest."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from futtui.backtest.data import load_symbol
from futtui.domain.symbols import SymbolRules
from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.exchange.simulator.market.history import HistoryMarket
from futtui.exchange.simulator.market.steps import SAMPLE_BARS
from futtui.exchange.simulator.wire.market_state import SymbolMarket
from futtui.live.past_candles import time_of
from tests.backtest.made_history import candle_rows, write_rows

FIRST_MS = time_of("2024-01-01")
START_MS = FIRST_MS + 80 * DAY_MS
SAMPLE_DAYS = SAMPLE_BARS * Timeframe.M15.ms / DAY_MS
FINE_DAYS, COARSE_DAYS = 40, 60
"""The exchange's step was 0.0001 for forty days, 0.1 for the next sixty, and is 0.001 since."""


def rows_of(symbol_days: tuple[tuple[float, int], ...], seed: int = 1) -> list[str]:
    """Days of candles with so many digits after the point, one stretch after the other."""
    rows, open_ms = [], FIRST_MS
    for days, decimals in symbol_days:
        rows += candle_rows(open_ms, days, decimals=decimals, seed=seed)
        open_ms += int(days * DAY_MS)
    return rows


CHANGED_STEPS = ((FINE_DAYS, 4), (COARSE_DAYS, 1), (10, 3))


def replayed(folder: Path, symbol: str, start_ms: int, end_ms: int, warmup_days: int = 200) -> SymbolRules:
    (spec,) = HistoryMarket(folder, [symbol], start_ms, end_ms, warmup_days=warmup_days).specs
    return spec.rules


@pytest.mark.parametrize("name", ["NEWUSDT.csv", "BTCUSDT.csv"])
def test_rules_are_the_same_in_replay_and_backtest_whatever_the_window(tmp_path: Path, name: str) -> None:
    write_rows(tmp_path / "15m" / name, rows_of(CHANGED_STEPS))
    symbol = name.split(".")[0]
    for start_ms in (START_MS, START_MS + 10 * DAY_MS):
        tested = load_symbol(tmp_path, symbol, start_ms).rules
        assert tested.tick_size == Decimal("0.1")
        for end_ms, warmup_days in ((start_ms + DAY_MS, 2), (start_ms + 15 * DAY_MS, 2), (start_ms + DAY_MS, 200)):
            assert replayed(tmp_path / "15m", symbol, start_ms, end_ms, warmup_days) == tested
    assert load_symbol(tmp_path, symbol, FIRST_MS + (FINE_DAYS + 1) * DAY_MS).rules.tick_size == Decimal("0.0001")


def test_rules_do_not_know_later_candles(tmp_path: Path) -> None:
    whole = rows_of(CHANGED_STEPS)
    write_rows(tmp_path / "whole" / "NEWUSDT.csv", whole)
    write_rows(tmp_path / "cut" / "NEWUSDT.csv", whole[: (START_MS - FIRST_MS) // Timeframe.M15.ms])
    rules = [load_symbol(tmp_path / name, "NEWUSDT", START_MS).rules for name in ("whole", "cut")]
    assert rules[0] == rules[1]


def test_rules_of_files_month_by_month_are_those_of_one_file(tmp_path: Path) -> None:
    rows = rows_of(CHANGED_STEPS)
    write_rows(tmp_path / "one" / "NEWUSDT.csv", rows)
    for month, first in (("01", 0), ("02", 31), ("03", 60), ("04", 91)):
        last = {"01": 31, "02": 60, "03": 91, "04": 200}[month]
        write_rows(tmp_path / "many" / f"NEWUSDT-15m-2024-{month}.zip", rows[first * 96 : last * 96])
    found = [replayed(tmp_path / name, "NEWUSDT", START_MS, START_MS + DAY_MS, 2) for name in ("one", "many")]
    assert found[0] == found[1] == load_symbol(tmp_path / "many", "NEWUSDT", START_MS).rules


def test_rules_of_a_young_symbol_are_those_of_its_first_candles(tmp_path: Path) -> None:
    write_rows(tmp_path / "15m" / "NEWUSDT.csv", rows_of(((SAMPLE_DAYS, 2), (20, 4))))
    for start_ms in (FIRST_MS, FIRST_MS + 5 * DAY_MS):
        rules = load_symbol(tmp_path, "NEWUSDT", start_ms).rules
        assert rules.tick_size == Decimal("0.01")
        assert replayed(tmp_path / "15m", "NEWUSDT", start_ms, start_ms + 40 * DAY_MS) == rules


def test_rules_of_one_minute_candles_are_the_same_in_both(tmp_path: Path) -> None:
    write_rows(tmp_path / "1m" / "NEWUSDT.csv", candle_rows(FIRST_MS, 6, frame=Timeframe.M1, decimals=2, taker=True))
    start_ms = FIRST_MS + 4 * DAY_MS
    tested = load_symbol(tmp_path, "NEWUSDT", start_ms).rules
    assert replayed(tmp_path / "1m", "NEWUSDT", start_ms, start_ms + DAY_MS, 1) == tested


def test_replay_gives_every_recorded_digit_even_where_the_rules_are_coarser(tmp_path: Path) -> None:
    rows = rows_of(CHANGED_STEPS)
    write_rows(tmp_path / "NEWUSDT.csv", rows)
    first, end = FINE_DAYS + COARSE_DAYS, FINE_DAYS + COARSE_DAYS + 1
    start_ms, end_ms = FIRST_MS + first * DAY_MS, FIRST_MS + end * DAY_MS
    market = HistoryMarket(tmp_path, None, start_ms, end_ms, warmup_days=10)
    assert market.specs[0].rules.tick_size == Decimal("0.1")
    found = market.candles("NEWUSDT", Timeframe.M15, start_ms, end_ms, 0)
    told = [tuple(float(cell) for cell in row.split(",")[1:5]) for row in rows[first * 96 : end * 96]]
    assert [(bar.open, bar.high, bar.low, bar.close) for bar in found] == told
    assert SymbolMarket(market.specs[0], 0).price_format % 100.123 == "100.123"
    plain = replace(market.specs[0], price_grid=None)
    assert SymbolMarket(plain, 0).price_format % 100.123 == "100.1"


def test_symbol_is_as_old_as_its_first_candle_and_not_as_the_window(tmp_path: Path) -> None:
    write_rows(tmp_path / "15m" / "NEWUSDT.csv", rows_of(CHANGED_STEPS))
    rules = replayed(tmp_path / "15m", "NEWUSDT", START_MS, START_MS + DAY_MS, 10)
    assert rules.onboard_time_ms == load_symbol(tmp_path, "NEWUSDT", START_MS).rules.onboard_time_ms == FIRST_MS
