"""Moving the stop of a position: type a price, see what it means, confirm; loosening is asked twice."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from futtui.domain.events import MoveStop
from futtui.domain.snapshot import PositionView
from futtui.tui.paint import stop_wish
from futtui.tui.paint.view import View
from futtui.tui.screens.dialog import TEXT_WIDTH, Dialog, DialogText, QuestionDialog, text_lines
from futtui.tui.words import word

if TYPE_CHECKING:
    from futtui.tui.app import FuttuiApp


class MoveStopDialog(Dialog[float | None]):
    """One price. Enter takes it only when the stop can lie there; Esc keeps the stop. Answers the price, or None."""

    AUTO_FOCUS = "#stop-input"

    def __init__(self, position: PositionView, view: View) -> None:
        super().__init__(classes="dialog")
        self.heading = word("stop.heading", symbol=position.symbol)
        self.bottom = word("stop.bottom")
        self._position = position
        self._view = view

    def compose(self) -> ComposeResult:
        """What is held, the field, what the price means."""
        with Vertical(id="dialog-box"):
            yield DialogText(id="dialog-intro")
            field = Input(self._first_text(), id="stop-input", compact=True)
            field.cursor_blink = False
            yield field
            yield DialogText(id="dialog-problem")

    def _first_text(self) -> str:
        rules = self._view.rules(self._position.symbol)
        return f"{self._position.stop:.{rules.price_decimals}f}" if rules is not None else f"{self._position.stop:g}"

    def on_mount(self) -> None:
        """Shows the texts."""
        self.frame_texts()
        self.query_one("#dialog-intro", DialogText).show(text_lines(stop_wish.intro_texts(self._position, self._view)))
        self._tell()

    def pulse(self, view: View) -> None:
        """The price goes on moving while one types."""
        self._view = view
        desk = view.snapshot.desk
        found = (item for item in (desk.positions if desk else ()) if item.position_id == self._position.position_id)
        self._position = next(found, self._position)
        self._tell()

    def _tell(self) -> None:
        """A beat may come before the field is there."""
        for field in self.query(Input):
            lines = stop_wish.wish_lines(field.value, self._position, self._view, TEXT_WIDTH)
            for panel in self.query("#dialog-problem").results(DialogText):
                panel.show([(), *lines, ()])

    @on(Input.Changed)
    def _typed(self) -> None:
        self._tell()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        text = self.query_one(Input).value
        if not stop_wish.problem_of(text, self._position, self._view):
            self.dismiss(stop_wish.typed_price(text, self._position.mark_price))


def ask_move_stop(app: FuttuiApp, position: PositionView | None) -> None:
    """Asks for a price, then whatever has to be confirmed, and sends the command; any Esc keeps the stop."""
    if position is None:
        app.flash(word("stop.none"), "attention")
        return
    held = position

    def chosen(price: float | None) -> None:
        if price is None or price == held.stop:
            return
        _confirm(app, held, price, stop_wish.questions(price, held, app.store.read()))

    app.push_screen(MoveStopDialog(position, app.store.read()), chosen)


def _confirm(app: FuttuiApp, position: PositionView, price: float, left: list[tuple[str, list[str]]]) -> None:
    """The next question, or the command when all were answered with yes."""
    if not left:
        app.send(MoveStop(app.engine.exchange_time_ms(), position.position_id, Decimal(repr(price))))
        return
    heading, texts = left[0]

    def answered(yes: bool | None) -> None:
        if yes:
            _confirm(app, position, price, left[1:])

    app.push_screen(QuestionDialog(heading, texts, yes=word("stop.yes"), no=word("stop.no")), answered)
