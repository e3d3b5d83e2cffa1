"""Dialogs: a menu of numbered choices, and a question whose safe answer has the focus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input

from futtui.tui import keys
from futtui.tui.compat.border_text import set_border_text
from futtui.tui.glyphs import CURSOR, plain_text
from futtui.tui.paint.text import Line, wrap
from futtui.tui.paint.view import View
from futtui.tui.screens.sized import SizedScreen
from futtui.tui.widgets.bars import TooSmall
from futtui.tui.widgets.line_widget import LineWidget
from futtui.tui.words import word

if TYPE_CHECKING:
    from futtui.tui.app import FuttuiApp

Answer = TypeVar("Answer")
TEXT_WIDTH = 62


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of a menu: the key that takes it, its name, a note, and the answer it stands for."""

    key: str
    name: str
    note: str
    answer: str


class DialogText(LineWidget):
    """The lines of a dialog; set `lines` and they are shown."""

    lines: Sequence[Line] = ()

    def paint(self, view: View, width: int, height: int) -> list[Line]:
        """The lines as they are."""
        return list(self.lines)

    def show(self, lines: Sequence[Line]) -> None:
        """Replaces the lines."""
        self.lines = lines
        self.styles.height = max(1, len(lines))
        self._lines = list(lines)
        self.refresh()


def text_lines(texts: Sequence[str], token: str = "text") -> list[Line]:
    """Sentences as wrapped lines; an empty text is an empty line."""
    lines: list[Line] = []
    for text in texts:
        lines += [((f" {part}", token),) for part in wrap(text, TEXT_WIDTH - 2)] if text else [()]
    return lines


class Dialog(SizedScreen, ModalScreen[Answer]):
    """A framed box on an opaque ground. Esc is always the safe way out.

    In a window too small for it a notice takes its place, and nothing can be answered until all of it can be read.
    """

    BINDINGS = keys.bindings("dialog", "copy")
    heading = ""
    bottom = ""

    @property
    def futtui(self) -> FuttuiApp:
        """The app."""
        return cast("FuttuiApp", self.app)

    def on_mount(self) -> None:
        """The notice, out of sight while there is room; runs after a subclass's own."""
        notice = TooSmall(id="small")
        self.mount(notice)
        notice.pulse(self.futtui.store.read())
        self.fit_window()

    def on_resize(self) -> None:
        """A new size may be too small, or large enough again."""
        self.fit_window()

    @property
    def is_hidden(self) -> bool:
        """Whether the window is too small to read what is asked."""
        return self.has_class("-tiny")

    def frame_texts(self) -> None:
        """Puts heading and hint into the frame."""
        box = self.query_one("#dialog-box")
        plain = self.futtui.ui_settings.plain_glyphs
        top, bottom = (plain_text(text) if plain else text for text in (self.heading, self.bottom))
        set_border_text(box, top=top, bottom=bottom)

    def action_cancel(self) -> None:
        """The safe way out: nothing happens."""
        self.dismiss(None)


def field_box(text: str, field_id: str) -> ComposeResult:
    """The inside of a dialog with one field: `#dialog-intro`, the field with its first text, `#dialog-problem`."""
    with Vertical(id="dialog-box"):
        yield DialogText(id="dialog-intro")
        field = Input(text, id=field_id, compact=True)
        field.cursor_blink = False
        yield field
        yield DialogText(id="dialog-problem")


class MenuDialog(Dialog[str | None]):
    """Numbered choices; a digit, a click or Enter takes one. Answers None when left with Esc."""

    BINDINGS = keys.bindings("menu")
    can_focus = True

    def __init__(self, heading: str, intro: Sequence[str], choices: Sequence[Choice], marked: int = 0) -> None:
        super().__init__(classes="dialog")
        self.heading = heading
        self.bottom = word("dialog.esc_close")
        self._intro = intro
        self._choices = tuple(choices)
        self._marked = marked

    def compose(self) -> ComposeResult:
        """Intro and choices in one box."""
        with Vertical(id="dialog-box"):
            yield DialogText(id="dialog-intro")
            yield DialogText(id="dialog-choices")

    def on_mount(self) -> None:
        """Shows the lines."""
        self.frame_texts()
        self.show_intro()
        self._show_choices()

    def show_intro(self) -> None:
        """What stands above the choices."""
        self.query_one("#dialog-intro", DialogText).show([*text_lines(self._intro), ()])

    def _show_choices(self) -> None:
        lines: list[Line] = []
        width = max(len(choice.name) for choice in self._choices) + 2
        for index, choice in enumerate(self._choices):
            marked = index == self._marked
            lines.append(
                (
                    (f" {CURSOR if marked else ' '} ", "marker"),
                    (f"{choice.key}  ", "title"),
                    (f"{choice.name:<{width}}", "bold" if marked else "text"),
                    (choice.note, "muted"),
                )
            )
        self.query_one("#dialog-choices", DialogText).show([*lines, ()])

    def action_move(self, step: int) -> None:
        """Moves the marker."""
        self._marked = (self._marked + step) % len(self._choices)
        self._show_choices()

    def action_take(self) -> None:
        """Takes the marked choice."""
        if not self.is_hidden:
            self.dismiss(self._choices[self._marked].answer)

    def on_key(self, event: events.Key) -> None:
        """The key of a choice takes it, on any layout."""
        if self.is_hidden:
            return
        typed = event.character or event.key
        for choice in self._choices:
            if typed in keys.with_twins((choice.key,)):
                event.stop()
                self.dismiss(choice.answer)
                return

    def on_click(self, event: events.Click) -> None:
        """A click on a choice takes it."""
        widget = self.query_one("#dialog-choices")
        row = event.screen_y - widget.region.y
        if widget.region.contains(event.screen_x, event.screen_y) and 0 <= row < len(self._choices):
            self.dismiss(self._choices[row].answer)


class QuestionDialog(Dialog[bool | None]):
    """A question with two buttons; the safe one has the focus. Answers True only for the other one."""

    BINDINGS = keys.bindings("buttons")
    AUTO_FOCUS = "#no"

    def __init__(self, heading: str, texts: Sequence[str], *, yes: str, no: str) -> None:
        super().__init__(classes="dialog")
        self.heading = heading
        self._texts = texts
        self._yes, self._no = yes, no

    def compose(self) -> ComposeResult:
        """Text and buttons."""
        with Vertical(id="dialog-box"):
            yield DialogText(id="dialog-intro")
            with Horizontal(id="dialog-buttons"):
                yield Button(self._no, id="no", compact=True)
                yield Button(self._yes, id="yes", compact=True, disabled=self.locked)

    @property
    def locked(self) -> bool:
        """Whether the dangerous answer is not available yet."""
        return False

    def on_mount(self) -> None:
        """Shows the lines."""
        self.frame_texts()
        self.show_text()

    def show_text(self) -> None:
        """The question."""
        self.query_one("#dialog-intro", DialogText).show([*text_lines(self._texts), ()])

    def action_focus_button(self, step: int) -> None:
        """Goes to the other button."""
        if step > 0:
            self.focus_next(Button)
        else:
            self.focus_previous(Button)

    @on(Button.Pressed, "#no")
    def _answer_no(self) -> None:
        self.dismiss(False)

    @on(Button.Pressed, "#yes")
    def _answer_yes(self) -> None:
        self.dismiss(True)
