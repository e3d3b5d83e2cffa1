"""The arbitrator between the two dual engines at the desk: what it knows comes from open signals and positions alone.

These are stored and taken over by the next run, so a restart changes no decision.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator

from futtui.desk.life import PositionLife
from futtui.desk.positions import Position
from futtui.desk.refusals import Gate, Refusal
from futtui.desk.state import DeskState
from futtui.domain.reading import SymbolReading
from futtui.domain.signal import RawSignal, System
from futtui.domain.timeframe import Timeframe
from futtui.signals.arbitrator import CrossTFArbitrator, is_hours, is_quarters
from futtui.signals.scorer import ScoredSignal


class DualArbitration:
    """Gives the arbitrator what the desk knows, and carries out what it says about open positions."""

    def __init__(self, state: DeskState, life: PositionLife) -> None:
        self._state = state
        self._life = life
        self._settings = state.settings.scoring.arbiter
        self._arbiter = CrossTFArbitrator(self._settings)

    def scored(
        self, raws: Iterable[RawSignal], score: Callable[[RawSignal], ScoredSignal]
    ) -> tuple[list[ScoredSignal], list[RawSignal]]:
        """All signals of a close with their scores, and the views of the hours that count for it.

        The hours are scored first: a new view counts when its score may trade, whatever else stands against it.
        """
        raws = list(raws)
        done = {raw.signal_id: score(raw) for raw in raws if not is_quarters(raw)}
        new = [item.raw for item in done.values() if is_hours(item.raw) and item.filter_reason is None]
        symbols = dict.fromkeys(raw.symbol for raw in raws if is_quarters(raw))
        views = [raw for symbol in symbols for raw in self._state.book.lately(symbol, 0) if is_hours(raw)] + new
        for raw in raws:
            if is_quarters(raw):
                done[raw.signal_id] = score(self._arbiter.strengthened(raw, views))
        return [done[raw.signal_id] for raw in raws], views

    def is_opposed(self, raw: RawSignal, views: Iterable[RawSignal]) -> bool:
        """Whether the hours forbid a quick trade; it takes no part in other conflicts then."""
        return self._arbiter.opposition(raw, views) is not None

    def gates(self, raw: RawSignal, views: Iterable[RawSignal], reading: SymbolReading) -> Iterator[Gate]:
        """What is asked of a signal of the two engines; nothing of all others."""
        if is_quarters(raw):
            opposed = self._arbiter.opposition(raw, views)
            yield "hours not against it", None if opposed is None else Refusal("hours", opposed)
            wall = self._arbiter.front_run(raw, reading.zones)
            yield "room to the next zone of 4h or 1d", None if wall is None else Refusal("front run", wall)
        if is_quarters(raw) or is_hours(raw):
            yield "risk of both engines together", self._risk(raw)

    def _risk(self, raw: RawSignal) -> Refusal | None:
        state = self._state
        others = [
            position
            for position in state.on(raw.symbol)
            if _is_dual(position)
            and position.plan.mode is state.mode_for(raw.strategy)
            and position.plan.timeframe is not raw.timeframe
        ]
        if not others:
            return None
        held = sum(state.risk_pct(position) for position in others)
        reason = self._arbiter.combined_risk(held, state.settings.risk.sizing.risk_per_trade_pct)
        return None if reason is None else Refusal("risk", reason)

    def guard(self, views: Iterable[RawSignal], lost: Container[str], time_ms: int) -> None:
        """A new view of the hours against an open quick trade: its stop goes to break-even, and the user is told."""
        if not self._settings.tighten_when_opposed:
            return
        for view in views:
            if view.time_ms != time_ms or view.signal_id in lost:
                continue
            for position in self._state.on(view.symbol):
                plan = position.plan
                if _is_dual(position) and plan.timeframe is Timeframe.M15 and plan.side is not view.side:
                    why = f"the hours now say {view.side.value.lower()}"
                    self._life.tighten(position, time_ms, why)


def _is_dual(position: Position) -> bool:
    return position.plan.system is System.DUAL
