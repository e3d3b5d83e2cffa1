"""What a past did to a zone whose borders stood still: the same as living through it bar by bar, but far cheaper.

A visit is found and settled as a whole; one by one only the closes are looked at that are part of one. A third of a
full build is spent here: loops are written out, names are local.
"""

from __future__ import annotations

from collections.abc import Sequence
from sys import maxsize

from futtui.domain.zone import ZoneKind
from futtui.zones.episodes import Bar, Episode, Outcome, TouchTracker
from futtui.zones.flips import FlipTracker
from futtui.zones.past import TRUE, Past

Stretch = tuple[int, int]
"""Places of bars: the first, and the one after the last."""
_NEVER: Stretch = (maxsize, maxsize)


def replay_touches(touch: TouchTracker, past: Past, low: float, high: float) -> tuple[list[Stretch], int]:
    """Let a fresh tracker count the episodes of the past; the stretches in which price was at the zone.

    Also: how many bars closed in the zone, which they can do in a visit only, and before the first close outside.
    """
    from_above, from_below = past.reached(low, high)
    bars, first, window, settings = past.bars, past.first, touch.window_bars, touch.settings
    leave_atr, break_atr, bounce_atr = settings.leave_atr, settings.break_atr, settings.bounce_atr
    side, place = _first_side(past, low, high)
    near, reactions, breaks, end = [(first, place)], [], 0, past.end
    inside = place - first - (side != 0)
    # Told upside down where price comes from below, so that it always comes from above.
    above = (from_above.find, past.upward.closes, past.upward.highs, high, low)
    below = (from_below.find, past.downward.closes, past.downward.highs, -low, -high)
    find, closes, highs, near_edge, far_edge = above if side > 0 else below
    start = find(TRUE, place)
    while start >= 0:
        atr, window_end, broken = bars[start][4], start + window, False
        for at in range(start, end):
            close = closes[at]
            if close > near_edge:
                if (close - near_edge) / atr >= leave_atr:
                    break
            elif close >= far_edge:
                inside += 1
            elif (far_edge - close) / atr > break_atr:
                broken = True
                break
        else:
            at = end
        place = seen = at + 1
        if broken:
            seen = at
        elif at < window_end:
            seen = find(TRUE, place, window_end + 1)
            place = seen = window_end + 1 if seen < 0 else seen
        # The extreme of the touching bar may be older than the touch; its close is not.
        farthest = near_edge
        if seen > start:
            farthest = closes[start]
            stop = seen if seen < window_end else window_end
            reaches = highs[start + 1 : stop if stop < end else end]
            if reaches and (reach := max(reaches)) > farthest:
                farthest = reach
        reaction_atr = (farthest - near_edge) / atr if farthest > near_edge else 0.0
        if reaction_atr >= bounce_atr:
            reactions.append(reaction_atr)
        elif broken and at <= window_end:
            breaks += 1
        near.append((start, place))
        if broken:
            side = -side
            find, closes, highs, near_edge, far_edge = above if side > 0 else below
        elif place > end:
            near[-1] = (start, end)
            bounced, left = reaction_atr >= bounce_atr, at < end
            touch.episode = _under_way(bars[start:end], side, (low, high), window, (reaction_atr, bounced, left))
            break
        start = find(TRUE, place)
    touch.reactions.extend(reactions)
    touch.side, touch.touches, touch.bounces, touch.breaks = side, len(near) - 1, len(reactions), breaks
    if touch.touches:
        touch.last_touch_ms = bars[near[-1][0]][0]
    return near, inside


def _under_way(
    visit: Sequence[Bar],
    side: int,
    borders: tuple[float, float],
    window: int,
    seen: tuple[float, bool, bool],
) -> Episode:
    """The visit that the last bar has not ended; `seen`: its reaction, whether that is a bounce, whether price left."""
    reaction_atr, bounced, left = seen
    opened_ms, _, _, _, atr = visit[0]
    near, far = borders[::-1] if side > 0 else borders
    count = len(visit)
    late = Outcome.NONE if count > window else None
    return Episode(side, opened_ms, atr, near, far, count, reaction_atr, Outcome.BOUNCE if bounced else late, left)


def _first_side(past: Past, low: float, high: float) -> tuple[int, int]:
    """Where price came from, and the place after the first bar that closed outside the zone: before, nobody knows."""
    closes = past.upward.closes
    for place in range(past.first, past.end):
        close = closes[place]
        if close > high:
            return 1, place + 1
        if close < low:
            return -1, place + 1
    return 0, past.end


def replay_flips(
    flips: FlipTracker, kind: ZoneKind, past: Past, near: Sequence[Stretch], borders: tuple[float, float]
) -> ZoneKind:
    """The kind after all confirmed breaks: looked for where price was at the zone and while a break waits."""
    low, high = borders
    place, break_atr, is_resistance = near[0][0], flips.settings.break_atr, kind is ZoneKind.RESISTANCE
    above = below = None
    stretches = iter(near)
    first, after = next(stretches)
    while True:
        if is_resistance:
            if above is None:
                above = past.closed_above(high, break_atr)
            found = above.find(TRUE, place)
        else:
            if below is None:
                below = past.closed_below(low, break_atr)
            found = below.find(TRUE, place)
        if found < 0:
            break
        while after <= found:
            first, after = next(stretches, _NEVER)
        if found < first:
            if first == _NEVER[0]:
                break
            place = first
            continue
        if is_resistance:
            place, confirmed = flips.follow_break(past, past.upward, found, high, low)
        else:
            place, confirmed = flips.follow_break(past, past.downward, found, -low, -high)
        if confirmed:
            is_resistance = not is_resistance
    return ZoneKind.RESISTANCE if is_resistance else ZoneKind.SUPPORT
