"""The detail behind a row of a panel, by the row's key: what Enter opens and n and N walk through."""

from __future__ import annotations

from collections.abc import Hashable

from futtui.tui.paint.chart.content import Subject
from futtui.tui.paint.details import Detail, log_detail
from futtui.tui.paint.view import View
from futtui.tui.widgets.log_panel import row_key
from futtui.tui.words import word


def detail_of(view: View, panel: str, key: Hashable) -> Detail | None:
    """The detail of a row; None when what it showed is gone."""
    trail = (word("trail.dashboard"), word(f"panel.{panel}"))
    if panel in ("market", "zones"):
        from futtui.tui.paint.symbol_detail import symbol_detail

        symbol = str(key) if panel == "market" else view.symbol
        return symbol_detail(symbol, (*trail, symbol))
    if panel == "signals":
        return _signal(view, key, trail)
    if panel == "positions":
        return _position(view, key, trail)
    line = next((line for line in view.snapshot.log if row_key(line) == key), None)
    return log_detail(line, trail) if line is not None else None


def _signal(view: View, key: Hashable, trail: tuple[str, ...]) -> Detail | None:
    from futtui.tui.paint.signal_detail import signal_detail

    desk = view.snapshot.desk
    found = next((item for item in (desk.signals if desk else ()) if item.signal_id == key), None)
    if found is None:
        return None
    side = word(f"side.{found.raw.side.value.lower()}").lower()
    return signal_detail(found, (*trail, f"{found.raw.symbol} {side}"))


def _position(view: View, key: Hashable, trail: tuple[str, ...]) -> Detail | None:
    from futtui.tui.paint.position_detail import position_detail, trade_detail

    desk = view.snapshot.desk
    for position in desk.positions if desk else ():
        if key == ("position", position.position_id):
            return position_detail(position, (*trail, position.symbol))
    for trade in desk.trades if desk else ():
        if key == ("trade", trade.position_id):
            return trade_detail(trade, (*trail, trade.symbol))
    return None


def is_like(key: Hashable, other: Hashable) -> bool:
    """Whether two rows of one panel open details of one kind: closed trades are no neighbours of open positions."""
    return not isinstance(key, tuple) or (isinstance(other, tuple) and key[0] == other[0])


def subject_of(view: View, panel: str, key: Hashable) -> Subject | None:
    """What a chart of the row with `key` shows; None for a row without a symbol, or one that is gone."""
    desk = view.snapshot.desk
    if panel == "market":
        return Subject(str(key)) if key is not None else None
    if panel == "signals":
        found = next((item for item in (desk.signals if desk else ()) if item.signal_id == key), None)
        return Subject(found.raw.symbol, signal_id=found.signal_id) if found else None
    for item in desk.positions if desk else ():
        if key == ("position", item.position_id):
            return Subject(item.symbol, position_id=item.position_id)
    for trade in desk.trades if desk else ():
        if key == ("trade", trade.position_id):
            return Subject(trade.symbol)
    return None
