"""`walk-forward`, `search` and `backtest --html` from the command line on a made-up market, and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from futtui.analysis import analyzer as analyzer_module
from futtui.backtest import folds as folds_module
from futtui.backtest.folds import Fold
from futtui.backtest.trials import TrialBook
from futtui.cli.app import app
from futtui.domain.errors import InvalidInputError
from futtui.domain.timeframe import DAY_MS
from tests.backtest.plug_ins import START_MS, Coin, made_history
from tests.backtest.test_validation import SHORT_WARM_UP


@pytest.fixture
def market(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Two days of a coin's trades; gives the options that all commands share."""
    made_history(tmp_path / "candles", 39)
    (tmp_path / "config.yaml").write_text(SHORT_WARM_UP)
    monkeypatch.setattr(analyzer_module, "build_strategies", lambda symbol, settings: (Coin(symbol),))
    return [
        "--history", str(tmp_path / "candles"), "--from", "2024-02-06", "--to", "2024-02-07", "--workers", "0",
        "--home", str(tmp_path), "--config", str(tmp_path / "config.yaml"),
    ]  # fmt: skip


def test_walk_forward_counts_only_what_came_next(monkeypatch, market, tmp_path):
    start, half = START_MS + 36 * DAY_MS, DAY_MS // 2
    monkeypatch.setattr(
        folds_module, "folds", lambda *_, **__: [Fold(start, start + half, start + half, start + 2 * half)]
    )
    file = tmp_path / "walk.json"
    told = CliRunner().invoke(app, ["walk-forward", *market, "--choose", "--system", "all", "--json", str(file)])
    assert told.exit_code == 0, told.output
    assert "Only what was never learned from" in told.output
    found = json.loads(file.read_text())
    assert found["candidates"] > 5
    assert found["unseen"]["trades"] > 0
    kinds = [trial.kind for trial in TrialBook(tmp_path / "trials.jsonl").all()]
    assert kinds == ["walk-forward"] * found["candidates"]


def test_walk_forward_of_too_short_a_time_is_refused_before_any_work(market):
    told = CliRunner().invoke(app, ["walk-forward", *market])
    assert isinstance(told.exception, InvalidInputError)
    assert "too short to walk forward" in str(told.exception)


def test_search_writes_every_trial_down(market, tmp_path):
    pytest.importorskip("optuna")
    arguments = ["search", *market, "--system", "liquidity_flush", "--numbers", "exits.trail_atr", "--trials", "2"]
    told = CliRunner().invoke(app, arguments)
    assert told.exit_code == 0, told.output
    assert "2 trials in the study futtui" in told.output
    trials = TrialBook(tmp_path / "trials.jsonl").all()
    assert [trial.kind for trial in trials] == ["search", "search"]
    assert len({trial.settings for trial in trials}) == 2


def test_search_wants_one_strategy(market):
    told = CliRunner().invoke(app, ["search", *market, "--system", "liquidity_flush,order_flow"])
    assert "name the one strategy" in str(told.exception)


def test_backtest_writes_a_page_and_a_trial(market, tmp_path):
    page = tmp_path / "page.html"
    told = CliRunner().invoke(app, ["backtest", *market, "--trade", "all", "--html", str(page)])
    assert told.exit_code == 0, told.output
    assert "<td>trials on this data</td><td class=words>1</td>" in page.read_text()
    assert [trial.kind for trial in TrialBook(tmp_path / "trials.jsonl").all()] == ["backtest"]
    gone = CliRunner().invoke(app, ["backtest", *market, "--html", str(tmp_path / "no" / "page.html")])
    assert "--html: there is no folder" in str(gone.exception)
