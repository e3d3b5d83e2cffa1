"""The lines that people read: a bounded ring for the screen, and the log files behind it."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable

from futtui.domain.effects import Say, Severity

LEVELS = {
    Severity.DEBUG: logging.DEBUG,
    Severity.INFO: logging.INFO,
    Severity.NOTICE: logging.INFO,
    Severity.WARNING: logging.WARNING,
    Severity.ERROR: logging.ERROR,
}


class EngineLogBook:
    """Keeps the newest `limit` lines and passes each on to the log file of its topic (`futtui.say.<topic>`)."""

    def __init__(self, limit: int = 2000) -> None:
        self._lines: deque[Say] = deque(maxlen=limit)
        self._shown: tuple[Say, ...] = ()
        self._shown_version = 0
        self.version = 0
        self.watchers: list[Callable[[Say], None]] = []
        """Told every line; they must return at once."""

    def say(self, line: Say) -> None:
        """Add a line."""
        self._lines.append(line)
        self.version += 1
        logger = logging.getLogger(f"futtui.say.{line.topic}")
        named = not line.symbol or line.text.startswith(line.symbol)
        logger.log(LEVELS[line.severity], "%s%s", "" if named else f"{line.symbol}: ", line.text)
        for watcher in self.watchers:
            watcher(line)

    def newest_since(self, version: int) -> Say | None:
        """The newest line if any was added after `version`."""
        return self._lines[-1] if self.version > version else None

    def lines(self) -> tuple[Say, ...]:
        """All kept lines, oldest first; the same object until a line is added."""
        if self._shown_version != self.version:
            self._shown = tuple(self._lines)
            self._shown_version = self.version
        return self._shown
