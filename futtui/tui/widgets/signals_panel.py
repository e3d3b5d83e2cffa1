"""Panel 2: signals, with the plan of the marked one."""

from __future__ import annotations

from functools import partial

from futtui.domain.signal import Signal
from futtui.tui import keys
from futtui.tui.paint import signals
from futtui.tui.paint.table import head_line
from futtui.tui.paint.view import View
from futtui.tui.widgets.live_panel import LivePanel
from futtui.tui.widgets.rows import Content, Row, Rows, fixed_rows
from futtui.tui.words import word

COMPACT_HEIGHT = 3
PLAN_HEIGHT = 6


class SignalsPanel(LivePanel):
    """Open signals first, then finished ones; the plan of the marked one below when there is room."""

    BINDINGS = keys.bindings("signal_row")
    name_id = "signals"
    number = 2

    def __init__(self) -> None:
        super().__init__(id="signals", classes="panel")

    def content(self, view: View, width: int, height: int) -> Content:
        """One-line signals in a flat panel, otherwise table and plan."""
        found = signals.listed_signals(view)
        if not found:
            lines = signals.empty_lines(view, width)
            return Content(Rows(fixed_rows("empty", lines[1:] if height <= COMPACT_HEIGHT else lines)))
        if height <= COMPACT_HEIGHT:
            return Content(Rows([self._compact_row(signal, view, width) for signal in found]))
        columns = signals.columns_for(width)
        body = [
            Row(
                signal.signal_id,
                (signal.status, signal.tags, signal.score, signals.signal_age_text(signal, view), view.stale),
                partial(signals.signal_line, signal, view, columns),
            )
            for signal in found
        ]
        head = fixed_rows("head", [head_line(columns)])
        marked = next((item for item in found if item.signal_id == self.cursor_key), found[0])
        if self.follows_top:
            marked = found[0]
        list_room = min(len(found), max(3, height - 1 - PLAN_HEIGHT))
        plan = signals.plan_lines(marked, view, width, height - 1 - list_room)
        return Content(Rows(body), head, fixed_rows("plan", plan))

    def _compact_row(self, signal: Signal, view: View, width: int) -> Row:
        age = signals.signal_age_text(signal, view)
        version = (signal.status, signal.tags, signal.score, age, view.stale, "compact")
        return Row(
            signal.signal_id, version, lambda marked: signals.compact_line(signal, view, marked, width)
        )  # fmt: skip

    def marked_signal(self) -> Signal | None:
        """The marked signal; None without any."""
        found = signals.listed_signals(self._view) if self._view is not None else []
        return next((item for item in found if item.signal_id == self.cursor_key), None)

    def leave_marked(self) -> None:
        """Put the marker on the row below, or above: the marked one is about to go elsewhere."""
        kept, place = self.cursor_key, self._cursor_index
        for step in (1, -1):
            self.action_cursor(step)
            if self.cursor_key != kept:
                return
            self._cursor_index = place

    @property
    def keeps_to_top(self) -> bool:
        """While the focus is elsewhere, a marker on the first signal stays on the first: the newest open one."""
        return not self.has_focus

    def title(self, view: View) -> str:
        """Number and name."""
        return f"{self.number} {word('panel.signals')}"

    def subtitle(self, view: View) -> str:
        """Counts."""
        return signals.subtitle(view)

    def _move_to(self, index: int) -> None:
        super()._move_to(index)
        self.look_again()
