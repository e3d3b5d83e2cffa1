"""The simulated exchange's matching and account core behind one door: `ExchangeCore`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from itertools import islice

from futtui.domain.errors import InvalidInputError
from futtui.domain.timeframe import HOUR_MS
from futtui.exchange.simulator.core import algo as algo_service
from futtui.exchange.simulator.core import changes, clock, preferences
from futtui.exchange.simulator.core.account import HISTORY_LIMIT, Account
from futtui.exchange.simulator.core.brackets import BracketTable, default_table
from futtui.exchange.simulator.core.liquidity import Level, Liquidity, SyntheticBook
from futtui.exchange.simulator.core.market import Market
from futtui.exchange.simulator.core.matching import look_ahead, react
from futtui.exchange.simulator.core.orders import LiveAlgo, LiveOrder
from futtui.exchange.simulator.core.placement import place_order
from futtui.exchange.simulator.core.questions import CoreQuestions
from futtui.exchange.simulator.core.records import (
    AlgoRecord,
    AlgoRequest,
    CoreEvent,
    MarketView,
    ModifyRequest,
    OrderRecord,
    OrderRequest,
    SymbolSettings,
)
from futtui.exchange.simulator.core.refusals import ExchangeRefusal, refusal
from futtui.exchange.simulator.core.reporting import book_income, report_account
from futtui.exchange.simulator.core.restoring import restore
from futtui.exchange.simulator.core.state import CoreState, FundingRate
from futtui.exchange.simulator.ports import MarketTick, SymbolSpec

CANCEL_BATCH_LIMIT = 10
BASIC_FUNDING_RATE = Decimal("0.0001")


def basic_funding_rate(symbol: str, time_ms: int) -> Decimal:
    """The exchange's interest rate, 0.01 % each eight hours, for every symbol at every time."""
    return BASIC_FUNDING_RATE


class ExchangeCore(CoreQuestions):
    """Orders, positions and money of a simulated USD-M futures exchange in one-way, single-asset mode.

    Synchronous and deterministic: no clock, no chance, no I/O. Time comes with ticks and `advance_time`. Every method
    that a client's request reaches raises `ExchangeRefusal` where the exchange would refuse. What happened is fetched
    with `drain_events`; on a fill the order event comes first, then the account event. Accounts trade against a book
    that is made up around the price, never against each other.
    """

    def __init__(
        self,
        specs: Sequence[SymbolSpec],
        start_ms: int,
        *,
        seed: int = 7,
        funding_rate: FundingRate = basic_funding_rate,
        liquidity: Liquidity | None = None,
        brackets: Mapping[str, BracketTable] | None = None,
        tells_accounts: bool = True,
    ) -> None:
        """`tells_accounts`: whether wallet and positions are told after each change; fundings always are."""
        self._brackets = dict(brackets or {})
        self._state = CoreState({}, start_ms, seed, liquidity or SyntheticBook(seed), funding_rate, tells_accounts)
        self._markets = self._state.markets
        for spec in specs:
            self.add_symbol(spec)

    # Set-up

    def add_symbol(self, spec: SymbolSpec) -> None:
        """List one more symbol; InvalidInputError if it is listed."""
        symbol = spec.rules.symbol
        table = self._brackets.get(symbol) or default_table(symbol)
        self._state.add_market(Market(spec, table, self._state.now_ms))
        if spec.funding_hours * HOUR_MS != self._state.funding_interval_ms(symbol):
            self._state.set_funding_interval(symbol, spec.funding_hours * HOUR_MS)

    def update_symbol(self, spec: SymbolSpec) -> None:
        """New rules or fees for a listed symbol; what is open stays as it is. Refused with -1121."""
        market = self._state.market(spec.rules.symbol)
        market.spec, market.rules = spec, spec.rules

    def set_brackets(self, symbol: str, table: BracketTable) -> None:
        """Another leverage table from now on; leverage that it does not offer is lowered. Refused with -1121."""
        market = self._state.market(symbol)
        market.table = table
        for account in self._state.accounts.values():
            preferences.lower_leverage(self._state, account, symbol)
            self._state.watch_account(account)

    def set_funding_interval(self, symbol: str, interval_ms: int) -> None:
        """Fund a listed symbol at another beat (of whole hours) from now on. Refused with -1121."""
        self._state.market(symbol)
        self._state.set_funding_interval(symbol, interval_ms)

    def funding_interval_ms(self, symbol: str) -> int:
        """How often a symbol is funded."""
        return self._state.funding_interval_ms(symbol)

    def set_open(self, symbol: str, is_open: bool) -> None:
        """Whether a listed symbol takes new orders (else -4140); what is open stays. Refused with -1121."""
        self._state.market(symbol).is_open = is_open

    def add_account(
        self,
        api_key: str,
        api_secret: str,
        balance: Decimal = Decimal("10000"),
        history_limit: int = HISTORY_LIMIT,
    ) -> Account:
        """A new customer with `balance` USDT; InvalidInputError if the key is taken or the balance negative.

        `history_limit`: how many finished orders, executions and entries of the wallet can still be asked for.
        """
        if api_key in self._state.accounts:
            raise InvalidInputError("This API key is in use already; give each account its own.")
        if balance < 0:
            raise InvalidInputError("The start balance of an account must not be negative.")
        account = self._state.accounts[api_key] = Account(api_key, api_secret, balance, history_limit)
        return account

    def transfer(self, api_key: str, amount: Decimal) -> None:
        """The customer puts USDT into the account, or takes them out (below zero); the user stream tells it."""
        account = self.account(api_key)
        book_income(self._state, account, "", "TRANSFER", amount)
        report_account(self._state, account, "DEPOSIT" if amount > 0 else "WITHDRAW", (), change=amount)
        self._state.watch_account(account)

    def restore(
        self,
        api_key: str,
        *,
        positions: Sequence[tuple[str, Decimal, Decimal]] = (),
        orders: Sequence[OrderRequest] = (),
        algos: Sequence[AlgoRequest] = (),
    ) -> None:
        """Put positions (symbol, signed quantity, entry price) and open orders back after a restart.

        Nothing is checked, matched or told: what a price has passed meanwhile happens at the next tick. Every order
        needs its client id. Refused with -1121 for a symbol that is not listed.
        """
        restore(self._state, self.account(api_key), positions, orders, algos)

    # Market and time

    @property
    def now_ms(self) -> int:
        """Exchange time."""
        return self._state.now_ms

    @property
    def symbols(self) -> list[str]:
        """Listed symbols in listing order."""
        return list(self._markets)

    @property
    def next_funding_ms(self) -> int:
        """When funding is paid next."""
        return self._state.next_funding_ms

    def apply_tick(self, tick: MarketTick) -> None:
        """Let one symbol's price move: prices, fills, triggers, liquidations; time goes on to the tick's."""
        state = self._state
        time_ms = tick.time_ms
        if time_ms >= state.due_ms:
            clock.advance(state, time_ms)
        if time_ms > state.now_ms:
            state.now_ms = time_ms
        market = self._markets.get(tick.symbol)
        if market is None:
            raise InvalidInputError(f"{tick.symbol} is not listed; list it before sending ticks.")
        if market.move(tick):
            react(state, market)

    def apply_ticks(self, ticks: Iterable[MarketTick]) -> None:
        """Apply ticks one after the other."""
        for tick in ticks:
            self.apply_tick(tick)

    def stays_calm(self, symbol: str, low: float, high: float, until_ms: int) -> bool:
        """Whether nothing happens while price, from where it is, stays from `low` to `high` until a moment."""
        market = self._state.market(symbol)
        if until_ms >= self._state.due_ms or not market.price:
            return False
        if market.watches_everything:
            look_ahead(self._state, market)
        return market.stays_calm(low, high)

    def pass_by(self, symbol: str, steps: Iterable[tuple[int, float]]) -> None:
        """Take over prices (time, price) at which nothing happens, as `stays_calm` has found."""
        self._state.now_ms = max(self._state.now_ms, self._state.market(symbol).pass_by(steps))

    def price_state(self, symbol: str) -> tuple[float, float, int]:
        """Price, its average and their time, for `take_as_one_move`."""
        market = self._state.market(symbol)
        return market.price, market.average, market.time_ms

    def take_as_one_move(self, symbol: str, before: tuple[float, float, int]) -> None:
        """Count the ticks since `before` as one move, for the mark price."""
        market = self._state.market(symbol)
        if market.as_one_move(*before):
            react(self._state, market)

    def set_mark_price(self, symbol: str, mark_price: float) -> None:
        """Use a mark price known from outside until the next tick."""
        market = self._state.market(symbol)
        if market.set_mark(mark_price):
            react(self._state, market)

    def advance_time(self, now_ms: int) -> None:
        """Let time pass: funding at 00, 08, 16 UTC and good-till-date orders fall due. Never goes back."""
        state = self._state
        if now_ms >= state.due_ms:
            clock.advance(state, now_ms)
        elif now_ms > state.now_ms:
            state.now_ms = now_ms

    def market(self, symbol: str) -> MarketView:
        """Prices of a symbol now; refused with -1121. All prices are 0 before its first tick."""
        market = self._state.market(symbol)
        bid, ask = self._state.liquidity.quotes(market) if market.price else (market.last, market.last)
        return MarketView(
            symbol=symbol,
            time_ms=market.time_ms,
            last_price=market.last,
            bid=bid,
            ask=ask,
            mark_price=market.mark_price,
            volume=market.volume,
            taker_buy_volume=market.taker_buy_volume,
        )

    def last_price(self, symbol: str) -> Decimal:
        """The last price of a symbol, 0 before its first tick; refused with -1121."""
        return self._state.market(symbol).last

    def is_watched(self, symbol: str) -> bool:
        """Whether anyone has an order or a position on a symbol."""
        return self._state.market(symbol).is_watched

    def is_calm(self, symbol: str, price: float) -> bool:
        """Whether no order of a symbol waits at its last price, at `price`, or between them."""
        market = self._state.market(symbol)
        low, high = market.price_low, market.price_high
        if not (low < price < high and low < market.price < high):
            return False
        return all(algo.request.working_type != "MARK_PRICE" for algo in market.algos.values())

    def book(self, symbol: str, levels: int) -> tuple[list[Level], list[Level]]:
        """(bids, asks), each best first, of (price, quantity); a function of seed, symbol, price and time only.

        Empty before the first tick; refused with -1121. Users' own resting orders are not part of it.
        """
        market = self._state.market(symbol)
        if not market.price:
            return [], []
        liquidity = self._state.liquidity
        return list(islice(liquidity.levels(market, -1), levels)), list(islice(liquidity.levels(market, 1), levels))

    def drain_events(self) -> list[CoreEvent]:
        """Everything that happened since the last call, in order."""
        events, self._state.events = self._state.events, []
        return events

    # Orders

    def place_order(self, api_key: str, request: OrderRequest) -> OrderRecord:
        """Place a LIMIT or MARKET order; its state after matching."""
        order = place_order(self._state, self.account(api_key), request)
        assert order is not None
        return _told(order)

    def test_order(self, api_key: str, request: OrderRequest) -> None:
        """Check an order without placing it."""
        place_order(self._state, self.account(api_key), request, dry_run=True)

    def modify_order(self, api_key: str, request: ModifyRequest) -> OrderRecord:
        """Change price and quantity of a resting LIMIT order; its state afterwards (it may have filled)."""
        return changes.modify_order(self._state, self.account(api_key), request).snapshot()

    def cancel_order(
        self, api_key: str, symbol: str, *, order_id: int | None = None, client_order_id: str | None = None
    ) -> OrderRecord:
        """Cancel a resting order; refused with -2011."""
        self._state.market(symbol)
        order = changes.find_open_order(self.account(api_key), symbol, order_id, client_order_id, -2011)
        changes.cancel_order(self._state, order)
        return _told(order)

    def cancel_orders(
        self, api_key: str, symbol: str, *, order_ids: Sequence[int] = (), client_order_ids: Sequence[str] = ()
    ) -> list[OrderRecord | ExchangeRefusal]:
        """Cancel up to ten orders by order id or, without those, by client id; each answer stands for itself."""
        if not 0 < len(order_ids or client_order_ids) <= CANCEL_BATCH_LIMIT:
            raise refusal(-4082)
        if order_ids:
            return [_answer(partial(self.cancel_order, api_key, symbol, order_id=i)) for i in order_ids]
        return [_answer(partial(self.cancel_order, api_key, symbol, client_order_id=i)) for i in client_order_ids]

    def cancel_all_orders(self, api_key: str, symbol: str) -> int:
        """Cancel all resting orders of a symbol (conditional ones stay); how many there were."""
        self._state.market(symbol)
        orders = list(self.account(api_key).orders_on(symbol).values())
        for order in orders:
            changes.cancel_order(self._state, order)
        return len(orders)

    # Conditional orders

    def place_algo(self, api_key: str, request: AlgoRequest) -> AlgoRecord:
        """Place a conditional order in the algo service."""
        return _told_algo(algo_service.place_algo(self._state, self.account(api_key), request))

    def cancel_algo(self, api_key: str, *, algo_id: int | None = None, client_algo_id: str | None = None) -> AlgoRecord:
        """Cancel a waiting conditional order; refused with -2011 (also once it has triggered)."""
        algo = changes.find_open_algo(self.account(api_key), algo_id, client_algo_id)
        algo_service.cancel_algo(self._state, algo)
        return _told_algo(algo)

    def cancel_all_algos(self, api_key: str, symbol: str) -> int:
        """Cancel all waiting conditional orders of a symbol; how many there were."""
        self._state.market(symbol)
        algos = [algo for algo in self.account(api_key).algos.values() if algo.symbol == symbol]
        for algo in algos:
            algo_service.cancel_algo(self._state, algo)
        return len(algos)

    @contextmanager
    def watching_only(self, api_key: str, symbol: str, wanted: Callable[[str], bool]) -> Iterator[None]:
        """Let the other conditional orders of an account on a symbol rest: price moves past them meanwhile.

        `wanted` is asked with their client ids.
        """
        market, account = self._state.market(symbol), self.account(api_key)
        mine = [each for each in market.algos.values() if each.account is account]
        resting = {each.algo_id: each for each in mine if not wanted(each.client_algo_id)}
        for algo_id in resting:
            del market.algos[algo_id]
        market.watch_everything()
        try:
            yield
        finally:
            market.algos = dict(sorted((market.algos | resting).items()))
            market.watch_everything()

    def conditional_orders(self, api_key: str, symbol: str) -> list[LiveAlgo]:
        """The conditional orders of an account that a price of the symbol may reach now, oldest first."""
        account = self.account(api_key)
        return [each for each in self._state.market(symbol).algos.values() if each.account is account]

    # Settings

    def set_leverage(self, api_key: str, symbol: str, leverage: int) -> SymbolSettings:
        """Choose the leverage of a symbol; refused with -4028, -4161, -2027, -2028."""
        preferences.set_leverage(self._state, self.account(api_key), symbol, leverage)
        return self.settings(api_key, symbol)

    def set_margin_type(self, api_key: str, symbol: str, margin_type: str) -> None:
        """Choose CROSSED or ISOLATED; refused with -4046, -4047, -4048."""
        preferences.set_margin_type(self._state, self.account(api_key), symbol, margin_type)

    def change_position_margin(self, api_key: str, symbol: str, amount: Decimal, change_type: int) -> None:
        """Add (1) or take out (2) isolated margin; refused with -4049, -4050, -4051, -4054, -4055."""
        preferences.change_position_margin(self._state, self.account(api_key), symbol, amount, change_type)

    def set_position_mode(self, api_key: str, dual: bool) -> None:
        """Always refused: -4059 for one-way, -4067, -4068 or -4531 for hedge mode."""
        preferences.set_position_mode(self.account(api_key), dual)

    def set_multi_assets_mode(self, api_key: str, multi_assets: bool) -> None:
        """Always refused: -4171 for single-asset, -4169 for multi-assets."""
        self.account(api_key)
        preferences.set_multi_assets_mode(multi_assets)


def _told(order: LiveOrder) -> OrderRecord:
    """The order as it was told last: whatever happens to it is told."""
    return order.account.order_history.get(order.order_id) or order.snapshot()


def _told_algo(algo: LiveAlgo) -> AlgoRecord:
    """As `_told`, of a conditional order."""
    return algo.account.algo_history.get(algo.algo_id) or algo.snapshot()


def _answer(call: Callable[[], OrderRecord]) -> OrderRecord | ExchangeRefusal:
    try:
        return call()
    except ExchangeRefusal as refused:
        return refused
