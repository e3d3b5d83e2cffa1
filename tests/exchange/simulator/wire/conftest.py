"""Market sources are made once for all wire tests: they are read only."""

from __future__ import annotations

import pytest

from futtui.exchange.simulator.market.synthetic import SyntheticMarket
from futtui.exchange.simulator.ports import MarketSource


@pytest.fixture(scope="session")
def small_market() -> MarketSource:
    """Three symbols with a short history."""
    return SyntheticMarket(("BTCUSDT", "ETHUSDT", "DOGEUSDT"), seed=7, history_days=12)
