"""Plain `futtui`: the app on the exchange's public market data."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from futtui.cli.places import Places
from futtui.domain.position import TradingMode


def run_live(config: Path | None, home: Path | None) -> None:
    """Signals only (or Paper, if configured so) on real market data; no keys are needed or used."""
    from futtui.analysis.pool import AnalyzerPool
    from futtui.cli.confidence_file import read_confidence
    from futtui.cli.launch import Launch, need_terminal, run_screen
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

    need_terminal()
    own = own_strategies(settings, file)
    pool = AnalyzerPool(settings.analysis(own), settings.worker_processes, timed=True)
    pool.start()
    mode = TradingMode.SIGNALS if settings.signals_only_mode else TradingMode.PAPER
    equity = Decimal(str(settings.start_equity))
    run_screen(
        Launch(
            settings=settings,
            engine=EngineSettings(market=settings.market, mode=mode, start_equity=equity),
            pool=pool,
            places=places,
            database=database,
            fresh_database=False,
            endpoints=where,
            credentials=None,
            for_information=settings.strategies.for_information(),
            confidence=read_confidence(places.confidence_model),
            own=own,
        )
    )
