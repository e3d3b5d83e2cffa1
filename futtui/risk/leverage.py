"""The leverage that a position gets on the exchange: so low that its liquidation lies far beyond its stop."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal

from futtui.domain.account import lower_leverage_text
from futtui.domain.symbols import SymbolRules, to_decimal
from futtui.risk.settings import SizingSettings


def leverage_for(entry: Decimal, stop: Decimal, rules: SymbolRules, settings: SizingSettings) -> int | str:
    """Largest allowed whole leverage with isolated margin; a text with the reason where even 1 is too much.

    With leverage L a position loses its margin after a move of 1/L less the maintenance margin; that must be at least
    `liquidation_distance` times as far away as the stop.

    Each plan is judged by itself, but in one-way mode the exchange holds one net position a symbol, with one mean entry
    and so one liquidation price: where two systems entered far apart, the common one may come before the stop of one of
    them. A leverage that is in use is never raised by a second entry, and the watch over liquidation prices tells it.
    """
    if entry <= 0 or entry == stop:
        return "entry and stop are the same price"
    share = abs(entry - stop) / entry * to_decimal(settings.liquidation_distance)
    room = share + to_decimal(settings.maintenance_margin_pct) / 100
    largest = int((1 / room).to_integral_value(rounding=ROUND_FLOOR))
    if largest < 1:
        times = f"{settings.liquidation_distance:g}"
        return f"liquidation would lie nearer than {times} times the stop even without leverage: the stop is too far"
    return min(largest, rules.offered_leverage, settings.max_exchange_leverage)


def lower_leverage_refusal(symbol: str, leverage: int, in_use: list[int]) -> str | None:
    """Why a trade that bears `leverage` cannot join what is held on its symbol; None if it can.

    `in_use`: what the open positions of the account on it were entered with. The least of them is what the exchange
    has: a later entry does not raise it, and it is not lowered while something is held.
    """
    now = min(in_use, default=leverage)
    return None if now <= leverage else lower_leverage_text(symbol, now, leverage)


def margin_refusal(
    equity: Decimal, notional: Decimal, leverage: int, held: list[tuple[Decimal, int]], settings: SizingSettings
) -> str | None:
    """Why the margin of the account does not suffice for one more position; None if it does.

    `held`: value and leverage of each open position.
    """
    used = sum((value / times for value, times in held), Decimal(0))
    needed = notional / leverage
    room = equity * to_decimal(settings.max_margin_pct) / 100
    if used + needed <= room:
        return None
    return f"it needs {needed:,.2f} USDT of margin and {max(Decimal(0), room - used):,.2f} are free for it"
