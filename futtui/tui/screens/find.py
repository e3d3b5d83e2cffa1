"""Find a symbol by a part of its name, whatever keyboard layout is on."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from futtui.tui import keys
from futtui.tui.glyphs import CURSOR
from futtui.tui.paint.text import Line
from futtui.tui.screens.dialog import Dialog, DialogText
from futtui.tui.words import word

SHOWN = 8


def matches(symbols: Sequence[str], text: str) -> list[str]:
    """Symbols that contain `text`, those that begin with it first; Cyrillic letters count as their keys."""
    wanted = keys.latin_text(text.strip()).upper()
    found = [symbol for symbol in symbols if wanted in symbol]
    return sorted(found, key=lambda symbol: (not symbol.startswith(wanted), len(symbol), symbol))


class FindScreen(Dialog[str | None]):
    """Type, choose with the arrows, Enter. Answers the symbol, or None."""

    BINDINGS = keys.bindings("find")
    AUTO_FOCUS = "#find-input"

    def __init__(self, symbols: Sequence[str]) -> None:
        super().__init__(classes="dialog")
        self.heading = word("find.heading")
        self.nothing = word("find.nothing")
        self.bottom = word("dialog.esc_close")
        self._symbols = symbols
        self._marked = 0

    def compose(self) -> ComposeResult:
        """A field and the matches."""
        with Vertical(id="dialog-box"):
            field = Input(id="find-input", placeholder=word("find.placeholder"), compact=True)
            field.cursor_blink = False
            yield field
            yield DialogText(id="find-list")

    def on_mount(self) -> None:
        """Shows all symbols at first."""
        self.frame_texts()
        self._show()

    def _found(self) -> list[str]:
        return matches(self._symbols, self.query_one(Input).value)

    def _show(self) -> None:
        found = self._found()
        self._marked = max(0, min(self._marked, len(found) - 1))
        top = max(0, self._marked - SHOWN + 1)
        lines: list[Line] = [()]
        for index, symbol in enumerate(found[top : top + SHOWN], start=top):
            marked = index == self._marked
            lines.append(((f" {CURSOR if marked else ' '} ", "marker"), (symbol, "bold" if marked else "text")))
        if not found:
            lines.append(((f" {self.nothing}", "attention"),))
        lines += [()] * (SHOWN + 1 - len(lines))
        self.query_one("#find-list", DialogText).show(lines)

    def action_move(self, step: int) -> None:
        """Moves among the matches."""
        self._marked += step
        self._show()

    @on(Input.Changed)
    def _typed(self) -> None:
        self._marked = 0
        self._show()

    @on(Input.Submitted)
    def _take(self) -> None:
        found = self._found()
        if found:
            self.dismiss(found[self._marked])
