"""Python's garbage collector for programs that keep hundreds of thousands of candles for good."""

from __future__ import annotations

import gc

THRESHOLDS = 20_000, 20, 20
"""Left alone it walks through everything that is kept again and again, and finds nothing."""


def calm_collector() -> None:
    """Leave out what is there by now from every later collection, and collect more rarely."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
