"""A screen that has a layout for each size of the window."""

from __future__ import annotations

from typing import Any, cast

from textual.screen import Screen
from textual.widget import Widget

LAYOUTS = ("-tiny", "-stacked", "-full", "-wide")


def layout_for(width: int, height: int) -> str:
    """The layout class of a window: a notice, one column, two columns, or two columns with more in sight."""
    if width < 80 or height < 24:
        return "-tiny"
    if width >= 180 and height >= 40:
        return "-wide"
    return "-full" if width >= 110 and height >= 28 else "-stacked"


CHART_FROM = 180
"""Columns from which on a chart has room beside the tables, which take 120."""


def has_chart_room(width: int, height: int) -> bool:
    """Whether the dashboard shows a chart beside its tables in a window of this size."""
    return width >= CHART_FROM and layout_for(width, height) in ("-full", "-wide")


class SizedScreen:
    """Mix into a Screen, before it. What had the focus has it again after the window was too small to show it."""

    _hidden_focus: Widget | None = None

    def fit_window(self) -> str:
        """Takes the layout for the window as it is now; gives its class."""
        screen = cast("Screen[Any]", self)
        chosen = layout_for(screen.app.size.width, screen.app.size.height)
        if chosen == "-tiny":
            self._hidden_focus = screen.focused or self._hidden_focus
        for name in LAYOUTS:
            screen.set_class(name == chosen, name)
        if chosen != "-tiny" and self._hidden_focus is not None:
            screen.call_after_refresh(self._focus_again, self._hidden_focus)
            self._hidden_focus = None
        return chosen

    def _focus_again(self, widget: Widget) -> None:
        screen = cast("Screen[Any]", self)
        if screen.focused is None and widget.is_attached and widget.focusable:
            screen.set_focus(widget)
