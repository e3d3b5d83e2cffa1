"""Leverage brackets: how much leverage a notional may carry and what must stay as maintenance margin.

Maintenance = notional x maintenance ratio - cum of the bracket that holds the notional, with
`cum_n = cum_(n-1) + floor_n x (ratio_n - ratio_(n-1))`, which makes maintenance continuous at each floor.
Source: GET /fapi/v1/leverageBracket; the formula holds for all recorded tables (October 2024).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from futtui.exchange.simulator.core.records import ZERO, Bracket

Row = tuple[int, str, str]

# (initial leverage, notional cap, maintenance ratio), rising by cap.
BITCOIN_ROWS: tuple[Row, ...] = (
    (125, "50000", "0.004"),
    (100, "600000", "0.005"),
    (75, "3000000", "0.0065"),
    (50, "12000000", "0.01"),
    (25, "70000000", "0.02"),
    (20, "100000000", "0.025"),
    (10, "230000000", "0.05"),
    (5, "480000000", "0.1"),
    (4, "600000000", "0.125"),
    (3, "800000000", "0.15"),
    (2, "1200000000", "0.25"),
    (1, "1800000000", "0.5"),
)
ETHER_ROWS: tuple[Row, ...] = (
    (125, "50000", "0.004"),
    (100, "600000", "0.005"),
    (75, "3000000", "0.0065"),
    (50, "12000000", "0.01"),
    (25, "50000000", "0.02"),
    (20, "65000000", "0.025"),
    (10, "150000000", "0.05"),
    (5, "320000000", "0.1"),
    (4, "400000000", "0.125"),
    (3, "530000000", "0.15"),
    (2, "800000000", "0.25"),
    (1, "1200000000", "0.5"),
)
OTHER_ROWS: tuple[Row, ...] = (
    (75, "10000", "0.005"),
    (50, "50000", "0.007"),
    (40, "160000", "0.01"),
    (25, "800000", "0.02"),
    (20, "1600000", "0.025"),
    (10, "8000000", "0.05"),
    (5, "16000000", "0.1"),
    (4, "20000000", "0.125"),
    (2, "40000000", "0.25"),
    (1, "80000000", "0.5"),
)


class BracketTable:
    """The brackets of one symbol, and the margin arithmetic on them."""

    def __init__(self, brackets: Sequence[Bracket]) -> None:
        self.brackets = tuple(brackets)

    @classmethod
    def from_rows(cls, rows: Sequence[tuple[int, str | Decimal, str | Decimal]]) -> BracketTable:
        """The table of (initial leverage, notional cap, maintenance ratio) rows; floors and cums are derived."""
        brackets: list[Bracket] = []
        floor, cum, previous_ratio = ZERO, ZERO, None
        for number, (leverage, cap_text, ratio_text) in enumerate(rows, start=1):
            cap, ratio = Decimal(cap_text), Decimal(ratio_text)
            if previous_ratio is not None:
                cum += floor * (ratio - previous_ratio)
            brackets.append(
                Bracket(
                    number=number,
                    initial_leverage=leverage,
                    floor=floor,
                    cap=cap,
                    maintenance_ratio=ratio,
                    cum=cum,
                )
            )
            floor, previous_ratio = cap, ratio
        return cls(brackets)

    @classmethod
    def from_tiers(cls, tiers: Sequence[tuple[int, Decimal]]) -> BracketTable:
        """The table of (leverage, notional cap) steps, with half of the initial margin as maintenance."""
        return cls.from_rows([(leverage, cap, Decimal(1) / (2 * leverage)) for leverage, cap in tiers])

    @property
    def max_leverage(self) -> int:
        """Highest leverage that can be chosen."""
        return self.brackets[0].initial_leverage

    def at(self, notional: Decimal) -> Bracket:
        """The bracket that holds the absolute `notional` (the last one above all caps)."""
        size = abs(notional)
        for bracket in self.brackets:
            if size <= bracket.cap:
                return bracket
        return self.brackets[-1]

    def max_notional(self, leverage: int) -> Decimal:
        """Largest position value that may be held at `leverage`."""
        return max((b.cap for b in self.brackets if b.initial_leverage >= leverage), default=ZERO)

    def maintenance(self, notional: Decimal) -> Decimal:
        """Maintenance margin of a position worth `notional` at the mark price."""
        bracket = self.at(notional)
        return abs(notional) * bracket.maintenance_ratio - bracket.cum


def default_table(symbol: str) -> BracketTable:
    """The built-in table: Bitcoin and Ether have their own, every other symbol shares the one of a large altcoin."""
    if symbol.startswith("BTC"):
        return BracketTable.from_rows(BITCOIN_ROWS)
    if symbol.startswith("ETH"):
        return BracketTable.from_rows(ETHER_ROWS)
    return BracketTable.from_rows(OTHER_ROWS)
