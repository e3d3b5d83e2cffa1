"""A fingerprint of everything in the program that decides: two runs with the same one would decide the same."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
DECIDING_ROOMS = ("domain", "indicators", "zones", "regime", "strategies", "analysis", "signals", "risk", "desk")


@cache
def code_hash() -> str:
    """16 hexadecimal digits over the sources of the deciding rooms; empty where the sources are not at hand."""
    return hash_of(PACKAGE)


def hash_of(package: Path) -> str:
    """As `code_hash`, for the package in a folder. Ends of lines do not count: Windows may have changed them."""
    digest, found = hashlib.blake2b(digest_size=8), False
    for room in DECIDING_ROOMS:
        for file in sorted((package / room).rglob("*.py")):
            found = True
            digest.update(file.relative_to(package).as_posix().encode())
            digest.update(file.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest() if found else ""
