"""All settings as the screen shows them: plain texts, bounds, explanation, and when a change takes effect."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class SettingKind(Enum):
    """What may be written into a setting."""

    NUMBER = "number"
    WHOLE_NUMBER = "whole_number"
    YES_NO = "yes_no"
    CHOICE = "choice"
    TEXT = "text"
    LIST = "list"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class SettingBounds:
    """Limits of a number; None = no limit. `*_open`: the limit itself is not allowed."""

    low: str | None = None
    high: str | None = None
    low_open: bool = False
    high_open: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `value` and `default` are written as in the file.

    `value` is what the next start will use, `running` what this run uses. `origin` says where `value` comes from, empty
    for the default. `fixed_by` names what overrules the file, as an environment variable; empty = the file counts.
    """

    path: str
    doc: str
    kind: SettingKind
    value: str
    default: str
    running: str
    origin: str = ""
    fixed_by: str = ""
    bounds: SettingBounds = SettingBounds()
    choices: tuple[str, ...] = ()
    at_once: bool = False

    @property
    def section(self) -> str:
        """Path of its section; empty for the settings at the top."""
        return self.path.rpartition(".")[0]

    @property
    def name(self) -> str:
        """Its key in the file."""
        return self.path.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class SettingSection:
    """A group of settings, in the order of the file."""

    path: str
    doc: str

    @property
    def depth(self) -> int:
        """How deep it lies; 0 for the groups at the top."""
        return self.path.count(".") if self.path else 0


@dataclass(frozen=True, slots=True)
class SettingsSheet:
    """Everything at one moment. `file` is where it is (or will be) written; `exists` tells whether it is there already.

    `trouble` says what is wrong with the file; then the settings are those of this run and nothing can be saved.
    `secrets`: names and whether each is set; never the secrets themselves. `stamp` differs when the file does.
    """

    file: str
    exists: bool
    sections: tuple[SettingSection, ...]
    settings: tuple[Setting, ...]
    secrets: tuple[tuple[str, bool], ...] = ()
    trouble: str = ""
    stamp: str = ""

    def setting(self, path: str) -> Setting | None:
        """The setting at `path`, or None."""
        return next((item for item in self.settings if item.path == path), None)

    def inside(self, section: str) -> tuple[Setting, ...]:
        """The settings that lie directly in a section."""
        return tuple(item for item in self.settings if item.section == section)
