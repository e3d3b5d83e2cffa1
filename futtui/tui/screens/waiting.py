"""Dialogs that wait: the moment in which going live can still be taken back, and the way out that closes first."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button

from futtui.domain.events import ClosePosition, SetPaused
from futtui.tui.glyphs import BAR_EMPTY, BAR_FULL
from futtui.tui.paint.text import Line
from futtui.tui.paint.view import View, live_positions
from futtui.tui.screens.dialog import TEXT_WIDTH, DialogText, QuestionDialog, text_lines
from futtui.tui.words import word

UNDO_S = 5.0
"""So long nothing is sent after the number was typed: a look at what one has just done."""


class WaitingDialog(QuestionDialog):
    """One button, which has the focus, and lines that change with each beat. Answers True when the wait is over."""

    def __init__(self, heading: str, no: str) -> None:
        super().__init__(heading, (), yes="", no=no)

    def compose(self) -> ComposeResult:
        """Lines and the way back."""
        with Vertical(id="dialog-box"):
            yield DialogText(id="dialog-intro")
            with Horizontal(id="dialog-buttons"):
                yield Button(self._no, id="no", compact=True)

    def on_mount(self) -> None:
        """The first lines."""
        self.frame_texts()
        self.pulse(self.futtui.store.read())

    def pulse(self, view: View) -> None:
        """Looks whether the wait is over."""
        raise NotImplementedError

    def _show(self, lines: list[Line]) -> None:
        for text in self.query(DialogText):  # a beat may come before there is one
            text.show([*lines, ()])


class LastMoment(WaitingDialog):
    """Counts down before Live begins; Esc or Enter takes it back. While it cannot be read, it does not count."""

    def __init__(self, stay_mode: str) -> None:
        super().__init__(word("live.soon_heading"), word("live.no", mode=stay_mode))
        self._since_s: float | None = None

    def on_screen_suspend(self) -> None:
        """Something lies over it, as the question before quitting: afterwards the whole time begins again."""
        self._since_s = None

    def pulse(self, view: View) -> None:
        """Goes on once the time is over."""
        now_s = self.futtui.store.now_s()
        if self._since_s is None or self.is_hidden:
            self._since_s = now_s
        left_s = UNDO_S - (now_s - self._since_s)
        if left_s <= 0:
            self.dismiss(True)
            return
        full = round((TEXT_WIDTH - 4) * left_s / UNDO_S)
        bar = (f" {BAR_FULL * full}", "attention"), (BAR_EMPTY * (TEXT_WIDTH - 4 - full), "dim")
        self._show([*text_lines((word("live.soon", n=max(1, round(left_s))),)), (), bar])


class ClosingDialog(WaitingDialog):
    """Closes every live position at market and answers True once none is open. Left with Esc, what was sent goes on."""

    def __init__(self) -> None:
        super().__init__(word("quit.closing_heading"), word("quit.no"))
        self._asked: set[str] = set()

    def pulse(self, view: View) -> None:
        """Asks to close what is open, each once, and goes on when nothing is."""
        app, held = self.futtui, live_positions(view)
        if not held:
            self.dismiss(True)
            return
        if not self._asked:
            self._pause(view)
        for position in held:
            if position.position_id not in self._asked:
                self._asked.add(position.position_id)
                app.send(ClosePosition(app.engine.exchange_time_ms(), position.position_id))
        names = ", ".join(position.symbol for position in held)
        self._show(text_lines((word("quit.closing", names=names), "", word("quit.closing_then"))))

    def _pause(self, view: View) -> None:
        """First of all: no new trade may open while the user is on the way out."""
        if view.snapshot.desk is not None and not view.snapshot.desk.paused:
            self.futtui.send(SetPaused(self.futtui.engine.exchange_time_ms(), True))
