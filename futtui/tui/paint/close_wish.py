"""A wish to close a position or a part of it: what each share would mean, and what stands against it."""

from __future__ import annotations

from decimal import Decimal

from futtui.domain.part_close import ALL_PCT, PartOfPosition, PartRefusal, part_of, typed_percent
from futtui.domain.snapshot import PositionView
from futtui.domain.symbols import to_decimal
from futtui.tui.paint import numbers
from futtui.tui.paint.names import side_span
from futtui.tui.paint.text import Line, wrap
from futtui.tui.paint.view import View
from futtui.tui.words import word

UNPROTECTED, NO_RULES = "UNPROTECTED", "NO_RULES"


def part(position: PositionView, percent: Decimal, view: View) -> PartOfPosition | None:
    """What would be closed and what would stay; None while the exchange's rules are not known."""
    rules = view.rules(position.symbol)
    if rules is None:
        return None
    return part_of(to_decimal(position.quantity), percent, to_decimal(position.mark_price), rules)


def problem(position: PositionView, percent: Decimal | None, view: View) -> str:
    """The name of what stands against closing this share; empty when nothing does. The desk judges once more."""
    if percent is None:
        return PartRefusal.NO_SHARE.value
    if percent >= ALL_PCT:
        return ""
    found = part(position, percent, view)
    if position.status != "PROTECTED":
        return UNPROTECTED
    if found is None:
        return NO_RULES
    return found.refusal.value if found.refusal is not None else ""


def refusal_text(position: PositionView, percent: Decimal | None, view: View) -> str:
    """The whole sentence about it; empty when nothing stands against it."""
    name = problem(position, percent, view)
    if not name:
        return ""
    rules, found = view.rules(position.symbol), part(position, percent or Decimal(0), view)
    return word(
        f"close.refused_{name}",
        rest=_size(found.rest if found else Decimal(0), position, view),
        value=numbers.money_text(float(found.rest_value)) if found else "",
        minimum=f"{rules.min_notional:f}" if rules else "",
        smallest=_size(rules.min_quantity, position, view) if rules else "",
    )


def note(position: PositionView, percent: Decimal, view: View) -> str:
    """A share as a few words beside its name."""
    name = problem(position, percent, view)
    if name:
        return word(f"close.note_{name}")
    closed = to_decimal(position.quantity) if percent >= ALL_PCT else _part(position, percent, view).quantity
    rest = to_decimal(position.quantity) - closed
    told = {
        "part": numbers.quantity_text(float(closed)),
        "value": numbers.money_text(float(closed) * position.mark_price),
        "rest": numbers.quantity_text(float(rest)),
    }
    return word("close.note" if rest else "close.note_all", **told)


def texts(position: PositionView, percent: Decimal, view: View) -> list[str]:
    """What the question says before it is done."""
    side, rules = side_span(position.side)[0], view.rules(position.symbol)
    size, price = _size(to_decimal(position.quantity), position, view), numbers.price_text(position.mark_price, rules)
    mode = word(f"close.mode.{position.mode.value}")
    if percent >= ALL_PCT:
        result = {"pnl": numbers.signed_text(position.pnl), "r": numbers.signed_text(position.pnl_r, 1)}
        what = word("close.what", symbol=position.symbol, side=side, size=size)
        return [what, word("close.result", price=price, **result), mode]
    found = _part(position, percent, view)
    brings = position.side.sign * (position.mark_price - position.entry_price) * float(found.quantity)
    return [
        word(
            "close.what_part",
            part=_size(found.quantity, position, view),
            size=numbers.quantity_text(position.quantity),
            symbol=position.symbol,
            side=side,
            value=numbers.money_text(float(found.value)),
        ),
        word("close.result_part", price=price, pnl=numbers.signed_text(brings)),
        word(
            "close.stays",
            rest=_size(found.rest, position, view),
            value=numbers.money_text(float(found.rest_value)),
            stop=numbers.price_text(position.stop, rules),
        ),
        mode,
    ]


def wish_lines(text: str, position: PositionView, view: View, width: int) -> list[Line]:
    """What the typed share would mean, or what stands against it."""
    percent = typed_percent(text)
    refused = refusal_text(position, percent, view)
    if refused or percent is None:
        parts = enumerate(wrap(refused, width - 4))
        return [((f" {'!' if at == 0 else ' '} {piece}", "attention"),) for at, piece in parts]
    return [((f" {piece}", "text"),) for piece in wrap(note(position, percent, view), width - 2)]


def _part(position: PositionView, percent: Decimal, view: View) -> PartOfPosition:
    """The part where it is known that there are rules."""
    found = part(position, percent, view)
    assert found is not None
    return found


def _size(quantity: Decimal, position: PositionView, view: View) -> str:
    name = numbers.base_asset(position.symbol, view.rules(position.symbol))
    return f"{numbers.quantity_text(float(quantity))} {name}"
