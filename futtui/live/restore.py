"""Brings back what the last run left open: virtual positions and their orders, signals, trades, blocked symbols."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from futtui.domain.effects import Effect, PositionState
from futtui.domain.position import TradingMode
from futtui.domain.side import Side
from futtui.exchange.simulator.paper import PaperBroker, PaperPosition

if TYPE_CHECKING:
    from futtui.desk.desk import TradingDesk
    from futtui.storage.store import Storage

TRADES_KEPT = 5_000


def restore_state(
    store: Storage, desk: TradingDesk, brokers: Mapping[TradingMode, PaperBroker], now_ms: int
) -> Sequence[Effect]:
    """Give the desk and the virtual accounts what storage kept; returns the desk's effects, to be carried out."""
    positions = store.open_positions()
    trades = store.trades(TRADES_KEPT)
    effects = desk.restore(positions, store.open_signals(), store.blocked_symbols(), trades, now_ms)
    working = desk.working_orders()
    for mode, broker in brokers.items():
        own = [position for position in positions if position.mode == mode.value]
        orders = [order.intent for order in working if order.mode is mode]
        broker.restore(desk.booked_wallet(mode), _net_positions(own), orders)
    return effects


def _net_positions(positions: Sequence[PositionState]) -> list[PaperPosition]:
    """One net position a symbol, at the average entry: what an account in one-way mode holds."""
    quantity: dict[str, Decimal] = defaultdict(Decimal)
    value: dict[str, Decimal] = defaultdict(Decimal)
    for item in positions:
        held = Decimal(item.quantity_open) * Side(item.side).sign
        if held:
            quantity[item.symbol] += held
            value[item.symbol] += held * Decimal(item.entry_price)
    return [PaperPosition(name, held, value[name] / held) for name, held in quantity.items() if held]
