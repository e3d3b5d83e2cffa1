"""Divergence between price and the cumulative delta of taker volume, on one timeframe and on two together."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from futtui.domain.side import Side


class DivergenceKind(Enum):
    """REGULAR speaks against the last move (price makes a new extreme, flow does not); HIDDEN for its continuation."""

    REGULAR = "REGULAR"
    HIDDEN = "HIDDEN"


@dataclass(frozen=True, slots=True)
class Divergence:
    """What the last two confirmed turning points of one timeframe say.

    `valid` False: there is no divergence that counts, and `reason` says why; `side` is None when nothing was found.
    `strength` is the change of cumulative delta between the two points as a share of its range in the look-back.
    """

    side: Side | None = None
    kind: DivergenceKind | None = None
    strength: float = 0.0
    valid: bool = False
    reason: str = "not available"
    first_ms: int | None = None
    second_ms: int | None = None


NO_DIVERGENCE = Divergence()


@dataclass(frozen=True, slots=True)
class FrameDivergences:
    """The divergences of 15m and 1h, and what they say together.

    `side`, `kind` and `strength` are those of the longer timeframe that has a valid one. `both` is True when 15m and 1h
    agree; when they contradict each other nothing is valid.
    """

    side: Side | None = None
    kind: DivergenceKind | None = None
    strength: float = 0.0
    valid: bool = False
    reason: str = "not available"
    both: bool = False
    m15: Divergence = NO_DIVERGENCE
    h1: Divergence = NO_DIVERGENCE


NO_DIVERGENCES = FrameDivergences()
