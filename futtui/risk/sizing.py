"""How much to trade: fixed risk per trade, within leverage and the exchange's own limits."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from futtui.domain.symbols import SymbolRules, to_decimal
from futtui.risk.settings import SizingSettings


@dataclass(frozen=True, slots=True)
class Sizing:
    """A quantity in exchange steps and what it loses at the stop; `note` says if a limit made it smaller."""

    quantity: Decimal
    notional: Decimal
    risk_money: Decimal
    note: str = ""


def size_position(
    equity: Decimal,
    open_notional: Decimal,
    price: Decimal,
    stop: Decimal,
    rules: SymbolRules,
    settings: SizingSettings,
    cost_pct: float = 0.0,
) -> Sizing | str:
    """Quantity whose loss at `stop` is the set part of equity; a text with the reason where none is possible.

    quantity = equity x risk / (|price - stop| + costs a unit), capped by the value of one position and by the largest
    market order; always rounded down, so that rounding never adds risk. `cost_pct`: fees and slippage of the round
    trip, in percent of price.
    """
    distance = abs(price - stop)
    if equity <= 0 or distance <= 0 or price <= 0:
        return f"no size possible with equity {equity:.2f} and a stop {distance} away"
    loss = distance + (price * to_decimal(cost_pct) / 100 if settings.include_costs else Decimal(0))
    wanted = equity * to_decimal(settings.risk_per_trade_pct) / 100 / loss
    value = rules.largest_value(equity, to_decimal(settings.max_position_leverage))
    by_value = value / price
    by_exchange = min(rules.max_quantity, rules.market_max_quantity)
    quantity = rules.round_quantity_down(min(wanted, by_value, by_exchange))
    refused = rules.refusal(price, quantity, market=True, reduce_only=False)
    if refused is not None:
        return f"the position would be too small: {refused}"
    notional = quantity * price
    room = equity * to_decimal(settings.max_total_leverage) - open_notional
    if notional > room:
        return f"all positions together would be worth more than {settings.max_total_leverage:g} times the equity"
    note = ""
    if by_value < wanted:
        note = f"sized down to {float(value / equity):.3g} times the equity"
    elif by_exchange < wanted:
        note = "sized down to the exchange's largest market order"
    return Sizing(quantity, notional, quantity * loss, note)
