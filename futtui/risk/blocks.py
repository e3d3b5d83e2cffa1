"""What the user or a rule keeps out of new trades: a symbol, a strategy, or a strategy on one symbol."""

from __future__ import annotations

STRATEGY_MARK = "@"


def block_key(symbol: str, strategy: str = "") -> str:
    """How a block is named: `ETHUSDT`, `ETHUSDT@order_flow`, or `@order_flow` for every symbol."""
    return f"{symbol}{STRATEGY_MARK}{strategy}" if strategy else symbol


def block_words(key: str) -> str:
    """A block's name for people: `ETHUSDT`, `order_flow on ETHUSDT`, `order_flow`."""
    symbol, _, strategy = key.partition(STRATEGY_MARK)
    if not strategy:
        return symbol
    return f"{strategy} on {symbol}" if symbol else strategy


class BlockList:
    """Blocks with their end (0 = until taken off) and reason, by `block_key`; time comes with each call."""

    __slots__ = ("_blocks",)

    def __init__(self) -> None:
        self._blocks: dict[str, tuple[int, str]] = {}

    def block(self, key: str, until_ms: int, reason: str) -> None:
        """Keep a symbol, a strategy, or a strategy on a symbol out of new trades."""
        self._blocks[key] = (until_ms, reason)

    def unblock(self, key: str) -> bool:
        """Allow it again; False if it was not blocked."""
        return self._blocks.pop(key, None) is not None

    def ended(self, time_ms: int) -> list[str]:
        """Keys whose block is over at `time_ms`; they are taken off the list."""
        over = [key for key, (until_ms, _) in self._blocks.items() if 0 < until_ms <= time_ms]
        for key in over:
            del self._blocks[key]
        return over

    def refusal(self, symbol: str, time_ms: int, strategy: str = "") -> str | None:
        """Why the symbol may not be traded by the strategy now; None if it may."""
        keys = (symbol, block_key("", strategy), block_key(symbol, strategy)) if strategy else (symbol,)
        for key in keys:
            block = self._blocks.get(key)
            if block is not None and not 0 < block[0] <= time_ms:
                return f"{block_words(key)} is {block[1]}"
        return None

    def view(self) -> dict[str, tuple[int, str]]:
        """A copy for the screen: key to (until_ms, reason)."""
        return dict(self._blocks)
