"""Prices and quantities as whole numbers of steps, and back to the float a human would write."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from futtui.exchange.simulator.market.chance import Floats, Integers

MAX_DECIMALS = 8


@dataclass(frozen=True, slots=True)
class Lattice:
    """A grid of step `numerator / denominator`; the denominator is a power of ten.

    One correctly rounded division turns a whole number of steps into exactly the float that parsing its decimal
    text gives, so prices on the grid compare equal to prices read from the wire or a file.
    """

    numerator: int
    denominator: int

    @classmethod
    def of_step(cls, step: Decimal) -> Lattice:
        """The grid with this step, e.g. Decimal("0.10")."""
        exponent = min(0, int(step.normalize().as_tuple().exponent))
        denominator = 10**-exponent
        return cls(int(step * denominator), denominator)

    def steps(self, values: npt.NDArray[Any]) -> Integers:
        """The nearest whole numbers of steps."""
        return np.rint(values * (self.denominator / self.numerator)).astype(np.int64)

    def values(self, steps: npt.NDArray[Any]) -> Floats:
        """The floats for whole numbers of steps."""
        return (steps * self.numerator) / float(self.denominator)


def smallest_decimals(values: npt.NDArray[np.float64], at_most: int = MAX_DECIMALS) -> int:
    """Digits after the point that are needed to write all `values` (up to `at_most`)."""
    for decimals in range(at_most):
        scaled = values * 10.0**decimals
        if bool(np.all(np.abs(scaled - np.rint(scaled)) <= 1e-6 + np.abs(scaled) * 1e-13)):
            return decimals
    return at_most


def fits(values: npt.NDArray[np.float64], step: Decimal) -> bool:
    """Whether all `values` lie on the grid of `step`."""
    scaled = values / float(step)
    return bool(np.all(np.abs(scaled - np.rint(scaled)) <= 1e-6 + np.abs(scaled) * 1e-13))
