"""Unmodified ccxt (async and pro) trades against the embedded exchange; nothing but URLs and keys is set."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from futtui.exchange.ports import Endpoints
from futtui.exchange.simulator.ports import MarketSource
from futtui.exchange.simulator.wire.config import DEMO_KEY, DEMO_SECRET, ServerConfig
from futtui.exchange.simulator.wire.server import running_server

SYMBOL = "BTC/USDT:USDT"
WAIT_S = 15.0


def point_at(exchange: Any, endpoints: Endpoints) -> None:
    """Replace the URLs as the reference sheet (section 13) says; nothing else is touched."""
    paths = {
        "fapiPublic": "/fapi/v1",
        "fapiPublicV2": "/fapi/v2",
        "fapiPublicV3": "/fapi/v3",
        "fapiPrivate": "/fapi/v1",
        "fapiPrivateV2": "/fapi/v2",
        "fapiPrivateV3": "/fapi/v3",
        "fapiData": "/futures/data",
        "public": "/api/v3",
        "sapi": "/sapi/v1",
        "sapiV2": "/sapi/v2",
        "sapiV3": "/sapi/v3",
        "sapiV4": "/sapi/v4",
    }
    api = exchange.urls["api"]
    for name, path in paths.items():
        api[name] = endpoints.rest + path
    if "ws" in api:
        api["ws"]["linear"] = f"{endpoints.stream}/ws"


@asynccontextmanager
async def connected(module: str, source: MarketSource) -> AsyncIterator[Any]:
    ccxt = pytest.importorskip(module)
    async with running_server(ServerConfig(speed=1.0), source) as endpoints:
        exchange = ccxt.binanceusdm(
            {"apiKey": DEMO_KEY, "secret": DEMO_SECRET, "options": {"adjustForTimeDifference": True}}
        )
        point_at(exchange, endpoints)
        try:
            yield exchange
        finally:
            await exchange.close()


async def test_ccxt_async_against_wire_loads_trades_and_queries(small_market: MarketSource) -> None:
    async with connected("ccxt.async_support", small_market) as exchange:
        markets = await exchange.load_markets()
        assert {SYMBOL, "ETH/USDT:USDT", "DOGE/USDT:USDT"} <= set(markets)
        candles = await exchange.fetch_ohlcv(SYMBOL, "15m", limit=50)
        assert len(candles) == 50
        assert [row[0] for row in candles] == sorted({row[0] for row in candles})
        book = await exchange.fetch_order_book(SYMBOL, 20)
        assert book["bids"][0][0] < book["asks"][0][0]
        assert (await exchange.set_leverage(10, SYMBOL))["leverage"] == 10
        start = (await exchange.fetch_balance())["USDT"]["total"]
        assert start == 10_000

        price = exchange.price_to_precision(SYMBOL, book["bids"][0][0] * 0.97)
        resting = await exchange.create_order(SYMBOL, "limit", "buy", 0.01, price)
        assert resting["status"] == "open"
        assert [order["id"] for order in await exchange.fetch_open_orders(SYMBOL)] == [resting["id"]]
        canceled = await exchange.cancel_order(resting["id"], SYMBOL)
        assert canceled["status"] == "canceled"

        bought = await exchange.create_order(SYMBOL, "market", "buy", 0.05)
        order = await exchange.fetch_order(bought["id"], SYMBOL)
        assert (order["status"], order["filled"]) == ("closed", 0.05)
        assert order["average"] >= book["bids"][0][0] * 0.99
        position = next(row for row in await exchange.fetch_positions([SYMBOL]) if row["contracts"])
        assert (position["side"], position["contracts"]) == ("long", 0.05)

        stop_price = exchange.price_to_precision(SYMBOL, book["bids"][0][0] * 0.95)
        stop = await exchange.create_order(
            SYMBOL, "STOP_MARKET", "sell", 0.05, None, {"triggerPrice": stop_price, "reduceOnly": True}
        )
        waiting = await exchange.fetch_open_orders(SYMBOL, params={"trigger": True})
        assert [row["id"] for row in waiting] == [stop["id"]]
        await exchange.cancel_order(stop["id"], SYMBOL, {"trigger": True})
        assert await exchange.fetch_open_orders(SYMBOL, params={"trigger": True}) == []

        await exchange.create_order(SYMBOL, "market", "sell", 0.05, None, {"reduceOnly": True})
        assert [row for row in await exchange.fetch_positions([SYMBOL]) if row["contracts"]] == []
        trades = await exchange.fetch_my_trades(SYMBOL)
        assert sum(trade["amount"] for trade in trades if trade["side"] == "sell") == pytest.approx(0.05)
        assert (await exchange.fetch_balance())["USDT"]["total"] < start


async def test_ccxt_pro_against_wire_watches_book_candles_and_own_orders(small_market: MarketSource) -> None:
    async with connected("ccxt.pro", small_market) as exchange:
        await exchange.load_markets()
        book = await asyncio.wait_for(exchange.watch_order_book(SYMBOL), WAIT_S)
        assert book["bids"][0][0] < book["asks"][0][0]
        candles = await asyncio.wait_for(exchange.watch_ohlcv(SYMBOL, "15m"), WAIT_S)
        assert candles[-1][4] == pytest.approx(book["bids"][0][0], rel=0.01)
        watching = asyncio.create_task(exchange.watch_orders(SYMBOL))
        async with asyncio.timeout(WAIT_S):
            while not is_private_stream_open(exchange):
                await asyncio.sleep(0.01)
            placed = await exchange.create_order(SYMBOL, "market", "buy", 0.01)
            order = (await watching)[-1]
            while order["status"] != "closed":
                order = (await exchange.watch_orders(SYMBOL))[-1]
        assert (order["id"], order["filled"]) == (placed["id"], 0.01)


def is_private_stream_open(exchange: Any) -> bool:
    return any(
        "/private/ws" in url and client.connected.done() and not client.connected.cancelled()
        for url, client in exchange.clients.items()
    )
