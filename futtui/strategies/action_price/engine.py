"""Action Price: a bar crosses EMA 200 with its body, the next one stays beyond it, eleven components judge it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from futtui.domain.candle import Candle
from futtui.domain.reading import FrameReading
from futtui.domain.regime import Regime
from futtui.domain.side import Side
from futtui.domain.signal import Levels, RawSignal, System, Trigger
from futtui.domain.timeframe import Timeframe
from futtui.language.counting import counted
from futtui.strategies.action_price.cross import CrossView, cross_direction, view_of
from futtui.strategies.action_price.levels import EntryTiming, entry_timing, plan_levels
from futtui.strategies.action_price.score import CrossScore, Mode, mode_part, score_cross
from futtui.strategies.action_price.settings import ActionPriceSettings
from futtui.strategies.action_price.trail import FAST_WINDOW, SlowRow, SlowTrail
from futtui.strategies.base import BaseStrategy, Proposal, StrategyContext, parameters_hash
from futtui.strategies.parts import agrees_with_average
from futtui.strategies.words import say_price, say_way

COOLDOWNS_REMEMBERED = 20
"""Cooldowns in a row after which an older one can no longer decide whether the newest one runs."""


class ActionPrice(BaseStrategy):
    """The EMA 200 body cross on 15m, long and short alike."""

    name: ClassVar[str] = "action_price"
    title: ClassVar[str] = "Action Price"
    system: ClassVar[System] = System.ACTION_PRICE
    timeframe: ClassVar[Timeframe] = Timeframe.M15

    def __init__(self, symbol: str, settings: ActionPriceSettings | None = None) -> None:
        super().__init__(symbol)
        self._settings = settings or ActionPriceSettings()
        self._parameters = parameters_hash(self._settings)
        self._trail = SlowTrail(self._settings.trail_bars, self.timeframe.ms)
        self._last_signal_ms: dict[Side, int] = {}

    @property
    def enabled(self) -> bool:
        """Whether the user wants this system to run."""
        return self._settings.enabled

    @property
    def required_bars(self) -> int:
        """Candles of 15m that it looks at. EMA 200 needs more: while its reading is missing there is no signal."""
        return max(FAST_WINDOW, self._settings.trail_bars, self._settings.components.volume.bars + 2)

    @property
    def memory_bars(self) -> int:
        """Closes after which nothing older can still influence it."""
        return self._settings.trail_bars + COOLDOWNS_REMEMBERED * self._settings.cooldown_bars

    def may_propose(self, context: StrategyContext) -> bool:
        """Whether the newest two bars are a cross; the trail grows where they are not."""
        own, bars, before = context.frame(self.timeframe), context.candles(self.timeframe, 2), self._trail.newest
        if own is None or len(bars) < 2 or own.close_time_ms != context.time_ms or before is None:
            return True
        now = SlowRow(own.close_time_ms, own.atr, own.ema_200)
        if cross_direction(bars, (before, now)):
            return True
        self._trail.add(now)
        return False

    def evaluate(self, context: StrategyContext) -> Proposal:
        """A signal for this close, or the reason why there is none."""
        own = context.frame(self.timeframe)
        bars = context.candles(self.timeframe, 2)
        if own is None or len(bars) < 2 or own.close_time_ms != context.time_ms:
            self._trail.reset()
            return self.refuse("no 15m candles are available")
        self._trail.add(SlowRow(own.close_time_ms, own.atr, own.ema_200))
        rows = self._trail.rows
        if len(rows) >= 2 and all(row.ema_200 is not None for row in rows[-2:]):
            sign = cross_direction(bars, rows)
            if sign == 0:
                return self.refuse("no bar crossed EMA 200 with its body and was confirmed by the next one")
            lack = self._trail.lack
            return self.refuse(f"EMA 200 was crossed, but {lack}") if lack else self._judge(sign, own, context)
        return self.refuse(self._trail.lack)

    def _judge(self, sign: int, own: FrameReading, context: StrategyContext) -> Proposal:
        side = Side.LONG if sign > 0 else Side.SHORT
        start = f"EMA 200 was crossed {say_way(side)}, but "
        obstacle = self._cooldown(side, context.time_ms) or self._surroundings(sign, context)
        if obstacle:
            return self.refuse(start + obstacle)
        candles = context.candles(self.timeframe, self.required_bars)
        view = view_of(sign, candles, self._trail.rows, self._settings.components.volume.bars)
        if isinstance(view, str):
            return self.refuse(start + view)
        score = score_cross(view, self._settings.components, self._settings.bands)
        if score.mode is None:
            return self.refuse(f"{start}the score is {score.total:g}; {self._settings.bands.scalp_from:g} is the least")
        timing = entry_timing(view, self._settings.timing)
        if isinstance(timing, str):
            return self.refuse(start + timing)
        levels = plan_levels(view, timing.price, score.mode, self._settings.levels, context.tick_size)
        if isinstance(levels, str):
            return self.refuse(start + levels)
        self._last_signal_ms[side] = context.time_ms
        return self._signal(view, score, score.mode, timing, levels, own, context, candles)

    def _cooldown(self, side: Side, time_ms: int) -> str:
        """Why it is too early for another signal of this side; empty when it is not."""
        last = self._last_signal_ms.get(side)
        if last is None or time_ms - last >= self._settings.cooldown_bars * self.timeframe.ms:
            return ""
        bars = (time_ms - last) // self.timeframe.ms
        return f"the last {side.value} signal was {counted(bars, 'bar')} ago; {self._settings.cooldown_bars} must pass"

    def _surroundings(self, sign: int, context: StrategyContext) -> str:
        """Why the market around the cross forbids a trade; empty when it does not."""
        settings, four_hours = self._settings.surroundings, context.frame(Timeframe.H4)
        if four_hours is None or four_hours.regime.regime is Regime.UNKNOWN:
            return "the 4h regime is not known yet"
        if settings.avoid_chop and four_hours.regime.regime is Regime.CHOP:
            return "the 4h regime is CHOP: crosses mean nothing there"
        sides = [agrees_with_average(context.frame(frame), sign) for frame in (Timeframe.H1, Timeframe.H4)]
        if None in sides:
            return "the long average of 1h or 4h is not available"
        if settings.avoid_against_higher and not any(sides):
            return "1h and 4h are both on the other side of their long average"
        return ""

    def _signal(
        self,
        view: CrossView,
        score: CrossScore,
        mode: Mode,
        timing: EntryTiming,
        levels: Levels,
        own: FrameReading,
        context: StrategyContext,
        candles: Sequence[Candle],
    ) -> RawSignal:
        settings, four_hours = self._settings, context.frame(Timeframe.H4)
        remembered = max(settings.trail_bars, settings.components.volume.bars + 2)
        return RawSignal(
            symbol=context.symbol,
            system=self.system,
            strategy=self.name,
            timeframe=self.timeframe,
            side=levels.side,
            trigger=timing.trigger,
            time_ms=context.time_ms,
            valid_until_ms=context.time_ms + timing.valid_bars * self.timeframe.ms,
            levels=levels,
            atr=view.now.atr,
            base_score=score.total,
            regime=four_hours.regime.regime if four_hours else Regime.UNKNOWN,
            parts=(*score.parts, mode_part(mode, settings.bands, levels.reward_r(1)), timing.part),
            summary=_summary(levels, mode, score.total, timing, context.tick_size),
            inputs_hash=f"{self._parameters}.{context.candles_hash(self.timeframe, remembered)}",
            volume_ratio=own.volume_ratio,
            flow=own.flow,
            time_stop_bars=settings.time_stop_bars,
        )

    def reset(self) -> None:
        """Forget everything, as if new."""
        self._trail.reset()
        self._last_signal_ms = {}

    def state(self) -> dict[str, Any]:
        """What it remembers, as plain JSON types."""
        last = {side.value: time_ms for side, time_ms in self._last_signal_ms.items()}
        return {"trail": self._trail.state(), "last_signal_ms": last}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue exactly where `state()` was taken."""
        self._trail.restore(state["trail"])
        self._last_signal_ms = {Side(name): int(time_ms) for name, time_ms in state["last_signal_ms"].items()}


def _summary(levels: Levels, mode: Mode, score: float, timing: EntryTiming, tick_size: float | None) -> str:
    found = f"Price crossed EMA 200 {say_way(levels.side)} and stayed beyond it: {mode.name}, score {score:g}"
    if timing.trigger is Trigger.ARMED:
        return f"{found}; it ran ahead, waiting for a return to {say_price(levels.entry, tick_size)}."
    return f"{found}."
