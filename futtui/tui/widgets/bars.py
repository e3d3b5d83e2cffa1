"""The one-line widgets: status bar, tabs of the stacked layout, flash line, footer; and the small notices."""

from __future__ import annotations

from textual import events

from futtui.tui import keys
from futtui.tui.glyphs import TRAIL
from futtui.tui.paint.footer import FooterItem, footer_line, item_at
from futtui.tui.paint.health import health_lines
from futtui.tui.paint.notices import tabs_line, too_small_lines
from futtui.tui.paint.status import status_line
from futtui.tui.paint.text import Line, fit_line
from futtui.tui.paint.view import View
from futtui.tui.widgets.line_widget import LineWidget
from futtui.tui.widgets.run_command import run_command


class StatusBar(LineWidget):
    """Mode, account, feed and clock."""

    FILL = "bar"

    def paint(self, view: View, width: int, height: int) -> list[Line]:
        """One line."""
        return [status_line(view, width)]


class TabBar(LineWidget):
    """The panels by number, for the stacked layout; a click goes there."""

    main = "market"

    def paint(self, view: View, width: int, height: int) -> list[Line]:
        """One line."""
        return [tabs_line(view, self.main, width)]

    async def on_click(self, event: events.Click) -> None:
        """A click on a tab focuses its panel."""
        left = 0
        for text, _ in self._lines[0] if self._lines else ():
            if left <= event.x < left + len(text) and text[:1] == "[" and text[1:2].isdigit():
                await run_command(self.screen, f"focus_panel('{keys.PANELS[int(text[1]) - 1]}')")
            left += len(text)


class FlashLine(LineWidget):
    """The last important event: bright for a few beats, then dim for a while."""

    def paint(self, view: View, width: int, height: int) -> list[Line]:
        """As many lines as the sentence needs."""
        lines = self.futtui.flash_line.lines(view, width)
        if len(lines) != height:
            self.styles.height = len(lines)
        return [fit_line(line, width) for line in lines]


class FooterBar(LineWidget):
    """The keys that matter now; a click runs the key."""

    context = "market"
    panels = len(keys.PANELS)

    def paint(self, view: View, width: int, height: int) -> list[Line]:
        """One line."""
        attached = bool(self.futtui.ui_settings.attached_to)
        self._items, line = footer_line(self.context, width, attached=attached, panels=self.panels)
        return [line]

    _items: tuple[FooterItem, ...] = ()

    async def on_click(self, event: events.Click) -> None:
        """A click on a key does what the key does."""
        item = item_at(self._items, event.x)
        if item is not None and item.command:
            await run_command(self.screen, item.command)


class TooSmall(LineWidget):
    """What to do when the window is too small; trading goes on."""

    def paint(self, view: View, width: int, height: int) -> list[Line]:
        """A framed notice."""
        size = self.app.size
        return too_small_lines(view, size.width, size.height)


class Overlay(LineWidget):
    """How the screen and the engine are doing; as high as what there is to say."""

    FILL = "bar"

    def paint(self, view: View, width: int, height: int) -> list[Line]:
        """Figures, then sentences about what is not well."""
        lines = health_lines(view, self.futtui.pulse.figures(), width)
        if len(lines) != height:
            self.styles.height = len(lines)
        return lines


class Trail(LineWidget):
    """Where one is: the names on the way to this screen."""

    names: tuple[str, ...] = ()

    def paint(self, view: View, width: int, height: int) -> list[Line]:
        """One line."""
        return [fit_line(self.way(), width)]

    def way(self) -> Line:
        """The names as a line of their own length."""
        between = f" {TRAIL} "
        return ((f" {between.join(self.names)}", "muted"),)
