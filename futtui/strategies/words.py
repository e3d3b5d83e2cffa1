"""Prices and directions as a person would say them."""

from __future__ import annotations

import math
from decimal import Decimal

from futtui.domain.side import Side


def say_price(price: float, tick_size: float | None = None) -> str:
    """The price with thousands separators: decimals of the tick, or five significant digits where it is unknown."""
    if tick_size:
        decimals = max(0, -int(Decimal(str(tick_size)).normalize().as_tuple().exponent))
    else:
        decimals = max(0, 4 - math.floor(math.log10(abs(price)))) if price else 0
    text = f"{price:,.{decimals}f}"
    return text if tick_size or "." not in text else text.rstrip("0").rstrip(".")


def say_way(side: Side) -> str:
    """`up` for longs, `down` for shorts."""
    return "up" if side is Side.LONG else "down"
