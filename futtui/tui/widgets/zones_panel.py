"""Panel 4: the ladder of zones around the price."""

from __future__ import annotations

from functools import partial

from futtui.tui.paint import zones
from futtui.tui.paint.table import head_line
from futtui.tui.paint.view import View
from futtui.tui.widgets.live_panel import LivePanel
from futtui.tui.widgets.rows import Content, Row, Rows, fixed_rows
from futtui.tui.words import word


class ZonesPanel(LivePanel):
    """Zones of the symbol marked in the market panel; the price stays in the middle until the user scrolls."""

    name_id = "zones"
    number = 4

    def __init__(self) -> None:
        super().__init__(id="zones", classes="panel")
        self._centred_on = ""
        self._moved = False

    def content(self, view: View, width: int, height: int) -> Content:
        """The ladder from high to low."""
        steps = zones.ladder(view)
        if len(steps) < 2:
            return Content(Rows(fixed_rows("empty", zones.empty_lines(view, width))))
        columns = zones.columns_for(width)
        body = [
            Row(
                (view.symbol, step.name, step.zone.zone_id if step.zone else ""),
                zones.step_version(step, view),
                partial(zones.step_line, step, view, columns, width),
            )
            for step in steps
        ]
        return Content(Rows(body), fixed_rows("head", [head_line(columns)]))

    def pulse(self, view: View) -> None:
        """Keeps the price in the middle of the panel, as long as the user did not move."""
        if view.symbol != self._centred_on:
            self._centred_on, self._moved = view.symbol, False
        super().pulse(view)
        if self._moved or not self.display:
            return
        key = (view.symbol, "price", "")
        rows = self._content.body
        index = rows.index_of(key)
        if index is None:
            return
        self._cursor_index, self._cursor_key = index, key
        room = self.size.height - len(self._content.head)
        top = max(0, min(index - room // 2, len(rows) - room))
        if top != self.scroll_offset.y:
            self.scroll_to(y=top, animate=False)
        self._refresh_changed(self.line_width, self.size.height)

    def _move_to(self, index: int) -> None:
        self._moved = True
        super()._move_to(index)

    def on_blur(self) -> None:
        """Leaving the panel brings the price back to the middle."""
        self._moved = False
        super().on_blur()

    def title(self, view: View) -> str:
        """Number, name and symbol."""
        return f"{self.number} {word('panel.zones')}  {view.symbol}".rstrip()

    def subtitle(self, view: View) -> str:
        """Timeframes and age of the zones."""
        return zones.subtitle(view)
