"""Learns from the trades of a backtest which signals win, and judges honestly whether that is worth anything.

Gradient boosting (scikit-learn, asked for only here) on forward folds in time: each fold is forecast by a model that
saw only earlier trades, with a gap of the longest holding time between. The chances are calibrated on earlier
forecasts (J. Platt, 1999). What counts is the Brier score against the plain win rate of the strategy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from futtui.backtest.kept_signals import signals_of
from futtui.domain.errors import InvalidInputError
from futtui.domain.performance import Interval
from futtui.domain.position import Trade, TradeClass
from futtui.domain.signal import Signal
from futtui.domain.timeframe import DAY_MS
from futtui.language.counting import counted
from futtui.measurement.statistics import LEAST_DAYS_DRAWN, bootstrap, by_day
from futtui.signals.confidence import (
    CIRCUMSTANCES,
    PART_PREFIX,
    SCHEMA,
    ConfidenceModel,
    Forest,
    Tree,
    figures_of,
    row_of,
)

FOLDS = 6
GAP_MS = 8 * DAY_MS
"""Longer than a position lives at shipped settings; one that lives longer is left out where it reaches into a fold."""
LEAST_TRADES, LEAST_DAYS = 300, 60
PARTS_KEPT, PART_SHARE = 40, 0.05
CLASSES = 5
DRAWS = 2_000
SEED = 7


@dataclass(frozen=True, slots=True)
class Lessons:
    """Trades as rows, by the time of their signals. `won` is 1 for a win as every other figure counts it."""

    strategies: tuple[str, ...]
    features: tuple[str, ...]
    rows: np.ndarray
    won: np.ndarray
    result_r: np.ndarray
    time_ms: np.ndarray
    strategy: np.ndarray
    closed_ms: np.ndarray


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the forecasts were worth on trades that the models had not seen.

    `skill`: part of the base rate's Brier score that the model saves, with its 95 % interval over whole days; above
    zero means better than the plain win rate. `classes`: (mean forecast, observed share, trades) by rising forecast.
    """

    trades: int
    days: int
    base_brier: float
    brier: float
    skill: float
    skill_low: float
    skill_high: float
    auc: float
    classes: tuple[tuple[float, float, int], ...]
    reliable: bool
    reason: str


def lessons_of(signals: Sequence[Signal], trades: Sequence[Trade]) -> Lessons:
    """Rows from trades and the signals they came from; raises InvalidInputError when there are too few."""
    by_id = signals_of(trades, signals)
    pairs = sorted(
        ((by_id[trade.signal_id], trade) for trade in trades if trade.signal_id in by_id),
        key=lambda pair: (pair[0].raw.time_ms, pair[0].signal_id),
    )
    days = len({signal.raw.time_ms // DAY_MS for signal, _ in pairs})
    if len(pairs) < LEAST_TRADES or days < LEAST_DAYS:
        raise InvalidInputError(
            f"{counted(len(pairs), 'trade')} on {counted(days, 'day')}: too few to learn from; "
            f"{LEAST_TRADES} on {LEAST_DAYS} are needed. Take a longer period or more symbols."
        )
    strategies = tuple(sorted({signal.raw.strategy for signal, _ in pairs}))
    found = [figures_of(signal.raw, signal.score, signal.parts, signal.completeness, strategies) for signal, _ in pairs]
    features = (*CIRCUMSTANCES, *_common_parts(found))
    return Lessons(
        strategies,
        features,
        np.array([row_of(figures, features) for figures in found]),
        np.array([trade.result_class is TradeClass.WIN for _, trade in pairs], dtype=np.int64),
        np.array([trade.result_r for _, trade in pairs]),
        np.array([signal.raw.time_ms for signal, _ in pairs], dtype=np.int64),
        np.array([strategies.index(signal.raw.strategy) for signal, _ in pairs], dtype=np.int64),
        np.array([trade.closed_ms for _, trade in pairs], dtype=np.int64),
    )


def _common_parts(found: Sequence[dict[str, float]]) -> list[str]:
    counts: dict[str, int] = {}
    for figures in found:
        for name in figures:
            if name.startswith(PART_PREFIX):
                counts[name] = counts.get(name, 0) + 1
    common = [name for name, count in counts.items() if count >= PART_SHARE * len(found)]
    return sorted(sorted(common, key=lambda name: (-counts[name], name))[:PARTS_KEPT])


def learn(lessons: Lessons, cut_ms: int) -> tuple[ConfidenceModel, Judgement]:
    """The model of all lessons, and what its kind was worth on unseen ones."""
    raw, base = _forward(lessons)
    seen = ~np.isnan(raw)
    shares = _calibrated_forward(lessons, raw)
    judged = ~np.isnan(shares)
    judgement = _judge(lessons, shares, base, judged)
    slope, offset = _platt(raw[seen], lessons.won[seen])
    borders = _borders(shares[judged])
    counts, observed, results_r = _classes(lessons, shares, judged, borders)
    model = ConfidenceModel(
        strategies=lessons.strategies,
        features=lessons.features,
        chance=_forest(_fitted(lessons.rows, lessons.won)),
        slope=slope,
        offset=offset,
        borders=borders,
        counts=counts,
        shares=observed,
        results_r=results_r,
        cut_ms=cut_ms,
        reliable=judgement.reliable,
    )
    return model, judgement


def _folds(time_ms: np.ndarray) -> np.ndarray:
    """The fold of each trade: whole days, about as many trades in each."""
    days = time_ms // DAY_MS
    ranks = np.searchsorted(np.sort(days), days, side="left") / len(days)
    return np.minimum((ranks * FOLDS).astype(np.int64), FOLDS - 1)


def _forward(lessons: Lessons) -> tuple[np.ndarray, np.ndarray]:
    """Raw forecasts and base rates of all folds but the first, each from earlier trades only."""
    folds = _folds(lessons.time_ms)
    raw = np.full(len(folds), np.nan)
    base = np.full(len(folds), np.nan)
    for fold in range(1, FOLDS):
        test = folds == fold
        if not test.any():
            continue
        known = _known_before(lessons, test)
        if known.sum() < 50 or len(np.unique(lessons.won[known])) < 2:
            continue
        raw[test] = _fitted(lessons.rows[known], lessons.won[known]).decision_function(lessons.rows[test])
        base[test] = _base_rates(lessons, known)[lessons.strategy[test]]
    return raw, base


def _known_before(lessons: Lessons, test: np.ndarray) -> np.ndarray:
    """Trades whose results were known before these began, with a gap between."""
    begin_ms = lessons.time_ms[test].min()
    return (lessons.time_ms < begin_ms - GAP_MS) & (lessons.closed_ms < begin_ms)


def _base_rates(lessons: Lessons, known: np.ndarray) -> np.ndarray:
    """Win rate of each strategy among the known trades, drawn to that of all as if 20 more of these were seen."""
    overall = float(lessons.won[known].mean())
    rates = []
    for number in range(len(lessons.strategies)):
        mine = lessons.won[known & (lessons.strategy == number)]
        rates.append((float(mine.sum()) + 20.0 * overall) / (len(mine) + 20.0))
    return np.array(rates)


def _calibrated_forward(lessons: Lessons, raw: np.ndarray) -> np.ndarray:
    """Chances from raw forecasts, each fold calibrated on the forecasts of earlier folds."""
    folds = _folds(lessons.time_ms)
    shares = np.full(len(raw), np.nan)
    for fold in range(2, FOLDS):
        test = (folds == fold) & ~np.isnan(raw)
        if not test.any():
            continue
        known = ~np.isnan(raw) & _known_before(lessons, test)
        if known.sum() < 50 or len(np.unique(lessons.won[known])) < 2:
            continue
        slope, offset = _platt(raw[known], lessons.won[known])
        shares[test] = 1.0 / (1.0 + np.exp(-(slope * raw[test] + offset)))
    return shares


def _fitted(rows: np.ndarray, won: np.ndarray) -> Any:
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier
        from threadpoolctl import threadpool_limits
    except ImportError as error:
        raise InvalidInputError(
            'Training needs scikit-learn. Install it with: pip install "futtui[research]"'
        ) from error
    model = HistGradientBoostingClassifier(
        max_iter=80, learning_rate=0.05, max_leaf_nodes=8, min_samples_leaf=40, l2_regularization=5.0,
        early_stopping=False, random_state=SEED,
    )  # fmt: skip
    with threadpool_limits(limits=1):  # so few rows are slower on many threads, and the sums stay in one order
        return model.fit(rows, won)


def _platt(raw: np.ndarray, won: np.ndarray) -> tuple[float, float]:
    """Slope and offset of the logistic curve through raw forecasts; a slope below zero means no information: flat."""
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=1e3).fit(raw.reshape(-1, 1), won)
    slope, offset = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    if slope > 0.0:
        return slope, offset
    share = min(max(float(won.mean()), 1e-6), 1.0 - 1e-6)
    return 0.0, float(np.log(share / (1.0 - share)))


def _judge(lessons: Lessons, shares: np.ndarray, base: np.ndarray, judged: np.ndarray) -> Judgement:
    won, forecast, plain = lessons.won[judged], shares[judged], base[judged]
    if len(won) < LEAST_TRADES or len(np.unique(won)) < 2:
        return Judgement(len(won), 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5, (), False, "too few unseen trades to judge it")
    days = lessons.time_ms[judged] // DAY_MS
    own, rival = (forecast - won) ** 2, (plain - won) ** 2
    groups = np.unique(days, return_inverse=True)[1]
    own_sums, rival_sums = np.bincount(groups, own), np.bincount(groups, rival)
    chosen = np.random.default_rng(SEED).integers(0, len(own_sums), (DRAWS, len(own_sums)))
    skills = 1.0 - own_sums[chosen].sum(axis=1) / rival_sums[chosen].sum(axis=1)
    low, high = (float(each) for each in np.quantile(skills, [0.025, 0.975]))
    reliable = low > 0.0
    reason = "it beats the plain win rate" if reliable else "it does not surely beat the plain win rate"
    return Judgement(
        trades=len(won),
        days=len(own_sums),
        base_brier=float(rival.mean()),
        brier=float(own.mean()),
        skill=1.0 - float(own.sum() / rival.sum()),
        skill_low=low,
        skill_high=high,
        auc=_auc(forecast, won),
        classes=_reliability(forecast, won),
        reliable=reliable,
        reason=reason,
    )


def _auc(forecast: np.ndarray, won: np.ndarray) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(won, forecast))


def _reliability(forecast: np.ndarray, won: np.ndarray) -> tuple[tuple[float, float, int], ...]:
    order = np.array_split(np.argsort(forecast, kind="stable"), CLASSES)
    return tuple((float(forecast[each].mean()), float(won[each].mean()), len(each)) for each in order if len(each))


def _borders(forecast: np.ndarray) -> tuple[float, ...]:
    """Borders between classes of forecasts with about as many unseen trades in each."""
    if not len(forecast):
        return ()
    return tuple(sorted({float(each) for each in np.quantile(forecast, np.arange(1, CLASSES) / CLASSES)}))


def _classes(
    lessons: Lessons, shares: np.ndarray, judged: np.ndarray, borders: tuple[float, ...]
) -> tuple[tuple[int, ...], tuple[float, ...], tuple[Interval, ...]]:
    """Of each class: its unseen trades, the share of them that won, and their mean result."""
    place = np.searchsorted(borders, shares, side="right")
    members = [judged & (place == each) for each in range(len(borders) + 1)]
    counts = tuple(int(each.sum()) for each in members)
    won = tuple(float(lessons.won[each].mean()) if each.any() else 0.0 for each in members)
    return counts, won, tuple(_mean_r(lessons.result_r[each], lessons.time_ms[each]) for each in members)


def _mean_r(results_r: np.ndarray, time_ms: np.ndarray) -> Interval:
    """The mean with its 95 % interval, whole days drawn with replacement; nothing from too few days to draw from."""
    days = by_day(results_r.tolist(), time_ms.tolist())
    if len(days) < LEAST_DAYS_DRAWN:
        return Interval(None, None, None)
    low, high = np.quantile(bootstrap(days, SEED, DRAWS)[0], [0.025, 0.975])
    return Interval(float(results_r.mean()), float(low), float(high))


def _forest(fitted: Any) -> Forest:
    """The trees of a fitted booster as plain figures."""
    trees = []
    for (predictor,) in fitted._predictors:
        nodes = predictor.nodes
        leaf = nodes["is_leaf"].astype(bool)
        trees.append(
            Tree(
                tuple(int(each) for each in nodes["feature_idx"]),
                tuple(float(each) for each in nodes["num_threshold"]),
                tuple(-1 if end else int(each) for each, end in zip(nodes["left"], leaf, strict=True)),
                tuple(-1 if end else int(each) for each, end in zip(nodes["right"], leaf, strict=True)),
                tuple(bool(each) for each in nodes["missing_go_to_left"]),
                tuple(float(each) for each in nodes["value"]),
            )
        )
    return Forest(float(np.ravel(fitted._baseline_prediction)[0]), tuple(trees))


def as_record(model: ConfidenceModel, judgement: Judgement, origin: dict[str, Any]) -> dict[str, Any]:
    """The model with its judgement and origin, for a JSON file."""
    return {"schema": SCHEMA, "origin": origin, "judgement": asdict(judgement), "model": asdict(model)}
