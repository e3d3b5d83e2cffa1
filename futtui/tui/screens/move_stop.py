"""Moving the stop of a position: type a price, see what it means, confirm; loosening is asked twice."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from futtui.domain.events import MoveStop
from futtui.domain.snapshot import PositionView
from futtui.tui.paint import stop_wish
from futtui.tui.paint.text import Line
from futtui.tui.paint.view import View
from futtui.tui.screens.dialog import QuestionDialog
from futtui.tui.screens.field_dialog import PositionDialog
from futtui.tui.words import word

if TYPE_CHECKING:
    from futtui.tui.app import FuttuiApp


class MoveStopDialog(PositionDialog[float]):
    """One price. Enter takes it only when the stop can lie there; Esc keeps the stop. Answers the price, or None."""

    def __init__(self, position: PositionView, view: View) -> None:
        rules = view.rules(position.symbol)
        text = f"{position.stop:.{rules.price_decimals}f}" if rules is not None else f"{position.stop:g}"
        super().__init__(word("stop.heading", symbol=position.symbol), word("stop.bottom"), position, view, text)

    def intro(self) -> list[str]:
        """What is held."""
        return stop_wish.intro_texts(self.held, self.view)

    def meaning(self, text: str, width: int) -> list[Line]:
        """What a stop at this price would risk or keep."""
        return stop_wish.wish_lines(text, self.held, self.view, width)

    def submitted(self, text: str) -> None:
        """Answers the price."""
        if not stop_wish.problem_of(text, self.held, self.view):
            self.dismiss(stop_wish.typed_price(text, self.held.mark_price))


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
