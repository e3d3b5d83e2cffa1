"""The exchange's official client, unmodified, trades against the embedded exchange; only URLs and keys are set.

It checks every answer against the exchange's own models and logs a warning where one does not fit; so no warning may
be logged.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from futtui.exchange.simulator.market.synthetic import SyntheticMarket
from futtui.exchange.simulator.wire.config import DEMO_KEY, DEMO_SECRET, ServerConfig
from futtui.exchange.simulator.wire.server import running_server

SYMBOL = "BTCUSDT"
WAIT_S = 15.0


@asynccontextmanager
async def connected() -> AsyncIterator[Any]:
    """The client. It signs with the PC's clock and corrects nothing, so the market opens at the PC's time."""
    pytest.importorskip("binance_sdk_derivatives_trading_usds_futures")
    from binance_common.configuration import ConfigurationRestAPI, ConfigurationWebSocketStreams
    from binance_sdk_derivatives_trading_usds_futures.derivatives_trading_usds_futures import (
        DerivativesTradingUsdsFutures,
    )

    source = SyntheticMarket((SYMBOL,), seed=7, start_ms=int(time.time() * 1000), history_days=2)
    async with running_server(ServerConfig(speed=1.0), source) as endpoints:
        yield DerivativesTradingUsdsFutures(
            config_rest_api=ConfigurationRestAPI(DEMO_KEY, DEMO_SECRET, base_path=endpoints.rest),
            config_ws_streams=ConfigurationWebSocketStreams(stream_url=endpoints.stream),
        )


async def ask(call: Callable[..., Any], **parameters: Any) -> Any:
    """The answer as the client's model; its requests block, so they are made in a thread."""
    return await asyncio.to_thread(lambda: call(**parameters).data())


async def test_official_client_reads_trades_and_queries(caplog: pytest.LogCaptureFixture) -> None:
    async with connected() as client:
        from binance_common.errors import BadRequestError

        rest = client.rest_api
        info = await ask(rest.exchange_information)
        assert [row.symbol for row in info.symbols] == [SYMBOL]
        assert {limit.limit for limit in info.rate_limits} == {2400, 1200, 300}
        candles = await ask(rest.kline_candlestick_data, symbol=SYMBOL, interval="15m", limit=50)
        assert [row[0] for row in candles] == sorted({row[0] for row in candles})
        assert (len(candles), {len(row) for row in candles}) == (50, {12})
        book = await ask(rest.order_book, symbol=SYMBOL, limit=20)
        bid = float(book.bids[0][0])
        assert bid < float(book.asks[0][0])
        assert (await ask(rest.change_initial_leverage, symbol=SYMBOL, leverage=10)).leverage == 10
        [wallet] = [row for row in await ask(rest.futures_account_balance_v3) if row.asset == "USDT"]
        assert float(wallet.balance) == 10_000

        price = round(bid * 0.97, 1)
        resting = await ask(
            rest.new_order, symbol=SYMBOL, side="BUY", type="LIMIT", time_in_force="GTC", quantity=0.01, price=price
        )
        assert (resting.status, float(resting.price)) == ("NEW", price)
        found = await ask(rest.query_order, symbol=SYMBOL, order_id=resting.order_id)
        assert (found.client_order_id, found.status) == (resting.client_order_id, "NEW")
        opened = await ask(rest.current_all_open_orders, symbol=SYMBOL)
        assert [row.order_id for row in opened] == [resting.order_id]
        canceled = await ask(rest.cancel_order, symbol=SYMBOL, order_id=resting.order_id)
        assert canceled.status == "CANCELED"
        with pytest.raises(BadRequestError) as refused:
            await ask(rest.cancel_order, symbol=SYMBOL, order_id=resting.order_id)
        assert refused.value.status_code == -2011

        bought = await ask(
            rest.new_order, symbol=SYMBOL, side="BUY", type="MARKET", quantity=0.05, new_order_resp_type="RESULT"
        )
        assert (bought.status, float(bought.executed_qty)) == ("FILLED", 0.05)
        [position] = await ask(rest.position_information_v3, symbol=SYMBOL)
        filled = await ask(rest.query_order, symbol=SYMBOL, order_id=bought.order_id)
        assert float(position.position_amt) == 0.05
        assert float(position.entry_price) == pytest.approx(float(filled.avg_price))
        stop = await ask(
            rest.new_algo_order,
            algo_type="CONDITIONAL",
            symbol=SYMBOL,
            side="SELL",
            type="STOP_MARKET",
            trigger_price=round(bid * 0.95, 1),
            close_position="true",
        )
        waiting = await ask(rest.current_all_algo_open_orders, symbol=SYMBOL)
        assert [row.algo_id for row in waiting] == [stop.algo_id]
        await ask(rest.cancel_algo_order, algo_id=stop.algo_id)
        account = await ask(rest.account_information_v3)
        [held] = account.positions
        assert (held.symbol, float(held.position_amt)) == (SYMBOL, 0.05)
        await ask(rest.new_order, symbol=SYMBOL, side="SELL", type="MARKET", quantity=0.05, reduce_only="true")
        assert (await ask(rest.account_information_v3)).positions == []
        trades = await ask(rest.account_trade_list, symbol=SYMBOL)
        assert sum(float(row.qty) for row in trades if row.side == "SELL") == pytest.approx(0.05)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_official_client_listens_to_candles_book_and_own_orders(caplog: pytest.LogCaptureFixture) -> None:
    async with connected() as client, asyncio.timeout(WAIT_S):
        streams = client.websocket_streams
        await streams.create_connection()
        candles: asyncio.Queue[Any] = asyncio.Queue()
        books: asyncio.Queue[Any] = asyncio.Queue()
        own: asyncio.Queue[Any] = asyncio.Queue()
        try:
            handle = await streams.kline_candlestick_streams(symbol=SYMBOL.lower(), interval="15m")
            handle.on("message", candles.put_nowait)
            handle = await streams.diff_book_depth_streams(symbol=SYMBOL.lower())
            handle.on("message", books.put_nowait)
            key = (await ask(client.rest_api.start_user_data_stream)).listen_key
            handle = await streams.user_data(key)
            handle.on("message", own.put_nowait)
            kline = (await candles.get()).k
            assert (kline.s, kline.i, kline.x) == (SYMBOL, "15m", False)
            first, second = await books.get(), await books.get()
            assert second.pu == first.u
            placed = await ask(client.rest_api.new_order, symbol=SYMBOL, side="BUY", type="MARKET", quantity=0.01)
            event = (await own.get()).actual_instance
            while type(event).__name__ != "OrderTradeUpdate" or event.o.X != "FILLED":
                event = (await own.get()).actual_instance
            assert (event.o.i, float(event.o.z)) == (placed.order_id, 0.01)
        finally:
            await streams.close_connection()
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []
