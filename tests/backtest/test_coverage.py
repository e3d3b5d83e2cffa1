"""What the candles of a run lack is told, whatever else is well: ends, short histories, BTC."""

from __future__ import annotations

from pathlib import Path

import pytest

from futtui.backtest.coverage import Coverage, coverage_json, coverage_lines, coverage_of
from futtui.backtest.data import load_symbol
from futtui.backtest.settings import BacktestRequest
from futtui.domain.timeframe import DAY_MS
from futtui.live.past_candles import time_of
from futtui.live.settings import HistorySettings
from tests.backtest.made_history import candle_rows, write_rows

START_MS, LONG_DAYS = time_of("2024-03-01"), 22
WARM_UP = HistorySettings(bars_15m=200, bars_1h=100, bars_4h=60, bars_1d=20)
WHOLE = candle_rows(START_MS - LONG_DAYS * DAY_MS, LONG_DAYS + 2)


def found(folder: Path, **rows: list[str]) -> Coverage:
    """Coverage of a run over the two days from START_MS on."""
    for name, each in rows.items():
        write_rows(folder / "15m" / f"{name}.csv", each)
    request = BacktestRequest(folder, tuple(rows), START_MS, START_MS + 2 * DAY_MS, warm_up=WARM_UP)
    return coverage_of({name: load_symbol(folder, name, START_MS) for name in rows}, request)


def before_start(days: float) -> int:
    return int((LONG_DAYS - days) * 96)


def test_coverage_of_whole_candles_still_says_that_delisted_coins_are_not_known(tmp_path):
    whole = found(tmp_path, BTCUSDT=WHOLE, AUSDT=WHOLE)
    assert (whole.begin, whole.end, whole.short, whole.holes) == ((), (), (), ())
    (only,) = coverage_lines(whole)
    assert only.startswith("Survivorship: the candles of 0 of 2 symbols end inside the period.")
    assert "flatters whoever buys falls" in only
    assert coverage_json(whole)["delisted_known"] is False
    assert coverage_json(whole)["btc"] is True


def test_coverage_file_that_ends_early_does_not_switch_the_label_off(tmp_path):
    part = found(tmp_path, BTCUSDT=WHOLE, AUSDT=WHOLE[:-1], BUSDT=WHOLE[before_start(-1) :])
    assert (part.begin, part.end) == (("BUSDT",), ("AUSDT",))
    first = next(coverage_lines(part))
    assert "of 1 of 3 symbols end inside the period (AUSDT), those of 1 begin in it." in first
    assert "flatters whoever buys falls" in first
    assert set(coverage_json(part)["holes"]) == {"AUSDT", "BUSDT"}


def test_coverage_short_history_is_told_by_timeframe(tmp_path):
    short = found(tmp_path, BTCUSDT=WHOLE, AUSDT=WHOLE[before_start(5) :])
    assert coverage_json(short)["short_history"] == {
        "AUSDT": {
            "4h": {"candles": 30, "wanted": 60, "after_hole": False},
            "1d": {"candles": 5, "wanted": 20, "after_hole": False},
        }
    }
    told = list(coverage_lines(short))[1]
    assert "(4h 60, 1d 20): AUSDT 4h 30, 1d 5." in told


@pytest.mark.parametrize(
    ("days", "frames"), [(1, {"15m": 95, "1h": 23, "4h": 5, "1d": 0}), (6, {"4h": 35, "1d": 5}), (21, {})]
)
def test_coverage_one_missing_candle_before_the_start_tears_every_row_that_reaches_it(tmp_path, days, frames):
    gone = before_start(days)
    torn = found(tmp_path, BTCUSDT=WHOLE[:gone] + WHOLE[gone + 1 :])
    assert torn.holes == ()
    assert {each.timeframe: each.candles for each in torn.short} == frames
    assert all(each.torn for each in torn.short)


def test_coverage_without_btc_says_that_its_filter_is_silent(tmp_path):
    alone = found(tmp_path, AUSDT=WHOLE)
    assert list(coverage_lines(alone))[-1].startswith("BTCUSDT is not among the symbols")
    assert coverage_json(alone)["btc"] is False
