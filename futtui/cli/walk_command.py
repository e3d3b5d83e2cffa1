"""`futtui walk-forward` and `futtui search`."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from futtui.domain.errors import InvalidInputError

if TYPE_CHECKING:
    from futtui.backtest.settings import BacktestRequest
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
    from futtui.cli.backtest_command import check_folders, request_of, write_file
    from futtui.cli.validate_command import only_tested
    from futtui.live.past_candles import moment_text

    run = options.run
    check_folders({"--json": run.json_file})
    request = only_tested(request_of(run), options.system)
    parts = folds(
        request.start_ms, request.end_ms, learn_months=options.learn_months, step_months=options.step_months,
        gap_days=options.gap_days, rolling=options.rolling,
    )  # fmt: skip
    candidates, slipped_r = _candidates(request, options)
    found = walk_forward(candidates, parts, slipped_r)
    for line in walk_lines(found, moment_text):
        print(line)
    if run.json_file is not None:
        write_file(run.json_file, json.dumps(walk_json(found), indent=1, allow_nan=False) + "\n")


def _candidates(request: BacktestRequest, options: WalkOptions) -> tuple[dict[str, Sequence[Trade]], SlippedR]:
    """The trades of every set of numbers to choose from, and the slippage of each trade.

    All but the first are made from the recorded analyses.
    """
    from futtui.backtest.charges import slipped_with
    from futtui.backtest.crew import Bench, Crew, play
    from futtui.backtest.data import funding_of, load_symbol
    from futtui.backtest.recording import Recorder, Recording
    from futtui.backtest.run import Backtest, shards_of
    from futtui.backtest.trials import trial_of
    from futtui.backtest.variants import QUICK_STEPS, exit_numbers
    from futtui.cli.backtest_command import progress_told
    from futtui.cli.places import Places
    from futtui.cli.trial_book import note_trial, now_text, trial_book

    book = trial_book(Places.of(options.run.home))
    data = {symbol: load_symbol(request.history, symbol, request.start_ms) for symbol in request.symbols}
    funding = funding_of(request.history, request.symbols)
    variants = exit_numbers(request, QUICK_STEPS) if options.choose else []
    with tempfile.TemporaryDirectory(prefix="futtui-walk-", ignore_cleanup_errors=True) as folder:
        recording = Recording(Path(folder) / "analyses")
        with progress_told("Walk-forward") as told:
            first = Backtest(request, lambda one, known: Recorder(shards_of(one, known), recording), data, funding)
            result = first.run(lambda done, of: told("the run", done / of))
            with Crew(Bench(request, recording, data, funding), request.workers) as crew:
                others = crew.each(play, variants, lambda done, of: told("other numbers", done / of))
    found: dict[str, Sequence[Trade]] = {"as configured": result.trades}
    for variant, trades in zip(variants, others, strict=True):
        found[variant.name] = trades
        note_trial(book, trial_of("walk-forward", now_text(), variant.request, trades, data=result.data_hash))
    note_trial(book, trial_of("walk-forward", now_text(), request, result.trades, data=result.data_hash))
    return found, slipped_with(request.costs, result.tick_sizes)


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
