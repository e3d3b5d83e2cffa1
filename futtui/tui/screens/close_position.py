"""Closing a position: how much of it, then a question whose safe answer has the focus."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from futtui.domain.events import ClosePosition
from futtui.domain.part_close import ALL_PCT, typed_percent
from futtui.domain.snapshot import PositionView
from futtui.tui.paint import close_wish
from futtui.tui.paint.text import Line
from futtui.tui.paint.view import View
from futtui.tui.screens.dialog import Choice, MenuDialog, QuestionDialog
from futtui.tui.screens.field_dialog import PositionDialog, newest
from futtui.tui.words import word

if TYPE_CHECKING:
    from futtui.tui.app import FuttuiApp

SHARES = (("1", "all", ALL_PCT), ("2", "half", Decimal(50)), ("3", "quarter", Decimal(25)))
_TYPED = "typed"


class ClosePercentDialog(PositionDialog[Decimal]):
    """One percentage. Enter takes it only when that part can be closed; Esc keeps the position."""

    def __init__(self, position: PositionView, view: View) -> None:
        super().__init__(word("close.how_much", symbol=position.symbol), word("close.type_bottom"), position, view)

    def intro(self) -> list[str]:
        """What to type."""
        return [word("close.type"), ""]

    def meaning(self, text: str, width: int) -> list[Line]:
        """What would be closed and what would be left."""
        return close_wish.wish_lines(text, self.held, self.view, width)

    def submitted(self, text: str) -> None:
        """Answers the percentage."""
        percent = typed_percent(text)
        if not close_wish.problem(self.held, percent, self.view):
            self.dismiss(percent)


def share_menu(view: View, position: PositionView) -> MenuDialog:
    """All, half, a quarter, or a share to type, each with what it means."""
    choices = [
        Choice(key, word(f"close.{name}"), close_wish.note(position, percent, view), str(percent))
        for key, name, percent in SHARES
    ]
    choices.append(Choice("4", word("close.typed"), word("close.note_typed"), _TYPED))
    return MenuDialog(word("close.how_much", symbol=position.symbol), [], choices)


def close_question(view: View, position: PositionView, percent: Decimal) -> QuestionDialog:
    """Close this share at market? Where a part cannot be, that is said and all of it is offered."""
    refused = close_wish.refusal_text(position, percent, view)
    share = ALL_PCT if refused else percent
    before = [refused, word("close.only_all"), ""] if refused else []
    yes = word("close.yes" if share >= ALL_PCT else "close.yes_part")
    texts = [*before, *close_wish.texts(position, share, view)]
    return QuestionDialog(word("close.heading"), texts, yes=yes, no=word("close.no"))


def ask_close(app: FuttuiApp, position: PositionView | None) -> None:
    """Asks how much of a position to close, then whether; any Esc keeps it."""
    if position is None:
        app.flash(word("close.none"), "attention")
        return
    held = position

    def chosen(answer: str | None) -> None:
        if answer == _TYPED:
            app.push_screen(ClosePercentDialog(held, app.store.read()), _asking(app, held))
        elif answer is not None:
            _asking(app, held)(Decimal(answer))

    app.push_screen(share_menu(app.store.read(), held), chosen)


def _asking(app: FuttuiApp, position: PositionView) -> Callable[[Decimal | None], None]:
    """What asks about a share and sends the command when the answer is yes."""

    def ask(percent: Decimal | None) -> None:
        if percent is None:
            return
        view = app.store.read()
        held = newest(view, position)
        share = ALL_PCT if close_wish.problem(held, percent, view) else percent

        def answered(yes: bool | None) -> None:
            if yes:
                app.send(ClosePosition(app.engine.exchange_time_ms(), held.position_id, share))

        app.push_screen(close_question(view, held, percent), answered)

    return ask
