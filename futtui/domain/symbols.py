"""Trading rules of a symbol: exact rounding in the exchange's own steps (Decimal, never float)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from functools import lru_cache

from futtui.domain.errors import InvalidInputError
from futtui.domain.side import Side
from futtui.domain.timeframe import DAY_MS

ZERO = Decimal(0)


def tiers_of(steps: Iterable[tuple[int, Decimal]]) -> tuple[LeverageTier, ...]:
    """Steps of (leverage, value) as tiers by rising value; what makes no sense is left out."""
    good = {(leverage, value) for leverage, value in steps if leverage >= 1 and value > 0}
    return tuple(
        LeverageTier(leverage, value) for leverage, value in sorted(good, key=lambda step: (step[1], -step[0]))
    )


def to_decimal(value: float | str | int | Decimal) -> Decimal:
    """An exact Decimal of what a human would write for `value` (floats via their shortest text)."""
    return value if isinstance(value, Decimal) else Decimal(str(value))


@dataclass(frozen=True, slots=True)
class LeverageTier:
    """A step of the exchange's leverage table: positions worth up to `up_to` USDT may be held at `max_leverage`."""

    max_leverage: int
    up_to: Decimal


@dataclass(frozen=True, slots=True)
class SymbolRules:
    """The filters of one symbol (PRICE_FILTER, LOT_SIZE, MARKET_LOT_SIZE, MIN_NOTIONAL, PERCENT_PRICE).

    Source: exchangeInfo of the USD-M futures API. `pricePrecision` is never used as a tick.
    """

    symbol: str
    base_asset: str
    tick_size: Decimal
    step_size: Decimal
    min_quantity: Decimal
    max_quantity: Decimal
    market_max_quantity: Decimal
    min_notional: Decimal
    min_price: Decimal
    max_price: Decimal
    multiplier_up: Decimal = Decimal("1.05")
    multiplier_down: Decimal = Decimal("0.95")
    max_leverage: int = 20
    onboard_time_ms: int = 0
    ends_ms: int | None = None
    """When the exchange settles the contract; None while no end is announced."""
    leverage_tiers: tuple[LeverageTier, ...] = ()
    """By rising value and falling leverage; empty while nobody has told them."""

    def __post_init__(self) -> None:
        if self.tick_size <= 0 or self.step_size <= 0:
            raise InvalidInputError(f"{self.symbol}: tick size and step size must be above zero.")

    def largest_value(self, equity: Decimal, leverage: Decimal) -> Decimal:
        """The most that one position may be worth in USDT at up to `leverage` times the equity.

        `max_leverage` is what an account is set to where it chose nothing; the exchange holds every position to the
        value that its table allows at that setting, which it lowers itself when the table no longer offers so much.
        """
        account = self.offered_leverage
        if not self.leverage_tiers:
            return equity * min(leverage, Decimal(account))
        allowed = [tier for tier in self.leverage_tiers if tier.max_leverage >= account]
        return max(min(tier.up_to, equity * min(leverage, Decimal(account))) for tier in allowed)

    @property
    def offered_leverage(self) -> int:
        """The largest leverage that the account and the exchange's table both allow."""
        return min(
            self.max_leverage, max((tier.max_leverage for tier in self.leverage_tiers), default=self.max_leverage)
        )

    def age_days(self, now_ms: int) -> float | None:
        """Days since the symbol is traded; None when the exchange does not tell."""
        return max(0.0, (now_ms - self.onboard_time_ms) / DAY_MS) if self.onboard_time_ms > 0 else None

    def is_established(self, now_ms: int, min_days: float) -> bool:
        """Whether it has been traded for `min_days`; False when its age is not known, for who asks wants proof."""
        age = self.age_days(now_ms)
        return age is not None and age >= min_days

    def round_price(self, price: float | Decimal) -> Decimal:
        """Nearest valid price."""
        return _quantise(to_decimal(price), self.tick_size, ROUND_HALF_EVEN)

    def round_price_down(self, price: float | Decimal) -> Decimal:
        """Highest valid price at or below `price`."""
        return _quantise(to_decimal(price), self.tick_size, ROUND_FLOOR)

    def round_price_up(self, price: float | Decimal) -> Decimal:
        """Lowest valid price at or above `price`."""
        return _quantise(to_decimal(price), self.tick_size, ROUND_CEILING)

    def round_stop(self, price: float | Decimal, side: Side) -> Decimal:
        """The stop on the grid, rounded AWAY from the entry so that rounding never tightens it."""
        return self.round_price_down(price) if side is Side.LONG else self.round_price_up(price)

    def round_quantity_down(self, quantity: float | Decimal) -> Decimal:
        """Largest valid quantity at or below `quantity` (never below zero)."""
        return max(ZERO, _quantise(to_decimal(quantity), self.step_size, ROUND_FLOOR))

    def quantity_to_cover(self, quantity: Decimal) -> Decimal:
        """Smallest valid quantity that covers all of `quantity`, which may lie between steps that became coarser.

        For orders that only reduce: of those the exchange executes no more than is held. Held is one net position a
        symbol: where something is held beside it, less than one step of that can go, too. Covering less instead would
        leave a rest that no stop protects and no order of its own can close.
        """
        if self.is_on_step(quantity):
            return max(quantity, self.min_quantity)
        return max(_quantise(quantity, self.step_size, ROUND_CEILING), self.min_quantity)

    def is_on_tick(self, price: Decimal) -> bool:
        """Whether `price` is a multiple of the tick."""
        return price % self.tick_size == 0

    def is_on_step(self, quantity: Decimal) -> bool:
        """Whether `quantity` is a multiple of the step."""
        return quantity % self.step_size == 0

    def refusal(self, price: Decimal, quantity: Decimal, *, market: bool, reduce_only: bool) -> str | None:
        """Why the exchange would refuse this order, in plain words; None if it passes the static filters."""
        largest = min(self.max_quantity, self.market_max_quantity) if market else self.max_quantity
        if quantity < self.min_quantity:
            return f"quantity {quantity} is below the minimum {self.min_quantity} of {self.symbol}"
        if quantity > largest:
            return f"quantity {quantity} is above the maximum {largest} of {self.symbol}"
        if not self.is_on_step(quantity):
            return f"quantity {quantity} is not a multiple of the step {self.step_size} of {self.symbol}"
        if not market and not self.is_on_tick(price):
            return f"price {price} is not a multiple of the tick {self.tick_size} of {self.symbol}"
        if not reduce_only and price * quantity < self.min_notional:
            return f"order value {price * quantity} is below the minimum {self.min_notional} USDT of {self.symbol}"
        return None

    @property
    def price_decimals(self) -> int:
        """Digits after the point in a price on the tick grid."""
        exponent = self.tick_size.normalize().as_tuple().exponent
        return max(0, -int(exponent))


def _quantise(value: Decimal, step: Decimal, rounding: str) -> Decimal:
    return ((value / step).to_integral_value(rounding=rounding) * step).quantize(_exponent(step))


@lru_cache(maxsize=1_024)
def _exponent(step: Decimal) -> Decimal:
    normal = step.normalize()
    return normal if int(normal.as_tuple().exponent) <= 0 else Decimal(1)
