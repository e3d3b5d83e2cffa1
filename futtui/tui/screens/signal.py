"""The detail of a signal: as any other, with the keys that dismiss and take it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from futtui.domain.signal import Signal
from futtui.tui import keys
from futtui.tui.choosing import dismiss, take
from futtui.tui.paint.details import Detail
from futtui.tui.screens.detail import DetailScreen
from futtui.tui.words import word


class SignalScreen(DetailScreen):
    """Plan, reasons and record of a signal; n and N walk through the list of signals."""

    BINDINGS = keys.bindings("signal", "signal_row")
    footer_context = "signal_detail"

    def action_dismiss_signal(self) -> None:
        """Dismisses this signal, or brings it back."""
        signal = self._signal()
        if signal is not None:
            dismiss(self.futtui, signal)

    def action_take_signal(self) -> None:
        """Takes this signal."""
        signal = self._signal()
        if signal is not None:
            take(self.futtui, signal)

    def _signal(self) -> Signal | None:
        """The signal that this is about as it is now; None, and a word for the user, once it left the list."""
        desk = self.view.snapshot.desk if self.view else None
        wanted = self.detail.signal_id
        found = next((item for item in (desk.signals if desk else ()) if item.signal_id == wanted), None)
        if found is None:
            self.futtui.flash(word("choice.over"), "attention")
            self.futtui.pulse.beat()
        return found


def detail_screen(detail: Detail, panel: str, key: Hashable, rows: Sequence[Hashable]) -> DetailScreen:
    """The screen of what a row opens."""
    return (SignalScreen if detail.signal_id else DetailScreen)(detail, panel, key, rows)
