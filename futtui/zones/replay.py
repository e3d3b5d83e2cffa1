"""What a past did to a zone whose borders stood still: the same as living through it bar by bar, but far cheaper.

A visit is found and settled as a whole; one by one only the closes are looked at that are part of one.
"""

from __future__ import annotations

from collections.abc import Sequence

from futtui.domain.zone import ZoneKind
from futtui.zones.episodes import Episode, Outcome, TouchTracker
from futtui.zones.flips import FlipTracker
from futtui.zones.past import NextReach, Past

Stretch = tuple[int, int]
"""Places of bars: the first, and the one after the last."""


def replay_touches(touch: TouchTracker, past: Past, low: float, high: float) -> list[Stretch]:
    """Let a fresh tracker count the episodes of the past; the stretches in which price was at the zone."""
    next_reach = past.next_reach(low, high)
    place, end = _first_side(touch, past, low, high), len(past.bars)
    near = [(past.first, place)]
    while place < end:
        start = next_reach(place, touch.side > 0)
        if start == end:
            break
        place = _replay_visit(touch, past, start, (low, high), next_reach)
        near.append((start, place))
    return near


def _first_side(touch: TouchTracker, past: Past, low: float, high: float) -> int:
    """The place after the first bar that closed outside the zone: until then nobody knows where price came from."""
    closes = past.closes
    for place in range(past.first, len(closes)):
        if closes[place] > high:
            touch.side = 1
            return place + 1
        if closes[place] < low:
            touch.side = -1
            return place + 1
    return len(closes)


def _replay_visit(
    touch: TouchTracker, past: Past, start: int, borders: tuple[float, float], next_reach: NextReach
) -> int:
    """Settle the episode that begins at `start`; returns the place after its last bar."""
    opened_ms, _, _, _, atr = past.bars[start]
    is_above, end, window_end = touch.side > 0, len(past.bars), start + touch.window_bars
    at, broken = _stay(touch, past, start, borders, atr)
    left = at < end and not broken
    if at == end or broken or at >= window_end:
        after = min(at + 1, end)
        is_over = at < end
    else:
        after = min(next_reach(at + 1, is_above), window_end + 1)
        is_over = after < end or window_end < end
    reaction_atr = _excursion(past, start, min(window_end, at if broken else after), borders, is_above, atr)
    bounced = reaction_atr >= touch.settings.bounce_atr
    touch.touches += 1
    touch.last_touch_ms = opened_ms
    if bounced:
        touch.bounces += 1
        touch.reactions.append(reaction_atr)
    elif broken and at <= window_end:
        touch.breaks += 1
    if not is_over:
        late = Outcome.NONE if end - start > touch.window_bars else None
        near, far = borders[::-1] if is_above else borders
        touch.episode = Episode(
            touch.side, opened_ms, atr, near, far, end - start, reaction_atr, Outcome.BOUNCE if bounced else late, left
        )
    if broken:
        touch.side = -touch.side
    return after


def _stay(touch: TouchTracker, past: Past, start: int, borders: tuple[float, float], atr: float) -> tuple[int, bool]:
    """Place of the first close that ends a stay at the zone, and whether it breaks it; the end of the bars if none."""
    low, high = borders
    is_above = touch.side > 0
    break_atr, leave_atr = touch.settings.break_atr, touch.settings.leave_atr
    closes = past.closes
    for at in range(start, len(closes)):
        close = closes[at]
        if close > high:
            beyond, is_near_side = (close - high) / atr, is_above
        elif close < low:
            beyond, is_near_side = (low - close) / atr, not is_above
        else:
            continue
        if is_near_side:
            if beyond >= leave_atr:
                return at, False
        elif beyond > break_atr:
            return at, True
    return len(closes), False


def _excursion(past: Past, start: int, after: int, borders: tuple[float, float], is_above: bool, atr: float) -> float:
    """The largest move back to the side of approach, in ATR; of the touching bar only the close is younger than it."""
    if after <= start:
        return 0.0
    farthest = past.closes[start]
    if is_above:
        if after > start + 1:
            farthest = max(farthest, *past.highs[start + 1 : after])
        return max(0.0, (farthest - borders[1]) / atr)
    if after > start + 1:
        farthest = min(farthest, *past.lows[start + 1 : after])
    return max(0.0, (borders[0] - farthest) / atr)


def replay_flips(
    flips: FlipTracker, kind: ZoneKind, past: Past, near: Sequence[Stretch], borders: tuple[float, float]
) -> ZoneKind:
    """The kind after all confirmed breaks: looked for where price was at the zone and while a break waits."""
    low, high = borders
    break_atr, bars = flips.settings.break_atr, past.bars
    place, end = past.first, len(bars)
    for start, after in near:
        if place < start:
            place = start
        while place < end and (place < after or flips.pending_bars is not None):
            _, bar_low, bar_high, close, atr = bars[place]
            place += 1
            if flips.pending_bars is None:
                beyond = close - high if kind is ZoneKind.RESISTANCE else low - close
                if beyond <= break_atr * atr:
                    continue
            if flips.update(kind, (bar_low, bar_high, close), atr, borders):
                kind = kind.opposite
    return kind
