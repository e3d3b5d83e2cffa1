"""Builds the market that a configuration asks for."""

from __future__ import annotations

from pathlib import Path

from futtui.exchange.simulator.ports import MarketSource
from futtui.exchange.simulator.wire.config import ServerConfig


def build_source(config: ServerConfig) -> MarketSource:
    """The market source; raises InvalidInputError that says what is wrong with files, symbols or times.

    The market modules are imported here: they bring numpy, which a parent process does not need.
    """
    symbols = config.symbols or None
    if config.source == "history":
        from futtui.exchange.simulator.market.history import HistoryMarket

        return HistoryMarket(
            Path(config.history_path),
            symbols,
            config.start_ms,
            config.end_ms,
            config.seed,
            config.history_days,
            Path(config.funding_path) if config.funding_path else None,
        )
    from futtui.exchange.simulator.market.synthetic import DEFAULT_START_MS, SyntheticMarket

    start_ms = DEFAULT_START_MS if config.start_ms is None else config.start_ms
    return SyntheticMarket(symbols, config.seed, start_ms, config.history_days)
