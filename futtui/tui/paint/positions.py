"""The positions panel: open positions, then the trades that closed."""

from __future__ import annotations

from collections.abc import Sequence

from futtui.domain.position import Trade, TradeClass, TradingMode
from futtui.domain.side import Side
from futtui.domain.snapshot import PositionView
from futtui.tui.glyphs import ARROW, RULE, SEPARATOR
from futtui.tui.paint import numbers
from futtui.tui.paint.names import setup_name, side_span
from futtui.tui.paint.table import Column, choose_columns, row_line
from futtui.tui.paint.text import Line, Span, first_that_fits, fit, wrap
from futtui.tui.paint.view import View
from futtui.tui.words import has_word, word

COLUMNS = (
    Column("symbol", 8, grow=2),
    Column("side", 7),
    Column("size", 7, ">", 2),
    Column("entry", 9, ">", 1, grow=1),
    Column("mark", 9, ">", grow=1),
    Column("pnl", 17),
    Column("pnl_r", 6, ">", 7),
    Column("stop", 11, ">"),
    Column("targets", 10, rank=4),
    Column("age", 5, rank=6),
    Column("guard", 16, rank=3, grow=24),
    Column("setup", 14, rank=8, grow=6),
)


def columns_for(width: int) -> tuple[Column, ...]:
    """The columns that fit."""
    return choose_columns(COLUMNS, width)


def position_version(position: PositionView, view: View) -> tuple[object, ...]:
    """Changes whenever the line of this position would look different."""
    age = numbers.age_text(view.now_ms - position.opened_ms)
    return (position.version, position.mark_price, view.stale, view.mode, age)


def position_line(position: PositionView, view: View, columns: Sequence[Column], selected: bool) -> Line:
    """One open position."""

    def cell(column: Column) -> Span:
        text, token = _cell(position, view, column)
        return (text, "dim") if view.stale else (text, token)

    return row_line(columns, cell, selected=selected, cursor=view.cursor)


def _cell(position: PositionView, view: View, column: Column) -> Span:
    rules = view.rules(position.symbol)
    match column.id:
        case "symbol":
            return numbers.base_asset(position.symbol, rules), "bold"
        case "side":
            return side_span(position.side)
        case "size":
            return numbers.quantity_text(position.quantity), "text"
        case "entry":
            return numbers.price_text(position.entry_price, rules), "muted"
        case "mark":
            return numbers.price_text(position.mark_price, rules), "text"
        case "pnl":
            return pnl_text(position), numbers.direction_token(position.pnl)
        case "pnl_r":
            return f"{numbers.signed_text(position.pnl_r, 1)}R", numbers.direction_token(position.pnl_r)
        case "stop":
            return stop_text(position, view), "text"
        case "targets":
            return targets_text(position), "text"
        case "age":
            return numbers.age_text(view.now_ms - position.opened_ms), "muted"
        case "setup":
            return setup_name(position.strategy), "muted"
        case _:
            return guard_text(position), "attention" if position.status in _UNSAFE else "text"


_UNSAFE = ("ENTERING", "NAKED", "FAILED")


def pnl_text(position: PositionView) -> str:
    """`▲ +17.62 +0.67%`."""
    return pnl_texts(position)[0]


def pnl_texts(position: PositionView) -> tuple[str, str, str]:
    """The same, then without the percent, then without cents: for places where a cut number would be another one."""
    sign, percent = numbers.direction_sign(position.pnl), numbers.signed_percent_text(position.pnl_pct)
    amount = numbers.signed_text(position.pnl)
    return f"{sign} {amount} {percent}", f"{sign} {amount}", f"{sign} {numbers.signed_text(position.pnl, 0)}"


def stop_text(position: PositionView, view: View) -> str:
    """The stop; `BE` once it protects the entry price or better."""
    text = numbers.price_text(position.stop, view.rules(position.symbol))
    return f"{text} {word('position.break_even')}" if at_break_even(position) else text


def at_break_even(position: PositionView) -> bool:
    """Whether the stop stands at the entry or beyond it."""
    if position.side is Side.LONG:
        return position.stop >= position.entry_price
    return 0 < position.stop <= position.entry_price


def targets_text(position: PositionView) -> str:
    """`1 of 3 hit`, `0 of 3`."""
    identity = "position.targets_hit" if position.targets_hit else "position.targets"
    return word(identity, hit=position.targets_hit, total=len(position.targets))


def guard_text(position: PositionView) -> str:
    """Which rule protects the position now; a missing stop is a warning."""
    identity = f"position.status.{position.status}"
    if position.status in _UNSAFE and has_word(identity):
        return word(identity)
    rule = f"guard.{position.guard.replace(' ', '_')}"
    return word(rule) if has_word(rule) else position.guard


def compact_line(position: PositionView, view: View, selected: bool, width: int) -> Line:
    """One position in one line, for the stacked layout."""
    rules = view.rules(position.symbol)
    entry, mark = numbers.price_text(position.entry_price, rules), numbers.price_text(position.mark_price, rules)
    spans: list[Span] = [
        (f"{view.cursor if selected else ' '}", "marker"),
        (f"{fit(numbers.base_asset(position.symbol, rules), 5)} ", "bold"),
        (fit(side_span(position.side)[0], 7), side_span(position.side)[1]),
        (f" {fit(first_that_fits(6, *numbers.quantity_texts(position.quantity)), 6)} ", "text"),
        (fit(f"{entry} {ARROW} {mark}", 22) + " ", "text"),
        (fit(first_that_fits(16, *pnl_texts(position)), 16) + " ", numbers.direction_token(position.pnl)),
    ]
    used = sum(len(text) for text, _ in spans)
    if position.mode is view.mode:
        texts = (stop_text(position, view), numbers.price_text(position.stop, rules))
        told = (word("position.stop", price=text) for text in texts)
        last = first_that_fits(width - used, *told), "muted"
    else:
        last = word("position.in_mode", mode=mode_word(position.mode)), "attention"
    spans.append((fit(last[0], max(0, width - used)), last[1]))
    return tuple((text, "dim") for text, _ in spans) if view.stale else tuple(spans)


def trades_head(view: View, width: int) -> Line:
    """The line between open positions and closed trades, with the score so far."""
    account = view.snapshot.desk.account if view.snapshot.desk else None
    text = word("positions.closed_head")
    if account and account.closed_trades:
        text += " " + word(
            "positions.record",
            n=account.closed_trades,
            wins=account.wins,
            losses=account.losses,
            even=account.break_evens,
            net=numbers.signed_text(account.net_r, 1),
        )
    return _rule(text, width)


def mode_head(mode: TradingMode, width: int, *, closed: bool) -> Line:
    """The line above positions or trades of a mode that is not the one in force: their money is another account's."""
    if mode is TradingMode.INFO:
        return _rule(word("positions.closed_info_head" if closed else "positions.info_head"), width)
    return _rule(word("positions.closed_mode_head" if closed else "positions.mode_head", mode=mode_word(mode)), width)


def _rule(text: str, width: int) -> Line:
    left = f" {RULE * 2} {text} "
    return ((left + RULE * max(0, width - len(left) - 1), "dim"),)


def mode_word(mode: TradingMode) -> str:
    """The mode's name."""
    return word(f"mode.{mode.value}")


def trade_line(trade: Trade, view: View, columns: Sequence[Column], selected: bool) -> Line:
    """One closed trade in the columns of the table above it."""
    rules = view.rules(trade.symbol)
    last = trade.legs[-1] if trade.legs else None

    def cell(column: Column) -> Span:
        match column.id:
            case "symbol":
                return numbers.base_asset(trade.symbol, rules), "muted"
            case "side":
                return side_span(trade.side)[0], "muted"
            case "size":
                return numbers.quantity_text(float(trade.quantity)), "dim"
            case "entry":
                return numbers.price_text(float(trade.entry_price), rules), "dim"
            case "mark":
                return (numbers.price_text(float(last.price), rules) if last else ""), "dim"
            case "pnl":
                return _trade_result(trade), _class_token(trade.result_class)
            case "pnl_r":
                return f"{numbers.signed_text(trade.result_r, 1)}R", _class_token(trade.result_class)
            case "age":
                return numbers.age_text(view.now_ms - trade.closed_ms), "dim"
            case "setup":
                return setup_name(trade.strategy), "dim"
            case "stop":
                return word(f"trade.class.{trade.result_class.value}"), "muted"
            case "guard":
                return (word(f"exit.{last.reason.value}") if last else ""), "muted"
            case _:
                return "", "dim"

    return row_line(columns, cell, selected=selected, cursor=view.cursor)


def _trade_result(trade: Trade) -> str:
    pnl = float(trade.pnl)
    amount = numbers.signed_text(pnl)
    return f"{numbers.direction_sign(pnl)} {amount} {numbers.signed_percent_text(trade.result_pct)}"


def _class_token(result: TradeClass) -> str:
    return {TradeClass.WIN: "up", TradeClass.LOSS: "down", TradeClass.BREAK_EVEN: "muted"}[result]


def empty_lines(view: View, width: int) -> list[Line]:
    """Why there are no positions."""
    desk = view.snapshot.desk
    if view.failed:
        identity = "failed.panel"
    elif desk is None:
        identity = "positions.waiting"
    else:
        identity = f"positions.none.{view.mode.value}"
    return [((f"   {text}", "muted"),) for text in wrap(word(identity), width - 5, 3)]


def subtitle(view: View) -> str:
    """Count, profit of all together and open risk."""
    desk = view.snapshot.desk
    if desk is None:
        return ""
    own = [position for position in desk.positions if position.mode is view.mode]
    others = len(desk.positions) - len(own)
    parts = [word("positions.open", n=len(own))]
    if others:
        parts.append(word("positions.other_mode", n=others))
    if own:
        total = sum(position.pnl for position in own)
        parts.append(word("positions.pnl", amount=numbers.signed_text(total)))
        parts.append(word("positions.risk", percent=numbers.percent_text(desk.account.open_risk_pct)))
    return f" {SEPARATOR} ".join(parts)
