"""Volume Profile: price leaves the value area and comes back into it, or leaves it and stays with volume."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import fsum

from futtui.domain.candle import Candle
from futtui.domain.packing import quickly_made
from futtui.domain.reading import FrameReading, ProfileReading
from futtui.domain.regime import Regime
from futtui.domain.side import Side
from futtui.domain.signal import Levels, RawSignal, SignalPart, Trigger
from futtui.domain.timeframe import Timeframe
from futtui.strategies.base import MemorylessStrategy, Proposal, StrategyContext, parameters_hash
from futtui.strategies.figures import median
from futtui.strategies.levels import NamedTarget, PlanRequest, build_chart_levels
from futtui.strategies.parts import bias_part, flow_part
from futtui.strategies.structure import OrientedBar, supporting_zones, zone_edges
from futtui.strategies.volume_profile_setup import (
    Value,
    VolumeProfileSettings,
    answered,
    find_return,
    is_first_acceptance,
    value_of,
)
from futtui.strategies.words import say_price, say_way

VOLUME_BARS = 50
SIDES = (Side.LONG, Side.SHORT)
LIVELY = (Regime.TREND_UP, Regime.TREND_DOWN, Regime.SQUEEZE, Regime.EXPANSION)
"""4h regimes in which a move out of value may go on."""


@quickly_made
@dataclass(frozen=True, slots=True)
class _Candidate:
    """One edge of one value area that price answered at. `invalidation` is oriented."""

    side: Side
    value: Value
    returned: bool
    invalidation: float
    context: StrategyContext
    own: FrameReading
    atr: float
    four_hours: FrameReading
    bars: Sequence[Candle]

    @property
    def sign(self) -> int:
        return self.side.sign

    @property
    def entry(self) -> float:
        return self.bars[-1].close

    @property
    def edge(self) -> float:
        return self.value.low if self.returned else self.value.high

    @property
    def kind(self) -> str:
        return "return into value" if self.returned else "move out of value"


class VolumeProfileStrategy(MemorylessStrategy):
    """Trades the edges of three value areas. It looks at a window of candles and remembers nothing."""

    name = "volume_profile"
    title = "Volume Profile"

    def __init__(self, symbol: str, settings: VolumeProfileSettings | None = None) -> None:
        super().__init__(symbol)
        self._settings = settings or VolumeProfileSettings()
        self._parameters = parameters_hash(self._settings)
        self._needed_bars = self.required_bars

    @property
    def enabled(self) -> bool:
        """Whether the user wants this strategy to run."""
        return self._settings.enabled

    @property
    def required_bars(self) -> int:
        """Enough for the usual volume and for the longest probe."""
        settings = self._settings
        return settings.hold_bars + max(VOLUME_BARS, settings.probe_max_bars + 2)

    def may_propose(self, context: StrategyContext) -> bool:
        """Whether price may have answered at an edge of value."""
        if not context.has_candles(self.timeframe, self._needed_bars):
            return False
        bars = context.candles(self.timeframe, self._settings.hold_bars + 1)
        profiles = self._profiles(context)
        return bool(self._near(bars, profiles, SIDES[0]) or self._near(bars, profiles, SIDES[1]))

    def evaluate(self, context: StrategyContext) -> Proposal:
        """A signal when the newest close completes a return or an acceptance, else the reason why there is none."""
        own, four_hours = context.frame(self.timeframe), context.frame(Timeframe.H4)
        bars = context.candles(self.timeframe, self._needed_bars)
        if len(bars) < self._needed_bars:
            return self.refuse(f"waiting for {self._needed_bars} candles, {len(bars)} are here")
        if own is None or own.atr is None or own.atr <= 0:
            return self.refuse("the 15m ATR is not available")
        if four_hours is None or four_hours.regime.regime is Regime.UNKNOWN:
            return self.refuse("the 4h regime is not known yet")
        profiles = self._profiles(context)
        if not profiles:
            return self.refuse("no volume profile is available yet")
        note = ""
        signals: dict[Side, RawSignal] = {}
        for side in SIDES:
            near = self._near(bars, profiles, side)
            oriented = context.oriented(self.timeframe, self._needed_bars, side.sign) if near else ()
            for profile in near:
                for found in self._candidates(profile, side, oriented, context, own, own.atr, four_hours, bars):
                    answer = found if isinstance(found, str) else self._judge(found)
                    if isinstance(answer, RawSignal):
                        signals.setdefault(side, answer)
                    else:
                        note = note or f"{profile.window}: {answer}"
        return self.only_side(signals) or self.refuse(note or "price did not answer at the edge of a value area")

    def _near(self, bars: Sequence[Candle], profiles: Sequence[ProfileReading], side: Side) -> list[ProfileReading]:
        """The value areas with an edge at which the newest bars may have answered for a trade of this side."""
        reached = answered(bars, side.sign, self._settings.hold_bars)
        return reached.near(profiles, side.sign) if reached.low < reached.held else []

    def _profiles(self, context: StrategyContext) -> list[ProfileReading]:
        """The value areas that are wanted and available, the widest view first."""
        settings, known = self._settings, context.profiles
        wanted = (
            (settings.use_composite_5d, known.composite_5d),
            (settings.use_previous_day, known.previous_day),
            (settings.use_rolling_24h, known.rolling_24h),
        )
        return [profile for use, profile in wanted if use and profile is not None]

    def _candidates(
        self,
        profile: ProfileReading,
        side: Side,
        oriented: Sequence[OrientedBar],
        context: StrategyContext,
        own: FrameReading,
        atr: float,
        four_hours: FrameReading,
        bars: Sequence[Candle],
    ) -> Iterator[_Candidate | str]:
        """What price did at the two edges of this value area; in words what was almost something."""
        settings, value = self._settings, value_of(profile, side.sign)
        if settings.entry != "acceptance":
            found = find_return(oriented, value.low, atr, settings)
            if isinstance(found, float):
                yield _Candidate(side, value, True, found, context, own, atr, four_hours, bars)
            elif found:
                yield f"value was left and entered again, but {found}"
        moves = profile is context.profiles.rolling_24h
        if (
            settings.entry != "rejection"
            and not moves
            and is_first_acceptance(oriented, value.high, settings.hold_bars)
        ):
            inside = max(0.0, settings.acceptance_inside_atr - settings.levels.stop_push_atr)
            yield _Candidate(side, value, False, value.high - inside * atr, context, own, atr, four_hours, bars)

    def _judge(self, candidate: _Candidate) -> RawSignal | str:
        obstacle = self._obstacle(candidate) or ("" if candidate.returned else self._weakness(candidate))
        if obstacle:
            return f"{candidate.kind}, but {obstacle}"
        levels = self._levels(candidate)
        return f"{candidate.kind}, but {levels}" if isinstance(levels, str) else self._signal(candidate, levels)

    def _obstacle(self, candidate: _Candidate) -> str:
        """Why the market around the edge forbids a trade; empty when it does not."""
        settings, sign, regime = self._settings, candidate.sign, candidate.four_hours.regime.regime
        width_atr = candidate.value.width / candidate.atr
        if width_atr < settings.value_min_atr:
            return f"the value area is {width_atr:.1f} ATR wide; {settings.value_min_atr:g} is the least"
        if regime is (Regime.TREND_DOWN if sign > 0 else Regime.TREND_UP):
            return "the 4h trend stands against it"
        if candidate.returned and regime is Regime.EXPANSION and not settings.allow_expansion:
            return "the 4h regime is EXPANSION: edges of value do not hold"
        if not candidate.returned and regime not in LIVELY:
            return f"the 4h regime is {regime.value}: moves out of value do not go on"
        for naked in candidate.context.profiles.naked_pocs:
            behind_atr = sign * (candidate.entry - naked.price) / candidate.atr
            if 0.0 <= behind_atr <= settings.magnet_atr:
                price = say_price(naked.price, candidate.context.tick_size)
                return f"it moves away from the untouched point of control at {price}, {behind_atr:.1f} ATR behind"
        return ""

    def _weakness(self, candidate: _Candidate) -> str:
        """Why a move out of value is not accepted there; empty when it is."""
        settings, bars, known = self._settings, candidate.bars, candidate.context.profiles
        hold = settings.hold_bars
        usual = median([bar.volume for bar in bars[-VOLUME_BARS - hold : -hold]])
        if usual <= 0:
            return "the usual volume is not available"
        ratio = max(bar.volume for bar in bars[-hold:]) / usual
        if ratio < settings.acceptance_volume:
            return f"with {ratio:.1f} times the usual volume; {settings.acceptance_volume:g} is the least"
        if known.rolling_24h is None:
            return "the profile of the last 24 hours is not available"
        shift = (candidate.sign * known.rolling_24h.poc - candidate.value.poc) / candidate.value.width
        if shift < settings.poc_shift_share:
            return "the point of control of the last 24 hours has not moved along"
        return ""

    def _levels(self, candidate: _Candidate) -> Levels | str:
        sign, value, context = candidate.sign, candidate.value, candidate.context
        zones = [zone.low if sign > 0 else zone.high for zone in supporting_zones(context.zones, sign)]
        supports = zones if candidate.returned else [*zones, sign * value.poc]
        request = PlanRequest(
            candidate.side, candidate.entry, candidate.atr, sign * candidate.invalidation, tuple(supports)
        )

        def targets(risk: float) -> tuple[NamedTarget, ...]:
            named = self._return_targets(candidate) if candidate.returned else self._outside_targets(candidate, risk)
            return tuple(NamedTarget(sign * price, what) for price, what in named)

        settings = self._settings
        return build_chart_levels(request, settings.levels, context.tick_size, targets, settings.min_reward_r)

    def _return_targets(self, candidate: _Candidate) -> tuple[NamedTarget, ...]:
        value = candidate.value
        far = value.high + self._settings.beyond_share * value.width
        naked = _naked_between(candidate, value.high + 0.5 * candidate.atr, far)
        return (
            NamedTarget(value.poc, "at the point of control"),
            NamedTarget(value.high, "at the far edge of value"),
            naked or NamedTarget(far, "beyond the far edge of value"),
        )

    def _outside_targets(self, candidate: _Candidate, risk: float) -> tuple[NamedTarget, ...]:
        settings, start = self._settings, candidate.sign * candidate.entry
        first, second, third = (
            start + risk * multiple for multiple in (settings.target_1_r, settings.target_2_r, settings.target_3_r)
        )
        naked = _naked_between(candidate, first + 0.25 * risk, third - 0.25 * risk)
        words = "in the direction of the move"
        return NamedTarget(first, words), naked or NamedTarget(second, words), NamedTarget(third, words)

    def _parts(self, candidate: _Candidate, levels: Levels) -> tuple[SignalPart, ...]:
        settings, own, sign = self._settings, candidate.own, candidate.sign
        score = settings.rejection_score if candidate.returned else settings.acceptance_score
        return (
            SignalPart("setup", score, f"a {candidate.kind} of the {candidate.value.window} profile"),
            self._second_window_part(candidate),
            self._zone_part(candidate),
            _naked_part(levels),
            flow_part(own.flow, sign, 0.5),
            bias_part(candidate.four_hours, sign, 0.5),
        )

    def _second_window_part(self, candidate: _Candidate) -> SignalPart:
        reach = self._settings.agree_atr * candidate.atr
        others = [
            value_of(profile, candidate.sign)
            for profile in self._profiles(candidate.context)
            if profile.window != candidate.value.window
        ]
        edges = [(each.low if candidate.returned else each.high, each.window) for each in others]
        same = [window for edge, window in edges if abs(edge - candidate.edge) <= reach]
        words = f"the {same[0]} profile has its edge there too" if same else "no other profile has its edge there"
        return SignalPart("second profile", 0.5 if same else 0.0, words, float(len(same)))

    def _zone_part(self, candidate: _Candidate) -> SignalPart:
        reach, sign = self._settings.agree_atr * candidate.atr, candidate.sign
        spans = [zone_edges(zone, sign) for zone in supporting_zones(candidate.context.zones, sign)]
        near = any(low - reach <= candidate.edge <= high + reach for low, high in spans)
        words = "a zone protects the edge" if near else "no zone protects the edge"
        return SignalPart("zone at the edge", 0.5 if near else 0.0, words)

    def _signal(self, candidate: _Candidate, levels: Levels) -> RawSignal:
        settings, own, context = self._settings, candidate.own, candidate.context
        parts = self._parts(candidate, levels)
        inputs = context.candles_hash(self.timeframe, len(candidate.bars), candidate.value)
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
            inputs_hash=f"{self._parameters}.{inputs}",
            volume_ratio=own.volume_ratio,
            flow=own.flow,
            time_stop_bars=settings.time_stop_bars,
        )


NAKED_WORDS = "at the untouched point of control"


def _naked_between(candidate: _Candidate, low: float, high: float) -> NamedTarget | None:
    """The nearest untouched point of control between two oriented prices."""
    prices = (candidate.sign * each.price for each in candidate.context.profiles.naked_pocs)
    nearest = min((price for price in prices if low <= price <= high), default=None)
    return None if nearest is None else NamedTarget(nearest, NAKED_WORDS)


def _naked_part(levels: Levels) -> SignalPart:
    drawn = any(reason.endswith(NAKED_WORDS) for reason in levels.reasons)
    words = "an untouched point of control lies ahead" if drawn else "no untouched point of control lies ahead"
    return SignalPart("untouched point of control", 0.5 if drawn else 0.0, words)


def _summary(candidate: _Candidate) -> str:
    edge = say_price(candidate.sign * candidate.edge, candidate.context.tick_size)
    window, way = candidate.value.window, say_way(candidate.side)
    if candidate.returned:
        return f"Price left the value area ({window}) at {edge}, came back inside and held: turned {way}."
    return f"Price closed {way} out of the value area ({window}) beyond {edge} with volume and stayed there."
