"""`futtui train`: learns from a backtest which signals win, judges it on unseen trades, and keeps the model."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from futtui.cli.backtest_command import check_folders, write_file
from futtui.language.counting import counted

if TYPE_CHECKING:
    from futtui.backtest.learning import Judgement


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """What the user asked for."""

    history: Path
    symbols: str
    from_date: str
    to_date: str
    out: Path | None
    workers: int
    config: Path | None
    home: Path | None


def run_train(options: TrainOptions) -> None:
    """Run the backtest with all strategies, learn, print what the model is worth, write it."""
    from futtui.backtest.learning import as_record, learn, lessons_of
    from futtui.backtest.report import fingerprint
    from futtui.cli.backtest_command import BacktestOptions, backtest_result
    from futtui.cli.places import Places
    from futtui.version import VERSION

    file = options.out or Places.of(options.home).confidence_model
    check_folders({"--out": options.out})
    result = backtest_result(
        BacktestOptions(
            history=options.history,
            symbols=options.symbols,
            from_date=options.from_date,
            to_date=options.to_date,
            json_file=None,
            trades_file=None,
            optimistic=False,
            cost_factor=1.0,
            workers=options.workers,
            config=options.config,
            home=options.home,
            learned=False,
        )
    )
    trades = [*result.trades, *result.information]
    model, judgement = learn(lessons_of(result.signals, trades), result.request.end_ms)
    origin = {
        "program": VERSION,
        "symbols": list(result.request.symbols),
        "start_ms": result.request.start_ms,
        "end_ms": result.request.end_ms,
        "trades": len(trades),
        "fingerprint": fingerprint(trades),
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    write_file(file, json.dumps(as_record(model, judgement, origin)) + "\n")
    for line in told(judgement):
        print(line)
    print(f"Written to {file}; it speaks only about signals after {options.to_date}.")


def told(judgement: Judgement) -> list[str]:
    """What the model is worth, in plain words."""
    sample = f"{counted(judgement.trades, 'trade')} of {counted(judgement.days, 'day')}"
    lines = [f"Judged on {sample} that the models had not seen."]
    if judgement.classes:
        lines.append(
            f"Error (Brier) {judgement.brier:.4f}, of the plain win rate {judgement.base_brier:.4f}: it saves "
            f"{judgement.skill:+.1%} [{judgement.skill_low:+.1%}..{judgement.skill_high:+.1%}]; "
            f"AUC {judgement.auc:.3f}."
        )
        lines += [
            f"  forecast {forecast:.0%}: won {observed:.0%} (n = {count})"
            for forecast, observed, count in judgement.classes
        ]
    then = "Signals show it." if judgement.reliable else "It stays off: signals show nothing of it."
    return [*lines, f"{judgement.reason[0].upper()}{judgement.reason[1:]}. {then}"]
