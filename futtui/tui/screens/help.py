"""Help for the place where one is: its keys, its columns in plain words, and the signs. Typing searches it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen

from futtui.tui import keys
from futtui.tui.paint.help import found_lines, help_lines, words_lines
from futtui.tui.paint.text import Line
from futtui.tui.widgets.text_panel import TextPanel
from futtui.tui.words import word

if TYPE_CHECKING:
    from futtui.tui.app import FuttuiApp
    from futtui.tui.paint.view import View

LONGEST = 40
"""So many letters of what is typed count."""


class HelpScreen(ModalScreen[None]):
    """Keys and words; scrolls. What is typed is looked for; Esc forgets it, then closes."""

    BINDINGS = keys.bindings("dialog", "copy")

    def __init__(self, place: str, *, words_only: bool = False) -> None:
        super().__init__(classes="help")
        self._place = place
        self._words_only = words_only
        self._title = word("help.words_title" if words_only else "help.title")
        self._typed = ""

    def compose(self) -> ComposeResult:
        """One framed text."""
        panel = TextPanel(self._title, self._lines, id="help-text")
        panel.bottom_text = word("help.bottom")
        yield panel

    def _lines(self, view: View, width: int) -> list[Line]:
        if not self._typed.strip():
            return (words_lines if self._words_only else help_lines)(self._place, width)
        search: Line = ((f" {word('help.search')} ", "muted"), (self._typed, "bold"), ("_", "title"))
        return [search, (), *found_lines(self._place, self._typed, width, words_only=self._words_only)]

    def on_mount(self) -> None:
        """The keys scroll at once."""
        self.query_one(TextPanel).focus()
        self.call_after_refresh(self._look)

    def _look(self) -> None:
        self.pulse(cast("FuttuiApp", self.app).store.read())

    def pulse(self, view: View) -> None:
        """Help does not change; only its size may. A beat may come before the text is there."""
        for panel in self.query(TextPanel):
            panel.pulse(view)

    def on_key(self, event: events.Key) -> None:
        """Letters and signs are typed; all other keys do what they do."""
        if event.key == "backspace":
            self._search(self._typed[:-1])
        elif event.is_printable and event.character is not None:
            self._search((self._typed + event.character)[:LONGEST])
        else:
            return
        event.stop()

    def _search(self, typed: str) -> None:
        self._typed = typed
        panel = self.query_one(TextPanel)
        panel.bottom_text = word("help.bottom_typed" if typed else "help.bottom")
        panel.action_edge(-1)
        self._look()

    def action_cancel(self) -> None:
        """Forgets what was typed, then closes the help."""
        if self._typed:
            self._search("")
        else:
            self.dismiss()
