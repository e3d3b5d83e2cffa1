"""What is held when a symbol's candles end: worth its stop, in no figure, and in nobody's way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from futtui.backtest.data import BASE, load_symbol
from futtui.backtest.report import summary
from futtui.backtest.run import Backtest, BacktestResult
from futtui.backtest.settings import BacktestRequest, Costs
from futtui.backtest.single_trade import ANY_SCORE
from futtui.desk.settings import DeskSettings
from futtui.exchange.simulator.market.funding_files import FundingHistory
from tests.backtest.made_history import write_rows
from tests.backtest.test_alone_or_beside import START_MS, Script
from tests.desk.world import raw_signal, wide_settings

GONE, THERE = "GONEUSDT", "THEREUSDT"
END_MS = START_MS + 24 * BASE.ms


def calm_rows(count: int) -> list[str]:
    times = [START_MS + place * BASE.ms for place in range(-64, count)]
    return [f"{time},100.00,100.05,99.95,100.00,1000.000,{time + BASE.ms - 1},,,,,0" for time in times]


def settings(**caps: Any) -> DeskSettings:
    wide = wide_settings()
    return replace(
        wide, scoring=ANY_SCORE, risk=replace(wide.risk, caps=replace(wide.risk.caps, **caps))
    )  # fmt: skip


def held_until(tmp_path: Path, bars_of_gone: int, desk: DeskSettings) -> BacktestResult:
    """Long on one symbol at the first close, on the other twelve closes later."""
    for name, count in ((GONE, bars_of_gone), (THERE, 24)):
        write_rows(tmp_path / "15m" / f"{name}.csv", calm_rows(count))
    data = {name: load_symbol(tmp_path, name, START_MS) for name in (GONE, THERE)}
    signals = [
        raw_signal(symbol=name, time_ms=START_MS + bars * BASE.ms, time_stop_bars=500)
        for name, bars in ((GONE, 1), (THERE, 13))
    ]
    request = BacktestRequest(
        tmp_path, (GONE, THERE), START_MS, END_MS, desk=desk, costs=Costs().times(0.0), workers=0,
        for_information=frozenset(),
    )  # fmt: skip
    return Backtest(request, lambda *_: Script(data, signals), data, FundingHistory({})).run()


def entered(result: BacktestResult) -> set[str]:
    return {signal.raw.symbol for signal in result.signals if signal.status.value == "ACTIVE"}


@pytest.mark.parametrize("caps", [{"max_positions": 1}, {"max_same_direction": 1}, {"max_open_risk_pct": 0.6}])
def test_position_of_an_ended_symbol_holds_no_place_in_any_limit(tmp_path, caps):
    assert entered(held_until(tmp_path / "alive", 24, settings(**caps))) == {GONE}
    gone = held_until(tmp_path / "gone", 6, settings(**caps))
    assert entered(gone) == {GONE, THERE}
    assert gone.trades == []
    assert gone.open_positions == 2


def test_position_of_an_ended_symbol_is_in_the_equity_as_lost_to_its_stop(tmp_path):
    """Half a percent of 10,000 is risked, and nothing can be booked: the settlement price is not in the candles."""
    result = held_until(tmp_path, 6, settings())
    assert result.stranded_r == pytest.approx((-1.0,), abs=0.02)
    assert result.equity == pytest.approx(9_950.0, abs=2.0)
    assert any("holds no place in the limits any more" in line for line in summary(result))


def test_limits_hold_while_the_symbol_still_has_candles(tmp_path):
    """The end is known when it is there, not before."""
    result = held_until(tmp_path, 13, settings(max_positions=1))
    assert entered(result) == {GONE}
