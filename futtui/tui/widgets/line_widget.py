"""Lines of spans on the screen: turning them into strips, and a base for one-line widgets."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from futtui.tui.glyphs import plain_text
from futtui.tui.paint.text import Line, fit_line
from futtui.tui.paint.view import View
from futtui.tui.theme import Palette
from futtui.tui.widgets.failures import Failures

if TYPE_CHECKING:
    from futtui.tui.app import FuttuiApp


def make_strip(line: Line, width: int, palette: Palette, *, selected: bool, plain: bool, fill: str = "text") -> Strip:
    """The line as a strip of exactly `width` cells in the palette's styles."""
    style = palette.style
    segments = [
        Segment(plain_text(text) if plain else text, style(token, selected=selected))
        for text, token in fit_line(line, width, fill)
    ]
    return Strip(segments, width)


class LineWidget(Widget):
    """A widget of few lines that repaints only when one of them changed."""

    FILL = "text"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._lines: list[Line] = []
        self._view: View | None = None
        self.failures = Failures(id or type(self).__name__)

    @property
    def futtui(self) -> FuttuiApp:
        """The app, with its palette."""
        return cast("FuttuiApp", self.app)

    def paint(self, view: View, width: int, height: int) -> list[Line]:
        """The lines for this view; subclasses answer."""
        raise NotImplementedError

    def pulse(self, view: View) -> None:
        """Looks at the new view and repaints when something changed."""
        self._view = view
        if not self.display:
            return
        size = self.size
        if not size.width:
            return
        try:
            lines = self.paint(view, size.width, size.height)
        except Exception as error:  # a fault in one panel must not end the screen
            lines = self.failures.lines(error, size.width)
        if lines != self._lines:
            self._lines = lines
            self.refresh()

    def on_resize(self) -> None:
        """A new width needs new lines."""
        if self._view is not None:
            self.pulse(self._view)

    def render_line(self, y: int) -> Strip:
        """One line as a strip."""
        line = self._lines[y] if y < len(self._lines) else ()
        app = self.futtui
        return make_strip(
            line, self.size.width, app.palette, selected=False, plain=app.ui_settings.plain_glyphs, fill=self.FILL
        )
