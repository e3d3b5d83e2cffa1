"""Symbols that the user keeps out of new trades."""

from __future__ import annotations


class BlockList:
    """Blocked symbols with the end of the block (0 = until unblocked) and its reason; time comes with each call."""

    __slots__ = ("_blocks",)

    def __init__(self) -> None:
        self._blocks: dict[str, tuple[int, str]] = {}

    def block(self, symbol: str, until_ms: int, reason: str) -> None:
        """Keep a symbol out of new trades."""
        self._blocks[symbol] = (until_ms, reason)

    def unblock(self, symbol: str) -> bool:
        """Allow a symbol again; False if it was not blocked."""
        return self._blocks.pop(symbol, None) is not None

    def ended(self, time_ms: int) -> list[str]:
        """Symbols whose block is over at `time_ms`; they are taken off the list."""
        over = [symbol for symbol, (until_ms, _) in self._blocks.items() if 0 < until_ms <= time_ms]
        for symbol in over:
            del self._blocks[symbol]
        return over

    def refusal(self, symbol: str, time_ms: int) -> str | None:
        """Why the symbol may not be traded now; None if it may."""
        block = self._blocks.get(symbol)
        if block is None or 0 < block[0] <= time_ms:
            return None
        return f"{symbol} is {block[1]}"

    def view(self) -> dict[str, tuple[int, str]]:
        """A copy for the screen: symbol to (until_ms, reason)."""
        return dict(self._blocks)
