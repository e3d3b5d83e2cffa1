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
from futtui.backtest.checklist import Badge
from futtui.backtest.settings import BacktestRequest, Costs
from futtui.backtest.trials import TrialBook
from futtui.backtest.validation import Validation, ValidationRequest, validate
from futtui.cli.app import app
from futtui.desk.settings import DeskSettings
from futtui.domain.timeframe import DAY_MS
from futtui.live.settings import HistorySettings
from tests.backtest.plug_ins import START_MS, SYMBOL, Coin, Plugged, made_history

pytestmark = pytest.mark.usefixtures("few_random_entries")
FROM_MS = START_MS + 36 * DAY_MS
WARM_UP = HistorySettings(bars_15m=200, bars_1h=100, bars_4h=216, bars_1d=20)


SHORT_WARM_UP = "market: {history: {bars_15m: 200, bars_1h: 100, bars_4h: 216, bars_1d: 20}}\n"
CHEAT = """
from pathlib import Path

from futtui.domain.regime import Regime
from futtui.domain.side import Side
from futtui.domain.signal import Levels, RawSignal, SignalPart, Trigger
from futtui.strategies.base import MemorylessStrategy

ROWS = [line.split(",") for line in Path("FILE").read_text().splitlines()[1:]]
CLOSES = {int(row[0]) + 900_000: float(row[4]) for row in ROWS}


class Tomorrow(MemorylessStrategy):
    name, title, enabled, required_bars = "tomorrow", "Tomorrow", True, 20

    def evaluate(self, context):
        frame, later = context.frame(self.timeframe), CLOSES.get(context.time_ms + 8 * 900_000)
        if frame is None or frame.atr is None or later is None or abs(later - frame.close) < 3.0 * frame.atr:
            return self.refuse("tomorrow is not known, or dull")
        side = Side.LONG if later > frame.close else Side.SHORT
        entry, risk = frame.close, 2.0 * frame.atr
        targets = tuple(entry + side.sign * risk * times for times in (1.0, 2.0, 3.0))
        return RawSignal(
            symbol=context.symbol, system=self.system, strategy=self.name, timeframe=self.timeframe, side=side,
            trigger=Trigger.IMMEDIATE, time_ms=context.time_ms, valid_until_ms=context.time_ms + self.timeframe.ms,
            levels=Levels(side, entry, entry - side.sign * risk, targets), atr=frame.atr, base_score=6.0,
            regime=Regime.RANGE, parts=(SignalPart("setup", 6.0, "it is known"),), summary="It is known.",
        )
"""


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


def test_validate_catches_a_strategy_of_the_user_that_knows_tomorrow(tmp_path):
    """It read the candle file when it was loaded, long before it decides: it is only found out in another year."""
    made_history(tmp_path / "candles", 39)
    (tmp_path / "own").mkdir()
    text = CHEAT.replace("FILE", (tmp_path / "candles" / "15m" / f"{SYMBOL}.csv").as_posix())
    (tmp_path / "own" / "tomorrow.py").write_text(text)
    (tmp_path / "config.yaml").write_text(f"plugins: {{folder: {(tmp_path / 'own').as_posix()}}}\n" + SHORT_WARM_UP)
    told = CliRunner().invoke(app, [
        "validate", "--history", str(tmp_path / "candles"), "--from", "2024-02-06", "--to", "2024-02-07", "--quick",
        "--workers", "0", "--config", str(tmp_path / "config.yaml"), "--home", str(tmp_path), "--system", "tomorrow",
        "--json", str(tmp_path / "out.json"),
    ])  # fmt: skip
    assert told.exit_code == 0, told.output
    assert "NOT PROVEN: it looks ahead. Every figure here is worthless" in told.output
    found = json.loads((tmp_path / "out.json").read_text())
    assert found["backtest"]["total"]["net_r"] > 2
    assert {who for each in found["look_ahead"] for _, who in each["different"]} == {"tomorrow"}


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
    (tmp_path / "config.yaml").write_text(SHORT_WARM_UP)
    monkeypatch.setattr(analyzer_module, "build_strategies", lambda symbol, settings: (Coin(symbol),))
    arguments = [
        "validate", "--history", str(tmp_path / "candles"), "--from", "2024-02-06", "--to", "2024-02-07", "--quick",
        "--workers", "0", "--json", str(tmp_path / "out.json"), "--trades", str(tmp_path / "trades.csv"),
        "--html", str(tmp_path / "page.html"), "--home", str(tmp_path / "home"),
        "--config", str(tmp_path / "config.yaml"), "--system", "atr_momentum",
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
    assert "INSUFFICIENT: too few trades" in (tmp_path / "page.html").read_text()
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
