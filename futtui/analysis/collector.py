"""Python's garbage collector for programs that keep hundreds of thousands of candles for good."""

from __future__ import annotations

import gc

THRESHOLDS = 20_000, 20, 20
"""Left alone it walks through everything that is kept again and again, and finds nothing."""
RARELY = 200_000
"""For programs that take in much at once and let it go soon: new records before a first look at them."""


def calm_collector(first: int = THRESHOLDS[0]) -> None:
    """Leave out what is there by now from every later collection, and collect more rarely."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(first, *THRESHOLDS[1:])
