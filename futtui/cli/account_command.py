"""`futtui account`: what stands against live trading, and switching the account to the modes that futtui needs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import typer

from futtui.cli.keys import keys_of
from futtui.cli.places import Places
from futtui.cli.where import exchange_of
from futtui.domain.errors import InvalidInputError
from futtui.exchange.ports import Credentials, Endpoints
from futtui.live.preflight import Finding, account_findings


def run_account(config: Path | None, home: Path | None, *, fix: bool) -> None:
    """Print the checks; with `fix` switch to one-way and single-asset mode first. Exit code 1 if Live is refused."""
    places = Places.of(home)
    endpoints, _ = exchange_of(config, places)
    credentials = keys_of(places)
    if credentials is None:
        raise InvalidInputError(
            "There are no keys. Put FUTTUI_API_KEY and FUTTUI_API_SECRET into .env (see .env.example)."
        )
    typer.echo(f"Account at {endpoints.label}")
    findings = asyncio.run(_look(endpoints, credentials, fix=fix))
    for finding in findings:
        typer.echo(finding.line())
    if not all(finding.passed for finding in findings):
        raise SystemExit(1)


async def _look(endpoints: Endpoints, credentials: Credentials, *, fix: bool) -> list[Finding]:
    from futtui.exchange.binance.rest import BinanceRest
    from futtui.exchange.binance.trading import BinanceTrading
    from futtui.live.clock import ExchangeClock

    rest = BinanceRest(endpoints, credentials, ask_time=endpoints.local)
    clock = ExchangeClock()

    async def look_at_the_clock() -> None:
        await clock.resync(rest.server_time_ms)

    try:
        await look_at_the_clock()
        trading = BinanceTrading(
            endpoints, credentials, {}, clock.signing_ms, budget=rest.budget, resync_clock=look_at_the_clock
        )
        try:
            if fix:
                await trading.set_one_way()
                await trading.set_single_asset()
            return await account_findings(trading)
        finally:
            await trading.close()
    finally:
        await rest.close()
