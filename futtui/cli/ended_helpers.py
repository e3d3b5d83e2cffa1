"""Says in plain words that the system took away what a run needs."""

from __future__ import annotations

SENTENCE = (
    "memory ran out, or the system ended a process that helped. Run it again with fewer workers or symbols: what "
    "was worked out before is kept, unless the command keeps nothing."
)


def memory_words(error: Exception) -> str | None:
    """The sentence about an error that memory was the cause of, mostly; None for any other error."""
    from concurrent.futures import BrokenExecutor

    return SENTENCE if isinstance(error, (BrokenExecutor, MemoryError)) else None
