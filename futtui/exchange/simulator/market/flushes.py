"""Sudden moves of the synthetic market: flushes of 5-8 % that are partly bought back, and rarer spikes up.

Whether one starts in a bar is a function of (key, bar number): a stretch of bars needs only the starts shortly before.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from futtui.exchange.simulator.market.chance import Floats, Keys, uniforms

REACH_BARS = 40
"""How many bars the longest move, with its recovery, can last."""

_CHANCE_FACTOR = 1.0 / (96 * 18)
_CHANCE_OWN = 1.0 / (96 * 16)
_SPIKE_SHARE = 0.22
_LANE = 1 << 33


@dataclass(frozen=True, slots=True)
class Jolts:
    """Sudden moves of all rows in a stretch (row = bar): log return added, and how far the bar's wick reaches."""

    move: Floats
    wick_down: Floats
    wick_up: Floats


def jolts(keys: Keys, sizes: Floats, first: int, last: int) -> Jolts:
    """The sudden moves in bars `first` up to `last`; `keys` and `sizes` (1 = usual) one a row, BTC's force first."""
    bars = np.arange(max(0, first - REACH_BARS), last, dtype=np.int64)
    chance = np.where(np.arange(len(keys)) == 0, _CHANCE_FACTOR, _CHANCE_OWN)
    starts = uniforms(keys[None, :], bars[:, None] + _LANE) < chance[None, :]
    shape = (last - first, len(keys))
    found = Jolts(np.zeros(shape), np.zeros(shape), np.zeros(shape))
    for index, row in np.argwhere(starts).tolist():
        _add(found, keys[row : row + 1], row, int(bars[index]), first, last, float(sizes[row]))
    return found


def _add(found: Jolts, key: Keys, row: int, start: int, first: int, last: int, size: float) -> None:
    draws = uniforms(key, start * 8 + np.arange(6) + 2 * _LANE).tolist()
    sign = 1.0 if draws[0] < _SPIKE_SHARE else -1.0
    depth = (0.030 + 0.025 * draws[1]) if sign > 0 else (0.050 + 0.030 * draws[1])
    depth *= size
    back = 0.35 + 0.40 * draws[2]
    recovery_bars = 6 + int(24 * draws[3])
    fade = 0.80 ** np.arange(recovery_bars)
    if draws[4] < 0.4:
        steps = np.array([depth * (1.0 - 0.7 * back)])
        _wick(found, row, start, first, last, sign * depth)
        given_back = 0.3 * back * depth
    else:
        parts = 2 + int(3 * draws[5])
        falling = 0.4 ** np.arange(parts)
        steps = depth * falling / falling.sum()
        given_back = back * depth
    path = sign * np.concatenate([steps, -given_back * fade / fade.sum()])
    begin, end = max(first, start), min(last, start + len(path))
    if begin < end:
        found.move[begin - first : end - first, row] += path[begin - start : end - start]


def _wick(found: Jolts, row: int, start: int, first: int, last: int, reach: float) -> None:
    if first <= start < last:
        side = found.wick_up if reach > 0 else found.wick_down
        side[start - first, row] = max(side[start - first, row], abs(reach))
