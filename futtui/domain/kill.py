"""Words of the kill switch."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class KillLevel(IntEnum):
    """How much the kill switch does; each level includes those below it."""

    PAUSE = 1
    """No new trades; taken back as any pause."""
    CANCEL = 2
    """Waiting signals and entries are cancelled too."""
    FLATTEN = 3
    """Everything is closed at market; latched until it is re-armed."""
    LOCK = 4
    """The same, and Live is refused until it is re-armed, also after a restart."""


@dataclass(frozen=True, slots=True)
class KillSwitch:
    """The kill switch is thrown, by the user or by a rule."""

    time_ms: int
    level: KillLevel
    reason: str = "by you"


@dataclass(frozen=True, slots=True)
class Rearm:
    """The user typed the confirmation: trading may go on."""

    time_ms: int
