"""Fingerprints of the program: of what decides on signals, and of all that makes the result of a run."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
DECIDING_ROOMS = ("domain", "indicators", "zones", "regime", "strategies", "analysis", "signals", "risk", "desk")
RUN_ROOMS = (*DECIDING_ROOMS, "backtest", "exchange", "live", "measurement", "storage")
"""Fills, funding, candles and figures beside the decisions: what makes a run what it is."""


@cache
def code_hash() -> str:
    """16 hexadecimal digits over the sources of the deciding rooms; empty where the sources are not at hand."""
    return hash_of(PACKAGE)


@cache
def run_code_hash() -> str:
    """The same over everything that the result of a run over past candles hangs on: equal code, equal result."""
    return hash_of(PACKAGE, RUN_ROOMS)


def hash_of(package: Path, rooms: tuple[str, ...] = DECIDING_ROOMS) -> str:
    """As `code_hash`, for rooms of a package in a folder. Ends of lines do not count: Windows may have changed them."""
    digest, found = hashlib.blake2b(digest_size=8), False
    for room in rooms:
        for file in sorted((package / room).rglob("*.py")):
            found = True
            digest.update(file.relative_to(package).as_posix().encode())
            digest.update(file.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest() if found else ""
