"""The dead man's switch of an account: cancel a symbol's orders unless the client reports back in time."""

from __future__ import annotations


class Countdowns:
    """Running countdowns in virtual time, per account and symbol."""

    def __init__(self) -> None:
        self._ends_ms: dict[tuple[str, str], int] = {}

    def start(self, api_key: str, symbol: str, now_ms: int, span_ms: int) -> None:
        """Start or restart the countdown; a span of 0 stops it."""
        if span_ms <= 0:
            self._ends_ms.pop((api_key, symbol), None)
        else:
            self._ends_ms[(api_key, symbol)] = now_ms + span_ms

    def due(self, now_ms: int) -> list[tuple[str, str]]:
        """Accounts and symbols whose countdown ended; each is reported once."""
        if not self._ends_ms:
            return []
        ended = [key for key, end_ms in self._ends_ms.items() if end_ms <= now_ms]
        for key in ended:
            del self._ends_ms[key]
        return ended
