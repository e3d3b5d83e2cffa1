"""Decided again without a future: honest code is equal to the last bit, every way of knowing tomorrow is caught."""

from __future__ import annotations

import gc
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest

from futtui.analysis import analyzer as analyzer_module
from futtui.analysis.settings import AnalysisSettings
from futtui.backtest import cut_world
from futtui.backtest.crew import Bench, CutFound, Window, cut
from futtui.backtest.data import load_symbol
from futtui.backtest.recording import Recording
from futtui.backtest.settings import BacktestRequest
from futtui.backtest.shards import SymbolRun
from futtui.domain.side import Side
from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.live.past_candles import candles_of
from futtui.live.settings import HistorySettings
from futtui.strategies.base import StrategyContext
from futtui.strategies.plugin import PluginSource, build_plugins
from tests.backtest.plug_ins import START_MS, SYMBOL, Coin, FileOfTomorrow, Plugged, TableOfTomorrow, made_history

FROM_MS = START_MS + 4 * DAY_MS
UNTIL_MS = FROM_MS + DAY_MS // 2
WARM_UP = HistorySettings(bars_15m=200, bars_1h=100, bars_4h=60, bars_1d=20)


@pytest.fixture
def closes(tmp_path: Path) -> dict[int, float]:
    return made_history(tmp_path / "candles", 6)


def decided_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, plug_in: type[Plugged]) -> CutFound:
    """What the check finds on half a day with only this strategy."""
    monkeypatch.setattr(analyzer_module, "build_strategies", lambda symbol, settings: (plug_in(symbol),))
    base = BacktestRequest(tmp_path / "candles", (SYMBOL,), FROM_MS, UNTIL_MS, warm_up=WARM_UP)
    return cut(Bench(base, Recording(tmp_path / "none")), Window(SYMBOL, FROM_MS, UNTIL_MS, False))


def test_cut_world_honest_strategy_decides_the_same_to_the_last_bit(monkeypatch, tmp_path, closes):
    found = decided_again(monkeypatch, tmp_path, Coin)
    assert (found.closes, found.different, found.opened) == (48, (), ())
    assert found.signals > 5


def test_cut_world_catches_a_table_of_tomorrow(monkeypatch, tmp_path, closes):
    monkeypatch.setattr(TableOfTomorrow, "closes", closes)
    found = decided_again(monkeypatch, tmp_path, TableOfTomorrow)
    assert {who for _, who in found.different} == {"atr_momentum"}
    assert found.signals > 10
    assert len(found.different) >= found.signals


def test_cut_world_catches_a_file_read_while_deciding(monkeypatch, tmp_path, closes):
    monkeypatch.setattr(FileOfTomorrow, "file", tmp_path / "candles" / "15m" / f"{SYMBOL}.csv")
    found = decided_again(monkeypatch, tmp_path, FileOfTomorrow)
    assert [Path(name).name for name in found.opened] == [f"{SYMBOL}.csv"]


KNOWN_BY_PRICES = """
from pathlib import Path
from futtui.domain.side import Side
from tests.backtest.plug_ins import Plugged

ROWS = [tuple(map(float, row.split(",")[1:6])) for row in Path("FILE").read_text().splitlines()[1:]]
NEXT = {row: later[3] for row, later in zip(ROWS, ROWS[8:])}


class Remembered(Plugged):
    name, title = "remembered", "Remembered"

    def side_at(self, context):
        bar = context.candles(self.timeframe, 1)[0]
        later = NEXT.get((bar.open, bar.high, bar.low, bar.close, bar.volume))
        return None if later is None else Side.LONG if later > bar.close else Side.SHORT
"""


def test_cut_world_catches_tomorrow_that_is_found_by_prices_and_not_by_dates(tmp_path, closes):
    """It was read when the strategy was made, long before; the same prices have the same morrow in the cut world."""
    text = KNOWN_BY_PRICES.replace("FILE", (tmp_path / "candles" / "15m" / f"{SYMBOL}.csv").as_posix())
    analysis = AnalysisSettings(plugins=(PluginSource("remembered.py", text),))
    base = BacktestRequest(tmp_path / "candles", (SYMBOL,), FROM_MS, UNTIL_MS, analysis, warm_up=WARM_UP)
    build_plugins(SYMBOL, analysis.plugins)
    found = cut(Bench(base, Recording(tmp_path / "none")), Window(SYMBOL, FROM_MS, UNTIL_MS, False))
    assert found.signals > 10
    assert [Path(name).name for name in found.opened] == [f"{SYMBOL}.csv"]


class Looking(Plugged):
    """Finds the candles of the whole run in some other way than by opening their file."""

    way: ClassVar[Callable[[], object]] = list

    def side_at(self, context: StrategyContext) -> Side | None:
        type(self).way()
        return None


@pytest.mark.parametrize(
    ("way", "told"),
    [
        (lambda: gc.get_objects(), "the memory of this program"),
        (lambda: gc.get_referrers(SYMBOL), "the memory of this program"),
        (lambda: sqlite3.connect(":memory:").close(), "a database"),
        (lambda: subprocess.run([sys.executable, "--version"], check=True, capture_output=True), "another program"),
    ],
)
def test_cut_world_sees_other_ways_to_what_lies_ahead(monkeypatch, tmp_path, closes, way, told):
    monkeypatch.setattr(Looking, "way", staticmethod(way))
    monkeypatch.setattr(sys.modules[__name__], "UNTIL_MS", FROM_MS + Timeframe.M15.ms)
    assert told in decided_again(monkeypatch, tmp_path, Looking).opened


def test_cut_world_catches_an_hour_that_is_shown_before_it_is_over(monkeypatch, tmp_path, closes):
    """The classic fault: the candle of a longer timeframe is used while it still forms."""
    honest = SymbolRun._closing_bars

    def early(self, from_ms: int, until_ms: int):
        moments = dict(honest(self, from_ms, until_ms))
        series = self._data.past.series[Timeframe.H1]
        for time_ms, bars in moments.items():
            bars[:] = [each for each in bars if each[0] is not Timeframe.H1]
            if time_ms % Timeframe.H1.ms == Timeframe.M15.ms:
                open_ms = time_ms - Timeframe.M15.ms
                forming = cut_world.combined(
                    self._data.past.series[Timeframe.M15].between(open_ms, open_ms + Timeframe.H1.ms),
                    Timeframe.M15.ms, Timeframe.H1.ms,
                )  # fmt: skip
                source = forming if len(forming) else series.between(open_ms - Timeframe.H1.ms, open_ms)
                bars[:0] = [(Timeframe.H1, each) for each in candles_of(source)]
        return sorted(moments.items())

    monkeypatch.setattr(SymbolRun, "_closing_bars", early)
    found = decided_again(monkeypatch, tmp_path, Coin)
    assert "measures" in {who for _, who in found.different}


def test_cut_world_has_all_bars_that_the_whole_data_loads(tmp_path):
    """A shorter history than the real one would be called looking ahead."""
    made_history(tmp_path / "candles", 320)
    start_ms, warm_up = START_MS + 310 * DAY_MS, HistorySettings(bars_1d=300)
    whole = load_symbol(tmp_path / "candles", SYMBOL, start_ms)
    world = cut_world.CutWorld(whole, tmp_path / "cut", warm_up, start_ms)
    real, cut_off = whole.past.at(start_ms, warm_up), world.data.past.at(start_ms + cut_world.SHIFT_MS, warm_up)
    assert len(real[Timeframe.D1]) == 300
    for frame, bars in real.items():
        assert [bar.close for bar in bars] == [bar.close for bar in cut_off[frame]], frame
