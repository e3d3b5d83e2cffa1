"""Break Retest: a level is broken with volume, left behind, touched again from the other side and holds."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from itertools import islice
from math import fsum
from typing import Any

from futtui.domain.candle import Candle
from futtui.domain.reading import FrameReading
from futtui.domain.regime import Regime
from futtui.domain.side import Side
from futtui.domain.signal import Levels, RawSignal, Trigger
from futtui.domain.timeframe import Timeframe
from futtui.strategies.base import BaseStrategy, Proposal, StrategyContext, parameters_hash
from futtui.strategies.break_retest_levels import ZoneMemory, find_break
from futtui.strategies.break_retest_score import score_parts
from futtui.strategies.break_retest_setup import BreakRetestSettings, BrokenLevel
from futtui.strategies.levels import PlanRequest, build_levels
from futtui.strategies.structure import SwingTracker, opposing_zones, orient, supporting_zones
from futtui.strategies.words import say_price, say_way

VOLUME_BARS = 20
MAX_SETUPS_PER_SIDE = 4
SIGNS = (1, -1)


class BreakRetest(BaseStrategy):
    """The state machine level -> break -> leave -> retest -> trigger, alike for longs and shorts.

    The newest broken level that triggers wins; a broken level dies when price closes back inside or time runs out.
    """

    name = "break_retest"
    title = "Break Retest"

    def __init__(self, symbol: str, settings: BreakRetestSettings | None = None) -> None:
        super().__init__(symbol)
        self._settings = settings or BreakRetestSettings()
        self._parameters = parameters_hash(self._settings)
        self._swings = SwingTracker(
            self._settings.swing_side_bars, self._settings.level_lookback_bars, self.timeframe.ms
        )
        self._zones = ZoneMemory()
        self._setups: list[BrokenLevel] = []
        self._adx: deque[float | None] = deque(maxlen=3)
        self._needed_bars = self.required_bars

    @property
    def enabled(self) -> bool:
        """Whether the user wants this strategy to run."""
        return self._settings.enabled

    @property
    def required_bars(self) -> int:
        """Enough for the volume average and a turning point."""
        return max(VOLUME_BARS + 1, 2 * self._settings.swing_side_bars + 1)

    @property
    def memory_bars(self) -> int:
        """Life of a turning point until it is broken, plus life of a broken level."""
        settings = self._settings
        return settings.level_lookback_bars + settings.swing_side_bars + settings.retest_max_bars + 3

    def may_propose(self, context: StrategyContext) -> bool:
        """Whether the newest bar pushes price away from a broken level; the levels live on where it does not."""
        own, bars = context.frame(self.timeframe), context.candles(self.timeframe, self._needed_bars)
        if own is None or own.atr is None or own.atr <= 0 or len(bars) < self._needed_bars:
            return True
        if self._setups and self._may_trigger(bars):
            return True
        self._begin(own, bars)
        self._end(own, own.atr, context, bars)
        return False

    def evaluate(self, context: StrategyContext) -> Proposal:
        """A signal when the newest close completes a retest (or arms one), else the state of things in words."""
        own, four_hours = context.frame(self.timeframe), context.frame(Timeframe.H4)
        bars = context.candles(self.timeframe, self._needed_bars)
        if len(bars) < self._needed_bars:
            return self.refuse(f"waiting for {self._needed_bars} candles, {len(bars)} are here")
        if own is None or own.atr is None or own.atr <= 0:
            return self.refuse("the 15m ATR is not available")
        dropped = self._begin(own, bars)
        answer = self._decide(context, own, four_hours, bars)
        note = self._end(own, own.atr, context, bars)
        return answer or self.refuse(dropped or note or self._waiting_words(context.tick_size))

    def _begin(self, own: FrameReading, bars: Sequence[Candle]) -> str:
        """Take the newest close in; in words why a broken level was dropped, else an empty text."""
        self._adx.append(own.adx)
        self._swings.update(bars)
        return self._advance(bars[-1]) if self._setups else ""

    def _end(self, own: FrameReading, atr: float, context: StrategyContext, bars: Sequence[Candle]) -> str:
        """Note what the newest close broke; in words what became of that, else an empty text."""
        note = self._look_for_breaks(own, context.frame(Timeframe.H4), bars)
        self._swings.mark_broken(bars[-1].close, self._settings.break_close_atr * atr)
        self._zones.remember(context.zones, bars[-1].close)
        return note

    def _may_trigger(self, bars: Sequence[Candle]) -> bool:
        """Whether the newest bar may trigger one of the setups, which have not taken it in yet."""
        if self._settings.entry == "armed":
            return True
        seen = {sign: (orient(bars[-2], sign), orient(bars[-1], sign)) for sign in SIGNS}
        return any(setup.is_pushed_by(*seen[setup.sign]) for setup in self._setups)

    def _advance(self, bar: Candle) -> str:
        dropped = ""
        alive: list[BrokenLevel] = []
        turned = {sign: orient(bar, sign) for sign in SIGNS}
        for setup in self._setups:
            reason = setup.advance(turned[setup.sign], self._settings)
            if reason is None:
                alive.append(setup)
            else:
                dropped = f"{say_price(setup.sign * setup.level)}: {reason}"
        self._setups = alive
        return dropped

    def _decide(
        self, context: StrategyContext, own: FrameReading, four_hours: FrameReading | None, bars: Sequence[Candle]
    ) -> Proposal | None:
        """The answer of the newest level that triggers now; it and older ones of its side are used up."""
        ready = [setup for setup in self._setups if self._triggers(setup, bars)]
        if not ready:
            return None
        setup = max(ready, key=lambda each: each.time_ms)
        self._setups = [each for each in self._setups if each.sign != setup.sign or each.time_ms > setup.time_ms]
        level = say_price(setup.sign * setup.level, context.tick_size)
        if four_hours is None or four_hours.regime.regime is Regime.UNKNOWN:
            return self.refuse(f"retest of {level}, but the 4h regime is not known yet")
        if four_hours.regime.bias.opposes(setup.sign):
            return self.refuse(f"retest of {level}, but the 4h bias stands against it")
        levels = self._levels(setup, context, own, bars[-1])
        if isinstance(levels, str):
            return self.refuse(f"retest of {level}, but {levels}")
        return self._signal(setup, context, own, four_hours, levels, bars)

    def _triggers(self, setup: BrokenLevel, bars: Sequence[Candle]) -> bool:
        last = orient(bars[-1], setup.sign)
        if self._settings.entry == "armed":
            return setup.can_arm(last, self._settings)
        return setup.is_pushed_back(orient(bars[-2], setup.sign), last, self._settings)

    def _levels(self, setup: BrokenLevel, context: StrategyContext, own: FrameReading, bar: Candle) -> Levels | str:
        settings, sign = self._settings, setup.sign
        if settings.entry == "armed":
            entry = sign * (setup.level + settings.armed_offset_atr * setup.atr)
            invalidation = sign * min(setup.guard, setup.level - settings.fail_close_atr * setup.atr)
        else:
            entry = bar.close
            invalidation = sign * min(setup.guard, setup.level if setup.deepest is None else setup.deepest)
        pivots = [swing.price for swing in self._swings.lows(sign)]
        zones = [zone.low if sign > 0 else zone.high for zone in supporting_zones(context.zones, sign)]
        barriers = [zone.low if sign > 0 else zone.high for zone in opposing_zones(context.zones, sign)]
        request = PlanRequest(
            Side.LONG if sign > 0 else Side.SHORT,
            entry,
            own.atr or setup.atr,
            invalidation,
            (*pivots, *zones),
            tuple(barriers),
        )
        return build_levels(request, settings.levels, context.tick_size)

    def _signal(
        self,
        setup: BrokenLevel,
        context: StrategyContext,
        own: FrameReading,
        four_hours: FrameReading,
        levels: Levels,
        bars: Sequence[Candle],
    ) -> RawSignal:
        settings, armed = self._settings, self._settings.entry == "armed"
        retest = None if armed else (orient(bars[-2], setup.sign), orient(bars[-1], setup.sign))
        parts = score_parts(setup, context, settings, own, four_hours, self._swings, retest)
        left_bars = settings.retest_max_bars - setup.age
        valid_bars = min(settings.armed_valid_bars, left_bars) if armed else settings.entry_valid_bars
        return RawSignal(
            symbol=context.symbol,
            system=self.system,
            strategy=self.name,
            timeframe=self.timeframe,
            side=levels.side,
            trigger=Trigger.ARMED if armed else Trigger.IMMEDIATE,
            time_ms=context.time_ms,
            valid_until_ms=context.time_ms + valid_bars * self.timeframe.ms,
            levels=levels,
            atr=own.atr or setup.atr,
            base_score=fsum(part.points for part in parts),
            regime=four_hours.regime.regime,
            parts=parts,
            summary=_summary(setup, levels.side, armed, context.tick_size),
            inputs_hash=f"{self._parameters}.{context.candles_hash(self.timeframe, self.memory_bars)}",
            volume_ratio=own.volume_ratio,
            flow=own.flow,
            time_stop_bars=settings.time_stop_bars,
        )

    def _look_for_breaks(self, own: FrameReading, four_hours: FrameReading | None, bars: Sequence[Candle]) -> str:
        """Adds a level that this close breaks; in words why a break does not count, else an empty text."""
        newest = bars[-1]
        for sign in SIGNS:
            if newest.close <= newest.open if sign > 0 else newest.close >= newest.open:
                continue  # only a bar of the trade's direction breaks a level
            beyond = self._settings.break_close_atr * (own.atr or 0.0)
            limit = sign * newest.close - beyond
            if sign * bars[-2].close >= limit and self._swings.nearest_above(sign) > limit:
                continue  # nothing lies so far on this side of the close that the bar broke it
            previous, last = orient(bars[-2], sign), orient(newest, sign)
            found = find_break(sign, previous, last, beyond, self._swings, self._zones)
            if found is None:
                continue
            price = say_price(sign * found.level)
            ratio = _volume_ratio(bars)
            weakness = self._weakness(ratio, own.adx, four_hours)
            if weakness or ratio is None or own.adx is None or own.atr is None:
                return f"closed beyond {price}, but {weakness}"
            setup = BrokenLevel(
                sign, found.level, found.guard, bars[-1].open_time_ms, own.atr, ratio, own.adx, self._adx_rising()
            )
            if found.zone is not None:
                setup.zone_id, setup.zone_score = found.zone.zone_id, found.zone.score
            setup.left = last.close >= setup.level + self._settings.leave_atr * setup.atr
            self._add(setup)
            return f"closed beyond {price}: waiting for price to leave and come back"
        return ""

    def _weakness(self, ratio: float | None, adx: float | None, four_hours: FrameReading | None) -> str:
        regime = Regime.UNKNOWN if four_hours is None else four_hours.regime.regime
        if regime is Regime.UNKNOWN:
            return "the 4h regime is not known yet"
        volume_min, adx_min = self._settings.volume_min(regime), self._settings.adx_min(regime)
        if ratio is None:
            return "the usual volume is not available"
        if ratio < volume_min:
            return f"with {ratio:.1f} times the usual volume; {volume_min:g} is the least"
        if adx is None:
            return "ADX is not available"
        return f"ADX is {adx:.0f}; {adx_min:g} is the least" if adx < adx_min else ""

    def _adx_rising(self) -> bool | None:
        now, before = self._adx[-1], self._adx[0] if len(self._adx) == 3 else None
        return None if now is None or before is None else now > before

    def _add(self, setup: BrokenLevel) -> None:
        same = [each for each in self._setups if each.sign == setup.sign]
        if len(same) >= MAX_SETUPS_PER_SIDE:
            self._setups.remove(min(same, key=lambda each: each.time_ms))
        self._setups.append(setup)

    def _waiting_words(self, tick_size: float | None) -> str:
        if not self._setups:
            return "no level was broken lately"
        newest = max(self._setups, key=lambda each: each.time_ms)
        level = say_price(newest.sign * newest.level, tick_size)
        step = "waiting for a retest" if newest.left else "waiting for price to leave"
        return f"{level} was broken; {step} (bar {newest.age} of {self._settings.retest_max_bars})"

    def reset(self) -> None:
        """Forget everything, as if new."""
        self._swings.reset()
        self._zones.reset()
        self._setups = []
        self._adx.clear()

    def state(self) -> dict[str, Any]:
        """What it remembers, as plain JSON types."""
        return {
            "swings": self._swings.state(),
            "zones": self._zones.state(),
            "setups": [setup.to_state() for setup in self._setups],
            "adx": list(self._adx),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue exactly where `state()` was taken."""
        self._swings.restore(state["swings"])
        self._zones.restore(state["zones"])
        self._setups = [BrokenLevel.from_state(setup) for setup in state["setups"]]
        self._adx = deque(state["adx"], maxlen=3)


def _volume_ratio(bars: Sequence[Candle]) -> float | None:
    """Volume of the last bar in averages of the 20 before; None when nothing was traded in them."""
    before = [bar.volume for bar in islice(reversed(bars), 1, VOLUME_BARS + 1)]
    average = fsum(before) / VOLUME_BARS
    return bars[-1].volume / average if average > 0 else None


def _summary(setup: BrokenLevel, side: Side, armed: bool, tick_size: float | None) -> str:
    price, way = say_price(setup.sign * setup.level, tick_size), say_way(side)
    if armed:
        return f"Price broke {price} on the way {way} and moved on; waiting for it to come back to that level."
    return f"Price broke {price}, came back to it and was pushed {way} again."
