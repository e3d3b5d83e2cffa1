"""What a past did to a zone whose borders stood still: the same as living through it bar by bar, but far cheaper.

A visit is found and settled as a whole; one by one only the closes are looked at that are part of one.
"""

from __future__ import annotations

from collections.abc import Sequence

from futtui.domain.zone import ZoneKind
from futtui.zones.episodes import Episode, Outcome, TouchTracker
from futtui.zones.flips import FlipTracker
from futtui.zones.past import TRUE, Past

Stretch = tuple[int, int]
"""Places of bars: the first, and the one after the last."""


def replay_touches(touch: TouchTracker, past: Past, low: float, high: float) -> list[Stretch]:
    """Let a fresh tracker count the episodes of the past; the stretches in which price was at the zone."""
    from_above, from_below = past.reached(low, high)
    place, end = _first_side(touch, past, low, high), len(past.bars)
    near = [(past.first, place)]
    while place < end:
        reached = from_above if touch.side > 0 else from_below
        start = reached.find(TRUE, place)
        if start < 0:
            break
        place = _replay_visit(touch, past, start, (low, high), reached)
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


def _replay_visit(touch: TouchTracker, past: Past, start: int, borders: tuple[float, float], reached: bytes) -> int:
    """Settle the episode that begins at `start`; returns the place after its last bar."""
    opened_ms, _, _, _, atr = past.bars[start]
    is_above, end, window_end = touch.side > 0, len(past.bars), start + touch.window_bars
    at, broken = _stay(touch, past.closes, start, borders, atr)
    after, is_over = at + 1, True
    if at == end:
        after, is_over = end, False
    elif not broken and at < window_end:
        back = reached.find(TRUE, after)
        after = window_end + 1 if back < 0 or back > window_end else back
        if after > end:
            after, is_over = end, False
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
        outcome = Outcome.BOUNCE if bounced else late
        near, far = borders[::-1] if is_above else borders
        touch.episode = Episode(
            touch.side, opened_ms, atr, near, far, end - start, reaction_atr, outcome, left=at < end
        )
    if broken:
        touch.side = -touch.side
    return after


def _stay(
    touch: TouchTracker, closes: Sequence[float], start: int, borders: tuple[float, float], atr: float
) -> tuple[int, bool]:
    """Place of the first close that ends a stay at the zone, and whether it breaks it; the end of the bars if none."""
    low, high = borders
    is_above = touch.side > 0
    for at in range(start, len(closes)):
        close = closes[at]
        if close > high:
            beyond, is_back = (close - high) / atr, is_above
        elif close < low:
            beyond, is_back = (low - close) / atr, not is_above
        else:
            continue
        if is_back:
            if beyond >= touch.settings.leave_atr:
                return at, False
        elif beyond > touch.settings.break_atr:
            return at, True
    return len(closes), False


def _excursion(past: Past, start: int, after: int, borders: tuple[float, float], is_above: bool, atr: float) -> float:
    """The largest move back to the side of approach, in ATR; of the touching bar only the close is younger than it."""
    if after <= start:
        return 0.0
    farthest = past.closes[start]
    start += 1
    if is_above:
        if after > start:
            farthest = max(farthest, *past.highs[start:after])
        return (farthest - borders[1]) / atr if farthest > borders[1] else 0.0
    if after > start:
        farthest = min(farthest, *past.lows[start:after])
    return (borders[0] - farthest) / atr if farthest < borders[0] else 0.0


def replay_flips(
    flips: FlipTracker, kind: ZoneKind, past: Past, near: Sequence[Stretch], borders: tuple[float, float]
) -> ZoneKind:
    """The kind after all confirmed breaks: looked for where price was at the zone and while a break waits."""
    low, high = borders
    break_atr, bars, closes = flips.settings.break_atr, past.bars, past.closes
    is_resistance = kind is ZoneKind.RESISTANCE
    place, end = past.first, len(bars)
    for start, after in near:
        if place < start:
            place = start
        part = closes[place:after]
        if not part or (max(part) <= high if is_resistance else min(part) >= low):
            place = after if after > place else place
            continue
        while place < after or (flips.pending_bars is not None and place < end):
            _, bar_low, bar_high, close, atr = bars[place]
            place += 1
            if flips.pending_bars is None:
                beyond = close - high if is_resistance else low - close
                if beyond <= break_atr * atr:
                    continue
            if flips.update(kind, (bar_low, bar_high, close), atr, borders):
                kind, is_resistance = kind.opposite, not is_resistance
    return kind
