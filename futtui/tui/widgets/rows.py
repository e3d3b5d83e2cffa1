"""Rows of panels: who they are, which state they show, and how to draw them only when they are seen."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from futtui.tui.paint.text import Line

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a panel. `paint` gets whether the row is marked; equal versions mean equal lines."""

    key: Hashable
    version: Hashable
    paint: Callable[[bool], Line]
    selectable: bool = True


class Rows:
    """A list of rows that are all at hand."""

    def __init__(self, rows: Sequence[Row] = ()) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Row:
        return self._rows[index]

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def index_of(self, key: Hashable) -> int | None:
        """Place of the selectable row with `key`, or None."""
        return next((at for at, row in enumerate(self._rows) if row.selectable and row.key == key), None)

    def nearest(self, index: int, step: int = 0) -> int | None:
        """The selectable place nearest to `index`; with a `step` only in that direction. None if there is none."""
        places = [at for at, row in enumerate(self._rows) if row.selectable and (at - index) * step >= 0]
        return min(places, key=lambda at: abs(at - index), default=None)


class LazyRows(Rows, Generic[Item]):
    """Selectable rows made from items when somebody looks at them: long lists cost what is visible."""

    def __init__(
        self, items: Sequence[Item], key_of: Callable[[Item], Hashable], row_of: Callable[[Item], Row]
    ) -> None:
        super().__init__()
        self._items = items
        self._key_of = key_of
        self._row_of = row_of

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> Row:
        return self._row_of(self._items[index])

    def __iter__(self) -> Iterator[Row]:
        return (self._row_of(item) for item in self._items)

    def index_of(self, key: Hashable) -> int | None:
        """Place of the row with `key`, or None."""
        key_of = self._key_of
        return next((at for at, item in enumerate(self._items) if key_of(item) == key), None)

    def nearest(self, index: int, step: int = 0) -> int | None:
        """`index` brought into the list; None when it lies outside in the direction of `step`, or nothing is there."""
        last = len(self._items) - 1
        if last < 0 or (step > 0 and index > last) or (step < 0 and index < 0):
            return None
        return max(0, min(last, index))


def fixed_rows(name: str, lines: Sequence[Line]) -> list[Row]:
    """Rows of ready lines that cannot be selected; a line is its own version."""
    return [Row((name, index), line, partial(_ready_line, line), False) for index, line in enumerate(lines)]


def _ready_line(line: Line, marked: bool) -> Line:
    return line


@dataclass(frozen=True, slots=True)
class Content:
    """All rows of a panel: `head` and `foot` stay in place while `body` scrolls between them."""

    body: Rows
    head: Sequence[Row] = ()
    foot: Sequence[Row] = ()
