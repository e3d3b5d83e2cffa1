"""Notes commands and their answers beside the orders."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from futtui.domain.errors import FuttuiError
from futtui.domain.events import Command
from futtui.domain.sent import SentBook


async def noted(book: SentBook, command: Command, now_ms: Callable[[], int], work: Awaitable[str]) -> str:
    """The answer to `command`; it or the refusal stands in the book afterwards."""
    number = book.commanded(command)
    try:
        answer = await work
    except FuttuiError as error:
        book.answered(number, str(error), now_ms(), refused=True)
        raise
    book.answered(number, answer, now_ms())
    return answer
