"""Python's garbage collector, which stops every thread while it works: kept to what is young, done between beats."""

from __future__ import annotations

import gc

THRESHOLDS = 5_000, 8, 20
"""By itself it comes only after many objects at once."""
MIDDLE_BEATS = 10
"""After so many beats the objects that outlived a few beats are looked at, too: some thousands, a few milliseconds."""
LONG_BEATS = 3_000
"""After so many beats (ten minutes) everything that came since the start is looked at: closed screens and connections
go only then. What was left out at the start is not walked through."""


class CollectorCare:
    """Leaves out of every later collection what stays for good: once at the first frame, once when all is loaded."""

    def __init__(self) -> None:
        self._begun = False
        self._loaded = False
        self._due = False
        self._beats = 0

    def begin(self) -> None:
        """The first frame is on screen: all that is there by now stays."""
        self._begun = True
        _leave_out()
        gc.set_threshold(*THRESHOLDS)

    def look(self, *, running: bool) -> None:
        """Once the engine runs, its libraries, histories and settings stay as well; done after the beat."""
        if running and not self._loaded:
            self._loaded = True
            self._due = self._begun

    def after_beat(self) -> None:
        """The screen has a moment: what is young is looked at now, so that no beat is held up by it."""
        self._beats += 1
        if self._due:
            self._due = False
            _leave_out()
            return
        gc.collect(0 if self._beats % MIDDLE_BEATS else 1 if self._beats % LONG_BEATS else 2)


def _leave_out() -> None:
    gc.collect()
    gc.freeze()
