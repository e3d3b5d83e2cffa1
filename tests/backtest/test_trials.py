"""The book of trials: lines survive, different settings count once, the table lines up days."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np

from futtui.backtest.settings import BacktestRequest, Costs
from futtui.backtest.trials import TrialBook, seen_before, settings_hash, trial_of, trial_table
from futtui.domain.timeframe import DAY_MS
from futtui.live.settings import HistorySettings
from tests.backtest.made_trades import made_trade

REQUEST = BacktestRequest(Path("candles"), ("AUSDT", "BUSDT"), 10 * DAY_MS, 14 * DAY_MS)


def trial(*results: float, settings: str = "", request: BacktestRequest = REQUEST, first_day: int = 10):
    trades = [made_trade(result, opened_ms=(first_day + number) * DAY_MS) for number, result in enumerate(results)]
    return trial_of("backtest", "2026-01-01", request, trades, settings)


def test_trial_book_gives_back_what_was_added_and_skips_broken_lines(tmp_path: Path):
    book = TrialBook(tmp_path / "deep" / "trials.jsonl")
    assert book.all() == []
    first, second = trial(1.0, -1.0), trial(0.5)
    book.add(first)
    with book.file.open("ab") as out:
        out.write(b'{"kind": "backte\xff\0\0')  # the power went while it was written
    book.add(second)
    assert book.all() == [first, second]
    assert first.net_r == 0.0
    assert first.daily == ((10, 1.0), (11, -1.0))


def test_trials_of_one_setting_count_once_and_only_where_they_saw_the_data():
    other_time = replace(REQUEST, start_ms=20 * DAY_MS, end_ms=24 * DAY_MS)
    other_coin = replace(REQUEST, symbols=("CUSDT",))
    trials = [
        trial(1.0, settings="a"), trial(2.0, settings="a"), trial(1.0, settings="b"),
        trial(1.0, settings="c", request=other_time, first_day=20), trial(1.0, settings="d", request=other_coin),
    ]  # fmt: skip
    found = seen_before(trials, ("AUSDT",), 13 * DAY_MS, 30 * DAY_MS)
    assert [(each.settings, each.net_r) for each in found] == [("a", 2.0), ("b", 1.0), ("c", 1.0)]


def test_whoever_picks_the_best_symbols_or_days_has_made_as_many_trials_as_there_were():
    sets = [replace(REQUEST, symbols=("AUSDT", f"S{number}USDT")) for number in range(40)]
    shorter = replace(REQUEST, end_ms=REQUEST.end_ms - DAY_MS)
    trials = [trial(1.0, settings="a", request=each) for each in (*sets, *sets, shorter)]
    assert len(seen_before(trials, ("AUSDT",), REQUEST.start_ms, REQUEST.end_ms)) == 41
    assert len(seen_before(trials, ("S7USDT",), REQUEST.start_ms, REQUEST.end_ms)) == 1


def test_settings_hash_changes_with_what_was_chosen_and_not_with_the_period():
    assert settings_hash(REQUEST) == settings_hash(replace(REQUEST, start_ms=0, workers=7))
    assert settings_hash(REQUEST) != settings_hash(replace(REQUEST, costs=Costs().times(1.5)))
    assert settings_hash(REQUEST) != settings_hash(replace(REQUEST, warm_up=HistorySettings(bars_15m=200)))
    assert settings_hash(REQUEST) != settings_hash(replace(REQUEST, start_equity=Decimal(500)))


def test_trial_table_has_a_row_for_every_day():
    trials = [trial(1.0, -1.0, settings="a"), trial(0.5, 0.5, 2.0, settings="b")]
    table = trial_table(trials, ("BUSDT", "AUSDT"), REQUEST.start_ms, REQUEST.end_ms)
    assert table.tolist() == [[1.0, 0.5], [-1.0, 0.5], [0.0, 2.0], [0.0, 0.0]]
    assert trial_table(trials[:1], REQUEST.symbols, REQUEST.start_ms, REQUEST.end_ms) is None
    assert isinstance(table, np.ndarray)
