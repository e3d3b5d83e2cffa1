"""Help for the place where one is: its keys, its columns in plain words, and the signs."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.screen import ModalScreen

from futtui.tui import keys
from futtui.tui.paint.help import help_lines, words_lines
from futtui.tui.widgets.text_panel import TextPanel
from futtui.tui.words import word

if TYPE_CHECKING:
    from futtui.tui.app import FuttuiApp
    from futtui.tui.paint.view import View


class HelpScreen(ModalScreen[None]):
    """Keys and words; scrolls, Esc closes."""

    BINDINGS = keys.bindings("dialog", "copy")

    def __init__(self, place: str, *, words_only: bool = False) -> None:
        super().__init__(classes="help")
        self._place = place
        self._lines_of = words_lines if words_only else help_lines
        self._title = word("help.words_title" if words_only else "help.title")

    def compose(self) -> ComposeResult:
        """One framed text."""
        panel = TextPanel(self._title, lambda view, width: self._lines_of(self._place, width), id="help-text")
        panel.bottom_text = word("help.bottom")
        yield panel

    def on_mount(self) -> None:
        """The keys scroll at once."""
        self.query_one(TextPanel).focus()
        self.call_after_refresh(lambda: self.pulse(cast("FuttuiApp", self.app).store.read()))

    def pulse(self, view: View) -> None:
        """Help does not change; only its size may. A beat may come before the text is there."""
        for panel in self.query(TextPanel):
            panel.pulse(view)

    def action_cancel(self) -> None:
        """Closes the help."""
        self.dismiss()
