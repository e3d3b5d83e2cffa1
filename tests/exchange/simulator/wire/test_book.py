"""The chain of book updates: a client that follows the documented rule always holds the true book."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from futtui.exchange.simulator.market.catalogue import synthetic_symbol
from futtui.exchange.simulator.ports import MarketSource
from futtui.exchange.simulator.wire.book import BookChain
from futtui.exchange.simulator.wire.config import ServerConfig
from futtui.exchange.simulator.wire.server import running_server
from tests.exchange.simulator.wire.client import Client, until_barrier

RULES = synthetic_symbol("BTCUSDT", 1_767_571_200_000)[0].rules
Side = dict[str, str]


class FollowedBook:
    """A client's book, kept by the rule of the futures documentation."""

    def __init__(self, snapshot: dict[str, Any]) -> None:
        self.sides: dict[str, Side] = {
            "b": dict(snapshot["bids"]),
            "a": dict(snapshot["asks"]),
        }
        self.snapshot_id = int(snapshot["lastUpdateId"])
        self.last_id: int | None = None

    def take(self, event: dict[str, Any]) -> bool:
        """Apply an event; False if the rule drops it. Fails where the chain is broken."""
        first, last, previous = (int(event[name]) for name in ("U", "u", "pu"))
        assert first <= last
        if last < self.snapshot_id:
            return False
        if self.last_id is None:
            assert first <= self.snapshot_id <= last
        else:
            assert previous == self.last_id
        self.last_id = last
        for name, side in self.sides.items():
            for price, size in event[name]:
                if Decimal(size) == 0:
                    side.pop(price, None)
                else:
                    side[price] = size
        return True

    def rows(self, limit: int) -> tuple[list[list[str]], list[list[str]]]:
        bids = sorted(self.sides["b"].items(), key=lambda level: -Decimal(level[0]))
        asks = sorted(self.sides["a"].items(), key=lambda level: Decimal(level[0]))
        return [list(level) for level in bids[:limit]], [list(level) for level in asks[:limit]]


levels = st.lists(st.tuples(st.integers(1, 60), st.integers(1, 9)), min_size=1, max_size=20)


@given(states=st.lists(st.tuples(levels, levels), min_size=3, max_size=12), snapshot_after=st.integers(0, 10))
def test_chain_followed_by_rule_gives_the_book(
    states: list[tuple[list[tuple[int, int]], list[tuple[int, int]]]], snapshot_after: int
) -> None:
    chain = BookChain(RULES, 3)
    followed: FollowedBook | None = None
    for number, (bids, asks) in enumerate(states):
        change = chain.refresh(
            [(Decimal(1000 - price) / 10, Decimal(size)) for price, size in dict(bids).items()],
            [(Decimal(1000 + price) / 10, Decimal(size)) for price, size in dict(asks).items()],
            number,
        )
        if followed is not None:
            event = {"U": change.first_id, "u": change.last_id, "pu": change.previous_id}
            assert followed.take({**event, "b": change.bids, "a": change.asks})
            expected = chain.top(100)
            assert [sorted(side) for side in followed.rows(100)] == [sorted(side) for side in expected]
        elif number >= min(snapshot_after, len(states) - 2):
            shown = chain.top(1000)
            followed = FollowedBook({"lastUpdateId": chain.snapshot_id(), "bids": shown[0], "asks": shown[1]})
    assert followed is not None


async def test_depth_stream_and_snapshots_agree_with_book_ticker(small_market: MarketSource) -> None:
    async with running_server(ServerConfig(speed="max"), small_market) as endpoints, Client(endpoints) as client:
        names = "btcusdt@depth@100ms/btcusdt@bookTicker/btcusdt@depth10/!simBarrier"
        ws = await client.stream(f"/public/ws/{names}")
        await client.advance(2)
        _, snapshot = await client.call("GET", "/fapi/v1/depth", symbol="BTCUSDT", limit=1000)
        followed, applied = FollowedBook(snapshot), 0
        step = await client.advance(20)
        for event in await until_barrier(ws, step["step"]):
            if event["e"] == "bookTicker" and followed.last_id is not None:
                assert event["u"] == followed.last_id
                assert followed.rows(1) == ([[event["b"], event["B"]]], [[event["a"], event["A"]]])
            elif event["e"] == "depthUpdate" and len(event["b"]) == 10 and len(event["a"]) == 10 and applied:
                if event["u"] == followed.last_id:
                    assert followed.rows(10) == (event["b"], event["a"])
            elif event["e"] == "depthUpdate" and followed.take(event):
                applied += 1
        assert applied >= 15
        _, after = await client.call("GET", "/fapi/v1/depth", symbol="BTCUSDT", limit=100)
        assert followed.rows(100) == (after["bids"], after["asks"])


async def test_snapshot_without_stream_listeners_is_fresh_and_ids_rise(small_market: MarketSource) -> None:
    async with running_server(ServerConfig(speed="max"), small_market) as endpoints, Client(endpoints) as client:
        seen = []
        for _ in range(3):
            _, snapshot = await client.call("GET", "/fapi/v1/depth", symbol="ETHUSDT", limit=5)
            _, best = await client.call("GET", "/fapi/v1/ticker/bookTicker", symbol="ETHUSDT")
            assert snapshot["bids"][0] == [best["bidPrice"], best["bidQty"]]
            assert snapshot["asks"][0] == [best["askPrice"], best["askQty"]]
            seen.append(snapshot["lastUpdateId"])
            await client.advance(2)
        assert seen == sorted(set(seen))
