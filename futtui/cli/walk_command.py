"""`futtui walk-forward` and `futtui search`."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from futtui.domain.errors import InvalidInputError

if TYPE_CHECKING:
    from futtui.backtest.data import SymbolData
    from futtui.backtest.gate import Gate
    from futtui.backtest.run import Backtest, BacktestResult
    from futtui.backtest.settings import BacktestRequest
    from futtui.backtest.variants import Variant
    from futtui.cli.backtest_command import BacktestOptions
    from futtui.domain.position import Trade
    from futtui.measurement.statistics import SlippedR


@dataclass(frozen=True, slots=True)
class WalkOptions:
    """What the user asked for; `run` as for a backtest."""

    run: BacktestOptions
    system: str
    learn_months: int
    step_months: int
    gap_days: float
    rolling: bool
    choose: bool


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """What the user asked for; `run` as for a backtest."""

    run: BacktestOptions
    system: str
    numbers: str
    trials: int
    seed: int
    storage: str
    study: str


def run_walk(options: WalkOptions) -> None:
    """Walk, print every fold and what is left, write the files asked for."""
    from futtui.backtest.folds import folds
    from futtui.backtest.walk_forward import walk_forward, walk_json, walk_lines
    from futtui.cli.backtest_command import check_folders, progress_told, reading, request_of, write_file
    from futtui.cli.validate_command import only_tested
    from futtui.live.past_candles import moment_text

    run = options.run
    check_folders({"--json": run.json_file})
    request = only_tested(request_of(run), options.system)
    parts = folds(
        request.start_ms, request.end_ms, learn_months=options.learn_months, step_months=options.step_months,
        gap_days=options.gap_days, rolling=options.rolling,
    )  # fmt: skip
    with progress_told("Walk-forward") as told:
        runs = run_candidates(
            request, options.choose, run.home, told, read=lambda done, of: told(reading(done, of), done / of)
        )
    found = walk_forward(runs.trades, parts, runs.slipped_r)
    if run.json_file is not None:
        write_file(run.json_file, json.dumps(walk_json(found), indent=1, allow_nan=False) + "\n")
    for line in walk_lines(found, moment_text):
        print(line)


@dataclass(frozen=True, slots=True)
class Candidates:
    """The trades of every set of numbers to choose from, their slippage, the run as configured, and its candles."""

    trades: dict[str, Sequence[Trade]]
    slipped_r: SlippedR
    first: BacktestResult
    data: Mapping[str, SymbolData]


FIRST_STEP, OTHER_STEP = "the run", "other numbers"
"""What is told to be under way."""


def run_candidates(
    request: BacktestRequest,
    choose: bool,
    home: Path | None,
    told: Callable[[str, float], None],
    *,
    gate: Gate | None = None,
    begun: Callable[[Backtest], None] | None = None,
    read: Callable[[int, int], None] | None = None,
) -> Candidates:
    """Runs what there is to choose from and writes each down as a trial; all but the first from recorded analyses.

    `told` hears what is under way and which share of it is done. `begun` is given the first run before it works, and
    may refuse it. `read` is told how many symbols are read. While `gate` is closed everything stands still.
    """
    from futtui.backtest.charges import slipped_with
    from futtui.backtest.crew import Bench, Crew, play
    from futtui.backtest.data import funding_of
    from futtui.backtest.gate import OpenGate
    from futtui.backtest.loading import unheard
    from futtui.backtest.recording import Recorder, Recording
    from futtui.backtest.run import Backtest, shards_of
    from futtui.backtest.variants import QUICK_STEPS, exit_numbers
    from futtui.backtest.workers import LocalCrew

    there = gate or OpenGate()
    funding = funding_of(request.history, request.symbols)
    variants = exit_numbers(request, QUICK_STEPS) if choose else []
    workers = LocalCrew(request.workers, there)

    def share(what: str, done: int, of: int) -> None:
        told(what, done / of)
        there.wait()

    with tempfile.TemporaryDirectory(prefix="futtui-walk-", ignore_cleanup_errors=True) as folder:
        recording = Recording(Path(folder) / "analyses")
        first = Backtest(
            request,
            lambda one, known: Recorder(shards_of(one, known, crew=workers), recording),
            funding=funding,
            crew=workers,
            told=read or unheard,
        )
        if begun is not None:
            begun(first)
        result = first.run(partial(share, FIRST_STEP))
        with Crew(Bench(request, recording, dict(first.data), funding, there), request.workers) as crew:
            others = crew.each(play, variants, partial(share, OTHER_STEP))
    found = _noted(result, variants, others, home)
    return Candidates(found, slipped_with(request.costs, result.tick_sizes), result, first.data)


def _noted(
    first: BacktestResult, variants: Sequence[Variant], others: Sequence[Sequence[Trade]], home: Path | None
) -> dict[str, Sequence[Trade]]:
    """The trades of each set of numbers by its name; every one of them is written down as a trial."""
    from futtui.backtest.trials import trial_of
    from futtui.cli.places import Places
    from futtui.cli.trial_book import note_trial, now_text, trial_book

    book = trial_book(Places.of(home))
    found: dict[str, Sequence[Trade]] = {"as configured": first.trades}
    for variant, trades in zip(variants, others, strict=True):
        found[variant.name] = trades
        note_trial(book, trial_of("walk-forward", now_text(), variant.request, trades, data=first.data_hash))
    note_trial(book, trial_of("walk-forward", now_text(), first.request, first.trades, data=first.data_hash))
    return found


def run_search(options: SearchOptions) -> None:
    """Search, print the best trials, and write every trial down."""
    from futtui.backtest.search import SearchRequest, search, search_lines
    from futtui.backtest.trials import trial_of
    from futtui.cli.backtest_command import request_of
    from futtui.cli.places import Places
    from futtui.cli.trial_book import note_trial, now_text, trial_book
    from futtui.cli.validate_command import only_tested

    names = [name.strip().lower() for name in options.system.split(",") if name.strip()]
    if len(names) != 1:
        raise InvalidInputError("--system: name the one strategy whose numbers are searched, as in liquidity_flush.")
    request = only_tested(request_of(options.run), names[0])
    if not hasattr(request.analysis.strategies, names[0]):
        raise InvalidInputError("--system: only the numbers of strategies that ship can be searched.")
    book = trial_book(Places.of(options.run.home))
    wanted = SearchRequest(
        run=request,
        strategy=names[0],
        numbers=tuple(name.strip() for name in options.numbers.split(",") if name.strip()),
        trials=options.trials,
        seed=options.seed,
        storage=options.storage,
        study=options.study,
    )

    def tried(run: BacktestRequest, trades: list[Trade]) -> None:
        note_trial(book, trial_of("search", now_text(), run, trades))

    def told(done: int, of: int) -> None:
        if sys.stderr.isatty():
            print(f"\rtrial {done} of {of}", end="", file=sys.stderr)

    study = search(wanted, tried, told)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    for line in search_lines(study):
        print(line)
