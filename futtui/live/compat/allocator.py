"""What the C library of Linux keeps of memory that nobody uses any more; other systems give it back by themselves.

It has a store of free memory for each thread, up to eight for each core of the processor, and each store stays as large
as the largest moment of its threads. Python takes turns on threads, so in the end every store is that large.
"""

from __future__ import annotations

import ctypes
import logging
import sys
from typing import Any

log = logging.getLogger(__name__)

ARENA_MAX, MMAP_THRESHOLD, TRIM_THRESHOLD = -8, -3, -1
MOST_STORES = 2
LARGE_BYTES = 1 << 20
"""Blocks from this size on are asked of the system and given back at once; the library would learn to keep them."""


def keep_little() -> bool:
    """Have threads that come share a few stores of free memory; False where there is no such library."""
    library = _library()
    if library is None:
        return False
    wishes = ((ARENA_MAX, MOST_STORES), (MMAP_THRESHOLD, LARGE_BYTES), (TRIM_THRESHOLD, LARGE_BYTES))
    taken = [library.mallopt(what, amount) for what, amount in wishes]
    return all(taken)


def give_back() -> bool:
    """Give free memory back to the system; False where there is no such library, or nothing to give."""
    library = _library()
    return library is not None and bool(library.malloc_trim(0))


def _library() -> Any:
    if sys.platform != "linux":
        return None
    try:
        library = ctypes.CDLL("libc.so.6")
        return library if library.malloc_trim and library.mallopt else None
    except (OSError, AttributeError) as error:
        log.debug("Another C library, which keeps what it keeps: %s", error)
        return None
