"""A detail over the dashboard: boxes side by side where there is room, one below the other where there is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.containers import Container
from textual.screen import ModalScreen

from futtui.domain.position import TradingMode
from futtui.domain.timeframe import Timeframe
from futtui.tui import keys
from futtui.tui.paint.chart.content import Subject
from futtui.tui.paint.details import Detail
from futtui.tui.paint.text import Line
from futtui.tui.paint.view import View
from futtui.tui.screens.dashboard import find_watchers, layout_for
from futtui.tui.widgets.bars import FlashLine, FooterBar, StatusBar, TooSmall, Trail
from futtui.tui.widgets.line_widget import LineWidget
from futtui.tui.widgets.live_panel import LivePanel
from futtui.tui.widgets.text_panel import TextPanel

if TYPE_CHECKING:
    from futtui.tui.app import FuttuiApp


class DetailScreen(ModalScreen[None]):
    """Everything about one row. Follows the newest snapshot; Esc goes back."""

    BINDINGS = keys.bindings("everywhere", "copy", "detail", "row", "to_chart", "positions")
    footer_context = "detail"
    help_place = "detail"

    def __init__(self, detail: Detail) -> None:
        super().__init__(classes="detail")
        self.detail = detail
        self.watchers: tuple[LineWidget | LivePanel, ...] = ()
        self._view: View | None = None

    @property
    def futtui(self) -> FuttuiApp:
        """The app."""
        return cast("FuttuiApp", self.app)

    def compose(self) -> ComposeResult:
        """Bars around the boxes; `together` holds all boxes one below the other for narrow windows."""
        yield StatusBar(id="status")
        trail = Trail(id="trail")
        trail.names = self.detail.trail
        yield trail
        with Container(id="boxes"):
            for box in self.detail.boxes:
                classes = "box -wide-box" if box.wide else "box"
                yield TextPanel(box.title, box.lines, id=f"box-{box.id}", classes=classes)
        yield TextPanel(self.detail.trail[-1], self._all_lines, id="together", classes="box")
        yield FlashLine(id="flash")
        footer = FooterBar(id="footer")
        footer.context = "position_detail" if self.detail.position_id else self.footer_context
        yield footer
        yield TooSmall(id="small")

    def _all_lines(self, view: View, width: int) -> list[Line]:
        lines: list[Line] = []
        for box in self.detail.boxes:
            lines += [(), ((f" {box.title}", "title"),)] if lines else [((f" {box.title}", "title"),)]
            lines += box.lines(view, width)
        return lines

    def on_mount(self) -> None:
        """The first frame of this screen."""
        self.watchers = find_watchers(self)
        self._choose_layout()
        self.pulse(self.futtui.store.read())

    def on_resize(self) -> None:
        """A new size may need the other layout."""
        self._choose_layout()

    def _choose_layout(self) -> None:
        size = self.app.size
        chosen = layout_for(size.width, size.height)
        for name in ("-tiny", "-stacked", "-full", "-wide"):
            self.set_class(name == chosen, name)
        first = "#together" if chosen in ("-tiny", "-stacked") else f"#box-{self.detail.boxes[0].id}"
        self.call_after_refresh(self._settle, first)

    def _settle(self, first: str) -> None:
        if not self.is_attached:
            return
        focused = self.focused
        if focused is None or not focused.display or not focused.size:
            self.set_focus(self.query_one(first))
        if self._view is not None:
            self.pulse(self._view)

    def pulse(self, view: View) -> None:
        """Hands the new view to the boxes."""
        self._view = view
        self.set_class(view.mode is TradingMode.LIVE, "-live")
        for widget in self.watchers:
            widget.pulse(view)

    def action_leave(self) -> None:
        """Back to where one came from."""
        self.dismiss()

    def action_block(self) -> None:
        """Opens the block dialog for this symbol."""
        self.futtui.ask_block(self.detail.symbol)

    def action_chart(self) -> None:
        """Opens the chart of what this is about."""
        detail = self.detail
        subject = Subject(detail.symbol, detail.signal_id, detail.position_id)
        self.futtui.open_chart([subject], 0, detail.trail[:-1], Timeframe.M15)

    def action_close_position(self) -> None:
        """Asks whether to close this position."""
        desk = self._view.snapshot.desk if self._view else None
        wanted = self.detail.position_id
        found = next((item for item in (desk.positions if desk else ()) if item.position_id == wanted), None)
        if wanted:
            self.futtui.ask_close(found)
