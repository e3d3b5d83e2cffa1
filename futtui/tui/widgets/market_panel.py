"""Panel 1: the market."""

from __future__ import annotations

from functools import partial

from futtui.domain.snapshot import MarketRow
from futtui.tui import keys
from futtui.tui.messages import HeadClicked
from futtui.tui.paint import market
from futtui.tui.paint.table import column_at, head_line
from futtui.tui.paint.view import View, source_of
from futtui.tui.widgets.live_panel import LivePanel
from futtui.tui.widgets.rows import Content, LazyRows, Row, Rows, fixed_rows
from futtui.tui.words import word

RESORT_BEATS = 5
"""Rows change places at most this often (once a second), so that a row does not run away from the eye; for no longer
may they stand in an order that the frame does not name."""


class MarketPanel(LivePanel):
    """All watched symbols with price, regimes and the nearest zone."""

    BINDINGS = keys.bindings("market")
    name_id = "market"
    number = 1

    def __init__(self) -> None:
        super().__init__(id="market", classes="panel")
        self.sort_by = market.SORTS[0]
        self.reverse = False
        self.pinned: frozenset[str] = frozenset()
        """Symbols that stay on top."""
        self._order: list[str] = []
        self._beats_to_sort = 0

    def content(self, view: View, width: int, height: int) -> Content:
        """Summary and headings stay, symbols scroll; while there is no market the start is told instead."""
        if not view.snapshot.market:
            return Content(Rows(fixed_rows("loading", market.loading_lines(view, width))))
        columns = market.columns_for(width)
        sign = market.sort_sign(self.sort_by, self.reverse)
        lines = market.stale_lines(view, width) or [market.summary_line(view, width)]
        lines.append(head_line(columns, sorted_by=self.sort_by, sign=sign))

        def row_of(row: MarketRow) -> Row:
            pinned = row.symbol in self.pinned
            version = (market.row_version(row, view), self.sort_by, pinned)
            return Row(row.symbol, version, partial(market.market_line, row, view, columns, pinned=pinned))

        body = LazyRows(self._ordered(view), _symbol_of, row_of)
        return Content(body, head=fixed_rows("head", lines))

    def _ordered(self, view: View) -> list[MarketRow]:
        self._beats_to_sort -= 1
        if self._beats_to_sort <= 0 or len(self._order) != len(view.by_symbol):
            self._beats_to_sort = RESORT_BEATS
            self._sort(view)
        try:
            return [view.by_symbol[symbol] for symbol in self._order]
        except KeyError:
            self._sort(view)
            return [view.by_symbol[symbol] for symbol in self._order]

    def _sort(self, view: View) -> None:
        rows = market.sort_rows(view.snapshot.market, self.sort_by, self.reverse, self.pinned)
        self._order = [row.symbol for row in rows]

    def title(self, view: View) -> str:
        """Number and name, and what kind of market it is where it is not a real one."""
        badge = source_of(view.snapshot).badge
        return f"{self.number} {word('panel.market')}" + (f"  {badge}" if badge else "")

    def subtitle(self, view: View) -> str:
        """Counts and order."""
        return market.subtitle(view, self.sort_by, self.reverse) if view.snapshot.market else ""

    def action_sort(self) -> None:
        """Sorts by the next column."""
        order = market.SORTS
        self.sort_column(order[(order.index(self.sort_by) + 1) % len(order)])

    def action_sort_reverse(self) -> None:
        """Turns the order round."""
        self.reverse = not self.reverse
        self._sort_now()

    def action_pin(self) -> None:
        """Keeps the marked symbol on top, or lets it go; the marker stays on it."""
        symbol = str(self.cursor_key or "")
        if not symbol or self._view is None or symbol not in self._view.by_symbol:
            return
        self.pinned ^= {symbol}
        self.futtui.keep_habits(pinned=" ".join(sorted(self.pinned)))
        self._beats_to_sort = 0
        self.look_again()
        self.select_key(symbol)
        self.futtui.flash(word("market.pinned" if symbol in self.pinned else "market.let_go", symbol=symbol))
        self.futtui.pulse.beat()

    def sort_column(self, column: str) -> None:
        """Sorts by `column`; the same column again turns the order round."""
        if column == self.sort_by:
            self.reverse = not self.reverse
        else:
            self.sort_by, self.reverse = column, False
        self._sort_now()

    def sort_as(self, column: str, *, reverse: bool) -> None:
        """Sorts as at the last start; an unknown column changes nothing."""
        if column in market.SORTS:
            self.sort_by, self.reverse = column, reverse

    def _sort_now(self) -> None:
        self.futtui.keep_habits(sort_by=self.sort_by, sort_reverse=self.reverse)
        self._beats_to_sort = 0
        self.look_again()
        self._show_cursor()

    def head_clicked(self, x: int, y: int) -> None:
        """A click on a heading sorts by it."""
        column = column_at(market.columns_for(self.line_width), x)
        if column == "zone":
            column = "gap"
        if column in market.SORTS:
            self.sort_column(column)
            self.post_message(HeadClicked(self.name_id, column))


def _symbol_of(row: MarketRow) -> str:
    return row.symbol
