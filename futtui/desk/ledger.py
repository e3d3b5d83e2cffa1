"""The fold over fills: quantities, values, fees, funding and legs of one position. All Decimal, all exact."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

from futtui.domain.orders import Fill
from futtui.domain.position import ExitReason, Leg
from futtui.domain.symbols import ZERO, to_decimal

_UNMATCHED_KEPT = 50


@dataclass(slots=True)
class Ledger:
    """What the fills of a position add up to. `sign` is +1 for longs, -1 for shorts."""

    sign: int
    entry_quantity: Decimal = ZERO
    entry_value: Decimal = ZERO
    entry_fees: Decimal = ZERO
    exit_quantity: Decimal = ZERO
    exit_value: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO
    legs: list[Leg] = field(default_factory=list)
    seen: dict[str, None] = field(default_factory=dict)
    unmatched: list[tuple[Fill, ExitReason]] = field(default_factory=list)

    def is_new(self, trade_id: str) -> bool:
        """True the first time a trade id is seen; a repeated execution changes nothing."""
        if trade_id in self.seen:
            return False
        self.seen[trade_id] = None
        return True

    def enter(self, fill: Fill) -> None:
        """Add an execution of the entry; exits that were reported before it are matched now."""
        self.entry_quantity += fill.quantity
        self.entry_value += fill.quantity * fill.price
        self.entry_fees += fill.fee
        self.fees += fill.fee
        waiting, self.unmatched = self.unmatched, []
        for earlier, reason in waiting:
            self.leave(earlier, reason)

    def leave(self, fill: Fill, reason: ExitReason) -> None:
        """Add an execution of an exit; more than is open waits for the entry that explains it.

        A correction that was booked before the execution was known gives way to it: nothing is closed twice.
        """
        explained = ZERO if reason is ExitReason.ADJUSTED else self.explain(fill, reason)
        if explained == fill.quantity:
            return
        if explained:
            unexplained = fill.quantity - explained
            fill = replace(fill, quantity=unexplained, fee=fill.fee * unexplained / fill.quantity)
        matched = min(fill.quantity, self.open)
        if matched > 0:
            fee = fill.fee if matched == fill.quantity else fill.fee * matched / fill.quantity
            self.exit_quantity += matched
            self.exit_value += matched * fill.price
            self.fees += fee
            self.legs.append(Leg(matched, fill.price, reason, fill.time_ms, fee))
        rest = fill.quantity - matched
        if rest > 0 and len(self.unmatched) < _UNMATCHED_KEPT:
            fee = fill.fee * rest / fill.quantity
            left = Fill(
                fill.client_id, fill.symbol, fill.trade_id, fill.side, fill.price, rest, fee, fill.time_ms, fill.maker
            )
            self.unmatched.append((left, reason))

    def explain(self, fill: Fill, reason: ExitReason) -> Decimal:
        """Put an execution in the place of corrections booked after it; returns how much of it they stood for."""
        if not any(leg.reason is ExitReason.ADJUSTED for leg in self.legs):
            return ZERO
        left, legs = fill.quantity, list[Leg]()
        for leg in self.legs:
            part = (
                min(left, leg.quantity) if leg.reason is ExitReason.ADJUSTED and leg.time_ms >= fill.time_ms else ZERO
            )
            if part > 0:
                left -= part
                fee = fill.fee * part / fill.quantity
                self.exit_value += part * (fill.price - leg.price)
                self.fees += fee
                legs.append(Leg(part, fill.price, reason, fill.time_ms, fee))
                leg = replace(leg, quantity=leg.quantity - part)
            if leg.quantity > 0:
                legs.append(leg)
        if left < fill.quantity:
            self.legs = legs
            self.seen[fill.trade_id] = None
        return fill.quantity - left

    @property
    def open(self) -> Decimal:
        """Quantity held now."""
        return self.entry_quantity - self.exit_quantity

    @property
    def average_entry(self) -> Decimal | None:
        """Mean price of the entry; None before the first fill."""
        return self.entry_value / self.entry_quantity if self.entry_quantity else None

    @property
    def gross(self) -> Decimal:
        """Profit of what was sold, before costs."""
        if not self.exit_quantity:
            return ZERO
        if self.exit_quantity == self.entry_quantity:
            return self.sign * (self.exit_value - self.entry_value)
        return self.sign * (self.exit_value - self.entry_value * self.exit_quantity / self.entry_quantity)

    @property
    def net(self) -> Decimal:
        """Profit so far: what was sold, minus all fees paid, plus funding."""
        return self.gross - self.fees + self.funding

    def unrealized(self, price: Decimal) -> Decimal:
        """Profit of what is still open, at `price`."""
        average = self.average_entry
        return ZERO if average is None else self.sign * (price - average) * self.open


def with_fee_in_quote(fill: Fill, taker_fee_pct: float) -> Fill:
    """The fill with its fee in the money of the account; one paid in another coin counts at the usual rate."""
    if fill.symbol.endswith(fill.fee_asset) or not fill.fee:
        return fill
    rate = to_decimal(taker_fee_pct) / 100
    return replace(fill, fee=fill.price * fill.quantity * rate, fee_asset="USDT")
