"""Small texts around the panels: tabs, the notice for small windows, the flash, the speed figures."""

from __future__ import annotations

from dataclasses import dataclass

from futtui.tui.keys import PANELS
from futtui.tui.paint import numbers
from futtui.tui.paint.names import is_listed_open
from futtui.tui.paint.text import Line, Span, fit, wrap
from futtui.tui.paint.view import View, source_of
from futtui.tui.words import word

BRIGHT_S = 4.0
DIM_S = 60.0
"""How long a sentence stays after it was bright: long enough to look up, not so long that it seems to be news."""
MOST_LINES = 4
"""A sentence that needs more ends in an ellipsis; the log has all of it."""


@dataclass(slots=True)
class Flash:
    """The text of the flash line, how long it still is bright and how long dim after that (seconds of screen time)."""

    text: str = ""
    token: str = "bold"
    time_ms: int = 0
    bright_s: float = 0.0
    dim_s: float = 0.0

    def show(self, text: str, token: str, time_ms: int) -> None:
        """Replaces the text and makes it bright."""
        self.text, self.token, self.time_ms = text, token, time_ms
        self.bright_s, self.dim_s = BRIGHT_S, DIM_S

    def fade(self, seconds: float) -> None:
        """Time passed."""
        left_s = self.bright_s - seconds
        self.bright_s = max(0.0, left_s)
        self.dim_s = max(0.0, self.dim_s + min(0.0, left_s))

    def lines(self, view: View, width: int, most: int = MOST_LINES) -> list[Line]:
        """Time and text, on as many lines as it needs (what to do often stands at the end); one empty line else."""
        if not self.text or not (self.bright_s or self.dim_s):
            return [()]
        stamp = f" {numbers.time_text(self.time_ms, view.zone)}  "
        token = self.token if self.bright_s > 0 else "dim"
        texts = wrap(self.text, width - len(stamp) - 1, most)
        return [((stamp if at == 0 else " " * len(stamp), "dim"), (text, token)) for at, text in enumerate(texts)]

    def bright_lines(self, view: View, width: int, most: int) -> list[Line]:
        """The lines while they are bright, else none."""
        return self.lines(view, width, most) if self.bright_s > 0 and self.text else []


def tabs_line(view: View, main: str, width: int) -> Line:
    """`[1 Market 46] [2 Signals 3] ...` with the shown one bright."""
    desk = view.snapshot.desk
    active = sum(map(is_listed_open, desk.signals)) if desk else 0
    counts = {"market": len(view.snapshot.market), "signals": active, "positions": len(desk.positions) if desk else 0}
    spans: list[Span] = [(" ", "tab")]
    for number, panel in enumerate(PANELS, start=1):
        count = f" {counts[panel]}" if panel in counts else ""
        text = f"[{number} {word(f'panel.{panel}')}{count}]"
        spans += [(text, "tab_on" if panel == main else "tab"), (" ", "tab")]
    return tuple(spans)


def too_small_lines(view: View, width: int, height: int) -> list[Line]:
    """The notice in a frame that fits the small window."""
    inner = max(10, width - 4)
    desk = view.snapshot.desk
    positions = [item for item in desk.positions if item.mode is view.mode] if desk else []
    profit = numbers.signed_text(sum(position.pnl for position in positions))
    state = word("small.state", mode=word(f"mode.{view.mode.value}").upper(), n=len(positions), profit=profit)
    texts = [
        *wrap(word("small.size", width=width, height=height), inner - 2),
        *wrap(word("small.advice"), inner - 2),
        *wrap(state, inner - 2),
    ]
    badge = source_of(view.snapshot).short_badge
    if badge:
        texts.append(badge)
    lines: list[Line] = [((f"╭{'─' * inner}╮", "focus"),)]
    lines += [(("│", "focus"), (f" {fit(text, inner - 2)} ", "text"), ("│", "focus")) for text in texts]
    lines.append(((f"╰{'─' * inner}╯", "focus"),))
    return lines if len(lines) <= height else [*lines[: max(0, height - 1)], lines[-1]][:height]
