"""The base of every panel: rows with versions, drawn with the Line API, repainted only where a version changed."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import TYPE_CHECKING, cast

from textual import events
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from futtui.tui import keys
from futtui.tui.compat.border_text import set_border_text
from futtui.tui.glyphs import plain_text
from futtui.tui.messages import CursorMoved, RowOpened
from futtui.tui.paint.text import plain_row
from futtui.tui.paint.view import View
from futtui.tui.widgets.failures import Failures
from futtui.tui.widgets.line_widget import make_strip
from futtui.tui.widgets.rows import Content, Row, Rows, fixed_rows

if TYPE_CHECKING:
    from futtui.tui.app import FuttuiApp


_Drawn = tuple[Hashable, Hashable, bool, int]
STRIPS_KEPT = 64
"""What is in sight, and as many as the panel has lines where that is more. A row that moved never comes back as it was,
so a longer memory would only be larger, and fill for hours: five kilobytes a strip, with all that Textual remembers."""


class LivePanel(ScrollView, can_focus=True):
    """A framed list. Subclasses say what the rows, title and subtitle are; this class does the rest."""

    BINDINGS = keys.bindings("list")
    name_id = ""
    number = 0

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._content = Content(Rows())
        self._view: View | None = None
        self._shape = (0, 0)
        self._drawn: dict[int, _Drawn] = {}
        self._strips: LRUCache[Hashable, Strip] = LRUCache(STRIPS_KEPT)
        self._cursor_key: Hashable = None
        self._cursor_index = 0
        self.refreshed_lines = 0
        self.failures = Failures(id or type(self).__name__)

    # What subclasses answer

    def content(self, view: View, width: int, height: int) -> Content:
        """The rows for this view."""
        raise NotImplementedError

    def title(self, view: View) -> str:
        """Text in the upper border."""
        raise NotImplementedError

    def subtitle(self, view: View) -> str:
        """Text in the lower border."""
        return ""

    @property
    def keeps_to_top(self) -> bool:
        """Whether a marker on the first row stays on the first row when rows arrive above it."""
        return False

    @property
    def follows_top(self) -> bool:
        """Whether the marker is on the first row and stays there."""
        return self.keeps_to_top and self._cursor_index == 0 and self.scroll_offset.y == 0

    # State

    @property
    def futtui(self) -> FuttuiApp:
        """The app, with its palette and settings."""
        return cast("FuttuiApp", self.app)

    @property
    def line_width(self) -> int:
        """Cells of a line without the column kept for the scrollbar."""
        return self.scrollable_content_region.width

    @property
    def cursor_key(self) -> Hashable:
        """Key of the marked row; None without rows."""
        return self._cursor_key

    def rows(self) -> Iterator[Row]:
        """The selectable rows from top to bottom."""
        return (row for row in self._content.body if row.selectable)

    def pulse(self, view: View) -> None:
        """Looks at the new view; asks to repaint exactly the visible lines that changed."""
        self._view = view
        if not self.display or not self.is_attached:
            return
        width, height = self.line_width, self.size.height
        if height <= 0:
            return
        try:
            self._draw(view, width, height)
        except Exception as error:  # a fault in one panel must not end the screen; the marker waits for a better time
            self._content = Content(Rows(), fixed_rows("failed", self.failures.lines(error, width)))
            self._refresh_changed(width, height)

    def _draw(self, view: View, width: int, height: int) -> None:
        self._build(view, width, height)
        lines = len(self._content.head) + len(self._content.body) + len(self._content.foot)
        virtual = Size(width, lines)
        if virtual != self.virtual_size:
            self.virtual_size = virtual
        top, bottom = self.title(view), self.subtitle(view)
        if self.futtui.ui_settings.plain_glyphs:
            top, bottom = plain_text(top), plain_text(bottom)
        set_border_text(self, top=top, bottom=bottom)
        self._refresh_changed(width, height)

    def _build(self, view: View, width: int, height: int) -> None:
        self._shape = (width, height)
        self._content = self.content(view, width, height)
        self._place_cursor()

    def look_again(self) -> None:
        """Pulses once more with the view it has, for example after a key or a new size."""
        if self._view is not None:
            self.pulse(self._view)

    def forget_strips(self) -> None:
        """Drops everything drawn; for a new theme."""
        self._strips.clear()
        self._drawn.clear()
        self.refresh()

    def _refresh_changed(self, width: int, height: int) -> None:
        regions = []
        top, drawn, whole = self.scroll_offset.y, self._drawn, self.size.width
        for y in range(height):
            row = self._row_at(y, height, top)
            wanted = None if row is None else (row.key, row.version, self._is_marked(row), width)
            if drawn.get(y) != wanted:
                regions.append(Region(0, y, max(width, whole), 1))
        self.refreshed_lines = len(regions)
        if regions:
            self.refresh(*regions)

    def _is_marked(self, row: Row) -> bool:
        return row.selectable and row.key == self._cursor_key

    def _row_at(self, y: int, height: int, top: int) -> Row | None:
        content = self._content
        head, foot = len(content.head), len(content.foot)
        if y < head:
            return content.head[y]
        foot_start = min(head + len(content.body), max(head, height - foot))
        if y >= foot_start:
            index = y - foot_start
            return content.foot[index] if index < foot else None
        index = y - head + top
        return content.body[index] if index < len(content.body) else None

    def render_line(self, y: int) -> Strip:
        """The strip of one visible line, from the cache where the same state was drawn before."""
        try:
            return self._strip_of(y)
        except Exception as error:  # as in `pulse`; without its state this line is drawn again at the next beat
            self._drawn.pop(y, None)
            width, app = self.line_width, self.futtui
            line = self.failures.line(error, width)
            return make_strip(line, width, app.palette, selected=False, plain=app.ui_settings.plain_glyphs)

    def _strip_of(self, y: int) -> Strip:
        width, height = self.line_width, self.size.height
        if self._shape != (width, height) and self._view is not None:
            self._build(self._view, width, height)
        row = self._row_at(y, height, self.scroll_offset.y)
        app = self.futtui
        if row is None:
            self._drawn.pop(y, None)
            return Strip.blank(self.size.width, app.palette.style("text"))
        marked = self._is_marked(row)
        shaded = marked and self.has_focus
        self._drawn[y] = (row.key, row.version, marked, width)
        key = (row.key, row.version, marked, shaded, self._shape, app.palette.generation)
        strip = self._strips.get(key)
        if strip is None:
            strip = make_strip(
                row.paint(marked), width, app.palette, selected=shaded, plain=app.ui_settings.plain_glyphs
            )
            self._strips.set(key, strip)
        return strip

    # The marker

    def _place_cursor(self) -> None:
        body = self._content.body
        first = body.nearest(0)
        if first is None:
            self._cursor_key, self._cursor_index = None, 0
            return
        if self.follows_top and self._cursor_index == first:
            index: int | None = first
        else:
            index = body.index_of(self._cursor_key)
        if index is None:
            index = body.nearest(self._cursor_index)
        if index is not None:
            self._cursor_index, self._cursor_key = index, body[index].key

    def begin_at(self, key: Hashable) -> None:
        """Marks the row with `key` from the first look on, before there are any rows."""
        self._cursor_key = key

    def select_key(self, key: Hashable) -> bool:
        """Puts the marker on the row with `key` and shows it; False if there is no such row."""
        index = self._content.body.index_of(key)
        if index is None:
            return False
        self._move_to(index)
        return True

    def _move_to(self, index: int) -> None:
        self._cursor_index = index
        self._cursor_key = self._content.body[index].key
        self._show_cursor()
        self._refresh_changed(self.line_width, self.size.height)
        self.post_message(CursorMoved(self.name_id, self._cursor_key))

    def _show_cursor(self) -> None:
        room = self.size.height - len(self._content.head) - len(self._content.foot)
        top = self.scroll_offset.y
        if room <= 0:
            return
        if self._cursor_index < top:
            self.scroll_to(y=self._cursor_index, animate=False)
        elif self._cursor_index >= top + room:
            self.scroll_to(y=self._cursor_index - room + 1, animate=False)

    def action_cursor(self, step: int) -> None:
        """Moves the marker one row."""
        index = self._content.body.nearest(self._cursor_index + step, step)
        if index is not None:
            self._move_to(index)

    def action_page(self, step: int) -> None:
        """Moves the marker one page."""
        room = max(1, self.size.height - len(self._content.head) - len(self._content.foot) - 1)
        self._move_near(self._cursor_index + step * room)

    def action_edge(self, step: int) -> None:
        """Moves the marker to the first or the last row."""
        self._move_near(0 if step < 0 else len(self._content.body) - 1)

    def _move_near(self, target: int) -> None:
        index = self._content.body.nearest(max(0, min(target, len(self._content.body) - 1)))
        if index is not None:
            self._move_to(index)
            if target <= 0:
                self.scroll_to(y=0, animate=False)

    def action_open(self) -> None:
        """Opens the marked row."""
        if self._cursor_key is not None:
            self.post_message(RowOpened(self.name_id, self._cursor_key))

    def copy_text(self) -> str:
        """The marked row as text; empty without one."""
        index = self._content.body.index_of(self._cursor_key)
        return plain_row(self._content.body[index].paint(False)) if index is not None else ""

    def visible_rows(self) -> list[tuple[int, Hashable]]:
        """(line from the top of the panel, key) of every row that can be marked and is in sight."""
        height, top = self.size.height, self.scroll_offset.y
        rows = ((y, self._row_at(y, height, top)) for y in range(height))
        return [(y, row.key) for y, row in rows if row is not None and row.selectable]

    # Events

    def on_focus(self) -> None:
        """The marked row is shaded only while the panel has the focus."""
        self._drawn.clear()
        self.refresh()

    def on_blur(self) -> None:
        """The marked row loses its shade."""
        self._drawn.clear()
        self.refresh()

    def on_resize(self) -> None:
        """New size, new rows."""
        self._drawn.clear()
        self._strips.clear()
        self._strips.maxsize = max(STRIPS_KEPT, self.size.height)
        self.look_again()
        self._show_cursor()

    def on_click(self, event: events.Click) -> None:
        """A click marks a row, a double click opens it."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        head = len(self._content.head)
        if offset.y < head:
            self.head_clicked(offset.x, offset.y)
            return
        row = self._row_at(offset.y, self.size.height, self.scroll_offset.y)
        if row is None or not row.selectable:
            return
        self.select_key(row.key)
        if event.chain == 2:
            self.action_open()

    def head_clicked(self, x: int, y: int) -> None:
        """A click on the head; tables sort."""
