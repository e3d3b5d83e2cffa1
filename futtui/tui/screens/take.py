"""Taking a signal with real orders: what the trade would be now, and a question whose safe answer has the focus."""

from __future__ import annotations

from textual.widgets import Button

from futtui.domain.position import TradingMode
from futtui.domain.signal import Signal
from futtui.domain.taking import TakeLook
from futtui.tui.answers import Answer
from futtui.tui.heard import heard
from futtui.tui.paint import take_wish
from futtui.tui.paint.names import setup_name
from futtui.tui.paint.text import Line
from futtui.tui.paint.view import View, source_of
from futtui.tui.screens.dialog import TEXT_WIDTH, DialogText, QuestionDialog, text_lines
from futtui.tui.words import word

AGAIN_BEATS = 5
"""The price goes on moving while one reads."""


class TakeDialog(QuestionDialog):
    """Locked until the engine said what the trade would be, and while something stands against it."""

    def __init__(self, signal: Signal, view: View) -> None:
        super().__init__(word("take.heading"), (), yes=word("take.yes"), no=word("take.no"))
        self._signal = signal
        self._view = view
        self._answer: Answer[TakeLook] = Answer(AGAIN_BEATS)

    @property
    def locked(self) -> bool:
        """Whether there is nothing to say yes to."""
        look = self._look
        return look is None or bool(look.refusal) or look.mode is not TradingMode.LIVE

    @property
    def _look(self) -> TakeLook | None:
        """What the trade would be; None where the newest look found nothing: an older one may be wrong now."""
        return None if self._answer.trouble else self._answer.value

    def pulse(self, view: View) -> None:
        """The trade as it would be now."""
        self._view = view
        identity = self._signal.signal_id
        self._answer.look(identity, lambda: self.futtui.engine.look_at_taking(identity))
        for button in self.query("#yes").results(Button):
            button.disabled = self.locked
            self.show_text()

    def show_text(self) -> None:
        """What it is, what it would be, what it leads to."""
        look, raw = self._look, self._signal.raw
        side = word(f"side.{raw.side.value.lower()}").lower()
        texts = [word("take.what", symbol=raw.symbol, side=side, setup=setup_name(raw.strategy))]
        if self._signal.is_for_information:
            texts.append(word("take.information"))
        if source_of(self._view.snapshot).embedded:
            texts.append(word("take.harmless"))
        lines: list[Line] = [*text_lines(texts), ()]
        if look is None:
            lines += text_lines([heard(self._answer.trouble) or word("take.asking")], "muted")
        else:
            lines += take_wish.wish_lines(look, self._view, TEXT_WIDTH)
            lines += [] if look.refusal else [(), *text_lines([word("take.protected")], "muted")]
        self.query_one("#dialog-intro", DialogText).show([*lines, ()])
