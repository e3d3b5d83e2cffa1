"""A framed text that scrolls: boxes of details, help."""

from __future__ import annotations

from collections.abc import Callable

from futtui.tui import keys
from futtui.tui.paint.text import Line, plain_lines
from futtui.tui.paint.view import View
from futtui.tui.widgets.live_panel import LivePanel
from futtui.tui.widgets.rows import Content, Rows, fixed_rows

LineSource = Callable[[View, int], list[Line]]


class TextPanel(LivePanel, inherit_bindings=False):
    """Lines from a painter; keys scroll instead of moving a marker."""

    BINDINGS = keys.bindings("text")

    def __init__(self, title: str, lines: LineSource, *, id: str, classes: str = "") -> None:
        super().__init__(id=id, classes=classes)
        self._title = title
        self._lines_of = lines
        self.bottom_text = ""

    def name_it(self, title: str) -> None:
        """Gives the panel another title."""
        self._title = title

    def content(self, view: View, width: int, height: int) -> Content:
        """All lines, none of them selectable."""
        return Content(Rows(fixed_rows("line", self._lines_of(view, width))))

    def title(self, view: View) -> str:
        """The given title."""
        return self._title

    def subtitle(self, view: View) -> str:
        """The given hint."""
        return self.bottom_text

    def copy_text(self) -> str:
        """The whole text."""
        return plain_lines([row.paint(False) for row in self._content.body])

    def action_cursor(self, step: int) -> None:
        """Scrolls one line."""
        self.scroll_to(y=self.scroll_offset.y + step, animate=False)

    def action_page(self, step: int) -> None:
        """Scrolls one page."""
        self.scroll_to(y=self.scroll_offset.y + step * max(1, self.size.height - 1), animate=False)

    def action_edge(self, step: int) -> None:
        """Scrolls to the first or last line."""
        self.scroll_to(y=0 if step < 0 else self.virtual_size.height, animate=False)

    def _show_cursor(self) -> None:
        """There is no marker to show."""
