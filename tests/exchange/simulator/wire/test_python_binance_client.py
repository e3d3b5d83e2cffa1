"""Unmodified python-binance trades against the embedded exchange; nothing but URLs and keys is set."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from futtui.exchange.ports import Endpoints
from futtui.exchange.simulator.ports import MarketSource
from futtui.exchange.simulator.wire.config import DEMO_KEY, DEMO_SECRET, ServerConfig
from futtui.exchange.simulator.wire.server import running_server

SYMBOL = "BTCUSDT"
WAIT_S = 15.0


def point_at(client: Any, endpoints: Endpoints) -> None:
    """Replace the client's URLs; nothing else is touched."""
    client.API_URL = f"{endpoints.rest}/api"
    client.FUTURES_URL = f"{endpoints.rest}/fapi"
    client.FUTURES_DATA_URL = f"{endpoints.rest}/futures/data"


@asynccontextmanager
async def connected(source: MarketSource) -> AsyncIterator[tuple[Any, Any]]:
    """The client, and its manager of sockets."""
    binance = pytest.importorskip("binance")
    async with running_server(ServerConfig(speed=1.0), source) as endpoints:
        client = binance.AsyncClient(DEMO_KEY, DEMO_SECRET)
        point_at(client, endpoints)
        answer = await client.futures_time()
        client.timestamp_offset = answer["serverTime"] - int(time.time() * 1000)  # as AsyncClient.create measures it
        manager = binance.BinanceSocketManager(client)
        manager.FSTREAM_URL = f"{endpoints.stream}/"
        try:
            yield client, manager
        finally:
            await client.close_connection()


async def test_python_binance_reads_the_market(small_market: MarketSource) -> None:
    async with connected(small_market) as (client, _):
        assert await client.futures_ping() == {}
        assert await client.ping() == {}
        info = await client.futures_exchange_info()
        assert {row["symbol"] for row in info["symbols"]} == {"BTCUSDT", "ETHUSDT", "DOGEUSDT"}
        candles = await client.futures_klines(symbol=SYMBOL, interval="15m", limit=50)
        assert [row[0] for row in candles] == sorted({row[0] for row in candles})
        assert (len(candles), {len(row) for row in candles}) == (50, {12})
        start = candles[0][0]
        paged = [row async for row in await client.futures_historical_klines_generator(SYMBOL, "15m", start)]
        assert paged[:49] == candles[:49]
        book = await client.futures_order_book(symbol=SYMBOL, limit=20)
        assert float(book["bids"][0][0]) < float(book["asks"][0][0])
        mark = await client.futures_mark_price(symbol=SYMBOL)
        assert float(mark["markPrice"]) == pytest.approx(float(book["bids"][0][0]), rel=0.01)


async def test_python_binance_trades_and_queries(small_market: MarketSource) -> None:
    from binance.exceptions import BinanceAPIException

    async with connected(small_market) as (client, _):
        bid = float((await client.futures_order_book(symbol=SYMBOL, limit=5))["bids"][0][0])
        assert (await client.futures_change_leverage(symbol=SYMBOL, leverage=10))["leverage"] == 10
        balance = {row["asset"]: float(row["balance"]) for row in await client.futures_account_balance()}
        assert balance["USDT"] == 10_000

        price = f"{bid * 0.97:.1f}"
        resting = await client.futures_create_order(
            symbol=SYMBOL, side="BUY", type="LIMIT", timeInForce="GTC", quantity="0.010", price=price
        )
        assert (resting["status"], float(resting["price"])) == ("NEW", float(price))
        assert [row["orderId"] for row in await client.futures_get_open_orders(symbol=SYMBOL)] == [resting["orderId"]]
        found = await client.futures_get_order(symbol=SYMBOL, origClientOrderId=resting["clientOrderId"])
        assert found["orderId"] == resting["orderId"]
        canceled = await client.futures_cancel_order(symbol=SYMBOL, orderId=resting["orderId"])
        assert canceled["status"] == "CANCELED"
        with pytest.raises(BinanceAPIException) as refused:
            await client.futures_cancel_order(symbol=SYMBOL, orderId=resting["orderId"])
        assert (refused.value.status_code, refused.value.code) == (400, -2011)

        bought = await client.futures_create_order(
            symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.050", newOrderRespType="RESULT"
        )
        assert (bought["status"], float(bought["executedQty"])) == ("FILLED", 0.05)
        [position] = [
            row for row in await client.futures_position_information(symbol=SYMBOL) if float(row["positionAmt"])
        ]
        assert (position["positionSide"], float(position["positionAmt"])) == ("BOTH", 0.05)
        filled = await client.futures_get_order(symbol=SYMBOL, orderId=bought["orderId"])
        assert float(position["entryPrice"]) == pytest.approx(float(filled["avgPrice"]))
        account = await client.futures_account()
        [held] = [row for row in account["positions"] if float(row["positionAmt"])]
        assert (held["symbol"], held["leverage"]) == (SYMBOL, "10")

        stop = await client.futures_create_order(
            symbol=SYMBOL, side="SELL", type="STOP_MARKET", triggerPrice=f"{bid * 0.95:.1f}", closePosition="true"
        )
        waiting = await client.futures_get_open_algo_orders(symbol=SYMBOL)
        assert [row["algoId"] for row in waiting] == [stop["algoId"]]
        await client.futures_cancel_algo_order(symbol=SYMBOL, algoId=stop["algoId"])
        assert await client.futures_get_open_algo_orders(symbol=SYMBOL) == []

        await client.futures_create_order(
            symbol=SYMBOL, side="SELL", type="MARKET", quantity="0.050", reduceOnly="true"
        )
        left = await client.futures_position_information(symbol=SYMBOL)
        assert [row for row in left if float(row["positionAmt"])] == []
        trades = await client.futures_account_trades(symbol=SYMBOL)
        assert sum(float(row["qty"]) for row in trades if row["side"] == "SELL") == pytest.approx(0.05)
        assert float((await client.futures_account())["totalWalletBalance"]) < 10_000


async def test_python_binance_listens_to_candles_book_and_own_orders(small_market: MarketSource) -> None:
    async with connected(small_market) as (client, manager), asyncio.timeout(WAIT_S):
        streams = [f"{SYMBOL.lower()}@kline_15m", "ethusdt@kline_1m"]
        async with manager.futures_multiplex_socket(streams) as candles:
            seen: dict[str, dict[str, Any]] = {}
            while len(seen) < 2:
                message = await candles.recv()
                seen[message["stream"]] = message["data"]
            assert set(seen) == set(streams)
            kline = seen[streams[0]]["k"]
            assert (kline["s"], kline["i"], kline["x"]) == (SYMBOL, "15m", False)
        async with manager.futures_depth_socket(SYMBOL, depth="20") as depth:
            book = (await depth.recv())["data"]
            assert float(book["b"][0][0]) < float(book["a"][0][0])
        async with manager.futures_user_socket() as own:
            placed = await client.futures_create_order(symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.010")
            event = await own.recv()
            while event["e"] != "ORDER_TRADE_UPDATE" or event["o"]["X"] != "FILLED":
                event = await own.recv()
            assert (event["o"]["i"], float(event["o"]["z"])) == (placed["orderId"], 0.01)
