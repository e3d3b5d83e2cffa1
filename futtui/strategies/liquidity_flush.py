"""Liquidity flush: a bid far below an established coin in an uptrend, for minutes of forced selling.

Thin books and forced selling push price down by a whole day's usual range within hours and let it snap back. The level
is renewed at every close; it becomes a signal only when price falls to it. Quick target, far stop, time stop. The short
mirror exists and is off: on past candles it lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from statistics import fmean
from typing import Annotated, ClassVar

from annotated_types import Ge, Gt, Le

from futtui.domain.candle import Candle
from futtui.domain.errors import InvalidInputError, InvalidLevelsError
from futtui.domain.late_signal import SignalWords, late_signal
from futtui.domain.reading import FrameReading
from futtui.domain.side import Side
from futtui.domain.signal import Levels, PlanLimits, RawSignal, SignalPart, System, Trigger, check_levels
from futtui.domain.timeframe import Timeframe
from futtui.language.counting import counted
from futtui.strategies.base import MemorylessStrategy, Proposal, StrategyContext, candles_hash, parameters_hash
from futtui.strategies.words import say_price

SETUP_POINTS = 5.0
TREND_BARS = 200


@dataclass(frozen=True, slots=True)
class LiquidityFlushSettings:
    """Parameters of the liquidity flush. D is the distance of the level from its anchor."""

    enabled: bool = True
    """Whether levels for longs are kept in the market."""
    trade: bool = True
    """false = its signals are for information: scored, explained and followed, never traded."""
    short_enabled: bool = False
    """Whether the mirror for shorts runs, too (on past candles it lost)."""
    distance_pct: Annotated[float, Ge(2.0), Le(30.0)] = 6.0
    """D in percent of the anchor, at least."""
    distance_day_atr: Annotated[float, Ge(0.0), Le(5.0)] = 0.9
    """D in daily ATR, at least: what is far for a calm coin is an ordinary day for a wild one."""
    distance_atr: Annotated[float, Ge(0.0), Le(20.0)] = 3.0
    """D in 15m ATR, at least."""
    anchor_bars: Annotated[int, Ge(0), Le(96)] = 16
    """The anchor is the close this many bars ago (16 = four hours ago, 0 = the last close)."""
    target_share: Annotated[float, Gt(0.0), Le(2.0)] = 0.25
    """The target lies this share of D above the level."""
    stop_share: Annotated[float, Ge(1.0), Le(6.0)] = 3.0
    """The stop lies this many D below the level; a near one destroys the idea."""
    time_stop_bars: Annotated[int, Ge(1), Le(500)] = 96
    """15m bars after which the trade is closed (96 = a day)."""
    min_history_days: Annotated[int, Ge(1), Le(200)] = 60
    """Days since the listing (daily candles where that day is not known): only established coins come back."""
    trend_filter: bool = True
    """Only while the last 4h close is above its EMA 200 (below, for shorts); of a short history, the mean of 200."""

    def __post_init__(self) -> None:
        if not self.target_share < self.stop_share:
            raise InvalidInputError("target_share must be smaller than stop_share.")


class LiquidityFlush(MemorylessStrategy):
    """The deep flush: one standing level at most, renewed at every 15m close."""

    name: ClassVar[str] = "liquidity_flush"
    title: ClassVar[str] = "Liquidity Flush"
    system: ClassVar[System] = System.CORE
    timeframe: ClassVar[Timeframe] = Timeframe.M15

    def __init__(self, symbol: str, settings: LiquidityFlushSettings | None = None) -> None:
        super().__init__(symbol)
        self._settings = settings or LiquidityFlushSettings()
        self._parameters = parameters_hash(self._settings)  # asked for at every close
        self._needed_bars = self.required_bars

    @property
    def enabled(self) -> bool:
        """Whether the user wants this strategy to run."""
        return self._settings.enabled or self._settings.short_enabled

    @property
    def required_bars(self) -> int:
        """Candles of 15m that it looks at."""
        return self._settings.anchor_bars + 1

    def evaluate(self, context: StrategyContext) -> Proposal:
        """The level of this close, or the reason why there is none."""
        settings, own = self._settings, context.frame(self.timeframe)
        if own is None or own.atr is None or not own.atr > 0 or own.close_time_ms != context.time_ms:
            return self.refuse("the 15m ATR is not available")
        young = _too_young(context, settings.min_history_days)
        if young:
            return self.refuse(young)
        side = self._side(context)
        if isinstance(side, str):
            return self.refuse(side)
        candles = context.candles(self.timeframe, self._needed_bars)
        if len(candles) < self._needed_bars:
            return self.refuse("too few 15m candles")
        day_atr = self._day_atr(context)
        if day_atr is None:
            return self.refuse("the daily ATR is not available")
        distance = max(settings.distance_pct / 100.0 * candles[0].close, settings.distance_atr * own.atr, day_atr)
        entry = candles[0].close - side.sign * distance
        if side.sign * (own.close - entry) <= 0:
            return self.refuse("price is beyond the level already")
        levels = self._levels(side, entry, distance, context.tick_size)
        if isinstance(levels, str):
            return self.refuse(levels)
        return self._signal(levels, distance, own, own.atr, context, candles)

    def _day_atr(self, context: StrategyContext) -> float | None:
        """The least distance that the daily ATR asks for; 0 where it is not asked, None where it is not known."""
        share, days = self._settings.distance_day_atr, context.frame(Timeframe.D1)
        if share <= 0.0:
            return 0.0
        return None if days is None or days.atr is None or not days.atr > 0.0 else share * days.atr

    def _side(self, context: StrategyContext) -> Side | str:
        """The side on which a level may stand now, or in words why none."""
        settings, four_hours = self._settings, context.frame(Timeframe.H4)
        if not settings.trend_filter:
            return Side.LONG if settings.enabled else Side.SHORT
        average = None if four_hours is None else self._average(context, four_hours)
        if four_hours is None or average is None:
            return "EMA 200 of 4h is not available"
        up = four_hours.close > average
        if up and settings.enabled:
            return Side.LONG
        if four_hours.close < average and settings.short_enabled:
            return Side.SHORT
        return f"the 4h close is {'above' if up else 'below'} its EMA 200: no level on that side"

    def _average(self, context: StrategyContext, four_hours: FrameReading) -> float | None:
        """EMA 200 of 4h; while that still settles (133 days), the plain mean of the last 200 closes that starts it."""
        if four_hours.ema_200 is not None:
            return four_hours.ema_200
        candles = context.candles(Timeframe.H4, TREND_BARS)
        return fmean(candle.close for candle in candles) if len(candles) == TREND_BARS else None

    def _levels(self, side: Side, entry: float, distance: float, tick_size: float | None) -> Levels | str:
        settings, sign = self._settings, side.sign
        target, stop = entry + sign * settings.target_share * distance, entry - sign * settings.stop_share * distance
        try:
            return check_levels(Levels(side, entry, stop, (target,)), tick_size or 0.0)
        except InvalidLevelsError as fault:
            return str(fault)

    def _signal(
        self,
        levels: Levels,
        distance: float,
        own: FrameReading,
        atr: float,
        context: StrategyContext,
        candles: Sequence[Candle],
    ) -> RawSignal:
        """The signal; its words come late, as at most closes there is one and price comes to few of them."""
        settings, four_hours = self._settings, context.frame(Timeframe.H4)
        plan = RawSignal(
            symbol=context.symbol,
            system=self.system,
            strategy=self.name,
            timeframe=self.timeframe,
            side=levels.side,
            trigger=Trigger.ARMED,
            time_ms=context.time_ms,
            valid_until_ms=context.time_ms + self.timeframe.ms,
            levels=levels,
            atr=atr,
            base_score=SETUP_POINTS,
            regime=own.regime.regime if four_hours is None else four_hours.regime.regime,
            parts=(),
            summary="",
            volume_ratio=own.volume_ratio,
            flow=own.flow,
            time_stop_bars=settings.time_stop_bars,
            standing=True,
            limits=PlanLimits(
                max_stop_atr=settings.stop_share * distance / atr * 1.01,
                min_reward_r=0.5 * settings.target_share / settings.stop_share,
            ),
        )
        return late_signal(plan, partial(self._words, levels, distance, atr, candles, context.tick_size))

    def _words(
        self, levels: Levels, distance: float, atr: float, candles: Sequence[Candle], tick_size: float | None
    ) -> SignalWords:
        anchor = levels.entry + levels.side.sign * distance
        words = f"a level {distance / anchor:.1%} away, {distance / atr:.1f} ATR"
        way = "falls" if levels.side is Side.LONG else "rises"
        return SignalWords(
            parts=(SignalPart("setup", SETUP_POINTS, words, distance / atr),),
            summary=(
                f"Waits for a sudden flush: enters if price {way} to {say_price(levels.entry, tick_size)}, "
                "leaves on the snap back."
            ),
            inputs_hash=f"{self._parameters}.{candles_hash(candles)}",
        )


def _too_young(context: StrategyContext, min_days: int) -> str:
    """Why this is no established coin, by its listing day, else by its daily candles; empty when it is one."""
    age = context.age_days
    if age is None and context.has_candles(Timeframe.D1, min_days):
        return ""
    if age is None:
        known = len(context.candles(Timeframe.D1, min_days))
        return f"only {counted(known, 'day')} of history; {min_days} make an established coin"
    return "" if age >= min_days else f"traded for {counted(int(age), 'day')} only; {min_days} make an established coin"
