"""REST: signatures, time, limits, error bodies, and field sets as recorded or documented."""

from __future__ import annotations

import json
from typing import Any

import pytest

from futtui.exchange.simulator.ports import MarketSource
from futtui.exchange.simulator.wire.clock import VirtualClock
from futtui.exchange.simulator.wire.config import DEMO_KEY, DEMO_SECRET, ServerConfig
from futtui.exchange.simulator.wire.errors import WireError
from futtui.exchange.simulator.wire.limits import REFUSALS_BEFORE_BAN, WEIGHT_PER_MINUTE, RequestLimits
from futtui.exchange.simulator.wire.server import running_server
from futtui.exchange.simulator.wire.signing import check_signature, check_timestamp, parse_parameters, sign
from tests.exchange.simulator.wire.client import Client, until_barrier
from tests.shared_data import shared_path

LOCKSTEP = ServerConfig(speed="max")


def fields(text: str) -> set[str]:
    return set(text.split())


PLACE_FIELDS = fields(
    "clientOrderId cumQty executedQty orderId origQty price reduceOnly side positionSide status stopPrice "
    "closePosition symbol timeInForce type origType updateTime workingType priceProtect priceMatch "
    "selfTradePreventionMode goodTillDate"
)
ALGO_FIELDS = fields(
    "algoId clientAlgoId algoType orderType symbol side positionSide timeInForce quantity algoStatus triggerPrice "
    "price icebergQuantity selfTradePreventionMode workingType priceMatch closePosition priceProtect reduceOnly "
    "activatePrice callbackRate createTime updateTime triggerTime goodTillDate"
)
RISK_FIELDS = fields(
    "symbol positionSide positionAmt entryPrice breakEvenPrice markPrice unRealizedProfit liquidationPrice "
    "isolatedMargin notional marginAsset isolatedWallet initialMargin maintMargin positionInitialMargin "
    "openOrderInitialMargin adl bidNotional askNotional updateTime"
)
SECRET = "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9"
VECTOR = (
    "symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=9000&timeInForce=GTC&recvWindow=5000&timestamp=1591702613943"
)
VECTOR_SIGNATURE = "3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9"


def test_signature_of_official_vector_is_accepted_in_query_body_or_both() -> None:
    assert sign(VECTOR, SECRET) == VECTOR_SIGNATURE
    head, tail = VECTOR.split("&quantity", 1)
    for query, body in (
        (f"{VECTOR}&signature={VECTOR_SIGNATURE}", ""),
        ("", f"{VECTOR}&signature={VECTOR_SIGNATURE.upper()}"),
        (head, f"&quantity{tail}&signature={VECTOR_SIGNATURE}"),
    ):
        check_signature(parse_parameters(query, body), query, body, SECRET)
    changed = f"{VECTOR.replace('9000', '9001')}&signature={VECTOR_SIGNATURE}"
    with pytest.raises(WireError, match="-1022"):
        check_signature(parse_parameters(changed, ""), changed, "", SECRET)


@pytest.mark.parametrize(
    ("timestamp", "window", "accepted"),
    [(1_000_999, 5000, True), (1_001_000, 5000, False), (995_000, 5000, True), (994_999, 5000, False)],
)
def test_timestamp_bounds_are_those_of_the_exchange(timestamp: int, window: int, accepted: bool) -> None:
    values = {"timestamp": str(timestamp), "recvWindow": str(window)}
    if accepted:
        check_timestamp(values, 1_000_000)
    else:
        with pytest.raises(WireError, match="-1021"):
            check_timestamp(values, 1_000_000)


async def test_refusals_carry_status_code_and_text(small_market: MarketSource) -> None:
    async with running_server(LOCKSTEP, small_market) as endpoints, Client(endpoints) as client:
        unsigned = f"timestamp={small_market.start_ms}"
        wrong = f"{unsigned}&signature={'0' * 64}"
        late = f"timestamp={small_market.start_ms - 6000}"
        late += f"&signature={sign(late, DEMO_SECRET)}"
        for method, path, status, code in (
            ("GET", "/fapi/v1/nothing", 404, -5000),
            ("DELETE", "/fapi/v1/time", 404, -5000),
            ("GET", f"/fapi/v2/account?{unsigned}", 400, -1102),
            ("GET", f"/fapi/v2/account?{wrong}", 400, -1022),
            ("GET", f"/fapi/v2/account?{late}", 400, -1021),
            ("GET", "/fapi/v1/klines?symbol=BTCUSDT&interval=1s", 400, -1120),
            ("GET", "/fapi/v1/klines?symbol=NOPE&interval=1m", 400, -1121),
            ("GET", "/fapi/v1/klines?symbol=BTCUSDT&interval=1m&limit=1501", 400, -1130),
            ("GET", "/fapi/v1/klines?symbol=BTCUSDT", 400, -1102),
            ("GET", "/fapi/v1/depth?symbol=BTCUSDT&limit=3", 400, -4021),
            ("GET", "/fapi/v1/depth?symbol=BTCUSDT&limit=1500", 400, -1130),
        ):
            answered, body = await client.call(method, path)
            assert (answered, body["code"], set(body)) == (status, code, {"code", "msg"}), path
        async with client.session.get(endpoints.rest + "/fapi/v2/account") as response:
            assert (response.status, (await response.json())["code"]) == (401, -2014)
        headers = {"X-MBX-APIKEY": "someone-else"}
        async with client.session.post(endpoints.rest + "/fapi/v1/listenKey", headers=headers) as response:
            assert (response.status, (await response.json())["code"]) == (401, -2015)


async def test_weight_headers_add_up_and_limit_ends_in_429_then_ban(small_market: MarketSource) -> None:
    async with running_server(LOCKSTEP, small_market) as endpoints, Client(endpoints) as client:
        for path, weight in (
            ("/fapi/v1/time", 1),
            ("/fapi/v1/klines?symbol=BTCUSDT&interval=1m&limit=99", 2),
            ("/fapi/v1/klines?symbol=BTCUSDT&interval=1m&limit=1001", 12),
            ("/fapi/v1/depth?symbol=BTCUSDT&limit=1000", 32),
            ("/fapi/v1/aggTrades?symbol=BTCUSDT&limit=5", 52),
            ("/fapi/v1/ticker/24hr", 92),
        ):
            await client.call("GET", path)
            assert client.headers["X-MBX-USED-WEIGHT-1M"] == str(weight), path
        await client.call("GET", "/fapi/v1/fundingRate?symbol=BTCUSDT")
        assert "X-MBX-USED-WEIGHT-1M" not in client.headers
        statuses = []
        for _ in range((WEIGHT_PER_MINUTE - 92) // 40 + REFUSALS_BEFORE_BAN + 2):
            status, body = await client.call("GET", "/fapi/v1/ticker/24hr")
            statuses.append(status)
        assert statuses == sorted(statuses, key=[200, 429, 418].index)
        assert statuses.count(429) == REFUSALS_BEFORE_BAN
        assert statuses.count(418) >= 1
        assert int(client.headers["Retry-After"]) == 120
        until_ms = int(body["msg"].split("banned until ")[1].split(".")[0])
        now_ms = (await client.call("GET", "/sim/state"))[1]["now_ms"]
        assert until_ms == now_ms + 120_000
        await client.advance(8)
        assert (await client.call("GET", "/fapi/v1/ping"))[0] == 200


def test_order_limit_refuses_the_order_beyond_three_hundred_in_ten_seconds() -> None:
    real = [0.0]
    limits = RequestLimits(VirtualClock(0, 1.0, lambda: real[0]))
    for _ in range(300):
        limits.spend_orders(1, 1)
    assert limits.headers(orders=True)["X-MBX-ORDER-COUNT-10S"] == "300"
    with pytest.raises(WireError, match="-1015"):
        limits.spend_orders(1, 1)
    real[0] = 10.0
    limits.spend_orders(1, 1)
    assert limits.headers(orders=True)["X-MBX-ORDER-COUNT-10S"] == "1"


async def test_order_life_over_rest_has_documented_fields(small_market: MarketSource) -> None:
    async with running_server(LOCKSTEP, small_market) as endpoints, Client(endpoints) as client:
        _, best = await client.call("GET", "/fapi/v1/ticker/bookTicker", symbol="BTCUSDT")
        price = f"{float(best['bidPrice']) * 0.98:.0f}.0"
        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "quantity": "0.010", "timeInForce": "GTC"}
        status, placed = await client.signed("POST", "/fapi/v1/order", **order, price=price, newClientOrderId="mine-1")
        assert (status, set(placed), placed["status"]) == (200, PLACE_FIELDS, "NEW")
        assert client.headers["X-MBX-ORDER-COUNT-10S"] == client.headers["X-MBX-ORDER-COUNT-1M"] == "1"
        again = await client.signed("POST", "/fapi/v1/order", **order, price=price, newClientOrderId="mine-1")
        assert (again[0], again[1]["code"]) == (400, -4116)
        ids = {"symbol": "BTCUSDT", "origClientOrderId": "mine-1"}
        changed = {"symbol": "BTCUSDT", "side": "BUY", "orderId": placed["orderId"], "quantity": "0.020"}
        status, modified = await client.signed("PUT", "/fapi/v1/order", **changed, price=price, modifyId=7)
        assert (status, set(modified) - PLACE_FIELDS, modified["origQty"]) == (200, {"modifyId"}, "0.020")
        _, queried = await client.signed("GET", "/fapi/v1/order", **ids)
        assert set(queried) == (PLACE_FIELDS - {"cumQty"}) | {"avgPrice", "cumQuote", "time"}
        status, canceled = await client.signed("DELETE", "/fapi/v1/order", **ids)
        assert (status, set(canceled), canceled["status"]) == (200, PLACE_FIELDS, "CANCELED")
        assert (await client.signed("DELETE", "/fapi/v1/order", **ids))[1]["code"] == -2011
        status, answer = await client.signed("POST", "/fapi/v1/order", **{**order, "type": "STOP_MARKET"})
        assert (status, answer["code"]) == (400, -4120)


async def test_batch_answers_each_element_for_itself(small_market: MarketSource) -> None:
    async with running_server(LOCKSTEP, small_market) as endpoints, Client(endpoints) as client:
        good = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.010"}
        rows = [good, {**good, "type": "STOP_MARKET"}, {**good, "quantity": "0.0001"}]
        _, answers = await client.signed("POST", "/fapi/v1/batchOrders", batchOrders=json.dumps(rows))
        assert "orderId" in answers[0]
        assert answers[1]["code"] == -4120
        assert answers[2]["code"] < 0
        unencoded = f"batchOrders={json.dumps([good], separators=(',', ':'))}&timestamp={small_market.start_ms}"
        status, answers = await client.call(
            "POST", "/fapi/v1/batchOrders", body=f"{unencoded}&signature={sign(unencoded, DEMO_SECRET)}"
        )
        assert (status, set(answers[0])) == (200, PLACE_FIELDS)


async def test_conditional_order_triggers_and_tells_its_life(small_market: MarketSource) -> None:
    async with running_server(LOCKSTEP, small_market) as endpoints, Client(endpoints) as client:
        key = (await client.call("POST", "/fapi/v1/listenKey"))[1]["listenKey"]
        ws = await client.stream(f"/private/stream?streams={key}/!simBarrier")
        _, best = await client.call("GET", "/fapi/v1/ticker/bookTicker", symbol="BTCUSDT")
        await client.signed("POST", "/fapi/v1/order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.010")
        stop = {"algoType": "CONDITIONAL", "symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET"}
        near = f"{float(best['bidPrice']) * 0.9995:.1f}"
        status, placed = await client.signed(
            "POST", "/fapi/v1/algoOrder", **stop, closePosition="true", triggerPrice=near, clientAlgoId="stop-1"
        )
        assert (status, set(placed), placed["algoStatus"]) == (200, ALGO_FIELDS, "NEW")
        _, listed = await client.signed("GET", "/fapi/v1/openAlgoOrders", symbol="BTCUSDT")
        assert [row["clientAlgoId"] for row in listed] == ["stop-1"]
        events: list[dict[str, Any]] = []
        for _ in range(400):
            step = await client.advance(4)
            events += await until_barrier(ws, step["step"])
            if any(event["e"] == "ALGO_UPDATE" and event["o"]["X"] == "FINISHED" for event in events):
                break
        states = [event["o"]["X"] for event in events if event["e"] == "ALGO_UPDATE"]
        assert states == ["NEW", "TRIGGERING", "TRIGGERED", "FINISHED"]
        sell = [event for event in events if event["e"] == "ORDER_TRADE_UPDATE" and event["o"]["S"] == "SELL"]
        assert sell[-1]["o"]["X"] == "FILLED"
        assert (await client.signed("GET", "/fapi/v3/positionRisk"))[1] == []


async def test_algo_cancel_answers_code_as_text(small_market: MarketSource) -> None:
    async with running_server(LOCKSTEP, small_market) as endpoints, Client(endpoints) as client:
        stop = {"algoType": "CONDITIONAL", "symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET"}
        _, placed = await client.signed(
            "POST", "/fapi/v1/algoOrder", **stop, quantity="0.010", triggerPrice="50000", clientAlgoId="stop-1"
        )
        _, canceled = await client.signed("DELETE", "/fapi/v1/algoOrder", clientAlgoId="stop-1")
        assert canceled == {"algoId": placed["algoId"], "clientAlgoId": "stop-1", "code": "200", "msg": "success"}
        _, everything = await client.signed("DELETE", "/fapi/v1/algoOpenOrders", symbol="BTCUSDT")
        assert everything["code"] == 200


async def test_countdown_cancels_resting_orders_when_nobody_reports_back(small_market: MarketSource) -> None:
    async with running_server(LOCKSTEP, small_market) as endpoints, Client(endpoints) as client:
        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "quantity": "0.010", "timeInForce": "GTC"}
        _, best = await client.call("GET", "/fapi/v1/ticker/bookTicker", symbol="BTCUSDT")
        await client.signed("POST", "/fapi/v1/order", **order, price=f"{float(best['bidPrice']) * 0.96:.0f}.0")
        _, started = await client.signed("POST", "/fapi/v1/countdownCancelAll", symbol="BTCUSDT", countdownTime=30_000)
        assert started == {"symbol": "BTCUSDT", "countdownTime": "30000"}
        await client.advance(1)
        assert len((await client.signed("GET", "/fapi/v1/openOrders", symbol="BTCUSDT"))[1]) == 1
        await client.advance(1)
        assert (await client.signed("GET", "/fapi/v1/openOrders", symbol="BTCUSDT"))[1] == []


async def test_account_bodies_have_documented_fields(small_market: MarketSource) -> None:
    recorded = json.loads(
        shared_path("fixtures/binance/nautilus_crate/http_json__account_info_v2.json").read_text(encoding="utf-8")
    )
    balance = json.loads(
        shared_path("fixtures/binance/nautilus_crate/http_json__balance.json").read_text(encoding="utf-8")
    )
    async with running_server(LOCKSTEP, small_market) as endpoints, Client(endpoints) as client:
        await client.signed("POST", "/fapi/v1/order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.010")
        _, v2 = await client.signed("GET", "/fapi/v2/account")
        assert set(v2) - {"feeBurn"} == set(recorded)
        assert set(v2["assets"][0]) == set(recorded["assets"][0])
        assert set(recorded["positions"][0]) <= set(v2["positions"][0])
        _, v3 = await client.signed("GET", "/fapi/v3/balance")
        assert set(v3[0]) == set(balance[0])
        _, risk = await client.signed("GET", "/fapi/v3/positionRisk")
        assert [set(row) for row in risk] == [RISK_FIELDS]
        _, brackets = await client.signed("GET", "/fapi/v1/leverageBracket")
        known = json.loads(shared_path("fixtures/binance/leverageBracket_2024_10.json").read_text(encoding="utf-8"))
        assert set(known[0]["brackets"][0]) == set(brackets[0]["brackets"][0])


def recorded_bodies() -> dict[str, Any]:
    rows = json.loads(shared_path("fixtures/binance/live_2026_09/rest_responses.json").read_text(encoding="utf-8"))
    return {
        row["request"].removeprefix("GET ").split("?")[0].split(" ")[0]: row["body"]
        for row in rows
        if row["status"] == 200
    }


async def test_market_bodies_have_the_fields_of_recorded_production_answers(small_market: MarketSource) -> None:
    recorded = recorded_bodies()
    async with running_server(LOCKSTEP, small_market) as endpoints, Client(endpoints) as client:
        compared = 0
        for path, body in recorded.items():
            status, answer = await client.call("GET", f"{path}?symbol=BTCUSDT&interval=1m&limit=5")
            if status != 200 or isinstance(answer, list) != isinstance(body, list):
                continue
            expected, shown = (body[0], answer[0]) if isinstance(body, list) and answer else (body, answer)
            if isinstance(expected, dict):
                assert set(shown) == set(expected), path
                assert {k: type(v) for k, v in shown.items() if v is not None} == {
                    k: type(v) for k, v in expected.items() if shown[k] is not None
                }, path
                compared += 1
            elif isinstance(expected, list):
                assert [type(cell) for cell in shown] == [type(cell) for cell in expected], path
                compared += 1
        assert compared >= 9


async def test_exchange_info_has_the_fields_of_the_recorded_one(small_market: MarketSource) -> None:
    file = shared_path("fixtures/binance/live_2026_09/exchangeInfo_BTCUSDT.json")
    recorded = json.loads(file.read_text(encoding="utf-8"))
    async with running_server(LOCKSTEP, small_market) as endpoints, Client(endpoints) as client:
        _, info = await client.call("GET", "/fapi/v1/exchangeInfo", symbol="BTCUSDT")
        assert len(info["symbols"]) == 3
        bitcoin = next(row for row in info["symbols"] if row["symbol"] == "BTCUSDT")
        assert set(bitcoin) == set(recorded["symbols"][0])
        assert info["rateLimits"] == recorded["rateLimits"]
        fields = {row["filterType"]: set(row) for row in bitcoin["filters"]}
        assert fields == {row["filterType"]: set(row) for row in recorded["symbols"][0]["filters"]}


EVENT_FIELDS = {
    "btcusdt@kline_1m": "e E s k",
    "btcusdt@aggTrade": "e E s a p q nq f l T m st",
    "btcusdt@markPrice@1s": "e E s p ap i P r T st",
    "btcusdt@miniTicker": "e E s c o h l v q ps st",
    "btcusdt@ticker": "e E s p P w c Q o h l v q O C F L n ps st",
    "btcusdt_perpetual@continuousKline_1m": "e E ps ct k",
    "btcusdt@depth": "e E T s U u pu b a ps st",
    "btcusdt@bookTicker": "e u E T s b B a A ps st",
}
KLINE_FIELDS = fields("t T s i f L o c h l v n x q V Q B")


@pytest.mark.parametrize("name", EVENT_FIELDS)
async def test_stream_event_has_documented_fields(small_market: MarketSource, name: str) -> None:
    async with running_server(LOCKSTEP, small_market) as endpoints, Client(endpoints) as client:
        route = "public" if name.endswith(("depth", "bookTicker")) else "market"
        ws = await client.stream(f"/{route}/stream?streams={name}/!simBarrier")
        step = await client.advance(4)
        events = await until_barrier(ws, step["step"])
        assert events
        assert all(set(event) == fields(EVENT_FIELDS[name]) for event in events)
        if "k" in events[0]:
            assert KLINE_FIELDS - set(events[0]["k"]) <= {"s"}


def test_demo_account_is_fixed() -> None:
    assert (ServerConfig().api_key, ServerConfig().api_secret) == (DEMO_KEY, DEMO_SECRET) == ("demo-key", "demo-secret")
