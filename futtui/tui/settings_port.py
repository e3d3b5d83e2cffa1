"""What the settings screen needs of the configuration file, and nothing more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from futtui.domain.settings_sheet import SettingsSheet


class ValueCheck(Protocol):
    """Who says whether a typed value can be."""

    def take(self, path: str, text: str) -> str:
        """What the user typed as it will be used. Raises FuttuiError with a sentence why it cannot be."""
        ...


class SettingsPort(Protocol):
    """The configuration file as the screen sees it. Everything but `stamp` may take moments."""

    def read(self) -> SettingsSheet:
        """All settings as they are now."""
        ...

    def take(self, path: str, text: str) -> str:
        """What the user typed as it would stand in the file. Raises FuttuiError with a sentence why it cannot be."""
        ...

    def problem(self, changes: Mapping[str, str]) -> str:
        """Why new values (path -> text), each of which was taken, do not fit together; empty when they do."""
        ...

    def save(self, changes: Mapping[str, str]) -> str:
        """Write the new values into the file; a sentence for the user. Raises FuttuiError, and then nothing changed."""
        ...

    def stamp(self) -> str:
        """A text that differs after the file was changed by anybody."""
        ...
