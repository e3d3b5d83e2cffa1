"""The search: finds a planted optimum, repeats itself, keeps every trial, shares a study, and says what is missing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from futtui.analysis.settings import AnalysisSettings
from futtui.backtest import search as search_module
from futtui.backtest.search import SearchRequest, knobs_of, merit, search, search_lines, with_values
from futtui.backtest.settings import BacktestRequest
from futtui.domain.errors import InvalidInputError
from futtui.domain.timeframe import DAY_MS
from futtui.strategies.liquidity_flush import LiquidityFlushSettings
from futtui.strategies.settings import StrategySettings
from tests.backtest.made_trades import made_trade

FLUSH = LiquidityFlushSettings(
    distance_pct=8.0, target_share=0.33, stop_share=3.0, time_stop_bars=48, anchor_bars=4
)  # fmt: skip
RUN = BacktestRequest(
    Path("candles"), ("AUSDT",), 0, 60 * DAY_MS,
    analysis=AnalysisSettings(strategies=StrategySettings(liquidity_flush=FLUSH)),
)  # fmt: skip


def earned(run: BacktestRequest):
    """Trades that are the better, the nearer a target of 0.5 and a time stop of 30 bars are."""
    flush = run.analysis.strategies.liquidity_flush
    mean = 0.5 - abs(flush.target_share - 0.5) * 3 - abs(flush.time_stop_bars - 30) / 60
    return [made_trade(mean + (0.8 if day % 2 else -0.8), opened_ms=day * DAY_MS, number=day) for day in range(60)]


def request(**changes) -> SearchRequest:
    plain = {"trials": 25, "numbers": ("target_share", "time_stop_bars"), "seed": 3}
    return SearchRequest(RUN, "liquidity_flush", **(plain | changes))


def test_knobs_stay_inside_bounds_and_name_exits():
    knobs = {knob.name: knob for knob in knobs_of(RUN, "liquidity_flush", ())}
    assert (knobs["distance_pct"].low, knobs["distance_pct"].high) == (4.0, 16.0)
    assert knobs["stop_share"].high == 6.0
    assert (knobs["anchor_bars"].low, knobs["anchor_bars"].high, knobs["anchor_bars"].whole) == (2, 8, True)
    assert "enabled" not in knobs
    exits = knobs_of(RUN, "liquidity_flush", ("exits.trail_atr",))
    moved = with_values(RUN, "liquidity_flush", {"exits.trail_atr": 2.0, "target_share": 0.4})
    assert exits[0].name == "exits.trail_atr"
    assert moved.desk.risk.exits.trail_atr == 2.0
    assert moved.analysis.strategies.liquidity_flush.target_share == 0.4
    assert with_values(RUN, "liquidity_flush", {"target_share": 1.9, "stop_share": 1.0}) is None
    with pytest.raises(InvalidInputError, match="no such number"):
        knobs_of(RUN, "liquidity_flush", ("target",))


def test_merit_needs_enough_trades():
    assert merit(RUN, earned(RUN)[:29]) == -10.0
    assert merit(RUN, earned(RUN)) > -10.0


def test_search_finds_what_is_there_and_repeats_itself():
    pytest.importorskip("optuna")
    tried = []
    study = search(request(), lambda run, trades: tried.append(run), earn=earned)
    again = search(request(), lambda run, trades: None, earn=earned)
    assert [trial.params for trial in study.trials] == [trial.params for trial in again.trials]
    assert len(tried) == 25
    assert abs(study.best_params["target_share"] - 0.5) < 0.1
    assert any("looks better than it is" in line for line in search_lines(study))


def test_search_shows_no_figure_for_too_few_trades():
    pytest.importorskip("optuna")
    study = search(request(trials=1), lambda run, trades: None, earn=lambda run: earned(run)[:5])
    assert "  not judged (under 30 trades), n 5," in "\n".join(search_lines(study))


def test_search_goes_on_in_a_shared_study(tmp_path):
    pytest.importorskip("optuna")
    storage = f"sqlite:///{tmp_path / 'study.db'}"
    search(request(trials=3, storage=storage), lambda run, trades: None, earn=earned)
    study = search(request(trials=2, storage=storage, seed=4), lambda run, trades: None, earn=earned)
    assert len(study.trials) == 5


def test_search_without_optuna_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(InvalidInputError, match=r"futtui\[research\]"):
        search_module.search(request(), lambda run, trades: None, earn=earned)
