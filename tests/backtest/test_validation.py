"""The whole list from end to end on a made-up market: a cheat is caught, a coin is not believed, files are written."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from futtui.analysis import analyzer as analyzer_module
from futtui.backtest import validation as validation_module
from futtui.backtest.checklist import Badge, badge_of, sample_checks
from futtui.backtest.crew import Bench, play
from futtui.backtest.data import load_symbol
from futtui.backtest.recording import Recorder, Recording
from futtui.backtest.run import Backtest, shards_of
from futtui.backtest.settings import BacktestRequest, Costs
from futtui.backtest.shards import Answers
from futtui.backtest.trials import TrialBook
from futtui.backtest.variants import Variant
from futtui.cli.app import app
from futtui.domain.reading import AnalysisResult
from futtui.domain.signal import Levels, RawSignal
from futtui.domain.timeframe import DAY_MS
from futtui.live.settings import HistorySettings
from futtui.measurement.statistics import statistics_of
from tests.backtest.plug_ins import START_MS, SYMBOL, Coin, made_history

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
@pytest.mark.timeout(3600)
def test_twenty_coins_through_the_real_desk_are_hardly_ever_believed(monkeypatch, tmp_path):
    """Free of costs, on 65 days: analysed once, traded by the desk with the signals of another coin each time."""
    made_history(tmp_path, 102)
    monkeypatch.setattr(analyzer_module, "build_strategies", lambda symbol, settings: (Coin(symbol),))
    run = BacktestRequest(
        tmp_path, (SYMBOL,), FROM_MS, FROM_MS + 65 * DAY_MS, costs=Costs().times(0.0), warm_up=WARM_UP, workers=0
    )  # fmt: skip
    recording = Recording(tmp_path / "analyses")
    data = {SYMBOL: load_symbol(tmp_path, SYMBOL, FROM_MS)}
    Backtest(run, lambda one, known: Recorder(shards_of(one, known), recording), data).run()
    badges = []
    for seed in range(20):
        bench = Bench(run, recording, data)
        trades = play(bench, Variant("coin", "", run, Tossed(np.random.default_rng(seed))))
        found = statistics_of(trades, draws=2000)
        assert found.trades >= 100
        badges.append(badge_of(sample_checks(found)))
    assert sum(badge is Badge.NOT_PROVEN for badge in badges) >= 19


class Tossed:
    """In place of every signal one of a coin, at the same price, with the same distances."""

    def __init__(self, generator: np.random.Generator) -> None:
        self._generator = generator

    def __call__(self, symbol: str, answers: Answers) -> Answers:
        return [(time_ms, self._other(result)) for time_ms, result in answers]

    def _other(self, result: AnalysisResult) -> AnalysisResult:
        return replace(result, signals=tuple(self._toss(raw) for raw in result.signals))

    def _toss(self, raw: RawSignal) -> RawSignal:
        if self._generator.random() < 0.5:
            return raw
        old = raw.levels
        targets = tuple(2 * old.entry - price for price in old.targets)
        return replace(
            raw, side=raw.side.opposite, levels=Levels(raw.side.opposite, old.entry, 2 * old.entry - old.stop, targets)
        )


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
    assert "Validation of ATR Momentum on" in told.output
    assert re.findall(r"[a-z]+_[a-z_]+", told.output) == [], "names of the code are no names for people"
    found = json.loads((tmp_path / "out.json").read_text())
    assert (found["verdict"], found["trials"]) == ("INSUFFICIENT", 1)
    assert found["entry_skill"]["draws"] >= 30
    runs = {each["name"]: each for each in found["runs"]}
    assert runs.keys() >= {"costs x 1.5", "one bar late", "in a bar with the position first", "trail atr +20 %"}
    inside, kind_r = found["inside_bar"], runs["in a bar with the position first"]["net_r"]
    assert inside["against_first_net_r"] == found["backtest"]["total"]["net_r"]
    assert inside["with_first_net_r"] == kind_r
    assert f"the worse of both {inside['worse_net_r']:+.1f} R. Each is a rule, not a bound" in told.output
    assert found["backtest"]["run"]["intrabar"] == "against_first"
    assert inside["worse_net_r"] == min(kind_r, inside["against_first_net_r"])
    hashes = ("code_hash", "data_hash", "settings_hash")
    assert [found[name] for name in hashes] == [found["backtest"]["run"][name] for name in hashes]
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
    assert sum(float(row["gross_r"]) for row in rows) == pytest.approx(total["gross_r"], abs=1e-4)
