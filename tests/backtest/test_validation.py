"""The whole list from end to end on a made-up market: a cheat is caught, a coin is not believed, files are written."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from futtui.analysis import analyzer as analyzer_module
from futtui.backtest import validation as validation_module
from futtui.backtest.checklist import Answer, Badge
from futtui.backtest.settings import BacktestRequest, Costs
from futtui.backtest.trials import TrialBook
from futtui.backtest.validation import Validation, ValidationRequest, validate
from futtui.cli.app import app
from futtui.desk.settings import DeskSettings
from futtui.domain.timeframe import DAY_MS
from futtui.live.settings import HistorySettings
from tests.backtest.plug_ins import START_MS, SYMBOL, Coin, Plugged, TableOfTomorrow, made_history

pytestmark = pytest.mark.usefixtures("few_random_entries")
FROM_MS = START_MS + 36 * DAY_MS
WARM_UP = HistorySettings(bars_15m=200, bars_1h=100, bars_4h=216, bars_1d=20)


@pytest.fixture
def few_random_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation_module, "QUICK_RANDOM", 16)
    monkeypatch.setattr(validation_module, "QUICK_WINDOWS", 1)


def validated(
    monkeypatch: pytest.MonkeyPatch, folder: Path, plug_in: type[Plugged], days: int, costs: Costs | None = None
) -> Validation:
    monkeypatch.setattr(analyzer_module, "build_strategies", lambda symbol, settings: (plug_in(symbol),))
    run = BacktestRequest(
        folder, (SYMBOL,), FROM_MS, FROM_MS + days * DAY_MS, desk=DeskSettings(), costs=costs or Costs(),
        warm_up=WARM_UP, workers=0,
    )  # fmt: skip
    return validate(ValidationRequest(run, quick=True))


def answer(found: Validation, name: str) -> Answer:
    return next(check.answer for check in found.checks if check.name == name)


def test_validate_catches_a_strategy_that_knows_tomorrow(monkeypatch, tmp_path):
    closes = made_history(tmp_path, 39)
    monkeypatch.setattr(TableOfTomorrow, "closes", closes)
    found = validated(monkeypatch, tmp_path, TableOfTomorrow, 2)
    assert found.statistics.trades > 3
    assert found.statistics.net_r > 0
    assert answer(found, "does not look ahead") is Answer.NO
    assert found.badge is Badge.NOT_PROVEN
    assert "it looks ahead" in found.verdict


@pytest.mark.slow
def test_validate_believes_hardly_any_of_twenty_coins(monkeypatch, tmp_path):
    """Free of costs, on a long enough sample: the whole path, another market and another coin each time."""
    badges = []
    for seed in range(20):
        made_history(tmp_path / str(seed), 110, seed)
        monkeypatch.setattr(Coin, "seed", seed)
        found = validated(monkeypatch, tmp_path / str(seed), Coin, 72, Costs().times(0.0))
        assert found.statistics.trades >= 100
        badges.append(found.badge)
    assert sum(badge in (Badge.NOT_PROVEN, Badge.INSUFFICIENT) for badge in badges) >= 19


def test_validate_command_does_not_believe_a_coin_and_writes_everything_down(monkeypatch, tmp_path):
    made_history(tmp_path / "candles", 39)
    monkeypatch.setattr(analyzer_module, "build_strategies", lambda symbol, settings: (Coin(symbol),))
    arguments = [
        "validate", "--history", str(tmp_path / "candles"), "--from", "2024-02-06", "--to", "2024-02-07", "--quick",
        "--workers", "0", "--json", str(tmp_path / "out.json"), "--trades", str(tmp_path / "trades.csv"),
        "--home", str(tmp_path / "home"), "--system", "atr_momentum",
    ]  # fmt: skip
    told = CliRunner().invoke(app, arguments)
    assert told.exit_code == 0, told.output
    assert "INSUFFICIENT: too few trades" in told.output
    assert "[yes] does not look ahead" in told.output
    found = json.loads((tmp_path / "out.json").read_text())
    assert (found["verdict"], found["trials"]) == ("INSUFFICIENT", 1)
    assert found["entry_skill"]["draws"] >= 8
    runs = {each["name"]: each for each in found["runs"]}
    assert runs.keys() >= {"costs x 1.5", "one bar late", "kind inside the bar", "trail_atr +20 %"}
    assert runs["costs x 1.5"]["net_r"] < found["backtest"]["total"]["net_r"]
    assert len(TrialBook(tmp_path / "home" / "trials.jsonl").all()) == 1
    check_table((tmp_path / "trades.csv").read_text(), found["backtest"]["total"])
    wrong = CliRunner().invoke(app, [*arguments[:-1], "atr_momentun"])
    assert "no strategy has this name" in str(wrong.exception)


def check_table(text: str, total: dict[str, Any]) -> None:
    """Every column of a trade is filled, and the sums are those of the figures."""
    rows = [row for row in csv.DictReader(io.StringIO(text)) if row["kind"] == "trade"]
    assert len(rows) == total["trades"] > 1
    for row in rows:
        assert all(row[name] for name in row), row
        assert float(row["gross_r"]) > float(row["result_r"])
        assert float(row["slippage"]) > 0
    assert sum(float(row["result_r"]) for row in rows) == pytest.approx(total["net_r"], abs=1e-4)
