"""The mark of one futtui in the ids of its orders, so that two on one account can tell theirs apart.

Inside futtui an order has the same id everywhere; the mark is put on when it leaves and taken off when news come.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from futtui.domain.orders import Fill, OrderUpdate

PLAIN = "f-"
_OUT = frozenset({"newClientOrderId", "origClientOrderId", "clientAlgoId"})
_IN = ("clientOrderId", "clientAlgoId")
News = TypeVar("News")


class ClientMark:
    """Translates ids of orders; an empty mark leaves all as they are."""

    def __init__(self, mark: str = "") -> None:
        self._own = f"f{mark}-"

    def outward(self, params: Mapping[str, str]) -> Mapping[str, str]:
        """Parameters of a request as the exchange is to see them."""
        if self._own == PLAIN:
            return params
        return {name: self._marked(text) if name in _OUT else text for name, text in params.items()}

    def inward(self, answer: Any) -> Any:
        """An answer, an object or a list of them, as futtui knows its orders."""
        if self._own == PLAIN:
            return answer
        if isinstance(answer, list):
            return [self.inward(row) for row in answer]
        if not isinstance(answer, dict):
            return answer
        names = {name: self._plain(str(answer[name])) for name in _IN if answer.get(name)}
        return answer | names if names else answer

    def news(self, message: News) -> News:
        """A message of the account's stream, likewise."""
        if self._own != PLAIN and isinstance(message, OrderUpdate | Fill):
            plain = self._plain(message.client_id)
            if plain != message.client_id:
                return replace(message, client_id=plain)
        return message

    def _marked(self, client_id: str) -> str:
        return self._own + client_id.removeprefix(PLAIN) if client_id.startswith(PLAIN) else client_id

    def _plain(self, client_id: str) -> str:
        return PLAIN + client_id.removeprefix(self._own) if client_id.startswith(self._own) else client_id
