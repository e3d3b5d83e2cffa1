"""The log in full, and everything that was sent: lists with a level or kind, a symbol, and a search that dims."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from futtui.domain.effects import Say
from futtui.domain.sent import Sent
from futtui.tui import keys
from futtui.tui.blocking import ask_block
from futtui.tui.messages import CursorMoved, RowOpened
from futtui.tui.paint import records as paint
from futtui.tui.paint.chart.content import Subject
from futtui.tui.paint.details import Detail, log_detail
from futtui.tui.paint.records import Filter
from futtui.tui.paint.table import head_line
from futtui.tui.paint.text import Line
from futtui.tui.paint.view import View
from futtui.tui.screens.dialog import Dialog, DialogText
from futtui.tui.screens.page import PAGE_BINDINGS, PageScreen
from futtui.tui.widgets.line_widget import LineWidget
from futtui.tui.widgets.live_panel import LivePanel
from futtui.tui.widgets.rows import Content, LazyRows, Row, Rows, fixed_rows
from futtui.tui.words import word


class RecordList(LivePanel):
    """Newest first; follows it while the marker is on the first line. Subclasses say what the items are."""

    empty = ""
    choices: Sequence[Any] = ()

    def __init__(self) -> None:
        super().__init__(id="records", classes="panel")
        self.chosen = Filter()
        self.items: list[Any] = []
        self.hits: list[int] = []
        self._looked_at: tuple[object, ...] = ()

    @property
    def keeps_to_top(self) -> bool:
        """A marker on the newest line follows the news."""
        return True

    def empty_word(self, view: View) -> str:
        """Why there is nothing to show."""
        return self.empty

    def select(self, view: View) -> list[Any]:
        """The items that are shown."""
        raise NotImplementedError

    def source(self, view: View) -> object:
        """Changes when the items may have."""
        raise NotImplementedError

    def text_of(self, item: Any, view: View) -> str:
        """What a search looks at."""
        raise NotImplementedError

    def key_of(self, item: Any) -> Hashable:
        """What identifies an item."""
        raise NotImplementedError

    def row_line(self, item: Any, view: View, width: int, marked: bool) -> Line:
        """The line of an item."""
        raise NotImplementedError

    def symbol_of(self, item: Any) -> str:
        """The symbol that it is about."""
        return str(item.symbol)

    def head(self, width: int) -> list[Line]:
        """Headings, if there are any."""
        return []

    def detail(self, item: Any, trail: tuple[str, ...]) -> Detail:
        """Everything about an item."""
        raise NotImplementedError

    def level_name(self) -> str:
        """What the level or kind lets through."""
        raise NotImplementedError

    def content(self, view: View, width: int, height: int) -> Content:
        """One row per item; looked up anew only when something changed."""
        looked_at = (self.source(view), self.chosen)
        if looked_at != self._looked_at:
            self._looked_at = looked_at
            self.items = self.select(view)
            needle = self.chosen.needle
            self.hits = [
                at for at, item in enumerate(self.items) if needle and paint.matches(self.text_of(item, view), needle)
            ]
        if not self.items:
            return Content(Rows(fixed_rows("empty", paint.empty_lines(self.empty_word(view), width))))

        def row_of(item: Any) -> Row:
            version = (item, self.chosen, view.zone_name, width)
            return Row(self.key_of(item), version, lambda marked: self.row_line(item, view, width, marked))

        return Content(LazyRows(self.items, self.key_of, row_of), head=fixed_rows("head", self.head(width)))

    @property
    def cursor_index(self) -> int:
        """Place of the marked item."""
        return self._cursor_index

    def marked(self) -> Any | None:
        """The item under the marker."""
        return self.items[self._cursor_index] if self._cursor_index < len(self.items) else None

    def go_to_match(self, step: int) -> bool:
        """Puts the marker on the next (older) or previous match, round the ends; False without any."""
        if not self.hits:
            return False
        here = self._cursor_index
        ahead = [at for at in self.hits if (at - here) * step > 0]
        target = (min(ahead) if step > 0 else max(ahead)) if ahead else self.hits[0 if step > 0 else -1]
        self._move_to(target)
        return True


class FullLog(RecordList):
    """All kept lines."""

    name_id = "full_log"
    empty = "records.no_lines"
    choices = paint.LEVELS

    def empty_word(self, view: View) -> str:
        """A level or symbol hides all lines, or there are none at all."""
        return self.empty if view.snapshot.log else "log.empty"

    def select(self, view: View) -> list[Any]:
        """Lines of the level and symbol."""
        return paint.log_lines(view, self.chosen)

    def source(self, view: View) -> object:
        """The log is one object until a line is added."""
        return id(view.snapshot.log), view.snapshot.log_version

    def text_of(self, item: Say, view: View) -> str:
        """Topic, symbol and text."""
        return paint.log_text(item)

    def key_of(self, item: Say) -> Hashable:
        """Time and text."""
        return (item.time_ms, item.topic, item.symbol, item.text)

    def row_line(self, item: Say, view: View, width: int, marked: bool) -> Line:
        """One line."""
        return paint.log_row(item, view, width, self.chosen, selected=marked)

    def detail(self, item: Say, trail: tuple[str, ...]) -> Detail:
        """The whole text."""
        return log_detail(item, trail)

    def level_name(self) -> str:
        """The level."""
        return paint.level_name(self.chosen)

    def title(self, view: View) -> str:
        """What this is."""
        return word("trail.full_log")


class SentList(RecordList):
    """All kept orders, cancels and commands."""

    name_id = "orders"
    empty = "records.nothing_sent"
    choices = paint.KINDS

    def select(self, view: View) -> list[Any]:
        """Entries of the kind and symbol."""
        return paint.sent_entries(view, self.chosen)

    def source(self, view: View) -> object:
        """The entries are one object until something changes."""
        return view.snapshot.sent

    def text_of(self, item: Sent, view: View) -> str:
        """Words, outcome and ids."""
        return paint.sent_text(item, view)

    def key_of(self, item: Sent) -> Hashable:
        """Its number."""
        return item.number

    def row_line(self, item: Sent, view: View, width: int, marked: bool) -> Line:
        """One line."""
        return paint.sent_row(item, view, paint.sent_columns(width), self.chosen, selected=marked)

    def head(self, width: int) -> list[Line]:
        """The headings."""
        return [head_line(paint.sent_columns(width))]

    def detail(self, item: Sent, trail: tuple[str, ...]) -> Detail:
        """Times, ids, outcome."""
        return paint.sent_detail(item, trail)

    def level_name(self) -> str:
        """The kind."""
        return word(f"records.kind.{paint.KINDS[self.chosen.choice]}")

    def title(self, view: View) -> str:
        """What this is."""
        return word("trail.orders")


class RecordsNotice(LineWidget):
    """What is shown, and where one is among the matches."""

    records: RecordList | None = None

    def paint(self, view: View, width: int, height: int) -> list[Line]:
        """One line."""
        found = self.records
        if found is None:
            return []
        return [paint.notice(found.level_name(), found.chosen, len(found.items), found.hits, found.cursor_index)]


class SearchDialog(Dialog[str | None]):
    """A text to look for; an empty one ends the search."""

    AUTO_FOCUS = "#search-input"

    def __init__(self, text: str) -> None:
        super().__init__(classes="dialog")
        self.heading = word("records.search_heading")
        self.bottom = word("records.search_bottom")
        self._text = text

    def compose(self) -> ComposeResult:
        """A field and a hint."""
        with Vertical(id="dialog-box"):
            field = Input(self._text, id="search-input", placeholder=word("records.search_place"), compact=True)
            field.cursor_blink = False
            yield field
            yield DialogText(id="dialog-end")

    def on_mount(self) -> None:
        """Shows the frame."""
        self.frame_texts()
        self.query_one("#dialog-end", DialogText).show([()])

    @on(Input.Submitted)
    def _take(self) -> None:
        self.dismiss(self.query_one(Input).value.strip())


class RecordsScreen(PageScreen):
    """One list with its notice above."""

    BINDINGS = keys.bindings(*PAGE_BINDINGS, "row", "to_chart", "records")
    AUTO_FOCUS = "#records"

    def make_list(self) -> RecordList:
        """The list."""
        raise NotImplementedError

    def body(self) -> ComposeResult:
        """Notice and list."""
        self.records = self.make_list()
        notice = RecordsNotice(id="records-notice")
        notice.records = self.records
        yield notice
        yield self.records

    def pulse(self, view: View) -> None:
        """The list first: the notice tells of it."""
        if self.is_mounted:
            self.records.pulse(view)
        super().pulse(view)

    def _choose(self, chosen: Filter) -> None:
        self.records.chosen = chosen
        self.look_again()

    @on(CursorMoved)
    def _moved(self) -> None:
        self.look_again()

    @on(RowOpened)
    def _opened(self) -> None:
        from futtui.tui.screens.detail import DetailScreen

        item = self.records.marked()
        if item is not None:
            self.app.push_screen(DetailScreen(self.records.detail(item, self.trail_names())))

    def _marked_symbol(self) -> str:
        """What the marked line is about; empty where it is about everything."""
        item = self.records.marked()
        return self.records.symbol_of(item) if item is not None else ""

    def action_block(self) -> None:
        """Opens the block dialog for the symbol of the marked line."""
        ask_block(self.futtui, self._marked_symbol())

    def action_chart(self) -> None:
        """Opens the chart of the symbol of the marked line."""
        self.futtui.open_chart([Subject(self._marked_symbol())], 0, self.trail_names(), self.futtui.usual_frame)

    def action_search(self) -> None:
        """Asks for a text, then goes to the newest match."""

        def found(text: str | None) -> None:
            if text is not None:
                self._choose(replace(self.records.chosen, needle=text))
                if text and self.records.cursor_index not in self.records.hits:
                    self.action_match(1)

        self.app.push_screen(SearchDialog(self.records.chosen.needle), found)

    def action_match(self, step: int) -> None:
        """Goes to the next or previous match."""
        if not self.records.go_to_match(step):
            self.futtui.flash(word("records.nothing_found"), "attention")
            self.look_again()

    def action_level(self) -> None:
        """The next level or kind."""
        chosen = self.records.chosen
        self._choose(replace(chosen, choice=(chosen.choice + 1) % len(self.records.choices)))

    def action_one_symbol(self) -> None:
        """Only the symbol of the marked line, or all again."""
        chosen = self.records.chosen
        symbol = "" if chosen.symbol else self._marked_symbol()
        if not symbol and not chosen.symbol:
            self.futtui.flash(word("records.no_symbol"), "attention")
        self._choose(replace(chosen, symbol=symbol))


class FullLogScreen(RecordsScreen):
    """The log in full."""

    place_name = "full_log"

    def make_list(self) -> RecordList:
        """All kept lines."""
        return FullLog()


class OrdersScreen(RecordsScreen):
    """Everything that was sent."""

    place_name = "orders"

    def make_list(self) -> RecordList:
        """Orders, cancels and commands."""
        return SentList()
