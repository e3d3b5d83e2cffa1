"""A wish for another stop: reading the typed price, what stands against it, and what it would mean."""

from __future__ import annotations

from futtui.domain.position import TradingMode
from futtui.domain.snapshot import PositionView
from futtui.tui.paint import numbers
from futtui.tui.paint.names import side_span
from futtui.tui.paint.text import Line, wrap
from futtui.tui.paint.view import View
from futtui.tui.words import word


def typed_price(text: str, near: float) -> float | None:
    """The price that was typed, None if it is none; of a comma's two meanings the one that lies nearer to `near`."""
    tidy = text.replace(" ", "").replace("_", "")
    found = [_number(tidy.replace(",", "")), _number(tidy.replace(",", ".")) if tidy.count(",") == 1 else None]
    prices = [price for price in found if price is not None and price > 0]
    return min(prices, key=lambda price: abs(price - near), default=None)


def _number(text: str) -> float | None:
    if not text or not all(sign.isdigit() or sign == "." for sign in text):
        return None
    try:
        return float(text)
    except ValueError:
        return None


def is_looser(price: float, position: PositionView) -> bool:
    """Whether the stop would lose more than the one that is there."""
    return position.side.sign * (price - position.stop) < 0


def problem_of(text: str, position: PositionView, view: View) -> str:
    """Why the typed stop cannot be; empty when it can. The engine judges once more with its own price."""
    price = typed_price(text, position.mark_price)
    if price is None:
        return word("stop.no_price")
    sign, rules, first = position.side.sign, view.rules(position.symbol), position.story.first_stop
    if position.status != "PROTECTED":
        return word("stop.not_protected")
    if sign * (position.mark_price - price) <= 0:
        return word("stop.passed", price=numbers.price_text(position.mark_price, rules))
    if first and sign * (price - first) < 0:
        return word("stop.beyond_first", price=numbers.price_text(first, rules))
    return ""


def result_if_hit(price: float, position: PositionView) -> float:
    """Money that the rest of the position would bring at this stop, before costs."""
    return position.side.sign * (price - position.entry_price) * position.quantity


def intro_texts(position: PositionView, view: View) -> list[str]:
    """What is held, and between which prices the stop may lie."""
    rules = view.rules(position.symbol)
    return [
        word(
            "stop.held",
            symbol=position.symbol,
            side=side_span(position.side)[0],
            size=numbers.quantity_text(position.quantity),
            entry=numbers.price_text(position.entry_price, rules),
            mark=numbers.price_text(position.mark_price, rules),
        ),
        word(
            "stop.now",
            stop=numbers.price_text(position.stop, rules),
            first=numbers.price_text(position.story.first_stop, rules),
        ),
        word("stop.between"),
        "",
    ]


def wish_lines(text: str, position: PositionView, view: View, width: int) -> list[Line]:
    """What the typed stop would mean, or what stands against it."""
    problem = problem_of(text, position, view)
    price = typed_price(text, position.mark_price)
    if problem or price is None:
        parts = enumerate(wrap(problem, width - 4))
        return [((f" {'!' if at == 0 else ' '} {part}", "attention"),) for at, part in parts]
    rules = view.rules(position.symbol)
    away = numbers.signed_percent_text((price / position.mark_price - 1.0) * 100.0)
    amount = numbers.signed_text(result_if_hit(price, position))
    told = word("stop.means", price=numbers.price_text(price, rules), away=away, amount=amount)
    lines: list[Line] = [((f" {part}", "text"),) for part in wrap(told, width - 2)]
    if price == position.stop:
        lines.append(((f" {word('stop.same')}", "muted"),))
    elif is_looser(price, position):
        lines.append(((f" ! {word('stop.looser')}", "attention"),))
    return lines


def questions(price: float, position: PositionView, view: View) -> list[tuple[str, list[str]]]:
    """Heading and texts of what is asked before the stop moves: nothing, once, or twice where it is loosened."""
    rules = view.rules(position.symbol)
    prices = {"old": numbers.price_text(position.stop, rules), "new": numbers.price_text(price, rules)}
    looser = is_looser(price, position)
    asked = []
    if looser or position.mode is TradingMode.LIVE:
        mode = word(f"stop.mode.{position.mode.value}")
        asked.append((word("stop.ask", symbol=position.symbol), [word("stop.ask_text", **prices), mode]))
    if looser:
        before = numbers.signed_text(result_if_hit(position.stop, position))
        after = numbers.signed_text(result_if_hit(price, position))
        asked.append((word("stop.ask_again"), [word("stop.ask_again_text", before=before, after=after)]))
    return asked
