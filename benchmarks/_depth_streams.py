"""Difference streams for the book benchmark: recorded ones that lie beside the checkout, else of the same shape."""

from __future__ import annotations

import gzip
import json
import random
from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

Top = tuple[float, float, float, float]
Levels = list[list[str]]
GENERATED_EVENTS = 15_000
SIDE_LEVELS = 1000


class _Peek(msgspec.Struct):
    U: int = 0
    u: int = 0
    pu: int = 0
    b: msgspec.Raw = msgspec.Raw(b"")
    B: msgspec.Raw = msgspec.Raw(b"")
    a: msgspec.Raw = msgspec.Raw(b"")
    A: msgspec.Raw = msgspec.Raw(b"")


class _PeekLine(msgspec.Struct):
    data: _Peek


class Snapshot(msgspec.Struct):
    """The body of /depth."""

    lastUpdateId: int  # noqa: N815
    bids: Levels
    asks: Levels


@dataclass(slots=True)
class DepthStream:
    """A snapshot and the differences from its bridging one on, as texts of the wire.

    `tops[n]`: best bid, its quantity, best ask, its quantity after difference n, told by somebody else than a book
    that is measured; None where nobody tells.
    """

    name: str
    symbol: str
    snapshot: Snapshot
    differences: list[bytes] = field(default_factory=list)
    final_ids: list[int] = field(default_factory=list)
    tops: list[Top | None] = field(default_factory=list)


def depth_streams() -> list[DepthStream]:
    """Recorded streams, each with the best prices of its bookTicker; one generated stream where there are none."""
    # benchmarks/ lies in the checkout, and shared data beside the checkout: the same place the tests look at.
    folder = Path(__file__).resolve().parents[2] / "shared" / "market-data" / "futures" / "streams"
    files = sorted(folder.glob("*_usdm.jsonl.gz"))
    return [_recorded(path) for path in files] or [generated_stream()]


def _recorded(path: Path) -> DepthStream:
    snapshot: Snapshot | None = None
    differences: list[tuple[_Peek, bytes]] = []
    tickers: dict[int, Top] = {}
    peek = msgspec.json.Decoder(_PeekLine).decode
    with gzip.open(path, "rb") as lines:
        for line in lines:
            body = line.partition(b" ")[2].rstrip()
            if body.startswith(b'{"lastUpdateId"'):
                snapshot = msgspec.json.decode(body, type=Snapshot)
            elif b'"e":"depthUpdate"' in body:
                differences.append((peek(body).data, body))
            elif b'"e":"bookTicker"' in body:
                told = peek(body).data
                bid, bid_quantity, ask, ask_quantity = (
                    float(msgspec.json.decode(text, type=str)) for text in (told.b, told.B, told.a, told.A)
                )
                tickers[told.u] = (bid, bid_quantity, ask, ask_quantity)
    if snapshot is None:
        raise RuntimeError(f"{path.name} holds no snapshot of the book.")
    stream = DepthStream(path.stem.removesuffix(".jsonl"), path.name.partition("_")[0], snapshot)
    ids = sorted(tickers)
    for told, body in differences:
        if told.u < snapshot.lastUpdateId:
            continue
        # The best prices change only with a bookTicker, so the newest one at or before our id must show them.
        place = bisect_right(ids, told.u)
        stream.differences.append(body)
        stream.final_ids.append(told.u)
        stream.tops.append(tickers[ids[place - 1]] if 0 < place < len(ids) else None)
    return stream


def generated_stream(events: int = GENERATED_EVENTS, seed: int = 11) -> DepthStream:
    """A made-up stream of the recorded shape: 1000 levels a side, about 14 changed levels an event, some far more."""
    chance = random.Random(seed)
    bids = {tick: chance.randint(1, 9000) for tick in range(600_000 - SIDE_LEVELS, 600_000)}
    asks = {tick: chance.randint(1, 9000) for tick in range(600_000, 600_000 + SIDE_LEVELS)}
    snapshot = Snapshot(1000, _levels(sorted(bids.items(), reverse=True)), _levels(sorted(asks.items())))
    stream = DepthStream("generated", "BTCUSDT", snapshot)
    previous, middle = 1000, 600_000
    for _ in range(events):
        middle += chance.choice((-3, -1, 0, 0, 0, 1, 3))
        count = chance.choice((6, 14, 14, 24, 24, 60, 200))
        changed_bids = _changes(chance, bids, middle - 1, -1, count // 2)
        changed_asks = _changes(chance, asks, middle, 1, count // 2)
        changed_bids.update(dict.fromkeys([tick for tick in bids if tick >= middle], 0))
        changed_asks.update(dict.fromkeys([tick for tick in asks if tick < middle], 0))
        for side, changed in ((bids, changed_bids), (asks, changed_asks)):
            side.update(changed)
            for tick in [tick for tick, quantity in changed.items() if not quantity]:
                del side[tick]
        final = previous + 2 * count
        stream.differences.append(_difference(previous, final, changed_bids, changed_asks))
        stream.final_ids.append(final)
        best_bid, best_ask = max(bids), min(asks)
        stream.tops.append((best_bid / 10, bids[best_bid] / 1000, best_ask / 10, asks[best_ask] / 1000))
        previous = final
    return stream


def _changes(chance: random.Random, side: dict[int, int], best: int, direction: int, count: int) -> dict[int, int]:
    changed = {best: chance.randint(1, 9000)}
    for _ in range(count):
        tick = best + direction * int(chance.expovariate(1 / 120))
        changed[tick] = 0 if tick in side and tick != best and chance.random() < 0.4 else chance.randint(1, 9000)
    return changed


def _levels(pairs: list[tuple[int, int]]) -> Levels:
    return [[f"{tick / 10:.2f}", f"{quantity / 1000:.3f}"] for tick, quantity in pairs]


def _difference(previous: int, final: int, bids: dict[int, int], asks: dict[int, int]) -> bytes:
    data = {
        "e": "depthUpdate",
        "E": 1721347022504,
        "T": 1721347022504,
        "s": "BTCUSDT",
        "U": previous if previous == 1000 else previous + 1,
        "u": final,
        "pu": previous,
        "b": _levels(sorted(bids.items())),
        "a": _levels(sorted(asks.items())),
    }
    return json.dumps({"stream": "btcusdt@depth@0ms", "data": data}, separators=(",", ":")).encode()
