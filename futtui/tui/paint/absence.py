"""What is told to the user who comes back: a sleep of the PC, and live positions that an earlier run left."""

from __future__ import annotations

from collections.abc import Sequence

from futtui.domain.effects import Say, Severity
from futtui.domain.position import TradingMode
from futtui.domain.snapshot import PositionView, Sleep
from futtui.tui.heard import heard
from futtui.tui.paint import numbers
from futtui.tui.paint.names import side_span
from futtui.tui.paint.positions import pnl_texts, stop_text
from futtui.tui.paint.text import Line, first_that_fits, fit, line_width, wrap
from futtui.tui.paint.view import View, live_positions
from futtui.tui.words import word

MOST_EVENTS = 6
MOST_POSITIONS = 6
_TOLD = ("trade", "order", "kill", "account", "risk")
"""Topics of what happens to money; signals and candles of a sleep can be read in the log."""


def events_since(view: View, since_ms: int) -> list[Say]:
    """Log lines about orders, positions and the account from `since_ms` on, by the time when it happened.

    What the exchange did meanwhile is told after the sleep, under the time when it did it.
    """
    found = (
        line
        for line in view.snapshot.log
        if line.time_ms >= since_ms and line.topic in _TOLD and line.severity is not Severity.DEBUG
    )
    return sorted(found, key=lambda line: line.time_ms)


def slept_lines(sleep: Sleep, view: View, width: int) -> list[Line]:
    """How long, what happened to orders and positions meanwhile, what is open, and whether trading goes on."""
    since = numbers.date_time_text(sleep.from_ms, view.zone)
    lasted = numbers.long_age_text(sleep.lasted_ms)
    lines = [*_sentence(word("slept.how_long", time=lasted, since=since), width), ()]
    found = events_since(view, sleep.from_ms)
    if found:
        lines += _sentence(word("slept.meanwhile"), width, "muted")
        if len(found) > MOST_EVENTS:
            lines += _sentence(word("slept.more", n=len(found) - MOST_EVENTS), width, "dim")
        for line in found[-MOST_EVENTS:]:
            lines += _event(line, view, width)
    else:
        lines += _sentence(word("slept.nothing"), width)
    return [*lines, (), *_state(view, width)]


def _event(line: Say, view: View, width: int) -> list[Line]:
    stamp = numbers.time_text(line.time_ms, view.zone, seconds=False)
    loud = line.severity in (Severity.WARNING, Severity.ERROR)
    head, *rest = wrap(line.text, width - 9, 2)
    token = "attention" if loud else "bold"
    return [((f" {stamp}  ", "dim"), (head, token)), *(((f"        {part}", token),) for part in rest)]


def _state(view: View, width: int) -> list[Line]:
    desk = view.snapshot.desk
    lines: list[Line] = []
    held = [item for item in (desk.positions if desk else ()) if item.mode in (view.mode, TradingMode.LIVE)]
    if held:
        pnl = numbers.signed_text(sum(item.pnl for item in held))
        identity = "slept.open_one" if len(held) == 1 else "slept.open"
        lines += _sentence(word(identity, n=len(held), pnl=pnl), width)
    if view.stale:
        return [*lines, *_sentence(word("slept.old"), width, "attention")]
    if desk is not None and desk.paused:
        reason = heard(desk.pause_reason) or word("mode.paused_by_you")
        return [*lines, *_sentence(word("slept.paused", reason=reason), width, "attention")]
    return [*lines, *_sentence(word("slept.fresh"), width)]


def found_lines(view: View, width: int) -> list[Line]:
    """The live positions that were there at the start, and whether futtui minds them."""
    held = live_positions(view)
    lines = [*_sentence(word("found.what", mode=word(f"mode.{view.mode.value}")), width), ()]
    lines += [_position(item, view, width) for item in held[:MOST_POSITIONS]]
    if len(held) > MOST_POSITIONS:
        lines += _sentence(word("found.more", n=len(held) - MOST_POSITIONS), width, "dim")
    told = _sentence(word("found.unseen"), width, "attention") if is_unseen(view.snapshot.log) else None
    return [*lines, (), *(told or _sentence(word("found.guarded"), width))]


def is_unseen(log: Sequence[Say]) -> bool:
    """Whether the account of the positions cannot be looked at, as without its keys."""
    return any(line.topic == "account" and line.severity is Severity.ERROR for line in log)


def _position(item: PositionView, view: View, width: int) -> Line:
    side, token = side_span(item.side)
    rules = view.rules(item.symbol)
    line: Line = (
        (f"   {fit(numbers.base_asset(item.symbol, rules), 8)} ", "bold"),
        (fit(side, 8), token),
        (f"{fit(first_that_fits(7, *numbers.quantity_texts(item.quantity)), 7)} ", "text"),
        (f"{fit(first_that_fits(16, *pnl_texts(item)), 16)} ", numbers.direction_token(item.pnl)),
    )
    stops = (stop_text(item, view), numbers.price_text(item.stop, rules))
    told = (*(word("position.stop", price=text) for text in stops), stops[1])
    room = width - line_width(line)
    return (*line, (fit(first_that_fits(room, *told), room), "muted"))


def _sentence(text: str, width: int, token: str = "text") -> list[Line]:
    return [((f" {part}", token),) for part in wrap(text, width - 2)]
