"""Why a Liquidity Sweep is strong or weak, as score parts that are the same for longs and shorts."""

from __future__ import annotations

from futtui.domain.reading import FrameReading
from futtui.domain.regime import Regime
from futtui.domain.signal import SignalPart
from futtui.language.counting import counted
from futtui.strategies.base import StrategyContext
from futtui.strategies.liquidity_sweep_pools import DAY, EQUAL, ZONE
from futtui.strategies.liquidity_sweep_setup import LiquiditySweepSettings, SweptPool
from futtui.strategies.parts import bias_part, higher_frames_part, missing

STRETCHED_RSI = 35.0
FRESH_FLIP_BARS = 3


def score_parts(
    sweep: SweptPool,
    context: StrategyContext,
    settings: LiquiditySweepSettings,
    own: FrameReading,
    four_hours: FrameReading,
) -> tuple[SignalPart, ...]:
    """All parts of the score."""
    depth = (sweep.level - sweep.extreme) / sweep.atr
    return (
        SignalPart("setup", settings.base_score, f"price went {depth:.2f} ATR beyond the level and came back", depth),
        SignalPart("place of the stops", sweep.strength, f"stops lay beyond {pool_words(sweep)}", sweep.strength),
        _volume_part(sweep),
        _speed_part(sweep),
        _flow_part(own, sweep.sign),
        _rsi_part(own.rsi, sweep.sign),
        higher_frames_part(context, sweep.sign, 0.5, -0.5),
        bias_part(four_hours, sweep.sign, 0.5),
        _regime_part(four_hours.regime.regime, sweep.sign),
    )


def pool_words(sweep: SweptPool) -> str:
    """The swept level as a person would name it."""
    low, support = ("low", "support") if sweep.sign > 0 else ("high", "resistance")
    if sweep.kind == EQUAL:
        return f"equal {low}s"
    if sweep.kind == DAY:
        return f"yesterday's {low}"
    return f"a {support} zone" if sweep.kind == ZONE else f"a turning-point {low}"


def _volume_part(sweep: SweptPool) -> SignalPart:
    ratio = sweep.volume_ratio
    points = 0.5 if ratio >= 2.5 else 0.25 if ratio >= 2.0 else 0.0
    return SignalPart("volume of the sweep", points, f"the sweep had {ratio:.1f} times the usual volume", ratio)


def _speed_part(sweep: SweptPool) -> SignalPart:
    points = 0.5 if sweep.age == 0 else 0.25 if sweep.age == 1 else 0.0
    words = "back inside in the same bar" if sweep.age == 0 else f"back inside after {counted(sweep.age, 'more bar')}"
    return SignalPart("speed of the return", points, words, float(sweep.age))


def _flow_part(own: FrameReading, sign: int) -> SignalPart:
    name = "taker flow"
    if own.flow is None:
        return missing(name, "taker volume")
    if own.flow_side == sign and own.flow_flip is not None and own.flow_flip <= FRESH_FLIP_BARS:
        return SignalPart(name, 0.5, "aggressive orders have just changed to the trade's side", own.flow)
    with_trade = sign * own.flow > 0
    words = "aggressive orders are on the trade's side" if with_trade else "aggressive orders are not with the trade"
    return SignalPart(name, 0.25 if with_trade else 0.0, words, own.flow)


def _rsi_part(rsi: float | None, sign: int) -> SignalPart:
    if rsi is None:
        return missing("RSI", "RSI")
    stretched = sign * (rsi - 50.0) < STRETCHED_RSI - 50.0
    return SignalPart("RSI", 0.25 if stretched else 0.0, f"RSI is {rsi:.0f}", rsi)


def _regime_part(regime: Regime, sign: int) -> SignalPart:
    """A range suits a return; so does a trend with the trade; a market that bursts out does not."""
    if regime.is_trend:
        helps = (regime is Regime.TREND_UP) == (sign > 0)
        words = "the 4h trend goes with the trade" if helps else "the 4h trend stands against the trade"
        return SignalPart("4h regime", 0.25 if helps else -0.5, words)
    if regime is Regime.RANGE:
        return SignalPart("4h regime", 0.5, "4h moves in a range, where sweeps come back")
    points = -0.5 if regime is Regime.EXPANSION else 0.0
    return SignalPart("4h regime", points, f"the 4h regime is {regime.value.lower()}")
