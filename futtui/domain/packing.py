"""Records that travel between processes by the hundred: packed and unpacked without looking up their fields."""

from __future__ import annotations

from dataclasses import fields
from operator import attrgetter
from typing import Any, TypeVar

Record = TypeVar("Record", bound=type)


def travels(record: Record) -> Record:
    """The same dataclass, pickled as a call with the values of its fields: several times quicker than its own way.

    Raises TypeError for a class with fewer than two fields, or with one that cannot be given when it is made.
    """
    given = fields(record)
    if len(given) < 2 or not all(field.init for field in given):
        raise TypeError(f"{record.__name__} needs at least two fields, all of them given when it is made.")
    values_of = attrgetter(*(field.name for field in given))

    def reduce(self: Any) -> tuple[type, tuple[Any, ...]]:
        return record, values_of(self)

    record.__reduce__ = reduce  # type: ignore[assignment, method-assign]
    return record
