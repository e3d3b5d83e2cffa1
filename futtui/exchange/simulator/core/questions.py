"""The questions that the exchange's customers may ask: orders, executions, money, positions. They change nothing."""

from __future__ import annotations

from futtui.exchange.simulator.core import changes, margin, queries
from futtui.exchange.simulator.core.account import Account, Settings
from futtui.exchange.simulator.core.brackets import Bracket
from futtui.exchange.simulator.core.market import Market
from futtui.exchange.simulator.core.records import (
    AlgoRecord,
    AmendmentRecord,
    BalanceRecord,
    IncomeRecord,
    MarginChange,
    OrderRecord,
    PositionRecord,
    SymbolSettings,
    TradeRecord,
)
from futtui.exchange.simulator.core.state import CoreState


class CoreQuestions:
    """Answers out of the core's state, for one customer at a time."""

    _state: CoreState
    _markets: dict[str, Market]

    def account(self, api_key: str) -> Account:
        """The account of a key; refused with -2015."""
        return self._state.account(api_key)

    def order(
        self, api_key: str, symbol: str, *, order_id: int | None = None, client_order_id: str | None = None
    ) -> OrderRecord:
        """An order in any state; refused with -2013."""
        return queries.order_record(self.account(api_key), symbol, order_id, client_order_id)

    def open_order(
        self, api_key: str, symbol: str, *, order_id: int | None = None, client_order_id: str | None = None
    ) -> OrderRecord:
        """A resting order; refused with -2013."""
        return changes.find_open_order(self.account(api_key), symbol, order_id, client_order_id, -2013).snapshot()

    def open_orders(self, api_key: str, symbol: str | None = None) -> list[OrderRecord]:
        """Resting orders, oldest first."""
        return queries.open_orders(self.account(api_key), symbol)

    def all_orders(
        self,
        api_key: str,
        symbol: str | None = None,
        *,
        order_id: int | None = None,
        start_ms: int | None = None,
        end_ms: int | None = None,
        limit: int = 500,
    ) -> list[OrderRecord]:
        """Orders in any state, oldest first."""
        return queries.all_orders(self.account(api_key), symbol, order_id, start_ms, end_ms, limit)

    def algo_order(self, api_key: str, *, algo_id: int | None = None, client_algo_id: str | None = None) -> AlgoRecord:
        """A conditional order in any state; refused with -2013."""
        return queries.algo_record(self.account(api_key), algo_id, client_algo_id)

    def open_algo_orders(self, api_key: str, symbol: str | None = None) -> list[AlgoRecord]:
        """Waiting conditional orders, oldest first."""
        return queries.open_algos(self.account(api_key), symbol)

    def all_algo_orders(
        self,
        api_key: str,
        symbol: str | None = None,
        *,
        algo_id: int | None = None,
        start_ms: int | None = None,
        end_ms: int | None = None,
        limit: int = 500,
    ) -> list[AlgoRecord]:
        """Conditional orders in any state, oldest first."""
        return queries.all_algos(self.account(api_key), symbol, algo_id, start_ms, end_ms, limit)

    def amendments(self, api_key: str, symbol: str, order_id: int | None = None) -> list[AmendmentRecord]:
        """Modifications of orders on a symbol, oldest first."""
        records = self.account(api_key).amendments
        return [a for a in records if a.symbol == symbol and order_id in (None, a.order_id)]

    def trades(
        self,
        api_key: str,
        symbol: str | None = None,
        *,
        order_id: int | None = None,
        from_id: int | None = None,
        start_ms: int | None = None,
        end_ms: int | None = None,
        limit: int = 500,
    ) -> list[TradeRecord]:
        """The account's executions, oldest first."""
        return queries.trades(self.account(api_key), symbol, order_id, from_id, start_ms, end_ms, limit)

    def income(
        self,
        api_key: str,
        symbol: str | None = None,
        income_type: str | None = None,
        *,
        start_ms: int | None = None,
        end_ms: int | None = None,
        limit: int = 100,
    ) -> list[IncomeRecord]:
        """Changes of the wallet, oldest first."""
        return queries.income(self.account(api_key), symbol, income_type, start_ms, end_ms, limit)

    def margin_changes(self, api_key: str, symbol: str) -> list[MarginChange]:
        """Isolated margin that the user moved, oldest first."""
        return [change for change in self.account(api_key).margin_changes if change.symbol == symbol]

    def position(self, api_key: str, symbol: str) -> PositionRecord:
        """The position on a symbol, flat or not; refused with -1121."""
        return margin.position_record(self._state, self.account(api_key), symbol)

    def positions(self, api_key: str, symbol: str | None = None, *, all_symbols: bool = False) -> list[PositionRecord]:
        """Positions of symbols with a position or resting orders (v3 answers), or of every symbol (v2 answers)."""
        account = self.account(api_key)
        names = [symbol] if symbol is not None else list(self._markets)
        records = [margin.position_record(self._state, account, name) for name in names]
        return [r for r in records if all_symbols or r.quantity or account.orders_on(r.symbol)]

    def balance(self, api_key: str) -> BalanceRecord:
        """Wallet and margins of the account."""
        return margin.balance(self._state, self.account(api_key))

    def settings(self, api_key: str, symbol: str) -> SymbolSettings:
        """The account's leverage and margin type on a symbol; refused with -1121."""
        market = self._state.market(symbol)
        settings: Settings = self._state.settings(self.account(api_key), symbol)
        return SymbolSettings(
            symbol=symbol,
            margin_type="ISOLATED" if settings.isolated else "CROSSED",
            leverage=settings.leverage,
            max_notional=market.table.max_notional(settings.leverage),
        )

    def brackets(self, symbol: str) -> tuple[Bracket, ...]:
        """The leverage brackets of a symbol; refused with -1121."""
        return self._state.market(symbol).table.brackets
