"""What the keys of a signal do: dismiss it, bring it back, take it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from futtui.domain.events import DismissSignal, TakeSignal
from futtui.domain.position import TradingMode
from futtui.domain.signal import DISMISSED, Signal
from futtui.tui.words import word

if TYPE_CHECKING:
    from futtui.tui.app import FuttuiApp

MOST_UNDONE = 50


def dismiss(app: FuttuiApp, signal: Signal | None) -> bool:
    """Dismisses an open signal, or brings a dismissed one back; whether it goes from among the open ones."""
    if signal is None:
        app.flash(word("choice.no_signal"), "attention")
    elif not signal.status.is_open:
        app.flash(word("choice.over"), "attention")
    else:
        away = DISMISSED not in signal.tags
        _send(app, signal, dismissed=away)
        return away
    app.pulse.beat()
    return False


def undo_dismiss(app: FuttuiApp) -> None:
    """Brings back the signal that was dismissed here last, is open, and was not brought back here.

    The key may come before the view that shows the signal as dismissed, so the view is not asked for that.
    """
    desk = app.store.read().snapshot.desk
    still = {item.signal_id for item in (desk.signals if desk else ()) if item.status.is_open}
    while app.dismissed:
        signal = app.dismissed[-1]
        if signal.signal_id in still:
            _send(app, signal, dismissed=False)
            return
        app.dismissed.pop()
    app.flash(word("choice.nothing_to_undo"), "attention")
    app.pulse.beat()


def _send(app: FuttuiApp, signal: Signal, *, dismissed: bool) -> None:
    raw = signal.raw
    side = word(f"side.{raw.side.value.lower()}").lower()
    name = f"{raw.symbol} {side}"

    def told(receipt: str) -> str:
        """The receipt with the way back, where it is one."""
        if not dismissed or "dismissed" not in receipt:
            return word("choice.back", name=name) if "is back" in receipt else receipt
        return word("choice.dismissed_held" if "stays open" in receipt else "choice.dismissed", name=name)

    others = [item for item in app.dismissed if item.signal_id != signal.signal_id]
    app.dismissed = [*others[-MOST_UNDONE:], signal] if dismissed else others
    app.send(DismissSignal(app.engine.exchange_time_ms(), raw.symbol, signal.signal_id, dismissed), told)


def take(app: FuttuiApp, signal: Signal) -> None:
    """Takes a signal: on paper at once, in Live after a question; in signals-only mode it says what to do."""
    view = app.store.read()
    if view.snapshot.desk is None:
        app.flash(word("command.not_ready"), "attention")
    elif view.mode is TradingMode.SIGNALS:
        app.flash(word("take.signals_only"), "attention")
    elif view.mode is TradingMode.LIVE:
        from futtui.tui.screens.take import TakeDialog

        def answered(yes: bool | None) -> None:
            if yes:
                app.send(_command(app, signal))

        app.push_screen(TakeDialog(signal, view), answered)
        return
    else:
        app.send(_command(app, signal))
        return
    app.pulse.beat()


def _command(app: FuttuiApp, signal: Signal) -> TakeSignal:
    return TakeSignal(app.engine.exchange_time_ms(), signal.raw.symbol, signal.signal_id)
