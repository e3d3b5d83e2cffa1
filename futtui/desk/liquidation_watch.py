"""Tells when the exchange would liquidate a position before its stop: its margin or leverage was changed by hand."""

from __future__ import annotations

from futtui.desk import words
from futtui.desk.outbox import Outbox
from futtui.desk.positions import Position
from futtui.desk.state import DeskState
from futtui.domain.account import AccountSeen
from futtui.domain.effects import Severity
from futtui.domain.position import TradingMode
from futtui.domain.symbols import to_decimal

LEAST_GAP_R = to_decimal(0.1)
"""The mark price liquidates and the last price fires the stop: nearer than this, either may come first."""


class LiquidationWatch:
    """Gives each alarm once, until it is over."""

    def __init__(self, state: DeskState, out: Outbox) -> None:
        self._state = state
        self._out = out
        self._told: set[str] = set()

    def look(self, event: AccountSeen) -> None:
        """Compare the liquidation prices of a look with the stops."""
        held = [item for item in self._state.held(TradingMode.LIVE) if item.ledger.open > 0]
        near = {item.position_id: item for item in held if self._comes_first(item, event)}
        for position in [item for name, item in near.items() if name not in self._told]:
            symbol, stop = position.plan.symbol, words.price(position.rules, position.stop)
            at = words.price(position.rules, event.liquidation_price(symbol) or position.stop)
            text = (
                f"{symbol}: the exchange would liquidate at {at}, before the stop at {stop} helps. Add margin to it on "
                "the exchange, or close it"
            )
            self._out.say(event.time_ms, "risk", text, Severity.ERROR, symbol)
        self._told = set(near)

    @staticmethod
    def _comes_first(position: Position, event: AccountSeen) -> bool:
        liquidation = event.liquidation_price(position.plan.symbol)
        if liquidation is None:
            return False
        gap = position.plan.side.sign * (position.stop - liquidation)
        return gap < LEAST_GAP_R * position.risk_per_unit
