"""Closed trades that something may still ask for: by number for those who look, by time for those who decide."""

from __future__ import annotations

from collections.abc import Iterator

from futtui.domain.position import Trade


class RecentTrades:
    """The newest trades, the newest last: at least `count` of them, and all that closed within `span_ms` of the last.

    Limits that look back over days must see every trade of these days, however few the screen shows.
    """

    def __init__(self, count: int, span_ms: int) -> None:
        self._count, self._span_ms = max(1, count), span_ms
        self._trades: dict[str, Trade] = {}

    def put(self, trade: Trade) -> Trade | None:
        """Add a trade; the earlier version of a corrected one goes and is returned."""
        earlier = self._trades.pop(trade.position_id, None)
        self._trades[trade.position_id] = trade
        while len(self._trades) > self._count:
            oldest = next(iter(self._trades.values()))
            if oldest.closed_ms >= trade.closed_ms - self._span_ms:
                break
            del self._trades[oldest.position_id]
        return earlier

    def __iter__(self) -> Iterator[Trade]:
        return iter(self._trades.values())

    def __reversed__(self) -> Iterator[Trade]:
        return reversed(self._trades.values())

    def __len__(self) -> int:
        return len(self._trades)
