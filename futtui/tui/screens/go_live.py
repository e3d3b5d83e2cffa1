"""The question before live trading: facts, checks, and a number to type."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.widgets import Button

from futtui.domain.live_check import LiveReport
from futtui.domain.performance import PerformanceReport
from futtui.domain.snapshot import EngineSnapshot
from futtui.tui import keys
from futtui.tui.answers import Answer
from futtui.tui.paint.live_checks import (
    PAPER_DAYS,
    Check,
    account_checks,
    check_lines,
    fact_texts,
    market_checks,
    paper_check,
    window_of,
)
from futtui.tui.paint.text import Line
from futtui.tui.paint.view import View
from futtui.tui.screens.dialog import TEXT_WIDTH, DialogText, QuestionDialog, text_lines
from futtui.tui.words import word

BEATS_BETWEEN = 75
"""Beats between two looks at account and machine: what was put right meanwhile counts without asking anew."""
FRAME_ROWS = 4
"""Rows of the window that frame and buttons take."""
LEAST_CHECK_ROWS = 4
FAR = 10_000
"""More lines than there can be."""


class NumberDialog(QuestionDialog):
    """Stays where it is with Esc or Enter until the number is typed; a failed check locks it.

    Checks that are too many for the window scroll; facts, number and buttons stay in sight.
    """

    BINDINGS = keys.bindings("text")

    def __init__(self, heading: str, number: str, checks: Sequence[Check], *, yes: str, no: str) -> None:
        super().__init__(heading, (), yes=yes, no=no)
        self._number = number
        self._typed = ""
        self._wrong = False
        self._checks = checks
        self._top = 0
        """The first line of the checks that is in sight."""
        self._room = 1

    @property
    def locked(self) -> bool:
        """Locked until the number is right and every check passed."""
        return self._typed != self._number or not all(check.passed for check in self._checks)

    def show_text(self) -> None:
        """Facts, checks and the number."""
        facts = text_lines(self._facts())
        end = self._end()
        self._room = max(LEAST_CHECK_ROWS, self.app.size.height - FRAME_ROWS - len(facts) - len(end) - 1)
        checks, self._top = window_of(check_lines(self._checks, TEXT_WIDTH, self._room), self._top, self._room)
        self.query_one("#dialog-intro", DialogText).show([*facts, (), *checks, *end])

    def action_cursor(self, step: int) -> None:
        """Scrolls the checks a line."""
        self._top += step
        self.show_text()

    def action_page(self, step: int) -> None:
        """Scrolls the checks by as many lines as are in sight."""
        self.action_cursor(step * max(1, self._room - 2))

    def action_edge(self, step: int) -> None:
        """Scrolls to the first or last line of the checks."""
        self.action_cursor(step * FAR)

    def on_mouse_scroll_down(self) -> None:
        """The wheel scrolls, too."""
        self.action_cursor(1)

    def on_mouse_scroll_up(self) -> None:
        """And back."""
        self.action_cursor(-1)

    def _end(self) -> list[Line]:
        """The number, and why it does not help where it does not."""
        slots = " ".join(self._typed.ljust(len(self._number), "_"))
        lines: list[Line] = [
            (),
            ((f" {word('live.type')}  ", "text"), (" ".join(self._number), "title"), (f"   [ {slots} ]", "bold")),
        ]
        if self._wrong:
            lines.append(((f" {word('live.wrong')}", "attention"),))
        elif any(check.passed is False for check in self._checks):
            lines.append(((f" {word('live.locked')}", "attention"),))
        return [*lines, ()]

    def _facts(self) -> Sequence[str]:
        """What the number stands for."""
        return ()

    def on_key(self, event: events.Key) -> None:
        """Digits fill the number wherever the focus is; any other place of the keyboard does not."""
        if self.is_hidden:
            return
        typed = event.character or ""
        if typed.isdigit() and typed.isascii() and len(self._typed) < len(self._number):
            self._wrong = False
            self._typed += typed
        elif event.key == "backspace":
            self._typed = self._typed[:-1]
        else:
            return
        event.stop()
        if len(self._typed) == len(self._number) and self._typed != self._number:
            self._typed, self._wrong = "", True
        button = self.query_one("#yes", Button)
        button.disabled = self.locked
        self.show_text()
        self.set_focus(self.query_one("#no") if self.locked else button)


class GoLiveDialog(NumberDialog):
    """The question before live trading. Account and machine are looked at while it is open, and again now and then."""

    def __init__(self, snapshot: EngineSnapshot, number: str, current_mode: str) -> None:
        yes, no = word("live.yes"), word("live.no", mode=current_mode)
        super().__init__(word("live.heading"), number, (), yes=yes, no=no)
        self._snapshot = snapshot
        self._report: Answer[LiveReport] = Answer(BEATS_BETWEEN)
        self._paper: Answer[PerformanceReport] = Answer(BEATS_BETWEEN)
        self._look()

    def on_mount(self) -> None:
        """Asks at once, not only on the next beat."""
        self.pulse(self.futtui.store.read())

    def on_resize(self) -> None:
        """More or fewer lines for the checks."""
        self.show_text()

    def pulse(self, view: View) -> None:
        """Takes what came, and shows it where it is new."""
        engine = self.futtui.engine
        self._report.look("live", engine.live_report)
        self._paper.look("paper", lambda: engine.performance(PAPER_DAYS))
        before = self._checks, tuple(self._facts())
        self._snapshot = view.snapshot
        self._look()
        if before == (self._checks, tuple(self._facts())) or not self.query("#yes"):
            return  # a beat may come before all of it is there
        button = self.query_one("#yes", Button)
        button.disabled = self.locked
        if self.locked and self.focused is button:
            self.set_focus(self.query_one("#no"))
        self.show_text()

    def _look(self) -> None:
        found = account_checks(self._report.value, self._report.trouble)
        self._checks = (*market_checks(self._snapshot), *found, *paper_check(self._paper.value))

    def _facts(self) -> Sequence[str]:
        return fact_texts(self._snapshot, self._report.value)


class RearmDialog(NumberDialog):
    """The question before the kill switch is taken back."""

    def __init__(self, reason: str, number: str) -> None:
        yes, no = word("kill.rearm_yes"), word("kill.rearm_no")
        super().__init__(word("kill.rearm_heading"), number, (), yes=yes, no=no)
        self._reason = reason

    def _facts(self) -> Sequence[str]:
        return (word("kill.rearm_what"), word("kill.rearm_why", reason=self._reason))
