"""`futtui history ...`: years of candles from the exchange's public archive or from files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from futtui.cli.options import HomeOption

history_app = typer.Typer(
    help="Years of candles: download, import, verify, list gaps, export.", rich_markup_mode=None, no_args_is_help=True
)
ConfigOption = Annotated[Path | None, typer.Option("--config", help="Configuration file (default: ./config.yaml).")]
SymbolsOption = Annotated[str, typer.Option("--symbols", help="Comma-separated symbols (default: all there are).")]
IntervalOption = Annotated[str, typer.Option("--interval", help="1m, 5m, 15m, 1h, 4h or 1d (default: all there are).")]
FromOption = Annotated[str, typer.Option("--from", help="First day, as in 2024-01-01 (UTC).")]
ToOption = Annotated[str, typer.Option("--to", help="Last day, included (UTC).")]


@history_app.command()
def download(
    symbols: Annotated[str, typer.Option("--symbols", help="Comma-separated symbols.")],
    interval: Annotated[str, typer.Option("--interval", help="1m, 5m, 15m, 1h, 4h or 1d.")] = "15m",
    from_date: Annotated[str, typer.Option("--from", help="First day (default: a year ago), UTC.")] = "",
    to_date: Annotated[str, typer.Option("--to", help="Last day, included (default: yesterday), UTC.")] = "",
    refresh: Annotated[bool, typer.Option("--refresh", help="Also fetch files that were replaced since.")] = False,
    base_url: Annotated[str, typer.Option("--base-url", help="Address of the archive or of a mirror.")] = "",
    connections: Annotated[int, typer.Option(min=1, max=8, help="Files at once.")] = 4,
    config: ConfigOption = None,
    home: HomeOption = None,
) -> None:
    """Fetch candle files of the public archive, compare their checksums, and store the candles.

    Stop it whenever you like: the same command goes on where it was.
    """
    from futtui.cli.history_runs import run_download
    from futtui.cli.places import Places

    places = Places.of(home)
    run_download(places, config, symbols, interval, (from_date, to_date), refresh, base_url, connections)


@history_app.command("import")
def import_(
    path: Annotated[Path, typer.Argument(help="A file (.csv, .zip, .gz) or a folder of them.")],
    symbols: SymbolsOption = "",
    interval: Annotated[str, typer.Option("--interval", help="For files whose name does not tell it.")] = "",
    again: Annotated[bool, typer.Option("--again", help="Also files that were taken in before.")] = False,
    home: HomeOption = None,
) -> None:
    """Store the candles of files in the archive's CSV form; an empty cell means unknown."""
    from futtui.cli.history_runs import run_import
    from futtui.cli.places import Places

    run_import(Places.of(home), path, symbols, interval, again)


@history_app.command()
def verify(symbols: SymbolsOption = "", home: HomeOption = None) -> None:
    """Check files against checksums, candles against files, and timeframes against each other."""
    from futtui.cli.history_runs import run_verify
    from futtui.cli.places import Places

    run_verify(Places.of(home), symbols)


@history_app.command()
def gaps(
    symbols: SymbolsOption = "",
    interval: IntervalOption = "",
    from_date: FromOption = "",
    to_date: ToOption = "",
    home: HomeOption = None,
) -> None:
    """List candles that are missing, and why, as far as it is known."""
    from futtui.cli.history_runs import run_gaps
    from futtui.cli.places import Places

    run_gaps(Places.of(home), symbols, interval, (from_date, to_date))


@history_app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="Folder to write into.")],
    symbols: SymbolsOption = "",
    interval: IntervalOption = "",
    from_date: FromOption = "",
    to_date: ToOption = "",
    form: Annotated[str, typer.Option("--form", help="csv, gz or zip.")] = "csv",
    home: HomeOption = None,
) -> None:
    """Write stored candles as CSV in the archive's form, one file for a symbol and interval."""
    from futtui.cli.history_runs import run_export
    from futtui.cli.places import Places

    run_export(Places.of(home), folder, symbols, interval, (from_date, to_date), form)
