"""What all parts of the core share: markets, accounts, the time, ids, and the events not yet fetched."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from futtui.domain.errors import InvalidInputError
from futtui.exchange.simulator.core.account import Account, Settings
from futtui.exchange.simulator.core.liquidity import Liquidity
from futtui.exchange.simulator.core.market import Market
from futtui.exchange.simulator.core.records import CoreEvent
from futtui.exchange.simulator.core.refusals import refusal

FundingRate = Callable[[str, int], float | Decimal]

FUNDING_INTERVAL_MS = 8 * 3_600_000
FIRST_ORDER_ID = 8_000_000_001
FIRST_ALGO_ID = 1_000_000_000_000_001
FIRST_TRANSACTION_ID = 9_000_000_001
DEFAULT_LEVERAGE = 20


class CoreState:
    """The shared state; `due_ms` is the next moment at which time alone makes something happen."""

    def __init__(
        self,
        markets: dict[str, Market],
        start_ms: int,
        seed: int,
        liquidity: Liquidity,
        funding_rate: FundingRate,
        tells_accounts: bool = True,
    ) -> None:
        self.markets = markets
        self.accounts: dict[str, Account] = {}
        self.now_ms = start_ms
        self.seed = seed
        self.liquidity = liquidity
        self.funding_rate = funding_rate
        self.tells_accounts = tells_accounts
        self.funding_intervals_ms: dict[str, int] = {}
        """Of symbols that are not funded every eight hours."""
        self.next_funding_ms = (start_ms // FUNDING_INTERVAL_MS + 1) * FUNDING_INTERVAL_MS
        self.due_ms = self.next_funding_ms
        self.events: list[CoreEvent] = []
        self._next_order_id = FIRST_ORDER_ID
        self._next_algo_id = FIRST_ALGO_ID
        self._next_transaction_id = FIRST_TRANSACTION_ID

    def set_funding_interval(self, symbol: str, interval_ms: int) -> None:
        """Fund a symbol at another beat from now on."""
        self.funding_intervals_ms[symbol] = interval_ms
        shortest_ms = min(self.funding_intervals_ms.values())
        self.next_funding_ms = min(self.next_funding_ms, (self.now_ms // shortest_ms + 1) * shortest_ms)
        self.due_ms = min(self.due_ms, self.next_funding_ms)

    def funding_interval_ms(self, symbol: str) -> int:
        """How often a symbol is funded."""
        return self.funding_intervals_ms.get(symbol, FUNDING_INTERVAL_MS)

    def market(self, symbol: str) -> Market:
        """The market of a listed symbol, else refusal -1121."""
        try:
            return self.markets[symbol]
        except KeyError:
            raise refusal(-1121) from None

    def account(self, api_key: str) -> Account:
        """The account of a key, else refusal -2015."""
        try:
            return self.accounts[api_key]
        except KeyError:
            raise refusal(-2015) from None

    def settings(self, account: Account, symbol: str) -> Settings:
        """The account's leverage and margin type on a symbol."""
        settings = account.settings.get(symbol)
        if settings is None:
            leverage = min(DEFAULT_LEVERAGE, self.market(symbol).table.max_leverage)
            settings = account.settings[symbol] = Settings(leverage)
        return settings

    def new_order_id(self) -> int:
        """A fresh order id."""
        self._next_order_id += 1
        return self._next_order_id - 1

    def new_algo_id(self) -> int:
        """A fresh id for a conditional order; its own number space, as on the exchange."""
        self._next_algo_id += 1
        return self._next_algo_id - 1

    def new_transaction_id(self) -> int:
        """A fresh id for an income entry."""
        self._next_transaction_id += 1
        return self._next_transaction_id - 1

    def due_at(self, time_ms: int) -> None:
        """Make sure that the clock work runs at `time_ms`."""
        self.due_ms = min(self.due_ms, time_ms)

    def watch_account(self, account: Account) -> None:
        """Look closely at the next tick of each symbol on which the account has a position."""
        account.watched_excess = None
        for symbol, position in account.positions.items():
            if position.quantity:
                self.markets[symbol].watch_everything()

    def add_market(self, market: Market) -> None:
        """List a symbol."""
        if market.symbol in self.markets:
            raise InvalidInputError(f"{market.symbol} is listed already; give each symbol once.")
        self.markets[market.symbol] = market
