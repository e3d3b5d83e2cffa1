"""A backtest in a process of its own: `python -m futtui.cli.backtest_child FOLDER`.

The folder holds `wanted.json`; lines of JSON on the output tell how far it is. A `p` on the input lets it and its
workers stand still, a `g` go on. When the input is closed, because the run is cancelled or the screen is gone, it stops
as with Ctrl+C, also while it stands still. Files are there whole or not at all.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import threading
import time
from _thread import interrupt_main
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from futtui.domain.backtests import RunHead, RunResult, TestedTrade, TradeCandles
from futtui.domain.candle import Candle
from futtui.domain.errors import FuttuiError
from futtui.domain.position import TradingMode
from futtui.domain.timeframe import Timeframe

if TYPE_CHECKING:
    from multiprocessing.synchronize import Event

    from futtui.backtest.data import SymbolData
    from futtui.backtest.gate import Gate
    from futtui.backtest.run import BacktestResult
    from futtui.cli.backtest_form import Wanted

WANTED_FILE, HEAD_FILE, RESULT_FILE = "wanted.json", "head.json", "result.json"
TRADES_FILE, PAGE_FILE, FIGURES_FILE, CONFIG_FILE = "trades.csv", "report.html", "figures.json", "config.yaml"
PAUSE, GO_ON = b"p", b"g"
"""What the input tells."""
NICE = 10
PackedCandles = dict[str, tuple[str, list[tuple[int, float, float, float, float, float]]]]
"""By position: timeframe, then open time, open, high, low, close and volume of each candle."""


def main(folder: Path) -> int:
    """Work; 0 when the run is complete, 1 when it cannot be, 130 when it was stopped."""
    if hasattr(os, "nice"):
        os.nice(NICE)  # the market comes first
    gate = multiprocessing.get_context("spawn").Event()
    gate.set()
    threading.Thread(target=_obey, args=(gate,), daemon=True).start()
    try:
        work(folder, json.loads((folder / WANTED_FILE).read_text(encoding="utf-8")), gate)
    except KeyboardInterrupt:
        return 130
    except FuttuiError as error:
        tell(error=str(error))
        return 1
    except OSError as error:
        tell(error=f"{error.filename or folder} cannot be used ({error.strerror}).")
        return 1
    except Exception as error:
        tell(error=f"Something unexpected happened ({type(error).__name__}: {error}). Please report it.")
        raise
    return 0


def tell(**facts: Any) -> None:
    """One line for the screen."""
    print(json.dumps(facts), flush=True)


def _obey(gate: Event) -> None:
    """Open and close the gate as told; at the end of the input open it and stop the work."""
    while told := os.read(sys.stdin.fileno(), 1):  # not through its buffer, whose lock would be held at the end
        if told == PAUSE:
            gate.clear()
        elif told == GO_ON:
            gate.set()
    gate.set()  # nothing that waits there could be stopped on every system
    if sys.platform == "win32":
        interrupt_main()
    else:  # wakes the main thread also where it waits for workers
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def work(folder: Path, asked: dict[str, Any], gate: Gate) -> None:
    """The whole run, told line by line; raises FuttuiError with a sentence. It waits wherever `gate` is closed."""
    from futtui.backtest.coverage import coverage_lines
    from futtui.backtest.run import Backtest
    from futtui.backtest.trials import seen_before, trial_of
    from futtui.backtest.workers import LocalCrew
    from futtui.cli.backtest_command import hole_lines, run_store
    from futtui.cli.backtest_form import wanted_of
    from futtui.cli.places import Places
    from futtui.cli.trial_book import note_trial, now_text, trial_book

    begun = time.monotonic()
    wanted = wanted_of(asked["values"])
    home = Path(asked["home"])
    config = folder / CONFIG_FILE
    tell(text="loading")
    request = wanted.request(config if config.is_file() else None, home)
    store = run_store(None if home == Places.of(None).home else home)
    crew = LocalCrew(request.workers, gate)
    run = Backtest(request, store=store, crew=crew, told=lambda done, of: tell(text="loading", read=[done, of]))
    notes = [*hole_lines(run, wanted.strict), *coverage_lines(run.coverage)]
    tell(text="running", notes=notes)

    def told(done: int, of: int) -> None:
        tell(share=done / of)
        gate.wait()

    result = run.run(told)
    tell(text="writing")
    trial = trial_of("backtest", now_text(), request, result.trades, data=result.data_hash)
    book = trial_book(Places.of(home))
    note_trial(book, trial)
    kept = result_of(folder.name, asked, wanted, result, time.monotonic() - begun, notes)
    seen = seen_before(book.all(), trial.symbols, trial.start_ms, trial.end_ms)
    write_run(folder, kept, result, run.data, max(1, len(seen)), gate)


def result_of(
    run_id: str, asked: dict[str, Any], wanted: Wanted, result: BacktestResult, seconds: float, notes: list[str]
) -> RunResult:
    """What the screen keeps of a run."""
    from futtui.backtest.charges import slipped_with
    from futtui.backtest.kept_signals import signals_of
    from futtui.backtest.trades_table import figures_in
    from futtui.measurement.performance import performance_report

    total = figures_in(result, result.trades)
    every = [*result.trades, *result.information]
    slipped_r = slipped_with(result.request.costs, result.tick_sizes)
    report = performance_report(every, (), {}, (), wanted.start_ms, wanted.end_ms, slipped_r)
    signals = signals_of(result.trades, result.signals)
    trades = []
    for trade in result.trades:
        signal = signals.get(trade.signal_id)
        raw = signal.raw if signal is not None else None
        trades.append(TestedTrade(trade, raw.levels.targets if raw else (), raw.summary if raw else ""))
    head = RunHead(
        run_id, asked["made_ms"], wanted.symbols, wanted.start_ms, wanted.end_ms, wanted.systems, total.trades,
        total.net_r, total.win_rate.value, total.profit_factor.value, total.verdict,
    )  # fmt: skip
    return RunResult(
        head=head,
        seconds=seconds,
        chosen=tuple((path, text) for path, text in sorted(asked["chosen"].items())),
        traded=report.account(TradingMode.PAPER),
        informed=report.account(TradingMode.INFO),
        trades=tuple(trades),
        start_equity=float(result.request.start_equity),
        equity=result.equity,
        open_positions=result.open_positions,
        notes=tuple(notes),
    )


def write_run(
    folder: Path, kept: RunResult, result: BacktestResult, data: Mapping[str, SymbolData], trials: int, gate: Gate
) -> None:
    """All files of a run; the head comes last, because a run counts as kept once it is there."""
    import msgspec

    from futtui.backtest.html_report import html_report
    from futtui.backtest.report import as_json
    from futtui.backtest.report_trades import candles_around
    from futtui.backtest.trades_table import trades_csv
    from futtui.cli.backtest_command import write_file

    for symbol in {one.trade.symbol for one in kept.trades}:
        gate.wait()
        mine = [one.trade for one in kept.trades if one.trade.symbol == symbol]
        found = candles_around(mine, data[symbol], len(kept.trades))
        (folder / candles_file(symbol)).write_bytes(msgspec.msgpack.encode(_packed(found)))
    write_file(folder / TRADES_FILE, trades_csv(result))
    write_file(folder / FIGURES_FILE, json.dumps(as_json(result), indent=1, allow_nan=False) + "\n")
    gate.wait()
    write_file(folder / PAGE_FILE, html_report(result, data, trials))
    (folder / RESULT_FILE).write_bytes(msgspec.json.encode(kept))
    write_file(folder / HEAD_FILE, msgspec.json.encode(kept.head).decode())


def _packed(found: dict[str, TradeCandles]) -> PackedCandles:
    return {
        name: (one.timeframe.code, [(c.open_time_ms, c.open, c.high, c.low, c.close, c.volume) for c in one.candles])
        for name, one in found.items()
    }


def unpacked(data: bytes, position_id: str) -> TradeCandles:
    """The candles around a trade from such a file; KeyError for a trade that is not in it."""
    import msgspec

    code, rows = msgspec.msgpack.decode(data, type=PackedCandles)[position_id]
    return TradeCandles(Timeframe.from_code(code), tuple(Candle(*row) for row in rows))


def candles_file(symbol: str) -> str:
    """Name of the file with the candles around the trades of a symbol."""
    return f"candles-{symbol}.msgpack"


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
