"""How long a recursive indicator must run before its value may be used."""

from __future__ import annotations

from futtui.domain.errors import InvalidInputError

CONVERGENCE_LENGTHS = 4
"""A recursive average is used after this many of its lengths: the memory of its start has faded by then."""


def converged_after(length: int, *, first: int, asked: int | None) -> int:
    """Bars before the first use: four lengths, or `asked`, but never before the bar `first` that defines the value.

    Raises InvalidInputError for a length below 1.
    """
    if length < 1:
        raise InvalidInputError(f"The length of an indicator must be at least 1, not {length}.")
    wanted = CONVERGENCE_LENGTHS * length if asked is None else asked
    return max(first, wanted)
