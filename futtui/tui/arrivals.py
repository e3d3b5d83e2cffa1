"""Notices when the user needs a dialog that nobody asked for: after a sleep, and for what an earlier run left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.command import CommandPalette
from textual.screen import Screen

from futtui.domain.position import TradingMode
from futtui.domain.snapshot import Sleep
from futtui.tui.paint.view import View, live_positions

if TYPE_CHECKING:
    from futtui.tui.app import FuttuiApp


class Arrivals:
    """Looks at each view. What it finds waits until no other dialog is open; each thing is told once.

    A sleep from before the first view is no news, and positions count as found only in the first view of the desk.
    """

    def __init__(self) -> None:
        self._seen_desk = False
        self._seen_sleep: Sleep | None = None
        self._found = False
        self._slept: Sleep | None = None

    def look(self, app: FuttuiApp, view: View) -> None:
        """Remember what is new, and open one dialog if there is something to tell."""
        sleep = view.snapshot.slept
        if view.snapshot.desk is not None and not self._seen_desk:
            self._seen_desk = True
            self._found = view.mode is not TradingMode.LIVE and bool(live_positions(view))
            self._seen_sleep = sleep
        elif sleep is not None and sleep != self._seen_sleep:
            self._seen_sleep = self._slept = sleep
        if (self._found or self._slept is not None) and not _is_asking(app.screen):
            self._tell(app, view)

    def _tell(self, app: FuttuiApp, view: View) -> None:
        from futtui.tui.screens.absence import SleptDialog, ask_about_found

        if self._found:
            self._found = False
            if live_positions(view):
                ask_about_found(app)
        elif self._slept is not None:
            sleep, self._slept = self._slept, None
            app.push_screen(SleptDialog(sleep))


def _is_asking(screen: Screen[object]) -> bool:
    """Whether the user is in the middle of an answer."""
    from futtui.tui.screens.dialog import Dialog
    from futtui.tui.screens.welcome import WelcomeScreen

    return isinstance(screen, Dialog | CommandPalette | WelcomeScreen)
