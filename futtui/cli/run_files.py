"""The files that a run of the backtest screen leaves, and how they are read again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from futtui.domain.backtests import RunHead, RunResult, TestedTrade, TradeCandles, WalkFold, WalkResult
from futtui.domain.candle import Candle
from futtui.domain.position import TradingMode
from futtui.domain.timeframe import Timeframe

if TYPE_CHECKING:
    from futtui.backtest.data import SymbolData
    from futtui.backtest.gate import Gate
    from futtui.backtest.run import BacktestResult
    from futtui.backtest.walk_forward import WalkForward
    from futtui.cli.backtest_form import Wanted
    from futtui.cli.walk_command import Candidates

HEAD_FILE, RESULT_FILE = "head.json", "result.json"
TRADES_FILE, PAGE_FILE, FIGURES_FILE = "trades.csv", "report.html", "figures.json"
PackedCandles = dict[str, tuple[str, list[tuple[int, float, float, float, float, float]]]]
"""By position: timeframe, then open time, open, high, low, close and volume of each candle."""


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


def walk_result_of(
    run_id: str, asked: dict[str, Any], wanted: Wanted, runs: Candidates, found: WalkForward, seconds: float,
    notes: list[str],
) -> RunResult:  # fmt: skip
    """What the screen keeps of a walk-forward: its folds, and the trades that were never learned from."""
    from futtui.backtest.checklist import OUTSIDE_GATE

    folds = tuple(
        WalkFold(**asdict(each.fold), chosen=each.chosen, learned=each.learned, seen=each.seen)
        for each in found.results
    )
    walk = WalkResult(folds, found.statistics, found.candidates, found.ratio, OUTSIDE_GATE, found.holds)
    kept = result_of(run_id, asked, wanted, _unseen(runs, found), seconds, notes)
    return replace(kept, walk=walk, head=replace(kept.head, folds=len(folds)))


def _unseen(runs: Candidates, found: WalkForward) -> BacktestResult:
    """The trades that were never learned from, as the result of a run; with their plans where all are as configured."""
    names = list(runs.trades)
    signals = runs.first.signals if {each.chosen for each in found.results} <= {names[0]} else ()
    return replace(
        runs.first, trades=list(found.stitched), information=[], signals=signals, open_positions=0, open_r=(),
        stranded_r=(),
    )  # fmt: skip


def write_run(
    folder: Path, kept: RunResult, result: BacktestResult, data: Mapping[str, SymbolData], trials: int, gate: Gate
) -> None:
    """All files of a run."""
    from futtui.backtest.html_report import html_report
    from futtui.backtest.report import as_json
    from futtui.backtest.trades_table import trades_csv
    from futtui.cli.backtest_command import write_file

    _write_candles(folder, kept, data, gate)
    write_file(folder / TRADES_FILE, trades_csv(result))
    write_file(folder / FIGURES_FILE, json.dumps(as_json(result), indent=1, allow_nan=False) + "\n")
    gate.wait()
    write_file(folder / PAGE_FILE, html_report(result, data, trials))
    _write_kept(folder, kept)


def write_walk(folder: Path, kept: RunResult, runs: Candidates, found: WalkForward, gate: Gate) -> None:
    """All files of a walk-forward: no page, because nobody ever traded what stands in its place."""
    from futtui.backtest.trades_table import trades_csv
    from futtui.backtest.walk_forward import walk_json
    from futtui.cli.backtest_command import write_file

    _write_candles(folder, kept, runs.data, gate)
    write_file(folder / TRADES_FILE, trades_csv(_unseen(runs, found)))
    write_file(folder / FIGURES_FILE, json.dumps(walk_json(found), indent=1, allow_nan=False) + "\n")
    _write_kept(folder, kept)


def _write_candles(folder: Path, kept: RunResult, data: Mapping[str, SymbolData], gate: Gate) -> None:
    """The candles around every trade."""
    import msgspec

    from futtui.backtest.report_trades import candles_around

    for symbol in {one.trade.symbol for one in kept.trades}:
        gate.wait()
        mine = [one.trade for one in kept.trades if one.trade.symbol == symbol]
        found = candles_around(mine, data[symbol], len(kept.trades))
        (folder / candles_file(symbol)).write_bytes(msgspec.msgpack.encode(_packed(found)))


def _write_kept(folder: Path, kept: RunResult) -> None:
    """What the screen reads; the head comes last, because a run counts as kept once it is there."""
    import msgspec

    from futtui.cli.backtest_command import write_file

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
