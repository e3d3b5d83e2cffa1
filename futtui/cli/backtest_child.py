"""A backtest in a process of its own: `python -m futtui.cli.backtest_child FOLDER`.

The folder holds `wanted.json`; lines of JSON on the output tell how far it is. A `p` on the input lets it and its
workers stand still, a `g` go on. When the input is closed, because the run is cancelled or the screen is gone, it stops
as with Ctrl+C, also while it stands still. Files are there whole or not at all.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from _thread import interrupt_main
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from futtui.cli.ended_helpers import memory_words
from futtui.cli.stopwatch import Stopwatch
from futtui.domain.errors import FuttuiError

if TYPE_CHECKING:
    from futtui.backtest.gate import Gate, SharedGate
    from futtui.backtest.run import Backtest
    from futtui.backtest.settings import BacktestRequest
    from futtui.cli.backtest_form import Wanted, WantedWalk

WANTED_FILE, CONFIG_FILE = "wanted.json", "config.yaml"
PAUSE, GO_ON = b"p", b"g"
"""What the input tells."""
NICE = 10


def main(folder: Path) -> int:
    """Work; 0 when the run is complete, 1 when it cannot be, 130 when it was stopped."""
    if hasattr(os, "nice"):
        os.nice(NICE)  # the market comes first
    from futtui.backtest.gate import SharedGate

    gate, watch = SharedGate(), Stopwatch()
    threading.Thread(target=_obey, args=(gate, watch), daemon=True).start()
    try:
        work(folder, json.loads((folder / WANTED_FILE).read_text(encoding="utf-8")), gate, watch)
    except KeyboardInterrupt:
        return 130
    except FuttuiError as error:
        tell(error=str(error))
        return 1
    except OSError as error:
        tell(error=f"{error.filename or folder} cannot be used ({error.strerror}).")
        return 1
    except Exception as error:
        words = memory_words(error)
        if words is not None:
            tell(error=f"{words[0].upper()}{words[1:]}")
            return 1
        tell(error=f"Something unexpected happened ({type(error).__name__}: {error}). Please report it.")
        raise
    return 0


def tell(**facts: Any) -> None:
    """One line for the screen."""
    print(json.dumps(facts), flush=True)


def _obey(gate: SharedGate, watch: Stopwatch) -> None:
    """Open and close the gate as told; at the end of the input open it and stop the work."""
    while told := os.read(sys.stdin.fileno(), 1):  # not through its buffer, whose lock would be held at the end
        if told == PAUSE:
            gate.close()
        elif told == GO_ON:
            gate.open()
        watch.stop(told == PAUSE)
    gate.open()  # nothing that waits there could be stopped on every system
    if sys.platform == "win32":
        interrupt_main()
    else:  # wakes the main thread also where it waits for workers
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def work(folder: Path, asked: dict[str, Any], gate: Gate, watch: Stopwatch) -> None:
    """The whole run, told line by line; raises FuttuiError with a sentence. It waits wherever `gate` is closed."""
    from futtui.cli.backtest_form import wanted_of

    wanted, home, config = wanted_of(asked["values"]), Path(asked["home"]), folder / CONFIG_FILE
    tell(text="loading")
    request = wanted.request(config if config.is_file() else None, home)
    run = Run(folder, asked, wanted, request, home, gate, watch)
    if wanted.walk is None:
        run_plainly(run)
    else:
        walk_forward_in(run, wanted.walk)


@dataclass(frozen=True, slots=True)
class Run:
    """What a run needs to know, beside its candles."""

    folder: Path
    asked: dict[str, Any]
    wanted: Wanted
    request: BacktestRequest
    home: Path
    gate: Gate
    watch: Stopwatch

    def notes(self, run: Backtest) -> list[str]:
        """What the user should know of the candles, told at once; raises where the run is not to begin with them."""
        from futtui.backtest.coverage import coverage_lines
        from futtui.cli.backtest_command import hole_lines

        try:
            notes = [*hole_lines(run, self.wanted.strict), *coverage_lines(run.coverage)]
        except FuttuiError:
            run.stop()
            raise
        tell(notes=notes)
        return notes


def reading_told(done: int, of: int) -> None:
    """How many symbols are read."""
    tell(text="loading", read=[done, of])


def warming_told(done: int, of: int) -> None:
    """Of how many symbols the analyses have begun; after the last one the days go by."""
    if done < of:
        tell(text="warming", read=[done, of])
    else:
        tell(text="running")


def run_plainly(run: Run) -> None:
    """One run over the period."""
    from futtui.backtest.run import Backtest
    from futtui.backtest.trials import seen_before, trial_of
    from futtui.backtest.workers import LocalCrew
    from futtui.cli.backtest_command import run_store
    from futtui.cli.places import Places
    from futtui.cli.run_files import result_of, write_run
    from futtui.cli.trial_book import note_trial, now_text, trial_book

    request, gate, home = run.request, run.gate, run.home
    store = run_store(None if home == Places.of(None).home else home)
    work = Backtest(request, store=store, crew=LocalCrew(request.workers, gate), told=reading_told)
    notes = run.notes(work)

    def told(done: int, of: int) -> None:
        tell(share=done / of)
        gate.wait()

    result = work.run(told, warming_told)
    tell(text="writing")
    trial = trial_of("backtest", now_text(), request, result.trades, data=result.data_hash)
    book = trial_book(Places.of(home))
    note_trial(book, trial)
    kept = result_of(run.folder.name, run.asked, run.wanted, result, run.watch.seconds, notes)
    seen = seen_before(book.all(), trial.symbols, trial.start_ms, trial.end_ms)
    write_run(run.folder, kept, result, work.data, max(1, len(seen)), gate)


def walk_forward_in(run: Run, walk: WantedWalk) -> None:
    """The walk-forward of the command line over the period."""
    from futtui.backtest.walk_forward import walk_forward
    from futtui.cli.run_files import walk_result_of, write_walk
    from futtui.cli.walk_command import FIRST_STEP, run_candidates

    notes: list[str] = []
    step = FIRST_STEP

    def told(what: str, share: float) -> None:
        nonlocal step
        if what != step:
            step = what
            tell(text="variants")
        tell(share=share)

    def begun(first: Backtest) -> None:
        notes.extend(run.notes(first))
        tell(text="running")

    runs = run_candidates(run.request, walk.choose, run.home, told, gate=run.gate, begun=begun, read=reading_told)
    found = walk_forward(runs.trades, walk.folds, runs.slipped_r)
    tell(text="writing")
    kept = walk_result_of(run.folder.name, run.asked, run.wanted, runs, found, run.watch.seconds, notes)
    write_walk(run.folder, kept, runs, found, run.gate)


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
