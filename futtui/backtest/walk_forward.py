"""Walk-forward: choose on the past, look at what came next, move on; only what was never learned from is counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from futtui.backtest.checklist import OUTSIDE_GATE
from futtui.backtest.folds import Fold
from futtui.domain.performance import Interval, TradeStatistics
from futtui.domain.position import Trade
from futtui.language.counting import counted
from futtui.measurement.statistics import SlippedR, statistics_of

LEAST_TO_CHOOSE = 30


@dataclass(frozen=True, slots=True)
class FoldResult:
    """One fold: which settings were chosen on the learned part, what they earned there and afterwards."""

    fold: Fold
    chosen: str
    learned: TradeStatistics
    seen: TradeStatistics

    @property
    def learned_trades(self) -> int:
        """How many trades were learned from."""
        return self.learned.trades

    @property
    def learned_r(self) -> float | None:
        """Their mean result; None without one."""
        return self.learned.expectancy_r.value

    @property
    def seen_trades(self) -> int:
        """How many trades came afterwards."""
        return self.seen.trades

    @property
    def seen_r(self) -> float | None:
        """Their mean result; None without one."""
        return self.seen.expectancy_r.value


@dataclass(frozen=True)
class WalkForward:
    """All folds; `stitched` are the trades of the unseen parts alone, in order."""

    results: tuple[FoldResult, ...]
    stitched: tuple[Trade, ...]
    statistics: TradeStatistics
    candidates: int

    @property
    def ratio(self) -> float | None:
        """Mean result of unseen trades as a share of the mean of learned ones; None when those earned nothing."""
        weights = [each.learned_trades for each in self.results]
        total = sum(weights)
        if not total or not self.stitched:
            return None
        inside = sum((each.learned_r or 0.0) * each.learned_trades for each in self.results) / total
        outside = self.statistics.expectancy_r.value
        return outside / inside if outside is not None and inside > 0 else None

    @property
    def holds(self) -> bool:
        """Whether enough is left where it was never learned from."""
        return self.ratio is not None and self.ratio >= OUTSIDE_GATE


def walk_forward(
    candidates: Mapping[str, Sequence[Trade]], folds: Sequence[Fold], slipped_r: SlippedR | None = None
) -> WalkForward:
    """Walk through the folds. `candidates`: settings by name and the trades of each over the whole time.

    `slipped_r`: the slippage of a trade, where it is known.

    A candidate's trades do not depend on the others, so each ran once; learning means choosing the one with the best
    mean result (at least 30 trades; the first one where none has) on trades that were closed before the gap. Looking
    means its trades that were opened in the seen part.
    """
    names = list(candidates)
    results, stitched = [], []
    for fold in folds:
        learned = {name: _learned(candidates[name], fold) for name in names}
        chosen = max(names, key=lambda name: _merit(learned[name]))
        seen = [t for t in candidates[chosen] if fold.see_from_ms <= t.opened_ms < fold.see_to_ms]
        stitched += seen
        figures = [statistics_of(part, slipped_r=slipped_r) for part in (learned[chosen], seen)]
        results.append(FoldResult(fold, chosen, *figures))
    in_order = tuple(sorted(stitched, key=lambda trade: (trade.closed_ms, trade.position_id)))
    return WalkForward(tuple(results), in_order, statistics_of(in_order, slipped_r=slipped_r), len(names))


def walk_lines(found: WalkForward, moment: Callable[[int], str]) -> Iterator[str]:
    """Lines for the terminal; `moment` writes a time."""
    for each in found.results:
        fold = each.fold
        chosen = f"  {each.chosen}" if found.candidates > 1 else ""
        yield (
            f"learned {moment(fold.learn_from_ms)[:10]} to {moment(fold.learn_to_ms)[:10]}: n {each.learned_trades}, "
            f"{_signed(each.learned_r)} R; then {moment(fold.see_from_ms)[:10]} to {moment(fold.see_to_ms)[:10]}: "
            f"n {each.seen_trades}, {_signed(each.seen_r)} R{chosen}"
        )
    total = found.statistics
    yield ""
    yield (
        f"Only what was never learned from: n {total.trades} on {counted(total.days, 'day')}, "
        f"mean {_told(total.expectancy_r)} R, sum {total.net_r:+.1f} R, "
        f"largest fall -{total.max_drawdown_r:.1f} R, {total.verdict}"
    )
    if found.ratio is None:
        yield "There was nothing to keep: the learned parts earned nothing, or nothing was seen afterwards."
    else:
        word = "holds" if found.holds else "does not hold"
        yield f"{found.ratio:.0%} of the learned mean is left (needed: {OUTSIDE_GATE:.0%}): it {word}."


def walk_json(found: WalkForward) -> dict[str, Any]:
    """One JSON object."""
    return {
        "schema": 1,
        "folds": [_fold_json(each) for each in found.results],
        "candidates": found.candidates,
        "unseen": asdict(found.statistics),
        "ratio": found.ratio,
        "holds": found.holds,
        "equity_r": _running(found.stitched),
    }


def _fold_json(each: FoldResult) -> dict[str, Any]:
    names = ("learned_trades", "learned_r", "seen_trades", "seen_r")
    return asdict(each) | {name: getattr(each, name) for name in names}


def _learned(trades: Sequence[Trade], fold: Fold) -> list[Trade]:
    return [t for t in trades if t.opened_ms >= fold.learn_from_ms and t.closed_ms < fold.learn_to_ms]


def _merit(trades: Sequence[Trade]) -> float:
    mean = _mean(trades)
    return mean if mean is not None and len(trades) >= LEAST_TO_CHOOSE else -np.inf


def _mean(trades: Sequence[Trade]) -> float | None:
    return float(np.mean([trade.result_r for trade in trades])) if trades else None


def _running(trades: Sequence[Trade]) -> list[list[float]]:
    sums = np.cumsum([trade.result_r for trade in trades])
    return [[trade.closed_ms, round(float(value), 6)] for trade, value in zip(trades, sums, strict=True)]


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.3f}"


def _told(found: Interval) -> str:
    return f"{_signed(found.value)} [{_signed(found.low)}..{_signed(found.high)}]"
