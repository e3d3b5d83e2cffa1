"""Is it the entry that earns? The same exits and geometry from random closes of the same hour and regime."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from futtui.backtest.data import BASE
from futtui.backtest.recording import Moment, Recording
from futtui.domain.position import Trade
from futtui.domain.signal import Levels, RawSignal, System
from futtui.domain.timeframe import DAY_MS, HOUR_MS

LEAST_DRAWS = 30
"""Few draws tell too little of what chance can do: with 8 of them luck passes for skill two to three times as often as
the stated probability says, with 30 about as often as it says."""
PERMUTATIONS = 10_000
WIN_R = 0.05
"""A result above this is a win, as `Trade.result_class` has it."""
Earned = Callable[[Sequence[RawSignal]], Sequence[float | None]]
"""Net R of plans, each as a trade of its own; None where a plan cannot be traded."""


@dataclass(frozen=True, slots=True)
class EntrySkill:
    """Real entries beside random ones. `chance`: how often random entries do at least as well, by whole days."""

    trades: int
    draws: int
    real_r: float
    random_r: float
    random_win_rate: float
    chance: float


def entry_skill(
    trades: Sequence[Trade],
    plans: Mapping[str, RawSignal],
    recording: Recording,
    earned: Earned,
    budget: int,
    seed: int = 1,
) -> EntrySkill | None:
    """Compare `trades` (whose plans are known by signal id) with about `budget` random ones; None without a match.

    All trades of a day are moved to the same random day, as far as it has such closes: what happens together is one
    bet there too. Where the budget is small, days are chosen at random and all their trades kept.
    """
    generator = np.random.default_rng(seed)
    chosen = _chosen([trade for trade in trades if trade.signal_id in plans], budget, generator)
    if not chosen:
        return None
    draws = max(LEAST_DRAWS, budget // len(chosen))
    finder = _Finder(recording)
    random_plans: list[RawSignal] = []
    origins: list[tuple[int, int]] = []
    days = sorted({trade.opened_ms // DAY_MS for trade in chosen})
    for draw in range(draws):
        moves = dict(zip(days, generator.random(len(days)).tolist(), strict=True))
        for trade in chosen:
            day = trade.opened_ms // DAY_MS
            plan = finder.moved(plans[trade.signal_id], moves[day])
            if plan is not None:
                random_plans.append(plan)
                origins.append((draw, days.index(day)))
    return _compared(chosen, days, draws, origins, earned(random_plans), generator)


def _chosen(trades: list[Trade], budget: int, generator: np.random.Generator) -> list[Trade]:
    most = budget // LEAST_DRAWS
    if len(trades) <= most:
        return trades
    days = sorted({trade.opened_ms // DAY_MS for trade in trades})
    kept: list[Trade] = []
    for place in generator.permutation(len(days)):
        same = [trade for trade in trades if trade.opened_ms // DAY_MS == days[int(place)]]
        if kept and len(kept) + len(same) > most:
            break
        kept += same
    return sorted(kept, key=lambda trade: (trade.opened_ms, trade.position_id))


class _Finder:
    """Finds closes that are like the one of a plan: same symbol, same hour of the day, same regime."""

    def __init__(self, recording: Recording) -> None:
        self._moments = recording.moments
        self._times = {symbol: [each.time_ms for each in known] for symbol, known in recording.moments.items()}

    def moved(self, plan: RawSignal, share: float) -> RawSignal | None:
        """The plan at the first such close from a place in the data on (0 = begin, 1 = end, then from the begin)."""
        moments, times = self._moments.get(plan.symbol, []), self._times.get(plan.symbol, [])
        if not moments:
            return None
        span = times[-1] - times[0] + BASE.ms
        wanted = times[0] + int(share * span) // DAY_MS * DAY_MS
        first = bisect_left(times, wanted)
        regime = self._regime(plan)
        for step in range(len(moments)):
            moment = moments[(first + step) % len(moments)]
            if moment.time_ms != plan.time_ms and _is_like(moment, plan, regime):
                return _plan_at(plan, moment)
        return None

    def _regime(self, plan: RawSignal) -> str:
        times = self._times[plan.symbol]
        place = bisect_left(times, plan.time_ms)
        if place < len(times) and times[place] == plan.time_ms:
            found = self._moments[plan.symbol][place].frames.get(plan.timeframe.code)
            if found is not None:
                return found[0]
        return plan.regime.value


def _is_like(moment: Moment, plan: RawSignal, regime: str) -> bool:
    frame = moment.frames.get(plan.timeframe.code)
    same_hour = moment.time_ms % DAY_MS // HOUR_MS == plan.time_ms % DAY_MS // HOUR_MS
    return moment.ready and same_hour and frame is not None and frame[0] == regime and bool(frame[1])


def _plan_at(plan: RawSignal, moment: Moment) -> RawSignal:
    """The plan's geometry in ATR from another close: same side, same stop in ATR, same targets in R."""
    atr = moment.frames[plan.timeframe.code][1] or 0.0
    levels, sign = plan.levels, plan.side.sign
    risk = levels.risk / plan.atr * atr
    targets = tuple(moment.price + sign * levels.reward_r(place) * risk for place in range(len(levels.targets)))
    moved_ms = moment.time_ms - plan.time_ms
    return replace(
        plan,
        system=System.CORE,
        time_ms=moment.time_ms,
        valid_until_ms=max(plan.valid_until_ms + moved_ms, moment.time_ms + BASE.ms),
        atr=atr,
        levels=Levels(plan.side, moment.price, moment.price - sign * risk, targets),
    )


def _compared(
    chosen: list[Trade],
    days: list[int],
    draws: int,
    origins: list[tuple[int, int]],
    results: Sequence[float | None],
    generator: np.random.Generator,
) -> EntrySkill | None:
    sums, counts = np.zeros((draws, len(days))), np.zeros((draws, len(days)))
    wins = 0
    for (draw, place), result in zip(origins, results, strict=True):
        if result is not None:
            sums[draw, place] += result
            counts[draw, place] += 1
            wins += result > WIN_R
    if not counts.sum():
        return None
    real = float(np.mean([trade.result_r for trade in chosen]))
    picks = generator.integers(0, draws, (PERMUTATIONS, len(days)))
    columns = np.arange(len(days))
    totals, numbers = sums[picks, columns].sum(axis=1), counts[picks, columns].sum(axis=1)
    means = totals / np.maximum(numbers, 1.0)
    return EntrySkill(
        trades=len(chosen),
        draws=draws,
        real_r=real,
        random_r=float(sums.sum() / counts.sum()),
        random_win_rate=float(wins / counts.sum()),
        chance=float((1 + int((means >= real).sum())) / (1 + PERMUTATIONS)),
    )
