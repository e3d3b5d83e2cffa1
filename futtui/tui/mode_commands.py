"""What the mode menu and the kill switch lead to: questions first where it matters, then a command to the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from futtui.domain.events import ChangeMode, SetPaused
from futtui.domain.kill import KillLevel, KillSwitch, Rearm
from futtui.domain.position import TradingMode
from futtui.tui.heard import heard
from futtui.tui.words import word

if TYPE_CHECKING:
    from futtui.tui.app import FuttuiApp


def ask_mode(app: FuttuiApp) -> None:
    """Signals only, paper, live, pause."""
    from futtui.tui.screens.menus import mode_menu

    def chosen(answer: str | None) -> None:
        if answer == "pause":
            app.action_toggle_pause()
        elif answer == "stop":
            ask_kill(app)
        elif answer is not None:
            change_mode(app, TradingMode(answer))

    app.push_screen(mode_menu(app.store.read()), chosen)


def change_mode(app: FuttuiApp, mode: TradingMode) -> None:
    view = app.store.read()
    if view.snapshot.desk is None:
        app.flash(word("command.not_ready"), "attention")
    elif mode is view.mode:
        app.flash(word("mode.already", mode=word(f"mode.{mode.value}")))
    elif mode is TradingMode.LIVE:
        from futtui.tui.screens.go_live import GoLiveDialog
        from futtui.tui.screens.waiting import LastMoment

        current = word(f"mode.{view.mode.value}")

        def typed(yes: bool | None) -> None:
            if yes:
                app.push_screen(LastMoment(current), waited)
            else:
                waited(None)

        def waited(yes: bool | None) -> None:
            if yes:
                app.send(ChangeMode(app.engine.exchange_time_ms(), TradingMode.LIVE))
            else:
                app.flash(word("live.stayed", mode=word(f"mode.{app.store.read().mode.value}")))

        app.push_screen(GoLiveDialog(view.snapshot, app.number_source(), current), typed)
    else:
        app.send(ChangeMode(app.engine.exchange_time_ms(), mode))


def ask_resume(app: FuttuiApp, reason: str) -> None:
    """Lets new trades go on, after a question that says why they were stopped."""
    from futtui.tui.screens.dialog import QuestionDialog

    def answered(yes: bool | None) -> None:
        if yes:
            app.send(SetPaused(app.engine.exchange_time_ms(), False))

    texts = [word("mode.paused_because", reason=heard(reason)), "", word("resume.ask")]
    question = QuestionDialog(word("resume.heading"), texts, yes=word("resume.yes"), no=word("resume.no"))
    app.push_screen(question, answered)


def ask_kill(app: FuttuiApp) -> None:
    """The four levels of the kill switch, and re-arming."""
    from futtui.tui.screens.menus import kill_menu

    def chosen(answer: str | None) -> None:
        if answer == "rearm":
            _ask_rearm(app)
        elif answer is not None:
            app.send(KillSwitch(app.engine.exchange_time_ms(), KillLevel(int(answer))))

    app.push_screen(kill_menu(app.store.read()), chosen)


def _ask_rearm(app: FuttuiApp) -> None:
    from futtui.tui.screens.go_live import RearmDialog

    def answered(yes: bool | None) -> None:
        if yes:
            app.send(Rearm(app.engine.exchange_time_ms()))

    desk = app.store.read().snapshot.desk
    reason = heard(desk.pause_reason) if desk is not None else ""
    app.push_screen(RearmDialog(reason, app.number_source()), answered)
