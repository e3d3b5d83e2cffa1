"""Prices and directions as a person would say them."""

from __future__ import annotations

import math
from decimal import Decimal
from functools import lru_cache

from futtui.domain.side import Side


def say_price(price: float, tick_size: float | None = None) -> str:
    """The price with thousands separators: decimals of the tick, or five significant digits where it is unknown."""
    decimals = _decimals_of(tick_size) if tick_size else _decimals_for(price)
    text = f"{price:,.{decimals}f}"
    return text if tick_size or "." not in text else text.rstrip("0").rstrip(".")


@lru_cache(maxsize=1024)
def _decimals_of(tick_size: float) -> int:
    return max(0, -int(Decimal(str(tick_size)).normalize().as_tuple().exponent))


def _decimals_for(price: float) -> int:
    return max(0, 4 - math.floor(math.log10(abs(price)))) if price else 0


def say_way(side: Side) -> str:
    """`up` for longs, `down` for shorts."""
    return "up" if side is Side.LONG else "down"
