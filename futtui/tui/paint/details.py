"""Details behind a row: boxes of lines, redrawn from the newest snapshot on every beat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from futtui.domain.effects import Say
from futtui.domain.timeframe import Timeframe
from futtui.tui.engine_port import EnginePort
from futtui.tui.paint import numbers
from futtui.tui.paint.text import Line, Span, fit, wrap
from futtui.tui.paint.view import View
from futtui.tui.words import word

LABEL_WIDTH = 16
LineMaker = Callable[[View, int], list[Line]]
"""Lines of a box from the newest view and its width."""


@dataclass(frozen=True, slots=True)
class Box:
    """One framed part of a detail screen. `wide` boxes take the whole width."""

    id: str
    title: str
    lines: LineMaker
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Detail:
    """A detail screen: its trail of names, its boxes, and what its keys act on.

    `ask` asks the engine on each beat for what no snapshot holds. `layout` names how the boxes lie. `frame` is the
    timeframe that its chart opens in.
    """

    trail: tuple[str, ...]
    boxes: tuple[Box, ...]
    symbol: str = ""
    position_id: str = ""
    signal_id: str = ""
    ask: Callable[[EnginePort], None] | None = None
    layout: str = ""
    frame: Timeframe | None = None


def fact(label: str, value: str, token: str = "text", note: str = "") -> Line:
    """A label with its value and a quiet note."""
    spans: list[Span] = [(f" {fit(label, LABEL_WIDTH)} ", "muted"), (value, token)]
    if note:
        spans.append((f"  {note}", "dim"))
    return tuple(spans)


def fact_lines(label: str, value: str, width: int, token: str = "text") -> list[Line]:
    """A label with a value that may need several lines."""
    texts = wrap(value, width - LABEL_WIDTH - 3)
    return [fact(label if index == 0 else "", text, token) for index, text in enumerate(texts)]


def paragraph(text: str, width: int, token: str = "text", lead: str = " ") -> list[Line]:
    """A text over as many lines as it needs."""
    return [((lead + part, token),) for part in wrap(text, width - len(lead) - 1)]


def log_detail(line: Say, trail: tuple[str, ...]) -> Detail:
    """The whole text of a log line."""

    def lines(view: View, width: int) -> list[Line]:
        result = [fact(word("detail.time"), numbers.date_time_text(line.time_ms, view.zone), note=view.zone_name)]
        result.append(fact(word("detail.topic"), line.topic))
        if line.symbol:
            result.append(fact(word("detail.symbol"), line.symbol))
        result.append(fact(word("detail.severity"), word(f"severity.{line.severity.value}")))
        return [*result, (), *paragraph(line.text, width)]

    return Detail(trail, (Box("text", word("detail.log_title"), lines, True),), symbol=line.symbol)
