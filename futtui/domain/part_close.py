"""A part of a position to close: how much that is in the exchange's steps, and whether it can be done."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import Enum

from futtui.domain.symbols import SymbolRules

ALL_PCT = Decimal(100)


class PartRefusal(Enum):
    """Why a part cannot be closed; closing all of it always can."""

    NO_SHARE = "NO_SHARE"
    TOO_SMALL = "TOO_SMALL"
    REST_TOO_SMALL = "REST_TOO_SMALL"


@dataclass(frozen=True, slots=True)
class PartOfPosition:
    """What is closed and what is left of it, both in steps, and what they are worth in USDT at the price."""

    quantity: Decimal
    rest: Decimal
    value: Decimal
    rest_value: Decimal
    refusal: PartRefusal | None = None


def part_of(open_quantity: Decimal, percent: Decimal, price: Decimal, rules: SymbolRules) -> PartOfPosition:
    """`percent` of what is open, rounded down to the step, so that never more is closed than was asked for.

    Refused where the part is below the exchange's smallest quantity, or where what is left would be below its smallest
    quantity or value: nothing could be done with it afterwards but closing it.
    """
    if percent >= ALL_PCT:
        return PartOfPosition(open_quantity, Decimal(0), open_quantity * price, Decimal(0))
    quantity = rules.round_quantity_down(open_quantity * max(percent, Decimal(0)) / ALL_PCT)
    rest = open_quantity - quantity
    refusal = None
    if not percent > 0:
        refusal = PartRefusal.NO_SHARE
    elif not 0 < quantity >= rules.min_quantity:
        refusal = PartRefusal.TOO_SMALL
    elif rest < rules.min_quantity or rest * price < rules.min_notional:
        refusal = PartRefusal.REST_TOO_SMALL
    return PartOfPosition(quantity, rest, quantity * price, rest * price, refusal)


def typed_percent(text: str) -> Decimal | None:
    """The percentage that was typed, with either decimal sign and with or without `%`; None if it is none."""
    tidy = text.replace(" ", "").removesuffix("%").replace(",", ".")
    if not tidy or not all(sign.isdigit() or sign == "." for sign in tidy):
        return None
    try:
        found = Decimal(tidy)
    except InvalidOperation:
        return None
    return found if found <= ALL_PCT else None
