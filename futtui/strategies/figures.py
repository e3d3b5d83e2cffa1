"""Small figures that more than one strategy needs."""

from __future__ import annotations

from collections.abc import Collection


def median(values: Collection[float]) -> float:
    """The middle of the values, or the mean of the two middle ones; `values` must not be empty."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2.0
