"""The mark of one futtui in the ids of its orders, so that two on one account can tell theirs apart.

Inside futtui an order has the same id everywhere; the mark is put on when it leaves and taken off when news come.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from futtui.domain.orders import Fill, OrderUpdate

PLAIN = "f-"
NAMESAKE = "f0-"
"""Stands inside for an unmarked order of another futtui that would have the id of one of ours."""
_OUT = ("newClientOrderId", "origClientOrderId", "clientAlgoId")
_IN = ("clientOrderId", "clientAlgoId")
_KEPT = 20_000
_OURS = re.compile(r"f([0-9a-z]*)-([0-9a-f]+)-[ESTXP][0-9]+")
News = TypeVar("News")


class ClientMark:
    """Translates ids of orders; without a mark all stay as they are.

    An id leaves as it was first sent or came in. One that this run neither sent nor saw is asked for with each of our
    `marks` and without one: an earlier version of futtui sent plain ids. The first mark is that of new orders.
    `awaited`: signals of open positions whose mark is not kept any more; `on_found` is told it when it is found.
    """

    def __init__(
        self,
        marks: Iterable[str] = (),
        awaited: Collection[str] = (),
        on_found: Callable[[str], object] | None = None,
    ) -> None:
        self._marks = tuple(marks)
        self._awaited = awaited
        self._on_found = on_found
        self._wire: dict[str, str] = {}
        """By the id inside: the id on the exchange."""

    @property
    def is_lost(self) -> bool:
        """Whether orders of open positions may wait under a mark that is not known."""
        return bool(self._awaited) and not self._marks

    def learn(self, client_ids: Iterable[str]) -> bool:
        """Find the lost mark in ids as the exchange has them; True where orders of what is open carry one mark.

        A signal with a plain order was sent without a mark, and a marked one of it is of another futtui.
        """
        found: dict[str, set[str]] = {}
        for match in map(_OURS.fullmatch, client_ids):
            if match is not None and match[2] in self._awaited:
                found.setdefault(match[2], set()).add(match[1])
        marks = {mark for group in found.values() if "" not in group for mark in group}
        if len(marks) != 1:
            return False
        self._marks = tuple(marks)
        if self._on_found is not None:
            self._on_found(self._marks[0])
        return True

    def outward(self, params: Mapping[str, str], *, sends: bool = False) -> list[Mapping[str, str]]:
        """Parameters of a request as the exchange is to see them: one after the other until it knows the order.

        `sends`: whether the request makes the order.
        """
        name = next((name for name in _OUT if name in params), None)
        if name is None:
            return [params]
        inside = params[name]
        forms = [f"f{mark}-{inside.removeprefix(PLAIN)}" for mark in self._marks] if inside.startswith(PLAIN) else []
        if sends and forms:
            self._note(inside, forms[0])
        known = self._wire.get(inside)
        return [{**params, name: form} for form in ([*forms, inside] if known is None else [known])]

    def inward(self, answer: Any) -> Any:
        """An answer, an object or a list of them, as futtui knows its orders."""
        if isinstance(answer, list):
            return [self.inward(row) for row in answer]
        if not isinstance(answer, dict):
            return answer
        names = {name: self._inside(str(answer[name])) for name in _IN if answer.get(name)}
        return answer | names if names else answer

    def news(self, message: News) -> News:
        """A message of the account's stream, likewise."""
        if isinstance(message, OrderUpdate | Fill):
            inside = self._inside(message.client_id)
            if inside != message.client_id:
                return replace(message, client_id=inside)
        return message

    def _inside(self, wire: str) -> str:
        for mark in self._marks:
            if wire.startswith(f"f{mark}-"):
                inside = PLAIN + wire.removeprefix(f"f{mark}-")
                self._note(inside, wire)
                return inside
        if not self._marks or not wire.startswith(PLAIN):
            return wire
        if self._wire.setdefault(wire, wire) == wire:
            return wire
        namesake = NAMESAKE + wire.removeprefix(PLAIN)
        self._note(namesake, wire)
        return namesake

    def _note(self, inside: str, wire: str) -> None:
        self._wire[inside] = wire
        while len(self._wire) > _KEPT:
            del self._wire[next(iter(self._wire))]
