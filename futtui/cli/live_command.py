"""Plain `futtui`: the app on the exchange's public market data."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from futtui.cli.places import Places
from futtui.domain.errors import InvalidInputError
from futtui.domain.position import TradingMode

if TYPE_CHECKING:
    from futtui.cli.launch import Launch

KEY_LETTERS = 4
"""So many letters of a key are shown, so that its owner knows which one it is."""
NO_KEYS = (
    "Live needs the keys of your account. Put FUTTUI_API_KEY and FUTTUI_API_SECRET into .env, look with "
    "`futtui account` whether all is well, and start again. Until then use Paper: same signals, same rules, no money."
)
NOT_ALONE = "Another futtui on this PC already works with this account, so this one only watches. Close the other one."


def run_live(config: Path | None, home: Path | None, *, welcome: bool = False) -> None:
    """Signals only (or Paper, if configured so) on real market data; with keys, Live can be chosen on the screen.

    The first questions are asked at the very first start without a configuration file, or when `welcome` asks for them.
    """
    from futtui.cli.launch import run_screen
    from futtui.cli.screen import need_terminal

    need_terminal()
    if _runs_without_screen(config, home):
        return
    with _launch(config, home) as launch:
        first = "once" if launch.config_file is None else "never"
        run_screen(replace(launch, welcome="always" if welcome else first))


def _runs_without_screen(config: Path | None, home: Path | None) -> bool:
    """Whether an engine runs here without a screen: then the user is offered one on it, and nothing else is started."""
    from futtui.cli.attach_command import is_held, show_engine
    from futtui.cli.where import exchange_in
    from futtui.config.settings import find_config, load
    from futtui.live.attach.door_file import NOTES, door_file, read_door

    places = Places.of(home)
    if not any(places.home.glob(NOTES)):  # as nearly always: the settings are read once only
        return False
    file = find_config(config, places.home)
    settings = load(file).settings
    database = exchange_in(settings, places)[1]
    door = read_door(door_file(database))
    if door is None or not is_held(database):
        return False
    if not typer.confirm(f"A futtui runs here without a screen (process {door.pid}). Open the screen on it?", True):
        typer.echo("Nothing was started. End that one first, or start this one with --home and another folder.")
        return True
    show_engine(settings, places, database, file)
    return True


def run_headless_live(config: Path | None, home: Path | None, *, live: bool) -> None:
    """The same without a screen, until it is stopped; `live` asks for a number that has to be typed."""
    from futtui.cli.launch import run_without_screen

    with _launch(config, home) as launch:
        if live:
            if not launch.engine.live_allowed:
                raise InvalidInputError(launch.engine.live_refusal)
            number = f"{secrets.randbelow(9000) + 1000}"
            typed = typer.prompt(f"REAL orders will be sent. Type {number} to go live")
            if typed.strip() != number:
                raise InvalidInputError("That was another number. Nothing was started.")
        run_without_screen(launch, live=live)


@contextlib.contextmanager
def _launch(config: Path | None, home: Path | None) -> Iterator[Launch]:
    """Everything that is known before the start; holds the account of the keys while inside."""
    from futtui.analysis.pool import AnalyzerPool
    from futtui.cli.account_lock import sole_account
    from futtui.cli.confidence_file import read_confidence
    from futtui.cli.keys import keys_of
    from futtui.cli.launch import Launch
    from futtui.cli.where import exchange_in
    from futtui.config.settings import find_config, load, own_strategies
    from futtui.exchange.ports import Endpoints
    from futtui.live.settings import EngineSettings

    places = Places.of(home)
    file = find_config(config, places.home)
    settings = load(file).settings
    endpoints, database = exchange_in(settings, places)

    async def where() -> Endpoints:
        return endpoints

    own = own_strategies(settings, file)
    keys = keys_of(places)
    mode = TradingMode.SIGNALS if settings.signals_only_mode else TradingMode.PAPER
    with sole_account(keys) as alone:
        pool = AnalyzerPool(settings.analysis(own), settings.worker_processes, timed=True)
        pool.start()
        yield Launch(
            settings=settings,
            engine=EngineSettings(
                market=settings.market,
                mode=mode,
                start_equity=Decimal(str(settings.start_equity)),
                live_allowed=keys is not None and alone,
                key_end=keys.api_key[-KEY_LETTERS:] if keys is not None else "",
                live_refusal=NO_KEYS if keys is None else NOT_ALONE,
            ),
            pool=pool,
            places=places,
            database=database,
            fresh_database=False,
            endpoints=where,
            credentials=keys if alone else None,
            for_information=settings.strategies.for_information(),
            confidence=read_confidence(places.confidence_model),
            own=own,
            config_file=file,
        )
