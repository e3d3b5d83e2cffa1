"""Searching over numbers with Optuna: every trial is kept, seeds are fixed, several machines may share a study."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, get_type_hints

from annotated_types import Ge, Gt, Le, Lt

from futtui.backtest.run import Backtest
from futtui.backtest.settings import BacktestRequest
from futtui.backtest.sharpe import daily_results, moments
from futtui.domain.errors import FuttuiError, InvalidInputError
from futtui.domain.position import Trade

if TYPE_CHECKING:
    from optuna.trial import Trial

WORTHLESS = -10.0
LEAST_TRADES = 30
LOW, HIGH = 0.5, 2.0
"""How far a number may go from its present value, as factors, inside its own bounds."""
EXITS = "exits."


@dataclass(frozen=True, slots=True)
class Knob:
    """One number that is searched over: its dotted name, and from where to where."""

    name: str
    low: float
    high: float
    whole: bool


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What is searched. `numbers`: dotted names of the strategy's settings, `exits.NAME` for those of the exits."""

    run: BacktestRequest
    strategy: str
    numbers: tuple[str, ...]
    trials: int
    seed: int = 1
    storage: str = ""
    study: str = "futtui"


def knobs_of(run: BacktestRequest, strategy: str, names: Sequence[str]) -> list[Knob]:
    """The numbers to search over; without names all of the strategy's. Raises InvalidInputError for unknown ones."""
    settings = getattr(run.analysis.strategies, strategy)
    known = {knob.name: knob for knob in _knobs(settings)}
    known |= {EXITS + knob.name: replace(knob, name=EXITS + knob.name) for knob in _knobs(run.desk.risk.exits)}
    if not names:
        return [knob for knob in known.values() if not knob.name.startswith(EXITS)]
    for name in names:
        if name not in known:
            raise InvalidInputError(f"--numbers {name}: no such number. There are: {', '.join(known)}.")
    return [known[name] for name in names]


def with_values(run: BacktestRequest, strategy: str, values: dict[str, float]) -> BacktestRequest | None:
    """The run with these values; None where they do not go together."""
    analysis, desk = run.analysis, run.desk
    try:
        for name, value in values.items():
            if name.startswith(EXITS):
                exits = _put(desk.risk.exits, name.removeprefix(EXITS), value)
                desk = replace(desk, risk=replace(desk.risk, exits=exits))
            else:
                changed: dict[str, Any] = {strategy: _put(getattr(analysis.strategies, strategy), name, value)}
                analysis = replace(analysis, strategies=replace(analysis.strategies, **changed))
    except (FuttuiError, ValueError):
        return None
    return replace(run, analysis=analysis, desk=desk)


def merit(run: BacktestRequest, trades: Sequence[Trade]) -> float:
    """What is maximised: the Sharpe ratio of daily results; -10 with fewer than 30 trades: luck is not sought."""
    if len(trades) < LEAST_TRADES:
        return WORTHLESS
    times = [trade.opened_ms for trade in trades]
    found = moments(daily_results([trade.result_r for trade in trades], times, run.start_ms, run.end_ms))
    return WORTHLESS if found is None else found.sharpe


def search(
    request: SearchRequest,
    tried: Callable[[BacktestRequest, list[Trade]], None],
    told: Callable[[int, int], None] = lambda done, of: None,
    earn: Callable[[BacktestRequest], list[Trade]] = lambda run: Backtest(run).run().trades,
) -> Any:
    """The study after its trials. `tried` is given every run and its trades, so that it is written down.

    A study with a storage goes on where it was left, also on another machine. Raises InvalidInputError without Optuna.
    """
    optuna = _optuna()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    knobs = knobs_of(request.run, request.strategy, request.numbers)
    study = optuna.create_study(
        study_name=request.study,
        storage=request.storage or None,
        load_if_exists=True,
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=request.seed, constant_liar=True),
    )

    def objective(trial: Trial) -> float:
        run = with_values(request.run, request.strategy, {knob.name: _asked(trial, knob) for knob in knobs})
        if run is None:
            raise optuna.TrialPruned
        trades = earn(run)
        tried(run, trades)
        trial.set_user_attr("trades", len(trades))
        trial.set_user_attr("net_r", sum(trade.result_r for trade in trades))
        told(trial.number + 1, request.trials)
        return merit(run, trades)

    study.optimize(objective, n_trials=request.trials)
    return study


def search_lines(study: Any, shown: int = 5) -> Iterator[str]:
    """Lines for the terminal: the best trials, and what they are not."""
    done = [trial for trial in study.trials if trial.value is not None]
    yield f"{len(study.trials)} trials in the study {study.study_name}, {len(done)} of them with a result."
    for trial in sorted(done, key=lambda each: -each.value)[:shown]:
        values = ", ".join(f"{name} {value:.6g}" for name, value in trial.params.items())
        attributes = trial.user_attrs
        yield (
            f"  {_worth(trial.value)}, n {attributes.get('trades', '?')}, "
            f"{attributes.get('net_r', 0.0):+.1f} R: {values}"
        )
    yield (
        "The best of many trials looks better than it is. Ask `futtui validate` on days that were not searched: it "
        "counts these trials."
    )


def _worth(value: float) -> str:
    return f"Sharpe {value:+.3f} a day" if value > WORTHLESS else f"not judged (under {LEAST_TRADES} trades)"


def _optuna() -> Any:
    try:
        import optuna
    except ImportError:
        raise InvalidInputError(
            'The search needs Optuna, which is not installed. Get it: python -m pip install "futtui[research]" '
            "(or: python -m pip install optuna)."
        ) from None
    return optuna


def _asked(trial: Trial, knob: Knob) -> float:
    if knob.whole:
        return trial.suggest_int(knob.name, int(knob.low), int(knob.high))
    return trial.suggest_float(knob.name, knob.low, knob.high)


def _knobs(settings: Any, before: str = "") -> Iterator[Knob]:
    hints = get_type_hints(type(settings), include_extras=True)
    for each in fields(settings):
        value, name = getattr(settings, each.name), before + each.name
        if is_dataclass(value):
            yield from _knobs(value, f"{name}.")
        elif isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            knob = _bounded(name, value, hints[each.name])
            if knob.low < knob.high:
                yield knob


def _bounded(name: str, value: float, hint: Any) -> Knob:
    low, high, whole = value * LOW, value * HIGH, isinstance(value, int)
    for bound in getattr(hint, "__metadata__", ()):
        if isinstance(bound, Ge | Gt):
            low = max(low, float(getattr(bound, "ge", None) or getattr(bound, "gt", None) or 0.0))
        elif isinstance(bound, Le | Lt):
            limit: Any = bound.le if isinstance(bound, Le) else bound.lt
            high = min(high, float(limit))
    return Knob(name, -(-low // 1) if whole else low, high // 1 if whole else high, whole)


def _put(settings: Any, name: str, value: float) -> Any:
    first, _, rest = name.partition(".")
    return replace(settings, **{first: _put(getattr(settings, first), rest, value) if rest else value})
