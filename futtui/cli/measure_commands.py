"""Commands that measure honestly: validate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

History = Annotated[Path, typer.Option(help="Folder of candle files: 15m/SYMBOL.csv.gz, better with 1m/ beside it.")]
FromDate = Annotated[str, typer.Option("--from", help="First day, as in 2024-01-01 (UTC).")]
ToDate = Annotated[str, typer.Option("--to", help="Day on which the run ends (UTC).")]
Symbols = Annotated[str, typer.Option(help="Comma-separated symbols (default: all in the folder).")]
System = Annotated[str, typer.Option(help="Only these strategies (names with commas, or all), traded whatever is set.")]
JsonFile = Annotated[Path | None, typer.Option("--json", help="Write all figures here.")]
Workers = Annotated[int, typer.Option(min=0, max=64, help="Processes for the work (0 = none).")]
Config = Annotated[Path | None, typer.Option("--config", help="Configuration file (default: ./config.yaml).")]
Home = Annotated[Path | None, typer.Option("--home", help="Folder for database and logs.")]


def validate(
    history: History,
    from_date: FromDate,
    to_date: ToDate,
    symbols: Symbols = "",
    system: System = "",
    json_file: JsonFile = None,
    trades_file: Annotated[Path | None, typer.Option("--trades", help="Write every trade and leg here (CSV).")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer random entries and numbers; a sample of days.")] = False,
    chosen_before: Annotated[
        str, typer.Option(help="Day from which on the data had no part in choosing the settings.")
    ] = "",
    earlier_trials: Annotated[int, typer.Option(min=0, help="Trials on this data that nobody recorded.")] = 0,
    cost_factor: Annotated[float, typer.Option("--costs", min=0.0, max=10.0, help="Multiply fees and slippage.")] = 1.0,
    workers: Workers = 2,
    config: Config = None,
    home: Home = None,
) -> None:
    """Ask everything that makes a result believable, and print a checklist and a verdict."""
    from futtui.cli.backtest_command import BacktestOptions
    from futtui.cli.validate_command import ValidateOptions, run_validate

    run = BacktestOptions(
        history, symbols, from_date, to_date, json_file, trades_file, False, cost_factor, workers, config, "", home
    )
    run_validate(ValidateOptions(run, system, chosen_before, earlier_trials, quick))


def add_measure_commands(app: typer.Typer) -> None:
    """Put the commands of this file into the application."""
    app.command()(validate)
