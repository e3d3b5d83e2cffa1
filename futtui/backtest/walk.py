"""How price is taken to have moved inside a bar: a row of single prices, against the position first unless told so.

The order of high and low inside a bar is unknown. By default price goes against the open position first; after an entry
inside the bar it goes against it before the close, and the side that may have come before the entry does not count.
Optimistic is the opposite: with the position first. Both are rules, not bounds: where a target moves the stop to
break-even, the order that seems kinder can close a trade there that the other one lets live.

A gap is a jump: nothing fills between the last close and the open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from futtui.domain.candle import Candle

AGAINST, WITH = "against the position first", "with the position first"
"""Words for the two rules."""
NO_BOUND = "a rule, not a bound: once a target has moved the stop to break-even, either order can be the dearer one"
Levels = Callable[[], list[float]]
Side = Callable[[], int]


def order_words(optimistic: bool) -> str:
    """Which way price goes first inside a bar."""
    return WITH if optimistic else AGAINST


def waypoints(bar: Candle, levels: Levels, side: Side, optimistic: bool) -> Iterator[float]:
    """The prices of a bar in order, each level that is passed among them.

    `levels` and `side` (+1 long, -1 short, 0 nothing held) are asked anew after every step, because a step can open
    or close a position.
    """
    yield bar.open
    at, held = bar.open, side()
    goals = _goals(bar, held, at, levels(), optimistic)
    while goals:
        goal = goals[0]
        between = _next_level(at, goal, levels())
        at = goal if between is None else between
        if between is None:
            goals.pop(0)
        yield at
        now = side()
        if held == 0 and now != 0:
            goals = [_extreme(bar, now if optimistic else -now), bar.close]
        held = now


def calm_way(bar: Candle, held: int, optimistic: bool) -> list[float]:
    """The prices of a bar in order when there is no level in it, and what is held stays as it is."""
    return [bar.open, *_goals(bar, held, bar.open, [], optimistic)]


def _goals(bar: Candle, held: int, at: float, levels: list[float], optimistic: bool) -> list[float]:
    if held:
        first = held if optimistic else -held
        return [_extreme(bar, first), _extreme(bar, -first), bar.close]
    inside = [level for level in levels if bar.low <= level <= bar.high]
    below = bool(inside) and min(inside, key=lambda level: abs(level - at)) <= at
    return [bar.high, bar.low, bar.close] if below else [bar.low, bar.high, bar.close]


def _extreme(bar: Candle, sign: int) -> float:
    return bar.high if sign > 0 else bar.low


def _next_level(at: float, goal: float, levels: list[float]) -> float | None:
    """The nearest level strictly between two prices; None when there is none."""
    if goal > at:
        return min((level for level in levels if at < level < goal), default=None)
    return max((level for level in levels if goal < level < at), default=None)
