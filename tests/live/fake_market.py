"""A market data port over a plain list of candles, with requests counted; no network."""

from __future__ import annotations

from collections.abc import Sequence

from futtui.domain.candle import Candle
from futtui.domain.errors import ExchangeError
from futtui.domain.symbols import SymbolRules
from futtui.domain.timeframe import Timeframe
from futtui.domain.universe import Listing
from futtui.exchange.ports import Lane


def bars(timeframe: Timeframe, first_open_ms: int, count: int) -> list[Candle]:
    """`count` candles that can be told apart."""
    opens = (first_open_ms + index * timeframe.ms for index in range(count))
    return [Candle(time, 100.0, 102.0, 99.0, 101.0, float(1 + time // timeframe.ms % 97)) for time in opens]


class FakeMarket:
    """Serves candles of every timeframe between two times, except `missing` open times."""

    def __init__(self, first_ms: int, now_ms: int, missing: Sequence[int] = ()) -> None:
        self.first_ms, self.now_ms, self.missing = first_ms, now_ms, set(missing)
        self.requests: list[tuple[str, Timeframe, int | None, int]] = []
        self.down = False

    @property
    def used_weight(self) -> int:
        return len(self.requests)

    async def server_time_ms(self) -> int:
        return self.now_ms

    async def exchange_info(self) -> dict[str, SymbolRules]:
        return {}

    async def klines(
        self,
        symbol: str,
        timeframe: Timeframe,
        *,
        start_ms: int | None = None,
        end_ms: int | None = None,
        limit: int = 500,
        lane: Lane = Lane.HISTORY,
    ) -> list[Candle]:
        self.requests.append((symbol, timeframe, start_ms, limit))
        if self.down:
            raise ExchangeError("The exchange does not answer. futtui tries again.")
        start = max(self.first_ms, start_ms or self.first_ms)
        start = -(-start // timeframe.ms) * timeframe.ms
        last = min(timeframe.last_closed_open_ms(self.now_ms), end_ms if end_ms is not None else self.now_ms)
        found = bars(timeframe, start, timeframe.bars_between(start, last))
        return [bar for bar in found if bar.open_time_ms not in self.missing][:limit]

    async def listings(self) -> list[Listing]:
        return []

    async def close(self) -> None:
        return None


class FakeStore:
    """Keeps candles in memory."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, Timeframe], dict[int, Candle]] = {}

    async def load_candles(self, symbol: str, timeframe: Timeframe, limit: int) -> list[Candle]:
        known = self.rows.get((symbol, timeframe), {})
        return [known[key] for key in sorted(known)][-limit:]

    def submit_candles(self, symbol: str, timeframe: Timeframe, candles: Sequence[Candle]) -> None:
        known = self.rows.setdefault((symbol, timeframe), {})
        known.update({bar.open_time_ms: bar for bar in candles})
