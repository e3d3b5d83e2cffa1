"""Runs beside the real one: dearer, later, luckier, with numbers moved a little, with one part left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, get_type_hints

from annotated_types import Ge, Gt, Le, Lt

from futtui.backtest.recording import Change
from futtui.backtest.settings import BacktestRequest
from futtui.backtest.shards import Answers
from futtui.backtest.walk import order_words
from futtui.desk.settings import DeskSettings
from futtui.domain.errors import FuttuiError
from futtui.domain.reading import AnalysisResult
from futtui.domain.signal import RawSignal
from futtui.strategies.catalogue import title_of

STEPS = (0.8, 0.9, 1.1, 1.2)
QUICK_STEPS = (0.8, 1.2)
MODIFIER_POINTS = {
    "volume": "volume_points",
    "money flow": "flow_points",
    "trend strength": "adx_points",
    "RSI": "rsi_points",
    "regime fit": "regime_points",
    "late trend": "late_trend_points",
    "ATR expansion": "atr_expansion_points",
    "order book": "book_points",
    "open interest": "interest_points",
    "funding": "funding_points",
    "factors that agree": "confirmation_points",
    "setups that agree": "confluence_points",
    "BTC against it": "btc_points",
}
"""What a person calls a modifier: the setting that holds its points."""


@dataclass(frozen=True)
class Variant:
    """Another run. `group`: costs, delay, intrabar, number, modifier, filter, setup or component."""

    name: str
    group: str
    request: BacktestRequest
    change: Change | None = None


@dataclass
class Delayed:
    """Every signal reaches the desk one close later than it should."""

    _held: dict[str, tuple[RawSignal, ...]] = field(default_factory=dict)

    def __call__(self, symbol: str, answers: Answers) -> Answers:
        found: Answers = []
        for time_ms, result in answers:
            late = tuple(
                replace(raw, time_ms=time_ms, valid_until_ms=raw.valid_until_ms + time_ms - raw.time_ms)
                for raw in self._held.get(symbol, ())
            )
            self._held[symbol] = result.signals
            found.append((time_ms, replace(result, signals=late)))
        return found


@dataclass(frozen=True)
class Without:
    """The signals of some strategies never come."""

    strategies: frozenset[str]

    def __call__(self, symbol: str, answers: Answers) -> Answers:
        return [(time_ms, self._left(result)) for time_ms, result in answers]

    def _left(self, result: AnalysisResult) -> AnalysisResult:
        if not result.signals:
            return result
        return replace(result, signals=tuple(raw for raw in result.signals if raw.strategy not in self.strategies))


@dataclass(frozen=True)
class Instead:
    """The signals of one strategy are replaced by others, by symbol and close."""

    strategy: str
    signals: Mapping[tuple[str, int], tuple[RawSignal, ...]]

    def __call__(self, symbol: str, answers: Answers) -> Answers:
        found: Answers = []
        for time_ms, result in answers:
            others = self.signals.get((symbol, time_ms), ())
            if result.signals or others:
                kept = tuple(raw for raw in result.signals if raw.strategy != self.strategy)
                result = replace(result, signals=(*kept, *others))
            found.append((time_ms, result))
        return found


def stresses(base: BacktestRequest) -> list[Variant]:
    """Costs half as high again, one bar late, and the other order inside a bar."""
    return [
        Variant("costs x 1.5", "costs", replace(base, costs=base.costs.times(1.5))),
        Variant("one bar late", "delay", base, Delayed()),
        Variant(
            f"in a bar {order_words(not base.optimistic)}", "intrabar", replace(base, optimistic=not base.optimistic)
        ),
    ]


def without_modifiers(base: BacktestRequest) -> list[Variant]:
    """Each modifier of the score left out."""
    return [
        Variant(f"without {name}", "modifier", _desk(base, scoring=_changed(base.desk.scoring, setting, 0.0)))
        for name, setting in MODIFIER_POINTS.items()
        if getattr(base.desk.scoring, setting) != 0.0
    ]


def without_filters(base: BacktestRequest) -> list[Variant]:
    """Each gate that can be left out."""
    scoring, risk = base.desk.scoring, base.desk.risk
    no_scores = replace(scoring, threshold=0.0, strategy_thresholds={}, system_thresholds={})
    no_costs = replace(risk.entry, max_cost_r=0.0, strategy_max_cost_r={})
    return [
        Variant("without the least score", "filter", _desk(base, scoring=no_scores)),
        Variant("without the regime's veto", "filter", _desk(base, scoring=replace(scoring, regime_weight_floor=0.0))),
        Variant("without the BTC block", "filter", _desk(base, scoring=replace(scoring, btc_impulse_pct=50.0))),
        Variant("without the cost limit", "filter", _desk(base, risk=replace(risk, entry=no_costs))),
        Variant("without a limit of slippage", "filter",
                _desk(base, risk=replace(risk, entry=replace(risk.entry, max_slippage_r=2.0)))),
        Variant("without a least stop", "filter",
                _desk(base, risk=replace(risk, entry=replace(risk.entry, min_stop_atr=0.01)))),
        Variant("without a pause after losses", "filter",
                _desk(base, risk=replace(risk, caps=replace(risk.caps, loss_streak=100)))),
    ]  # fmt: skip


def without_setups(base: BacktestRequest, strategies: list[str]) -> list[Variant]:
    """Each strategy left out; none when there is only one."""
    if len(strategies) < 2:
        return []
    return [Variant(f"without {title_of(name)}", "setup", base, Without(frozenset({name}))) for name in strategies]


def exit_numbers(base: BacktestRequest, steps: tuple[float, ...] = STEPS) -> list[Variant]:
    """Every number of the exits moved a little."""
    exits = base.desk.risk.exits
    return [
        Variant(f"{in_words(name)} {_percent(step)}", "number",
                _desk(base, risk=replace(base.desk.risk, exits=moved)))
        for name, step, moved in moved_numbers(exits, steps)
        if not name.startswith(("naked", "data", "hours"))
    ]  # fmt: skip


def in_words(setting: str) -> str:
    """The name of a setting for people: `exits.trail_atr` is `exits, trail atr`."""
    return setting.replace(".", ", ").replace("_", " ")


def moved_numbers(settings: Any, steps: tuple[float, ...]) -> Iterator[tuple[str, float, Any]]:
    """(name, factor, settings) with one number at a time multiplied; what the bounds do not allow is left out.

    Numbers inside records are reached by dotted names. Zeros, flags and tables stay as they are.
    """
    hints = get_type_hints(type(settings), include_extras=True)
    for each in fields(settings):
        value = getattr(settings, each.name)
        if is_dataclass(value):
            for name, step, inner in moved_numbers(value, steps):
                changed = _changed(settings, each.name, inner)
                if changed is not None:
                    yield f"{each.name}.{name}", step, changed
        elif isinstance(value, int | float) and not isinstance(value, bool) and value:
            for step in steps:
                number = type(value)(round(value * step)) if isinstance(value, int) else value * step
                if number != value and _allowed(number, hints[each.name]):
                    changed = _changed(settings, each.name, number)
                    if changed is not None:
                        yield each.name, step, changed


def _changed(settings: Any, name: str, value: Any) -> Any | None:
    try:
        return replace(settings, **{name: value})
    except (FuttuiError, ValueError):
        return None


def _allowed(number: float, hint: Any) -> bool:
    outside: list[bool] = []
    for bound in getattr(hint, "__metadata__", ()):
        limits: dict[str, Any] = {name: getattr(bound, name, None) for name in ("ge", "gt", "le", "lt")}
        outside += [
            isinstance(bound, Ge) and number < limits["ge"],
            isinstance(bound, Gt) and number <= limits["gt"],
            isinstance(bound, Le) and number > limits["le"],
            isinstance(bound, Lt) and number >= limits["lt"],
        ]
    return not any(outside)


def _desk(base: BacktestRequest, **changes: Any) -> BacktestRequest:
    desk: DeskSettings = replace(base.desk, **changes)
    return replace(base, desk=desk)


def _percent(step: float) -> str:
    return f"{(step - 1.0) * 100:+.0f} %"
