"""A panel that cannot be drawn says so in its own place; all others go on, and the log says why."""

from __future__ import annotations

import logging
from types import CodeType

from futtui.tui.paint.text import Line, wrap
from futtui.tui.words import word

LOGGER = "futtui.screen"


class Failures:
    """What went wrong while one panel was drawn. A panel is drawn five times a second: each fault is logged once."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._told: set[tuple[type[Exception], CodeType | None, int]] = set()

    def lines(self, error: Exception, width: int) -> list[Line]:
        """What the panel shows in place of its own lines; the first time it happens the log gets the traceback."""
        self._tell(error)
        reason = f"{type(error).__name__}: {error}"
        return [((f" {part}", "down"),) for part in wrap(word("failed.painting", reason=reason), width - 2)]

    def line(self, error: Exception, width: int) -> Line:
        """The same where there is room for one line only."""
        return self.lines(error, max(width, len(word("failed.painting")) * 2))[0]

    def _tell(self, error: Exception) -> None:
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        fault = (type(error), trace.tb_frame.f_code if trace else None, trace.tb_lineno if trace else 0)
        if fault not in self._told:
            self._told.add(fault)
            logging.getLogger(LOGGER).error(word("failed.painting_log", panel=self._name), exc_info=error)
