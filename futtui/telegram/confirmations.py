"""Questions before a money action: each is answered once, soon, by whoever asked."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

MOST_OPEN = 50


@dataclass(frozen=True, slots=True)
class Question:
    """What is done if the answer is yes: the name of an action and what it is about."""

    action: str
    subject: str = ""


class Confirmations:
    """Open questions by nonce. `now_s` is a clock that never goes back."""

    def __init__(self, valid_s: float, now_s: Callable[[], float]) -> None:
        self._valid_s = valid_s
        self._now_s = now_s
        self._open: dict[str, tuple[Question, int, float]] = {}

    def ask(self, question: Question, user_id: int) -> str:
        """The nonce that the answer has to carry."""
        nonce = secrets.token_urlsafe(9)
        self._open[nonce] = (question, user_id, self._now_s() + self._valid_s)
        while len(self._open) > MOST_OPEN:
            del self._open[next(iter(self._open))]
        return nonce

    def take(self, nonce: str, user_id: int) -> Question | None:
        """The question, once; None when it is unknown, was answered before, is too old, or was asked by another."""
        found = self._open.get(nonce)
        if found is None or found[1] != user_id:
            return None
        del self._open[nonce]
        question, _, until_s = found
        return question if self._now_s() <= until_s else None
