"""Reads what an app shows as plain text."""

from __future__ import annotations

from futtui.tui.app import FuttuiApp
from futtui.tui.widgets.live_panel import LivePanel


def screen_lines(app: FuttuiApp) -> list[str]:
    """The lines of the visible screen."""
    width, height = app.size
    strips = app.screen._compositor.render_strips()
    return ["".join(segment.text for segment in strip) for strip in strips[:height]] or [" " * width]


def screen_text(app: FuttuiApp) -> str:
    """The visible screen as one text."""
    return "\n".join(screen_lines(app))


def panel_lines(panel: LivePanel) -> list[str]:
    """The lines inside a panel's frame, as painted."""
    return [panel.render_line(y).text.rstrip() for y in range(panel.size.height)]
