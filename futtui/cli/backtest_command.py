"""`futtui backtest`: the live app's analyzers and desk on candles of the past."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from futtui.domain.errors import InvalidInputError
from futtui.domain.timeframe import Timeframe
from futtui.live.compat.files import replace_file

if TYPE_CHECKING:
    from futtui.backtest.data import SymbolData
    from futtui.backtest.run import Backtest, BacktestResult
    from futtui.backtest.settings import BacktestRequest
    from futtui.backtest.store import RunStore

INTERRUPTED = 130
"""Exit code of a command that was stopped with Ctrl+C."""


@dataclass(frozen=True, slots=True)
class BacktestOptions:
    """What the user asked for."""

    history: Path
    symbols: str
    from_date: str
    to_date: str
    json_file: Path | None
    trades_file: Path | None
    optimistic: bool
    cost_factor: float
    workers: int
    config: Path | None
    trade: str = ""
    home: Path | None = None
    html_file: Path | None = None
    cluster: str = ""
    strict: bool = False
    no_cache: bool = False
    learned: bool = True
    """Whether the model that was learned before has a say; not where a new one is learned."""


def run_backtest(options: BacktestOptions) -> None:
    """Run, write the trial down and the files asked for (all of them whole, or none), and print the summary."""
    from futtui.backtest.report import as_json, summary
    from futtui.backtest.trades_table import trades_csv
    from futtui.backtest.trials import seen_before, trial_of
    from futtui.cli.places import Places
    from futtui.cli.trial_book import note_trial, now_text, trial_book

    files = {"--json": options.json_file, "--trades": options.trades_file, "--html": options.html_file}
    check_folders(files)
    result, data = _stoppable(options)
    trial = trial_of("backtest", now_text(), result.request, result.trades, data=result.data_hash)
    book = trial_book(Places.of(options.home))
    note_trial(book, trial)
    texts: dict[Path, str] = {}
    if options.json_file is not None:
        texts[options.json_file] = json.dumps(as_json(result), indent=1, allow_nan=False) + "\n"
    if options.trades_file is not None:
        texts[options.trades_file] = trades_csv(result)
    if options.html_file is not None:
        from futtui.backtest.html_report import html_report

        seen = seen_before(book.all(), trial.symbols, trial.start_ms, trial.end_ms)
        texts[options.html_file] = html_report(result, data, max(1, len(seen)))
    write_files(texts)  # before anything is printed: whoever reads only the first lines has the files all the same
    for line in summary(result):
        print(line)


def _stoppable(options: BacktestOptions) -> tuple[BacktestResult, Mapping[str, SymbolData]]:
    """Result and candles; Ctrl+C is one sentence and exit code 130, and what was worked out is kept."""
    try:
        return finished(options)
    except KeyboardInterrupt:
        kept = "Nothing was kept." if options.no_cache else "The same command goes on where it was."
        print(f"Stopped; no file was written. {kept}", file=sys.stderr)
        raise SystemExit(INTERRUPTED) from None


def backtest_result(options: BacktestOptions) -> BacktestResult:
    """The result of what was asked for."""
    return finished(options)[0]


def finished(options: BacktestOptions) -> tuple[BacktestResult, Mapping[str, SymbolData]]:
    """Run what was asked for, with a bar of progress; holes of the history are told first.

    Gives the result, and the candles that a chart of a trade may show.
    """
    from futtui.analysis.collector import RARELY, calm_collector
    from futtui.backtest.cluster import cluster_crew
    from futtui.backtest.run import Backtest
    from futtui.domain.timeframe import DAY_MS

    calm_collector(RARELY)
    request = request_of(options)
    crew = cluster_crew(options.cluster) if options.cluster else None
    store = None if options.no_cache else run_store(options.home)
    with progress_told("Reading candles") as told:
        run = Backtest(request, store=store, crew=crew, told=lambda done, of: told(reading(done, of), done / of))
    try:
        for line in hole_lines(run, options.strict):
            print(line, file=sys.stderr)
        days = (request.end_ms - request.start_ms) / DAY_MS
        with progress_told("Backtest", days, "days") as told:
            result = run.run(
                lambda done, of: told("Backtest", done / of),
                lambda done, of: told(f"Warming up: {done} of {of}", done / of),
            )
            return result, run.data
    finally:
        run.stop()


def reading(done: int, of: int) -> str:
    """How far the reading is, in words."""
    return f"Reading candles: {done} of {of}"


def run_store(home: Path | None) -> RunStore | None:
    """Where earlier runs are kept; None, with a line about it, where nothing can be written."""
    from platformdirs import PlatformDirs

    from futtui.backtest.store import RunStore

    cache = Path(PlatformDirs("futtui", appauthor=False).user_cache_dir) if home is None else home / "cache"
    try:
        return RunStore(cache / "backtests")
    except OSError as error:
        print(f"Earlier runs are not kept: {cache} cannot be used ({error.strerror}).", file=sys.stderr)
        return None


def hole_lines(run: Backtest, strict: bool) -> list[str]:
    """What is missing in the period, a sentence a symbol; with `strict` raises InvalidInputError about it."""
    from futtui.live.past_candles import moment_text

    lines = []
    for symbol, holes in run.holes.items():
        start_ms, end_ms = holes[0]
        more = f", and {len(holes) - 1} more" if len(holes) > 1 else ""
        lines.append(f"{symbol} has no candles from {moment_text(start_ms)} to {moment_text(end_ms)}{more}")
    if lines and strict:
        raise InvalidInputError(f"{'; '.join(lines)}. Fill the holes, choose other days, or leave out --strict.")
    then = "nothing is decided there, what is held waits for the next price, and its analyses begin anew after it"
    return [f"{line}: {then}." for line in lines]


def check_folders(files: Mapping[str, Path | None]) -> None:
    """Raises InvalidInputError for a file that cannot be written where it is wanted, before anything takes time."""
    names: dict[Path, str] = {}
    for name, file in files.items():
        if file is None:
            continue
        if not file.absolute().parent.is_dir():
            raise InvalidInputError(f"{name}: there is no folder {file.absolute().parent}. Make it first.")
        other = names.setdefault(file.resolve(), name)
        if other != name:
            raise InvalidInputError(f"{other} and {name} are the same file {file}. Give each its own.")
        try:
            if file.is_dir():
                raise InvalidInputError(f"{name}: {file} is a folder. Add the name of a file.")
            _part_of(file).touch()
            _part_of(file).unlink()
        except OSError as error:
            raise _unwritable(file, error) from error


def request_of(options: BacktestOptions) -> BacktestRequest:
    """The run that the options ask for; raises InvalidInputError for what makes no sense."""
    from futtui.backtest.settings import BacktestRequest, Costs
    from futtui.cli.confidence_file import read_confidence
    from futtui.cli.launch import echo_problems
    from futtui.cli.places import Places
    from futtui.cli.traded import for_information
    from futtui.config.settings import find_config, load, own_strategies

    places = Places.of(options.home)
    file = find_config(options.config, places.home)
    settings = load(file).settings
    own = own_strategies(settings, file)
    echo_problems(own)
    entry = settings.desk.risk.entry
    return BacktestRequest(
        history=options.history,
        symbols=_symbols(options),
        start_ms=_quarter_of(options.from_date, "--from"),
        end_ms=_quarter_of(options.to_date, "--to"),
        analysis=settings.analysis(own),
        desk=settings.desk,
        start_equity=Decimal(str(settings.start_equity)),
        costs=Costs.expected(entry.taker_fee_pct, entry.slippage_pct).times(options.cost_factor),
        warm_up=settings.market.history,
        optimistic=options.optimistic,
        workers=options.workers,
        for_information=for_information(settings.strategies, options.trade, own.ready),
        confidence=read_confidence(places.confidence_model) if options.learned else None,
    )


def _quarter_of(text: str, option: str) -> int:
    """The time in ms; raises InvalidInputError for one between two closes of 15m, where nothing is ever decided."""
    from futtui.live.past_candles import time_of

    time_ms = time_of(text, option)
    quarter_ms = Timeframe.M15.open_ms(time_ms)
    if time_ms != quarter_ms:
        near = f"{datetime.fromtimestamp(quarter_ms / 1000, UTC):%Y-%m-%d %H:%M}"
        raise InvalidInputError(
            f"{option} {text}: decisions are made at full quarter hours. Give for example {near} (UTC)."
        )
    return time_ms


@contextmanager
def progress_told(title: str, amount: float = 0.0, unit: str = "") -> Iterator[Callable[[str, float], None]]:
    """A progress line on a terminal; gives a function that is told (what is being done, share done).

    With an amount it shows how many units of it are done a second.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, Task, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(TextColumn):
        """Units a second."""

        def render(self, task: Task) -> Text:
            return Text(f"{task.speed * amount:.1f} {unit} a second" if task.speed and amount else "")

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), Rate(""), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not sys.stderr.isatty(), transient=True) as bar:
        task, now = bar.add_task(title, total=1.0), title

        def told(what: str, share: float) -> None:
            nonlocal now
            step = what.partition(":")[0]
            if step != now:
                now = step
                bar.reset(task, total=1.0)
            bar.update(task, description=what, completed=share)

        yield told


def _symbols(options: BacktestOptions) -> tuple[str, ...]:
    from futtui.backtest.data import symbols_in

    named = tuple(dict.fromkeys(one.strip().upper() for one in options.symbols.split(",") if one.strip()))
    return named or symbols_in(options.history)


def write_file(path: Path, text: str) -> None:
    """Put the file in its place only once it is whole."""
    write_files({path: text})


def write_files(texts: Mapping[Path, str]) -> None:
    """Put the files in their places only once all of them are whole; raises InvalidInputError when one cannot be."""
    path = Path()
    try:
        for path, text in texts.items():
            _part_of(path).write_text(text, encoding="utf-8")
        for path in texts:
            replace_file(_part_of(path), path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        for path in texts:
            with contextlib.suppress(OSError):
                _part_of(path).unlink(missing_ok=True)


def _part_of(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def _unwritable(path: Path, error: OSError) -> InvalidInputError:
    return InvalidInputError(f"{path} cannot be written: {error}. Choose another file.")
