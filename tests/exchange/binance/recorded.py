"""Reads recorded payloads of the shared fixtures."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from futtui.exchange.binance.decode import StreamDecoder
from futtui.exchange.binance.rest_models import DepthAnswer, DepthSnapshot
from tests.shared_data import shared_path


def event_files(folder: str, pattern: str = "*.json") -> list[Path]:
    """Fixture files of a folder of Binance payloads."""
    return sorted(shared_path(f"fixtures/binance/{folder}").glob(pattern))


def fixture(relative: str) -> Any:
    """One JSON fixture."""
    return json.loads(shared_path(f"fixtures/binance/{relative}").read_text(encoding="utf-8"))


def compact(value: Any) -> bytes:
    """The value as the exchange would send it."""
    return json.dumps(value, separators=(",", ":")).encode()


def snapshot_from(symbol: str, body: bytes) -> DepthSnapshot:
    """A snapshot record from a REST body."""
    answer = msgspec.json.decode(body, type=DepthAnswer, strict=False)
    return DepthSnapshot(symbol, answer.lastUpdateId, answer.E, answer.bids, answer.asks)


def recorded_session(path: Path, limit: int | None = None) -> Iterator[Any]:
    """Decoded messages and snapshots of a recorded stream file, in the order of their arrival."""
    symbol = path.name.split("_")[0]
    decoder = StreamDecoder("recorded")
    with gzip.open(path, "rb") as lines:
        for number, line in enumerate(lines):
            if limit is not None and number >= limit:
                return
            body = line.partition(b" ")[2]
            if body.startswith(b'{"lastUpdateId"'):
                yield snapshot_from(symbol, body)
            else:
                yield from decoder.decode(body)
