"""Lines as (text, style token) spans, and fitting them into a width in terminal cells."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable

from rich.cells import cell_len, set_cell_size

from futtui.tui.glyphs import ELLIPSIS

Span = tuple[str, str]
Line = tuple[Span, ...]

BLANK: Line = ()
COPY_WIDTH = 100
"""Cells of a line in copied texts."""


def width_of(text: str) -> int:
    """Cells that `text` takes on screen (Chinese letters in symbol names take two each)."""
    return len(text) if text.isascii() else cell_len(text)


def first_that_fits(width: int, *texts: str) -> str:
    """The longest of these ways to write it that has room; the last one where none has."""
    return next((text for text in texts if len(text) <= width), texts[-1])


def fit(text: str, width: int, align: str = "<") -> str:
    """`text` in exactly `width` cells: padded, or cut with an ellipsis."""
    length = width_of(text)
    if length > width:
        return set_cell_size(text, width - 1) + ELLIPSIS if width > 1 else set_cell_size(text, max(width, 0))
    padding = " " * (width - length)
    return padding + text if align == ">" else text + padding


def line_width(line: Line) -> int:
    """Cells that the whole line takes."""
    return sum(width_of(text) for text, _ in line)


def line_text(line: Line) -> str:
    """The characters of a line without their styles."""
    return "".join(text for text, _ in line)


def dimmed(line: Line) -> Line:
    """The line without its colours, as old data looks."""
    return tuple((text, "dim") for text, _ in line)


def plain_lines(lines: Iterable[Line]) -> str:
    """Lines as one text without the blanks around them."""
    return "\n".join(line_text(line).strip() for line in lines).strip()


def plain_row(line: Line) -> str:
    """A row of a table as one text: cells with two blanks between them."""
    return re.sub(r" {2,}", "  ", line_text(line)).strip()


def fit_line(line: Line, width: int, token: str = "text") -> Line:
    """The line in exactly `width` cells: cut inside the last span that fits, or padded with `token`."""
    left = width
    result: list[Span] = []
    for text, style in line:
        length = width_of(text)
        if length > left:
            if left:
                result.append((set_cell_size(text, left), style))
            return tuple(result)
        if length:
            result.append((text, style))
            left -= length
    if left:
        result.append((" " * left, token))
    return tuple(result)


def spread(left: Line, right: Line, width: int, token: str = "text") -> Line:
    """`left` at the left edge and `right` at the right one; the left side gives way when both do not fit."""
    room = max(0, width - line_width(right))
    return (*fit_line(left, room, token), *right)


def wrap(text: str, width: int, max_lines: int = 0) -> list[str]:
    """`text` broken at spaces into lines of at most `width`; the last of `max_lines` ends in an ellipsis if cut."""
    lines = textwrap.wrap(text, max(8, width), break_long_words=True) or [""]
    if max_lines and len(lines) > max_lines:
        kept = lines[:max_lines]
        kept[-1] = fit(kept[-1] + " " + lines[max_lines], width)
        return kept
    return lines


def join(parts: Iterable[Line], between: Line) -> Line:
    """The lines after each other with `between` in the gaps; empty parts leave no gap."""
    result: list[Span] = []
    for part in parts:
        if not part:
            continue
        if result:
            result.extend(between)
        result.extend(part)
    return tuple(result)
