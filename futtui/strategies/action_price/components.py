"""The eleven components: each looks at one thing and answers with points, its measured value and a plain reason.

All of them see the chart oriented, so the rule for shorts is the rule for longs.
"""

from __future__ import annotations

from futtui.domain.signal import SignalPart
from futtui.indicators.averages import alignment
from futtui.strategies.action_price.component_settings import ComponentSettings
from futtui.strategies.action_price.cross import CrossView, OrientedAverages
from futtui.strategies.structure import OrientedBar


def initiator_size(view: CrossView, settings: ComponentSettings) -> SignalPart:
    """A large body crosses with force."""
    limits, size = settings.initiator_size, view.initiator.body / view.initiator_atr
    points, word = 0.0, "small"
    if size >= limits.large_atr:
        points, word = limits.large_points, "large"
    elif size >= limits.medium_atr:
        points, word = limits.medium_points, "medium"
    return SignalPart("initiator size", points, f"the crossing bar has a {word} body of {size:.2f} ATR", size)


def distance(view: CrossView, settings: ComponentSettings) -> SignalPart:
    """A close near EMA 200 has a near stop and room to go; one that ran away has not."""
    limits, depth = settings.distance, view.depth_atr
    steps = (
        (limits.near_atr, limits.near_points, "near"),
        (limits.close_atr, limits.close_points, "close"),
        (limits.fair_atr, limits.fair_points, "not far"),
        (limits.far_atr, limits.far_points, "far"),
    )
    found = ((points, word) for least, points, word in steps if depth < least)
    points, word = next(found, (limits.too_far_points, "too far"))
    return SignalPart("distance", points, f"the close is {depth:.2f} ATR from EMA 200: {word}", depth)


def close_position(view: CrossView, settings: ComponentSettings) -> SignalPart:
    """Fast averages that are still ahead of the close leave room; a close far past all of them does not."""
    limits, now, close = settings.close_position, view.now, view.confirmation.close
    nearer, farther = sorted((now.ema_13, now.ema_21))
    past = (close - now.ema_5) / now.atr
    points, words = 0.0, f"past EMA 13 and EMA 21, {past:+.2f} ATR from EMA 5"
    if close <= nearer:
        points, words = limits.inside_points, "EMA 13 and EMA 21 are still ahead"
    elif close <= farther:
        points, words = limits.between_points, "between EMA 13 and EMA 21"
    elif past >= limits.stretched_atr:
        points, words = limits.stretched_points, f"stretched: {past:.2f} ATR past EMA 5"
    return SignalPart("close position", points, words, past)


def slope(view: CrossView, settings: ComponentSettings) -> SignalPart:
    """EMA 200 itself goes with or against the trade."""
    limits, now = settings.slope, view.now
    change = (now.ema_200 - view.averages[-1 - limits.bars].ema_200) / now.atr
    points, words = 0.0, "EMA 200 is flat"
    if change >= limits.least_atr:
        points, words = limits.with_points, "EMA 200 goes with the trade"
    elif change <= -limits.least_atr:
        points, words = limits.against_points, "EMA 200 goes against the trade"
    return SignalPart("EMA 200 slope", points, f"{words} ({change:+.2f} ATR in {limits.bars} bars)", change)


def fan(view: CrossView, settings: ComponentSettings) -> SignalPart:
    """A fan that only begins to open is early; a wide one is late; one that points the other way is against."""
    limits, now = settings.fan, view.now
    order = alignment((now.ema_5, now.ema_9, now.ema_13, now.ema_21))
    spread = (now.ema_5 - now.ema_21) / now.atr
    points, words = 0.0, "the fast averages are not in order"
    if order < 0:
        points, words = limits.against_points, "the fast averages point against the trade"
    elif order > 0:
        points, word = _fan_step(spread, settings)
        words = f"the fast averages are in order, the fan is {word} ({spread:.2f} ATR)"
    return SignalPart("EMA fan", points, words, spread)


def _fan_step(spread: float, settings: ComponentSettings) -> tuple[float, str]:
    limits = settings.fan
    if spread < limits.tight_atr:
        return limits.tight_points, "tight"
    if spread < limits.narrow_atr:
        return limits.narrow_points, "narrow"
    return (0.0, "open") if spread < limits.wide_atr else (limits.wide_points, "wide")


def sticky(view: CrossView, settings: ComponentSettings) -> SignalPart:
    """An average that price kept touching before the cross means nothing."""
    limits = settings.sticky
    before = _pairs(view, limits.bars, skip=2)
    touches = sum(bar.low <= row.ema_200 <= bar.high for bar, row in before)
    words = f"{touches} of the {limits.bars} bars before the cross touched EMA 200"
    return SignalPart("sticky EMA 200", limits.points if touches >= limits.touches else 0.0, words, float(touches))


def colour(view: CrossView, settings: ComponentSettings) -> SignalPart:
    """The confirming bar should go with the trade; against it, right at EMA 200, is weak."""
    limits, bar = settings.colour, view.confirmation
    body = (bar.close - bar.open) / view.now.atr
    points, words = 0.0, "the confirming bar has no body"
    if body > 0:
        points, words = limits.with_points, "the confirming bar goes with the trade"
    elif body < 0 and view.depth_atr < limits.near_atr:
        points, words = limits.against_near_points, "the confirming bar goes against the trade, right at EMA 200"
    elif body < 0:
        words = "the confirming bar goes against the trade, but has room to EMA 200"
    return SignalPart("confirmation colour", points, words, body)


def base(view: CrossView, settings: ComponentSettings) -> SignalPart:
    """Small bars that hold beyond EMA 13 and EMA 21 build a base."""
    limits = settings.base
    count = sum(
        bar.close > row.ema_13 and bar.low > row.ema_21 and bar.range < limits.range_atr * row.atr
        for bar, row in _pairs(view, limits.bars, skip=1)
    )
    words = f"{count} of the {limits.bars} bars before the confirmation were quiet and beyond EMA 13 and EMA 21"
    return SignalPart("break and base", limits.points if count >= limits.needed else 0.0, words, float(count))


def retest(view: CrossView, settings: ComponentSettings) -> SignalPart:
    """A dip to EMA 13 or EMA 21 that was bought (sold, for shorts) shows who is in charge."""
    limits = settings.retest
    count = sum(
        any(bar.low <= average < bar.close for average in (row.ema_13, row.ema_21))
        for bar, row in _pairs(view, limits.bars, skip=1)
    )
    times = "no bar" if not count else "1 bar" if count == 1 else f"{count} bars"
    words = f"{times} of the {limits.bars} before the confirmation dipped to EMA 13 or EMA 21 and closed beyond it"
    return SignalPart("retest", limits.points if count else 0.0, words, float(count))


def wick(view: CrossView, settings: ComponentSettings) -> SignalPart:
    """A wick against the move: the other side tried first, and failed."""
    limits, length = settings.wick, view.initiator.lower_wick / view.initiator_atr
    words = f"the crossing bar has a wick of {length:.2f} ATR against the move"
    return SignalPart("initiator wick", limits.points if length >= limits.least_atr else 0.0, words, length)


def volume(view: CrossView, settings: ComponentSettings) -> SignalPart:
    """A cross on high volume means more than one on low volume."""
    limits, ratio = settings.volume, view.volume_ratio
    points = 0.0
    if ratio >= limits.high_ratio:
        points = limits.high_points
    elif ratio >= limits.raised_ratio:
        points = limits.raised_points
    elif ratio < limits.low_ratio:
        points = limits.low_points
    return SignalPart("initiator volume", points, f"the crossing bar had {ratio:.1f} times the usual volume", ratio)


def _pairs(view: CrossView, count: int, skip: int) -> list[tuple[OrientedBar, OrientedAverages]]:
    """The last `count` bars with their averages, leaving out the newest `skip` ones."""
    pairs = list(zip(view.bars, view.averages, strict=True))
    return pairs[-count - skip : -skip]


COMPONENTS = (
    initiator_size,
    distance,
    close_position,
    slope,
    fan,
    sticky,
    colour,
    base,
    retest,
    wick,
    volume,
)
