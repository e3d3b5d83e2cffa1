"""Panel 3: open positions and closed trades."""

from __future__ import annotations

from functools import partial

from futtui.domain.position import Trade, TradingMode
from futtui.domain.snapshot import PositionView
from futtui.tui import keys
from futtui.tui.paint import numbers, positions
from futtui.tui.paint.table import Column, head_line
from futtui.tui.paint.view import View
from futtui.tui.widgets.live_panel import LivePanel
from futtui.tui.widgets.rows import Content, Row, Rows, fixed_rows
from futtui.tui.words import word

COMPACT_HEIGHT = 3
TRADES_SHOWN = 50


class PositionsPanel(LivePanel):
    """One line per open position, then the newest closed trades."""

    BINDINGS = keys.bindings("positions")
    name_id = "positions"
    number = 3

    def __init__(self) -> None:
        super().__init__(id="positions", classes="panel")

    def content(self, view: View, width: int, height: int) -> Content:
        """One-line positions in a flat panel, otherwise a table with the trades behind it."""
        desk = view.snapshot.desk
        opened = desk.positions if desk else ()
        trades = sorted(desk.trades if desk else (), key=lambda trade: -trade.closed_ms)[:TRADES_SHOWN]
        if height <= COMPACT_HEIGHT:
            if not opened:
                return Content(Rows(fixed_rows("empty", positions.empty_lines(view, width))))
            return Content(Rows([self._compact_row(item, view, width) for item in opened]))
        columns = positions.columns_for(width)
        body: list[Row] = []
        for mode in _modes(view):
            found = [item for item in opened if item.mode is mode]
            if found and mode is not view.mode:
                body += fixed_rows(f"mode {mode}", [positions.mode_head(mode, width, closed=False)])
            body += [self._row(item, view, columns) for item in found]
        if not opened:
            body += fixed_rows("empty", [(), *positions.empty_lines(view, width)] if not trades else [])
        for mode in _modes(view):
            done = [trade for trade in trades if trade.mode is mode]
            if done and mode is view.mode:
                body += fixed_rows("trades", [positions.trades_head(view, width)])
            elif done:
                body += fixed_rows(f"trades {mode}", [positions.mode_head(mode, width, closed=True)])
            body += [self._trade_row(trade, view, columns) for trade in done]
        head = fixed_rows("head", [head_line(columns)]) if opened or trades else []
        return Content(Rows(body), head)

    @staticmethod
    def _row(item: PositionView, view: View, columns: tuple[Column, ...]) -> Row:
        version = positions.position_version(item, view)
        return Row(("position", item.position_id), version, partial(positions.position_line, item, view, columns))

    @staticmethod
    def _trade_row(trade: Trade, view: View, columns: tuple[Column, ...]) -> Row:
        age = numbers.age_text(view.now_ms - trade.closed_ms)
        return Row(("trade", trade.position_id), age, partial(positions.trade_line, trade, view, columns))

    def _compact_row(self, item: PositionView, view: View, width: int) -> Row:
        version = (positions.position_version(item, view), "compact")
        return Row(
            ("position", item.position_id),
            version,
            lambda marked: positions.compact_line(item, view, marked, width),
        )

    def title(self, view: View) -> str:
        """Number and name."""
        return f"{self.number} {word('panel.positions')}"

    def subtitle(self, view: View) -> str:
        """Counts and profit."""
        return positions.subtitle(view)

    def marked_position(self) -> PositionView | None:
        """The open position under the marker."""
        desk = self._view.snapshot.desk if self._view else None
        for item in desk.positions if desk else ():
            if self.cursor_key == ("position", item.position_id):
                return item
        return None

    def marked_trade(self) -> Trade | None:
        """The closed trade under the marker."""
        desk = self._view.snapshot.desk if self._view else None
        for trade in desk.trades if desk else ():
            if self.cursor_key == ("trade", trade.position_id):
                return trade
        return None


def _modes(view: View) -> list[TradingMode]:
    """All modes, the one in force first."""
    return sorted(TradingMode, key=lambda mode: mode is not view.mode)
