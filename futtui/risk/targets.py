"""Targets from the real entry, and the slices of a position that are sold at them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from futtui.domain.side import Side
from futtui.domain.symbols import ZERO, SymbolRules, to_decimal


@dataclass(frozen=True, slots=True)
class Slice:
    """Quantity sold at target number `target` (1 = nearest)."""

    target: int
    quantity: Decimal


def targets_from_entry(
    side: Side, entry: Decimal, stop: Decimal, rewards: Sequence[float], rules: SymbolRules
) -> tuple[Decimal, ...]:
    """Target prices at the given multiples of R from `entry`, on the tick, rounded towards the entry."""
    risk = abs(entry - stop)
    round_towards = rules.round_price_down if side is Side.LONG else rules.round_price_up
    return tuple(round_towards(entry + side.sign * risk * to_decimal(reward)) for reward in rewards)


def shares_for(count: int, shares: Sequence[float]) -> tuple[float, ...]:
    """Shares of the first `count` targets; the last of them takes what the missing ones would have got."""
    used = min(count, len(shares))
    return (*shares[: used - 1], 1.0 - sum(shares[: used - 1])) if used > 1 else (1.0,)


def slice_quantity(quantity: Decimal, shares: Sequence[float], rules: SymbolRules) -> tuple[Slice, ...]:
    """Slices in exchange steps that sum exactly to `quantity`, each at least the exchange's minimum.

    Steps are dealt by largest remainder; a slice below the minimum goes to a neighbour. If the whole position is
    too small to split, one slice at the target with the largest share remains.
    """
    step = rules.step_size
    steps = int((quantity / step).to_integral_value(rounding=ROUND_FLOOR))
    minimum = max(1, int(-(-rules.min_quantity // step)))
    counts = _merge_small(_deal(steps, shares), minimum, shares)
    slices = [Slice(index + 1, count * step) for index, count in enumerate(counts) if count]
    rest = quantity - sum((item.quantity for item in slices), ZERO)
    if not slices:
        return (Slice(len(shares), quantity),) if quantity > 0 else ()
    if rest:
        slices[-1] = Slice(slices[-1].target, slices[-1].quantity + rest)
    return tuple(slices)


def _deal(steps: int, shares: Sequence[float]) -> list[int]:
    exact = [steps * to_decimal(round(share, 12)) for share in shares]
    counts = [int(value) for value in exact]
    by_remainder = sorted(range(len(shares)), key=lambda index: (counts[index] - exact[index], index))
    for index in by_remainder[: steps - sum(counts)]:
        counts[index] += 1
    return counts


def _merge_small(counts: list[int], minimum: int, shares: Sequence[float]) -> list[int]:
    while True:
        small = [index for index, count in enumerate(counts) if 0 < count < minimum]
        others = [index for index, count in enumerate(counts) if count]
        if not small or len(others) < 2:
            return _single_at_largest(counts, shares) if len(others) == 1 and len(shares) > 1 else counts
        index = min(small, key=lambda at: (counts[at], -at))
        later = [other for other in others if other > index]
        into = later[0] if later else max(other for other in others if other < index)
        counts[into] += counts[index]
        counts[index] = 0


def _single_at_largest(counts: list[int], shares: Sequence[float]) -> list[int]:
    largest = max(range(len(shares)), key=lambda index: (shares[index], -index))
    return [sum(counts) if index == largest else 0 for index in range(len(counts))]
