"""MA/VWAP Pullback: a leg of a trend, a measured way back to an average or VWAP, and the first bar that turns.

4h decides whether there is a trend and which way (regime, ADX, slope of EMA 50, bias). Leg, way back, lines and turn
are those of 1h, all of one timeframe: the stop lies behind the low of the way back, and behind that of a leg of 4h it
would be farther away than the limits in 1h ATR allow for an entry at the turn of an hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum

from futtui.domain.candle import Candle
from futtui.domain.reading import FrameReading
from futtui.domain.regime import Regime
from futtui.domain.side import Side
from futtui.domain.signal import Levels, RawSignal, SignalPart, Trigger
from futtui.domain.timeframe import Timeframe
from futtui.indicators.vwap import AnchoredVwap
from futtui.strategies.base import MemorylessStrategy, Proposal, StrategyContext, parameters_hash
from futtui.strategies.levels import NamedTarget, PlanRequest, build_chart_levels
from futtui.strategies.parts import bias_part, flow_part, higher_frames_part, missing
from futtui.strategies.pullback_setup import (
    MaVwapPullbackSettings,
    Pullback,
    find_pullback,
    is_first_reversal,
    is_reversal,
)
from futtui.strategies.structure import OrientedBar, supporting_zones
from futtui.strategies.words import say_price, say_way

TREND_WINDOW_LEGS = 3
TREND_AVERAGE = 50
"""The EMA of 4h whose slope must have the direction of the trade."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A pullback that turned at this close, with the lines it touched and the readings that it is judged by."""

    side: Side
    found: Pullback
    touched: tuple[str, ...]
    own: FrameReading
    atr: float
    four_hours: FrameReading
    bars: Sequence[Candle]


class MaVwapPullback(MemorylessStrategy):
    """Trades the first or second pullback of a trend. It looks at a window of candles and remembers nothing."""

    name = "ma_vwap_pullback"
    title = "MA/VWAP Pullback"
    timeframe = Timeframe.H1

    def __init__(self, symbol: str, settings: MaVwapPullbackSettings | None = None) -> None:
        super().__init__(symbol)
        self._settings = settings or MaVwapPullbackSettings()
        self._parameters = parameters_hash(self._settings)

    @property
    def enabled(self) -> bool:
        """Whether the user wants this strategy to run."""
        return self._settings.enabled

    @property
    def required_bars(self) -> int:
        """1h candles that hold a leg, its pullback, and the legs before it that are counted."""
        settings = self._settings
        return TREND_WINDOW_LEGS * (settings.leg_max_bars + settings.pullback_max_bars) + settings.swing_side_bars

    def may_propose(self, context: StrategyContext) -> bool:
        """Whether the newest bar turned price in the direction of a trend on 4h."""
        four_hours = context.frame(Timeframe.H4)
        side = "" if four_hours is None else self._side(context, four_hours)
        newest = context.oriented(self.timeframe, 2, side.sign) if isinstance(side, Side) else ()
        return len(newest) == 2 and is_reversal(*newest)

    def evaluate(self, context: StrategyContext) -> Proposal:
        """A signal when the newest 1h close turns a pullback, else the reason why it does not."""
        own, four_hours = context.frame(self.timeframe), context.frame(Timeframe.H4)
        if own is None or own.atr is None or own.atr <= 0 or own.close_time_ms != context.time_ms:
            return self.refuse("the 1h ATR is not available")
        if four_hours is None or four_hours.regime.regime is Regime.UNKNOWN:
            return self.refuse("the 4h regime is not known yet")
        side = self._side(context, four_hours)
        if isinstance(side, str):
            return self.refuse(side)
        bars = context.candles(self.timeframe, self.required_bars)
        if len(bars) < self.required_bars:
            return self.refuse(f"waiting for {self.required_bars} candles of 1h, {len(bars)} are here")
        oriented = context.oriented(self.timeframe, self.required_bars, side.sign)
        found = find_pullback(oriented, own.atr, self._settings)
        if isinstance(found, str):
            return self.refuse(found)
        fault = self._shape_fault(oriented, found)
        if fault:
            return self.refuse(fault)
        touched = self._touched(oriented, found, own, bars, side.sign)
        if not touched:
            return self.refuse("the pullback did not touch and hold EMA 20, EMA 50 or the VWAP of the leg")
        candidate = _Candidate(side, found, touched, own, own.atr, four_hours, bars)
        levels = self._levels(candidate, context)
        return (
            self.refuse(f"pullback, but {levels}")
            if isinstance(levels, str)
            else self._signal(candidate, levels, context)
        )

    def _side(self, context: StrategyContext, four_hours: FrameReading) -> Side | str:
        """The side that 4h allows, or in words why none."""
        settings, regime = self._settings, four_hours.regime.regime
        if not (regime.is_trend or (regime is Regime.SQUEEZE and settings.allow_squeeze)):
            return f"the 4h regime is {regime.value}: no trend to follow"
        slope = context.ema_slope(Timeframe.H4, TREND_AVERAGE)
        if slope is None or four_hours.adx is None:
            return f"the {'slope of EMA 50' if slope is None else 'ADX'} of 4h is not available"
        least = settings.adx_min_trend if regime.is_trend else settings.adx_min_squeeze
        if four_hours.adx < least:
            return f"4h ADX is {four_hours.adx:.0f}; {least:g} is the least"
        side = Side.LONG if slope > 0 else Side.SHORT
        if slope == 0 or (regime.is_trend and (regime is Regime.TREND_UP) != (side is Side.LONG)):
            return "EMA 50 of 4h does not slope in the direction of the trend"
        return "the 4h bias stands against the trend" if four_hours.regime.bias.opposes(side.sign) else side

    def _shape_fault(self, bars: Sequence[OrientedBar], found: Pullback) -> str:
        """Why the pullback is not one to trade; empty when it is."""
        settings = self._settings
        if found.retrace > settings.retrace_max:
            return f"{found.retrace:.0%} of the leg was given back; {settings.retrace_max:.0%} is the most"
        if found.retrace < settings.retrace_min:
            return f"{found.retrace:.0%} of the leg was given back; {settings.retrace_min:.0%} is the least"
        if found.number > settings.max_pullbacks:
            return f"more than {settings.max_pullbacks} pullbacks in this trend: tired"
        if not is_reversal(bars[-2], bars[-1]):
            return "the pullback has not turned yet"
        if not is_first_reversal(bars, found, settings.swing_side_bars):
            return "the pullback turned before: only its first turn is traded"
        return ""

    def _touched(
        self, oriented: Sequence[OrientedBar], found: Pullback, own: FrameReading, bars: Sequence[Candle], sign: int
    ) -> tuple[str, ...]:
        """The lines that the newest bars came down to and the newest close lies above."""
        settings = self._settings
        vwap = AnchoredVwap(bars[found.leg.start].open_time_ms)
        for bar in bars[found.leg.start :]:
            vwap.update(bar)
        newest = oriented[max(found.leg.end + 1, len(oriented) - settings.touch_bars) :]
        low, close = min(bar.low for bar in newest), oriented[-1].close
        lines = (("EMA 20", own.ema_20), ("EMA 50", own.ema_50), ("the VWAP of the leg", vwap.value))
        reach = settings.touch_atr * (own.atr or 0.0)
        return tuple(name for name, price in lines if price is not None and low - reach <= sign * price <= close)

    def _levels(self, candidate: _Candidate, context: StrategyContext) -> Levels | str:
        settings, sign, found = self._settings, candidate.side.sign, candidate.found
        entry = candidate.bars[-1].close
        zones = tuple(zone.low if sign > 0 else zone.high for zone in supporting_zones(context.zones, sign))
        request = PlanRequest(candidate.side, entry, candidate.atr, sign * found.low, (*zones, sign * found.leg.low))

        def targets(risk: float) -> tuple[NamedTarget, ...]:
            by_risk = sign * entry + settings.target_1_r * risk
            at_end = found.leg.high <= by_risk
            first = "at the end of the leg" if at_end else "short of the end of the leg"
            further = (
                NamedTarget(sign * found.leg.extension(lengths), f"at {lengths:g} lengths of the leg")
                for lengths in (settings.target_2_extension, settings.target_3_extension)
            )
            return NamedTarget(sign * min(found.leg.high, by_risk), first), *further

        return build_chart_levels(request, settings.levels, context.tick_size, targets, settings.min_reward_r)

    def _parts(self, candidate: _Candidate, context: StrategyContext) -> tuple[SignalPart, ...]:
        sign, found, own = candidate.side.sign, candidate.found, candidate.own
        retrace, leg_atr = found.retrace, found.leg.size / candidate.atr
        return (
            SignalPart("setup", self._settings.base_score, "a pullback in a trend has turned", retrace),
            SignalPart(
                "lines touched",
                0.5 if len(candidate.touched) > 1 else 0.0,
                f"the pullback held {' and '.join(candidate.touched)}",
                float(len(candidate.touched)),
            ),
            SignalPart(
                "which pullback",
                0.5 if found.number == 1 else 0.0,
                "the first pullback of this trend" if found.number == 1 else f"pullback number {found.number}",
                float(found.number),
            ),
            SignalPart("leg", 0.5 if leg_atr >= 5.0 else 0.0, f"the leg before it is {leg_atr:.1f} ATR long", leg_atr),
            _volume_part(candidate),
            flow_part(own.flow, sign, 0.5),
            higher_frames_part(context, sign, 0.5, -0.5),
            bias_part(candidate.four_hours, sign, 0.5),
            _late_part(candidate.four_hours),
        )

    def _signal(self, candidate: _Candidate, levels: Levels, context: StrategyContext) -> RawSignal:
        settings, own = self._settings, candidate.own
        parts = self._parts(candidate, context)
        return RawSignal(
            symbol=context.symbol,
            system=self.system,
            strategy=self.name,
            timeframe=self.timeframe,
            side=levels.side,
            trigger=Trigger.IMMEDIATE,
            time_ms=context.time_ms,
            valid_until_ms=context.time_ms + settings.entry_valid_bars * Timeframe.M15.ms,
            levels=levels,
            atr=candidate.atr,
            base_score=fsum(part.points for part in parts),
            regime=candidate.four_hours.regime.regime,
            parts=parts,
            summary=_summary(candidate, context.tick_size),
            inputs_hash=f"{self._parameters}.{context.candles_hash(self.timeframe, len(candidate.bars))}",
            volume_ratio=own.volume_ratio,
            flow=own.flow,
            time_stop_bars=settings.time_stop_bars,
        )


def _volume_part(candidate: _Candidate) -> SignalPart:
    """A healthy pullback is quieter than the leg that it corrects."""
    leg, bars = candidate.found.leg, candidate.bars
    moving, back = bars[leg.start + 1 : leg.end + 1], bars[leg.end + 1 :]
    usual = fsum(bar.volume for bar in moving) / len(moving)
    if usual <= 0:
        return missing("quiet pullback", "the volume of the leg")
    share = fsum(bar.volume for bar in back) / len(back) / usual
    return SignalPart(
        "quiet pullback", 0.5 if share <= 0.8 else 0.0, f"it has {share:.0%} of the volume of the leg", share
    )


def _late_part(four_hours: FrameReading) -> SignalPart:
    late = four_hours.regime.late_trend
    words = "price is far from its 4h average: late in the trend" if late else "the trend is not stretched"
    return SignalPart("age of the trend", -0.5 if late else 0.0, words)


def _summary(candidate: _Candidate, tick_size: float | None) -> str:
    sign, found = candidate.side.sign, candidate.found
    low = say_price(sign * found.low, tick_size)
    return (
        f"In a move {say_way(candidate.side)} price gave back {found.retrace:.0%} to {low}, "
        f"held {' and '.join(candidate.touched)}, and turned."
    )
