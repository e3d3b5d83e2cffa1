"""Panel 5: the log, and its two newest lines for the stacked layout."""

from __future__ import annotations

from futtui.domain.effects import Say
from futtui.tui.paint import log
from futtui.tui.paint.text import Line
from futtui.tui.paint.view import View
from futtui.tui.widgets.line_widget import LineWidget
from futtui.tui.widgets.live_panel import LivePanel
from futtui.tui.widgets.rows import Content, LazyRows, Row, Rows, fixed_rows
from futtui.tui.words import word

RowKey = tuple[int, str, str, str]


class LogPanel(LivePanel):
    """Newest line first; follows it while the marker is on the first line."""

    name_id = "log"
    number = 5

    def __init__(self) -> None:
        super().__init__(id="log", classes="panel")
        self._seen: tuple[Say, ...] | None = None
        self._rows = Rows()
        self._built_for: tuple[int, object] = (0, None)

    def content(self, view: View, width: int, height: int) -> Content:
        """One row per line; rebuilt only when the log or the width changed."""
        if not view.snapshot.log:
            return Content(Rows(fixed_rows("empty", log.empty_lines(width))))
        if self._seen is not view.snapshot.log or self._built_for != (width, view.zone):
            self._seen, self._built_for = view.snapshot.log, (width, view.zone)
            self._rows = LazyRows(log.visible_lines(view), row_key, lambda line: self._row(line, view, width))
        return Content(self._rows)

    @staticmethod
    def _row(line: Say, view: View, width: int) -> Row:
        return Row(row_key(line), line, lambda marked: log.log_line(line, view, width, selected=marked))

    @property
    def keeps_to_top(self) -> bool:
        """The first line is the newest one: a marker there follows the news."""
        return True

    def marked_line(self) -> Say | None:
        """The line under the marker."""
        lines = self._view.snapshot.log if self._view else ()
        return next((line for line in lines if row_key(line) == self.cursor_key), None)

    def title(self, view: View) -> str:
        """Number and name."""
        return f"{self.number} {word('panel.log')}"

    def subtitle(self, view: View) -> str:
        """Whether it follows."""
        return log.subtitle(self._cursor_index)


def row_key(line: Say) -> RowKey:
    """What identifies a line of the log."""
    return (line.time_ms, line.topic, line.symbol, line.text)


class LogTail(LineWidget):
    """The newest lines of the log, without a frame; a flash takes the first one while it is bright."""

    def paint(self, view: View, width: int, height: int) -> list[Line]:
        """As many lines as fit."""
        lines = self.futtui.flash_line.bright_lines(view, width, height)
        told = self.futtui.flash_line.text.removeprefix("! ") if lines else ""
        newest = [line for line in log.visible_lines(view)[: height + 1] if line.text != told]
        return lines + [log.log_line(line, view, width) for line in newest[: height - len(lines)]]
