"""Commands of `futtui`."""

from __future__ import annotations

import errno
import sys
from pathlib import Path
from typing import Annotated

import typer

from futtui.cli.config_command import config_app
from futtui.cli.exchange_command import exchange_app
from futtui.cli.history_command import history_app
from futtui.cli.measure_commands import add_measure_commands
from futtui.cli.options import HomeOption
from futtui.cli.signals_command import signals_app
from futtui.cli.telegram_command import telegram_app
from futtui.domain.errors import FuttuiError
from futtui.version import VERSION

FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
"""What a system says when nothing more can be written: the disk, or the share of it that is the user's."""

app = typer.Typer(
    name="futtui",
    help="Watches Binance USD-M futures, shows trade ideas and explains them. Starts signals-only, without keys.",
    no_args_is_help=False,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(config_app, name="config")
app.add_typer(exchange_app, name="exchange")
app.add_typer(history_app, name="history")
app.add_typer(signals_app, name="signals")
app.add_typer(telegram_app, name="telegram")
add_measure_commands(app)

ConfigOption = Annotated[Path | None, typer.Option("--config", help="Configuration file (default: ./config.yaml).")]


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    config: ConfigOption = None,
    home: HomeOption = None,
    version: Annotated[bool, typer.Option("--version", "-V", help="Print the version.")] = False,
) -> None:
    """Open the terminal on the exchange's public market data, in signals-only mode."""
    if version:
        typer.echo(f"futtui {VERSION}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        from futtui.cli.live_command import run_live

        run_live(config, home)
    given = {name: str(path) for name, path in (("config", config), ("home", home)) if path is not None}
    if given:  # `futtui --home X panic` must mean the same as `futtui panic --home X`
        context.default_map = {
            name: given | dict.fromkeys(getattr(command, "commands", ()), given)
            for name, command in getattr(context.command, "commands", {}).items()
        }


@app.command()
def demo(
    history: Annotated[Path | None, typer.Option(help="Replay candles from this file or folder instead.")] = None,
    symbols: Annotated[str, typer.Option(help="Comma-separated symbols.")] = "",
    from_date: Annotated[str, typer.Option("--from", help="First day of the replay, as in 2024-03-01 (UTC).")] = "",
    to_date: Annotated[str, typer.Option("--to", help="Day on which the replay ends (UTC).")] = "",
    speed: Annotated[str, typer.Option(help="How fast time runs: 1, 60, ... or max (only with --headless).")] = "60",
    seed: Annotated[int, typer.Option(min=0, help="Number from which the synthetic market is made.")] = 7,
    mode: Annotated[str, typer.Option(help="signals, paper or live (harmless here).")] = "",
    trade: Annotated[
        str, typer.Option(help="Strategies to trade: names, or all (default: all, in a replay as configured).")
    ] = "",
    headless: Annotated[bool, typer.Option("--headless", help="Without a screen; prints counts at the end.")] = False,
    minutes: Annotated[int | None, typer.Option(min=1, help="Minutes of exchange time to run (headless).")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the result to this file (headless).")] = None,
    faults: Annotated[Path | None, typer.Option(help="Script of faults of the embedded exchange (YAML).")] = None,
    config: ConfigOption = None,
    home: HomeOption = None,
) -> None:
    """Trade a made-up (or replayed) market on the embedded exchange: no keys, no internet, no money."""
    from futtui.cli.demo_command import DemoRequest, run_demo

    run_demo(
        DemoRequest(
            history=history,
            symbols=tuple(part.strip().upper() for part in symbols.split(",") if part.strip()),
            from_date=from_date,
            to_date=to_date,
            speed=speed,
            seed=seed,
            mode=mode,
            headless=headless,
            minutes=minutes,
            json_file=json_file,
            faults=faults,
            config=config,
            home=home,
            trade=trade,
        )
    )


@app.command()
def welcome(config: ConfigOption = None, home: HomeOption = None) -> None:
    """Open the terminal and ask the questions of the first start again: language, time zone, signs, colours."""
    from futtui.cli.live_command import run_live

    run_live(config, home, welcome=True)


@app.command()
def backtest(
    history: Annotated[
        Path, typer.Option(help="Folder of candle files: 15m/SYMBOL.csv.gz, better with 1m/ beside it.")
    ],
    from_date: Annotated[str, typer.Option("--from", help="First day, as in 2024-01-01 (UTC).")],
    to_date: Annotated[str, typer.Option("--to", help="Day on which the run ends (UTC).")],
    symbols: Annotated[str, typer.Option(help="Comma-separated symbols (default: all in the folder).")] = "",
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all figures here.")] = None,
    trades_file: Annotated[Path | None, typer.Option("--trades", help="Write every trade and leg here (CSV).")] = None,
    html_file: Annotated[
        Path | None, typer.Option("--html", help="Write a page with charts and every trade here.")
    ] = None,
    trade: Annotated[
        str, typer.Option(help="Strategies to trade: names, or all (default: as configured, `trade: true`).")
    ] = "",
    optimistic: Annotated[
        bool, typer.Option("--optimistic", help="Inside a bar price goes with the position first.")
    ] = False,
    cost_factor: Annotated[float, typer.Option("--costs", min=0.0, max=10.0, help="Multiply fees and slippage.")] = 1.0,
    workers: Annotated[int, typer.Option(min=0, max=64, help="Processes for the analyses (0 = none).")] = 2,
    cluster: Annotated[str, typer.Option(help="Analyse on this Dask cluster instead, as in tcp://host:8786.")] = "",
    strict: Annotated[bool, typer.Option("--strict", help="Refuse history with a hole in the period.")] = False,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Work everything out anew, and keep nothing.")] = False,
    config: ConfigOption = None,
    home: HomeOption = None,
) -> None:
    """Run all strategies over candles of the past, costs included, and say what it is worth."""
    from futtui.cli.backtest_command import BacktestOptions, run_backtest

    run_backtest(
        BacktestOptions(
            history,
            symbols,
            from_date,
            to_date,
            json_file,
            trades_file,
            optimistic,
            cost_factor,
            workers,
            config,
            trade,
            home,
            html_file,
            cluster,
            strict,
            no_cache,
        )
    )


@app.command()
def train(
    history: Annotated[Path, typer.Option(help="Folder of candle files, as for the backtest.")],
    from_date: Annotated[str, typer.Option("--from", help="First day, as in 2023-01-01 (UTC).")],
    to_date: Annotated[str, typer.Option("--to", help="Day on which learning ends (UTC): nothing later is seen.")],
    symbols: Annotated[str, typer.Option(help="Comma-separated symbols (default: all in the folder).")] = "",
    out: Annotated[Path | None, typer.Option(help="Write the model here (default: in the data folder).")] = None,
    workers: Annotated[int, typer.Option(min=0, max=64, help="Processes for the analyses (0 = none).")] = 2,
    config: ConfigOption = None,
    home: HomeOption = None,
) -> None:
    """Learn from past trades which signals win, judge it on unseen ones, and keep the model."""
    from futtui.cli.train_command import TrainOptions, run_train

    run_train(TrainOptions(history, symbols, from_date, to_date, out, workers, config, home))


@app.command()
def analyze(
    symbol: Annotated[str, typer.Argument(help="Symbol, as in BTCUSDT.")],
    at: Annotated[str, typer.Option("--at", help="Moment, as in '2024-03-01 12:00' UTC (default: the newest).")] = "",
    history: Annotated[Path | None, typer.Option(help="Take candles from this file or folder instead.")] = None,
    chart: Annotated[
        Path | None, typer.Option(help="Chart file, .png or .svg (default: named for symbol and time).")
    ] = None,
    no_chart: Annotated[bool, typer.Option("--no-chart", help="Print only.")] = False,
    timeframe: Annotated[str, typer.Option(help="Candles of the chart: 15m, 1h, 4h or 1d.")] = "15m",
    bars: Annotated[int, typer.Option(min=20, max=1500, help="Candles in the chart.")] = 240,
    after: Annotated[int, typer.Option(min=0, max=500, help="Also draw so many later candles, in grey.")] = 0,
    anchor: Annotated[list[str] | None, typer.Option(help="VWAP since this moment too; may be repeated.")] = None,
    config: ConfigOption = None,
    home: HomeOption = None,
) -> None:
    """Print regime, figures and zones of a symbol at a past moment, each with its reasons, and draw them."""
    from futtui.cli.analyze_command import AnalyzeRequest, run_analyze

    anchors = tuple(anchor or ())
    run_analyze(AnalyzeRequest(symbol, at, history, chart, no_chart, timeframe, bars, after, anchors, config, home))


@app.command("zones-report")
def zones_report(
    history: Annotated[Path | None, typer.Option(help="Take candles from this file or folder instead.")] = None,
    symbols: Annotated[str, typer.Option(help="Comma-separated symbols.")] = "BTCUSDT,ETHUSDT",
    from_date: Annotated[str, typer.Option("--from", help="First day, as in 2024-03-01 (UTC).")] = "",
    to_date: Annotated[str, typer.Option("--to", help="Day on which to stop (UTC).")] = "",
    seed: Annotated[int, typer.Option(min=0, help="Number from which the random levels are made.")] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    config: ConfigOption = None,
    home: HomeOption = None,
) -> None:
    """Count how often price turned at zones in past candles, by grade, beside random levels."""
    from futtui.cli.zones_command import ZonesReportRequest, run_zones_report

    names = tuple(part.strip().upper() for part in symbols.split(",") if part.strip())
    run_zones_report(ZonesReportRequest(history, names, from_date, to_date, seed, as_json, config, home))


@app.command()
def symbols(
    all_symbols: Annotated[bool, typer.Option("--all", help="Also those that can never be watched.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    url: Annotated[str, typer.Option(help="Look at this exchange instead, as in http://127.0.0.1:8899.")] = "",
    config: ConfigOption = None,
    home: HomeOption = None,
) -> None:
    """Print which symbols a start would watch now, which not, and why."""
    from futtui.cli.symbols_command import run_symbols

    run_symbols(config, home, url, all_symbols=all_symbols, as_json=as_json)


@app.command()
def paths(
    open_home: Annotated[bool, typer.Option("--open", help="Also open the data folder.")] = False,
    home: HomeOption = None,
    config: ConfigOption = None,
) -> None:
    """Print where futtui keeps its files."""
    from futtui.cli.places import Places

    places = Places.of(home)
    for name, path in places.rows(config):
        typer.echo(f"{name:14} {path}")
    if open_home:
        places.home.mkdir(parents=True, exist_ok=True)
        typer.launch(str(places.home))


@app.command("windows-terminal")
def windows_terminal(
    only_print: Annotated[bool, typer.Option("--print", help="Only show the profile, write nothing.")] = False,
) -> None:
    """Give Windows Terminal a profile for futtui: font, signs, keys of every layout, and the command."""
    from futtui.cli.windows_terminal import run_windows_terminal

    run_windows_terminal(only_print=only_print)


@app.command()
def upgrade(home: HomeOption = None) -> None:
    """Say how this installation is renewed and what to close before; changes nothing itself."""
    from futtui.cli.upgrade_command import run_upgrade

    run_upgrade(home)


@app.command()
def doctor(
    what: Annotated[
        str, typer.Argument(help="keys: show what arrives for each key. Without: look at everything.")
    ] = "",
    url: Annotated[str, typer.Option(help="Look at this exchange instead, as in http://127.0.0.1:8899.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    config: ConfigOption = None,
    home: HomeOption = None,
) -> None:
    """Look at network, clock, disk, database, terminal and configuration; say what to do about what is wrong."""
    from futtui.cli.doctor_command import run_doctor, run_key_test

    if what:
        run_key_test(what, config, home)
    else:
        run_doctor(config, home, url, as_json)


@app.command()
def panic(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: ConfigOption = None,
    home: HomeOption = None,
) -> None:
    """Close EVERYTHING on the account at market, cancel every order and lock Live; works without the app running."""
    from futtui.cli.panic_command import run_panic

    run_panic(config, home, yes=yes)


@app.command()
def account(
    fix: Annotated[bool, typer.Option("--fix", help="Switch it to one-way and single-asset mode first.")] = False,
    config: ConfigOption = None,
    home: HomeOption = None,
) -> None:
    """Look at the account of your keys and say what stands against live trading; changes nothing without --fix."""
    from futtui.cli.account_command import run_account

    run_account(config, home, fix=fix)


@app.command()
def headless(
    live: Annotated[bool, typer.Option("--live", help="Trade live; asks you to type a number first.")] = False,
    config: ConfigOption = None,
    home: HomeOption = None,
) -> None:
    """Run without a screen until Ctrl+C: signals or Paper as configured, or live after a typed number.

    `futtui attach` opens a screen on it at any time.
    """
    from futtui.cli.live_command import run_headless_live

    run_headless_live(config, home, live=live)


@app.command()
def attach(
    demo: Annotated[bool, typer.Option("--demo", help="On the newest `futtui demo --headless` instead.")] = False,
    config: ConfigOption = None,
    home: HomeOption = None,
) -> None:
    """Open the screen on a futtui that runs without one (`futtui headless`); closing it leaves the engine running."""
    from futtui.cli.attach_command import run_attach

    run_attach(config, home, demo=demo)


@app.command()
def replay(
    journal: Annotated[
        Path | None, typer.Argument(help="Journal file or folder (default: the newest run of the real market).")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Give a recorded run to a new desk and say whether it decides the same, to the last effect."""
    from futtui.cli.replay_command import run_replay

    run_replay(journal, home)


@app.command()
def rearm(home: HomeOption = None) -> None:
    """Take back what the kill switch latched, after a number is typed; futtui must not be running."""
    from futtui.cli.panic_command import run_rearm

    run_rearm(home)


def run() -> None:
    """Run the command line; an expected failure is one plain message and exit code 2."""
    _speak_utf8()
    try:
        app()
    except FuttuiError as error:
        typer.echo(f"futtui: {error}", err=True)
        raise SystemExit(2) from None
    except OSError as error:
        if error.errno in FULL:
            typer.echo("futtui: the disk is full. Free some space, then run the command again.", err=True)
            raise SystemExit(2) from None
        if error.filename is None:
            raise
        typer.echo(f"futtui: {error.filename} cannot be used ({error.strerror}).", err=True)
        raise SystemExit(2) from None
    except (MemoryError, RuntimeError) as error:
        from futtui.cli.ended_helpers import memory_words

        words = memory_words(error)
        if words is None:
            raise
        typer.echo(f"futtui: {words}", err=True)
        raise SystemExit(2) from None


def _speak_utf8() -> None:
    """A redirected Windows console speaks another code page, in which our signs do not exist."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
