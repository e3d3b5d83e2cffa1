"""The path walker: a plausible, seeded road of ticks through a bar, that keeps the bar's own figures exactly.

A road starts at the open, touches high and low, never leaves them, and ends at the close. Between these fixed points
it is a random bridge, folded back at the extremes. All figures are whole steps, all arithmetic is plain (no logarithm,
no sine), and chance is a function of (seed, symbol, open time of the bar): the road is the same on every machine and
for every way of cutting the time. Many bars are walked in one call.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from futtui.exchange.simulator.market.chance import Floats, Integers, Keys, hashed, key_of, near_normals, uniforms

GRID_MS = 5_000
MIN_POINTS = 4
_LANE = 1 << 32


@dataclass(frozen=True, slots=True)
class BarBatch:
    """Bars to walk, one element each, in whole price steps and quantity steps; `taker` -1 = unknown."""

    keys: Keys
    open: Integers
    high: Integers
    low: Integers
    close: Integers
    volume: Integers
    taker: Integers


@dataclass(frozen=True, slots=True)
class WalkedBars:
    """Roads through bars: row = bar, column = point. Whole steps; `taker` is -1 where it is unknown.

    Each row of `volume` sums to the bar's volume and each known row of `taker` to its taker-buy volume, exactly.
    """

    price: Integers
    volume: Integers
    taker: Integers


def symbol_key(seed: int, symbol: str) -> int:
    """The key of one symbol's roads."""
    return key_of("road", seed, symbol)


def bar_keys(symbol_keys: Keys, open_ms: Integers) -> Keys:
    """Keys of bars from their symbols' keys and open times (broadcast)."""
    return hashed(symbol_keys, open_ms)


def walk(bars: BarBatch, points: int) -> WalkedBars:
    """The roads through `bars` with `points` ticks each (at least 4, or the bar's corners would not fit)."""
    counters = np.arange(points, dtype=np.int64)[None, :]
    keys = bars.keys[:, None]
    prices = _prices(bars, points, near_normals(keys, counters))
    moves = np.diff(prices, axis=1, prepend=bars.open[:, None]).astype(np.float64)
    usual = np.cumsum(np.abs(moves), axis=1)[:, -1:] / points + 1e-9
    lots = uniforms(keys, counters + _LANE)
    volumes = _volumes(bars.volume, np.abs(moves) / usual, lots)
    takers = _takers(bars.taker, volumes, moves / (np.abs(moves) + usual), uniforms(keys, counters + 2 * _LANE))
    return WalkedBars(prices, volumes, takers)


def _prices(bars: BarBatch, points: int, noise: Floats) -> Integers:
    low, width = bars.low[:, None].astype(np.float64), (bars.high - bars.low)[:, None].astype(np.float64)
    draws = uniforms(bars.keys[:, None], np.arange(4, dtype=np.int64)[None, :] + 3 * _LANE)
    high_at, low_at = _extreme_positions(bars, points, draws)
    vigour = (0.7 + 0.6 * draws[:, 3:4]) / (1.6 * np.sqrt(points))
    noise[:, 0] = 0.0
    road = _bridge(bars, np.cumsum(noise * (width * vigour), axis=1), high_at, low_at)
    safe = np.where(width > 0.0, width, 1.0)
    folded = safe - np.abs(safe - np.mod(road - low, 2.0 * safe))
    prices = (low + np.minimum(np.rint(folded), width)).astype(np.int64)
    rows = np.arange(len(bars.open))
    prices[rows, high_at] = bars.high
    prices[rows, low_at] = bars.low
    prices[:, 0] = bars.open
    prices[:, -1] = bars.close
    return prices


def _extreme_positions(bars: BarBatch, points: int, draws: Floats) -> tuple[Integers, Integers]:
    """Where the high and the low are touched: near the ends more often (arcsine law), the near one first."""
    inner = points - 2
    spots = 1 + np.minimum((draws[:, :2] ** 2 * (3.0 - 2.0 * draws[:, :2]) * inner).astype(np.int64), inner - 1)
    first, second = spots.min(axis=1), spots.max(axis=1)
    same = first == second
    room = second < inner
    second = np.where(same & room, second + 1, second)
    first = np.where(same & ~room, first - 1, first)
    low_first = draws[:, 2] < np.where(bars.close > bars.open, 0.75, np.where(bars.close < bars.open, 0.25, 0.5))
    high_at, low_at = np.where(low_first, second, first), np.where(low_first, first, second)
    last = points - 1
    high_at = np.where(bars.open == bars.high, 0, np.where(bars.close == bars.high, last, high_at))
    low_at = np.where(bars.open == bars.low, 0, np.where(bars.close == bars.low, last, low_at))
    return high_at, low_at


def _bridge(bars: BarBatch, free: Floats, high_at: Integers, low_at: Integers) -> Floats:
    """The free random road bent so that it passes open, both extremes and close."""
    rows, points = np.arange(len(bars.open)), free.shape[1]
    high_first = high_at < low_at
    spots = (
        np.zeros_like(high_at),
        np.minimum(high_at, low_at),
        np.maximum(high_at, low_at),
        np.full_like(high_at, points - 1),
    )
    goals = (
        bars.open,
        np.where(high_first, bars.high, bars.low),
        np.where(high_first, bars.low, bars.high),
        bars.close,
    )
    bends = [goal - free[rows, spot] for goal, spot in zip(goals, spots, strict=True)]
    axis = np.arange(points, dtype=np.float64)[None, :]
    road = free + bends[0][:, None]
    for index in range(3):
        length = np.maximum(spots[index + 1] - spots[index], 1)[:, None]
        progress = np.clip((axis - spots[index][:, None]) / length, 0.0, 1.0)
        road += (bends[index + 1] - bends[index])[:, None] * progress
    return road


def _volumes(totals: Integers, liveliness: Floats, lots: Floats) -> Integers:
    """Volume per tick in whole steps: uneven lots, more when price moves; rounded on the running sum."""
    running = np.cumsum((0.08 + lots * lots * lots * 2.0) * (0.35 + liveliness), axis=1)
    shares = running / running[:, -1:]
    return np.diff(_rounded_running(shares * totals[:, None], totals), axis=1, prepend=0)


def _takers(totals: Integers, volumes: Integers, tilt: Floats, draws: Floats) -> Integers:
    """Taker-buy volume per tick: follows the tick's move, between 0 and the tick's volume, sums to the bar's."""
    known = totals >= 0
    goal = np.where(known, np.minimum(totals, volumes.sum(axis=1)), 0)
    wanted = (0.5 + 0.38 * tilt + 0.12 * (draws - 0.5)) * volumes
    have = np.cumsum(wanted, axis=1)[:, -1:]
    aim, whole = goal[:, None].astype(np.float64), volumes.sum(axis=1)[:, None].astype(np.float64)
    lift = np.clip((aim - have) / np.maximum(whole - have, 1e-9), 0.0, 1.0)
    shrink = np.clip(aim / np.maximum(have, 1e-9), 0.0, 1.0)
    fitted = np.where(aim > have, wanted + (volumes - wanted) * lift, wanted * shrink)
    bought = np.diff(_rounded_running(np.cumsum(fitted, axis=1), goal), axis=1, prepend=0)
    bought = np.clip(bought, 0, volumes)
    for row in np.flatnonzero(bought.sum(axis=1) != goal):
        _settle(bought[row], volumes[row], int(goal[row]))
    bought[~known] = -1
    return bought


def _rounded_running(running: Floats, totals: Integers) -> Integers:
    whole = np.floor(running + 0.5).astype(np.int64)
    np.minimum(whole, totals[:, None], out=whole)
    whole[:, -1] = totals
    return whole


def _settle(bought: Integers, volumes: Integers, goal: int) -> None:
    """Moves what float rounding left over into ticks that have room for it."""
    missing = goal - int(bought.sum())
    for point in range(len(bought)):
        if missing == 0:
            return
        change = max(-int(bought[point]), min(missing, int(volumes[point] - bought[point])))
        bought[point] += change
        missing -= change
