"""Liquidity Sweep: price takes the stops beyond a known level and closes back inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import fsum
from typing import Any, ClassVar

from futtui.domain.candle import Candle
from futtui.domain.reading import FrameReading
from futtui.domain.regime import Regime
from futtui.domain.side import Side
from futtui.domain.signal import Levels, RawSignal, Trigger
from futtui.domain.timeframe import Timeframe
from futtui.strategies.base import BaseStrategy, Proposal, StrategyContext, parameters_hash
from futtui.strategies.break_retest_levels import ZoneMemory
from futtui.strategies.figures import median
from futtui.strategies.levels import PlanRequest, build_levels
from futtui.strategies.liquidity_sweep_pools import (
    DAY_BARS,
    Pool,
    Reach,
    day_pool,
    may_reach,
    reach_of,
    swing_pools,
    zone_pools,
)
from futtui.strategies.liquidity_sweep_score import pool_words, score_parts
from futtui.strategies.liquidity_sweep_setup import LiquiditySweepSettings, SweptPool
from futtui.strategies.structure import SwingTracker, opposing_zones, orient, zone_edges
from futtui.strategies.words import say_price

VOLUME_BARS = 20
MAX_SWEEPS_PER_SIDE = 4
SIGNS = (1, -1)


class LiquiditySweep(BaseStrategy):
    """The state machine pool -> sweep -> reclaim, alike for longs and shorts.

    Sweep and reclaim may happen in one bar. Stops are taken once: a level that price went beyond is no pool any more.
    """

    name: ClassVar[str] = "liquidity_sweep"
    title: ClassVar[str] = "Liquidity Sweep"

    def __init__(self, symbol: str, settings: LiquiditySweepSettings | None = None) -> None:
        super().__init__(symbol)
        self._settings = settings or LiquiditySweepSettings()
        self._parameters = parameters_hash(self._settings)
        self._swings = SwingTracker(
            self._settings.swing_side_bars, self._settings.swing_lookback_bars, self.timeframe.ms
        )
        self._zones = ZoneMemory()
        self._sweeps: list[SweptPool] = []
        self._needed_bars = self.required_bars

    @property
    def enabled(self) -> bool:
        """Whether the user wants this strategy to run."""
        return self._settings.enabled

    @property
    def required_bars(self) -> int:
        """Enough for the median volume, the local range and a turning point."""
        settings = self._settings
        return max(VOLUME_BARS + 1, settings.range_bars + 1, 2 * settings.swing_side_bars + 1)

    @property
    def memory_bars(self) -> int:
        """Life of a turning point, plus life of a sweep."""
        settings = self._settings
        return settings.swing_lookback_bars + settings.swing_side_bars + settings.reclaim_max_bars + 3

    def may_propose(self, context: StrategyContext) -> bool:
        """Whether a sweep waits for its reclaim or may begin with the newest bar; levels are noted where not."""
        own, bars = context.frame(self.timeframe), context.candles(self.timeframe, self._needed_bars)
        if self._sweeps or own is None or own.atr is None or own.atr <= 0 or len(bars) < self._needed_bars:
            return True
        before, newest, depth = bars[-2], bars[-1], self._depth(own.atr)
        if may_reach(before, newest, 1, depth) or may_reach(before, newest, -1, depth):
            ratio = _volume_ratio(bars)
            if ratio is not None and ratio >= self._settings.volume_min:
                return True
        self._swings.update(bars)
        self._end(own.atr, context, bars)
        return False

    def evaluate(self, context: StrategyContext) -> Proposal:
        """A signal when the newest close reclaims a swept level, else the state of things in words."""
        own, four_hours = context.frame(self.timeframe), context.frame(Timeframe.H4)
        bars = context.candles(self.timeframe, self._needed_bars)
        if len(bars) < self._needed_bars:
            return self.refuse(f"waiting for {self._needed_bars} candles, {len(bars)} are here")
        if own is None or own.atr is None or own.atr <= 0:
            return self.refuse("the 15m ATR is not available")
        self._swings.update(bars)
        dropped = self._advance(bars[-1])
        note = self._look_for_sweeps(context, own.atr, bars)
        answer = self._decide(context, own, four_hours, bars)
        self._end(own.atr, context, bars)
        return answer or self.refuse(note or dropped or self._waiting_words(context.tick_size))

    def _depth(self, atr: float) -> tuple[float, float]:
        """How far beyond a level a bar must go at least, and may go at most, in price."""
        return self._settings.depth_min_atr * atr, self._settings.depth_max_atr * atr

    def _end(self, atr: float, context: StrategyContext, bars: Sequence[Candle]) -> None:
        """Note which levels the newest bar took, and the zones as they are now."""
        for price in (bars[-1].low, bars[-1].high):
            self._swings.mark_broken(price, self._settings.depth_min_atr * atr)
        self._zones.remember(context.zones, bars[-1].close)

    def _advance(self, bar: Candle) -> str:
        dropped = ""
        alive = []
        for sweep in self._sweeps:
            reason = sweep.advance(orient(bar, sweep.sign), self._settings)
            if reason is None:
                alive.append(sweep)
            else:
                dropped = f"{say_price(sweep.sign * sweep.level)} was swept, but {reason}"
        self._sweeps = alive
        return dropped

    def _look_for_sweeps(self, context: StrategyContext, atr: float, bars: Sequence[Candle]) -> str:
        """Adds the pools that this bar swept; in words why a sweep does not count, else an empty text."""
        settings, note = self._settings, ""
        depth = self._depth(atr)
        for sign in SIGNS:
            reach = reach_of(bars[-2], bars[-1], sign, depth)
            found = self._swept(reach, sign, context, atr) if reach is not None else []
            if not found:
                continue
            pool = max(found, key=lambda each: (each.strength, -each.level))
            price, ratio = say_price(sign * pool.level, context.tick_size), _volume_ratio(bars)
            if ratio is None:
                note = f"{price} was swept, but the usual volume is not available"
            elif ratio < settings.volume_min:
                least = settings.volume_min
                note = f"{price} was swept with {ratio:.1f} times the usual volume; {least:g} is the least"
            else:
                self._add(pool, sign, bars[-1], atr, ratio)
        return note

    def _swept(self, reach: Reach, sign: int, context: StrategyContext, atr: float) -> list[Pool]:
        """The pools within the reach of the newest bar."""
        settings = self._settings
        pools = [
            *swing_pools(sign, self._swings, settings.equal_atr * atr, reach),
            *day_pool(sign, context, settings.depth_min_atr * atr, reach),
            *zone_pools(sign, self._zones, settings.zone_score_min, reach),
        ]
        return [pool for pool in pools if reach.holds(pool.level)]

    def _add(self, pool: Pool, sign: int, bar: Candle, atr: float, ratio: float) -> None:
        same = [each for each in self._sweeps if each.sign == sign]
        if len(same) >= MAX_SWEEPS_PER_SIDE:
            self._sweeps.remove(min(same, key=lambda each: each.time_ms))
        low = orient(bar, sign).low
        self._sweeps.append(SweptPool(sign, pool.kind, pool.level, pool.strength, low, bar.open_time_ms, atr, ratio))

    def _decide(
        self, context: StrategyContext, own: FrameReading, four_hours: FrameReading | None, bars: Sequence[Candle]
    ) -> Proposal | None:
        """The answer of the best sweep that is reclaimed now; all of its side are used up."""
        ready = [each for each in self._sweeps if each.is_reclaimed(orient(bars[-1], each.sign), self._settings)]
        if not ready:
            return None
        sweep = max(ready, key=lambda each: (each.strength, each.time_ms))
        self._sweeps = [each for each in self._sweeps if each.sign != sweep.sign]
        what = f"{say_price(sweep.sign * sweep.level, context.tick_size)} was swept and taken back"
        obstacle = self._obstacle(sweep.sign, own, four_hours)
        if obstacle or four_hours is None:
            return self.refuse(f"{what}, but {obstacle}")
        levels = self._levels(sweep, context, own, bars)
        if isinstance(levels, str):
            return self.refuse(f"{what}, but {levels}")
        return self._signal(sweep, context, own, four_hours, levels)

    def _obstacle(self, sign: int, own: FrameReading, four_hours: FrameReading | None) -> str:
        """Why the market around the sweep forbids a trade; empty when it does not."""
        if four_hours is None or four_hours.regime.regime is Regime.UNKNOWN:
            return "the 4h regime is not known yet"
        against = Regime.TREND_DOWN if sign > 0 else Regime.TREND_UP
        if four_hours.regime.regime is against and not self._settings.against_trend:
            return "the 4h trend stands against it"
        if own.flow is not None and sign * own.flow <= -self._settings.flow_against_max:
            return "aggressive orders still push against it"
        return ""

    def _levels(
        self, sweep: SweptPool, context: StrategyContext, own: FrameReading, bars: Sequence[Candle]
    ) -> Levels | str:
        """The stop lies behind the whole sweep and never too near; targets at the range and the next stops."""
        settings, sign, atr = self._settings, sweep.sign, own.atr or sweep.atr
        limits, entry = settings.levels, sign * bars[-1].close
        push = limits.stop_push_atr * atr
        invalidation = min(sweep.extreme, entry - limits.stop_min_atr * atr * (1 + 1e-9) + push)
        risk = entry - invalidation + push
        range_end = max(orient(bar, sign).high for bar in bars[-settings.range_bars - 1 :])
        first_r = max(settings.target_1_min_r, min(limits.target_1_r, (range_end - entry) / risk))
        ahead = [swing.price for swing in self._swings.highs(sign) if not swing.broken]
        ahead += [sign * zone_edges(zone, sign)[0] for zone in opposing_zones(context.zones, sign)]
        request = PlanRequest(
            Side.LONG if sign > 0 else Side.SHORT,
            bars[-1].close,
            atr,
            sign * invalidation,
            barriers=tuple(ahead),
            barrier_from_r=settings.target_2_min_r,
            barrier_to_r=limits.target_3_r,
        )
        return build_levels(request, replace(limits, target_1_r=first_r), context.tick_size)

    def _signal(
        self, sweep: SweptPool, context: StrategyContext, own: FrameReading, four_hours: FrameReading, levels: Levels
    ) -> RawSignal:
        settings = self._settings
        parts = score_parts(sweep, context, settings, own, four_hours)
        window = max(self.memory_bars, DAY_BARS)
        way = "below" if sweep.sign > 0 else "above"
        price = say_price(sweep.sign * sweep.level, context.tick_size)
        return RawSignal(
            symbol=context.symbol,
            system=self.system,
            strategy=self.name,
            timeframe=self.timeframe,
            side=levels.side,
            trigger=Trigger.IMMEDIATE,
            time_ms=context.time_ms,
            valid_until_ms=context.time_ms + settings.entry_valid_bars * self.timeframe.ms,
            levels=levels,
            atr=own.atr or sweep.atr,
            base_score=fsum(part.points for part in parts),
            regime=four_hours.regime.regime,
            parts=parts,
            summary=f"Price took the stops {way} {pool_words(sweep)} at {price} and closed back inside.",
            inputs_hash=f"{self._parameters}.{context.candles_hash(self.timeframe, window)}",
            volume_ratio=sweep.volume_ratio,
            flow=own.flow,
            time_stop_bars=settings.time_stop_bars,
        )

    def _waiting_words(self, tick_size: float | None) -> str:
        if not self._sweeps:
            return "no stops were taken lately"
        newest = max(self._sweeps, key=lambda each: each.time_ms)
        level = say_price(newest.sign * newest.level, tick_size)
        step = f"bar {newest.age} of {self._settings.reclaim_max_bars}"
        return f"{level} was swept; waiting for a close back inside ({step})"

    def reset(self) -> None:
        """Forget everything, as if new."""
        self._swings.reset()
        self._zones.reset()
        self._sweeps = []

    def state(self) -> dict[str, Any]:
        """What it remembers, as plain JSON types."""
        return {
            "swings": self._swings.state(),
            "zones": self._zones.state(),
            "sweeps": [sweep.to_state() for sweep in self._sweeps],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue exactly where `state()` was taken."""
        self._swings.restore(state["swings"])
        self._zones.restore(state["zones"])
        self._sweeps = [SweptPool.from_state(sweep) for sweep in state["sweeps"]]


def _volume_ratio(bars: Sequence[Candle]) -> float | None:
    """Volume of the last bar in medians of the 20 before; None when nothing was traded in them."""
    usual = median([bar.volume for bar in bars[-VOLUME_BARS - 1 : -1]])
    return bars[-1].volume / usual if usual > 0 else None
