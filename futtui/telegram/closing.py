"""Closing a position from the phone: all of it, half or a quarter, or the share that was typed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from futtui.domain.part_close import ALL_PCT, PartOfPosition, part_of
from futtui.domain.snapshot import PositionView
from futtui.domain.symbols import SymbolRules, to_decimal
from futtui.language.catalogue import Texts
from futtui.telegram.formatting import signed
from futtui.telegram.pages import Buttons

PARTS = (("button.close_half", Decimal(50)), ("button.close_quarter", Decimal(25)))


@dataclass(frozen=True, slots=True)
class CloseQuestion:
    """What is asked, and the answers that close something: label and share of each."""

    text: str
    answers: tuple[tuple[str, Decimal], ...]


def close_question(
    texts: Texts, position: PositionView, rules: SymbolRules | None, percent: Decimal | None = None
) -> CloseQuestion:
    """Close this position? Without a `percent` every share that can be closed is offered, else that one alone.

    Where the share cannot be closed the question says so and offers all of it.
    """
    size, name = f"{position.quantity:g}", position.symbol
    whole = texts("ask.close", symbol=name, result=signed(position.pnl_r))
    if percent is None:
        offered = [(label, share, part_now(position, rules, share)) for label, share in PARTS]
        parts = [(texts(label, n=_plain(part.quantity)), share) for label, share, part in offered if part is not None]
        everything = (texts("button.close_all" if parts else "button.yes", n=size), ALL_PCT)
        return CloseQuestion(whole, (everything, *parts))
    if percent >= ALL_PCT:
        return CloseQuestion(whole, ((texts("button.yes"), ALL_PCT),))
    part = part_now(position, rules, percent)
    if part is None:
        return CloseQuestion(f"{texts('ask.close_no_part')} {whole}", ((texts("button.yes"), ALL_PCT),))
    text = texts("ask.close_part", symbol=name, n=_plain(part.quantity), size=size, rest=_plain(part.rest))
    return CloseQuestion(text, ((texts("button.yes"), percent),))


def part_now(position: PositionView, rules: SymbolRules | None, percent: Decimal) -> PartOfPosition | None:
    """The part that would be closed; None where it cannot be."""
    if rules is None or position.status != "PROTECTED":
        return None
    part = part_of(to_decimal(position.quantity), percent, to_decimal(position.mark_price), rules)
    return part if part.refusal is None else None


def rows_of(question: CloseQuestion, nonce: str, no: str) -> Buttons:
    """The buttons: what closes something, then the way out, each answering the same question."""
    answers = tuple((label, f"yes:{nonce}:{share:f}") for label, share in question.answers)
    if len(answers) == 1:
        return ((*answers, (no, f"no:{nonce}")),)
    return (answers[:1], answers[1:], ((no, f"no:{nonce}"),))


def _plain(quantity: Decimal) -> str:
    """A quantity without needless zeros."""
    return f"{quantity.normalize():f}"
