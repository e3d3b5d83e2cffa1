"""Asks everything that makes a claim believable, as cheaply as it can: what is analysed once is used again."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from futtui.backtest import checklist, variants
from futtui.backtest.checklist import Badge, Check, Moved, Outside
from futtui.backtest.coverage import coverage_lines
from futtui.backtest.crew import Bench, Crew, CutFound, Pass, Window, alone, cut, decide, play, started_later
from futtui.backtest.data import BASE, funding_of, load_symbol
from futtui.backtest.overfitting import overfitting
from futtui.backtest.random_entries import EntrySkill, entry_skill
from futtui.backtest.recording import Recorder, Recording
from futtui.backtest.report import open_line, stranded_line
from futtui.backtest.run import Backtest, BacktestResult, shards_of
from futtui.backtest.settings import BacktestRequest
from futtui.backtest.sharpe import daily_results, deflated_sharpe, moments
from futtui.backtest.trades_table import figures_in
from futtui.backtest.trials import Trial, seen_before, trial_of, trial_table
from futtui.backtest.variant_pass import Found, StrategyVariant, settings_of, without_components
from futtui.backtest.variants import Variant
from futtui.domain.performance import FallRisk, TradeStatistics
from futtui.domain.position import Trade
from futtui.domain.signal import RawSignal
from futtui.domain.timeframe import DAY_MS
from futtui.measurement.path_risk import drawn_falls, shuffled_falls
from futtui.measurement.statistics import by_day
from futtui.strategies.catalogue import title_of

QUICK_RANDOM, FULL_RANDOM = 900, 4_500
QUICK_WINDOWS = 6
PLANS_A_JOB = 25
DRAWS = 2_000
Told = Callable[[str, float], None]
"""Is told what is being done and the share of it that is done (0-1)."""


@dataclass(frozen=True)
class ValidationRequest:
    """What is asked. `strategy`: its own numbers are moved too. `earlier`: trials that nobody recorded."""

    run: BacktestRequest
    strategy: str = ""
    quick: bool = False
    chosen_before_ms: int | None = None
    earlier: int = 0
    trials: tuple[Trial, ...] = ()
    recorded: str = ""
    data: str = ""


@dataclass
class Validation:
    """Everything that was found out."""

    request: ValidationRequest
    result: BacktestResult
    statistics: TradeStatistics
    trial: Trial
    trial_count: int
    checks: list[Check] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)
    skill: EntrySkill | None = None
    falls: FallRisk | None = None
    order_falls: FallRisk | None = None
    ahead: list[CutFound] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def badge(self) -> Badge:
        """The verdict."""
        return checklist.badge_of(self.checks)

    @property
    def verdict(self) -> str:
        """The verdict as a sentence."""
        return checklist.in_words(self.badge, self.checks)


def validate(request: ValidationRequest, told: Told = lambda what, share: None) -> Validation:
    """Run the whole list. Raises InvalidInputError for what a backtest refuses, too."""
    with _bench(request.run, told) as (bench, result):
        found = _begun(request, result)
        with Crew(bench, request.run.workers) as crew:
            _Asking(request, found, bench, crew, told).all()
    return found


@contextmanager
def _bench(run: BacktestRequest, told: Told) -> Iterator[tuple[Bench, BacktestResult]]:
    data = {symbol: load_symbol(run.history, symbol, run.start_ms) for symbol in run.symbols}
    funding = funding_of(run.history, run.symbols)
    with tempfile.TemporaryDirectory(prefix="futtui-validate-", ignore_cleanup_errors=True) as folder:
        recording = Recording(Path(folder) / "analyses")
        backtest = Backtest(run, lambda one, known: Recorder(shards_of(one, known), recording), data, funding)
        result = backtest.run(lambda done, of: told("the run itself", done / of))
        yield Bench(run, recording, data, funding), result


def _begun(request: ValidationRequest, result: BacktestResult) -> Validation:
    trial = trial_of("validate", request.recorded, request.run, result.trades, data=request.data)
    others = seen_before((*request.trials, trial), request.run.symbols, request.run.start_ms, request.run.end_ms)
    return Validation(request, result, figures_in(result, result.trades), trial, len(others) + request.earlier)


class _Asking:
    """The questions, one after the other."""

    def __init__(self, request: ValidationRequest, found: Validation, bench: Bench, crew: Crew, told: Told) -> None:
        self._request, self._found, self._bench, self._crew, self._told = request, found, bench, crew, told
        self._run, self._trades = request.run, found.result.trades

    def all(self) -> None:
        """Every check, in the order in which they are told."""
        found = self._found
        found.checks += checklist.sample_checks(found.statistics)
        self._luck()
        found.checks.append(checklist.outside_check(self._outside()))
        found.skill = self._skill()
        found.checks.append(checklist.skill_check(found.skill))
        found.checks.append(self._costs())
        self._beside()
        found.checks += checklist.robust_checks(found.statistics.expectancy_r.value, found.moved)
        self._ahead()
        self._other_start()
        self._falls()
        self._remark()

    def _luck(self) -> None:
        request, run, found = self._request, self._run, self._found
        trials = (*request.trials, found.trial)
        seen = seen_before(trials, run.symbols, run.start_ms, run.end_ms)
        times = [trade.opened_ms for trade in self._trades]
        known = moments(daily_results([t.result_r for t in self._trades], times, run.start_ms, run.end_ms))
        deflated = None
        if known is not None:
            sharpes = [each.sharpe for each in seen if each.sharpe is not None]
            spread = float(np.std(sharpes, ddof=1)) if len(sharpes) > 2 else 0.0
            # Few or very similar trials say nothing about their spread: then that of worthless ones of this length.
            spread = max(spread, (known.count - 1) ** -0.5)
            deflated = deflated_sharpe(known, found.trial_count, spread)
        sharpe = None if known is None else known.sharpe
        found.checks.append(checklist.deflated_check(deflated, sharpe, found.trial_count))
        table = trial_table(trials, run.symbols, run.start_ms, run.end_ms)
        measured = None if table is None else overfitting(table)
        found.checks.append(checklist.overfitting_check(measured, found.trial_count))

    def _outside(self) -> Outside | None:
        border = self._request.chosen_before_ms
        if border is None:
            return None
        held = [t for t in self._trades if t.closed_ms < border]
        later = [t for t in self._trades if t.opened_ms >= border]
        return Outside(len(held), len(later), _mean(held), _mean(later))

    def _skill(self) -> EntrySkill | None:
        plans = {signal.signal_id: signal.raw for signal in self._found.result.signals}
        budget = QUICK_RANDOM if self._request.quick else FULL_RANDOM
        return entry_skill(self._trades, plans, self._bench.recording, self._earned, budget)

    def _earned(self, plans: Sequence[RawSignal]) -> list[float | None]:
        order = sorted(range(len(plans)), key=lambda place: (plans[place].symbol, plans[place].time_ms))
        jobs = [order[first : first + PLANS_A_JOB] for first in range(0, len(order), PLANS_A_JOB)]
        answers = self._crew.each(alone, [[plans[place] for place in job] for job in jobs], self._say("random entries"))
        found: list[float | None] = [None] * len(plans)
        for job, results in zip(jobs, answers, strict=True):
            for place, result in zip(job, results, strict=True):
                found[place] = result
        return found

    def _costs(self) -> Check:
        if not self._trades:
            return Check("costs leave enough", checklist.Answer.OPEN, "no trades")
        found = self._found.statistics
        return checklist.cost_check(found.net_r, found.costs_r)

    def _beside(self) -> None:
        """Every other run, cheap ones from the recording, a strategy's own numbers after one pass for all of them."""
        run, quick = self._run, self._request.quick
        steps = variants.QUICK_STEPS if quick else variants.STEPS
        runs = [*variants.stresses(run), *variants.exit_numbers(run, steps)]
        strategies = sorted({trade.strategy for trade in self._trades})
        runs += variants.without_setups(run, strategies)
        if not quick:
            runs += [*variants.without_modifiers(run), *variants.without_filters(run), *self._own_numbers()]
        answers = self._crew.each(play, runs, self._say("other runs"))
        for variant, trades in zip(runs, answers, strict=True):
            self._found.moved.append(self._moved(variant, trades))

    def _own_numbers(self) -> list[Variant]:
        strategy = self._request.strategy
        if not strategy:
            return []
        if not hasattr(self._run.analysis.strategies, strategy):
            self._found.remarks.append(
                "The numbers of a strategy of your own are not moved; try other values yourself."
            )
            return []
        groups = {each.name: group for group, each in _strategy_variants(self._run, strategy)}
        sets = tuple(each for _, each in _strategy_variants(self._run, strategy))
        jobs = [Pass(symbol, strategy, sets) for symbol in self._run.symbols]
        signals: dict[str, Found] = {name: {} for name in groups}
        for answer in self._crew.each(decide, jobs, self._say("the strategy's own numbers")):
            for name, found in answer.items():
                signals[name] |= found
        return [
            Variant(name, group, self._run, variants.Instead(strategy, signals[name])) for name, group in groups.items()
        ]

    def _moved(self, variant: Variant, trades: list[Trade]) -> Moved:
        run = self._run
        mine, others = _daily(self._trades, run), _daily(trades, run)
        low, high = _interval(others - mine)
        net = sum(trade.result_r for trade in trades)
        change = net - self._found.statistics.net_r
        return Moved(variant.name, variant.group, len(trades), _mean(trades), net, change, low, high)

    def _ahead(self) -> None:
        self._found.ahead = self._crew.each(cut, self._windows(), self._say("without a future"))
        different = [each for found in self._found.ahead for each in found.different]
        opened = sorted({name for found in self._found.ahead for name in found.opened})
        who = sorted({title_of(name) for _, name in different})
        closes = sum(found.closes for found in self._found.ahead)
        moments_of = {(found.symbol, time_ms) for found in self._found.ahead for time_ms, _ in found.different}
        self._found.checks.append(checklist.ahead_check(closes, len(moments_of), who, opened))

    def _other_start(self) -> None:
        """Days with signals, late enough in the run that its own history began long before."""
        middle = (self._run.start_ms + self._run.end_ms) // 2
        windows = []
        for symbol in self._run.symbols:
            decided = [time_ms for time_ms in self._decided(symbol) if time_ms > middle]
            if decided:
                days = dict.fromkeys((time_ms - BASE.ms) // DAY_MS for time_ms in (decided[0], decided[-1]))
                windows += [_window_of(symbol, day, self._run) for day in days]
        answers = self._crew.each(started_later, windows, self._say("another beginning"))
        same, together = sum(each.same for each in answers), sum(each.together for each in answers)
        self._found.checks.append(checklist.start_check(same, together))

    def _windows(self) -> list[Window]:
        """All of the time, or (quick) the days around a few trades of each symbol."""
        run = self._run
        if not self._request.quick:
            return [Window(symbol, run.start_ms, run.end_ms, True) for symbol in run.symbols]
        found = []
        for symbol in run.symbols:
            moments_here = self._bench.recording.moments.get(symbol, [])
            times = self._decided(symbol) or [each.time_ms for each in moments_here]
            if times:
                picks = np.linspace(0, len(times) - 1, min(QUICK_WINDOWS, len(times))).astype(int)
                days = dict.fromkeys((times[pick] - BASE.ms) // DAY_MS for pick in picks.tolist())
                found += [_window_of(symbol, day, run) for day in days]
        return found

    def _decided(self, symbol: str) -> list[int]:
        """The closes at which the symbol had signals."""
        return sorted({one.raw.time_ms for one in self._found.result.signals if one.raw.symbol == symbol})

    def _falls(self) -> None:
        groups = by_day([t.result_r for t in self._trades], [t.opened_ms for t in self._trades])
        self._found.falls, self._found.order_falls = drawn_falls(groups), shuffled_falls(groups)

    def _remark(self) -> None:
        remarks, result = self._found.remarks, self._found.result
        if result.open_positions:
            remarks.append(open_line(result))
        if result.stranded_r:
            remarks.append(stranded_line(result))
        remarks += coverage_lines(result.coverage)

    def _say(self, what: str) -> Callable[[int, int], None]:
        return lambda done, of: self._told(what, done / of)


def _strategy_variants(run: BacktestRequest, strategy: str) -> list[tuple[str, StrategyVariant]]:
    """(group, variant) of a strategy: every number moved, and for Action Price every component left out."""
    settings: Any = settings_of(run.analysis, strategy)
    found = [
        ("number", StrategyVariant(f"{variants.in_words(name)} {(step - 1.0) * 100:+.0f} %", moved))
        for name, step, moved in variants.moved_numbers(settings, variants.STEPS)
    ]
    if hasattr(settings, "components"):
        for name, components in without_components(settings.components).items():
            found.append(
                (
                    "component",
                    StrategyVariant(f"without {variants.in_words(name)}", replace(settings, components=components)),
                )
            )
    return found


def _window_of(symbol: str, day: int, run: BacktestRequest) -> Window:
    start_ms = max(run.start_ms, day * DAY_MS)
    return Window(symbol, start_ms, min(run.end_ms, (day + 1) * DAY_MS), False)


def _daily(trades: Sequence[Trade], run: BacktestRequest) -> np.ndarray:
    return daily_results(
        [trade.result_r for trade in trades], [trade.opened_ms for trade in trades], run.start_ms, run.end_ms
    )


def _interval(days: np.ndarray) -> tuple[float | None, float | None]:
    """95 % of the sums of days drawn anew."""
    if not len(days):
        return None, None
    picks = np.random.default_rng(1).integers(0, len(days), (DRAWS, len(days)))
    low, high = np.quantile(days[picks].sum(axis=1), [0.025, 0.975])
    return float(low), float(high)


def _mean(trades: Sequence[Trade]) -> float | None:
    return float(np.mean([trade.result_r for trade in trades])) if trades else None
