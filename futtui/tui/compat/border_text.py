"""Changing the text in a border without repainting the whole widget.

Textual's own setter refreshes every line. This writes the same private field and refreshes one line; where a later
Textual has no such field, the public setter is used. A test guards both.
"""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Region
from textual.widget import Widget


def set_border_text(widget: Widget, *, top: str, bottom: str) -> None:
    """Puts `top` and `bottom` into the widget's border, repainting only the border lines that changed."""
    height = widget.size.height + widget.scrollbar_size_horizontal
    for name, text, y in (("border_title", top, -1), ("border_subtitle", bottom, height)):
        private = f"_{name}"
        if not hasattr(widget, private):
            setattr(widget, name, Content(text))
            continue
        old = getattr(widget, private)
        if (old.plain if old is not None else "") == text:
            continue
        setattr(widget, private, Content(text) if text else None)
        widget.refresh(Region(-1, y, widget.outer_size.width, 1))
