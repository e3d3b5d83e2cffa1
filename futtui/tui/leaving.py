"""Quitting: asks first where something would be lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from futtui.tui.paint.view import live_positions, source_of
from futtui.tui.words import word

if TYPE_CHECKING:
    from futtui.tui.app import FuttuiApp


def ask_quit(app: FuttuiApp) -> None:
    """Quits at once, or after a question where live positions, unsaved settings or a running backtest would be lost.

    Live positions of an engine in another process lose nothing: it goes on. Another question that is open stays below,
    and is there again for who does not quit.
    """
    from futtui.tui.screens.menus import QuitMenu, QuitQuestion
    from futtui.tui.screens.waiting import ClosingDialog

    if any(isinstance(screen, QuitMenu | QuitQuestion | ClosingDialog) for screen in app.screen_stack):
        return  # it is being asked already
    view = app.store.read()
    stays = bool(app.ui_settings.attached_to)  # the engine goes on and keeps minding its positions
    live = [] if stays else live_positions(view)
    unsaved = any(getattr(screen, "has_changes", False) for screen in app.screen_stack)
    running = app.backtests.progress() if app.backtests is not None else None
    is_running = running is not None and running.is_under_way
    if not live and not unsaved and not is_running:
        app.exit()
    elif live:
        menu = QuitMenu(live, embedded=source_of(view.snapshot).embedded)
        app.push_screen(menu, lambda answer: _leave_positions(app, answer))
    else:
        texts = [word("quit.unsaved")] if unsaved else [word("quit.run")]
        question = QuitQuestion(word("quit.heading"), texts, yes=word("quit.yes"), no=word("quit.no"))
        app.push_screen(question, lambda yes: app.exit() if yes else None)


def _leave_positions(app: FuttuiApp, answer: str | None) -> None:
    """Leaves them with their stops, or closes them first after one more question."""
    from futtui.tui.screens.menus import QuitQuestion
    from futtui.tui.screens.waiting import ClosingDialog

    def wanted(yes: bool | None) -> None:
        if yes:
            app.push_screen(ClosingDialog(), lambda closed: app.exit() if closed else None)

    if answer == "keep":
        app.exit()
    elif answer == "close":
        held = live_positions(app.store.read())
        names = ", ".join(position.symbol for position in held)
        texts = [word("quit.close_what", names=names), "", word("quit.close_then")]
        question = QuitQuestion(word("quit.close_heading"), texts, yes=word("quit.close"), no=word("quit.no"))
        app.push_screen(question, wanted)
