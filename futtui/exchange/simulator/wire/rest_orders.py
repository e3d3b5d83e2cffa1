"""Orders over REST: LIMIT and MARKET orders, batches, queries, and conditional orders of the algo service."""

from __future__ import annotations

from typing import Any

import msgspec

from futtui.exchange.simulator.core.records import AlgoRequest, ModifyRequest, OrderRecord, OrderRequest
from futtui.exchange.simulator.core.refusals import ExchangeRefusal
from futtui.exchange.simulator.wire import account_payloads as payloads
from futtui.exchange.simulator.wire.errors import WireError
from futtui.exchange.simulator.wire.rest import Call, RouteTable, Security, with_or_without_symbol
from futtui.exchange.simulator.wire.venue import Venue

ONE_ORDER = (1, 1)
BATCH_ORDER = (5, 1)
CANCEL_ALL_TEXT = "The operation of cancel all open order is done."


class OrderRoutes:
    """Handlers of order paths."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._core = venue.core

    def register(self, table: RouteTable) -> None:
        """Put all paths into the table."""

        def add(method: str, path: str, handler: Any, weight: Any = 1, **more: Any) -> None:
            table.add(method, f"/fapi/v1/{path}", handler, weight, security=Security.SIGNED, **more)

        add("POST", "order", self.place, 0, orders=ONE_ORDER)
        add("POST", "order/test", self.test, 0, orders=ONE_ORDER)
        add("PUT", "order", self.modify, 0, orders=ONE_ORDER)
        add("DELETE", "order", self.cancel)
        add("GET", "order", self.query)
        add("POST", "batchOrders", self.place_batch, 5, orders=BATCH_ORDER)
        add("PUT", "batchOrders", self.modify_batch, 5, orders=BATCH_ORDER)
        add("DELETE", "batchOrders", self.cancel_batch)
        add("DELETE", "allOpenOrders", self.cancel_all)
        add("GET", "openOrder", self.open_order)
        add("GET", "openOrders", self.open_orders, with_or_without_symbol(1, 40))
        add("GET", "allOrders", self.all_orders, 5)
        add("GET", "userTrades", self.trades, 5)
        add("GET", "orderAmendment", self.amendments)
        add("GET", "forceOrders", self.force_orders, with_or_without_symbol(20, 50))
        add("POST", "countdownCancelAll", self.countdown, 10)
        add("POST", "algoOrder", self.place_algo, 0, orders=ONE_ORDER)
        add("GET", "algoOrder", self.query_algo)
        add("DELETE", "algoOrder", self.cancel_algo)
        add("DELETE", "algoOpenOrders", self.cancel_all_algos)
        add("GET", "openAlgoOrders", self.open_algos, with_or_without_symbol(1, 40))
        add("GET", "allAlgoOrders", self.all_algos, 5)

    # -- normal orders -----------------------------------------------------------------------------------------------

    def place(self, call: Call) -> dict[str, Any]:
        """Place an order; without newOrderRespType=RESULT the answer shows it as it came in."""
        order = self._core.place_order(call.api_key, _order_request(call))
        return payloads.order_answer(order, acknowledge_only=_acknowledge_only(call))

    def test(self, call: Call) -> dict[str, Any]:
        """Check an order without placing it."""
        self._core.test_order(call.api_key, _order_request(call))
        return {}

    def modify(self, call: Call) -> dict[str, Any]:
        """Change a resting LIMIT order."""
        order = self._core.modify_order(call.api_key, _modify_request(call))
        return _with_modify_id(payloads.order_answer(order), order)

    def cancel(self, call: Call) -> dict[str, Any]:
        """Cancel a resting order."""
        symbol = call.symbol()
        order_id, client_id = _order_ids(call)
        order = self._core.cancel_order(call.api_key, symbol, order_id=order_id, client_order_id=client_id)
        return payloads.order_answer(order)

    def query(self, call: Call) -> dict[str, Any]:
        """An order in any state."""
        symbol = call.symbol()
        order_id, client_id = _order_ids(call)
        return payloads.order_query(
            self._core.order(call.api_key, symbol, order_id=order_id, client_order_id=client_id)
        )

    def place_batch(self, call: Call) -> list[dict[str, Any]]:
        """Place up to five orders; an element that is refused answers with its own code."""
        calls = _batch(call)
        return [self._element(element, self.place) for element in calls]

    def modify_batch(self, call: Call) -> list[dict[str, Any]]:
        """Change up to five orders."""
        return [self._element(element, self.modify) for element in _batch(call)]

    def cancel_batch(self, call: Call) -> list[dict[str, Any]]:
        """Cancel up to ten orders by a list of ids."""
        symbol = call.symbol()
        order_ids = _json_list(call, ("orderIdList", "orderidlist", "orderidList"))
        client_ids = _json_list(call, ("origClientOrderIdList", "origclientorderidlist", "origClientOrderIdlist"))
        try:
            numbers = [int(order_id) for order_id in order_ids]
        except (TypeError, ValueError):
            raise WireError(-1130, name="orderIdList") from None
        answers = self._core.cancel_orders(
            call.api_key, symbol, order_ids=numbers, client_order_ids=[str(client_id) for client_id in client_ids]
        )
        return [_answer_or_refusal(answer) for answer in answers]

    def cancel_all(self, call: Call) -> dict[str, Any]:
        """Cancel all normal orders of a symbol."""
        self._core.cancel_all_orders(call.api_key, call.symbol())
        return {"code": 200, "msg": CANCEL_ALL_TEXT}

    def open_order(self, call: Call) -> dict[str, Any]:
        """A resting order."""
        symbol = call.symbol()
        order_id, client_id = _order_ids(call)
        return payloads.order_query(
            self._core.open_order(call.api_key, symbol, order_id=order_id, client_order_id=client_id)
        )

    def open_orders(self, call: Call) -> list[dict[str, Any]]:
        """All resting orders."""
        return [payloads.order_query(order) for order in self._core.open_orders(call.api_key, _symbol(call))]

    def all_orders(self, call: Call) -> list[dict[str, Any]]:
        """Orders in any state."""
        orders = self._core.all_orders(
            call.api_key,
            _symbol(call),
            order_id=call.whole("orderId"),
            start_ms=call.whole("startTime"),
            end_ms=call.whole("endTime"),
            limit=call.limit(500, 1000),
        )
        return [payloads.order_history_row(order) for order in orders]

    def trades(self, call: Call) -> list[dict[str, Any]]:
        """The account's executions."""
        trades = self._core.trades(
            call.api_key,
            _symbol(call),
            order_id=call.whole("orderId"),
            from_id=call.whole("fromId"),
            start_ms=call.whole("startTime"),
            end_ms=call.whole("endTime"),
            limit=call.limit(500, 1000),
        )
        return [payloads.trade_row(trade) for trade in trades]

    def amendments(self, call: Call) -> list[dict[str, Any]]:
        """Changes of orders."""
        records = self._core.amendments(call.api_key, call.symbol(), call.whole("orderId"))
        return [payloads.amendment_row(record) for record in records]

    def force_orders(self, call: Call) -> list[dict[str, Any]]:
        """Orders by which the exchange liquidated the account."""
        orders = self._core.all_orders(call.api_key, _symbol(call), limit=1000)
        return [payloads.order_query(order) for order in orders if order.client_order_id.startswith("autoclose-")]

    def countdown(self, call: Call) -> dict[str, Any]:
        """Start, restart or stop the countdown that cancels all orders of a symbol."""
        symbol, span_ms = call.symbol(), call.whole("countdownTime")
        if span_ms is None:
            raise WireError(-1102, name="countdownTime")
        self._core.market(symbol)
        self._venue.countdowns.start(call.api_key, symbol, self._venue.clock.now_ms, span_ms)
        return {"symbol": symbol, "countdownTime": str(span_ms)}

    # -- conditional orders ----------------------------------------------------------------------------------------

    def place_algo(self, call: Call) -> dict[str, Any]:
        """Place a conditional order."""
        return payloads.algo_answer(self._core.place_algo(call.api_key, _algo_request(call)))

    def query_algo(self, call: Call) -> dict[str, Any]:
        """A conditional order in any state."""
        algo_id, client_id = _algo_ids(call)
        return payloads.algo_query(self._core.algo_order(call.api_key, algo_id=algo_id, client_algo_id=client_id))

    def cancel_algo(self, call: Call) -> dict[str, Any]:
        """Cancel a waiting conditional order; the code is a text here, as on the exchange."""
        algo_id, client_id = _algo_ids(call)
        algo = self._core.cancel_algo(call.api_key, algo_id=algo_id, client_algo_id=client_id)
        return {"algoId": algo.algo_id, "clientAlgoId": algo.client_algo_id, "code": "200", "msg": "success"}

    def cancel_all_algos(self, call: Call) -> dict[str, Any]:
        """Cancel all waiting conditional orders of a symbol."""
        self._core.cancel_all_algos(call.api_key, call.symbol())
        return {"code": 200, "msg": CANCEL_ALL_TEXT}

    def open_algos(self, call: Call) -> list[dict[str, Any]]:
        """Waiting conditional orders."""
        wanted = call.whole("algoId")
        algos = self._core.open_algo_orders(call.api_key, _symbol(call))
        return [payloads.algo_list_row(algo) for algo in algos if wanted in (None, algo.algo_id)]

    def all_algos(self, call: Call) -> list[dict[str, Any]]:
        """Conditional orders in any state."""
        algos = self._core.all_algo_orders(
            call.api_key,
            _symbol(call),
            algo_id=call.whole("algoId"),
            start_ms=call.whole("startTime"),
            end_ms=call.whole("endTime"),
            limit=call.limit(500, 1000),
        )
        return [payloads.algo_list_row(algo) for algo in algos]

    def _element(self, call: Call, handler: Any) -> dict[str, Any]:
        try:
            made: dict[str, Any] = handler(call)
        except ExchangeRefusal as refused:
            return _refusal_body(refused)
        except WireError as error:
            return error.body()
        return made


def _symbol(call: Call) -> str | None:
    symbol = call.optional("symbol")
    return symbol.upper() if symbol else None


def _order_request(call: Call) -> OrderRequest:
    return OrderRequest(
        symbol=call.symbol(),
        side=call.text("side"),
        order_type=call.text("type"),
        quantity=call.decimal("quantity"),
        price=call.decimal("price"),
        time_in_force=call.optional("timeInForce"),
        reduce_only=bool(call.flag("reduceOnly")),
        close_position=bool(call.flag("closePosition")),
        client_order_id=call.optional("newClientOrderId"),
        good_till_date_ms=call.whole("goodTillDate") or 0,
        position_side=call.optional("positionSide") or "BOTH",
        price_match=call.optional("priceMatch") or "NONE",
        self_trade_prevention=call.optional("selfTradePreventionMode") or "EXPIRE_MAKER",
    )


def _modify_request(call: Call) -> ModifyRequest:
    order_id, client_id = _order_ids(call)
    return ModifyRequest(
        symbol=call.symbol(),
        side=call.text("side"),
        quantity=call.decimal("quantity"),
        price=call.decimal("price"),
        order_id=order_id,
        client_order_id=client_id,
        price_match=call.optional("priceMatch") or "NONE",
        modify_id=call.whole("modifyId"),
        reduce_only=call.flag("reduceOnly"),
    )


def _algo_request(call: Call) -> AlgoRequest:
    return AlgoRequest(
        symbol=call.symbol(),
        side=call.text("side"),
        order_type=call.text("type"),
        algo_type=call.text("algoType"),
        quantity=call.decimal("quantity"),
        price=call.decimal("price"),
        trigger_price=call.decimal("triggerPrice"),
        time_in_force=call.optional("timeInForce"),
        working_type=call.optional("workingType") or "CONTRACT_PRICE",
        close_position=bool(call.flag("closePosition")),
        reduce_only=call.flag("reduceOnly"),
        price_protect=bool(call.flag("priceProtect")),
        client_algo_id=call.optional("clientAlgoId"),
        activate_price=call.decimal("activatePrice"),
        callback_rate=call.decimal("callbackRate"),
        good_till_date_ms=call.whole("goodTillDate") or 0,
        position_side=call.optional("positionSide") or "BOTH",
        price_match=call.optional("priceMatch") or "NONE",
        self_trade_prevention=call.optional("selfTradePreventionMode") or "EXPIRE_MAKER",
    )


def _order_ids(call: Call) -> tuple[int | None, str | None]:
    order_id, client_id = call.whole("orderId"), call.optional("origClientOrderId")
    if order_id is None and client_id is None:
        raise WireError(-1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!")
    return order_id, client_id


def _algo_ids(call: Call) -> tuple[int | None, str | None]:
    algo_id = next((number for name in ("algoId", "algoid") if (number := call.whole(name)) is not None), None)
    client_id = call.optional("clientAlgoId") or call.optional("clientalgoid")
    if algo_id is None and client_id is None:
        raise WireError(-1102, "Param 'clientAlgoId' or 'algoId' must be sent, but both were empty/null!")
    return algo_id, client_id


def _acknowledge_only(call: Call) -> bool:
    kind = (call.optional("newOrderRespType") or "ACK").upper()
    if kind not in ("ACK", "RESULT"):
        raise WireError(-1130, name="newOrderRespType")
    return kind == "ACK"


def _batch(call: Call) -> list[Call]:
    rows = _json_list(call, ("batchOrders",))
    if not 0 < len(rows) <= 5 or not all(isinstance(row, dict) for row in rows):
        raise WireError(-4082, "Invalid number of batch place orders.")
    return [call.with_values({name: _as_text(value) for name, value in row.items()}) for row in rows]


def _json_list(call: Call, names: tuple[str, ...]) -> list[Any]:
    text = next((value for name in names if (value := call.values.get(name))), "")
    if not text:
        return []
    try:
        rows = msgspec.json.decode(text)
    except msgspec.DecodeError:
        raise WireError(-1130, name=names[0]) from None
    if not isinstance(rows, list):
        raise WireError(-1130, name=names[0])
    return rows


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _answer_or_refusal(answer: OrderRecord | ExchangeRefusal) -> dict[str, Any]:
    return _refusal_body(answer) if isinstance(answer, ExchangeRefusal) else payloads.order_answer(answer)


def _refusal_body(refused: ExchangeRefusal) -> dict[str, Any]:
    return {"code": refused.code, "msg": refused.message}


def _with_modify_id(body: dict[str, Any], order: OrderRecord) -> dict[str, Any]:
    return body if order.modify_id is None else {**body, "modifyId": order.modify_id}
