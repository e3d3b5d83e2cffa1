"""The screen's habits as a small file in the data folder."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path

from futtui.config.file_writer import write_at_once

log = logging.getLogger(__name__)


class HabitsFile:
    """Reads and writes the file; a file that cannot be read or written is no more than noted."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> Mapping[str, object]:
        """What was kept last; empty when there is nothing or it cannot be read."""
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def keep(self, habits: Mapping[str, object]) -> None:
        """Keep these instead."""
        try:
            write_at_once(self._path, json.dumps(dict(habits), indent=2) + "\n")
        except OSError as error:
            log.info("The habits of the screen could not be kept: %s", error)
