"""How deep a fall of the account may be: the same days in another order, and days drawn anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from futtui.domain.performance import FallRisk

BLOCK_DAYS = 5.0
CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class _Days:
    """Each day as the path inside it: its sum, highest and lowest point from its start, its largest fall."""

    sums: np.ndarray
    highest: np.ndarray
    lowest: np.ndarray
    falls: np.ndarray


def drawn_falls(days: Sequence[np.ndarray], seed: int = 1, draws: int = 10_000) -> FallRisk | None:
    """Falls of paths whose days are drawn with replacement, in runs of about five days, so that bad weeks stay.

    The stationary bootstrap of Politis and Romano (1994). `days`: results of each day, days in order. None without one.
    """
    if not days:
        return None
    generator, count = np.random.default_rng(seed), len(days)
    found = []
    for size in _chunks(draws):
        starts = generator.integers(0, count, (size, count))
        fresh = generator.random((size, count)) < 1.0 / BLOCK_DAYS
        fresh[:, 0] = True
        columns = np.arange(count)
        begun = np.maximum.accumulate(np.where(fresh, columns, 0), axis=1)
        order = (np.take_along_axis(starts, begun, axis=1) + columns - begun) % count
        found.append(_falls(_path_of(days), order))
    return _risk(np.concatenate(found))


def shuffled_falls(days: Sequence[np.ndarray], seed: int = 1, draws: int = 10_000) -> FallRisk | None:
    """Falls of the same days in another order: what only the order is answerable for. None without a day."""
    if not days:
        return None
    generator = np.random.default_rng(seed)
    found = []
    for size in _chunks(draws):
        order = np.argsort(generator.random((size, len(days))), axis=1)
        found.append(_falls(_path_of(days), order))
    return _risk(np.concatenate(found))


def _chunks(draws: int) -> list[int]:
    return [min(CHUNK, draws - done) for done in range(0, draws, CHUNK)]


def _path_of(days: Sequence[np.ndarray]) -> _Days:
    paths = [np.cumsum(day) for day in days]
    return _Days(
        sums=np.array([path[-1] for path in paths]),
        highest=np.array([max(0.0, path.max()) for path in paths]),
        lowest=np.array([min(0.0, path.min()) for path in paths]),
        falls=np.array([float(np.max(np.maximum.accumulate(np.append(0.0, path)) - np.append(0.0, path)))
                        for path in paths]),
    )  # fmt: skip


def _falls(days: _Days, order: np.ndarray) -> np.ndarray:
    """The largest fall of each row of days, points inside the days included."""
    ends = np.cumsum(days.sums[order], axis=1)
    starts = ends - days.sums[order]
    peaks = np.maximum.accumulate(starts + days.highest[order], axis=1)
    before = np.concatenate([np.zeros((len(order), 1)), np.maximum(peaks[:, :-1], 0.0)], axis=1)
    deep = np.maximum(before - (starts + days.lowest[order]), days.falls[order])
    deepest: np.ndarray = deep.max(axis=1)
    return deepest


def _risk(falls: np.ndarray) -> FallRisk:
    middle, most_95, most_99 = (float(each) for each in np.quantile(falls, [0.5, 0.95, 0.99]))
    return FallRisk(middle, most_95, most_99)
