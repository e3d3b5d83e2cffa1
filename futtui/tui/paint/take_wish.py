"""A wish to take a signal: what the trade would be at this moment, and what stands against it."""

from __future__ import annotations

from futtui.domain.position import TradingMode
from futtui.domain.signal import DISMISSED, TAKEN, Signal
from futtui.domain.taking import TakeLook
from futtui.tui.heard import heard
from futtui.tui.paint import numbers
from futtui.tui.paint.details import fact, fact_lines
from futtui.tui.paint.text import Line, wrap
from futtui.tui.paint.view import View
from futtui.tui.words import word


def refusal_text(look: TakeLook) -> str:
    """Why the signal cannot be taken, as a sentence."""
    return word("take.refused", reason=heard(look.refusal).rstrip("."))


def size_text(look: TakeLook, view: View) -> str:
    """How much would be bought or sold."""
    rules = view.rules(look.symbol)
    size = f"{numbers.quantity_text(look.quantity or 0.0)} {numbers.base_asset(look.symbol, rules)}"
    return word("take.size_value", size=size, value=numbers.money_text(look.value or 0.0), leverage=look.leverage or 1)


def risk_text(look: TakeLook) -> str:
    """What would be lost at the stop."""
    return word(
        "take.risk_value",
        money=numbers.money_text(look.risk_money or 0.0),
        percent=numbers.percent_text(look.risk_pct or 0.0),
    )


def wish_lines(look: TakeLook, view: View, width: int) -> list[Line]:
    """The trade that it would be now, and what stands against it."""
    rules = view.rules(look.symbol)
    lines: list[Line] = []
    if look.price is not None and look.planned is not None and look.stop is not None:
        risk = abs(look.planned - look.stop)
        away = f"{(look.price - look.planned) * look.side.sign / risk:+.2f}" if risk else word("value.none")
        now = numbers.price_text(look.price, rules)
        told = word("take.price_now", price=now, planned=numbers.price_text(look.planned, rules), away=away)
        lines += fact_lines(word("take.price"), told, width, "bold")
        stop_pct = numbers.signed_percent_text((look.stop / look.price - 1.0) * 100.0)
        lines.append(fact(word("take.stop"), numbers.price_text(look.stop, rules), "down", stop_pct))
    if look.quantity is not None:
        lines += fact_lines(word("take.size"), size_text(look, view), width)
        lines += fact_lines(word("take.risk"), risk_text(look), width)
        costs = word("take.costs_value", money=numbers.money_text(look.costs or 0.0))
        lines += fact_lines(word("take.costs"), costs, width)
    for note in look.notes:
        lines += [((f" {part}", "attention"),) for part in wrap(heard(note), width - 2)]
    if look.refusal:
        parts = enumerate(wrap(refusal_text(look), width - 4))
        lines += [(), *(((f" {' ' if at else '!'} {part}", "attention"),) for at, part in parts)]
    return lines


def state_lines(signal: Signal, look: TakeLook | None, view: View, width: int) -> list[Line]:
    """What the user did with an open signal, or what taking it would mean; nothing for one that is over."""
    if not signal.status.is_open or signal.raw.is_by_hand:
        return []
    if TAKEN in signal.tags:
        return [fact(word("choice.taken"), word("choice.taken_note"), "muted")]
    lines: list[Line] = []
    if DISMISSED in signal.tags:
        lines += fact_lines(word("choice.dropped"), word("choice.dropped_note"), width, "muted")
    if view.mode is TradingMode.SIGNALS:
        return [*lines, *fact_lines(word("take.title"), word("take.nothing"), width, "muted")]
    if look is None:
        return lines
    told = refusal_text(look) if look.refusal else word("take.short", size=size_text(look, view), risk=risk_text(look))
    return [*lines, *fact_lines(word("take.title"), told, width, "attention" if look.refusal else "text")]
