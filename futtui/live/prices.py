"""What price did between two looks: last, and the extremes in between, from the running bar of the stream."""

from __future__ import annotations

from dataclasses import dataclass

from futtui.domain.events import PriceUpdate


@dataclass(slots=True)
class PriceTracker:
    """Follows one symbol's running bar.

    The running bar's high and low only ever widen, so a change between two looks dates the new extreme to the time
    in between: nothing that happened inside the bar is missed, even if messages were.
    """

    symbol: str
    last: float = 0.0
    time_ms: int = 0
    mark: float | None = None
    _open_ms: int = -1
    _high: float = 0.0
    _low: float = 0.0

    def on_bar(self, open_ms: int, high: float, low: float, close: float, time_ms: int) -> PriceUpdate | None:
        """The price update that this look at the bar means; None for a look that is older than one already seen."""
        if open_ms < self._open_ms or time_ms < self.time_ms:
            return None
        previous = self.last or close
        seen_high, seen_low = max(previous, close), min(previous, close)
        if open_ms > self._open_ms:
            seen_high, seen_low = max(seen_high, high), min(seen_low, low)
        else:
            if high > self._high:
                seen_high = max(seen_high, high)
            if low < self._low:
                seen_low = min(seen_low, low)
        first_look = self._open_ms < 0
        self._open_ms, self._high, self._low = open_ms, high, low
        self.last, self.time_ms = close, time_ms
        if first_look:
            seen_high = seen_low = close
        return PriceUpdate(self.symbol, time_ms, close, seen_low, seen_high, self.mark)
