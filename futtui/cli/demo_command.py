"""`futtui demo`: the app on the embedded exchange."""

from __future__ import annotations

import dataclasses
import datetime
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from futtui.cli.backtest_command import check_folders
from futtui.cli.places import Places
from futtui.domain.errors import InvalidInputError
from futtui.domain.position import TradingMode
from futtui.live.settings import HistorySettings, MarketSettings

if TYPE_CHECKING:
    from futtui.config.loaded import Loaded
    from futtui.exchange.simulator.process import EmbeddedExchange, ServerConfig

DAY_MINUTES = 1440
DEMO_HISTORY = HistorySettings(bars_15m=1500, bars_1h=850, bars_4h=850, bars_1d=200)
"""Less than for the real market, so that the demo is ready within seconds; what the user sets wins."""
LOCKSTEP = "max"


@dataclass(frozen=True, slots=True)
class DemoRequest:
    """What the user asked for."""

    history: Path | None
    symbols: tuple[str, ...]
    from_date: str
    to_date: str
    speed: str
    seed: int
    mode: str
    headless: bool
    minutes: int | None
    json_file: Path | None
    faults: Path | None
    config: Path | None
    home: Path | None
    trade: str = ""

    @property
    def minutes_to_run(self) -> int | None:
        """As asked; else a replay runs to its end in lockstep (None), and anything else for a day."""
        if self.minutes is None and self.history is not None and self.lockstep:
            return None
        return self.minutes or DAY_MINUTES

    @property
    def lockstep(self) -> bool:
        """Whether time waits for the app."""
        return self.speed.lower() == LOCKSTEP


def run_demo(request: DemoRequest) -> None:
    """Start the embedded exchange and the app on it."""
    from futtui.cli.screen import need_terminal
    from futtui.exchange.simulator.process import EmbeddedExchange

    mode = trading_mode(request.mode or ("live" if request.headless else "paper"))
    check_folders({"--json": request.json_file})
    if not request.headless and (request.minutes is not None or request.json_file is not None):
        raise InvalidInputError(
            "--minutes and --json are for runs without a screen. Add --headless, or leave them out."
        )
    exchange = EmbeddedExchange(server_config(request))
    if not request.headless:
        need_terminal()
    exchange.start(held=not request.headless)
    try:
        _run(request, mode, exchange)
    finally:
        exchange.stop()


def _run(request: DemoRequest, mode: TradingMode, exchange: EmbeddedExchange) -> None:
    from futtui.analysis.pool import AnalyzerPool
    from futtui.cli.launch import Launch, run_headless, run_screen
    from futtui.cli.traded import ALL, for_information
    from futtui.config.settings import find_config, load, own_strategies
    from futtui.exchange.ports import Credentials
    from futtui.live.settings import EngineSettings

    places = Places.of(request.home)
    file = find_config(request.config, places.home)
    loaded = load(file)
    settings = loaded.settings
    own = own_strategies(settings, file)
    pool = AnalyzerPool(settings.analysis(own), settings.worker_processes)
    pool.start()
    engine_settings = EngineSettings(
        market=_with_symbols(settings.market, request.symbols, demo_history(loaded)),
        mode=mode,
        start_equity=Decimal(str(settings.start_equity)),
        speed=1.0 if request.lockstep else speed_factor(request.speed),
        lockstep=request.lockstep,
        live_allowed=True,
    )
    # Where the market is made up, everything is traded: there is nothing to lose, and something to see.
    trade = request.trade or (ALL if request.history is None else "")
    launch = Launch(
        settings=settings,
        engine=engine_settings,
        pool=pool,
        places=places,
        database=places.demo_database,
        fresh_database=True,
        endpoints=exchange.wait_ready_async,
        credentials=Credentials("demo-key", "demo-secret"),
        virtual_clock=True,
        trouble=exchange.trouble,
        for_information=for_information(settings.strategies, trade, own.ready),
        own=own,
        config_file=file,
    )
    if request.headless:
        run_headless(launch, request.minutes_to_run, request.json_file)
    else:
        run_screen(launch)


def _funding_path(history: Path | None) -> str:
    """The folder of recorded funding beside the candles; empty where there is none."""
    if history is None:
        return ""
    from futtui.exchange.simulator.market.funding_files import funding_folder

    return str(funding_folder(history.absolute()) or "")


def server_config(request: DemoRequest) -> ServerConfig:
    """The embedded exchange that the request describes; raises InvalidInputError for what cannot be."""
    from futtui.exchange.simulator.process import ServerConfig

    if request.lockstep and not request.headless:
        raise InvalidInputError("--speed max is for --headless runs. With the screen use a number, as in --speed 60.")
    if request.history is None and (request.from_date or request.to_date):
        raise InvalidInputError("--from and --to belong to a replay. Add --history PATH, or leave them out.")
    if request.history is not None and not request.history.exists():
        raise InvalidInputError(f"--history: there is no file or folder {request.history}.")
    if request.faults is not None and not request.faults.is_file():
        raise InvalidInputError(f"--faults: there is no file {request.faults}.")
    return ServerConfig(
        source="synthetic" if request.history is None else "history",
        symbols=request.symbols,
        history_path=str(request.history or ""),
        funding_path=_funding_path(request.history),
        start_ms=day_ms(request.from_date, "--from"),
        end_ms=day_ms(request.to_date, "--to"),
        seed=request.seed,
        speed=LOCKSTEP if request.lockstep else speed_factor(request.speed),
        fault_file=str(request.faults or ""),
    )


def trading_mode(text: str) -> TradingMode:
    """The mode called `text`."""
    try:
        return TradingMode(text.upper())
    except ValueError:
        raise InvalidInputError(f"--mode {text}: use signals, paper or live.") from None


def speed_factor(text: str) -> float:
    """The pace as a number above zero."""
    try:
        value = float(text)
    except ValueError:
        raise InvalidInputError(f"--speed {text}: use a number such as 1 or 60, or max with --headless.") from None
    if not 0 < value <= 3600:
        raise InvalidInputError(f"--speed {text}: use a number above 0 and up to 3600.")
    return value


def day_ms(text: str, option: str) -> int | None:
    """Midnight UTC of the day `text`, in epoch milliseconds; None for an empty text."""
    if not text:
        return None
    try:
        day = datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC)
    except ValueError:
        raise InvalidInputError(f"{option} {text}: write a day as in 2024-03-01.") from None
    return int(day.timestamp() * 1000)


def demo_history(loaded: Loaded) -> HistorySettings:
    """How much history the demo loads: little, except where the user said how much."""
    own, wanted = {}, loaded.settings.market.history
    for item in dataclasses.fields(HistorySettings):
        if f"market.history.{item.name}" in loaded.origins:
            own[item.name] = getattr(wanted, item.name)
    return dataclasses.replace(DEMO_HISTORY, **own)


def _with_symbols(market: MarketSettings, symbols: tuple[str, ...], history: HistorySettings) -> MarketSettings:
    """The embedded exchange has its own symbols: take those asked for, else all of them."""
    return dataclasses.replace(market, symbols=symbols, min_quote_volume=0.0, top_count=240, history=history)
