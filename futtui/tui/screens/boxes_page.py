"""A place made of framed texts: side by side where there is room, one below the other where there is not."""

from __future__ import annotations

from textual.app import ComposeResult

from futtui.tui.paint.details import Box
from futtui.tui.paint.text import COPY_WIDTH, Line, plain_lines
from futtui.tui.paint.view import View
from futtui.tui.screens.page import PageScreen
from futtui.tui.widgets.text_panel import TextPanel
from futtui.tui.words import word


class BoxesPage(PageScreen):
    """Subclasses give the boxes once; each is painted anew on every beat."""

    def boxes(self) -> tuple[Box, ...]:
        """The boxes in reading order."""
        raise NotImplementedError

    def body(self) -> ComposeResult:
        """All boxes, and the same in one text for narrow windows."""
        self._boxes = self.boxes()
        for box in self._boxes:
            yield TextPanel(box.title, box.lines, id=f"box-{box.id}", classes="box -wide-box" if box.wide else "box")
        yield TextPanel(word(f"trail.{self.place_name}"), self._all_lines, id="all-boxes")

    def copy_text(self) -> str:
        """All boxes as one text."""
        return plain_lines(self._all_lines(self.view, COPY_WIDTH)) if self.view is not None else ""

    def _all_lines(self, view: View, width: int) -> list[Line]:
        lines: list[Line] = []
        for box in self._boxes:
            lines += [*([()] if lines else []), ((f" {box.title}", "title"),), *box.lines(view, width)]
        return lines

    def _choose_layout(self) -> None:
        super()._choose_layout()
        self.call_after_refresh(self._settle)

    def _settle(self) -> None:
        if self.is_attached and (self.focused is None or not self.focused.size):
            self.set_focus(next((panel for panel in self.query(TextPanel) if panel.size), None))
            self.look_again()
