"""How a price moves through an account's orders where only a few prices are known: on the careful side.

Virtual accounts, the backtest and (where asked for) the embedded exchange share it, so the same prices give the same
money in all three. Between two prices every trigger on the way is visited at its level. A stop that is passed fills at
the worse of its level and the price after the move, a take-profit at its level, both less slippage; of a range the
side that hurts the open position comes first.
"""

from __future__ import annotations

from collections.abc import Sequence

from futtui.exchange.simulator.core.exchange import ExchangeCore
from futtui.exchange.simulator.core.liquidity import FlatBook
from futtui.exchange.simulator.core.orders import LiveAlgo
from futtui.exchange.simulator.ports import MarketTick

Waypoint = tuple[float, bool]
"""A price on the way, and whether a stop is triggered there."""
_Trigger = tuple[float, bool, bool]
"""A level, whether it is a stop, and whether a rise reaches it."""


class CarefulFills:
    """Moves prices of a core whose book is `book` through the orders of one account."""

    def __init__(self, core: ExchangeCore, book: FlatBook, api_key: str) -> None:
        self._core = core
        self._book = book
        self._key = api_key

    def move(self, symbol: str, time_ms: int, last: float, low: float, high: float) -> None:
        """Price went to `last` and was between `low` and `high` meanwhile."""
        if low == high == last and self._core.is_calm(symbol, last):
            self._core.apply_tick(MarketTick(symbol, time_ms, last, 0.0, None))
            return
        path = self._path(symbol, last, low, high)
        before = self._core.price_state(symbol)
        for price, stops_here in path:
            self._book.worse_than = last if stops_here else None
            self._core.apply_tick(MarketTick(symbol, time_ms, price, 0.0, None))
        self._book.worse_than = None
        if len(path) > 1:  # the mark price does not hang on whose orders lay on the way
            self._core.take_as_one_move(symbol, before)

    def _path(self, symbol: str, last: float, low: float, high: float) -> list[Waypoint]:
        """The prices that the move is taken to have visited, in order."""
        account = self._core.account(self._key)
        triggers = [_trigger_of(algo) for algo in self._core.conditional_orders(self._key, symbol)]
        position = account.quantity(symbol)
        if not (triggers or position or account.orders.get(symbol)):
            return [(last, False)]
        low, high = min(low, last), max(high, last)
        previous = float(self._core.last_price(symbol)) or last
        low_first = position > 0 or (position == 0 and last >= previous)
        path: list[Waypoint] = []
        at = previous
        for goal in (low, high, last) if low_first else (high, low, last):
            path += _triggers_between(triggers, at, goal)
            if goal != at:
                path.append((goal, False))
            at = goal
        return path or [(last, False)]


def _trigger_of(algo: LiveAlgo) -> _Trigger:
    stops = algo.request.order_type.startswith("STOP")
    return float(algo.trigger_price), stops, (algo.request.side == "BUY") == stops


def _triggers_between(triggers: Sequence[_Trigger], start: float, end: float) -> list[Waypoint]:
    """Trigger levels on the way from `start` to `end`, in the order in which they are reached."""
    downward = end < start
    low, high = (end, start) if downward else (start, end)
    reached: dict[float, bool] = {}
    for level, stops, upward in triggers:
        if upward != downward and low <= level <= high:
            reached[level] = stops or reached.get(level, False)
    return sorted(reached.items(), reverse=downward)
