"""All settings of a strategy in one pass give the signals of a run of its own each; single trades are real ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from futtui.analysis import analyzer as analyzer_module
from futtui.analysis.settings import AnalysisSettings
from futtui.backtest.data import funding_of, load_symbol
from futtui.backtest.recording import Recorder, Recording, played
from futtui.backtest.run import Backtest, shards_of
from futtui.backtest.settings import BacktestRequest
from futtui.backtest.shards import SymbolRun
from futtui.backtest.single_trade import single_trade
from futtui.backtest.variant_pass import StrategyVariant, variant_signals
from futtui.domain.timeframe import DAY_MS
from futtui.live.settings import HistorySettings
from futtui.strategies.settings import StrategySettings
from tests.backtest.plug_ins import START_MS, SYMBOL, Coin, made_history

FROM_MS = START_MS + 38 * DAY_MS
WARM_UP = HistorySettings(bars_15m=300, bars_1h=100, bars_4h=216, bars_1d=20)
STRATEGY = "volume_profile"


def only(settings: StrategySettings) -> StrategySettings:
    """Nothing but the strategy under test."""
    off = {}
    for name in StrategySettings.__dataclass_fields__:
        one = getattr(settings, name)
        off[name] = replace(one, enabled=name == STRATEGY)
    return replace(settings, **off)


@pytest.fixture
def history(tmp_path: Path) -> Path:
    made_history(tmp_path, 41, seed=3)
    return tmp_path


def test_one_pass_equals_a_run_for_each(history):
    analysis = AnalysisSettings(strategies=only(StrategySettings()))
    own = analysis.strategies.volume_profile
    others = {"returns": replace(own, entry="rejection"), "same": own}
    data, until_ms = load_symbol(history, SYMBOL, FROM_MS), FROM_MS + 2 * DAY_MS
    variants = [StrategyVariant(name, settings) for name, settings in others.items()]
    found = variant_signals(data, analysis, WARM_UP, FROM_MS, until_ms, STRATEGY, variants)
    for name, settings in others.items():
        alone = replace(analysis, strategies=replace(analysis.strategies, volume_profile=settings))
        expected = {
            (SYMBOL, time_ms): result.signals
            for time_ms, result in SymbolRun(data, alone, WARM_UP, FROM_MS).advance(until_ms)
            if result.signals
        }
        assert found[name] == expected
    assert found["same"]


def test_playback_repeats_a_run_and_single_trades_are_those_of_the_run(monkeypatch, history, tmp_path):
    monkeypatch.setattr(analyzer_module, "build_strategies", lambda symbol, settings: (Coin(symbol),))
    run = BacktestRequest(history, (SYMBOL,), FROM_MS, FROM_MS + 2 * DAY_MS, warm_up=WARM_UP, workers=0)
    data, funding = {SYMBOL: load_symbol(history, SYMBOL, FROM_MS)}, funding_of(history, (SYMBOL,))
    recording = Recording(tmp_path / "analyses")
    result = Backtest(run, lambda one, known: Recorder(shards_of(one, known), recording), data, funding).run()
    assert len(result.trades) > 3
    again = Backtest(run, played(recording), data, funding).run()
    assert (again.trades, again.signals) == (result.trades, result.signals)
    plans = {signal.signal_id: signal.raw for signal in result.signals}
    for trade in result.trades:
        alone = single_trade(run, plans[trade.signal_id], recording, data[SYMBOL], funding)
        assert alone is not None
        assert [(leg.reason, leg.price, leg.time_ms) for leg in alone.legs] == [
            (leg.reason, leg.price, leg.time_ms) for leg in trade.legs
        ]
        assert alone.result_r == pytest.approx(trade.result_r, abs=0.01)
