"""Python's garbage collector, which stops every thread while it works: kept to what is young, in small steps."""

from __future__ import annotations

import gc

THRESHOLDS = 5_000, 20, 20
"""So few young objects are looked through within a millisecond or two, however the collector finds them."""


class CollectorCare:
    """Leaves out of every later collection what stays for good: once at the first frame, once when all is loaded."""

    def __init__(self) -> None:
        self._begun = False
        self._loaded = False

    def begin(self) -> None:
        """The first frame is on screen: all that is there by now stays."""
        self._begun = True
        _leave_out()
        gc.set_threshold(*THRESHOLDS)

    def look(self, *, running: bool) -> None:
        """Once the engine runs, its libraries, histories and settings stay as well."""
        if running and not self._loaded:
            self._loaded = True
            if self._begun:
                _leave_out()


def _leave_out() -> None:
    gc.collect()
    gc.freeze()
