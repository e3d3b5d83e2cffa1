"""The configuration file for the settings screen; its libraries are loaded when it is opened."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from futtui.config.editor import FileSettings
    from futtui.config.settings import Settings
    from futtui.domain.settings_sheet import SettingsSheet


class SettingsFile:
    """One configuration file. `running` are the settings of this run."""

    def __init__(self, file: Path, running: Settings, secret_folders: tuple[Path, ...]) -> None:
        self._file = file
        self._running = running
        self._secret_folders = secret_folders

    @cached_property
    def _editor(self) -> FileSettings:
        from futtui.config.editor import FileSettings

        return FileSettings(self._file, self._running, self._secret_folders)

    def read(self) -> SettingsSheet:
        """All settings as they are now."""
        return self._editor.read()

    def take(self, path: str, text: str) -> str:
        """What the user typed as it would stand in the file; raises ConfigurationError."""
        return self._editor.take(path, text)

    def problem(self, changes: Mapping[str, str]) -> str:
        """Why new values do not fit together; empty when they do."""
        return self._editor.problem(changes)

    def save(self, changes: Mapping[str, str]) -> str:
        """Writes new values into the file; raises ConfigurationError."""
        return self._editor.save(changes)

    def stamp(self) -> str:
        """Differs when the file does."""
        return self._editor.stamp()
