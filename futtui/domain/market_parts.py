"""How much one market order may have that only reduces: by the rules, and by what the exchange refused."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from futtui.domain.orders import is_off_step, is_too_large
from futtui.domain.symbols import ZERO, SymbolRules

MOST_LESSONS = 60
"""So many refusals are taken as a lesson; cutting finds any size in far fewer."""


@dataclass(slots=True)
class MarketParts:
    """Cuts what is held into market orders. What was refused counts more than rules, which may be old."""

    most: Decimal | None = None
    step: Decimal = ZERO
    lessons: int = 0

    def next_of(self, left: Decimal, rules: SymbolRules | None) -> Decimal:
        """The next part of what is left; the smallest possible quantity where less than that is left.

        Of an order that only reduces the exchange executes no more than is held.
        """
        largest = left if self.most is None else min(left, self.most)
        step = smallest = self.step
        if rules is not None:
            largest = min(largest, rules.max_quantity, rules.market_max_quantity)
            step = max(step, rules.step_size)
            smallest = max(step, rules.min_quantity)
        if step <= 0:
            return largest
        return max(largest - largest % step, (smallest / step).to_integral_value(rounding=ROUND_CEILING) * step)

    def learn(self, quantity: Decimal, reason: str) -> bool:
        """Whether a refusal of `quantity` teaches how to cut it better, so that another try makes sense at once."""
        if self.lessons >= MOST_LESSONS:
            return False
        if is_too_large(reason):
            self.most = quantity / 2
        elif is_off_step(reason):
            self.step = Decimal(10).scaleb(int(quantity.normalize().as_tuple().exponent))
        else:
            return False
        self.lessons += 1
        return True
