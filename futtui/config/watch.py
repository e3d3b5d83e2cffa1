"""Notices that the configuration file was edited while futtui runs; the settings of the start stay in force."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

from futtui.config.settings import load
from futtui.domain.errors import ConfigurationError

MOST_CHANGES = 8
Stamp = tuple[int, int] | None


class ConfigWatch:
    """Compares a file with the settings that were read from it at the start."""

    def __init__(self, file: Path, settings: Any) -> None:
        self._file = file
        self._settings = settings
        self._seen = _stamp(file)

    def look(self) -> tuple[str, bool] | None:
        """After an edit: a sentence about it, and whether the file can be used; else None. Never raises."""
        stamp = _stamp(self._file)
        if stamp == self._seen:
            return None
        self._seen = stamp
        if stamp is None:
            return f"{self._file} is gone. Nothing changes before the next start, which then uses the defaults.", False
        try:
            edited = load(self._file).settings
        except ConfigurationError as error:
            text = f"{self._file} was edited and cannot be used; the settings of the start stay. {error}"
            return text, False
        changes = list(differences(self._settings, edited))
        if not changes:
            return f"{self._file} was edited; it says the same as at the start.", True
        shown = "; ".join(changes[:MOST_CHANGES])
        more = f"; and {len(changes) - MOST_CHANGES} more" if len(changes) > MOST_CHANGES else ""
        return f"{self._file} was edited. From the next start on: {shown}{more}.", True


def differences(before: Any, after: Any, place: str = "") -> Iterator[str]:
    """Each setting that differs, as `key.path before → after`."""
    if dataclasses.is_dataclass(before) and type(before) is type(after):
        for field in dataclasses.fields(before):
            path = f"{place}.{field.name}" if place else field.name
            yield from differences(getattr(before, field.name), getattr(after, field.name), path)
    elif before != after:
        yield f"{place} {_shown(before)} → {_shown(after)}"


def _shown(value: Any) -> str:
    return str(value.value if isinstance(value, Enum) else value)


def _stamp(file: Path) -> Stamp:
    """What changes when a file is written: its time and size; None when it is not there."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
