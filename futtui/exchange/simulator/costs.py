"""What an execution costs where no real book is there: one set of figures for virtual accounts, demo and backtest."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Costs:
    """What every execution costs; fees are shares of the value, slippage is in percent of the price."""

    maker_fee: Decimal = Decimal("0.0002")
    taker_fee: Decimal = Decimal("0.0005")
    slippage_pct: float = 0.02

    @classmethod
    def expected(cls, taker_fee_pct: float, slippage_pct: float) -> Costs:
        """The costs that a user expects of a market order, both in percent."""
        return cls(taker_fee=Decimal(str(taker_fee_pct)) / 100, slippage_pct=slippage_pct)

    def times(self, factor: float) -> Costs:
        """The same costs multiplied, for a stress test."""
        share = Decimal(str(factor))
        return Costs(self.maker_fee * share, self.taker_fee * share, self.slippage_pct * factor)
