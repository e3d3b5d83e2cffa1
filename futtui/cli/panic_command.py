"""`futtui panic` and `futtui rearm`: the kill switch from outside."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from futtui.cli.keys import keys_of
from futtui.cli.places import Places
from futtui.cli.sole_user import sole_user
from futtui.cli.where_despite import NamedExchange, exchange_despite
from futtui.domain.errors import ExchangeError, InvalidInputError
from futtui.domain.kill import KillLevel
from futtui.exchange.ports import Credentials, Endpoints
from futtui.live.flatten import FlattenReport
from futtui.live.kill_file import Latch, ask_panic, panic_done, read_latch, write_latch

if TYPE_CHECKING:
    from futtui.domain.symbols import SymbolRules

LOOK_AT_THE_CLOCK_S = 3.0
APP_SEES_IT_S = 3.0
"""A running futtui looks for the PANIC file once a second."""


def run_panic(config: Path | None, home: Path | None, *, yes: bool) -> None:
    """Lock Live, ask a running futtui to close everything, and close everything from here as well.

    Nothing that is wrong in the settings keeps the lock and the request back, nor the closing itself, unless they speak
    of another exchange in a way that cannot be understood.
    """
    places = Places.of(home)
    named = None if yes else exchange_despite(config, places)
    if named is not None:
        _tell_problems(named)
        at = f"{'probably ' if named.doubts else ''}{named.label}"
        typer.confirm(f"Close EVERYTHING at market on the account of your keys at {at} and lock Live?", abort=True)
    started_s = time.monotonic()
    try:
        ask_panic(places.home)
        write_latch(places.home, Latch(int(KillLevel.LOCK), "futtui panic", int(time.time() * 1000)))
        typer.echo("Live is locked. A running futtui closes everything, too.")
    except OSError as error:  # a full disk must not keep positions open
        typer.echo(f"Live could not be locked ({error}). Do not start futtui; closing goes on.", err=True)
    if named is None:
        named = exchange_despite(config, places)
        _tell_problems(named)
    if named.doubts and (yes or not typer.confirm(f"Is it {named.label} where everything must be closed?")):
        raise InvalidInputError(
            "It is not clear at which exchange to close, so nothing was closed from here. The lock and the PANIC file "
            "stay as told above; a running futtui closes everything. If none is running, close your positions in the "
            f"exchange's own app NOW, or correct this and run it again: {'; '.join(named.doubts)}."
        )
    endpoints = named.endpoints
    typer.echo(f"Closing everything at {named.label}.")
    credentials = keys_of(places)
    if credentials is None:
        raise InvalidInputError(
            "There are no keys (FUTTUI_API_KEY, FUTTUI_API_SECRET), so nothing can be closed from here. If no futtui "
            "is running with keys, close your positions in the exchange's own app NOW."
        )
    report = asyncio.run(_close_everything(endpoints, credentials))
    time.sleep(max(0.0, APP_SEES_IT_S - (time.monotonic() - started_s)))
    panic_done(places.home)
    for line in report.lines():
        typer.echo(line)
    if not report.is_flat:
        raise SystemExit(1)


def _tell_problems(named: NamedExchange) -> None:
    if named.problem:
        typer.echo(named.problem, err=True)
    for doubt in named.doubts:
        typer.echo(f"This may name another exchange, but cannot be understood: {doubt}", err=True)


def run_rearm(home: Path | None) -> None:
    """Ask for a number and take the latch away."""
    places = Places.of(home)
    latch = read_latch(places.home)
    if latch is None:
        typer.echo("Nothing is latched.")
        return
    with sole_user(places.database):
        number = f"{secrets.randbelow(9000) + 1000}"
        typer.echo(f"Kill switch, level {latch.level}: {latch.reason}.")
        typed = typer.prompt(f"Type {number} to re-arm it")
        if typed.strip() != number:
            raise InvalidInputError("That was another number. Nothing changed.")
        panic_done(places.home)
        write_latch(places.home, Latch(0, "", 0))
    typer.echo("Re-armed. The next start can trade again.")


async def _close_everything(endpoints: Endpoints, credentials: Credentials) -> FlattenReport:
    from futtui.exchange.binance.rest import BinanceRest
    from futtui.exchange.binance.trading import BinanceTrading
    from futtui.live.clock import ExchangeClock
    from futtui.live.flatten import flatten

    rules: dict[str, SymbolRules] = {}
    rest = BinanceRest(endpoints, credentials, ask_time=endpoints.local)
    clock = ExchangeClock()

    async def look_at_the_clock() -> None:
        await clock.resync(rest.server_time_ms)

    async def ask_rules() -> None:
        with contextlib.suppress(ExchangeError):
            rules.update(await rest.exchange_info())

    trading = BinanceTrading(
        endpoints, credentials, rules, clock.signing_ms, budget=rest.budget, resync_clock=look_at_the_clock
    )
    try:
        # Closing waits for neither: without an answer our own clock serves, and sizes are found by what is refused.
        with contextlib.suppress(ExchangeError, TimeoutError):
            async with asyncio.timeout(LOOK_AT_THE_CLOCK_S):
                await look_at_the_clock()
        asking = asyncio.create_task(ask_rules())
        try:
            return await flatten(trading, rules, clock.now_ms)
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
    finally:
        await trading.close()
        await rest.close()
