"""ATR Momentum: a strong bar with volume, then either a close beyond it or its first small pullback."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import fsum
from typing import Any

from futtui.domain.candle import Candle
from futtui.domain.reading import FrameReading
from futtui.domain.regime import Regime
from futtui.domain.side import Side
from futtui.domain.signal import Levels, RawSignal, SignalPart, Trigger
from futtui.domain.timeframe import Timeframe
from futtui.strategies.atr_momentum_impulse import (
    MEDIAN_BARS,
    AtrMomentumSettings,
    Impulse,
    closes_at_its_end,
    find_impulse,
)
from futtui.strategies.base import BaseStrategy, Proposal, StrategyContext, parameters_hash
from futtui.strategies.figures import median
from futtui.strategies.levels import PlanRequest, build_levels
from futtui.strategies.parts import agrees_with_average, bias_part, higher_frames_part, missing
from futtui.strategies.structure import OrientedBar, SwingTracker, opposing_zones, orient, supporting_zones, zone_edges
from futtui.strategies.words import say_price, say_way

STRETCHED_RSI = 70.0
WIDE_ROOM_ATR = 4.0


class AtrMomentum(BaseStrategy):
    """Entry A: a close beyond the impulse. Entry B: armed at the level that keeps 50-62 % of it, at the first pullback.

    An impulse is used once; a newer impulse of the same direction replaces it.
    """

    name = "atr_momentum"
    title = "ATR Momentum"

    def __init__(self, symbol: str, settings: AtrMomentumSettings | None = None) -> None:
        super().__init__(symbol)
        self._settings = settings or AtrMomentumSettings()
        self._parameters = parameters_hash(self._settings)
        self._swings = SwingTracker(
            self._settings.swing_side_bars, self._settings.swing_lookback_bars, self.timeframe.ms
        )
        self._atr: deque[float] = deque(maxlen=MEDIAN_BARS)
        self._live: dict[int, Impulse] = {}
        self._impulse_times: list[tuple[int, int]] = []
        self._needed_bars = self.required_bars

    @property
    def enabled(self) -> bool:
        """Whether the user wants this strategy to run."""
        return self._settings.enabled

    @property
    def required_bars(self) -> int:
        """Enough for the median volume and a turning point."""
        return max(MEDIAN_BARS + 1, 2 * self._settings.swing_side_bars + 1)

    @property
    def memory_bars(self) -> int:
        """Life of turning points and of the impulse count, after the ATR median is filled."""
        settings = self._settings
        window = max(settings.swing_lookback_bars + settings.swing_side_bars, settings.exhaustion_bars)
        return window + settings.impulse_life_bars + MEDIAN_BARS + 1

    def may_propose(self, context: StrategyContext) -> bool:
        """Whether an impulse waits to be followed up; a new one is noted where none does."""
        own = context.frame(self.timeframe)
        bars = context.candles(self.timeframe, self._needed_bars)
        if self._live or own is None or own.atr is None or own.atr <= 0 or len(bars) < self._needed_bars:
            return True
        self._swings.update(bars)
        self._look_for_impulse(bars)
        self._atr.append(own.atr)
        return False

    def evaluate(self, context: StrategyContext) -> Proposal:
        """A signal when the newest close follows up an impulse, else the state of things in words."""
        own = context.frame(self.timeframe)
        bars = context.candles(self.timeframe, self._needed_bars)
        if len(bars) < self._needed_bars:
            return self.refuse(f"waiting for {self._needed_bars} candles, {len(bars)} are here")
        if own is None or own.atr is None or own.atr <= 0:
            return self.refuse("the 15m ATR is not available")
        self._swings.update(bars)
        answer, note = self._follow(context, own, bars)
        note = self._look_for_impulse(bars) or note
        self._atr.append(own.atr)
        return answer or self.refuse(note or "no strong bar lately")

    def _follow(
        self, context: StrategyContext, own: FrameReading, bars: Sequence[Candle]
    ) -> tuple[Proposal | None, str]:
        """The answer of an impulse that is followed up now, newest first; in words what the impulses wait for."""
        answer: Proposal | None = None
        note = ""
        for impulse in sorted(self._live.values(), key=lambda each: -each.time_ms):
            previous, bar = orient(bars[-2], impulse.sign), orient(bars[-1], impulse.sign)
            words, trigger, waits = self._next_step(impulse, previous, bar)
            note = note or words
            if not waits:
                del self._live[impulse.sign]
            if trigger is not None and not isinstance(answer, RawSignal):
                answer = self._propose(impulse, trigger, context, own, bars)
        return answer, note

    def _next_step(self, impulse: Impulse, previous: OrientedBar, bar: OrientedBar) -> tuple[str, Trigger | None, bool]:
        """What the newest bar means for the impulse: words, the kind of entry if any, whether it lives on."""
        settings = self._settings
        impulse.age += 1
        if impulse.age > settings.impulse_life_bars:
            return "the strong bar was not followed up in time", None, False
        if bar.low < impulse.kept(settings.pullback_keep):
            return "price gave back too much of the strong bar", None, False
        if bar.close > impulse.high and settings.entry != "pullback":
            return "closed beyond the strong bar", Trigger.IMMEDIATE, False
        if settings.entry != "breakout" and not impulse.pulled_back and bar.close < previous.close:
            impulse.pulled_back = True
            if bar.low > impulse.kept(settings.pullback_level):
                return "pulling back", Trigger.ARMED, False
        words = f"waiting for a follow-up of the strong bar (bar {impulse.age} of {settings.impulse_life_bars})"
        return words, None, True

    def _propose(
        self, impulse: Impulse, trigger: Trigger, context: StrategyContext, own: FrameReading, bars: Sequence[Candle]
    ) -> Proposal:
        four_hours = context.frame(Timeframe.H4)
        obstacle = self._obstacle(impulse, context, own, four_hours)
        if obstacle or four_hours is None or own.atr is None:
            return self.refuse(f"strong bar {say_way(_side(impulse))}, but {obstacle}")
        sign, settings = impulse.sign, self._settings
        entry = bars[-1].close if trigger is Trigger.IMMEDIATE else sign * impulse.kept(settings.pullback_level)
        room_atr = self._room_atr(impulse, entry, own.atr, context)
        if room_atr is not None and room_atr < settings.room_atr:
            return self.refuse(f"an obstacle is {room_atr:.1f} ATR ahead; {settings.room_atr:g} must be free")
        levels = self._levels(impulse, trigger, entry, own.atr, context)
        if isinstance(levels, str):
            return self.refuse(f"strong bar {say_way(_side(impulse))}, but {levels}")
        parts = self._parts(impulse, context, own, four_hours, room_atr)
        return self._signal(impulse, trigger, context, own, four_hours, levels, parts)

    def _obstacle(
        self, impulse: Impulse, context: StrategyContext, own: FrameReading, four_hours: FrameReading | None
    ) -> str:
        """Why the market around the impulse forbids a trade; empty when it does not."""
        settings, sign = self._settings, impulse.sign
        if impulse.tired:
            return f"it is one of more than {settings.exhaustion_impulses} in {settings.exhaustion_bars} bars: tired"
        if four_hours is None or four_hours.regime.regime is Regime.UNKNOWN:
            return "the 4h regime is not known yet"
        regime = four_hours.regime.regime
        with_trend = regime is (Regime.TREND_UP if sign > 0 else Regime.TREND_DOWN)
        if not with_trend and not (settings.allow_expansion and regime is Regime.EXPANSION):
            return f"the 4h regime is {regime.value}: no move to follow"
        if four_hours.regime.bias.opposes(sign):
            return "the 4h bias stands against it"
        if own.adx is None:
            return "ADX is not available"
        if own.adx < settings.adx_min:
            return f"ADX is {own.adx:.0f}; {settings.adx_min:g} is the least"
        for frame in (Timeframe.H1, Timeframe.H4):
            if agrees_with_average(context.frame(frame), sign) is False:
                return f"{frame.code} is on the other side of its long average"
        return ""

    def _room_atr(self, impulse: Impulse, entry: float, atr: float, context: StrategyContext) -> float | None:
        """Free way from the entry to the nearest obstacle beyond the impulse, in ATR; None = open space."""
        sign = impulse.sign
        start = sign * entry
        edges = [zone_edges(zone, sign) for zone in opposing_zones(context.zones, sign)]
        pivots = [(sign * swing.price, sign * swing.price) for swing in self._swings.highs(sign)]
        ahead = [max(0.0, near - start) for near, far in (*edges, *pivots) if far > max(impulse.high, start)]
        return min(ahead) / atr if ahead else None

    def _levels(
        self, impulse: Impulse, trigger: Trigger, entry: float, atr: float, context: StrategyContext
    ) -> Levels | str:
        sign, settings = impulse.sign, self._settings
        limits = settings.levels
        invalidation = impulse.middle
        if trigger is Trigger.ARMED:
            limits = replace(limits, stop_push_atr=settings.pullback_push_atr)
            invalidation = impulse.kept(settings.pullback_keep)
        pivots = [swing.price for swing in self._swings.lows(sign)]
        zones = [zone.low if sign > 0 else zone.high for zone in supporting_zones(context.zones, sign)]
        barriers = [zone.low if sign > 0 else zone.high for zone in opposing_zones(context.zones, sign)]
        request = PlanRequest(
            _side(impulse), entry, atr, sign * invalidation, (sign * impulse.low, *pivots, *zones), tuple(barriers)
        )
        return build_levels(request, limits, context.tick_size)

    def _parts(
        self,
        impulse: Impulse,
        context: StrategyContext,
        own: FrameReading,
        four_hours: FrameReading,
        room_atr: float | None,
    ) -> tuple[SignalPart, ...]:
        volume, share = impulse.volume_ratio, impulse.close_share
        far = room_atr is None or room_atr >= WIDE_ROOM_ATR
        room = "nothing stands in the way" if room_atr is None else f"the way is free for {room_atr:.1f} ATR"
        return (
            SignalPart("setup", self._settings.base_score, "a strong bar was followed up"),
            SignalPart(
                "volume of the strong bar",
                0.5 if volume >= 1.5 * self._settings.impulse_volume else 0.0,
                f"it had {volume:.1f} times the median volume",
                volume,
            ),
            SignalPart("close of the strong bar", 0.5 if share <= 0.1 else 0.0, f"{share:.0%} from its end", share),
            SignalPart("free way", 0.5 if far else 0.0, room, room_atr),
            higher_frames_part(context, impulse.sign, 1.0, 0.0),
            bias_part(four_hours, impulse.sign, 0.5),
            _rsi_part(own.rsi, impulse.sign),
        )

    def _signal(
        self,
        impulse: Impulse,
        trigger: Trigger,
        context: StrategyContext,
        own: FrameReading,
        four_hours: FrameReading,
        levels: Levels,
        parts: tuple[SignalPart, ...],
    ) -> RawSignal:
        settings, armed = self._settings, trigger is Trigger.ARMED
        valid_bars = settings.pullback_valid_bars if armed else settings.entry_valid_bars
        return RawSignal(
            symbol=context.symbol,
            system=self.system,
            strategy=self.name,
            timeframe=self.timeframe,
            side=levels.side,
            trigger=trigger,
            time_ms=context.time_ms,
            valid_until_ms=context.time_ms + valid_bars * self.timeframe.ms,
            levels=levels,
            atr=own.atr or 0.0,
            base_score=fsum(part.points for part in parts),
            regime=four_hours.regime.regime,
            parts=parts,
            summary=_summary(impulse, levels, armed, context.tick_size),
            inputs_hash=f"{self._parameters}.{context.candles_hash(self.timeframe, self.memory_bars)}",
            volume_ratio=own.volume_ratio,
            flow=own.flow,
            time_stop_bars=settings.time_stop_bars,
        )

    def _look_for_impulse(self, bars: Sequence[Candle]) -> str:
        """Remembers the newest bar when it is an impulse; says so in words."""
        settings, now_ms = self._settings, bars[-1].open_time_ms
        oldest_ms = now_ms - (settings.exhaustion_bars - 1) * self.timeframe.ms
        if self._impulse_times and self._impulse_times[0][1] < oldest_ms:
            self._impulse_times = [each for each in self._impulse_times if each[1] >= oldest_ms]
        if len(self._atr) < MEDIAN_BARS or not closes_at_its_end(bars[-1], settings):
            return ""
        found = find_impulse(bars, median(self._atr), settings)
        if found is None:
            return ""
        sign, bar, ratio = found
        self._impulse_times.append((sign, now_ms))
        count = sum(1 for each in self._impulse_times if each[0] == sign)
        share = (bar.high - bar.close) / bar.range
        tired = count > settings.exhaustion_impulses
        self._live[sign] = Impulse(sign, now_ms, bar.low, bar.high, share, ratio, tired)
        return f"a strong bar {say_way(_side(self._live[sign]))}: waiting for a follow-up"

    def reset(self) -> None:
        """Forget everything, as if new."""
        self._swings.reset()
        self._atr.clear()
        self._live = {}
        self._impulse_times = []

    def state(self) -> dict[str, Any]:
        """What it remembers, as plain JSON types."""
        return {
            "swings": self._swings.state(),
            "atr": list(self._atr),
            "live": [impulse.to_state() for impulse in self._live.values()],
            "impulses": [list(each) for each in self._impulse_times],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue exactly where `state()` was taken."""
        self._swings.restore(state["swings"])
        self._atr = deque(state["atr"], maxlen=MEDIAN_BARS)
        self._live = {int(each["sign"]): Impulse.from_state(each) for each in state["live"]}
        self._impulse_times = [(int(sign), int(time_ms)) for sign, time_ms in state["impulses"]]


def _side(impulse: Impulse) -> Side:
    return Side.LONG if impulse.sign > 0 else Side.SHORT


def _rsi_part(rsi: float | None, sign: int) -> SignalPart:
    if rsi is None:
        return missing("RSI", "RSI")
    stretched = sign * (rsi - 50.0) > STRETCHED_RSI - 50.0
    words = f"RSI is {rsi:.0f}: already stretched" if stretched else f"RSI is {rsi:.0f}"
    return SignalPart("RSI", -0.5 if stretched else 0.0, words, rsi)


def _summary(impulse: Impulse, levels: Levels, armed: bool, tick_size: float | None) -> str:
    way = say_way(levels.side)
    if armed:
        price = say_price(levels.entry, tick_size)
        return f"After a strong bar {way} with high volume, waiting for a small pullback to {price}."
    beyond = say_price(impulse.sign * impulse.high, tick_size)
    return f"A strong bar {way} with high volume was followed by a close beyond its end at {beyond}."
