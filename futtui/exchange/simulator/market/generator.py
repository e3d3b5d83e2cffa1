"""Makes the bars of the synthetic market, block after block.

Model of the log price of symbol i: beta_i x (driving force of BTC) + its own force. Each force has moods (moods.py), a
GARCH(1,1) variance with Student-t shocks, sudden moves (flushes.py), a daily and weekly rhythm, and a weak pull home.
High and low are drawn from the law of the extremes of a Brownian bridge between open and close, with a little more
room (2.3 instead of 2 variances), because real wicks are longer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from futtui.domain.timeframe import DAY_MS, HOUR_MS, Timeframe
from futtui.exchange.simulator.market.bars import Lattices
from futtui.exchange.simulator.market.catalogue import FACTOR, Character
from futtui.exchange.simulator.market.chance import Floats, Integers, keys_of, near_normals, student_t, uniforms
from futtui.exchange.simulator.market.flushes import Jolts, jolts
from futtui.exchange.simulator.market.moods import Mood, first_mood, forces, next_mood

BAR_MS = Timeframe.M15.ms
BLOCK_BARS = 192

_ALPHA, _BETA = 0.085, 0.905
_OMEGA = 1.0 - _ALPHA - _BETA
_DEGREES = 4.5
_HOME_PULL = 1.0 / (35 * 96)
_FEWEST_TICKS = 30
_USUAL_SIGMA = 0.0026
_FACTOR_JOLT = 0.75
"""BTC's own sudden moves are smaller; through their betas they are full-sized in the others."""
_HOURLY = np.array(
    [1.10, 0.98, 0.90, 0.82, 0.76, 0.74, 0.80, 0.92, 1.02, 1.00, 0.96, 0.96,
     1.08, 1.32, 1.42, 1.36, 1.24, 1.10, 1.02, 0.98, 0.98, 0.92, 0.82, 0.90]
)  # fmt: skip
"""Volatility by hour UTC: quiet early Asia, a bump at midnight and at the European open, the peak in US hours."""


@dataclass(frozen=True, slots=True)
class Block:
    """Bars of all symbols for one stretch of time; row = symbol, column = bar; whole steps."""

    open: Integers
    high: Integers
    low: Integers
    close: Integers
    volume: Integers
    taker: Integers
    count: Integers


@dataclass(frozen=True, slots=True)
class _Course:
    """The driving forces in a block (row = bar): level after each bar, move in it, and its usual size."""

    level: Floats
    move: Floats
    sigma: Floats


def rhythm(open_ms: Integers) -> Floats:
    """Volatility factor of bars by the hour of the day and the day of the week (UTC), around 1."""
    position = (open_ms % DAY_MS) / HOUR_MS
    hour = position.astype(np.int64)
    share = position - hour
    daily = _HOURLY[hour] * (1.0 - share) + _HOURLY[(hour + 1) % 24] * share
    weekday = (open_ms // DAY_MS + 3) % 7
    return daily * np.where(weekday >= 5, 0.72, 1.06)


class Generator:
    """The synthetic market as an endless, strictly sequential source of blocks."""

    def __init__(
        self, characters: Sequence[Character], factor: Character, grids: Sequence[Lattices], seed: int, origin_ms: int
    ):
        """`grids`: one for each of `characters`; `factor`: the character of BTC, whether it is listed or not."""
        self._characters = list(characters)
        self._origin_ms = origin_ms
        names = [FACTOR, *(one.symbol for one in characters if one.symbol != FACTOR)]
        self._rows = [0 if one.symbol == FACTOR else names.index(one.symbol) for one in characters]
        own = {one.symbol: one.own_sigma for one in characters}
        self._sigma = np.array([own.get(name, factor.own_sigma) for name in names])
        self._jolt_sizes = np.clip(self._sigma / _USUAL_SIGMA, 0.6, 1.15)
        self._jolt_sizes[0] = _FACTOR_JOLT
        self._betas = np.array([0.0 if row == 0 else one.beta for one, row in zip(characters, self._rows, strict=True)])
        self._mood_keys = [keys_of("mood", seed, name) for name in names]
        self._shock_keys = np.concatenate([keys_of("shock", seed, name) for name in names])
        self._jolt_keys = np.concatenate([keys_of("jolt", seed, name) for name in names])
        self._trade_keys = np.concatenate([keys_of("trade", seed, one.symbol) for one in characters])
        self._grids = list(grids)
        self._moods = [first_mood(key) for key in self._mood_keys]
        self._level = np.zeros(len(names))
        self._heat = np.ones(len(names))
        self._log_home = np.log(np.array([one.price for one in characters]))
        self._last_close = np.array(
            [int(grid.price.steps(np.array([one.price]))[0]) for one, grid in zip(characters, grids, strict=True)]
        )
        self._done = 0

    @property
    def bars_done(self) -> int:
        """How many bars have been made since the origin."""
        return self._done

    @property
    def moods(self) -> Sequence[Mood]:
        """The present mood of each driving force: BTC's first, then each other symbol's own."""
        return tuple(self._moods)

    def next_block(self) -> Block:
        """The next `BLOCK_BARS` bars of all symbols."""
        first, last = self._done, self._done + BLOCK_BARS
        open_ms = self._origin_ms + np.arange(first, last, dtype=np.int64) * BAR_MS
        pace = rhythm(open_ms)
        sudden = jolts(self._jolt_keys, self._jolt_sizes, first, last)
        start = self._level.copy()
        course = self._run(first, last, pace, sudden)
        block = self._bars(first, last, pace, start, course, sudden)
        self._done = last
        return block

    def _run(self, first: int, last: int, pace: Floats, sudden: Jolts) -> _Course:
        """Moves all forces through the block, one bar after the other (variance and moods need the last bar)."""
        bars, rows = last - first, len(self._sigma)
        drift, scale, pull, anchor = (np.empty((bars, rows)) for _ in range(4))
        acting = (drift, scale, pull, anchor)
        switch = min(self._act(row, first, first, last, acting) for row in range(rows))
        shocks = student_t(
            self._shock_keys[None, :], np.arange(first, last, dtype=np.int64)[:, None], _DEGREES
        ).clip(-9.0, 9.0)  # fmt: skip
        scale *= pace[:, None]
        levels, sigmas = np.empty((bars, rows)), np.empty((bars, rows))
        level, heat = self._level, self._heat
        for bar in range(bars):
            if first + bar >= switch:
                switch = self._switch(first + bar, first, last, level, pace, acting)
            sigma = scale[bar] * np.sqrt(heat)
            shock = shocks[bar] * sigma + sudden.move[bar]
            felt = shock / scale[bar]
            heat = _OMEGA + _ALPHA * np.minimum(felt * felt, 18.0) + _BETA * heat
            level = level + shock + drift[bar] + pull[bar] * (anchor[bar] - level) - _HOME_PULL * level
            levels[bar], sigmas[bar] = level, sigma
        moves = np.diff(levels, axis=0, prepend=self._level[None, :])
        self._level, self._heat = level, heat
        return _Course(levels, moves, sigmas)

    def _act(self, row: int, bar: int, first: int, last: int, acting: tuple[Floats, Floats, Floats, Floats]) -> int:
        """Writes what the row's mood does from `bar` to the end of the block; returns the bar at which it ends."""
        mood, sigma = self._moods[row], float(self._sigma[row])
        force = forces(mood, bar, last, sigma)
        drift, scale, pull, anchor = acting
        drift[bar - first :, row] = force.drift * sigma
        scale[bar - first :, row] = force.volatility * sigma
        pull[bar - first :, row] = force.pull
        anchor[bar - first :, row] = force.anchor
        return mood.end

    def _switch(
        self,
        bar: int,
        first: int,
        last: int,
        level: Floats,
        pace: Floats,
        acting: tuple[Floats, Floats, Floats, Floats],
    ) -> int:
        for row, mood in enumerate(self._moods):
            if mood.end <= bar:
                self._moods[row] = next_mood(mood, self._mood_keys[row], float(level[row]))
                self._act(row, bar, first, last, acting)
                acting[1][bar - first :, row] *= pace[bar - first :]
        return min(mood.end for mood in self._moods)

    def _bars(self, first: int, last: int, pace: Floats, start: Floats, course: _Course, sudden: Jolts) -> Block:
        betas, rows = self._betas[:, None], self._rows
        log_close = self._log_home[:, None] + (course.level[:, rows] + course.level[:, :1] * self._betas).T
        log_open = np.empty_like(log_close)
        log_open[:, 0] = self._log_home + start[rows] + start[0] * self._betas
        log_open[:, 1:] = log_close[:, :-1]
        sigma = np.sqrt(course.sigma[:, rows].T ** 2 + (betas * course.sigma[:, :1].T) ** 2)
        keys, counters = self._trade_keys[:, None], np.arange(first, last, dtype=np.int64)[None, :] * 8
        middle, width = (log_open + log_close) / 2.0, log_close - log_open
        spread = 2.3 * sigma * sigma
        log_high = middle + 0.5 * np.sqrt(width**2 - spread * np.log(uniforms(keys, counters)))
        log_low = middle - 0.5 * np.sqrt(width**2 - spread * np.log(uniforms(keys, counters + 1)))
        wick_up = sudden.wick_up[:, rows].T + betas * sudden.wick_up[:, :1].T
        wick_down = sudden.wick_down[:, rows].T + betas * sudden.wick_down[:, :1].T
        log_high = np.maximum(log_high, log_open + wick_up)
        log_low = np.minimum(log_low, log_open - wick_down)
        prices = self._prices(log_close, log_high, log_low)
        return self._traded(prices, width, log_high - log_low, sigma, pace, keys, counters)

    def _prices(
        self, log_close: Floats, log_high: Floats, log_low: Floats
    ) -> tuple[Integers, Integers, Integers, Integers]:
        ticks = np.array([grid.price.denominator / grid.price.numerator for grid in self._grids])[:, None]
        close = np.maximum(np.rint(np.exp(log_close) * ticks), _FEWEST_TICKS).astype(np.int64)
        opened = np.concatenate([self._last_close[:, None], close[:, :-1]], axis=1)
        high = np.maximum(np.rint(np.exp(log_high) * ticks).astype(np.int64), np.maximum(opened, close))
        lowest = np.maximum(np.rint(np.exp(log_low) * ticks), _FEWEST_TICKS).astype(np.int64)
        self._last_close = close[:, -1].copy()
        return opened, high, np.minimum(lowest, np.minimum(opened, close)), close

    def _traded(
        self,
        prices: tuple[Integers, Integers, Integers, Integers],
        move: Floats,
        width: Floats,
        sigma: Floats,
        pace: Floats,
        keys: npt.NDArray[np.uint64],
        counters: Integers,
    ) -> Block:
        """Volumes: more with larger moves and in busy hours; takers buy what rises."""
        opened, high, low, close = prices
        lots = np.array([grid.quantity.denominator / grid.quantity.numerator for grid in self._grids])[:, None]
        usual = np.hypot(self._sigma[self._rows], self._betas * self._sigma[0])[:, None]
        lively = 0.16 + 0.42 * np.abs(move) / usual + 0.28 * width / usual
        mixed = np.exp(0.45 * near_normals(keys, counters + 2)) * np.sqrt(pace)[None, :]
        turnover = np.array([one.turnover for one in self._characters])[:, None] * lively * mixed
        home = np.exp(self._log_home)[:, None]
        volume = np.maximum(np.rint(turnover / home * lots), 1).astype(np.int64)
        lean = 0.15 * np.tanh(move / sigma) + 0.032 * near_normals(keys, counters + 3)
        taker = np.minimum(np.rint(volume * np.clip(0.5 + lean, 0.08, 0.92)).astype(np.int64), volume)
        size = np.array([one.trade_size for one in self._characters])[:, None]
        count = np.maximum(np.rint(turnover / size * (0.75 + 0.5 * uniforms(keys, counters + 4))), 1).astype(np.int64)
        return Block(opened, high, low, close, volume, taker, np.minimum(count, volume))
