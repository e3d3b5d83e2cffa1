"""What executions cost: fees, funding, and the slippage that is hidden in their prices."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from futtui.backtest.settings import Costs
from futtui.backtest.statistics import risk_money
from futtui.domain.position import Trade


def slippage_money(trade: Trade, costs: Costs, tick_size: Decimal) -> Decimal:
    """How much better all fills of a trade would have been at the market's price, in money.

    Every execution takes from the book: the larger of a tick and the slippage in percent, in whole ticks, as the
    virtual account charges it (to a tick, because the percent is of the price before).
    """
    fills = [(trade.quantity, trade.entry_price), *((leg.quantity, leg.price) for leg in trade.legs)]
    return sum((quantity * _distance(price, costs, tick_size) for quantity, price in fills), Decimal(0))


def slippage_r(trade: Trade, costs: Costs, tick_size: Decimal) -> float:
    """The same in R."""
    risk = risk_money(trade)
    return float(slippage_money(trade, costs, tick_size)) / risk if risk > 0 else 0.0


def _distance(price: Decimal, costs: Costs, tick_size: Decimal) -> Decimal:
    share = Decimal(str(costs.slippage_pct)) / 100
    ticks = (price * share / tick_size).to_integral_value(ROUND_CEILING)
    return max(tick_size, ticks * tick_size)
