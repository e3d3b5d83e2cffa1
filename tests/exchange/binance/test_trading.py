"""Orders through the signed client against a local server that answers by script."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import pytest

from futtui.domain.account import SymbolSetup
from futtui.domain.errors import ExchangeError
from futtui.domain.orders import OrderIntent, OrderPurpose, OrderStatus, OrderType
from futtui.domain.side import OrderSide
from futtui.domain.symbols import SymbolRules
from futtui.exchange.binance import trading as trading_module
from futtui.exchange.binance.budget import RequestBudget
from futtui.exchange.binance.errors import Refused, Unavailable
from futtui.exchange.binance.trading import BinanceTrading
from futtui.exchange.ports import Credentials, Endpoints
from futtui.risk.settings import ExitSettings
from tests.exchange.binance.recorded import fixture
from tests.exchange.binance.scripted_server import Answer, ScriptedServer, Seen

NOW = 1_790_000_000_000
SECRET = "not-a-real-secret"
ORDER, ALGO = "POST /fapi/v1/order", "POST /fapi/v1/algoOrder"
CANCEL, QUERY = "DELETE /fapi/v1/order", "GET /fapi/v1/order"
CANCEL_ALGO, QUERY_ALGO = "DELETE /fapi/v1/algoOrder", "GET /fapi/v1/algoOrder"
RULES = SymbolRules(
    symbol="BTCUSDT",
    base_asset="BTC",
    tick_size=Decimal("0.10"),
    step_size=Decimal("0.001"),
    min_quantity=Decimal("0.001"),
    max_quantity=Decimal(1000),
    market_max_quantity=Decimal(120),
    min_notional=Decimal(50),
    min_price=Decimal("556.80"),
    max_price=Decimal(4529764),
)
ANSWER = {
    "clientOrderId": "f-1",
    "cumQty": "0.010",
    "executedQty": "0.010",
    "orderId": 22542179,
    "origQty": "0.010",
    "price": "0",
    "status": "FILLED",
    "symbol": "BTCUSDT",
    "updateTime": NOW + 3,
}
ALGO_ANSWER = {
    "algoId": 1000000033225453,
    "clientAlgoId": "f-1",
    "algoStatus": "NEW",
    "symbol": "BTCUSDT",
    "updateTime": NOW + 4,
}


def intent(order_type: OrderType = OrderType.MARKET, **changes: Any) -> OrderIntent:
    values: dict[str, Any] = {
        "client_id": "f-1",
        "symbol": "BTCUSDT",
        "side": OrderSide.BUY,
        "order_type": order_type,
        "quantity": Decimal("0.010"),
        "purpose": OrderPurpose.ENTRY,
        "position_id": "p",
        "time_ms": NOW,
    }
    return OrderIntent(**(values | changes))


def sent(seen: Seen) -> dict[str, str]:
    """Parameters of a signed request, after checking that the signature covers its raw text."""
    raw = seen.raw_query + seen.body
    payload, _, signature = raw.rpartition("&signature=")
    expected = hmac.new(SECRET.encode(), payload.encode(), hashlib.sha256).hexdigest()
    assert signature == expected
    assert seen.headers["X-MBX-APIKEY"] == "key"
    return dict(parse_qsl(payload))


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with ScriptedServer() as running:
        yield running


@pytest.fixture
async def trading(server: ScriptedServer) -> AsyncIterator[BinanceTrading]:
    made = BinanceTrading(
        server.endpoints,
        Credentials("key", SECRET),
        {"BTCUSDT": RULES},
        lambda: NOW,
        deadline_seconds=1.0,
    )
    yield made
    await made.close()


async def test_place_market_sends_exact_signed_parameters_once(server: ScriptedServer, trading: BinanceTrading) -> None:
    server.say(ORDER, Answer(ANSWER))
    update = await trading.place(intent(reduce_only=True, side=OrderSide.SELL))
    assert sent(server.seen[0]) == {
        "timestamp": str(NOW),
        "recvWindow": "5000",
        "symbol": "BTCUSDT",
        "side": "SELL",
        "type": "MARKET",
        "quantity": "0.010",
        "newClientOrderId": "f-1",
        "newOrderRespType": "RESULT",
        "reduceOnly": "true",
    }
    assert (update.client_id, update.status, update.exchange_id) == ("f-1", OrderStatus.FILLED, "22542179")
    assert update.time_ms == NOW + 3
    assert len(server.seen) == 1


async def test_place_limit_sends_price_and_time_in_force(server: ScriptedServer, trading: BinanceTrading) -> None:
    server.say(ORDER, Answer({**ANSWER, "status": "NEW", "executedQty": "0"}))
    update = await trading.place(intent(OrderType.LIMIT, price=Decimal("65000.10")))
    params = sent(server.seen[0])
    assert (params["type"], params["price"], params["timeInForce"]) == ("LIMIT", "65000.10", "GTC")
    assert update.status is OrderStatus.OPEN


@pytest.mark.parametrize("order_type", [OrderType.STOP_MARKET, OrderType.TAKE_PROFIT_MARKET])
async def test_place_conditional_goes_to_the_algo_service(
    server: ScriptedServer, trading: BinanceTrading, order_type: OrderType
) -> None:
    server.say(ALGO, Answer(ALGO_ANSWER))
    update = await trading.place(
        intent(order_type, side=OrderSide.SELL, trigger_price=Decimal("61000.0"), reduce_only=True)
    )
    assert sent(server.seen[0]) == {
        "timestamp": str(NOW),
        "recvWindow": "5000",
        "algoType": "CONDITIONAL",
        "symbol": "BTCUSDT",
        "side": "SELL",
        "type": order_type.value,
        "quantity": "0.010",
        "triggerPrice": "61000.0",
        "clientAlgoId": "f-1",
        "reduceOnly": "true",
    }
    assert (update.status, update.exchange_id) == (OrderStatus.OPEN, "1000000033225453")


@pytest.mark.parametrize(
    "answer",
    [
        Answer({"code": -1007, "msg": "Timeout waiting for response from backend server."}, 408),
        Answer({"code": -1000, "msg": "Unknown error, please check your request or try again later."}, 503),
        Answer("<html>bad gateway</html>", 502),
        Answer({"code": -4116, "msg": "ClientOrderId is duplicated."}, 400),
        Answer({"code": -1006, "msg": "An unexpected response was received."}, 400),
        Answer(cut=True),
        Answer(hang=True),
        Answer("<html>a page</html>"),
        Answer({**ANSWER, "clientOrderId": "somebody-else"}),
        Answer([]),
        Answer({}),
        Answer({**ANSWER, **ALGO_ANSWER, "executedQty": "abc", "actualQty": "abc"}),
        Answer({**ANSWER, **ALGO_ANSWER, "updateTime": "soon"}),
    ],
)
@pytest.mark.parametrize("order_type", [OrderType.MARKET, OrderType.STOP_MARKET])
async def test_place_without_clear_answer_is_unknown_and_never_sent_again(
    server: ScriptedServer, trading: BinanceTrading, order_type: OrderType, answer: Answer
) -> None:
    call = ALGO if order_type.is_conditional else ORDER
    server.say(call, answer, Answer(ALGO_ANSWER if order_type.is_conditional else ANSWER))
    update = await trading.place(intent(order_type, trigger_price=Decimal(61000)))
    assert update.status is OrderStatus.UNKNOWN
    assert update.reason
    assert len(server.calls(call)) == 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer({"code": -2019, "msg": "Margin is insufficient."}, 400), "(code -2019). The margin is too small"),
        (Answer({"code": -2021, "msg": "Order would immediately trigger."}, 400), "already passed"),
        (Answer({"code": -4164, "msg": "Order's notional must be no smaller than 50"}, 400), "minimum"),
        (Answer({"code": -1008, "msg": "Request throttled by system-level protection."}, 503), "overloaded"),
        (Answer("Service Unavailable.", 503), "overloaded"),
        (Answer({"code": -1003, "msg": "Too many requests"}, 429), "too many requests"),
        (Answer("<html>Forbidden</html>", 403), "firewall"),
    ],
)
async def test_place_after_definite_refusal_is_rejected_with_plain_reason(
    server: ScriptedServer, trading: BinanceTrading, answer: Answer, words: str
) -> None:
    server.say(ORDER, answer)
    update = await trading.place(intent())
    assert update.status is OrderStatus.REJECTED
    assert words in update.reason
    assert len(server.seen) == 1


# --- entries are worth nothing later ---------------------------------------------------------------------------------


@pytest.fixture
async def limited(server: ScriptedServer) -> AsyncIterator[tuple[BinanceTrading, RequestBudget]]:
    budget = RequestBudget(lambda: NOW)
    keys = Credentials("key", SECRET)
    made = BinanceTrading(server.endpoints, keys, {"BTCUSDT": RULES}, lambda: NOW, budget=budget, deadline_seconds=1.0)
    yield made, budget
    await made.close()
    budget.close()


async def test_entry_that_finds_no_room_in_the_order_limits_is_given_up_and_never_sent(
    server: ScriptedServer, limited: tuple[BinanceTrading, RequestBudget], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trading_module, "ENTRY_PATIENCE_S", 0.01)
    trading, budget = limited
    budget.too_many_orders(NOW + 14_000)
    update = await trading.place(intent())
    assert update.status is OrderStatus.REJECTED
    assert "limit of orders is used up" in update.reason
    assert not server.seen
    assert budget.waiting == budget.in_flight == 0


async def test_while_the_exchange_wants_fewer_requests_stops_leave_and_entries_do_not(
    server: ScriptedServer, limited: tuple[BinanceTrading, RequestBudget]
) -> None:
    trading, budget = limited
    server.say(ALGO, Answer(ALGO_ANSWER))
    budget.too_many(NOW + 30_000)
    update = await trading.place(intent())
    assert update.status is OrderStatus.REJECTED
    assert "no trade begins before" in update.reason
    with pytest.raises(ExchangeError, match="no trade begins before"):
        await trading.prepare("BTCUSDT", 5)
    assert not server.seen
    stop = intent(OrderType.STOP_MARKET, trigger_price=Decimal(61000), reduce_only=True)
    assert (await trading.place(stop)).status is OrderStatus.OPEN


async def test_entry_whose_time_took_long_to_measure_anew_is_not_sent_again(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trading_module, "LATE_S", -1.0)
    measured: list[int] = []

    async def resync() -> None:
        measured.append(1)

    server.say(ORDER, Answer({"code": -1021, "msg": "Timestamp for this request is outside."}, 400), Answer(ANSWER))
    trading = BinanceTrading(
        server.endpoints, Credentials("key", SECRET), {"BTCUSDT": RULES}, lambda: NOW, resync_clock=resync
    )
    assert (await trading.place(intent())).status is OrderStatus.REJECTED
    assert (len(server.seen), measured) == (1, [1])
    assert (await trading.place(intent(reduce_only=True, side=OrderSide.SELL))).status is OrderStatus.FILLED
    await trading.close()


BUSY = [
    Answer("Service Unavailable.", 503),
    Answer("Internal error; unable to process your request. Please try again.", 503),
    Answer({"code": -1008, "msg": "Request throttled by system-level protection."}, 503),
    Answer({"code": -1008, "msg": "Request throttled by system-level protection."}, 400),
]


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trading_module, "REPEAT_PAUSES_S", (0.001,) * 3)


@pytest.mark.usefixtures("short_pauses")
@pytest.mark.parametrize("busy", BUSY)
async def test_place_of_a_stop_is_repeated_while_the_exchange_is_too_busy(
    server: ScriptedServer, trading: BinanceTrading, busy: Answer
) -> None:
    server.say(ALGO, busy, busy, Answer(ALGO_ANSWER))
    update = await trading.place(intent(OrderType.STOP_MARKET, trigger_price=Decimal(61000), reduce_only=True))
    assert update.status is OrderStatus.OPEN
    assert [sent(seen)["clientAlgoId"] for seen in server.seen] == ["f-1"] * 3


@pytest.mark.usefixtures("short_pauses")
@pytest.mark.parametrize("busy", BUSY)
async def test_place_of_a_stop_gives_up_after_a_few_times(
    server: ScriptedServer, trading: BinanceTrading, busy: Answer
) -> None:
    server.say(ALGO, busy)
    update = await trading.place(intent(OrderType.STOP_MARKET, trigger_price=Decimal(61000), reduce_only=True))
    assert (update.status, len(server.seen)) == (OrderStatus.REJECTED, 4)


@pytest.mark.usefixtures("short_pauses")
async def test_place_of_a_stop_is_not_repeated_after_an_unclear_answer_between(
    server: ScriptedServer, trading: BinanceTrading
) -> None:
    server.say(ALGO, BUSY[0], Answer("<html>bad gateway</html>", 502), Answer(ALGO_ANSWER))
    update = await trading.place(intent(OrderType.STOP_MARKET, trigger_price=Decimal(61000), reduce_only=True))
    assert (update.status, len(server.seen)) == (OrderStatus.UNKNOWN, 2)


def test_repeats_together_are_shorter_than_a_position_may_be_without_its_stop() -> None:
    assert sum(trading_module.REPEAT_PAUSES_S) * 1000 < ExitSettings().naked_limit_ms


async def test_place_over_which_the_library_stumbles_is_unknown(trading: BinanceTrading) -> None:
    await trading.open()

    async def stumble(params: object) -> object:
        raise RuntimeError("no such key")

    trading._client._exchange.fapiPrivatePostOrder = stumble
    update = await trading.place(intent())
    assert update.status is OrderStatus.UNKNOWN
    assert "no such key" in update.reason


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (intent(symbol="NEWUSDT"), "no trading rules"),
        (intent(quantity=Decimal("0.0105")), "step"),
        (intent(quantity=Decimal(121)), "maximum"),
        (intent(OrderType.LIMIT, price=Decimal("65000.05")), "tick"),
        (intent(OrderType.LIMIT, price=Decimal("700.0")), "value"),
        (intent(OrderType.LIMIT), "price"),
        (intent(OrderType.STOP_MARKET, trigger_price=Decimal("65000.05")), "tick"),
        (intent(OrderType.STOP_MARKET, reduce_only=True), "trigger price"),
    ],
)
async def test_place_of_impossible_order_is_not_sent(
    server: ScriptedServer, trading: BinanceTrading, order: OrderIntent, words: str
) -> None:
    update = await trading.place(order)
    assert update.status is OrderStatus.REJECTED
    assert words in update.reason
    assert not server.seen


@pytest.mark.parametrize(
    "order",
    [
        intent(symbol="BTCUSDC", reduce_only=True),
        intent(quantity=Decimal("0.0105"), reduce_only=True),
        intent(quantity=Decimal(121), reduce_only=True),
        intent(OrderType.STOP_MARKET, trigger_price=Decimal("65000.05"), quantity=Decimal(121), reduce_only=True),
    ],
)
async def test_place_leaves_what_only_reduces_to_the_exchange(
    server: ScriptedServer, trading: BinanceTrading, order: OrderIntent
) -> None:
    conditional = order.order_type.is_conditional
    server.say(ALGO if conditional else ORDER, Answer(ALGO_ANSWER if conditional else ANSWER))
    update = await trading.place(order)
    assert update.status is not OrderStatus.REJECTED
    (request,) = [sent(seen) for seen in server.seen]
    assert (request["quantity"], request["reduceOnly"]) == (f"{order.quantity:f}", "true")


async def test_place_without_connection_is_rejected_because_nothing_left() -> None:
    endpoints = Endpoints("http://127.0.0.1:9", "ws://127.0.0.1:9", "nobody")
    trading = BinanceTrading(endpoints, Credentials("key", SECRET), {"BTCUSDT": RULES}, lambda: NOW)
    update = await trading.place(intent())
    assert update.status is OrderStatus.REJECTED
    assert "nothing was sent" in update.reason
    await trading.close()


async def test_place_with_wrong_clock_measures_it_and_sends_once_more_under_the_same_name(
    server: ScriptedServer,
) -> None:
    now, measured = [NOW - 60_000], []

    async def resync() -> None:
        measured.append(1)
        now[0] = NOW

    server.say(ORDER, Answer({"code": -1021, "msg": "Timestamp for this request is outside."}, 400), Answer(ANSWER))
    trading = BinanceTrading(
        server.endpoints, Credentials("key", SECRET), {"BTCUSDT": RULES}, lambda: now[0], resync_clock=resync
    )
    update = await trading.place(intent())
    assert update.status is OrderStatus.FILLED
    assert measured == [1]
    requests = [sent(seen) for seen in server.seen]
    assert [item["timestamp"] for item in requests] == [str(NOW - 60_000), str(NOW)]
    assert {item["newClientOrderId"] for item in requests} == {"f-1"}
    await trading.close()


async def test_place_with_clock_wrong_for_good_is_rejected_after_one_retry(server: ScriptedServer) -> None:
    async def resync() -> None:
        return None

    server.say(ORDER, Answer({"code": -1021, "msg": "Timestamp for this request is outside."}, 400))
    trading = BinanceTrading(
        server.endpoints, Credentials("key", SECRET), {"BTCUSDT": RULES}, lambda: NOW, resync_clock=resync
    )
    update = await trading.place(intent())
    assert (update.status, len(server.seen)) == (OrderStatus.REJECTED, 2)
    assert "clock" in update.reason
    await trading.close()


async def test_place_during_ban_is_rejected_without_a_request(server: ScriptedServer) -> None:
    until = NOW + 600_000
    text = f"Way too many requests; IP(1.2.3.4) banned until {until}."
    server.say("GET /fapi/v3/balance", Answer({"code": -1003, "msg": text}, 418))
    budget = RequestBudget(lambda: NOW, jitter=lambda: 0.0)
    trading = BinanceTrading(
        server.endpoints, Credentials("key", SECRET), {"BTCUSDT": RULES}, lambda: NOW, budget=budget
    )
    with pytest.raises(ExchangeError):
        await trading.wallet_balance()
    assert budget.closed_until_ms == until + 5_000
    update = await trading.place(intent())
    assert update.status is OrderStatus.REJECTED
    assert len(server.seen) == 1
    await trading.close()


async def test_cancel_of_either_kind_uses_its_own_service(server: ScriptedServer, trading: BinanceTrading) -> None:
    server.say(CANCEL, Answer({**ANSWER, "status": "CANCELED", "executedQty": "0"}))
    server.say(CANCEL_ALGO, Answer({"algoId": 1, "clientAlgoId": "f-1", "code": "200", "msg": "success"}))
    normal = await trading.cancel("BTCUSDT", "f-1", conditional=False)
    algo = await trading.cancel("BTCUSDT", "f-1", conditional=True)
    assert normal.status is algo.status is OrderStatus.CANCELED
    assert sent(server.calls(CANCEL)[0])["origClientOrderId"] == "f-1"
    assert sent(server.calls(CANCEL_ALGO)[0])["clientAlgoId"] == "f-1"


async def test_cancel_of_order_that_is_gone_tells_what_became_of_it(
    server: ScriptedServer, trading: BinanceTrading
) -> None:
    gone = Answer({"code": -2011, "msg": "Unknown order sent."}, 400)
    server.say(CANCEL, gone)
    server.say(QUERY, Answer({**ANSWER, "status": "FILLED", "avgPrice": "65000", "cumQuote": "650"}))
    server.say(CANCEL_ALGO, gone)
    finished = {**ALGO_ANSWER, "algoStatus": "FINISHED", "actualOrderId": "88937381063", "actualQty": "0.010"}
    server.say(QUERY_ALGO, Answer(finished), Answer({"code": -2013, "msg": "Order does not exist."}, 400))
    assert (await trading.cancel("BTCUSDT", "f-1", conditional=False)).status is OrderStatus.FILLED
    algo = await trading.cancel("BTCUSDT", "f-1", conditional=True)
    assert (algo.status, algo.exchange_id) == (OrderStatus.FILLED, "88937381063")
    nowhere = await trading.cancel("BTCUSDT", "f-1", conditional=True)
    assert nowhere.status is OrderStatus.UNKNOWN


async def test_cancel_without_clear_answer_is_unknown_and_other_refusals_raise(
    server: ScriptedServer, trading: BinanceTrading
) -> None:
    server.say(
        CANCEL,
        Answer({"code": -1007, "msg": "Timeout waiting for response from backend server."}, 408),
        Answer({"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}, 401),
    )
    assert (await trading.cancel("BTCUSDT", "f-1", conditional=False)).status is OrderStatus.UNKNOWN
    with pytest.raises(Refused, match="API key"):
        await trading.cancel("BTCUSDT", "f-1", conditional=False)


async def test_query_of_missing_order_is_none_and_of_unreachable_exchange_raises(
    server: ScriptedServer, trading: BinanceTrading
) -> None:
    server.say(QUERY, Answer({"code": -2013, "msg": "Order does not exist."}, 400), Answer("oops", 500))
    assert await trading.query("BTCUSDT", "f-1", conditional=False) is None
    with pytest.raises(Unavailable):
        await trading.query("BTCUSDT", "f-1", conditional=False)


async def test_account_questions_read_recorded_shapes(server: ScriptedServer, trading: BinanceTrading) -> None:
    server.say(
        "GET /fapi/v3/balance",
        Answer([{"asset": "BNB", "balance": "1"}, {"asset": "USDT", "balance": "122607.35137903"}]),
    )
    server.say("GET /fapi/v1/openOrders", Answer([{**ANSWER, "side": "BUY", "type": "LIMIT", "status": "NEW"}]))
    algo_rows = fixture("nautilus_crate/http_json__open_algo_orders.json")
    server.say("GET /fapi/v1/openAlgoOrders", Answer(algo_rows))
    rows = fixture("nautilus_http/http_futures_account_positions_one_way.json")
    rows.append({**rows[0], "symbol": "XRPUSDT", "positionAmt": "-12.5"})
    server.say("GET /fapi/v3/positionRisk", Answer(rows))
    assert await trading.wallet_balance() == Decimal("122607.35137903")
    orders = await trading.open_orders()
    assert [order.conditional for order in orders] == [False] + [True] * len(algo_rows)
    assert orders[1].client_id == algo_rows[0]["clientAlgoId"]
    assert orders[1].trigger_price == Decimal(algo_rows[0]["triggerPrice"])
    held = {position.symbol: position.amount for position in await trading.positions()}
    assert held["XRPUSDT"] == Decimal("-12.5")
    assert Decimal(0) not in held.values()


async def test_settings_take_nothing_to_change_as_success(server: ScriptedServer, trading: BinanceTrading) -> None:
    server.say("POST /fapi/v1/leverage", Answer({"leverage": 7, "maxNotionalValue": "1000000", "symbol": "BTCUSDT"}))
    server.say(
        "POST /fapi/v1/marginType",
        Answer({"code": -4046, "msg": "No need to change margin type."}, 400),
        Answer({"code": -4048, "msg": "Margin type cannot be changed if there exists position."}, 400),
    )
    assert await trading.set_leverage("BTCUSDT", 7) == 7
    await trading.set_margin_type("BTCUSDT", isolated=True)
    with pytest.raises(Refused, match="position is open"):
        await trading.set_margin_type("BTCUSDT", isolated=True)
    assert sent(server.calls("POST /fapi/v1/marginType")[0])["marginType"] == "ISOLATED"


SETUP, SET_LEVERAGE, SET_MARGIN = "GET /fapi/v1/symbolConfig", "POST /fapi/v1/leverage", "POST /fapi/v1/marginType"
HELD_BTC = [{"symbol": "BTCUSDT", "positionAmt": "0.5", "entryPrice": "65000"}]


def setup_answer(leverage: int, margin: str = "ISOLATED") -> Answer:
    row = {"symbol": "BTCUSDT", "marginType": margin, "leverage": leverage, "maxNotionalValue": "1000000"}
    return Answer([{**row, "isAutoAddMargin": False}])


def asked(server: ScriptedServer) -> list[str]:
    return [f"{seen.method} {seen.path}" for seen in server.seen]


def leverage_answer(leverage: int) -> Answer:
    return Answer({"leverage": leverage, "maxNotionalValue": "1000000", "symbol": "BTCUSDT"})


async def test_prepare_asks_first_and_sets_only_what_differs(server: ScriptedServer, trading: BinanceTrading) -> None:
    server.say(SETUP, setup_answer(7), setup_answer(50, "CROSSED"))
    server.say(SET_MARGIN, Answer({"code": 200, "msg": "success"}))
    server.say(SET_LEVERAGE, leverage_answer(7))
    assert await trading.prepare("BTCUSDT", 7) == SymbolSetup(True, 7)
    assert asked(server) == [SETUP]
    assert await trading.prepare("BTCUSDT", 7) == SymbolSetup(True, 7)
    assert asked(server) == [SETUP, SETUP, SET_MARGIN, SET_LEVERAGE]


async def test_prepare_lowers_what_is_known_in_one_request(server: ScriptedServer, trading: BinanceTrading) -> None:
    server.say(SET_LEVERAGE, leverage_answer(6))
    assert await trading.prepare("BTCUSDT", 6, SymbolSetup(True, 20)) == SymbolSetup(True, 6)
    assert asked(server) == [SET_LEVERAGE]


@pytest.mark.parametrize("code", [-4047, -4048])
async def test_prepare_refuses_cross_margin_that_cannot_be_changed(
    server: ScriptedServer, trading: BinanceTrading, code: int
) -> None:
    server.say(SETUP, setup_answer(7, "CROSSED"))
    server.say(SET_MARGIN, Answer({"code": code, "msg": "Margin type cannot be changed."}, 400))
    with pytest.raises(ExchangeError, match="cross margin"):
        await trading.prepare("BTCUSDT", 7)


async def test_prepare_refuses_more_leverage_than_the_stop_bears(
    server: ScriptedServer, trading: BinanceTrading
) -> None:
    server.say(SETUP, setup_answer(20))
    server.say(SET_LEVERAGE, Answer({"code": -4161, "msg": "Leverage reduction is not supported."}, 400))
    with pytest.raises(ExchangeError, match="at most 6 times, else it would be liquidated before its stop"):
        await trading.prepare("BTCUSDT", 6)


async def test_prepare_never_raises_the_leverage_of_what_is_held(
    server: ScriptedServer, trading: BinanceTrading
) -> None:
    server.say("GET /fapi/v3/positionRisk", Answer(HELD_BTC), Answer([]))
    server.say(SET_LEVERAGE, leverage_answer(20))
    assert await trading.prepare("BTCUSDT", 20, SymbolSetup(True, 6)) == SymbolSetup(True, 6)
    assert not server.calls(SET_LEVERAGE)
    assert await trading.prepare("BTCUSDT", 20, SymbolSetup(True, 6)) == SymbolSetup(True, 20)


async def test_prepare_keeps_a_smaller_leverage_that_cannot_be_raised(
    server: ScriptedServer, trading: BinanceTrading
) -> None:
    server.say("GET /fapi/v3/positionRisk", Answer([]))
    server.say(SET_LEVERAGE, Answer({"code": -4028, "msg": "Leverage 20 is not valid."}, 400))
    assert await trading.prepare("BTCUSDT", 20, SymbolSetup(True, 6)) == SymbolSetup(True, 6)
