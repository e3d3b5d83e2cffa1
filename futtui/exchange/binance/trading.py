"""Orders of one account: what was asked for leaves once, and every answer becomes a plain fact about the order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from futtui.domain.account import AccountModes, KeyRights, SymbolSetup, lower_leverage_text
from futtui.domain.errors import ExchangeError
from futtui.domain.orders import Fill, OrderIntent, OrderStatus, OrderUpdate
from futtui.domain.side import Side
from futtui.domain.symbols import LeverageTier, SymbolRules
from futtui.exchange.binance.budget import RequestBudget
from futtui.exchange.binance.client_mark import ClientMark
from futtui.exchange.binance.clock import ClockMs
from futtui.exchange.binance.errors import BadAnswer, Refused, TimeoutUnknown, Unavailable
from futtui.exchange.binance.income import FILLS_WINDOW_MS, IncomeQuestions
from futtui.exchange.binance.signed_client import DEADLINE_SECONDS, SignedClient
from futtui.exchange.binance.trading_models import (
    OpenOrder,
    OpenPosition,
    algo_params,
    fill_from,
    open_algo_from,
    open_order_from,
    order_params,
    position_from,
    refusal_before_sending,
    rows_of,
    setup_from,
    tiers_from,
    update_from_algo,
    update_from_order,
)
from futtui.exchange.binance.weights import (
    ACCOUNT_QUERY_WEIGHT,
    USER_TRADES_WEIGHT,
    open_orders_weight,
)
from futtui.exchange.ports import Credentials, Endpoints

DUPLICATE_CLIENT_ID = -4116
UNKNOWN_ORDER_CODES = frozenset({-2011, -2013})
CLOCK_CODES = frozenset({-1021, -5028})
NOTHING_TO_CHANGE = -4046
BLOCKED_BY_ACCOUNT = frozenset({-4047, -4048})
LOWER_LEVERAGE_REFUSED = -4161
ONE_WAY_ALREADY = -4059
SINGLE_ALREADY = -4171
MARGIN_ASSET = "USDT"
THROTTLED = -1008
ENTRY_PATIENCE_S = 1.0
"""So long an entry waits for room in the exchange's limits; then the price may be another one."""
LATE_S = 3.0
"""An entry that was refused for its time is not sent again when that took longer to mend."""
REPEAT_PAUSES_S = (0.2, 0.4, 0.6)
"""Together shorter than a position may be without its stop."""
MOST_EXECUTIONS = 1000

logger = logging.getLogger(__name__)
Resync = Callable[[], Awaitable[object]]


class BinanceTrading(IncomeQuestions):
    """Implements TradingPort through ccxt as signer and transport; order meaning stays here.

    `clock` gives the EXCHANGE's time in ms (for the embedded exchange its virtual time). `resync_clock` measures it
    anew after the exchange called a timestamp wrong; such a request was certainly not carried out and is sent once
    more under the same client id. Nothing else is ever sent twice. Each request has a deadline of 10 s.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        credentials: Credentials,
        rules: Mapping[str, SymbolRules],
        clock: ClockMs,
        *,
        budget: RequestBudget | None = None,
        resync_clock: Resync | None = None,
        deadline_seconds: float = DEADLINE_SECONDS,
        mark: ClientMark | None = None,
    ) -> None:
        self._mark = mark or ClientMark()
        self._rules = dict(rules)
        self._clock = clock
        self._resync_clock = resync_clock
        self._client = SignedClient(
            endpoints, credentials, clock, budget or RequestBudget(clock), deadline_seconds=deadline_seconds
        )

    async def open(self) -> None:
        """Loads the trading library (a second); the first call would do it otherwise."""
        await self._client.open()

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.close()

    @property
    def known_rules(self) -> Mapping[str, SymbolRules]:
        """The rules by which orders are judged, of watched symbols and of all others."""
        return self._rules

    def take_rules(self, rules: SymbolRules) -> None:
        """Judge orders on a symbol by other rules from now on."""
        self._rules[rules.symbol] = rules

    # Orders

    async def place(self, intent: OrderIntent, *, hedge_side: Side | None = None) -> OrderUpdate:
        """Sends the order and says what is known then.

        REJECTED with the reason after a definite refusal, UNKNOWN when no clear answer came or the client id exists
        already (an earlier attempt arrived): then only the account stream or `query` may tell. What only reduces is
        sent again, under the same client id, after the exchange was too busy and certainly did nothing. `hedge_side`:
        which position an order without a trigger is about, for an account in hedge mode.
        """
        refusal = refusal_before_sending(intent, self._rules.get(intent.symbol))
        if refusal is not None:
            return self._fact(intent, OrderStatus.REJECTED, f"not sent: {refusal}")
        for pause_s in REPEAT_PAUSES_S if intent.reduce_only else ():
            try:
                return await self._place(intent, hedge_side)
            except ExchangeError as error:
                if not _did_nothing_for_now(error):
                    return self._outcome(intent, error)
                logger.warning("%s is sent again in a moment: %s", intent.client_id, error)
            await asyncio.sleep(pause_s)
        try:
            if not intent.reduce_only:
                self._client.refuse_while_paused()
            return await self._place(intent, hedge_side)
        except ExchangeError as error:
            return self._outcome(intent, error)

    async def _place(self, intent: OrderIntent, hedge_side: Side | None) -> OrderUpdate:
        patience_s = None if intent.reduce_only else ENTRY_PATIENCE_S
        urgency: dict[str, Any] = {"weight": 0, "orders": 1, "patience_s": patience_s}
        if intent.order_type.is_conditional:
            answer = await self._change("fapiPrivatePostAlgoOrder", algo_params(intent), **urgency)
            return self._checked(update_from_algo(answer, self._clock()), intent)
        answer = await self._change("fapiPrivatePostOrder", order_params(intent, hedge_side), **urgency)
        return self._checked(update_from_order(answer, self._clock()), intent)

    def _outcome(self, intent: OrderIntent, error: ExchangeError) -> OrderUpdate:
        """What a failed attempt says about the order."""
        is_unknown = isinstance(error, TimeoutUnknown | BadAnswer)
        is_known = isinstance(error, Refused) and error.code == DUPLICATE_CLIENT_ID
        return self._fact(intent, OrderStatus.UNKNOWN if is_unknown or is_known else OrderStatus.REJECTED, str(error))

    async def cancel(self, symbol: str, client_id: str, *, conditional: bool) -> OrderUpdate:
        """Cancels an order; if the exchange does not have it open any more, says what became of it.

        UNKNOWN when no clear answer came; raises ExchangeError when the exchange certainly did not cancel it.
        """
        try:
            if conditional:
                await self._change("fapiPrivateDeleteAlgoOrder", {"clientAlgoId": client_id}, weight=1)
                return OrderUpdate(client_id, symbol, OrderStatus.CANCELED, self._clock())
            params = {"symbol": symbol, "origClientOrderId": client_id}
            answer = await self._change("fapiPrivateDeleteOrder", params, weight=1)
            return update_from_order(answer, self._clock())
        except (TimeoutUnknown, BadAnswer) as error:
            return OrderUpdate(client_id, symbol, OrderStatus.UNKNOWN, self._clock(), reason=str(error))
        except Refused as error:
            if error.code not in UNKNOWN_ORDER_CODES:
                raise
        found = await self.query(symbol, client_id, conditional=conditional)
        if found is not None:
            return found
        reason = "the exchange knows no such order, neither open nor ended"
        return OrderUpdate(client_id, symbol, OrderStatus.UNKNOWN, self._clock(), reason=reason)

    async def query(self, symbol: str, client_id: str, *, conditional: bool) -> OrderUpdate | None:
        """What the exchange knows about an order; None if it says that there is no such order.

        Where the mark of what is open was lost, it is looked for on the orders that wait on the symbol.
        """
        was_lost = self._mark.is_lost
        found = await self._look_up(symbol, client_id, conditional=conditional)
        if found is not None or not was_lost:
            return found
        if self._mark.is_lost and not self._mark.learn(order.client_id for order in await self.open_orders(symbol)):
            return None
        return await self._look_up(symbol, client_id, conditional=conditional)

    async def _look_up(self, symbol: str, client_id: str, *, conditional: bool) -> OrderUpdate | None:
        try:
            if conditional:
                answer = await self._ask("fapiPrivateGetAlgoOrder", {"clientAlgoId": client_id}, weight=1)
                return update_from_algo(answer, self._clock())
            params = {"symbol": symbol, "origClientOrderId": client_id}
            return update_from_order(await self._ask("fapiPrivateGetOrder", params, weight=1), self._clock())
        except Refused as error:
            if error.code in UNKNOWN_ORDER_CODES:
                return None
            raise

    async def executions(self, symbol: str, client_id: str, exchange_id: str) -> list[Fill]:
        """Executions of one order, oldest first; `exchange_id` is the id of its order in the matching engine."""
        params = {"symbol": symbol, "orderId": exchange_id, "limit": str(MOST_EXECUTIONS)}
        rows = await self._ask("fapiPrivateGetUserTrades", params, weight=USER_TRADES_WEIGHT)
        return rows_of(rows, lambda row: fill_from(row, client_id))

    async def symbol_fills(self, symbol: str, since_ms: int) -> list[Fill]:
        """Every execution on a symbol since then, whoever ordered it, with the client id of its order; oldest first.

        At most the newest seven days, the exchange's window, and its first thousand executions.
        """
        start_ms = max(since_ms, self._clock() - FILLS_WINDOW_MS)
        params = {"symbol": symbol, "startTime": str(start_ms), "limit": str(MOST_EXECUTIONS)}
        rows = await self._ask("fapiPrivateGetUserTrades", params, weight=USER_TRADES_WEIGHT)
        orders = dict.fromkeys(rows_of(rows, lambda row: str(row["orderId"])))
        names = {number: await self._client_id(symbol, number) for number in orders}
        return rows_of(rows, lambda row: fill_from(row, names[str(row["orderId"])]))

    async def _client_id(self, symbol: str, exchange_id: str) -> str:
        """Client id of an order of the matching engine; a telling one where the exchange forgot it."""
        try:
            answer = await self._ask("fapiPrivateGetOrder", {"symbol": symbol, "orderId": exchange_id}, weight=1)
        except Refused as error:
            if error.code not in UNKNOWN_ORDER_CODES:
                raise
            return f"order:{exchange_id}"
        return str(answer["clientOrderId"])

    # The account as the exchange sees it

    async def wallet_balance(self) -> Decimal:
        """Wallet balance in USDT, without unrealised profit; 0 if the account holds none."""
        rows = await self._ask("fapiPrivateV3GetBalance", {}, weight=ACCOUNT_QUERY_WEIGHT)
        balances = dict(rows_of(rows, lambda row: (row["asset"], Decimal(str(row["balance"])))))
        return balances.get(MARGIN_ASSET, Decimal(0))

    async def open_orders(self, symbol: str | None = None) -> list[OpenOrder]:
        """All resting orders, normal and conditional, of one symbol or of the account."""
        params = {"symbol": symbol} if symbol else {}
        weight = open_orders_weight(symbol)
        normal = await self._ask("fapiPrivateGetOpenOrders", params, weight=weight)
        conditional = await self._ask("fapiPrivateGetOpenAlgoOrders", params, weight=weight)
        return [*rows_of(normal, open_order_from), *rows_of(conditional, open_algo_from)]

    async def positions(self) -> list[OpenPosition]:
        """Positions that are not flat."""
        rows = await self._ask("fapiPrivateV3GetPositionRisk", {}, weight=ACCOUNT_QUERY_WEIGHT)
        return [position for position in rows_of(rows, position_from) if position.amount != 0]

    async def leverage_tiers(self) -> dict[str, tuple[LeverageTier, ...]]:
        """The leverage table of every symbol, as it holds for this account."""
        rows = await self._ask("fapiPrivateGetLeverageBracket", {}, weight=1)
        return dict(rows_of(rows, tiers_from))

    async def set_leverage(self, symbol: str, leverage: int) -> int:
        """Sets the leverage; returns what the exchange set."""
        params = {"symbol": symbol, "leverage": str(leverage)}
        answer = await self._change("fapiPrivatePostLeverage", params, weight=1)
        return int(answer["leverage"])

    async def set_margin_type(self, symbol: str, *, isolated: bool) -> None:
        """Sets isolated or cross margin; that it was set already is fine too."""
        params = {"symbol": symbol, "marginType": "ISOLATED" if isolated else "CROSSED"}
        try:
            await self._change("fapiPrivatePostMarginType", params, weight=1)
        except Refused as error:
            if error.code != NOTHING_TO_CHANGE:
                raise

    async def symbol_setups(self, symbol: str | None = None) -> dict[str, SymbolSetup]:
        """Margin type and leverage of one symbol or of all, as the exchange has them now."""
        params = {"symbol": symbol} if symbol else {}
        return dict(
            rows_of(await self._ask("fapiPrivateGetSymbolConfig", params, weight=ACCOUNT_QUERY_WEIGHT), setup_from)
        )

    async def prepare(self, symbol: str, leverage: int, known: SymbolSetup | None = None) -> SymbolSetup:
        """Isolated margin and at most `leverage` for an entry, as the exchange confirmed it.

        Raises ExchangeError when that cannot be had: cross margin risks the whole account, and with more leverage the
        position would be liquidated before its stop. A smaller one stays while something is held, which it protects.
        """
        self._client.refuse_while_paused()
        setup = known or (await self.symbol_setups(symbol)).get(symbol)
        if setup is None:
            raise ExchangeError(f"The exchange does not tell margin type and leverage of {symbol}.")
        if not setup.isolated:
            await self._isolate(symbol)
        now = setup.leverage
        if now < leverage and any(position.symbol == symbol for position in await self.positions()):
            return SymbolSetup(True, now)
        if now != leverage:
            now = await self._leverage_or(symbol, leverage, now)
        return SymbolSetup(True, now)

    async def _isolate(self, symbol: str) -> None:
        try:
            await self.set_margin_type(symbol, isolated=True)
        except Refused as error:
            if error.code not in BLOCKED_BY_ACCOUNT:
                raise
            raise ExchangeError(
                f"{symbol} has cross margin, which the exchange does not change while an order or a position of it is "
                f"there. Cancel or close what you have on {symbol}, or set isolated margin on the exchange."
            ) from error

    async def _leverage_or(self, symbol: str, leverage: int, now: int) -> int:
        """The leverage after asking for another one; a smaller one that cannot be raised stays."""
        try:
            confirmed = await self.set_leverage(symbol, leverage)
            if confirmed > leverage:
                raise ExchangeError(f"The exchange set leverage {confirmed} on {symbol} instead of {leverage}.")
            return confirmed
        except Refused as error:
            if now < leverage:
                return now
            if error.code != LOWER_LEVERAGE_REFUSED:
                raise
            raise ExchangeError(f"{lower_leverage_text(symbol, now, leverage)}.") from error

    async def modes(self) -> AccountModes:
        """How the account is set up."""
        answer = await self._ask("fapiPrivateGetAccountConfig", {}, weight=ACCOUNT_QUERY_WEIGHT)
        return AccountModes(
            can_trade=bool(answer.get("canTrade")),
            hedge=bool(answer.get("dualSidePosition")),
            multi_asset=bool(answer.get("multiAssetsMargin")),
        )

    async def key_rights(self) -> KeyRights | None:
        """What the key may do; None where the host has no such question (the exchange's practice host)."""
        if not self._client.knows_key_rights:
            return None
        answer = await self._ask("sapiGetAccountApiRestrictions", {}, weight=1)
        return KeyRights(
            can_withdraw=bool(answer.get("enableWithdrawals", True)),
            bound_to_address=bool(answer.get("ipRestrict")),
            can_trade_futures=bool(answer.get("enableFutures")),
        )

    async def set_one_way(self) -> None:
        """Switches to one-way mode; that it was set already is fine too."""
        await self._set_mode("fapiPrivatePostPositionSideDual", {"dualSidePosition": "false"}, ONE_WAY_ALREADY)

    async def set_single_asset(self) -> None:
        """Switches to single-asset mode; that it was set already is fine too."""
        await self._set_mode("fapiPrivatePostMultiAssetsMargin", {"multiAssetsMargin": "false"}, SINGLE_ALREADY)

    async def _set_mode(self, method: str, params: Mapping[str, str], already: int) -> None:
        try:
            await self._change(method, params, weight=1)
        except Refused as error:
            if error.code != already:
                raise

    # Helpers

    async def _change(
        self, method: str, params: Mapping[str, str], *, weight: int, orders: int = 0, patience_s: float | None = None
    ) -> Any:
        how: dict[str, Any] = {"weight": weight, "changes_state": True, "orders": orders, "patience_s": patience_s}
        return await self._under_each_id(method, params, how, patience_s)

    async def _ask(self, method: str, params: Mapping[str, str], *, weight: int) -> Any:
        return await self._under_each_id(method, params, {"weight": weight, "changes_state": False})

    async def _under_each_id(
        self, method: str, params: Mapping[str, str], how: Mapping[str, Any], patience_s: float | None = None
    ) -> Any:
        """The answer to the first form of our order's id that the exchange knows."""
        *others, last = self._mark.outward(params, sends="Post" in method)
        for form in others:
            try:
                return await self._with_right_clock(method, form, how, patience_s)
            except Refused as error:
                if error.code not in UNKNOWN_ORDER_CODES:
                    raise
        return await self._with_right_clock(method, last, how, patience_s)

    async def _with_right_clock(
        self, method: str, params: Mapping[str, str], how: Mapping[str, Any], patience_s: float | None
    ) -> Any:
        call = partial(self._client.call, method, params, **how)
        began_s = asyncio.get_running_loop().time()
        try:
            return self._mark.inward(await call())
        except Refused as error:
            if error.code not in CLOCK_CODES or self._resync_clock is None:
                raise
            logger.warning("The exchange called our time wrong; futtui measures it again and asks once more.")
            await self._resync_clock()
            if patience_s is not None and asyncio.get_running_loop().time() - began_s > LATE_S:
                raise
        return self._mark.inward(await call())

    def _fact(self, intent: OrderIntent, status: OrderStatus, reason: str) -> OrderUpdate:
        return OrderUpdate(intent.client_id, intent.symbol, status, self._clock(), reason=reason)

    def _checked(self, update: OrderUpdate, intent: OrderIntent) -> OrderUpdate:
        """The update, or UNKNOWN if the answer is not about our order."""
        if update.client_id == intent.client_id:
            return update
        return self._fact(intent, OrderStatus.UNKNOWN, "the exchange's answer names another order")


def _did_nothing_for_now(error: ExchangeError) -> bool:
    """Whether a request certainly had no effect and may go through when it is asked again."""
    return isinstance(error, Unavailable) or (isinstance(error, Refused) and error.code == THROTTLED)
