"""Commands that measure honestly: validate, walk-forward, search, stats."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from futtui.cli.options import HomeOption

History = Annotated[Path, typer.Option(help="Folder of candle files: 15m/SYMBOL.csv.gz, better with 1m/ beside it.")]
FromDate = Annotated[str, typer.Option("--from", help="First day, as in 2024-01-01 (UTC).")]
ToDate = Annotated[str, typer.Option("--to", help="Day on which the run ends (UTC).")]
Symbols = Annotated[str, typer.Option(help="Comma-separated symbols (default: all in the folder).")]
System = Annotated[str, typer.Option(help="Only these strategies (names with commas, or all), traded whatever is set.")]
HtmlFile = Annotated[Path | None, typer.Option("--html", help="Write a page with charts and every trade here.")]
JsonFile = Annotated[Path | None, typer.Option("--json", help="Write all figures here.")]
Workers = Annotated[int, typer.Option(min=0, max=64, help="Processes for the work (0 = none).")]
Config = Annotated[Path | None, typer.Option("--config", help="Configuration file (default: ./config.yaml).")]


def validate(
    history: History,
    from_date: FromDate,
    to_date: ToDate,
    symbols: Symbols = "",
    system: System = "",
    json_file: JsonFile = None,
    trades_file: Annotated[Path | None, typer.Option("--trades", help="Write every trade and leg here (CSV).")] = None,
    html_file: HtmlFile = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer random entries and numbers; a sample of days.")] = False,
    chosen_before: Annotated[
        str, typer.Option(help="Day from which on the data had no part in choosing the settings.")
    ] = "",
    earlier_trials: Annotated[int, typer.Option(min=0, help="Trials on this data that nobody recorded.")] = 0,
    cost_factor: Annotated[float, typer.Option("--costs", min=0.0, max=10.0, help="Multiply fees and slippage.")] = 1.0,
    workers: Workers = 2,
    config: Config = None,
    home: HomeOption = None,
) -> None:
    """Ask everything that makes a result believable, and print a checklist and a verdict."""
    from futtui.cli.backtest_command import BacktestOptions
    from futtui.cli.validate_command import ValidateOptions, run_validate

    run = BacktestOptions(
        history, symbols, from_date, to_date, json_file, trades_file, False, cost_factor, workers, config, "", home
    )
    run_validate(ValidateOptions(run, system, chosen_before, earlier_trials, quick, html_file))


def walk_forward(
    history: History,
    from_date: FromDate,
    to_date: ToDate,
    symbols: Symbols = "",
    system: System = "",
    json_file: JsonFile = None,
    learn_months: Annotated[int, typer.Option(min=1, max=120, help="Months to learn before the first look.")] = 6,
    step_months: Annotated[int, typer.Option(min=1, max=24, help="Months of each look.")] = 1,
    gap_days: Annotated[float, typer.Option(min=0.0, max=60.0, help="Days between learning and looking.")] = 7.0,
    rolling: Annotated[bool, typer.Option("--rolling", help="Forget what is older than the months to learn.")] = False,
    choose: Annotated[
        bool, typer.Option("--choose", help="In every fold choose the best of the exits moved by 20 %.")
    ] = False,
    cost_factor: Annotated[float, typer.Option("--costs", min=0.0, max=10.0, help="Multiply fees and slippage.")] = 1.0,
    workers: Workers = 2,
    config: Config = None,
    home: HomeOption = None,
) -> None:
    """Learn on the past, look at what came next, move on; count only what was never learned from."""
    from futtui.cli.backtest_command import BacktestOptions
    from futtui.cli.walk_command import WalkOptions, run_walk

    run = BacktestOptions(
        history, symbols, from_date, to_date, json_file, None, False, cost_factor, workers, config, "", home
    )
    run_walk(WalkOptions(run, system, learn_months, step_months, gap_days, rolling, choose))


def search(
    history: History,
    from_date: FromDate,
    to_date: ToDate,
    system: Annotated[str, typer.Option(help="The strategy whose numbers are searched.")],
    symbols: Symbols = "",
    numbers: Annotated[
        str, typer.Option(help="Names of numbers with commas, exits.NAME for the exits (default: all of the strategy).")
    ] = "",
    trials: Annotated[int, typer.Option(min=1, max=100_000, help="How many to try.")] = 50,
    seed: Annotated[int, typer.Option(min=0, help="Number from which the choices are made.")] = 1,
    storage: Annotated[str, typer.Option(help="Database of the study, as sqlite:///study.db (default: none).")] = "",
    study: Annotated[str, typer.Option(help="Name of the study in that database.")] = "futtui",
    cost_factor: Annotated[float, typer.Option("--costs", min=0.0, max=10.0, help="Multiply fees and slippage.")] = 1.0,
    workers: Workers = 2,
    config: Config = None,
    home: HomeOption = None,
) -> None:
    """Search for better numbers of a strategy; every trial is written down and counted against the best."""
    from futtui.cli.backtest_command import BacktestOptions
    from futtui.cli.walk_command import SearchOptions, run_search

    run = BacktestOptions(
        history, symbols, from_date, to_date, None, None, False, cost_factor, workers, config, "", home
    )
    run_search(SearchOptions(run, system, numbers, trials, seed, storage, study))


def stats(
    days: Annotated[int | None, typer.Option(min=1, help="Trades closed in the last so many days only.")] = None,
    symbol: Annotated[str, typer.Option(help="Only these symbols, with commas.")] = "",
    system: Annotated[str, typer.Option(help="Only these strategies or systems, as in liquidity_flush or dual.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    demo: Annotated[bool, typer.Option("--demo", help="Those of the newest demo instead.")] = False,
    home: HomeOption = None,
) -> None:
    """Say what became of the signals: live, on paper and for information, by strategy, with intervals and verdict."""
    from futtui.cli.stats_command import StatsRequest, run_stats

    run_stats(StatsRequest(days, symbol, system, as_json, demo, home))


def add_measure_commands(app: typer.Typer) -> None:
    """Put the commands of this file into the application."""
    app.command()(validate)
    app.command("walk-forward")(walk_forward)
    app.command()(search)
    app.command()(stats)
