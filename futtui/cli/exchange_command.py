"""`futtui exchange ...`: the embedded exchange on its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

exchange_app = typer.Typer(help="The embedded exchange.", rich_markup_mode=None, no_args_is_help=True)


@exchange_app.callback()
def group() -> None:
    """The embedded exchange."""


@exchange_app.command()
def serve(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 = any free one.")] = 8899,
    history: Annotated[Path | None, typer.Option(help="Replay candles from this file or folder instead.")] = None,
    symbols: Annotated[str, typer.Option(help="Comma-separated symbols.")] = "",
    from_date: Annotated[str, typer.Option("--from", help="First day of the replay, as in 2024-03-01 (UTC).")] = "",
    to_date: Annotated[str, typer.Option("--to", help="Day on which the replay ends (UTC).")] = "",
    speed: Annotated[str, typer.Option(help="1, 60, ... or max: time moves on request only.")] = "1",
    seed: Annotated[int, typer.Option(min=0, help="Number from which the synthetic market is made.")] = 7,
    faults: Annotated[Path | None, typer.Option(help="Script of faults (YAML).")] = None,
) -> None:
    """Serve the embedded exchange until Ctrl+C, for futtui or for any client of the USD-M futures API."""
    import dataclasses

    from futtui.cli.demo_command import DemoRequest, server_config
    from futtui.exchange.simulator.process import serve as serve_exchange

    wanted = tuple(part.strip().upper() for part in symbols.split(",") if part.strip())
    request = DemoRequest(history, wanted, from_date, to_date, speed, seed, "", True, None, None, faults, None, None)
    serve_exchange(dataclasses.replace(server_config(request), port=port), typer.echo)
