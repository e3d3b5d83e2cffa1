"""Order Flow: takers run into a level that holds, or lift price off it. Read from the taker volume of candles.

The order book and open interest are asked for by the desk, and only for what these candle rules let through.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import fsum
from typing import NamedTuple

from futtui.domain.candle import Candle
from futtui.domain.reading import FrameReading
from futtui.domain.regime import Regime
from futtui.domain.side import Side
from futtui.domain.signal import Levels, RawSignal, SignalPart, Trigger
from futtui.domain.timeframe import Timeframe
from futtui.strategies.base import MemorylessStrategy, Proposal, StrategyContext, parameters_hash
from futtui.strategies.levels import NamedTarget, PlanRequest, build_chart_levels
from futtui.strategies.order_flow_setup import FlowPush, OrderFlowSettings, find_absorption, find_initiation, may_push
from futtui.strategies.parts import bias_part, higher_frames_part, missing
from futtui.strategies.structure import OrientedBar, supporting_zones, zone_edges
from futtui.strategies.volume_profile_setup import value_of
from futtui.strategies.words import say_price, say_way

STRONG_FLOW = 0.2
"""Adds points. Takers who start a move are that strong by the shipped rule; those who are absorbed need not be."""
QUIET_REGIMES = (Regime.RANGE, Regime.CHOP)


class _Level(NamedTuple):
    """A key level below price as the trade sees it, and the far edge of its value area where it has one."""

    price: float
    what: str
    far_edge: float | None = None


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A push of takers at a level."""

    side: Side
    push: FlowPush
    level: _Level
    others: int
    context: StrategyContext
    own: FrameReading
    atr: float
    four_hours: FrameReading
    bars: Sequence[Candle]


class OrderFlow(MemorylessStrategy):
    """Absorption and initiation at value edges, points of control and zones. It remembers nothing."""

    name = "order_flow"
    title = "Order Flow"

    def __init__(self, symbol: str, settings: OrderFlowSettings | None = None) -> None:
        super().__init__(symbol)
        self._settings = settings or OrderFlowSettings()
        self._parameters = parameters_hash(self._settings)
        self._needed_bars = self.required_bars

    @property
    def enabled(self) -> bool:
        """Whether the user wants this strategy to run."""
        return self._settings.enabled

    @property
    def required_bars(self) -> int:
        """Enough for the windows that the flow is compared with."""
        settings = self._settings
        return max(settings.rank_windows + settings.absorption_bars, settings.initiation_bars) + 1

    def may_propose(self, context: StrategyContext) -> bool:
        """Whether takers may have been absorbed or may have started a move, on either side."""
        newest = context.candles(self.timeframe, 1)
        if not newest or newest[-1].taker_buy_volume is None:
            return False
        bars = context.candles(self.timeframe, self._needed_bars)
        if len(bars) < self._needed_bars or not may_push(bars, self._settings):
            return False
        return any(
            next(self._pushes(bars, context.oriented(self.timeframe, self._needed_bars, sign), sign), None)
            for sign in (1, -1)
        )

    def evaluate(self, context: StrategyContext) -> Proposal:
        """A signal when takers were absorbed at a level or lifted price off it, else the reason why there is none."""
        own, four_hours = context.frame(self.timeframe), context.frame(Timeframe.H4)
        if own is None or own.atr is None or own.atr <= 0 or own.close_time_ms != context.time_ms:
            return self.refuse("the 15m ATR is not available")
        bars = context.candles(self.timeframe, self._needed_bars)
        if len(bars) < self._needed_bars:
            return self.refuse(f"waiting for {self._needed_bars} candles, {len(bars)} are here")
        unknown = len([bar for bar in bars if bar.taker_buy_volume is None])
        if unknown:
            return self.unavailable(f"taker volume of {unknown} of the last {len(bars)} candles is not available")
        if four_hours is None or four_hours.regime.regime is Regime.UNKNOWN:
            return self.refuse("the 4h regime is not known yet")
        note = ""
        signals: dict[Side, RawSignal] = {}
        for side in (Side.LONG, Side.SHORT):
            oriented = context.oriented(self.timeframe, self._needed_bars, side.sign)
            for push in self._pushes(bars, oriented, side.sign):
                answer = self._at_level(push, side, oriented, context, own, own.atr, four_hours, bars)
                if isinstance(answer, RawSignal):
                    signals.setdefault(side, answer)
                else:
                    note = note or f"{_kind(push)}, but {answer}"
        return self.only_side(signals) or self.refuse(note or "takers neither ran into a wall nor started a move")

    def _pushes(self, bars: Sequence[Candle], oriented: Sequence[OrientedBar], sign: int) -> Iterator[FlowPush]:
        for name, find in (("absorption", find_absorption), ("initiation", find_initiation)):
            found = find(bars, oriented, sign, self._settings) if self._settings.entry in ("both", name) else None
            if found is not None:
                yield found

    def _at_level(
        self,
        push: FlowPush,
        side: Side,
        oriented: Sequence[OrientedBar],
        context: StrategyContext,
        own: FrameReading,
        atr: float,
        four_hours: FrameReading,
        bars: Sequence[Candle],
    ) -> RawSignal | str:
        """The signal of a push at the nearest level that fits, or in words why none does."""
        regime = four_hours.regime.regime
        if regime is (Regime.TREND_DOWN if side is Side.LONG else Regime.TREND_UP):
            return "the 4h trend stands against it"
        if not push.absorbed and regime in QUIET_REGIMES:
            return f"the 4h regime is {regime.value}: moves do not go on"
        close = oriented[-1].close
        fitting = [each for each in self._key_levels(context, side.sign) if self._fits(each, push, close, atr)]
        if not fitting:
            return "not at a value edge, a point of control or a zone"
        nearest = max(fitting, key=lambda each: each.price)
        candidate = _Candidate(side, push, nearest, len(fitting) - 1, context, own, atr, four_hours, bars)
        levels = self._levels(candidate)
        return levels if isinstance(levels, str) else self._signal(candidate, levels)

    def _key_levels(self, context: StrategyContext, sign: int) -> Iterator[_Level]:
        known = context.profiles
        for profile in (known.composite_5d, known.previous_day, known.rolling_24h):
            if profile is not None:
                value = value_of(profile, sign)
                yield _Level(value.low, f"the value edge ({value.window})", value.high)
                yield _Level(value.poc, f"the point of control ({value.window})", value.high)
                yield _Level(value.high, f"the value edge ({value.window})")
        for zone in supporting_zones(context.zones, sign):
            if zone.score >= self._settings.zone_score_min:
                yield _Level(zone_edges(zone, sign)[1], "a zone")

    def _fits(self, level: _Level, push: FlowPush, close: float, atr: float) -> bool:
        """Whether the push happened at this level: price came to it, and closed on the trade's side of it."""
        settings = self._settings
        if not level.price < close or push.low > level.price + settings.touch_atr * atr:
            return False
        if push.absorbed:
            return push.low >= level.price - settings.advance_max_atr * atr
        return close - level.price <= settings.initiation_max_atr * atr

    def _levels(self, candidate: _Candidate) -> Levels | str:
        settings, sign, context = self._settings, candidate.side.sign, candidate.context
        entry = candidate.bars[-1].close
        zones = tuple(zone.low if sign > 0 else zone.high for zone in supporting_zones(context.zones, sign))
        invalidation = sign * min(candidate.push.low, candidate.level.price)
        request = PlanRequest(candidate.side, entry, candidate.atr, invalidation, zones)

        def targets(risk: float) -> tuple[NamedTarget, ...]:
            multiples = (settings.target_1_r, settings.target_2_r, settings.target_3_r)
            first, second, third = (
                NamedTarget(entry + sign * risk * multiple, "in the direction of the flow") for multiple in multiples
            )
            far = candidate.level.far_edge
            if (
                far is not None
                and settings.target_1_r * 1.25 <= (far - sign * entry) / risk < settings.target_3_r * 0.95
            ):
                second = NamedTarget(sign * far, "at the far edge of value")
            return first, second, third

        return build_chart_levels(request, settings.levels, context.tick_size, targets, settings.min_reward_r)

    def _parts(self, candidate: _Candidate) -> tuple[SignalPart, ...]:
        push, sign = candidate.push, candidate.side.sign
        strong = abs(push.flow) >= STRONG_FLOW
        meeting = "more levels meet there" if candidate.others else "no other level is there"
        return (
            SignalPart("setup", self._settings.base_score, f"{_kind(push)} at {candidate.level.what}"),
            SignalPart("strength of the flow", 0.5 if strong else 0.0, f"takers stood at {push.flow:+.2f}", push.flow),
            SignalPart("levels", 0.5 if candidate.others else 0.0, meeting, float(candidate.others)),
            _volume_part(candidate.own.volume_ratio),
            higher_frames_part(candidate.context, sign, 0.5, -0.5),
            bias_part(candidate.four_hours, sign, 0.5),
        )

    def _signal(self, candidate: _Candidate, levels: Levels) -> RawSignal:
        settings, own, context = self._settings, candidate.own, candidate.context
        parts = self._parts(candidate)
        flows = tuple(bar.taker_buy_volume for bar in candidate.bars)
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
            atr=candidate.atr,
            base_score=fsum(part.points for part in parts),
            regime=candidate.four_hours.regime.regime,
            parts=parts,
            summary=_summary(candidate),
            inputs_hash=f"{self._parameters}.{context.candles_hash(self.timeframe, len(candidate.bars), flows)}",
            volume_ratio=own.volume_ratio,
            flow=own.flow,
            time_stop_bars=settings.time_stop_bars,
        )


def _kind(push: FlowPush) -> str:
    return "takers were absorbed" if push.absorbed else "takers started a move"


def _volume_part(ratio: float | None) -> SignalPart:
    if ratio is None:
        return missing("volume", "the usual volume")
    return SignalPart("volume", 0.5 if ratio >= 1.5 else 0.0, f"{ratio:.1f} times the usual volume", ratio)


def _summary(candidate: _Candidate) -> str:
    price = say_price(candidate.side.sign * candidate.level.price, candidate.context.tick_size)
    what, way = candidate.level.what, say_way(candidate.side)
    if candidate.push.absorbed:
        pressed = "Sellers" if candidate.side is Side.LONG else "Buyers"
        return f"{pressed} pressed into {what} at {price} and got nowhere; price turned {way}."
    pushing = "Buyers" if candidate.side is Side.LONG else "Sellers"
    return f"{pushing} keep pressing and moved price {way} off {what} at {price}."
