"""`futtui symbols`: the choice of symbols, each with its reason."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from futtui.cli.places import Places
from futtui.language.counting import counted

if TYPE_CHECKING:
    from futtui.domain.universe import Listing, Standing
    from futtui.exchange.ports import Endpoints


def run_symbols(config: Path | None, home: Path | None, url: str, *, all_symbols: bool, as_json: bool) -> None:
    """Ask the exchange and print the choice that a start would make now.

    Raises ExchangeError when the exchange cannot be asked.
    """
    from futtui.cli.doctor_command import endpoints_at
    from futtui.cli.where import exchange_in
    from futtui.config.settings import find_config, load
    from futtui.domain.universe import choose_universe

    places = Places.of(home)
    settings = load(find_config(config, places.home)).settings
    endpoints = endpoints_at(url) if url else exchange_in(settings, places)[0]
    listings, now_ms = asyncio.run(_ask(endpoints))
    standings = choose_universe(listings, settings.market.universe_limits(), now_ms)
    shown = [standings[item.symbol] for item in listings if all_symbols or _is_candidate(item)]
    shown.sort(key=lambda standing: (not standing.inside, list(standings).index(standing.symbol)))
    if as_json:
        rows = [{"symbol": item.symbol, "watched": item.inside, "reason": item.reason} for item in shown]
        typer.echo(json.dumps(rows, indent=2))
        return
    for line in symbol_lines(shown, settings.market.symbols):
        typer.echo(line)


def symbol_lines(standings: Iterable[Standing], configured: tuple[str, ...] = ()) -> Iterator[str]:
    """The choice for people; `configured`: symbols that the configuration names, which then decide alone."""
    if configured:
        yield f"The configuration names the symbols ({', '.join(configured)}). Without that the choice would be:"
    rows = list(standings)
    for standing in rows:
        yield f"{'in ' if standing.inside else 'out'}  {standing.symbol:16} {standing.reason}"
    count = sum(standing.inside for standing in rows)
    yield f"{count} of {counted(len(rows), 'symbol')} would be watched. A running futtui judges them anew every hour."


def _is_candidate(item: Listing) -> bool:
    """Whether the symbol is of the kind that is traded here, open or not."""
    from futtui.domain.universe import PERPETUAL, USDT

    return item.contract == PERPETUAL and item.quote_asset == USDT


async def _ask(endpoints: Endpoints) -> tuple[list[Listing], int]:
    """What the exchange lists, and its time."""
    from futtui.exchange.binance.rest import BinanceRest

    rest = BinanceRest(endpoints)
    try:
        now_ms = await rest.server_time_ms()
        return await rest.listings(), now_ms
    finally:
        await rest.close()
