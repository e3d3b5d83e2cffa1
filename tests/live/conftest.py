"""What holds for every test of the live shell."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from futtui.analysis import analyzer
from futtui.strategies.base import BaseStrategy
from futtui.strategies.settings import StrategySettings
from tests.live.engine_world import NO_STRATEGY


@pytest.fixture(scope="session", autouse=True)
def made_up_signals_stand_alone() -> Iterator[None]:
    """Where a test's own script says what is signalled, no strategy is asked: its answer would be thrown away."""
    build = analyzer.build_strategies

    def build_unless_scripted(symbol: str, settings: StrategySettings) -> tuple[BaseStrategy, ...]:
        return () if settings is NO_STRATEGY else build(symbol, settings)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(analyzer, "build_strategies", build_unless_scripted)
        yield
