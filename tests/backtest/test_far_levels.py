"""A run without the standing levels that no price comes near is the run with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest

from futtui.analysis.settings import AnalysisSettings
from futtui.backtest.data import SymbolData, load_symbol
from futtui.backtest.far_levels import Answers, is_walked_inside, without_far_levels
from futtui.backtest.run import Backtest, BacktestResult, shards_of
from futtui.backtest.settings import BacktestRequest, Costs
from futtui.backtest.shards import Job
from futtui.backtest.workers import OwnProcess
from futtui.domain.reading import AnalysisResult
from futtui.domain.side import Side
from futtui.domain.signal import PlanLimits, RawSignal, Trigger
from futtui.domain.timeframe import Timeframe
from futtui.exchange.binance.archive.reading import read_candles
from futtui.live.history_jobs.taking import arrays_of
from futtui.storage.candle_arrays import CandleArrays
from futtui.strategies.plugin import PluginSource
from tests.backtest.made_history import write_candles
from tests.desk.world import raw_signal, reading, wide_settings

SYMBOL = "TESTUSDT"
OWN = PluginSource("own.py", "")
STEP_MS = 900_000
DAY_MS = 96 * STEP_MS
START_MS = 20_000 * DAY_MS


def standing(time_ms: int, entry: float, side: Side, *, quarters: int = 1) -> RawSignal:
    return raw_signal(
        side, symbol=SYMBOL, entry=entry, time_ms=time_ms, trigger=Trigger.ARMED, strategy="liquidity_flush",
        valid_ms=quarters * STEP_MS, standing=True, risk=4.0, rewards=(0.3,), limits=PlanLimits(50.0, 0.1),
    )  # fmt: skip


def answered(time_ms: int, price: float, *signals: RawSignal) -> tuple[int, AnalysisResult]:
    return time_ms, AnalysisResult(replace(reading(SYMBOL, time_ms=time_ms), price=price), signals)


def drawn(seed: int, data: SymbolData, until_ms: int) -> Answers:
    """Levels at most closes, many of them far; now and then another signal, and closes that are not there."""
    draws, found = Random(seed), []
    for bar in data.quarters(START_MS, until_ms):
        time_ms, price, signals = bar.open_time_ms + STEP_MS, bar.close, []
        if draws.random() < 0.8:
            side = draws.choice([Side.LONG, Side.SHORT])
            entry = price - side.sign * draws.choice([0.3, 0.8, 2.0, 6.0, 9.0, 9.0])
            signals.append(standing(time_ms, entry, side))
        if draws.random() < 0.06:
            trigger = draws.choice([Trigger.IMMEDIATE, Trigger.ARMED])
            entry = price - draws.choice([0.0, 0.4, 1.5]) if trigger is Trigger.ARMED else price
            signals.append(raw_signal(symbol=SYMBOL, entry=entry, time_ms=time_ms, trigger=trigger))
        if draws.random() > 0.02:
            found.append(answered(time_ms, price, *signals))
    return found


class Told:
    """A source of answers that are there already, a stretch at a time."""

    def __init__(self, answers: Answers, quarters: CandleArrays | None) -> None:
        self._answers, self._quarters, self._next_ms, self.kept = answers, quarters, START_MS, 0

    def ask(self, until_ms: int) -> None:
        self._stretch, self._next_ms = (self._next_ms, until_ms), until_ms

    def answers(self) -> dict[str, Answers]:
        first_ms, last_ms = self._stretch
        found = [each for each in self._answers if first_ms < each[0] <= last_ms]
        found = found if self._quarters is None else without_far_levels(found, self._quarters)
        self.kept += sum(len(result.signals) for _, result in found)
        return {SYMBOL: found}

    def stop(self) -> None: ...


def run(request: BacktestRequest, data: SymbolData, source: Told) -> BacktestResult:
    return Backtest(request, lambda *_: source, {SYMBOL: data}).run()


@pytest.mark.parametrize("seed", range(6))
def test_run_without_far_levels_is_the_run_with_them(tmp_path: Path, seed: int):
    end_ms = START_MS + 4 * DAY_MS
    write_candles(tmp_path / "15m" / f"{SYMBOL}.csv", START_MS - 2 * DAY_MS, 6.0, seed=seed)
    data = load_symbol(tmp_path, SYMBOL, START_MS, end_ms)
    quarters = data.past.series[Timeframe.M15]
    if seed % 2:  # with the way inside a quarter hour known, so that a minute may take a level down
        file = write_candles(tmp_path / "5m" / f"{SYMBOL}.csv", START_MS, 3.0, seed=seed, frame=Timeframe.M5)
        data = replace(data, fine=((Timeframe.M5, inside(arrays_of(read_candles(file, None)), quarters)),))
        assert is_walked_inside(data)
    request = BacktestRequest(
        tmp_path, (SYMBOL,), START_MS, end_ms, desk=wide_settings(), costs=Costs().times(0.5), workers=0,
        for_information=frozenset({"atr_momentum"}) if seed % 3 == 0 else frozenset(),
    )  # fmt: skip
    answers = drawn(seed, data, end_ms)
    whole, part = Told(answers, None), Told(answers, quarters)
    expected, found = run(request, data, whole), run(request, data, part)
    assert any(signal.raw.standing for signal in expected.signals)
    assert len(expected.trades) + len(expected.information) > 5
    assert part.kept < 0.8 * whole.kept
    for name in ("trades", "information", "signals", "equity", "open_r", "quarters_by_path", "analyses"):
        assert getattr(found, name) == getattr(expected, name), name


def inside(bars: CandleArrays, quarters: CandleArrays) -> CandleArrays:
    """The same bars, held inside the quarter hours that they are part of, and ending as these do."""
    places = np.searchsorted(quarters.open_time_ms, bars.open_time_ms - bars.open_time_ms % STEP_MS)
    figures = bars.figures.copy()
    figures[:4] = np.clip(figures[:4], quarters.low[places], quarters.high[places])
    ends = bars.open_time_ms % STEP_MS == STEP_MS - Timeframe.M5.ms
    figures[3, ends] = quarters.close[places[ends]]
    return CandleArrays(bars.open_time_ms, figures)


def bars_of(ranges: list[tuple[float, float]]) -> CandleArrays:
    figures = np.full((9, len(ranges)), 100.0)
    figures[1], figures[2] = [high for _, high in ranges], [low for low, _ in ranges]
    return CandleArrays(START_MS + STEP_MS * np.arange(len(ranges)), figures)


CALM = [(99.0, 101.0)] * 12


@pytest.mark.parametrize(
    ("what", "ranges", "change"),
    [
        ("price comes to it in its own quarter hour", {6: (90.0, 101.0)}, {}),
        ("price comes to it before the clock takes it down", {7: (90.0, 101.0)}, {}),
        ("another signal comes with it", {}, {5: "other"}),
        ("another signal comes before it is taken down", {}, {7: "other"}),
        ("the level before it is within reach", {}, {4: "near"}),
        ("it is valid for longer", {}, {5: "longer"}),
        ("the close before it is missing", {}, {4: "missing"}),
        ("a close after it is missing", {}, {7: "missing"}),
    ],
)
def test_level_stays_where_leaving_it_out_could_be_noticed(what: str, ranges: dict, change: dict):
    """The level of the close that ends quarter hour 5 is looked at."""
    answers = []
    for place in range(len(CALM)):
        time_ms, kind = START_MS + (place + 1) * STEP_MS, change.get(place)
        level = standing(time_ms, 99.5 if kind == "near" else 90.0, Side.LONG, quarters=2 if kind == "longer" else 1)
        others = (raw_signal(symbol=SYMBOL, time_ms=time_ms),) if kind == "other" else ()
        if kind != "missing":
            answers.append(answered(time_ms, 100.0, level, *others))
    quarters = bars_of([ranges.get(place, each) for place, each in enumerate(CALM)])
    kept = dict(without_far_levels(answers, quarters))
    at_ms = START_MS + 6 * STEP_MS
    assert kept[at_ms].signals == dict(answers)[at_ms].signals, what
    calm = [answered(START_MS + (place + 1) * STEP_MS, 100.0, standing(0, 90.0, Side.LONG)) for place in range(12)]
    assert dict(without_far_levels(calm, bars_of(CALM)))[at_ms].signals == ()


def test_level_stays_where_the_quarter_hours_after_it_are_not_there():
    answers = [
        answered(START_MS + (place + 1) * STEP_MS, 100.0, standing(START_MS, 90.0, Side.LONG)) for place in range(12)
    ]
    assert [bool(each.signals) for _, each in without_far_levels(answers, bars_of(CALM[:7]))] == [
        place not in (1, 2, 3, 4) for place in range(12)
    ]


@pytest.mark.parametrize(("analysis", "told"), [(AnalysisSettings(), False), (AnalysisSettings(plugins=(OWN,)), True)])
def test_levels_of_own_strategies_are_always_told(tmp_path: Path, analysis: AnalysisSettings, told: bool):
    """How long such a level stands is the user's business."""
    write_candles(tmp_path / "15m" / f"{SYMBOL}.csv", START_MS - 2 * DAY_MS, 4.0, seed=1)
    request = BacktestRequest(tmp_path, (SYMBOL,), START_MS, START_MS + DAY_MS, analysis=analysis, workers=0)
    seen = []

    def crew(jobs: dict[str, Job]) -> OwnProcess:
        seen.extend(jobs.values())
        return OwnProcess(jobs)

    data = {SYMBOL: load_symbol(tmp_path, SYMBOL, START_MS)}
    shards_of(request, data, None, crew, far_levels=False)
    shards_of(request, data, None, crew)
    assert [job.far_levels for job in seen] == [told, True]


def test_finer_bars_that_leave_their_quarter_hour_keep_every_level(tmp_path: Path):
    write_candles(tmp_path / "15m" / f"{SYMBOL}.csv", START_MS - 2 * DAY_MS, 4.0, seed=1)
    data = load_symbol(tmp_path, SYMBOL, START_MS)
    quarters = data.past.series[Timeframe.M15]
    fine = CandleArrays(quarters.open_time_ms + STEP_MS * 2 // 3, quarters.figures)
    assert is_walked_inside(replace(data, fine=((Timeframe.M5, fine),)))
    for row, change in ((1, 0.01), (2, -0.01), (3, 0.001)):
        other = fine.figures.copy()
        other[row, 40] += change
        assert not is_walked_inside(replace(data, fine=((Timeframe.M5, CandleArrays(fine.open_time_ms, other)),)))
        stray = CandleArrays(fine.open_time_ms + 400 * DAY_MS, other)
        assert is_walked_inside(replace(data, fine=((Timeframe.M5, stray),))), "walked through by nobody"
