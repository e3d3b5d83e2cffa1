"""The account over REST: balances, positions, settings, income, listen keys."""

from __future__ import annotations

from typing import Any

from futtui.exchange.simulator.core.records import PositionRecord, SymbolSettings
from futtui.exchange.simulator.wire import account_payloads as payloads
from futtui.exchange.simulator.wire.errors import WireError
from futtui.exchange.simulator.wire.limits import ORDERS_PER_10_S, ORDERS_PER_MINUTE
from futtui.exchange.simulator.wire.rest import Call, RouteTable, Security
from futtui.exchange.simulator.wire.user_events import decimal_text
from futtui.exchange.simulator.wire.venue import Venue

SUCCESS = {"code": 200, "msg": "success"}


class AccountRoutes:
    """Handlers of account paths."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._core = venue.core
        self._modes = venue.modes

    def register(self, table: RouteTable) -> None:
        """Put all paths into the table."""

        def add(method: str, path: str, handler: Any, weight: int = 1, security: Security = Security.SIGNED) -> None:
            table.add(method, f"/fapi/{path}", handler, weight, security=security)

        add("GET", "v3/account", self.account_v3, 5)
        add("GET", "v2/account", self.account_v2, 5)
        for version in ("v2", "v3"):
            add("GET", f"{version}/balance", self.balance, 5)
        add("GET", "v3/positionRisk", self.position_risk_v3, 5)
        add("GET", "v2/positionRisk", self.position_risk_v2, 5)
        add("GET", "v1/accountConfig", self.account_config, 5)
        add("GET", "v1/symbolConfig", self.symbol_config, 5)
        add("GET", "v1/leverageBracket", self.leverage_brackets)
        add("GET", "v1/commissionRate", self.commission_rate, 20)
        add("GET", "v1/income", self.income, 30)
        add("GET", "v1/rateLimit/order", self.order_limits)
        add("GET", "v1/adlQuantile", self.adl_quantile, 5)
        add("GET", "v1/apiTradingStatus", lambda _: {"indicators": {}, "updateTime": self._venue.clock.now_ms})
        add("POST", "v1/leverage", self.set_leverage)
        add("POST", "v1/marginType", self.set_margin_type)
        add("POST", "v1/positionSide/dual", self.set_position_mode)
        add("GET", "v1/positionSide/dual", lambda _: {"dualSidePosition": self._modes.hedge}, 30)
        add("POST", "v1/multiAssetsMargin", self.set_multi_assets)
        add("GET", "v1/multiAssetsMargin", lambda _: {"multiAssetsMargin": self._modes.multi_asset}, 30)
        table.add("GET", "/sapi/v1/account/apiRestrictions", self.key_rights, 1, security=Security.SIGNED)
        add("GET", "v1/feeBurn", lambda _: {"feeBurn": False}, 30)
        add("POST", "v1/positionMargin", self.change_margin)
        add("GET", "v1/positionMargin/history", self.margin_history)
        add("POST", "v1/listenKey", self.create_listen_key, 1, Security.KEY)
        add("PUT", "v1/listenKey", self.extend_listen_key, 1, Security.KEY)
        add("DELETE", "v1/listenKey", self.delete_listen_key, 1, Security.KEY)

    # -- balances and positions ---------------------------------------------------------------------------------------

    def account_v3(self, call: Call) -> dict[str, Any]:
        """Totals, the asset, and positions of symbols that have any."""
        balance = self._core.balance(call.api_key)
        positions = self._core.positions(call.api_key)
        return {
            **payloads.totals(balance),
            "assets": [payloads.asset_row(balance)],
            "positions": [payloads.account_position_v3(position) for position in positions],
        }

    def account_v2(self, call: Call) -> dict[str, Any]:
        """The same with permissions, and with every symbol."""
        balance = self._core.balance(call.api_key)
        positions = self._core.positions(call.api_key, all_symbols=True)
        return {
            **self._permissions(),
            **payloads.totals(balance),
            "assets": [{**payloads.asset_row(balance), "marginAvailable": True}],
            "positions": [payloads.account_position_v2(position) for position in positions],
        }

    def balance(self, call: Call) -> list[dict[str, Any]]:
        """The one asset of the account."""
        return [payloads.balance_row(self._core.balance(call.api_key))]

    def position_risk_v3(self, call: Call) -> list[dict[str, Any]]:
        """Positions of symbols that have any."""
        return [payloads.position_risk_v3(position) for position in self._positions(call, all_symbols=False)]

    def position_risk_v2(self, call: Call) -> list[dict[str, Any]]:
        """Positions of every symbol."""
        return [payloads.position_risk_v2(position) for position in self._positions(call, all_symbols=True)]

    def income(self, call: Call) -> list[dict[str, Any]]:
        """Changes of the wallet."""
        rows = self._core.income(
            call.api_key,
            _symbol(call),
            call.optional("incomeType"),
            start_ms=call.whole("startTime"),
            end_ms=call.whole("endTime"),
            limit=call.limit(100, 1000),
        )
        return [payloads.income_row(row) for row in rows]

    def adl_quantile(self, call: Call) -> list[dict[str, Any]]:
        """Place in the deleveraging queue: always the lowest."""
        positions = self._core.positions(call.api_key, _symbol(call))
        return [{"symbol": position.symbol, "adlQuantile": {"BOTH": 1}} for position in positions]

    # -- settings ----------------------------------------------------------------------------------------------------

    def account_config(self, call: Call) -> dict[str, Any]:
        """Modes and permissions of the account."""
        permissions = self._permissions()
        del permissions["feeBurn"]
        return {**permissions, "dualSidePosition": self._modes.hedge}

    def key_rights(self, _: Call) -> dict[str, Any]:
        """What the API key may do."""
        modes = self._modes
        return {
            "ipRestrict": modes.key_bound,
            "createTime": self._venue.source.start_ms,
            "enableReading": True,
            "enableWithdrawals": modes.key_withdraws,
            "enableInternalTransfer": False,
            "enableMargin": False,
            "enableFutures": modes.key_trades,
            "permitsUniversalTransfer": False,
            "enableVanillaOptions": False,
            "enableSpotAndMarginTrading": False,
        }

    def symbol_config(self, call: Call) -> list[dict[str, Any]]:
        """Leverage and margin type of one symbol or of all."""
        symbol = _symbol(call)
        symbols = [symbol] if symbol else self._core.symbols
        return [payloads.symbol_config_row(self._core.settings(call.api_key, name)) for name in symbols]

    def leverage_brackets(self, call: Call) -> list[dict[str, Any]]:
        """Leverage brackets of one symbol or of all."""
        symbol = _symbol(call)
        symbols = [symbol] if symbol else self._core.symbols
        return [payloads.bracket_row(name, self._core.brackets(name)) for name in symbols]

    def commission_rate(self, call: Call) -> dict[str, Any]:
        """Fees of a symbol."""
        symbol = call.symbol()
        market = self._venue.market.symbols.get(symbol)
        if market is None:
            raise WireError(-1121)
        return {
            "symbol": symbol,
            "makerCommissionRate": decimal_text(market.spec.maker_fee),
            "takerCommissionRate": decimal_text(market.spec.taker_fee),
            "rpiCommissionRate": decimal_text(market.spec.maker_fee),
        }

    def order_limits(self, call: Call) -> list[dict[str, Any]]:
        """The account's order limits."""
        ten = {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": ORDERS_PER_10_S}
        return [ten, {"rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1, "limit": ORDERS_PER_MINUTE}]

    def set_leverage(self, call: Call) -> dict[str, Any]:
        """Choose the leverage of a symbol."""
        symbol, leverage = call.symbol(), call.whole("leverage")
        if leverage is None:
            raise WireError(-1102, name="leverage")
        settings: SymbolSettings = self._core.set_leverage(call.api_key, symbol, leverage)
        return {
            "leverage": settings.leverage,
            "maxNotionalValue": decimal_text(settings.max_notional),
            "symbol": symbol,
        }

    def set_margin_type(self, call: Call) -> dict[str, Any]:
        """Choose isolated or cross margin for a symbol."""
        self._core.set_margin_type(call.api_key, call.symbol(), call.text("marginType").upper())
        return SUCCESS

    def set_position_mode(self, call: Call) -> dict[str, Any]:
        """One-way mode only: the core refuses every change; an account that a test put into hedge mode may leave it."""
        dual = call.flag("dualSidePosition")
        if dual is None:
            raise WireError(-1102, name="dualSidePosition")
        if self._modes.hedge and not dual and not self._core.positions(call.api_key):
            self._modes.hedge = False
            return SUCCESS
        self._core.set_position_mode(call.api_key, dual)
        return SUCCESS

    def set_multi_assets(self, call: Call) -> dict[str, Any]:
        """Single-asset mode only: the core refuses every change; an account that a test changed may go back to it."""
        multi = call.flag("multiAssetsMargin")
        if multi is None:
            raise WireError(-1102, name="multiAssetsMargin")
        if self._modes.multi_asset and not multi:
            self._modes.multi_asset = False
            return SUCCESS
        self._core.set_multi_assets_mode(call.api_key, multi)
        return SUCCESS

    def change_margin(self, call: Call) -> dict[str, Any]:
        """Add or take out isolated margin."""
        amount, change_type = call.decimal("amount"), call.whole("type")
        if amount is None:
            raise WireError(-1102, name="amount")
        if change_type not in (1, 2):
            raise WireError(-1130, name="type")
        self._core.change_position_margin(call.api_key, call.symbol(), amount, change_type)
        text = "Successfully modify position margin."
        return {"amount": float(amount), "code": 200, "msg": text, "type": change_type}

    def margin_history(self, call: Call) -> list[dict[str, Any]]:
        """Isolated margin that the account moved."""
        return [
            {
                "symbol": change.symbol,
                "type": change.change_type,
                "deltaType": "USER_ADJUST",
                "amount": decimal_text(change.amount),
                "asset": change.asset,
                "time": change.time_ms,
                "positionSide": "BOTH",
            }
            for change in self._core.margin_changes(call.api_key, call.symbol())
        ]

    # -- listen keys -------------------------------------------------------------------------------------------------

    def create_listen_key(self, call: Call) -> dict[str, Any]:
        """The key of the account's private stream."""
        return {"listenKey": self._venue.keys.create(call.api_key)}

    def extend_listen_key(self, call: Call) -> dict[str, Any]:
        """Keep the key alive."""
        return {"listenKey": self._venue.keys.extend(call.api_key)}

    def delete_listen_key(self, call: Call) -> dict[str, Any]:
        """End the key."""
        key = self._venue.keys.of_account(call.api_key)
        self._venue.keys.delete(call.api_key)
        if key is not None:
            self._venue.hub.retire(key)
        return {}

    def _positions(self, call: Call, *, all_symbols: bool) -> list[PositionRecord]:
        return self._core.positions(call.api_key, _symbol(call), all_symbols=all_symbols)

    def _permissions(self) -> dict[str, Any]:
        return {
            "feeTier": 0,
            "feeBurn": False,
            "canTrade": self._modes.can_trade,
            "canDeposit": True,
            "canWithdraw": False,
            "updateTime": 0,
            "multiAssetsMargin": self._modes.multi_asset,
            "tradeGroupId": -1,
        }


def _symbol(call: Call) -> str | None:
    symbol = call.optional("symbol")
    return symbol.upper() if symbol else None
