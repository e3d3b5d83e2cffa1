"""Position detail: the money, the rules that guard it, the plan behind it; and the story of a closed trade."""

from __future__ import annotations

from dataclasses import replace

from futtui.domain.position import Trade
from futtui.domain.snapshot import PositionView
from futtui.tui.glyphs import CHECK
from futtui.tui.paint import numbers
from futtui.tui.paint.details import Box, Detail, fact, fact_lines, paragraph
from futtui.tui.paint.names import setup_name, side_span, system_name
from futtui.tui.paint.positions import guard_text, stop_text
from futtui.tui.paint.signal_detail import part_lines
from futtui.tui.paint.story import checked_lines, order_lines, rule_lines, step_lines
from futtui.tui.paint.text import Line
from futtui.tui.paint.view import View
from futtui.tui.words import has_word, word


def position_detail(position: PositionView, trail: tuple[str, ...]) -> Detail:
    """One open position; after it closed its last figures stay with a note, without orders and rules."""
    last = [position]

    def newest(view: View) -> tuple[PositionView, bool]:
        desk = view.snapshot.desk
        for item in desk.positions if desk else ():
            if item.position_id == position.position_id:
                last[0] = item
                return item, True
        seen = last[0]
        return replace(seen, story=replace(seen.story, orders=(), rules=())), False

    return Detail(
        trail,
        (
            Box("position", word("detail.position_title"), lambda view, width: _money(*newest(view), view, width)),
            Box("rules", word("detail.rules_title"), lambda view, width: _rules(newest(view)[0], view, width)),
            Box("orders", word("story.box.orders"), lambda view, width: _orders(*newest(view), view, width)),
            Box("steps", word("story.box.steps"), lambda view, width: step_lines(newest(view)[0], view, width)),
            Box("why", word("detail.why_position"), lambda view, width: _why(newest(view)[0], view, width), True),
        ),
        symbol=position.symbol,
        position_id=position.position_id,
        layout="-position",
    )


def _money(position: PositionView, is_open: bool, view: View, width: int) -> list[Line]:
    rules = view.rules(position.symbol)
    side, side_token = side_span(position.side)
    story = position.story
    lines: list[Line] = []
    if not is_open:
        lines += paragraph(word("detail.position_gone"), width, "attention")
    move = (position.mark_price / position.entry_price - 1.0) * 100.0
    opened = numbers.date_time_text(position.opened_ms, view.zone)
    ago = word("detail.ago", age=numbers.long_age_text(view.now_ms - position.opened_ms))
    size = f"{numbers.quantity_text(position.quantity)} {numbers.base_asset(position.symbol, rules)}"
    sold = story.bought > position.quantity
    left = word("story.left", bought=numbers.quantity_text(story.bought)) if sold else ""
    lines += [
        fact(word("detail.symbol"), position.symbol, "bold"),
        fact(word("detail.side"), side, side_token),
        fact(word("detail.size"), size, note=left),
        *(_margin(position, view) if is_open else ()),
        fact(word("detail.entry"), numbers.price_text(position.entry_price, rules)),
        fact(
            word("detail.mark"),
            numbers.price_text(position.mark_price, rules),
            "dim" if view.stale else "bold",
            numbers.signed_percent_text(move),
        ),
        *(_liquidation(position, view, width) if is_open else ()),
        fact(
            word("detail.pnl"),
            f"{numbers.direction_sign(position.pnl)} {numbers.signed_money_text(position.pnl)}",
            "dim" if view.stale else numbers.direction_token(position.pnl),
            f"{numbers.signed_percent_text(position.pnl_pct)}  {numbers.signed_text(position.pnl_r, 2)}R",
        ),
        *fact_lines("", word("detail.pnl_net"), width, "dim"),
        *_extremes(position),
        fact(word("detail.opened"), opened, note=ago),
        fact(word("detail.mode"), word(f"mode.{position.mode.value}")),
    ]
    return lines


def _margin(position: PositionView, view: View) -> list[Line]:
    """How the account holds it: isolated or cross, and the leverage where that is known."""
    margin = view.margin(position)
    if margin is None:
        return []
    kind = word("detail.isolated" if margin.isolated else "detail.cross")
    return [fact(word("detail.margin"), kind if margin.leverage is None else f"{kind}  {margin.leverage}x")]


def _liquidation(position: PositionView, view: View, width: int) -> list[Line]:
    """Where the exchange would close it by force and how far that is; nothing where the market cannot get there."""
    margin = view.margin(position)
    price = margin.liquidation_price if margin is not None else None
    if price is None or position.mark_price <= 0:
        return []
    distance = numbers.signed_percent_text((price / position.mark_price - 1.0) * 100.0)
    before_stop = position.side.sign * (position.stop - price) <= 0
    token = "attention" if before_stop else "dim" if view.stale else "text"
    note = word("detail.away", distance=distance)
    lines = [fact(word("detail.liquidation"), numbers.price_text(price, view.rules(position.symbol)), token, note)]
    return [*lines, *fact_lines("", word("detail.before_stop"), width, "attention")] if before_stop else lines


def _extremes(position: PositionView) -> list[Line]:
    """How far it went either way, and what it paid so far."""
    story = position.story
    if not story.bought:
        return []
    best, worst = numbers.signed_text(story.best_r, 2), numbers.signed_text(story.worst_r, 2)
    lines = [fact(word("detail.best"), f"{best}R", note=word("story.worst", r=worst))]
    note = word("story.funding", amount=numbers.signed_text(story.funding)) if story.funding else ""
    lines.append(fact(word("detail.fees"), numbers.signed_money_text(-story.fees), note=note))
    return lines


def _rules(position: PositionView, view: View, width: int) -> list[Line]:
    rules = view.rules(position.symbol)
    lines = []
    for index, target in enumerate(position.targets):
        hit = index < position.targets_hit
        distance = numbers.signed_percent_text((target / position.mark_price - 1.0) * 100.0)
        state = f"{CHECK} {word('detail.filled')}" if hit else word("detail.waiting_target", distance=distance)
        price = numbers.price_text(target, rules)
        lines.append(fact(word("detail.target", n=index + 1), price, "up" if hit else "text", state))
    gap = numbers.signed_percent_text((position.stop / position.mark_price - 1.0) * 100.0)
    at_stop = numbers.signed_text(result_at_stop(position))
    lines.append(fact(word("detail.stop"), stop_text(position, view), "down", gap))
    lines += fact_lines("", word("detail.if_stopped", pnl=at_stop), width, "muted")
    status = f"position.status.{position.status}"
    lines += fact_lines(word("detail.status"), word(status) if has_word(status) else position.status.lower(), width)
    lines += fact_lines(word("detail.guard"), guard_text(position), width)
    lines += [*rule_lines(position, view, width)]
    return [*lines, (), *paragraph(word(f"detail.exits.{position.mode.value}"), width, "muted")]


def _orders(position: PositionView, is_open: bool, view: View, width: int) -> list[Line]:
    lines = order_lines(position, view, width)
    return [*lines, *checked_lines(position, view, width)] if is_open else lines


def result_at_stop(position: PositionView) -> float:
    """About what the whole position would have brought once its stop is hit: all so far, and the way to the stop."""
    return position.pnl + (position.stop - position.mark_price) * position.quantity * position.side.sign


def _why(position: PositionView, view: View, width: int) -> list[Line]:
    desk = view.snapshot.desk
    signals = desk.signals if desk else ()
    signal = next((item for item in signals if item.signal_id == position.signal_id), None)
    head = fact(word("detail.setup"), setup_name(position.strategy), note=system_name(position.system))
    if signal is None:
        return [head, *paragraph(word("detail.signal_gone"), width, "muted")]
    return [head, *part_lines(signal, width)]


def trade_detail(trade: Trade, trail: tuple[str, ...]) -> Detail:
    """A closed trade: its net result and each partial exit."""
    return Detail(
        trail,
        (
            Box("result", word("detail.result"), lambda view, width: _result(trade, view)),
            Box("legs", word("detail.legs"), lambda view, width: _legs(trade, view)),
        ),
        symbol=trade.symbol,
    )


def _result(trade: Trade, view: View) -> list[Line]:
    rules = view.rules(trade.symbol)
    side, side_token = side_span(trade.side)
    pnl = float(trade.pnl)
    token = numbers.direction_token(pnl)
    return [
        fact(word("detail.symbol"), trade.symbol, "bold"),
        fact(word("detail.side"), side, side_token),
        fact(word("detail.setup"), setup_name(trade.strategy), note=system_name(trade.system.value)),
        fact(word("detail.result"), word(f"trade.class.{trade.result_class.value}"), token),
        fact(word("detail.pnl"), numbers.signed_money_text(pnl), token, f"{numbers.signed_text(trade.result_r, 2)}R"),
        fact(word("detail.fees"), numbers.signed_money_text(-float(trade.fees))),
        fact(word("detail.funding"), numbers.signed_money_text(float(trade.funding))),
        fact(word("detail.best"), f"{numbers.signed_text(trade.mfe_r, 2)}R"),
        fact(word("detail.worst"), f"{numbers.signed_text(trade.mae_r, 2)}R"),
        fact(word("detail.size"), numbers.quantity_text(float(trade.quantity))),
        fact(word("detail.entry"), numbers.price_text(float(trade.entry_price), rules)),
        fact(word("detail.first_stop"), numbers.price_text(float(trade.initial_stop), rules)),
        fact(word("detail.opened"), numbers.date_time_text(trade.opened_ms, view.zone)),
        fact(word("detail.closed"), numbers.date_time_text(trade.closed_ms, view.zone)),
        fact(word("detail.mode"), word(f"mode.{trade.mode.value}")),
    ]


def _legs(trade: Trade, view: View) -> list[Line]:
    rules = view.rules(trade.symbol)
    lines: list[Line] = []
    for leg in trade.legs:
        time = numbers.time_text(leg.time_ms, view.zone)
        share = float(leg.quantity / trade.quantity * 100) if trade.quantity else 0.0
        lines.append(
            (
                (f" {time}  ", "dim"),
                (f"{word(f'exit.{leg.reason.value}'):<14} ", "text"),
                (f"{share:3.0f}%  ", "muted"),
                (numbers.price_text(float(leg.price), rules), "text"),
                (f"  {word('detail.leg_fee', fee=numbers.money_text(float(leg.fee)))}", "dim"),
            )
        )
    return lines or [((f" {word('value.none')}", "dim"),)]
