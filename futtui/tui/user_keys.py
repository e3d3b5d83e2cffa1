"""What the keys that work everywhere do to the engine: each asks where that is due, and ends in a command."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from futtui.domain.events import LookAgain, SetPaused
from futtui.domain.snapshot import PositionView
from futtui.tui.mode_commands import ask_kill, ask_mode, ask_resume
from futtui.tui.words import word

if TYPE_CHECKING:
    from futtui.tui.app import FuttuiApp


class UserKeys:
    """Mix into the app."""

    @property
    def _app(self) -> FuttuiApp:
        return cast("FuttuiApp", self)

    def action_toggle_pause(self) -> None:
        """Pauses or resumes new trades; exits go on either way. Asks where more than the pause key stopped them."""
        app = self._app
        desk = app.store.read().snapshot.desk
        if desk is None:
            app.flash(word("command.not_ready"), "attention")
            return
        if desk.resuming_asks:
            ask_resume(app, desk.pause_reason)
        else:
            app.send(SetPaused(app.engine.exchange_time_ms(), not desk.paused))

    def action_mode_menu(self) -> None:
        """Signals only, paper, live, pause."""
        ask_mode(self._app)

    def action_kill_menu(self) -> None:
        """The four levels of the kill switch."""
        ask_kill(self._app)

    def ask_close(self, position: PositionView | None) -> None:
        """Asks how much of a position to close, then whether; keeping it has the focus."""
        from futtui.tui.screens.close_position import ask_close

        ask_close(self._app, position)

    def action_find_symbol(self) -> None:
        """Asks for a symbol and shows it where the user is."""
        from futtui.tui.screens.find import FindScreen

        app, screen = self._app, self._app.screen

        def found(symbol: str | None) -> None:
            if symbol and hasattr(screen, "show_symbol"):
                screen.show_symbol(symbol)

        app.push_screen(FindScreen(tuple(sorted(app.store.read().by_symbol))), found)

    def action_look_again(self) -> None:
        """Compares everything with the exchange now; in the settings, with the file."""
        app = self._app
        reload = getattr(app.screen, "action_reload", None)
        if reload is not None:
            reload()
        else:
            app.send(LookAgain(app.engine.exchange_time_ms()))

    def action_undo_dismiss(self) -> None:
        """Brings back the signal that was dismissed last."""
        from futtui.tui.choosing import undo_dismiss

        undo_dismiss(self._app)
