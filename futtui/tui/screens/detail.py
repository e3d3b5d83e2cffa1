"""A detail over the dashboard: boxes side by side where there is room, one below the other where there is not."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import partial

from textual.app import ComposeResult
from textual.containers import Container

from futtui.domain.snapshot import PositionView
from futtui.tui import keys
from futtui.tui.blocking import ask_block
from futtui.tui.paint.chart.content import Subject
from futtui.tui.paint.details import Detail
from futtui.tui.paint.text import COPY_WIDTH, Line, plain_lines
from futtui.tui.paint.view import View
from futtui.tui.row_details import detail_of
from futtui.tui.screens.framed import FramedScreen
from futtui.tui.widgets.text_panel import TextPanel
from futtui.tui.words import word

COLUMNS = 2
"""Boxes beside each other; so few of them have the whole height."""


class DetailScreen(FramedScreen):
    """Everything about one row. Follows the newest snapshot; Esc goes back.

    `rows` are the keys of the rows of `panel` that n and N walk through; `key` is the one that is shown.
    """

    BINDINGS = keys.bindings(*keys.SCOPE_SETS["detail"])
    footer_context = "detail"

    def __init__(self, detail: Detail, panel: str = "", key: Hashable = None, rows: Sequence[Hashable] = ()) -> None:
        one_row = "" if len(detail.boxes) > COLUMNS else "-one-row"
        super().__init__(f"detail {detail.layout} {one_row}")
        self.detail = detail
        self._panel, self._key, self._rows = panel, key, rows

    @property
    def help_place(self) -> str:
        """Which help fits here."""
        return {"-signal": "signal_detail", "-position": "position_detail"}.get(self.detail.layout, "detail")

    @property
    def footer_place(self) -> str:
        """The keys of a position, or of any other row."""
        return "position_detail" if self.detail.position_id else self.footer_context

    def trail_names(self) -> tuple[str, ...]:
        """The way to this row."""
        return self.detail.trail

    def middle(self) -> ComposeResult:
        """The boxes; `together` holds all of them one below the other for narrow windows."""
        with Container(id="boxes"):
            for index, box in enumerate(self.detail.boxes):
                classes = "box -wide-box" if box.wide else "box"
                yield TextPanel(box.title, partial(self._box_lines, index), id=f"box-{box.id}", classes=classes)
        yield TextPanel(self.detail.trail[-1], self._all_lines, id="together", classes="box")

    def _box_lines(self, index: int, view: View, width: int) -> list[Line]:
        """Lines of a box of what is shown now: another row has the same boxes."""
        return self.detail.boxes[index].lines(view, width)

    def _all_lines(self, view: View, width: int) -> list[Line]:
        lines: list[Line] = []
        for box in self.detail.boxes:
            lines += [(), ((f" {box.title}", "title"),)] if lines else [((f" {box.title}", "title"),)]
            lines += box.lines(view, width)
        return lines

    def _choose_layout(self) -> None:
        chosen = self.fit_window()
        first = "#together" if chosen in ("-tiny", "-stacked") else f"#box-{self.detail.boxes[0].id}"
        self.call_after_refresh(self._settle, first)

    def _settle(self, first: str) -> None:
        if not self.is_attached:
            return
        focused = self.focused
        if focused is None or not focused.display or not focused.size:
            self.set_focus(self.query_one(first))
        self.look_again()

    def pulse(self, view: View) -> None:
        """Asks the engine for what the snapshot does not hold, and hands the new view to the boxes."""
        if self.detail.ask is not None:
            self.detail.ask(self.futtui.engine)
        super().pulse(view)

    def copy_text(self) -> str:
        """All boxes as one text."""
        return plain_lines(self._all_lines(self.view, COPY_WIDTH)) if self.view is not None else ""

    def action_neighbour(self, step: int) -> None:
        """The next or previous row of the list that this was opened from; rows that are gone are left out."""
        if self.view is None or len(self._rows) < 2:
            self.futtui.flash(word("detail.no_neighbour"), "attention")
            self.futtui.pulse.beat()
            return
        at = self._rows.index(self._key)
        for _ in self._rows:
            at = (at + step) % len(self._rows)
            detail = detail_of(self.view, self._panel, self._rows[at])
            if detail is not None:
                self._key = self._rows[at]
                self._show(detail)
                return

    def _show(self, detail: Detail) -> None:
        """Shows another detail with the same boxes, from its top."""
        self.detail = detail
        for panel in self.query(TextPanel):
            panel.scroll_to(y=0, animate=False)
        self.query_one("#together", TextPanel).name_it(detail.trail[-1])
        self.retrace()

    def show_symbol(self, symbol: str) -> None:
        """The detail of a symbol takes the place of this one; its neighbours are those of the market."""
        detail = detail_of(self.view, "market", symbol) if self.view is not None else None
        if self.view is not None and detail is not None:
            self.dismiss()
            rows = [row.symbol for row in self.view.snapshot.market]
            self.app.push_screen(DetailScreen(detail, "market", symbol, rows))

    def action_block(self) -> None:
        """Opens the block dialog for this symbol."""
        ask_block(self.futtui, self.detail.symbol)

    def action_chart(self) -> None:
        """Opens the chart of what this is about."""
        detail = self.detail
        subject = Subject(detail.symbol, detail.signal_id, detail.position_id)
        self.futtui.open_chart([subject], 0, detail.trail[:-1], detail.frame or self.futtui.usual_frame)

    def action_close_position(self) -> None:
        """Asks whether to close this position."""
        if self.detail.position_id:
            self.futtui.ask_close(self._position())

    def action_move_stop(self) -> None:
        """Asks where the stop of this position should go."""
        from futtui.tui.screens.move_stop import ask_move_stop

        if self.detail.position_id:
            ask_move_stop(self.futtui, self._position())

    def _position(self) -> PositionView | None:
        """The open position that this is about; None once it is closed."""
        desk = self.view.snapshot.desk if self.view else None
        wanted = self.detail.position_id
        return next((item for item in (desk.positions if desk else ()) if item.position_id == wanted), None)
