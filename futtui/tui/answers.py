"""A question to the engine that is answered later: asked on a beat, taken on a later one, asked again now and then."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import CancelledError, Future
from typing import Generic, TypeVar

from futtui.domain.errors import FuttuiError
from futtui.tui.words import word

Found = TypeVar("Found")

AGAIN_BEATS = 25
"""Beats after which the same question is asked again, so that what is shown does not grow old."""


class Answer(Generic[Found]):
    """The newest answer to one question at a time. `look` is called on each beat and never waits.

    The same question is asked again after `again_beats`; a costly one wants more of them.
    """

    def __init__(self, again_beats: int = AGAIN_BEATS) -> None:
        self._again_beats = again_beats
        self.value: Found | None = None
        self.trouble = ""
        self._key: Hashable = None
        self._future: Future[Found] | None = None
        self._wait = 0

    @property
    def is_loading(self) -> bool:
        """Whether nothing has come yet, neither an answer nor a refusal."""
        return self.value is None and not self.trouble

    def look(self, key: Hashable, question: Callable[[], Future[Found]]) -> None:
        """Takes what came, and asks when `key` is another one or its answer has grown old."""
        if key != self._key:
            self._key, self._future, self._wait = key, None, 0
            self.value, self.trouble = None, ""
        self._take()
        self._wait -= 1
        if self._future is None and self._wait <= 0:
            self._wait = self._again_beats
            self._future = question()
            self._take()

    def hurry(self) -> None:
        """The same question is asked again on the next beat; the old answer stays until the new one comes."""
        self._wait = 0

    def _take(self) -> None:
        future = self._future
        if future is None or not future.done():
            return
        self._future = None
        try:
            self.value, self.trouble = future.result(), ""
        except FuttuiError as error:
            self.trouble = str(error)
        except (CancelledError, Exception):  # whatever it was is in the log; the screen says that nothing came
            self.trouble = word("command.lost")
