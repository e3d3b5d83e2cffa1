"""Faulty strategies on purpose, put beside the shipped ones; also inside a worker process."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

from futtui.analysis import analyzer
from futtui.domain.regime import Regime
from futtui.domain.side import Side
from futtui.domain.signal import Levels, RawSignal, Trigger
from futtui.strategies.base import BaseStrategy, Proposal, StrategyContext

BOOT = (
    "import sys; sys.path.insert(0, sys.argv[1]); import tests.analysis.faulty as faulty; faulty.install();"
    "from futtui.analysis.worker import main; main()"
)
SLOW_S = 0.26
SLOW_FROM_MS = 0
"""Closes before this are quick: loading a history decides at hundreds of them."""
NAMES = ("raises", "not_a_number", "slow")


class Faulty(BaseStrategy):
    """One kind of fault."""

    title = "Faulty"

    def __init__(self, symbol: str, name: str) -> None:
        super().__init__(symbol)
        self.name = name

    enabled = property(lambda self: True)
    required_bars = property(lambda self: 1)
    memory_bars = property(lambda self: 1)

    def evaluate(self, context: StrategyContext) -> Proposal:
        if self.name == "raises":
            raise ZeroDivisionError("no volume")
        if self.name == "slow":
            time.sleep(SLOW_S if context.time_ms >= SLOW_FROM_MS else 0.0)
            return self.refuse("nothing, after a long thought")
        levels = Levels(Side.LONG, math.nan, 99.0, (101.0, 102.0, 103.0))
        return RawSignal(
            context.symbol, self.system, self.name, self.timeframe, Side.LONG, Trigger.IMMEDIATE, context.time_ms,
            context.time_ms + 1, levels, 1.0, 0.0, Regime.RANGE, (), "a level that is not a number",
        )  # fmt: skip

    def reset(self) -> None:
        pass

    def state(self) -> dict[str, Any]:
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        pass


def install() -> None:
    """Let every analyzer made from now on have the faulty strategies first."""
    shipped = analyzer.build_strategies

    def build(symbol: str, settings: Any) -> tuple[BaseStrategy, ...]:
        return (*(Faulty(symbol, name) for name in NAMES), *shipped(symbol, settings))

    analyzer.build_strategies = build
