"""Lockstep order: whichever socket is faster, messages are handled by event time, account news first."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from futtui.domain.orders import OrderStatus, OrderUpdate
from futtui.exchange.ports import BarrierMessage, MarkPriceMessage, StreamMessage
from futtui.live.connection import HeldMessages


def mark(time_ms: int, price: float) -> MarkPriceMessage:
    return MarkPriceMessage("BTCUSDT", time_ms, price, None, None, 0)


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


async def test_held_messages_wait_ends_when_every_connection_has_shown_the_barrier() -> None:
    held = HeldMessages(lambda message: None)
    waiting = asyncio.create_task(held.wait_for(3, 2))
    held.on_message(BarrierMessage(3, 1, "market-1"))
    held.on_message(BarrierMessage(3, 1, "market-1"))
    await asyncio.sleep(0)
    assert not waiting.done()
    held.on_message(BarrierMessage(3, 1, "private"))
    await asyncio.wait_for(waiting, 1)


async def test_held_messages_missing_barrier_is_a_time_out_not_a_hang() -> None:
    with pytest.raises(TimeoutError):
        await HeldMessages(lambda message: None).wait_for(1, 1, timeout_s=0.01)
