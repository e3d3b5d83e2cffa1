"""Dialogs for the user who comes back: after a sleep of the PC, and where an earlier run left live positions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from futtui.domain.events import ClosePosition
from futtui.domain.position import TradingMode
from futtui.domain.snapshot import Sleep
from futtui.tui.paint.absence import found_lines, slept_lines
from futtui.tui.paint.view import View, live_positions
from futtui.tui.screens.dialog import TEXT_WIDTH, Choice, DialogText, MenuDialog, QuestionDialog
from futtui.tui.screens.waiting import WaitingDialog
from futtui.tui.words import word

if TYPE_CHECKING:
    from futtui.tui.app import FuttuiApp

GUARD, LOOK, CLOSE, LIVE = "guard", "look", "close", "live"


class SleptDialog(WaitingDialog):
    """What happened while the PC slept. Follows the newest view, because news of it comes bit by bit."""

    def __init__(self, sleep: Sleep) -> None:
        super().__init__(word("slept.heading"), word("slept.close"))
        self._sleep = sleep

    def pulse(self, view: View) -> None:
        """The newest lines."""
        self._show(slept_lines(self._sleep, view, TEXT_WIDTH))


class FoundDialog(MenuDialog):
    """Live positions of an earlier run: guarding them is marked and is what Esc means, too."""

    def __init__(self, view: View) -> None:
        mode = word(f"mode.{view.mode.value}")
        choices = (
            Choice("1", word("found.guard"), word("found.guard_note", mode=mode), GUARD),
            Choice("2", word("found.look"), word("found.look_note"), LOOK),
            Choice("3", word("found.close"), word("found.close_note"), CLOSE),
            Choice("4", word("found.live"), word("found.live_note"), LIVE),
        )
        super().__init__(word("found.heading"), (), choices)

    def show_intro(self) -> None:
        """The first lines."""
        self.pulse(self.futtui.store.read())

    def pulse(self, view: View) -> None:
        """The positions as they are now; nothing to ask once they are closed."""
        if not live_positions(view):
            self.dismiss(GUARD)
            return
        for text in self.query("#dialog-intro"):  # a beat may come before it is there
            if isinstance(text, DialogText):
                text.show([*found_lines(view, TEXT_WIDTH), ()])


def ask_about_found(app: FuttuiApp) -> None:
    """Shows the live positions of an earlier run and does what the user chooses."""

    def chosen(answer: str | None) -> None:
        from futtui.tui.mode_commands import change_mode

        if answer == LOOK and app.dashboard is not None:
            app.dashboard.action_focus_panel("positions")
        elif answer == CLOSE:
            _ask_to_close(app)
        elif answer == LIVE:
            change_mode(app, TradingMode.LIVE)

    app.push_screen(FoundDialog(app.store.read()), chosen)


def _ask_to_close(app: FuttuiApp) -> None:
    def answered(yes: bool | None) -> None:
        for position in live_positions(app.store.read()) if yes else ():
            app.send(ClosePosition(app.engine.exchange_time_ms(), position.position_id))

    names = ", ".join(position.symbol for position in live_positions(app.store.read()))
    texts = [word("quit.close_what", names=names)]
    yes, no = word("found.close"), word("found.no")
    app.push_screen(QuestionDialog(word("found.close_heading"), texts, yes=yes, no=no), answered)
