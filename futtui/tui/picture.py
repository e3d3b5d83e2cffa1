"""Lines of the screen as a picture: an SVG file's text."""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich.console import Console
from rich.segment import Segment, Segments
from rich.terminal_theme import SVG_EXPORT_THEME

from futtui.tui.paint.text import Line
from futtui.tui.theme import Palette
from futtui.tui.widgets.line_widget import make_strip


def svg_of(lines: Sequence[Line], width: int, palette: Palette, title: str) -> str:
    """The lines in the palette's colours with a title above them."""
    console = Console(
        width=width,
        file=io.StringIO(),
        record=True,
        force_terminal=True,
        color_system="truecolor",
        legacy_windows=False,
    )
    for line in lines:
        strip = make_strip(line, width, palette, selected=False, plain=False)
        console.print(Segments([*strip, Segment("\n")]), end="")
    return console.export_svg(title=title, theme=SVG_EXPORT_THEME)
