"""Refusals, firewall pages, clocks and broken books by script, against the real adapter over the wire."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from futtui.domain.errors import ExchangeError
from futtui.domain.orders import OrderIntent, OrderPurpose, OrderStatus, OrderType
from futtui.domain.side import OrderSide
from futtui.domain.timeframe import Timeframe
from futtui.exchange.binance.book_sync import BookSync
from futtui.exchange.binance.streams import BinanceStreams
from futtui.exchange.binance.trading import BinanceTrading
from tests.exchange.binance.stream_server import Inbox
from tests.exchange.binance.test_against_faults import FAST, KEYS, Post, advance, exchange

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"


async def arm(post: Post, name: str) -> None:
    await post("/sim/faults", (SCENARIOS / f"{name}.yaml").read_text(encoding="utf-8"))


async def wait(post: Post, minutes: int = 1) -> None:
    """Let the exchange's time pass."""
    for _ in range(minutes * 12):
        await post("/sim/advance")


async def test_fs27_lost_differences_make_the_book_unavailable_until_a_spaced_snapshot_fits() -> None:
    inbox, asked = Inbox(), []
    async with exchange() as (endpoints, post, rest):
        pauses: list[float] = []

        async def snapshot(symbol: str):  # type: ignore[no-untyped-def]
            asked.append(symbol)
            return await rest.depth(symbol)

        async def sleep(seconds: float) -> None:
            pauses.append(seconds)
            await asyncio.sleep(0)

        books = BookSync(["BTCUSDT"], snapshot, spacing_seconds=1.0, sleep=sleep, jitter=lambda: 1.0)
        streams = BinanceStreams(endpoints, inbox, barrier=True, settings=FAST, on_depth=books.feed)
        await streams.subscribe(["btcusdt@depth@100ms"])
        book = books.book("BTCUSDT")
        assert book is not None
        await advance(post, inbox, 6)
        assert book.valid
        await arm(post, "book_gap")
        served, unavailable = 0, 0
        for _ in range(60):
            await advance(post, inbox, 1)
            bid, ask = book.best_bid(), book.best_ask()
            if not book.valid:
                unavailable += 1
                assert (bid, ask, book.top(5), book.sides(1.0)) == (None, None, None, None)
                assert book.reason
                continue
            served += 1
            assert bid is not None
            assert ask is not None
            assert bid[0] < ask[0], "never crossed"
        assert book.breaks >= 4
        assert served > 30
        assert len(asked) <= 1 + 2 * book.breaks
        assert pauses.count(1.0) >= len(asked) - 1, "a pause after each snapshot"
        await post("/sim/faults", "[]")
        await advance(post, inbox, 12)
        assert book.valid
        truth = await rest.depth("BTCUSDT")
        if truth.last_update_id == book.update_id:
            assert book.top(50) == (truth.bids[:50], truth.asks[:50])
        await books.close()
        await streams.close()


async def test_fs31_firewall_page_is_a_failed_request_in_words_and_not_a_broken_parser() -> None:
    async with exchange() as (_, post, rest):
        await arm(post, "firewall_page")
        with pytest.raises(ExchangeError, match="firewall") as caught:
            await rest.klines("BTCUSDT", Timeframe.M15, limit=10)
        assert "<html" not in str(caught.value).lower()
        with pytest.raises(ExchangeError, match="until then"):
            await rest.klines("BTCUSDT", Timeframe.M15, limit=10)


async def test_fs32_clock_that_jumped_is_measured_once_and_the_order_goes_out_once_under_its_id() -> None:
    async with exchange() as (endpoints, post, rest):
        rules = await rest.exchange_info()
        offset = [0]
        measured: list[int] = []
        start_ms = await rest.server_time_ms()

        async def resync() -> None:
            measured.append(1)
            offset[0] = await rest.server_time_ms() - start_ms

        trading = BinanceTrading(endpoints, KEYS, rules, lambda: start_ms + offset[0], resync_clock=resync)
        await trading.open()
        try:
            await arm(post, "clock_shifted")
            await wait(post, 2)
            intent = OrderIntent(
                "once", "BTCUSDT", OrderSide.BUY, OrderType.MARKET, Decimal("0.010"), OrderPurpose.ENTRY, "p", start_ms
            )
            placed = await trading.place(intent)
            assert placed.status in (OrderStatus.OPEN, OrderStatus.FILLED)
            assert measured == [1]
            assert [item.amount for item in await trading.positions()] == [Decimal("0.010")]
        finally:
            await trading.close()
