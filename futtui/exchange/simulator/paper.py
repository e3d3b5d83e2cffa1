"""The paper account: our own desk's orders against real prices, inside the process, on the exchange core.

Used by paper and signals-only modes. Synchronous; time comes only from the caller, so equal inputs give equal results.
The model is on the careful side: a resting limit order fills only when price trades THROUGH it, takers pay
`slippage_ticks` on top of the last price, and inside one update the extreme that hurts the open position comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from decimal import Decimal
from math import inf, isfinite

from futtui.domain.events import FundingPaid, PriceUpdate
from futtui.domain.orders import Fill, OrderIntent, OrderStatus, OrderType, OrderUpdate
from futtui.domain.position import TradingMode
from futtui.domain.side import OrderSide
from futtui.domain.symbols import SymbolRules
from futtui.domain.timeframe import HOUR_MS
from futtui.exchange.simulator.core.careful import CarefulFills
from futtui.exchange.simulator.core.exchange import BASIC_FUNDING_RATE, ExchangeCore
from futtui.exchange.simulator.core.liquidity import FlatBook
from futtui.exchange.simulator.core.records import (
    AccountEvent,
    AlgoEvent,
    AlgoRecord,
    AlgoRequest,
    CoreEvent,
    OrderEvent,
    OrderRecord,
    OrderRequest,
    PositionRecord,
)
from futtui.exchange.simulator.core.refusals import ExchangeRefusal
from futtui.exchange.simulator.ports import MarketTick, SymbolSpec

PAPER_KEY = "paper"
FUNDING_HOURS = 8
WHOLE_BOOK = Decimal(1)
HISTORY_KEPT = 200
"""Orders, executions and entries of the wallet that the account remembers: it is asked for the newest orders only."""
CLIENT_IDS_KEPT = 5_000

BrokerNews = OrderUpdate | Fill | FundingPaid

ORDER_STATUS = {
    "NEW": OrderStatus.OPEN,
    "PARTIALLY_FILLED": OrderStatus.PARTIALLY_FILLED,
    "FILLED": OrderStatus.FILLED,
    "CANCELED": OrderStatus.CANCELED,
    "EXPIRED": OrderStatus.EXPIRED,
}
ALGO_STATUS = {
    "NEW": OrderStatus.OPEN,
    "TRIGGERED": OrderStatus.TRIGGERED,
    "CANCELED": OrderStatus.CANCELED,
    "EXPIRED": OrderStatus.EXPIRED,
    "REJECTED": OrderStatus.REJECTED,
}
EXPIRY_REASONS = {
    2: "the rest could not be filled at once",
    4: "the position it would reduce is gone",
    5: "the account was liquidated",
    9: "the rest found no price within the allowed distance",
}


@dataclass(frozen=True, slots=True)
class PaperPosition:
    """An open paper position; `quantity` is negative for shorts."""

    symbol: str
    quantity: Decimal
    entry_price: Decimal


class PaperBroker:
    """One paper account in USDT, cross margin at 20x (or the symbol's maximum, if that is lower)."""

    def __init__(
        self,
        start_balance: Decimal,
        start_ms: int,
        *,
        maker_fee: Decimal = Decimal("0.0002"),
        taker_fee: Decimal = Decimal("0.0005"),
        slippage_ticks: int = 1,
        slippage_pct: float = 0.0,
        mode: TradingMode = TradingMode.PAPER,
    ) -> None:
        self._maker_fee, self._taker_fee = maker_fee, taker_fee
        self._mode = mode
        self._trade_prefix = f"{mode.value.lower()}-{start_ms}"
        self._funding_rates: dict[str, Decimal] = {}
        self._funding_hours: dict[str, float] = {}
        self._rules: dict[str, SymbolRules] = {}
        self._unread: list[BrokerNews] = []
        self._placed: dict[str, None] = {}
        self._waiting_positions: dict[str, PaperPosition] = {}
        self._waiting_orders: dict[str, list[OrderIntent]] = {}
        self._book = FlatBook(slippage_ticks, slippage_pct)
        self._core = ExchangeCore(
            [], start_ms, liquidity=self._book, funding_rate=self._funding_rate, tells_accounts=False
        )
        self._account = self._core.add_account(PAPER_KEY, "", start_balance, HISTORY_KEPT)
        self._fills = CarefulFills(self._core, self._book, PAPER_KEY)

    def set_rules(self, rules: SymbolRules) -> None:
        """Make a symbol tradable, or change its rules; restored orders that waited for it come back to life."""
        spec = SymbolSpec(rules, rules.onboard_time_ms, self._maker_fee, self._taker_fee, market_take_bound=WHOLE_BOOK)
        known = rules.symbol in self._rules
        self._rules[rules.symbol] = rules
        if known:
            self._core.update_symbol(spec)
            return
        self._core.add_symbol(spec)
        self._follow_interval(rules.symbol)
        leverage = min(self._core.settings(PAPER_KEY, rules.symbol).leverage, rules.max_leverage)
        self._core.set_leverage(PAPER_KEY, rules.symbol, max(1, leverage))
        self._core.drain_events()
        self._restore_symbol(rules.symbol)

    def set_funding_rate(
        self, symbol: str, rate: float | Decimal, time_ms: int = 0, interval_hours: float = FUNDING_HOURS
    ) -> None:
        """The rate (a fraction) of the symbol's next funding after `time_ms`; 0.01 % until one is known.

        What was due before is booked at the old rate first; it is told with the next news.
        """
        if time_ms:
            self._advance(time_ms)
        self._funding_rates[symbol] = Decimal(str(rate))
        self._funding_hours[symbol] = interval_hours
        self._follow_interval(symbol)

    def set_mark(self, symbol: str, mark: float) -> None:
        """The newest mark price of a symbol; what it brings about is told with the next news."""
        if symbol in self._rules and isfinite(mark) and mark > 0 and self._account.position(symbol).quantity:
            self._core.set_mark_price(symbol, mark)

    def wallet_balance(self) -> Decimal:
        """Everything booked so far, in USDT, without open profit or loss."""
        return self._account.wallet

    def quantity(self, symbol: str) -> Decimal:
        """What is held of a symbol; negative for shorts."""
        return self._account.quantity(symbol)

    def positions(self) -> list[PaperPosition]:
        """Open positions, to be stored and given to `restore` after a restart."""
        records = self._core.positions(PAPER_KEY)
        return [PaperPosition(r.symbol, r.quantity, r.entry_price) for r in records if r.quantity]

    def held(self) -> list[PositionRecord]:
        """Open positions with their margin, leverage and liquidation price; 0 = the market cannot get there."""
        names = [name for name, position in self._account.positions.items() if position.quantity]
        return [record for name in names for record in self._core.positions(PAPER_KEY, name)]

    def restore(
        self,
        wallet_balance: Decimal,
        positions: Sequence[PaperPosition] = (),
        orders: Sequence[OrderIntent] = (),
    ) -> None:
        """Go on after a restart: once, before anything else. MARKET intents are left out, they cannot be open.

        What price has passed meanwhile happens at the first price. Symbols without rules wait for `set_rules`.
        """
        self._account.wallet = wallet_balance
        for position in positions:
            self._waiting_positions[position.symbol] = position
        for intent in orders:
            self._waiting_orders.setdefault(intent.symbol, []).append(intent)
        for symbol in self._rules:
            self._restore_symbol(symbol)

    def place(self, intent: OrderIntent, time_ms: int) -> list[BrokerNews]:
        """Carry out an intent: what became of it, fills before the status they lead to; funding due before comes first.

        A refused order comes back as REJECTED with the reason. A client id that was used lately changes nothing and
        gives the state of that earlier order.
        """
        refusal = self._cannot_trade(intent.symbol)
        if refusal:
            return [_update(intent.client_id, intent.symbol, OrderStatus.REJECTED, time_ms, reason=refusal)]
        if intent.client_id in self._placed:  # the core looks through all that it remembers: only where it must
            earlier = self._known(intent.symbol, intent.client_id, time_ms)
            if earlier:
                return [earlier]
        self._note_placed(intent.client_id)
        self._advance(time_ms)
        try:
            if intent.order_type.is_conditional:
                self._core.place_algo(PAPER_KEY, _algo_request(intent))
            else:
                self._core.place_order(PAPER_KEY, _order_request(intent))
        except ExchangeRefusal as refused:
            return [_update(intent.client_id, intent.symbol, OrderStatus.REJECTED, time_ms, reason=refused.message)]
        return self._news()

    def cancel(self, symbol: str, client_id: str, conditional: bool, time_ms: int) -> list[BrokerNews]:
        """Cancel an open order: CANCELED, or the state that it is already in, or REJECTED if it was never seen."""
        if symbol not in self._rules:
            reason = f"{symbol} is not known to the paper account"
            return [_update(client_id, symbol, OrderStatus.REJECTED, time_ms, reason=reason)]
        self._advance(time_ms)
        try:
            if conditional:
                self._core.cancel_algo(PAPER_KEY, client_algo_id=client_id)
            else:
                self._core.cancel_order(PAPER_KEY, symbol, client_order_id=client_id)
        except ExchangeRefusal:
            reason = "the paper account has no such order"
            gone = self._known(symbol, client_id, time_ms)
            return [gone or _update(client_id, symbol, OrderStatus.REJECTED, time_ms, reason=reason)]
        return self._news()

    def on_time(self, time_ms: int) -> list[BrokerNews]:
        """Let time alone pass: funding that falls due."""
        self._advance(time_ms)
        return self._news()

    def on_price(self, update: PriceUpdate, wanted: Callable[[str], bool] | None = None) -> list[BrokerNews]:
        """Let price move: fills, status changes and funding that follow, in order.

        `wanted`: says of client ids which orders it may reach; it moves past all others.
        A stop reached inside the update fills at the worse of its trigger and the last price, a take-profit at its
        trigger, both less slippage. Prices that make no sense, and symbols without rules, change nothing.
        """
        sound = 0.0 < update.last < inf and 0.0 < update.low < inf and 0.0 < update.high < inf
        if not sound or update.symbol not in self._rules:
            return []
        mark = update.mark if update.mark is not None and 0.0 < update.mark < inf else None
        if self._is_quiet(update.symbol):
            self._see(update.symbol, update.time_ms, update.last, mark)
            return []
        self._advance(update.time_ms)
        with self._watched(update.symbol, wanted):
            self._fills.move(update.symbol, update.time_ms, update.last, update.low, update.high)
        if mark is not None:
            self._core.set_mark_price(update.symbol, mark)
        return self._news()

    def stays_calm(self, symbol: str, low: float, high: float, until_ms: int) -> bool:
        """Whether nothing happens on the account while price stays from `low` to `high` until a moment."""
        return not self._unread and symbol in self._rules and self._core.stays_calm(symbol, low, high, until_ms)

    def pass_by(self, symbol: str, steps: Iterable[tuple[int, float]]) -> None:
        """Take note of prices (time, price) within what `stays_calm`."""
        self._core.pass_by(symbol, steps)

    def _watched(self, symbol: str, wanted: Callable[[str], bool] | None) -> AbstractContextManager[None]:
        return nullcontext() if wanted is None else self._core.watching_only(PAPER_KEY, symbol, wanted)

    def _is_quiet(self, symbol: str) -> bool:
        """Whether a price of the symbol can change nothing: most symbols at most times."""
        return not (self._unread or self._core.is_watched(symbol))

    def _see(self, symbol: str, time_ms: int, last: float, mark: float | None) -> None:
        """Take note of a price at which nothing can happen."""
        self._core.apply_tick(MarketTick(symbol, time_ms, last, 0.0, None))
        if mark is not None:
            self._core.set_mark_price(symbol, mark)

    def _advance(self, time_ms: int) -> None:
        self._core.advance_time(time_ms)
        self._collect()

    def _news(self) -> list[BrokerNews]:
        """Everything that happened and was not told yet, in order."""
        self._collect()
        news, self._unread = self._unread, []
        return news

    def _collect(self) -> None:
        for event in self._core.drain_events():
            self._unread += self._news_of(event)

    def _news_of(self, event: CoreEvent) -> list[BrokerNews]:
        if isinstance(event, OrderEvent):
            return self._order_event_news(event)
        if isinstance(event, AlgoEvent) and event.algo.status in ALGO_STATUS:
            return [_algo_update(event.algo, event.time_ms)]
        if isinstance(event, AccountEvent) and event.reason == "FUNDING_FEE":
            return [FundingPaid(event.time_ms, event.funding_symbol, self._mode, event.balances[0].change)]
        return []

    def _order_event_news(self, event: OrderEvent) -> list[BrokerNews]:
        order, trade = event.order, event.trade
        news: list[BrokerNews] = []
        if trade is not None:
            fill = Fill(
                client_id=order.client_order_id,
                symbol=order.symbol,
                trade_id=f"{self._trade_prefix}-{trade.trade_id}",
                side=OrderSide(order.side),
                price=trade.price,
                quantity=trade.quantity,
                fee=trade.fee,
                time_ms=event.time_ms,
                maker=trade.maker,
            )
            news.append(fill)
        came_from_trigger = order.orig_type != order.order_type
        if not (came_from_trigger and event.execution_type == "NEW"):
            news.append(_order_update(order, event.time_ms))
        return news

    def _known(self, symbol: str, client_id: str, time_ms: int) -> OrderUpdate | None:
        """The state of an order with this client id, whatever became of it."""
        try:
            return _order_update(self._core.order(PAPER_KEY, symbol, client_order_id=client_id), time_ms)
        except ExchangeRefusal:
            pass
        try:
            return _algo_update(self._core.algo_order(PAPER_KEY, client_algo_id=client_id), time_ms)
        except ExchangeRefusal:
            return None

    def _cannot_trade(self, symbol: str) -> str:
        if symbol not in self._rules:
            return f"{symbol} is not known to the paper account"
        if not self._core.last_price(symbol):
            return f"no price of {symbol} has arrived yet"
        return ""

    def _note_placed(self, client_id: str) -> None:
        self._placed[client_id] = None
        if len(self._placed) > CLIENT_IDS_KEPT:
            del self._placed[next(iter(self._placed))]

    def _restore_symbol(self, symbol: str) -> None:
        position = self._waiting_positions.pop(symbol, None)
        intents = self._waiting_orders.pop(symbol, [])
        for intent in intents:
            self._note_placed(intent.client_id)
        self._core.restore(
            PAPER_KEY,
            positions=[(symbol, position.quantity, position.entry_price)] if position else [],
            orders=[_order_request(i) for i in intents if i.order_type is OrderType.LIMIT],
            algos=[_algo_request(i) for i in intents if i.order_type.is_conditional],
        )

    def _funding_rate(self, symbol: str, time_ms: int) -> Decimal:
        return self._funding_rates.get(symbol, BASIC_FUNDING_RATE)

    def _follow_interval(self, symbol: str) -> None:
        interval_ms = max(1, round(self._funding_hours.get(symbol, FUNDING_HOURS))) * HOUR_MS
        if symbol in self._rules and self._core.funding_interval_ms(symbol) != interval_ms:
            self._core.set_funding_interval(symbol, interval_ms)


def _order_request(intent: OrderIntent) -> OrderRequest:
    limit = intent.order_type is OrderType.LIMIT
    return OrderRequest(
        symbol=intent.symbol,
        side=intent.side.value,
        order_type=intent.order_type.value,
        quantity=intent.quantity,
        price=intent.price if limit else None,
        time_in_force="GTC" if limit else None,
        reduce_only=intent.reduce_only,
        client_order_id=intent.client_id,
    )


def _algo_request(intent: OrderIntent) -> AlgoRequest:
    return AlgoRequest(
        symbol=intent.symbol,
        side=intent.side.value,
        order_type=intent.order_type.value,
        quantity=intent.quantity,
        trigger_price=intent.trigger_price,
        reduce_only=intent.reduce_only,
        client_algo_id=intent.client_id,
    )


def _order_update(order: OrderRecord, time_ms: int) -> OrderUpdate:
    reason = EXPIRY_REASONS.get(order.expiry_reason, "")
    status = ORDER_STATUS[order.status]
    return _update(order.client_order_id, order.symbol, status, time_ms, str(order.order_id), reason)


def _algo_update(algo: AlgoRecord, time_ms: int) -> OrderUpdate:
    status = ALGO_STATUS.get(algo.status, OrderStatus.TRIGGERED)
    return _update(algo.client_algo_id, algo.symbol, status, time_ms, str(algo.algo_id), algo.reject_reason)


def _update(
    client_id: str, symbol: str, status: OrderStatus, time_ms: int, exchange_id: str = "", reason: str = ""
) -> OrderUpdate:
    return OrderUpdate(client_id, symbol, status, time_ms, exchange_id, reason)
