"""Figures of a list of trades, each with what it is worth: sample size, days, intervals, and a verdict in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from futtui.domain.performance import Interval, TradeStatistics
from futtui.domain.position import WIN_R, Trade, TradeClass
from futtui.domain.shares import wilson_interval
from futtui.domain.timeframe import DAY_MS
from futtui.measurement.path_risk import drawn_falls

DRAWS = 10_000
FALL_DRAWS = 2_000
LEAST_TRADES, LEAST_DAYS = 100, 60
LEAST_DAYS_DRAWN = 6
"""With fewer days their whole range holds the truth in less than 95 of 100 cases: drawing from them tells nothing."""
UNKNOWN = (None, None)
SlippedR = Callable[[Trade], float]
"""What the slippage of all fills of a trade was, in R."""


def wilson(wins: int, trades: int) -> Interval:
    """Wilson's 95 % score interval of a share (E. B. Wilson, 1927)."""
    found = wilson_interval(wins, trades)
    return Interval(None, None, None) if found is None else Interval(wins / trades, *found)


def win_rate_of(trades: Sequence[Trade]) -> Interval:
    """The share of wins among trades, with Wilson's interval for so many of them as tell something by themselves.

    Trades of one day are one bet as far as they went alike: their number is divided by how much more the wins differ
    from day to day than they would if chance had dealt them singly (the design effect; J. Rao and A. Scott, 1992). With
    one trade a day that is Wilson's own interval. Where all won, or none, nobody can tell: each day counts as alike.
    """
    if not trades:
        return wilson(0, 0)
    won = [float(trade.result_class is TradeClass.WIN) for trade in trades]
    groups = by_day(won, [trade.opened_ms for trade in trades])
    count, share = len(won), sum(won) / len(won)
    most = sum(len(group) ** 2 for group in groups) / count
    effect, chance = most, share * (1.0 - share) * count
    if chance > 0:
        effect = min(max(1.0, sum(float(group.sum() - share * len(group)) ** 2 for group in groups) / chance), most)
    low, high = wilson_interval(sum(won) / effect, count / effect) or (None, None)
    return Interval(share, low, high)


def profit_factor(results: Sequence[float]) -> float | None:
    """Sum of gains over sum of losses; None without a loss, because then it measures nothing."""
    losses = -sum(value for value in results if value < 0)
    return sum(value for value in results if value > 0) / losses if losses > 0 else None


def payoff(results: Sequence[float]) -> float | None:
    """Average gain divided by average loss, a result of exactly zero being a loss; None without both."""
    gains = [value for value in results if value > 0]
    losses = [-value for value in results if value <= 0]
    if not gains or sum(losses) <= 0:
        return None
    return (sum(gains) / len(gains)) / (sum(losses) / len(losses))


def break_even_win_rate(results: Sequence[float]) -> float | None:
    """The share of wins at which the average win and the average of all else come to zero; None without both.

    Wins are those that the win rate counts, so that it is above this border exactly when the mean is above zero.
    """
    wins = [value for value in results if value > WIN_R]
    others = [value for value in results if value <= WIN_R]
    if not wins or not others:
        return None
    win, lost = sum(wins) / len(wins), max(0.0, -sum(others) / len(others))
    return lost / (win + lost)


def drawdown(results: Sequence[float]) -> float:
    """Largest fall of the running sum from its highest point (zero at the start), as a positive number."""
    running = np.cumsum(np.concatenate([[0.0], np.asarray(results, dtype=np.float64)]))
    return float(np.max(np.maximum.accumulate(running) - running))


def by_day(results: Sequence[float], times_ms: Sequence[int]) -> list[np.ndarray]:
    """Results grouped by UTC day, because trades of one day are one bet."""
    days = np.asarray(times_ms, dtype=np.int64) // DAY_MS
    values = np.asarray(results, dtype=np.float64)
    return [values[days == day] for day in np.unique(days)]


def bootstrap(groups: Sequence[np.ndarray], seed: int = 1, draws: int = DRAWS) -> tuple[np.ndarray, np.ndarray]:
    """Mean result and profit factor of `draws` samples of whole days, drawn with replacement."""
    sums = np.array([group.sum() for group in groups])
    counts = np.array([len(group) for group in groups])
    gains = np.array([group[group > 0].sum() for group in groups])
    losses = np.array([-group[group < 0].sum() for group in groups])
    chosen = np.random.default_rng(seed).integers(0, len(groups), (draws, len(groups)))
    means = sums[chosen].sum(axis=1) / counts[chosen].sum(axis=1)
    lost = losses[chosen].sum(axis=1)
    factors = np.where(lost > 0, gains[chosen].sum(axis=1) / np.where(lost > 0, lost, 1.0), np.inf)
    return means, factors


def statistics_of(
    trades: Sequence[Trade], seed: int = 1, draws: int = DRAWS, slipped_r: SlippedR | None = None
) -> TradeStatistics:
    """All figures of some trades, in the order of their closes; `slipped_r` where the slippage of a trade is known."""
    results = [trade.result_r for trade in trades]
    slippage = None if slipped_r is None else float(sum(slipped_r(trade) for trade in trades))
    costs = sum(cost_r(trade) for trade in trades) + (slippage or 0.0)
    classes = [trade.result_class for trade in trades]
    wins, losses = classes.count(TradeClass.WIN), classes.count(TradeClass.LOSS)
    groups = by_day(results, [trade.opened_ms for trade in trades])
    expectancy, factor = Interval(None, None, None), Interval(None, None, None)
    if trades:
        means, factors = bootstrap(groups, seed, draws)
        enough = len(groups) >= LEAST_DAYS_DRAWN
        expectancy = Interval(float(np.mean(results)), *(_middle(means) if enough else UNKNOWN))
        factor = Interval(profit_factor(results), *(_middle(factors) if enough else UNKNOWN))
    rate, border = win_rate_of(trades), break_even_win_rate(results)
    return TradeStatistics(
        trades=len(trades),
        days=len(groups),
        wins=wins,
        break_evens=len(trades) - wins - losses,
        losses=losses,
        win_rate=rate,
        break_even_win_rate=border,
        profit_factor=factor,
        expectancy_r=expectancy,
        net_r=sum(results),
        gross_r=sum(results) + costs,
        costs_r=costs,
        max_drawdown_r=drawdown(results),
        verdict=verdict_of(len(trades), len(groups), rate, border, expectancy),
        payoff=payoff(results),
        fall_risk=drawn_falls(groups, seed, min(draws, FALL_DRAWS)),
        slippage_r=slippage,
    )


def cost_r(trade: Trade) -> float:
    """Fees and funding of a trade in R (slippage is inside its prices)."""
    risk = risk_money(trade)
    return (float(trade.fees) - float(trade.funding)) / risk if risk > 0 else 0.0


def risk_money(trade: Trade) -> float:
    """What one R of the trade is in money."""
    if abs(trade.result_r) > 1e-9:
        return float(trade.pnl) / trade.result_r
    return abs(float(trade.entry_price - trade.initial_stop) * float(trade.quantity))


def verdict_of(trades: int, days: int, rate: Interval, border: float | None, expectancy: Interval) -> str:
    """INSUFFICIENT, NOT PROVEN, or PLAUSIBLE. More than plausible needs an out-of-sample proof, not this sample."""
    if trades < LEAST_TRADES or days < LEAST_DAYS:
        return "INSUFFICIENT"
    sure = expectancy.low is not None and expectancy.low > 0
    above = border is not None and rate.low is not None and rate.low > border
    return "PLAUSIBLE" if sure and above else "NOT PROVEN"


def _middle(values: np.ndarray) -> tuple[float | None, float | None]:
    low, high = np.quantile(values, [0.025, 0.975], method="nearest")
    return _known(float(low)), _known(float(high))


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None
