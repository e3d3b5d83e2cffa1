"""Quitting: asks first where something would be lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from futtui.domain.backtests import RunState
from futtui.domain.position import TradingMode
from futtui.tui.paint.view import source_of
from futtui.tui.words import word

if TYPE_CHECKING:
    from futtui.tui.app import FuttuiApp


def ask_quit(app: FuttuiApp) -> None:
    """Quits at once, or after a question where live positions, unsaved settings or a running backtest would be lost.

    Live positions of an engine in another process lose nothing: it goes on.
    """
    from futtui.tui.screens.dialog import QuestionDialog

    snapshot = app.store.read().snapshot
    stays = bool(app.ui_settings.attached_to)  # the engine goes on and keeps minding its positions
    held = snapshot.desk.positions if snapshot.desk and not stays else ()
    live = [item for item in held if item.mode is TradingMode.LIVE]
    unsaved = any(getattr(screen, "has_changes", False) for screen in app.screen_stack)
    running = app.backtests.progress() if app.backtests is not None else None
    is_running = running is not None and running.state is RunState.RUNNING
    if not live and not unsaved and not is_running:
        app.exit()
        return
    if isinstance(app.screen, QuestionDialog):
        return
    if live:
        from futtui.tui.screens.menus import quit_question

        question = quit_question(live, embedded=source_of(snapshot).embedded)
    else:
        texts = [word("quit.unsaved")] if unsaved else [word("quit.run")]
        question = QuestionDialog(word("quit.heading"), texts, yes=word("quit.yes"), no=word("quit.no"))
    app.push_screen(question, lambda yes: app.exit() if yes else None)
