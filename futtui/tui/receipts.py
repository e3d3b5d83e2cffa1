"""Commands on their way to the engine: each has a time in which its answer is expected, and the user sees it pass."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from itertools import count
from math import ceil
from typing import TYPE_CHECKING

from futtui.domain.errors import FuttuiError
from futtui.domain.events import Command
from futtui.tui.heard import heard
from futtui.tui.messages import CommandAnswered
from futtui.tui.words import word

if TYPE_CHECKING:
    from futtui.tui.app import FuttuiApp

LIMIT_S = 15.0
"""So long an answer is waited for, as on the phone; most come at once."""
QUIET_S = 1.0
"""Waits that are shorter are not told."""
KEPT = 200
"""Of more commands without an answer, the oldest are let go."""


class Receipts:
    """Sends commands; the answer to each, why it was refused, or that none came, appears in the flash line."""

    def __init__(self, app: FuttuiApp) -> None:
        self._app = app
        self._numbers = count()
        self._sent_s: dict[int, float] = {}
        self._overdue: set[int] = set()
        self._told = ""

    def send(self, command: Command, told: Callable[[str], str]) -> None:
        """Sends; `told` makes the words for the user of the answer."""
        try:
            future = self._app.engine.send(command)
        except FuttuiError as error:
            self._app.flash(heard(str(error)), "down_bold")
            return
        number = next(self._numbers)
        while len(self._sent_s) >= KEPT:
            self._forget(next(iter(self._sent_s)))
        self._sent_s[number] = self._app.store.now_s()
        future.add_done_callback(partial(self._answered, number, told))

    def _answered(self, number: int, told: Callable[[str], str], future: Future[str]) -> None:
        """On whatever thread the answer came."""
        error = None if future.cancelled() else future.exception()
        if future.cancelled() or (error is not None and not isinstance(error, FuttuiError)):
            message = CommandAnswered(word("command.lost"), accepted=False, number=number)
        elif error is not None:
            message = CommandAnswered(str(error), accepted=False, number=number)
        else:
            message = CommandAnswered(told(future.result()), accepted=True, number=number)
        self._app.post_message(message)

    def take(self, message: CommandAnswered) -> None:
        """Shows an answer; one that came after its time says so."""
        text = heard(message.text)
        if message.number in self._overdue:
            text = word("receipt.late", text=text)
        self._forget(message.number)
        self._app.flash(text, "bold" if message.accepted else "down_bold")

    def _forget(self, number: int) -> None:
        self._sent_s.pop(number, None)
        self._overdue.discard(number)

    def look(self) -> None:
        """Tells, on each beat, how long an answer is still waited for, and once that none came."""
        now_s = self._app.store.now_s()
        for number, sent_s in self._sent_s.items():
            if number in self._overdue:
                continue
            waited_s = now_s - sent_s
            if waited_s >= LIMIT_S:
                self._overdue.add(number)
                self._app.flash(word("receipt.none", n=round(LIMIT_S)), "down_bold")
            elif waited_s >= QUIET_S:
                self._tell(word("receipt.waiting", n=ceil(LIMIT_S - waited_s)))
            return  # the oldest one speaks

    def _tell(self, text: str) -> None:
        """Shows how long, unless there is fresh news of something else."""
        line = self._app.flash_line
        if text != line.text and (line.bright_s == 0 or line.text == self._told):
            self._told = text
            self._app.flash(text, "attention")
