"""Shares of a count, with how sure one may be of them."""

from __future__ import annotations

from math import sqrt

Z_95 = 1.959963984540054


def wilson_interval(hits: float, count: float, z: float = Z_95) -> tuple[float, float] | None:
    """Where the true share lies with 95 % confidence (0-1), by Wilson's formula; None of nothing.

    Where hits depend on each other, give so many as are worth as much as single ones; they need not be whole.
    """
    if count <= 0:
        return None
    share, square = hits / count, z * z
    middle = (share + square / (2.0 * count)) / (1.0 + square / count)
    half = z / (1.0 + square / count) * sqrt(share * (1.0 - share) / count + square / (4.0 * count * count))
    return max(0.0, middle - half), min(1.0, middle + half)
