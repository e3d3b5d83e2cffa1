"""Notes commands and their answers beside the orders."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from futtui.desk.by_hand import GONE
from futtui.desk.choosing import OVER
from futtui.domain.effects import Say, Severity
from futtui.domain.errors import FuttuiError
from futtui.domain.events import ChangeMode, ClosePosition, Command, DismissSignal, MoveStop, SetPaused, TakeSignal
from futtui.domain.sent import SentBook

REFUSABLE = (ChangeMode, SetPaused, ClosePosition, MoveStop, DismissSignal, TakeSignal)
"""Commands that the desk may say no to; the kill switch is loud although it does what it was told."""


class Refused(str):
    """An answer of the desk that is a no."""


def answer_of(line: Say | None, command: Command) -> str:
    """What the newest line since the command answers to it; a `Refused` where the desk did not do it."""
    if line is None:
        return "Done."
    is_no = line.severity in (Severity.WARNING, Severity.ERROR) or line.text in (GONE, OVER)
    return Refused(line.text) if is_no and isinstance(command, REFUSABLE) else line.text


async def noted(book: SentBook, command: Command, now_ms: Callable[[], int], work: Awaitable[str]) -> str:
    """The answer to `command`; it or the refusal stands in the book afterwards."""
    number = book.commanded(command)
    try:
        answer = await work
    except FuttuiError as error:
        book.answered(number, str(error), now_ms(), refused=True)
        raise
    book.answered(number, str(answer), now_ms(), refused=isinstance(answer, Refused))
    return str(answer)
