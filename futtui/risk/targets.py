"""Targets from the real entry, and the slices of a position that are sold at them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    """Target prices at the given multiples of R from `entry`, on the tick, rounded towards the entry.

    Multiples count to nine places, so that float noise in them never costs a tick.
    """
    risk = abs(entry - stop)
    round_towards = rules.round_price_down if side is Side.LONG else rules.round_price_up
    return tuple(round_towards(entry + side.sign * risk * to_decimal(round(reward, 9))) for reward in rewards)


def shares_for(count: int, shares: Sequence[float]) -> tuple[float, ...]:
    """Shares of the first `count` targets; the last of them takes what the missing ones would have got."""
    used = min(count, len(shares))
    return (*shares[: used - 1], 1.0 - sum(shares[: used - 1])) if used > 1 else (1.0,)


def slice_quantity(quantity: Decimal, shares: Sequence[float], rules: SymbolRules) -> tuple[Slice, ...]:
    """Slices in exchange steps that sum exactly to `quantity`, each at least the exchange's minimum.

    Where the minimum forbids that many slices, the far ones are merged into the one before; a quantity that fits
    only once is sold at the target with the largest share. Less than the minimum remains one slice.
    """
    if quantity <= 0:
        return ()
    step = rules.step_size
    steps = int((quantity / step).to_integral_value(rounding=ROUND_FLOOR))
    minimum = max(1, int(-(-rules.min_quantity // step)))
    number = min(len(shares), steps // minimum)
    if number < 2:
        largest = max(range(len(shares)), key=lambda index: (shares[index], -index))
        return (Slice(largest + 1, quantity),)
    counts = _deal(steps, shares_for(number, shares), minimum)
    slices = [Slice(index + 1, count * step) for index, count in enumerate(counts)]
    rest = quantity - steps * step
    slices[-1] = Slice(number, slices[-1].quantity + rest)
    return tuple(slices)


def rescaled(
    slices: Sequence[Slice],
    completed: Sequence[int],
    sold: Mapping[int, Decimal],
    quantity: Decimal,
    rules: SymbolRules,
) -> tuple[Slice, ...]:
    """The slices for a position of which only `quantity` is left: what waits keeps its shares of it.

    `sold` is what each target sold already; it stays in its slice. A target whose share is below the exchange's minimum
    is merged as in `slice_quantity`, and drops out.
    """
    done = [item for item in slices if item.target in completed]
    waiting = [(item.target, item.quantity - sold.get(item.target, ZERO)) for item in slices if item not in done]
    total = sum((left for _, left in waiting), ZERO)
    if total == quantity or total <= 0 or quantity <= 0:
        return tuple(slices)
    shares = [float(left / total) for _, left in waiting]
    for item in slice_quantity(quantity, shares, rules):
        number = waiting[item.target - 1][0]
        done.append(Slice(number, item.quantity + sold.get(number, ZERO)))
    return tuple(sorted(done, key=lambda item: item.target))


def _deal(steps: int, shares: Sequence[float], minimum: int) -> list[int]:
    """Whole steps by largest remainder; whoever is below the minimum is filled up from the largest."""
    exact = [steps * to_decimal(round(share, 12)) for share in shares]
    counts = [int(value) for value in exact]
    by_remainder = sorted(range(len(shares)), key=lambda index: (counts[index] - exact[index], index))
    for index in by_remainder[: steps - sum(counts)]:
        counts[index] += 1
    for index, count in enumerate(counts):
        for _ in range(max(0, minimum - count)):
            counts[counts.index(max(counts))] -= 1
            counts[index] += 1
    return counts
