"""The log panel: newest line first, in everyday words."""

from __future__ import annotations

from futtui.domain.effects import Say, Severity
from futtui.tui.paint import numbers
from futtui.tui.paint.text import Line, fit, wrap
from futtui.tui.paint.view import View
from futtui.tui.words import word

_TOKENS = {
    Severity.DEBUG: "dim",
    Severity.INFO: "text",
    Severity.NOTICE: "bold",
    Severity.WARNING: "attention",
    Severity.ERROR: "down_bold",
}
TOPIC_WIDTH = 8


def visible_lines(view: View) -> list[Say]:
    """All lines except debug ones, newest first."""
    return [line for line in reversed(view.snapshot.log) if line.severity is not Severity.DEBUG]


def log_line(line: Say, view: View, width: int, *, selected: bool = False, date: bool = False) -> Line:
    """Time, topic, text; warnings and errors carry `!`."""
    stamp = numbers.date_time_text(line.time_ms, view.zone) if date else numbers.time_text(line.time_ms, view.zone)
    warns = line.severity in (Severity.WARNING, Severity.ERROR)
    topic = fit(f"{'! ' if warns else ''}{line.topic}", TOPIC_WIDTH)
    token = _TOKENS[line.severity]
    marker = view.cursor if selected else " "
    room = max(0, width - len(stamp) - TOPIC_WIDTH - 3)
    named = not line.symbol or line.symbol in line.text
    text = line.text if named else f"{line.symbol}: {line.text}"
    return (
        (marker, "marker"),
        (f"{stamp} ", "dim"),
        (f"{topic} ", token if warns else "muted"),
        (fit(text, room), token),
    )


def empty_lines(width: int) -> list[Line]:
    """What will appear here."""
    return [(), *(((f"   {part}", "muted"),) for part in wrap(word("log.empty"), width - 5, 3))]


def subtitle(newer_above: int) -> str:
    """Whether the list follows the newest line."""
    return word("log.newer", n=newer_above) if newer_above else word("log.following")
