"""Lockstep order: whichever socket is faster, messages are handled by event time, account news first."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from futtui.domain.errors import ExchangeError
from futtui.domain.orders import OrderStatus, OrderUpdate
from futtui.domain.timeframe import Timeframe
from futtui.exchange.ports import BarrierMessage, KlineMessage, MarkPriceMessage, StreamMessage
from futtui.live.connection import HeldMessages


def mark(time_ms: int, price: float, symbol: str = "BTCUSDT") -> MarkPriceMessage:
    return MarkPriceMessage(symbol, time_ms, price, None, None, 0)


def bar(time_ms: int, symbol: str) -> KlineMessage:
    return KlineMessage(symbol, Timeframe.M15, time_ms, None, None)


def order(time_ms: int, name: str) -> OrderUpdate:
    return OrderUpdate(name, "BTCUSDT", OrderStatus.OPEN, time_ms)


MARKET = [mark(10, 1.0), mark(20, 2.0)]
PRIVATE = [order(10, "a"), order(10, "b"), order(15, "c")]


def interleavings() -> list[list[StreamMessage]]:
    """Every way in which two ordered sockets can arrive."""
    found = []
    for places in itertools.combinations(range(5), 2):
        market, private = iter(MARKET), iter(PRIVATE)
        found.append([next(market) if index in places else next(private) for index in range(5)])
    return found


@pytest.mark.parametrize("arrival", interleavings())
def test_held_messages_any_interleaving_of_two_sockets_is_handled_in_one_order(arrival: list[StreamMessage]) -> None:
    handled: list[StreamMessage] = []
    held = HeldMessages(handled.append)
    for message in arrival:
        held.on_message(message)
    assert handled == []
    assert held.release() == 5
    assert handled == [PRIVATE[0], PRIVATE[1], MARKET[0], PRIVATE[2], MARKET[1]]


@pytest.mark.parametrize("first", ["market-1", "market-2"])
def test_held_messages_of_two_market_sockets_at_one_moment_have_one_order(first: str) -> None:
    sockets = {
        "market-1": [mark(10, 1.0, "ETHUSDT"), bar(10, "ADAUSDT"), bar(20, "ADAUSDT")],
        "market-2": [mark(10, 2.0, "BTCUSDT"), bar(10, "ETHUSDT"), mark(10, 3.0, "ADAUSDT")],
    }
    handled: list[StreamMessage] = []
    held = HeldMessages(handled.append)
    for name in sorted(sockets, reverse=first == "market-2"):
        for message in sockets[name]:
            held.on_message(message)
    held.release()
    seen = [(message.symbol, type(message).__name__) for message in handled]  # type: ignore[union-attr]
    assert seen == [
        ("ADAUSDT", "MarkPriceMessage"),
        ("BTCUSDT", "MarkPriceMessage"),
        ("ETHUSDT", "MarkPriceMessage"),
        ("ADAUSDT", "KlineMessage"),
        ("ETHUSDT", "KlineMessage"),
        ("ADAUSDT", "KlineMessage"),
    ]


async def test_held_messages_wait_ends_when_every_connection_has_shown_the_barrier() -> None:
    held = HeldMessages(lambda message: None)
    waiting = asyncio.create_task(held.wait_for(3, 2))
    held.on_message(BarrierMessage(3, 1, "market-1"))
    held.on_message(BarrierMessage(3, 1, "market-1"))
    await asyncio.sleep(0)
    assert not waiting.done()
    held.on_message(BarrierMessage(3, 1, "private"))
    await asyncio.wait_for(waiting, 1)


async def test_held_messages_missing_barrier_is_told_in_words_not_a_hang() -> None:
    with pytest.raises(ExchangeError, match="fell silent"):
        await HeldMessages(lambda message: None).wait_for(1, 1, timeout_s=0.01)
