"""Questions that are answered by typing one value, whose meaning is told while one types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from futtui.domain.snapshot import PositionView
from futtui.tui.paint.text import Line
from futtui.tui.paint.view import View
from futtui.tui.screens.dialog import TEXT_WIDTH, Dialog, DialogText, field_box, text_lines

Answer = TypeVar("Answer")


class FieldDialog(Dialog[Answer | None]):
    """Subclasses say what stands above the field, what the typed text means now, and when Enter takes it."""

    AUTO_FOCUS = "#field-input"

    def __init__(self, heading: str, bottom: str, view: View, text: str = "") -> None:
        super().__init__(classes="dialog")
        self.heading = heading
        self.bottom = bottom
        self.view = view
        self._first_text = text

    def intro(self) -> list[str]:
        """What is said above the field."""
        raise NotImplementedError

    def meaning(self, text: str, width: int) -> Sequence[Line]:
        """What the typed text would do."""
        raise NotImplementedError

    def submitted(self, text: str) -> None:
        """Enter was pressed: dismisses with the answer, if `text` is one."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """What it is about, the field, what its text means."""
        yield from field_box(self._first_text, "field-input")

    def on_mount(self) -> None:
        """Shows the texts."""
        self.frame_texts()
        self._tell()

    def pulse(self, view: View) -> None:
        """The price goes on moving while one types."""
        self.view = view
        self._tell()

    def _tell(self) -> None:
        """Both halves by the same prices; a beat may come before the field is there."""
        for panel in self.query("#dialog-intro").results(DialogText):
            panel.show(text_lines(self.intro()))
        for field in self.query(Input):
            for panel in self.query("#dialog-problem").results(DialogText):
                panel.show([(), *self.meaning(field.value, TEXT_WIDTH), ()])

    @on(Input.Changed)
    def _typed(self) -> None:
        self._tell()

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.submitted(self.query_one(Input).value)


class PositionDialog(FieldDialog[Answer]):
    """A question about a position, which is held while one types."""

    def __init__(self, heading: str, bottom: str, position: PositionView, view: View, text: str = "") -> None:
        super().__init__(heading, bottom, view, text)
        self.held = position

    def pulse(self, view: View) -> None:
        """The position as it is now."""
        self.held = newest(view, self.held)
        super().pulse(view)


def newest(view: View, position: PositionView) -> PositionView:
    """The position as it is now; as it was once it is closed."""
    desk = view.snapshot.desk
    found = (item for item in (desk.positions if desk else ()) if item.position_id == position.position_id)
    return next(found, position)
