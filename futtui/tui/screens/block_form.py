"""A block with an end and a reason: arrows choose how long, what is typed is the reason."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from futtui.domain.events import BY_YOU, BlockSymbol
from futtui.domain.timeframe import DAY_MS, HOUR_MS
from futtui.tui import keys
from futtui.tui.glyphs import CURSOR
from futtui.tui.paint import numbers
from futtui.tui.paint.symbols import Block
from futtui.tui.paint.text import Line
from futtui.tui.paint.view import View
from futtui.tui.screens.dialog import Dialog, DialogText, text_lines
from futtui.tui.words import word

HOURS = (1, 4, 24)
LONGEST_REASON = 60


class BlockForm(Dialog[BlockSymbol | None]):
    """Answers the command, or None. An empty symbol with a strategy blocks that strategy everywhere."""

    BINDINGS = keys.bindings("find")
    AUTO_FOCUS = "#block-reason"

    def __init__(self, view: View, symbol: str, strategy: str = "") -> None:
        super().__init__(classes="dialog")
        self.heading = word("block.heading", symbol=Block(symbol, strategy, 0, "").name)
        self.bottom = word("symbols.form_bottom")
        self._view = view
        self._symbol, self._strategy = symbol, strategy
        self._marked = 0

    def compose(self) -> ComposeResult:
        """What it does, for how long, why."""
        with Vertical(id="dialog-box"):
            yield DialogText(id="dialog-intro")
            yield DialogText(id="dialog-choices")
            yield DialogText(id="dialog-ask")
            field = Input(
                id="block-reason", placeholder=word("symbols.reason"), compact=True, max_length=LONGEST_REASON
            )
            field.cursor_blink = False
            yield field
            yield DialogText(id="dialog-end")

    def on_mount(self) -> None:
        """Shows the lines."""
        self.frame_texts()
        what = word("block.what" if not self._strategy else "symbols.strategy_what")
        self.query_one("#dialog-intro", DialogText).show(text_lines([what, word("block.not_closed"), ""]))
        self.query_one("#dialog-ask", DialogText).show([(), *text_lines([word("symbols.reason_ask")])])
        self.query_one("#dialog-end", DialogText).show([()])
        self._show()

    def _ends(self) -> list[tuple[int, str]]:
        """(end, name) of each choice; 0 = until it is taken off."""
        now_ms = self._view.now_ms
        tomorrow_ms = (now_ms // DAY_MS + 1) * DAY_MS
        ends = [(now_ms + hours * HOUR_MS, word(f"symbols.for.{hours}")) for hours in HOURS]
        return [*ends, (tomorrow_ms, word("symbols.day_end")), (0, word("block.forever"))]

    def _show(self) -> None:
        lines: list[Line] = []
        for index, (end_ms, name) in enumerate(self._ends()):
            marked = index == self._marked
            until = numbers.until_text(end_ms, self._view.now_ms, self._view.zone) if end_ms else ""
            lines.append(
                (
                    (f" {CURSOR if marked else ' '} ", "marker"),
                    (f"{name:<26}", "bold" if marked else "text"),
                    (word("block.until", time=until) if until else "", "muted"),
                )
            )
        self.query_one("#dialog-choices", DialogText).show(lines)

    def action_move(self, step: int) -> None:
        """Another end."""
        self._marked = (self._marked + step) % len(self._ends())
        self._show()

    def on_click(self, event: events.Click) -> None:
        """A click on an end chooses it."""
        widget = self.query_one("#dialog-choices")
        if widget.region.contains(event.screen_x, event.screen_y):
            self._marked = min(event.screen_y - widget.region.y, len(self._ends()) - 1)
            self._show()

    @on(Input.Submitted)
    def _take(self) -> None:
        typed = self.query_one(Input).value.strip()
        reason = f"{BY_YOU}: {typed}" if typed else BY_YOU
        end_ms = self._ends()[self._marked][0]
        now_ms = self.futtui.engine.exchange_time_ms()
        self.dismiss(BlockSymbol(now_ms, self._symbol, end_ms, reason, self._strategy))
