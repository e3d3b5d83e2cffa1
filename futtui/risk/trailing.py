"""Stops that move in favour of a position: break-even and trail."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from futtui.domain.side import Side
from futtui.domain.symbols import SymbolRules, to_decimal
from futtui.domain.zone import Zone, ZoneKind
from futtui.risk.settings import ExitSettings

_BEHIND_ZONE_ATR = 0.1


def break_even_price(
    side: Side,
    entry: Decimal,
    entry_fee: Decimal,
    exit_fee_pct: float,
    risk: Decimal,
    extra_r: float,
    rules: SymbolRules,
) -> Decimal:
    """Stop at which the rest of a position pays its fees and `extra_r`: entry +- (fees + extra R), on the tick.

    `entry_fee` is what was paid per unit, `risk` is R in price. Rounded in favour of the position.
    """
    exit_fee = entry * to_decimal(exit_fee_pct) / 100
    distance = entry_fee + exit_fee + risk * to_decimal(extra_r)
    price = entry + side.sign * distance
    return rules.round_price_up(price) if side is Side.LONG else rules.round_price_down(price)


def structure_behind(side: Side, best: float, atr: float, zones: Iterable[Zone]) -> float | None:
    """Far edge of the nearest zone that holds the position up, pushed 0.1 ATR past; None without one."""
    push = _BEHIND_ZONE_ATR * atr
    if side is Side.LONG:
        lows = (zone.low for zone in zones if zone.kind is ZoneKind.SUPPORT and zone.high < best)
        low = max(lows, default=None)
        return None if low is None else low - push
    highs = (zone.high for zone in zones if zone.kind is ZoneKind.RESISTANCE and zone.low > best)
    high = min(highs, default=None)
    return None if high is None else high + push


def trailed_stop(side: Side, best: float, atr: float, structure: float | None, settings: ExitSettings) -> float:
    """Trailing stop for the best price so far: the wider of 1.2 ATR and the structure behind it.

    Structure further away than `trail_structure_max_atr` is left out, so that the trail never becomes a gift.
    """
    distance = settings.trail_atr * atr
    if structure is not None:
        behind = side.sign * (best - structure)
        if distance < behind <= settings.trail_structure_max_atr * atr:
            distance = behind
    return best - side.sign * distance
