"""What the screen remembers from one start to the next: how it was arranged, never the trading mode."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Protocol


class HabitsPort(Protocol):
    """Where the habits are kept. Neither method raises: without them the screen starts as the first time."""

    def load(self) -> Mapping[str, object]:
        """What was kept last; empty when there is nothing."""
        ...

    def keep(self, habits: Mapping[str, object]) -> None:
        """Keep these instead."""
        ...


@dataclass(frozen=True, slots=True)
class Habits:
    """How the screen was left. `timeframe` is that of the last chart, by name; `welcomed`: the questions were asked.

    `pinned`: symbols that stay on top of the market, with blanks between them.
    """

    layout: str = "all"
    sort_by: str = ""
    sort_reverse: bool = False
    symbol: str = ""
    timeframe: str = ""
    welcomed: bool = False
    pinned: str = ""

    @classmethod
    def of(cls, kept: Mapping[str, object]) -> Habits:
        """The habits in `kept`; what does not fit is left out."""
        plain = cls()
        found: dict[str, Any] = {item.name: kept[item.name] for item in fields(cls) if item.name in kept}
        return replace(plain, **{name: value for name, value in found.items() if _fits(value, getattr(plain, name))})

    def as_mapping(self) -> Mapping[str, object]:
        """For keeping."""
        return asdict(self)


def _fits(value: object, like: object) -> bool:
    return type(value) is type(like)
