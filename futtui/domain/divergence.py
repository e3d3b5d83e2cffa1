"""Divergence between price and the cumulative delta of taker volume, on one timeframe and on two together."""

from __future__ import annotations

from dataclasses import dataclass

from futtui.domain.packing import travels
from futtui.domain.side import Side


@travels
@dataclass(frozen=True, slots=True)
class Divergence:
    """What the last two confirmed turning points of one timeframe say.

    `side` is the trade that it speaks for: LONG where price made a lower low and takers did not follow. `valid` False:
    there is none that counts, and `reason` says why; `side` is None when nothing was found. `strength` is the change
    of cumulative delta between the two points as a share of its range in the look-back. `known` False: nobody can tell,
    because candles or their taker volume are missing.
    """

    side: Side | None = None
    strength: float = 0.0
    valid: bool = False
    reason: str = "not asked for"
    first_ms: int | None = None
    second_ms: int | None = None
    known: bool = False


NO_DIVERGENCE = Divergence()


@travels
@dataclass(frozen=True, slots=True)
class FrameDivergences:
    """The divergences of 15m and 1h, and what they say together.

    `side` and `strength` are those of the longer timeframe that has a valid one. `both` is True when 15m and 1h agree;
    when they contradict each other nothing is valid.
    """

    side: Side | None = None
    strength: float = 0.0
    valid: bool = False
    reason: str = "not asked for"
    both: bool = False
    m15: Divergence = NO_DIVERGENCE
    h1: Divergence = NO_DIVERGENCE

    @property
    def known(self) -> bool:
        """Whether at least one of the two timeframes could be looked at."""
        return self.m15.known or self.h1.known


NO_DIVERGENCES = FrameDivergences()
"""The answer of an analyzer that was not told to look for any."""
