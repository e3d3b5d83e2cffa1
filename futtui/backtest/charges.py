"""What executions cost: fees, funding, and the slippage that is hidden in their prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, Decimal

from futtui.backtest.settings import Costs
from futtui.domain.performance import TradeStatistics
from futtui.domain.position import Trade
from futtui.measurement.statistics import DRAWS, SlippedR, risk_money, statistics_of


def slippage_money(trade: Trade, costs: Costs, tick_size: Decimal) -> Decimal:
    """How much better all fills of a trade would have been at the market's price, in money.

    Every execution takes from the book: the larger of a tick and the slippage in percent, in whole ticks, as the
    virtual account charges it.
    """
    sign = trade.side.sign
    total = trade.quantity * _distance(trade.entry_price, sign, costs, tick_size)
    for leg in trade.legs:
        total += leg.quantity * _distance(leg.price, -sign, costs, tick_size)
    return total


def slippage_r(trade: Trade, costs: Costs, tick_size: Decimal) -> float:
    """The same in R."""
    risk = risk_money(trade)
    return float(slippage_money(trade, costs, tick_size)) / risk if risk > 0 else 0.0


def figures_of(
    trades: Sequence[Trade], costs: Costs, tick_sizes: Mapping[str, Decimal], draws: int = DRAWS
) -> TradeStatistics:
    """All figures of trades that were filled at these costs, slippage counted among what they paid."""
    return statistics_of(trades, draws=draws, slipped_r=slipped_with(costs, tick_sizes))


def slipped_with(costs: Costs, tick_sizes: Mapping[str, Decimal]) -> SlippedR:
    """The slippage in R of each trade of a run with these costs."""
    return lambda trade: slippage_r(trade, costs, tick_sizes[trade.symbol])


def _distance(paid: Decimal, sign: int, costs: Costs, tick_size: Decimal) -> Decimal:
    """How far the market's price was from the one paid by a buyer (sign 1) or seller (-1)."""
    share = Decimal(str(costs.slippage_pct)) / 100
    guess = max(1, int((paid * share / tick_size).to_integral_value(ROUND_CEILING)))
    for ticks in (guess - 1, guess, guess + 1):
        last = paid - sign * ticks * tick_size
        if ticks >= 1 and max(1, (last * share / tick_size).to_integral_value(ROUND_CEILING)) == ticks:
            return ticks * tick_size
    return guess * tick_size
