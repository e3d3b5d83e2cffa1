"""What a past did to a zone whose borders stood still: the same as living through it bar by bar, but far cheaper.

A visit is found and settled as a whole; one by one only the closes are looked at that are part of one. A third of a
full build is spent here: loops are written out, names are local.
"""

from __future__ import annotations

from collections.abc import Sequence

from futtui.domain.zone import ZoneKind
from futtui.zones.episodes import KEPT_REACTIONS, Bar, Episode, Outcome, TouchTracker
from futtui.zones.flips import FlipTracker
from futtui.zones.past import TRUE, Past

Stretch = tuple[int, int]
"""Places of bars: the first, and the one after the last."""


def replay_touches(touch: TouchTracker, past: Past, low: float, high: float) -> tuple[list[Stretch], int]:
    """Let a fresh tracker count the episodes of the past; the stretches in which price was at the zone.

    Also: how many bars closed in the zone, which they can do in a visit only, and before the first close outside.
    """
    from_above, from_below = past.reached(low, high)
    atrs, first, window, settings = past.atrs, past.first, touch.window_bars, touch.settings
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
        atr, window_end, broken = atrs[start], start + window, False
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
            after = (stop if stop < end else end) - start
            if after > 1:
                reach = highs[start + 1] if after == 2 else max(highs[start + 1 : start + after])
                if reach > farthest:
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
            touch.episode = _under_way(past.bars[start:end], side, (low, high), window, (reaction_atr, bounced, left))
            break
        start = find(TRUE, place)
    touch.reactions = reactions[-KEPT_REACTIONS:]
    touch.side, touch.touches, touch.bounces, touch.breaks = side, len(near) - 1, len(reactions), breaks
    if touch.touches:
        touch.last_touch_ms = past.times[near[-1][0]]
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
    break_atr, atrs, place = flips.settings.break_atr, past.atrs, 0
    # Told upside down for a support, so that a break always goes up.
    resistance = (ZoneKind.RESISTANCE, past.upward, past.upward.closes, high, low)
    support = (ZoneKind.SUPPORT, past.downward, past.downward.closes, -low, -high)
    kind, view, closes, edge, far_edge = resistance if kind is ZoneKind.RESISTANCE else support
    for first, after in near:
        if place < first:
            place = first
        while place < after:
            close = closes[place]
            if close > edge and close - edge > break_atr * atrs[place]:
                place, confirmed = flips.follow_break(past, view, place, edge, far_edge)
                if confirmed:
                    kind, view, closes, edge, far_edge = support if kind is ZoneKind.RESISTANCE else resistance
            else:
                place += 1
    return kind
