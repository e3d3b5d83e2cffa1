"""Brings back what the last run left open: virtual positions and their orders, signals, trades, blocked symbols."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from futtui.domain.effects import CancelOrder, Effect, PlaceOrder, PositionState, RecordPosition, RecordTrade
from futtui.domain.events import OrderChanged
from futtui.domain.orders import OrderIntent, OrderStatus, OrderType, OrderUpdate
from futtui.domain.position import Trade, TradingMode
from futtui.domain.side import Side
from futtui.domain.timeframe import DAY_MS
from futtui.exchange.simulator.paper import PaperBroker, PaperPosition
from futtui.live.live_book import Book

if TYPE_CHECKING:
    from futtui.desk.desk import TradingDesk
    from futtui.storage.store import Storage

TRADES_KEPT = 5_000
MOST_ROUNDS = 10
MET_AGAIN_MS = 7 * DAY_MS
"""So long after a real position ended its orders may still be met: the exchange tells executions of seven days."""
_OVER = ("CLOSED", "FAILED")


def restore_state(
    store: Storage,
    desk: TradingDesk,
    brokers: Mapping[TradingMode, PaperBroker],
    now_ms: int,
    book: Book | None = None,
) -> Sequence[Effect]:
    """Give the desk and the virtual accounts what storage kept; returns the desk's effects, to be carried out.

    `book`: the write-ahead book of the real account, which may know more than the database.
    """
    positions, trades = store.open_positions(), store.trades(TRADES_KEPT)
    behind: list[Effect] = []
    ended = store.ended_positions(TradingMode.LIVE, now_ms - MET_AGAIN_MS)
    if book is not None:
        positions, trades, behind = _newest(store, positions, trades, book, now_ms)
        ended += [state for state in book.positions.values() if state.status in _OVER]
    effects = [
        *behind,
        *desk.restore([*positions, *ended], store.open_signals(), store.blocked_symbols(), trades, now_ms),
    ]
    effects += _settle(desk, brokers, now_ms)
    working = desk.working_orders()
    still_open = {view.position_id for view in desk.snapshot().positions}
    for mode, broker in brokers.items():
        own = [item for item in positions if item.mode == mode.value and item.position_id in still_open]
        orders = [order.intent for order in working if order.mode is mode]
        broker.restore(desk.booked_wallet(mode), _net_positions(own), orders)
    return effects


def _newest(
    store: Storage, positions: list[PositionState], trades: list[Trade], book: Book, now_ms: int
) -> tuple[list[PositionState], list[Trade], list[Effect]]:
    """Open positions and trades with what the book knows beyond the database, and records to bring that up to date."""
    stored = store.position_states(book.positions)
    newer = {
        key: state
        for key, state in book.positions.items()
        # Of two states of one moment the book's is the later one: it is written first, and never behind.
        if key not in stored or state.updated_ms >= stored[key].updated_ms
    }
    known = {trade.position_id for trade in trades}
    lost = [trade for key, trade in book.trades.items() if key not in known]
    merged = [newer.pop(state.position_id, state) for state in positions]
    merged += newer.values()
    behind: list[Effect] = [RecordTrade(trade, now_ms) for trade in lost]
    behind += [RecordPosition(state, now_ms) for key, state in book.positions.items() if state in merged]
    return [state for state in merged if state.status not in _OVER], [*trades, *lost], behind


def _settle(desk: TradingDesk, modes: Container[TradingMode], now_ms: int) -> list[Effect]:
    """Say what became of orders that were under way when the last run ended; what is left to record and to tell.

    A virtual account answers at once, so an order without an answer was never carried out. One that waits for its
    trigger is simply given to the account again; what was to happen at market did not happen. Orders that the desk
    asks for meanwhile are not sent from here: they are among its working orders, or it asks again by itself.
    """
    effects: list[Effect] = []
    for _ in range(MOST_ROUNDS):
        unsettled = [(order, status) for order, status in desk.unsettled_orders() if order.mode in modes]
        if not unsettled:
            break
        for order, known in unsettled:
            effects += desk.handle(OrderChanged(_fate(order.intent, known, now_ms)))
    return [effect for effect in effects if not isinstance(effect, PlaceOrder | CancelOrder)]


def _fate(intent: OrderIntent, known: OrderStatus, now_ms: int) -> OrderUpdate:
    waits = intent.order_type is not OrderType.MARKET and known in (OrderStatus.SENT, OrderStatus.UNKNOWN)
    status = OrderStatus.OPEN if waits else OrderStatus.EXPIRED
    reason = "" if waits else "futtui was stopped before it was carried out"
    return OrderUpdate(intent.client_id, intent.symbol, status, now_ms, reason=reason)


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
