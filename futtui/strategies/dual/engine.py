"""The two engines: one way to trade retests and sweeps of zones, with quarter hours and with hours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import fsum
from typing import Any, ClassVar

from futtui.domain.candle import Candle
from futtui.domain.reading import FrameReading
from futtui.domain.regime import Regime
from futtui.domain.side import Side
from futtui.domain.signal import Levels, RawSignal, SignalPart, System, Trigger
from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import Zone
from futtui.language.counting import counted
from futtui.strategies.base import BaseStrategy, Proposal, StrategyContext, parameters_hash
from futtui.strategies.dual.confidence import Surroundings, confidence_parts, strength_of
from futtui.strategies.dual.levels import gaps_to_opposite, plan_levels
from futtui.strategies.dual.settings import DualEngineSettings, HourEngineSettings
from futtui.strategies.dual.setups import (
    VOLUME_BARS,
    ZoneSetup,
    find_setup,
    lack_of_proof,
    overlap_share,
    reach_of,
)
from futtui.strategies.structure import opposing_kind, opposing_zones, supporting_zones
from futtui.strategies.words import say_price, say_way

WALL_FRAMES = (Timeframe.H4, Timeframe.D1)
COOLDOWNS_REMEMBERED = 20
"""Signals in a row after which an older one can no longer decide whether the newest one was allowed."""

Candidate = tuple[ZoneSetup, Levels, tuple[SignalPart, ...]]


class BaseSignalEngine(BaseStrategy):
    """Looks at every zone of its timeframes at every close and proposes the one setup with the most confidence.

    It remembers only when it last signalled, by side and by zone. `memory_bars` counts 15m closes.
    """

    system: ClassVar[System] = System.DUAL
    zone_frames: ClassVar[tuple[Timeframe, ...]]
    target_frames: ClassVar[tuple[Timeframe, ...]]
    senior_frames: ClassVar[tuple[Timeframe, ...]]

    def __init__(self, symbol: str, settings: DualEngineSettings) -> None:
        super().__init__(symbol)
        self._settings = settings
        self._parameters = parameters_hash(settings)
        self._last_ms: dict[Side, int] = {}
        self._locks: dict[str, int] = {}
        self._needed_bars = self.required_bars

    @property
    def enabled(self) -> bool:
        """Whether the user wants this engine to run."""
        return self._settings.enabled

    @property
    def required_bars(self) -> int:
        """Candles of its own timeframe that it looks at."""
        setups = self._settings.setups
        return max(setups.flip_max_bars + 1, VOLUME_BARS + setups.return_bars + 2)

    @property
    def memory_bars(self) -> int:
        """15m closes after which no earlier signal can still stand against a new one."""
        longest = max(self._settings.cooldown_bars, self._settings.valid_bars)
        return COOLDOWNS_REMEMBERED * longest * (self.timeframe.ms // Timeframe.M15.ms)

    def may_propose(self, context: StrategyContext) -> bool:
        """Whether a zone was retested or swept at this close, and no gate that costs little stands against it."""
        own, needed = context.frame(self.timeframe), self._needed_bars
        if own is None or own.atr is None or own.atr <= 0.0 or own.close_time_ms != context.time_ms:
            return True
        if not context.has_candles(self.timeframe, needed):
            return True
        for setup in self._setups(context, own.atr):
            if not (self._lock(setup, context.time_ms) or self._weakness(setup, own.atr)):
                return True
        self._forget(context.time_ms)
        return False

    def _within_reach(self, context: StrategyContext, atr: float) -> list[tuple[Zone, int]]:
        """The zones, and the sides that they support, at which the newest close may complete anything."""
        found: list[tuple[Zone, int]] = []
        settings, frames = self._settings.setups, self.zone_frames
        newest = context.candles(self.timeframe, settings.reaction_bars + 1)
        for sign in (1, -1):
            dips = context.dips(self.timeframe, settings.return_bars, sign)
            reach = reach_of(newest, dips, sign, atr, settings)
            if reach is not None:
                kind = opposing_kind(-sign)
                for zone in context.zones:
                    if zone.kind is kind and zone.timeframe in frames and reach.holds(zone, sign):
                        found.append((zone, sign))
        return found

    def evaluate(self, context: StrategyContext) -> Proposal:
        """A signal for this close, or the reason why there is none."""
        own, four_hours = context.frame(self.timeframe), context.frame(Timeframe.H4)
        bars = context.candles(self.timeframe, self._needed_bars)
        if own is None or own.close_time_ms != context.time_ms or len(bars) < self._needed_bars:
            return self.refuse(f"waiting for {self._needed_bars} candles of {self.timeframe.code}")
        if own.atr is None or own.atr <= 0.0:
            return self.refuse(f"the {self.timeframe.code} ATR is not available")
        self._forget(context.time_ms)
        found = self._setups(context, own.atr)
        if not found:
            return self.refuse("no zone was retested or swept at this close")
        if four_hours is None or four_hours.regime.regime is Regime.UNKNOWN:
            return self.refuse("a zone was retested or swept, but the 4h regime is not known yet")
        judged = [(setup, self._judge(setup, context, own, four_hours)) for setup in found]
        good = [answer for _, answer in judged if not isinstance(answer, str)]
        if not good:
            setup, reason = judged[0]
            return self.refuse(f"{_words(setup, context.tick_size)}, but {reason}")
        best = max(good, key=lambda each: (fsum(part.points for part in each[2]), each[0].zone.zone_id))
        self._last_ms[best[1].side] = context.time_ms
        self._locks[best[0].zone.zone_id] = context.time_ms
        return self._signal(best, context, own, four_hours, bars)

    def _setups(self, context: StrategyContext, atr: float) -> list[ZoneSetup]:
        """Every setup of this close, the strongest zone first."""
        reached = self._within_reach(context, atr)
        if not reached:
            return []
        bars, found = context.candles(self.timeframe, self._needed_bars), []
        for zone, sign in reached:
            oriented = context.oriented(self.timeframe, len(bars), sign)
            setup = find_setup(zone, sign, bars, oriented, atr, self._settings.setups)
            if setup is not None:
                found.append(setup)
        return sorted(found, key=lambda each: (-strength_of(each), each.zone.zone_id))

    # --- gates --------------------------------------------------------------------------------------------------

    def _judge(
        self, setup: ZoneSetup, context: StrategyContext, own: FrameReading, four_hours: FrameReading
    ) -> Candidate | str:
        """The setup with its levels and parts, or the first thing that stands against it."""
        settings, atr = self._settings, own.atr or 0.0
        around = self._around(setup, context, own, four_hours)
        obstacle = (
            self._lock(setup, context.time_ms)
            or self._weakness(setup, atr)
            or self._vwap(setup, around)
            or self._inside_opposite(setup, around, context.zones)
            or self._wall(around)
        )
        if obstacle:
            return obstacle
        targets = [zone for zone in context.zones if zone.timeframe in self.target_frames]
        levels = plan_levels(setup, setup.sign * setup.close, atr, targets, settings.levels, context.tick_size)
        if isinstance(levels, str):
            return levels
        band, wall = settings.vwap_band_atr, settings.wall_points if settings.wall == "penalty" else 0.0
        parts = confidence_parts(setup, around, context, self.senior_frames, settings.confidence, band, wall)
        total = fsum(part.points for part in parts)
        if total < settings.confidence.least:
            return f"its confidence is {total:.0f}; {settings.confidence.least:g} is the least"
        return setup, levels, parts

    def _around(
        self, setup: ZoneSetup, context: StrategyContext, own: FrameReading, four_hours: FrameReading
    ) -> Surroundings:
        atr, sign, vwap = own.atr or 0.0, setup.sign, context.daily_vwap
        higher = [zone for zone in context.zones if zone.timeframe in WALL_FRAMES]
        gaps = gaps_to_opposite(higher, sign, setup.close)
        wall = gaps[0] / atr if gaps else None
        same = supporting_zones(higher, sign)
        return Surroundings(
            own,
            four_hours,
            None if vwap is None else (setup.close - sign * vwap) / atr,
            any(overlap_share(setup.zone, zone) > 0.0 for zone in same),
            wall,
            wall is not None and wall < self._settings.wall_atr,
        )

    def _lock(self, setup: ZoneSetup, time_ms: int) -> str:
        settings, step = self._settings, self.timeframe.ms
        side = Side.LONG if setup.sign > 0 else Side.SHORT
        last = self._last_ms.get(side)
        if last is not None and time_ms - last < settings.cooldown_bars * step:
            return f"the last {side.value} signal was {counted((time_ms - last) // step, 'bar')} ago"
        locked = self._locks.get(setup.zone.zone_id)
        if locked is not None and time_ms - locked < settings.valid_bars * step:
            return f"this zone gave a signal {counted((time_ms - locked) // step, 'bar')} ago"
        return ""

    def _weakness(self, setup: ZoneSetup, atr: float) -> str:
        settings = self._settings.setups
        strength = strength_of(setup)
        if strength < settings.zone_strength_min:
            return f"the strength of the zone is {strength:.0f}; {settings.zone_strength_min:g} is the least"
        farthest = settings.flip_entry_atr if setup.kind == "flip" else settings.sweep_entry_atr
        if setup.distance > farthest * atr:
            return f"price is already {setup.distance / atr:.1f} ATR away from the zone; {farthest:g} is the most"
        return ""

    def _vwap(self, setup: ZoneSetup, around: Surroundings) -> str:
        settings, gap = self._settings, around.vwap_gap_atr
        waived = setup.grade_a or (settings.vwap_waived_with_overlap and around.overlap)
        if not settings.vwap_required or waived or gap is None or gap >= -settings.vwap_band_atr:
            return ""
        return "price is on the wrong side of the daily VWAP"

    def _inside_opposite(self, setup: ZoneSetup, around: Surroundings, zones: Sequence[Zone]) -> str:
        if not self._settings.inside_opposite:
            return ""
        hours = [zone for zone in opposing_zones(zones, setup.sign) if zone.timeframe is Timeframe.H1]
        if not any(overlap_share(setup.zone, zone) > 0.5 for zone in hours):
            return ""
        gap = around.vwap_gap_atr
        lack = lack_of_proof(setup, None if gap is None else gap >= 0.0, self._settings.setups)
        return f"the zone lies inside an opposite one of 1h, and {lack}" if lack else ""

    def _wall(self, around: Surroundings) -> str:
        if self._settings.wall != "block" or not around.wall_is_near:
            return ""
        words = f"{around.wall_atr:.1f} ATR away; {self._settings.wall_atr:g} is the least"
        return f"the next opposite zone of 4h or 1d is {words}"

    # --- answer -------------------------------------------------------------------------------------------------

    def _signal(
        self,
        best: Candidate,
        context: StrategyContext,
        own: FrameReading,
        four_hours: FrameReading,
        bars: Sequence[Candle],
    ) -> RawSignal:
        setup, levels, parts = best
        settings = self._settings
        return RawSignal(
            symbol=context.symbol,
            system=self.system,
            strategy=self.name,
            timeframe=self.timeframe,
            side=levels.side,
            trigger=Trigger.IMMEDIATE,
            time_ms=context.time_ms,
            valid_until_ms=context.time_ms + settings.valid_bars * self.timeframe.ms,
            levels=levels,
            atr=own.atr or 0.0,
            base_score=fsum(part.points for part in parts),
            regime=four_hours.regime.regime,
            parts=parts,
            summary=f"{_words(setup, context.tick_size)}; the trade goes {say_way(levels.side)}.",
            inputs_hash=f"{self._parameters}.{context.candles_hash(self.timeframe, self._needed_bars)}",
            volume_ratio=own.volume_ratio,
            flow=own.flow,
            time_stop_bars=settings.time_stop_bars,
        )

    def _forget(self, time_ms: int) -> None:
        """Locks that are over: the memory stays small."""
        if not self._locks:
            return
        kept_ms = self._settings.valid_bars * self.timeframe.ms
        self._locks = {zone: since for zone, since in self._locks.items() if time_ms - since < kept_ms}

    def reset(self) -> None:
        """Forget everything, as if new."""
        self._last_ms, self._locks = {}, {}

    def state(self) -> dict[str, Any]:
        """What it remembers, as plain JSON types."""
        return {"last_ms": {side.value: time_ms for side, time_ms in self._last_ms.items()}, "locks": dict(self._locks)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue exactly where `state()` was taken."""
        self._last_ms = {Side(name): int(time_ms) for name, time_ms in state["last_ms"].items()}
        self._locks = {str(zone): int(time_ms) for zone, time_ms in state["locks"].items()}


class SignalEngineM15(BaseSignalEngine):
    """Short trades at zones of 15m and 1h, decided by quarter hours."""

    name: ClassVar[str] = "dual_m15"
    title: ClassVar[str] = "Dual M15"
    timeframe: ClassVar[Timeframe] = Timeframe.M15
    zone_frames = (Timeframe.M15, Timeframe.H1)
    target_frames = (Timeframe.H1, *WALL_FRAMES)
    senior_frames = (Timeframe.H1, Timeframe.H4)

    def __init__(self, symbol: str, settings: DualEngineSettings | None = None) -> None:
        super().__init__(symbol, settings or DualEngineSettings())


class SignalEngineH1(BaseSignalEngine):
    """Longer trades at zones of 1h, 4h and 1d, decided by hours."""

    name: ClassVar[str] = "dual_h1"
    title: ClassVar[str] = "Dual H1"
    timeframe: ClassVar[Timeframe] = Timeframe.H1
    zone_frames = (Timeframe.H1, *WALL_FRAMES)
    target_frames = WALL_FRAMES
    senior_frames = WALL_FRAMES

    def __init__(self, symbol: str, settings: HourEngineSettings | None = None) -> None:
        super().__init__(symbol, settings or HourEngineSettings())


def _words(setup: ZoneSetup, tick_size: float | None) -> str:
    zone = setup.zone
    band = f"{say_price(zone.low, tick_size)}-{say_price(zone.high, tick_size)}"
    if setup.kind == "flip":
        return f"The broken zone {band} of {zone.timeframe.code} was retested and held"
    return f"The zone {band} of {zone.timeframe.code} was swept and price came back"
