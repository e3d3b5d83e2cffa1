"""What Flip-Retest and Sweep-Return share: which zones are looked at, the filters, the plan and the signal."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from math import fsum, inf
from typing import Any, ClassVar

from futtui.domain.regime import Regime
from futtui.domain.signal import Levels, RawSignal, SignalPart, System, Trigger
from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import Zone
from futtui.strategies.action_price.levels import EntryTiming
from futtui.strategies.base import BaseStrategy, Proposal, StrategyContext, parameters_hash
from futtui.strategies.sr.confidence import confidence_parts, context_parts
from futtui.strategies.sr.levels import entry_timing, plan_levels, zone_context
from futtui.strategies.sr.settings import SrGates, SrSettings
from futtui.strategies.sr.setup import Progress, Span, SrSetup, View, say_zone, strength_of
from futtui.strategies.words import say_price

SIGNS = (1, -1)
SLACK_ATR = 1e-6
"""Room for rounding where a first look compares prices and the rule compares their distances."""
MEMORY_WINDOWS = 3
"""Windows in a row after which an older setup can no longer decide whether the newest one is a new one."""


class SrStrategy(BaseStrategy):
    """A setup at a zone, looked for at every 15m close and at every 1h close, long and short alike.

    Everything is read from the newest bars and the zones of this moment; remembered is only when a zone last gave a
    setup, so that one break or one sweep is used once.
    """

    system: ClassVar[System] = System.SR
    timeframe: ClassVar[Timeframe] = Timeframe.M15
    edge_is_far: ClassVar[bool]
    """Whether the edge of the setup is the one that price reaches last on its way in trade direction."""

    def __init__(self, symbol: str, settings: SrSettings) -> None:
        super().__init__(symbol)
        self._shared = settings
        self._parameters = parameters_hash(settings)
        codes = settings.entry_frames.split(" and ")
        self._entry_frames = tuple(frame for frame in (Timeframe.M15, Timeframe.H1) if frame.code in codes)
        self._used_ms: dict[str, int] = {}
        self._stale_after_ms: int | None = None
        """The last close at which none of these notes can be too old; None as soon as one comes or goes."""

    @property
    def enabled(self) -> bool:
        """Whether the user wants this setup to run."""
        return self._shared.enabled

    @property
    def required_bars(self) -> int:
        """Candles of the entry timeframe that it looks at."""
        return self.window_bars

    @property
    def memory_bars(self) -> int:
        """Closes after which nothing older can still influence it."""
        longest = max(frame.ms for frame in self._entry_frames) // self.timeframe.ms
        return MEMORY_WINDOWS * longest * (self.window_bars + self._shared.cooldown_bars)

    @property
    @abstractmethod
    def window_bars(self) -> int:
        """Bars of the entry timeframe that a setup may span, with what it is compared to."""

    @abstractmethod
    def spans(self, view: View) -> tuple[Span, Span]:
        """Where an edge must lie for `find` to have anything to say, for longs and for shorts."""

    @abstractmethod
    def is_in_play(self, zone: Zone, sign: int, view: View, span: Span) -> bool:
        """Whether `find` could answer anything but "nothing" at this zone."""

    def reaches(self, frame: Timeframe, atr: float, context: StrategyContext) -> Sequence[tuple[int, float, float]]:
        """Side and span in which an edge must lie for the newest bar to complete a setup; oriented, ends included.

        Only for a first look: `find` decides. Anywhere on both sides, where a setup does not know better.
        """
        return (1, -inf, inf), (-1, -inf, inf)

    @abstractmethod
    def find(self, zone: Zone, sign: int, view: View) -> SrSetup | Progress:
        """The setup that the newest bar completed at this zone, or how far it has come."""

    @abstractmethod
    def regime_fit(self, regime: Regime, sign: int) -> float:
        """How well the 4h regime suits the setup, 0-1."""

    @abstractmethod
    def summary(self, setup: SrSetup, level: str) -> str:
        """What happened, in one sentence; `level` is the price of the edge in words."""

    @abstractmethod
    def entry_max_atr(self) -> float:
        """Farthest entry from the edge, in ATR."""

    def may_propose(self, context: StrategyContext) -> bool:
        """Whether the newest bar of either entry timeframe may have completed a setup at a zone."""
        for frame in self._entry_frames:
            if context.time_ms % frame.ms == 0 and self._may_complete(frame, context):
                return True
        if self._used_ms:
            self._forget_where_stale(context)
        return False

    def _forget_where_stale(self, context: StrategyContext) -> None:
        """As `_look` does at every close, without a view of the bars where no note can be that old."""
        if self._stale_after_ms is None:
            self._stale_after_ms = min(map(self._last_needed_ms, self._used_ms.items()))
        if context.time_ms <= self._stale_after_ms:
            return
        for frame in self._entry_frames:
            view = self._view(frame, context)
            if isinstance(view, View):
                self._forget(view)

    def _last_needed_ms(self, note: tuple[str, int]) -> int:
        """The last close whose bars can meet the note, as long as none of them is missing."""
        code = note[0].rpartition("|")[2]
        return note[1] + (self.window_bars + self._shared.cooldown_bars) * Timeframe.from_code(code).ms

    def _may_complete(self, frame: Timeframe, context: StrategyContext) -> bool:
        """Whether a setup may be complete at any of the zones that `_look` would look at."""
        own = context.frame(frame)
        reaches = self.reaches(frame, own.atr, context) if own is not None and own.atr is not None else ()
        near: list[tuple[Zone, int]] = []
        for sign, start, end in reaches:
            low, high = (start, end) if sign > 0 else (-end, -start)
            if self.edge_is_far == (sign > 0):
                near += [(zone, sign) for zone in context.zones if low <= zone.high <= high]
            else:
                near += [(zone, sign) for zone in context.zones if low <= zone.low <= high]
        view = self._view(frame, context) if near else ""
        if not isinstance(view, View):
            return False
        spans = dict(zip(SIGNS, self.spans(view), strict=True))
        return any(
            self._is_wanted(zone, view) and self.is_in_play(zone, sign, view, spans[sign]) for zone, sign in near
        )

    def evaluate(self, context: StrategyContext) -> Proposal:
        """A signal when the newest close completes a setup, else the reason why there is none."""
        refusals: list[Progress] = []
        for frame in self._entry_frames:
            view = self._view(frame, context)
            if isinstance(view, str):
                refusals.append(Progress(-1 if frame is not self.timeframe else 0, view))
                continue
            answer = self._look(view, context)
            if isinstance(answer, RawSignal):
                return answer
            refusals.append(answer)
        return self.refuse(max(refusals, key=lambda each: each.steps).words)

    def _view(self, frame: Timeframe, context: StrategyContext) -> View | str:
        """The timeframe at this close, or in words why it cannot be looked at."""
        reading = context.frame(frame)
        if reading is None or reading.close_time_ms != context.time_ms:
            return f"no {frame.code} bar has just closed"
        if reading.atr is None or reading.atr <= 0:
            return f"the {frame.code} ATR is not available"
        bars = context.candles(frame, self.window_bars)
        if len(bars) < self.window_bars:
            return f"waiting for {self.window_bars} candles of {frame.code}, {len(bars)} are here"
        return View(frame, reading, reading.atr, bars, context)

    def _look(self, view: View, context: StrategyContext) -> RawSignal | Progress:
        """The first signal among the zones, the strongest zone first; else the refusal that came farthest."""
        self._forget(view)
        near = [each for each in self._near(context.zones, view) if self._is_wanted(each[0], view)]
        if not near and not any(self._is_wanted(zone, view) for zone in context.zones):
            return Progress(1, "no zone is strong enough")
        near.sort(key=lambda each: (-strength_of(each[0]), each[0].zone_id))
        farthest = Progress(1, "no setup is under way at any zone")
        signal: RawSignal | None = None
        for zone, sign in near:
            found = self.find(zone, sign, view)
            answer = self._judge(found, view, context) if isinstance(found, SrSetup) else found
            if isinstance(answer, RawSignal):
                signal = signal or answer
            elif answer.steps > farthest.steps:
                farthest = answer
        return signal or farthest

    def _is_wanted(self, zone: Zone, view: View) -> bool:
        """Whether setups of this timeframe are looked for at the zone."""
        return zone.timeframe.ms >= view.timeframe.ms and strength_of(zone) >= self._shared.gates.zone_strength_min

    def _near(self, zones: Sequence[Zone], view: View) -> list[tuple[Zone, int]]:
        """The zones, and the sides, at which something may be under way: most are nowhere near price."""
        up, down = self.spans(view)
        found, is_far = [], self.edge_is_far
        for zone in zones:
            edge, mirrored = (zone.high, -zone.low) if is_far else (zone.low, -zone.high)
            if up.low <= edge <= up.high and self.is_in_play(zone, 1, view, up):
                found.append((zone, 1))
            if down.low <= mirrored <= down.high and self.is_in_play(zone, -1, view, down):
                found.append((zone, -1))
        return found

    def _judge(self, setup: SrSetup, view: View, context: StrategyContext) -> RawSignal | Progress:
        """The signal of a finished setup, or why it is not traded; either way the setup is used up."""
        level = say_price(setup.sign * setup.edge, context.tick_size)
        start = f"setup at {level}, {say_zone(setup.zone)}, but "
        key = f"{setup.zone.zone_id}|{setup.sign}|{view.timeframe.code}"
        last = self._used_ms.get(key)
        if last is not None and setup.started_ms < last + self._shared.cooldown_bars * view.timeframe.ms:
            return Progress(8, f"{start}this zone has just given one")
        self._used_ms[key], self._stale_after_ms = context.time_ms, None
        refusal = self._filtered(setup, view, context)
        if refusal:
            return Progress(10, start + refusal)
        timing = entry_timing(setup, view, self.entry_max_atr(), self._shared)
        if isinstance(timing, str):
            return Progress(10, start + timing)
        least_strength = self._shared.levels.room_strength_min
        around = zone_context(setup, context.zones, setup.sign * timing.price, least_strength)
        levels = plan_levels(setup, view, timing.price, around, self._shared.levels, context.tick_size)
        if isinstance(levels, str):
            return Progress(11, start + levels)
        fit = self.regime_fit(_regime(context), setup.sign)
        parts = confidence_parts(setup, view, context, fit, self._shared.confidence)
        confidence = fsum(part.points for part in parts)
        if confidence < self._shared.confidence.confidence_min:
            least = self._shared.confidence.confidence_min
            return Progress(12, f"{start}the confidence is {confidence:.0f}; {least:g} is the least")
        parts = (*parts, *context_parts(setup, view, around, levels), timing.part)
        return self._signal(setup, view, context, timing, levels, parts)

    def _filtered(self, setup: SrSetup, view: View, context: StrategyContext) -> str:
        """Which filter stands against the setup; empty when none does."""
        gates, regime = self._shared.gates, _regime(context)
        if regime is Regime.UNKNOWN:
            return "the 4h regime is not known yet"
        if not _is_allowed(regime, gates):
            return f"the 4h regime is {regime.value}"
        vwap = context.daily_vwap
        if gates.use_vwap and vwap is not None and not setup.grade_a:
            beyond = setup.sign * (vwap - view.close) / view.atr
            if beyond > gates.vwap_slack_atr:
                return f"price is {beyond:.1f} ATR on the wrong side of the daily VWAP"
        return ""

    def _signal(
        self,
        setup: SrSetup,
        view: View,
        context: StrategyContext,
        timing: EntryTiming,
        levels: Levels,
        parts: tuple[SignalPart, ...],
    ) -> RawSignal:
        settings = self._shared
        bar_ms = self.timeframe.ms if timing.trigger is Trigger.IMMEDIATE else view.timeframe.ms
        return RawSignal(
            symbol=context.symbol,
            system=self.system,
            strategy=self.name,
            timeframe=view.timeframe,
            side=levels.side,
            trigger=timing.trigger,
            time_ms=context.time_ms,
            valid_until_ms=context.time_ms + timing.valid_bars * bar_ms,
            levels=levels,
            atr=view.atr,
            base_score=fsum(part.points for part in parts),
            regime=_regime(context),
            parts=parts,
            summary=self.summary(setup, say_price(setup.sign * setup.edge, context.tick_size)),
            inputs_hash=f"{self._parameters}.{context.candles_hash(view.timeframe, len(view.bars))}",
            volume_ratio=view.reading.volume_ratio,
            flow=view.reading.flow,
            time_stop_bars=settings.time_stop_bars,
        )

    def _forget(self, view: View) -> None:
        """Drop notes of this timeframe that no setup of the window can meet any more."""
        if not self._used_ms:
            return
        oldest = view.bars[0].open_time_ms - self._shared.cooldown_bars * view.timeframe.ms
        ending = f"|{view.timeframe.code}"
        stale = [key for key, time_ms in self._used_ms.items() if key.endswith(ending) and time_ms < oldest]
        for key in stale:
            del self._used_ms[key]
        if stale:
            self._stale_after_ms = None

    def reset(self) -> None:
        """Forget everything, as if new."""
        self._used_ms, self._stale_after_ms = {}, None

    def state(self) -> dict[str, Any]:
        """When each zone last gave a setup, as plain JSON types."""
        return {"used_ms": dict(self._used_ms)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue exactly where `state()` was taken."""
        self._used_ms = {str(key): int(time_ms) for key, time_ms in state["used_ms"].items()}
        self._stale_after_ms = None


def _regime(context: StrategyContext) -> Regime:
    four_hours = context.frame(Timeframe.H4)
    return Regime.UNKNOWN if four_hours is None else four_hours.regime.regime


def _is_allowed(regime: Regime, gates: SrGates) -> bool:
    if regime.is_trend:
        return gates.allow_trend
    return {
        Regime.RANGE: gates.allow_range,
        Regime.SQUEEZE: gates.allow_squeeze,
        Regime.CHOP: gates.allow_chop,
        Regime.EXPANSION: gates.allow_expansion,
    }.get(regime, False)
