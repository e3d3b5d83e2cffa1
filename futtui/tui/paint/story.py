"""A position's story: its orders on the exchange, the rules that act next, and what happened so far."""

from __future__ import annotations

from futtui.domain.orders import OrderPurpose, OrderStatus
from futtui.domain.position import ExitReason, TradingMode
from futtui.domain.position_story import NextRule, OrderView, PositionStep, RuleKind, StepKind
from futtui.domain.snapshot import PositionView
from futtui.tui.glyphs import ARROW, CHECK
from futtui.tui.paint import numbers
from futtui.tui.paint.details import paragraph
from futtui.tui.paint.text import Line, Span, fit, line_width, wrap
from futtui.tui.paint.view import View
from futtui.tui.words import word

OLD_CHECK_MS = 60_000
"""A check that is older is worth a second look: the account is looked at every ten seconds."""
_KEPT = (OrderPurpose.STOP, OrderPurpose.TARGET)


def order_lines(position: PositionView, view: View, width: int) -> list[Line]:
    """Every order that waits, is under way or was executed: kind, price, size, state and id."""
    orders = position.story.orders
    if not orders:
        return paragraph(word("story.no_orders"), width, "muted")
    lines: list[Line] = []
    for order in sorted(orders, key=_place):
        lines += _order(order, position, view, width)
    return lines


def checked_lines(position: PositionView, view: View, width: int) -> list[Line]:
    """How long ago the exchange was last asked about the orders; nothing for pretend money or a younger position."""
    margins = view.snapshot.margins
    asked_ms = margins.checked_ms
    if position.mode is not TradingMode.LIVE or asked_ms is None or asked_ms < position.opened_ms:
        return []
    age_ms = max(0, view.now_ms - asked_ms)
    text = word("story.checked" if margins.agrees else "story.checked_differs", age=numbers.long_age_text(age_ms))
    if margins.agrees and age_ms < OLD_CHECK_MS:
        return paragraph(f"{text} {CHECK}", width, "muted")
    return paragraph(text, width, "attention")


def _place(order: OrderView) -> tuple[int, int, int]:
    """Waiting ones first: stops, then targets by number, then the rest by time."""
    rank = 0 if order.purpose is OrderPurpose.STOP else 1 if order.purpose is OrderPurpose.TARGET else 2
    return (order.status.is_final, rank, order.target or order.sent_ms)


def _order(order: OrderView, position: PositionView, view: View, width: int) -> list[Line]:
    rules = view.rules(position.symbol)
    price = numbers.price_text(order.price, rules) if order.price is not None else word("story.at_market")
    state, token = _state(order)
    spans: list[Span] = [
        (f" {fit(_name(order), 7)} ", "muted"),
        (f"{fit(price, 11, '>')} ", "text"),
        (f"{fit(numbers.quantity_text(order.quantity), 8, '>')}  ", "text"),
        (f"{state} ", token),
    ]
    age = word("detail.ago", age=numbers.age_text(view.now_ms - order.sent_ms))
    last: Line = ((f" {age}", "dim"), (f"  {order.client_id}", "dim"))
    if line_width(tuple(spans)) + line_width(last) <= width:
        return [(*spans, *last)]
    return [tuple(spans), ((f" {' ' * 8}{age}  {fit(order.client_id, max(8, width - 12 - len(age)))}", "dim"),)]


def _name(order: OrderView) -> str:
    if order.purpose is OrderPurpose.TARGET and order.target:
        return word("detail.target", n=order.target)
    return word(f"story.order.{order.purpose.value}")


def _state(order: OrderView) -> Span:
    """State of an order in words, and how loud it is."""
    if order.unsure or order.status is OrderStatus.UNKNOWN:
        return word("story.state.UNKNOWN"), "attention"
    if order.leaving and not order.status.is_final:
        return word("story.state.leaving"), "dim"
    if order.status is OrderStatus.FILLED:
        return f"{CHECK} {word('story.state.FILLED')}", "up"
    waits = order.status is OrderStatus.OPEN and order.purpose in _KEPT
    return word("story.state.OPEN" if waits else f"story.state.{order.status.value}"), "text" if waits else "attention"


def rule_lines(position: PositionView, view: View, width: int) -> list[Line]:
    """The rules that act next, each as a sentence behind an arrow."""
    lines: list[Line] = []
    for rule in position.story.rules:
        token = "attention" if rule.kind in (RuleKind.CONFIRM_STOP, RuleKind.CLOSING) else "text"
        texts = wrap(rule_text(rule, position, view), width - 4)
        lines += [((f" {ARROW if at == 0 else ' '} {text}", token),) for at, text in enumerate(texts)]
    return [((f" {word('story.next')}", "bold"),), *lines] if lines else []


def rule_text(rule: NextRule, position: PositionView, view: View) -> str:
    """One rule as a sentence."""
    until = numbers.until_text(rule.time_ms, view.now_ms, view.zone) if rule.time_ms is not None else ""
    left = numbers.long_age_text(max(0, rule.time_ms - view.now_ms)) if rule.time_ms is not None else ""
    return word(
        f"story.rule.{rule.kind.value}",
        price=numbers.price_text(rule.price, view.rules(position.symbol)),
        r=numbers.signed_text(rule.at_r or 0.0, 1),
        time=until,
        left=left,
        amount=f"{rule.amount:g}",
    )


def step_lines(position: PositionView, view: View, width: int) -> list[Line]:
    """What happened, newest first."""
    steps = position.story.steps
    if not steps:
        return paragraph(word("story.no_steps"), width, "muted")
    lines: list[Line] = []
    for step in reversed(steps):
        text, token = step_span(step, position, view)
        time = numbers.until_text(step.time_ms, view.now_ms, view.zone)
        texts = wrap(text, width - len(time) - 4)
        lines.append(((f" {time}  ", "dim"), (texts[0], token)))
        lines += [((" " * (len(time) + 3) + part, token),) for part in texts[1:]]
    return lines


def step_span(step: PositionStep, position: PositionView, view: View) -> Span:
    """One thing that happened as a sentence with its style."""
    values = {
        "price": numbers.price_text(step.price, view.rules(position.symbol)),
        "size": numbers.quantity_text(step.quantity or 0.0),
        "reason": _reason(step),
        "pnl": numbers.signed_text(step.pnl or 0.0),
    }
    text = word(f"story.step.{step.kind.value}", **values)
    if step.kind is StepKind.LEFT:
        return text, numbers.direction_token(step.pnl)
    return text, "attention" if step.kind is StepKind.STOP_REFUSED else "text"


def _reason(step: PositionStep) -> str:
    """Why it happened; a first stop that moved without any rule was moved by hand."""
    if step.kind is StepKind.STOP_MOVED and step.reason is ExitReason.STOP:
        return word("story.by_hand")
    return word(f"exit.{step.reason.value}") if step.reason is not None else ""
