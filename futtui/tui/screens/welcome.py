"""The four questions of the first start. Each can be skipped; answers show at once and go into the settings file."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from futtui.domain.errors import FuttuiError
from futtui.language.catalogue import Language
from futtui.tui import keys
from futtui.tui.compat.clock import knows_zone, load_zone
from futtui.tui.glyphs import CURSOR, plain_text
from futtui.tui.paint import numbers
from futtui.tui.paint.text import Line
from futtui.tui.running_settings import show_settings
from futtui.tui.screens.dialog import Choice, Dialog, DialogText, text_lines
from futtui.tui.theme import THEMES
from futtui.tui.words import word

QUESTIONS = ("language", "zone", "signs", "look")
ZONES = (
    "Europe/Kyiv", "Europe/Warsaw", "Europe/Berlin", "Europe/London", "America/New_York", "Asia/Dubai",
    "Asia/Singapore", "UTC",
)  # fmt: skip
OWN_NAMES = {"en": "English", "uk": "Українська", "ru": "Русский"}
OTHER_ZONE = "/other"
START_MODE = "/mode"
SAMPLE = "▲▼  ┃╽╿  ▁▃▅█  ●○  ✓  ›  →"


@dataclass(frozen=True, slots=True)
class Question:
    """One question as it is shown now."""

    texts: tuple[str, ...]
    choices: tuple[Choice, ...]
    marked: int


class WelcomeScreen(Dialog[None]):
    """Asks language, time zone, signs and colours with the start mode; Esc skips a question, 0 all that are left."""

    BINDINGS = keys.bindings("menu")
    AUTO_FOCUS = ""
    place_name = "welcome"
    can_focus = True

    def __init__(self) -> None:
        super().__init__(classes="dialog")
        self._at = 0
        self._marked = 0
        self._answers: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        """Text, choices, and a field for another time zone."""
        with Vertical(id="dialog-box"):
            yield DialogText(id="dialog-intro")
            yield DialogText(id="dialog-choices")
            field = Input(id="zone-input", placeholder=word("welcome.zone_place"), compact=True)
            field.cursor_blink = False
            field.display = False
            yield field
            yield DialogText(id="dialog-end")

    def on_mount(self) -> None:
        """The first question."""
        self._ask()

    # What is shown

    def _ask(self) -> None:
        question = self._question()
        self._marked = question.marked
        self.heading = word("welcome.heading", at=self._at + 1, n=len(QUESTIONS))
        self.bottom = word("welcome.bottom")
        self.frame_texts()
        self.query_one(Input).display = False
        self.set_focus(None)
        self.query_one("#dialog-intro", DialogText).show(text_lines(question.texts))
        self._tell("")
        self._show()

    def _question(self) -> Question:
        return getattr(self, f"_{QUESTIONS[self._at]}")()

    def _show(self) -> None:
        plain = self.futtui.ui_settings.plain_glyphs
        lines: list[Line] = [()]
        choices = self._question().choices
        width = max(24, *(len(choice.name) for choice in choices)) + 2
        for index, choice in enumerate(choices):
            marked = index == self._marked
            lines.append(
                (
                    (f" {CURSOR if marked else ' '} ", "marker"),
                    (f"{choice.key}  ", "title"),
                    (f"{choice.name:<{width}}", "bold" if marked else "text"),
                    (choice.note, "muted"),
                )
            )
        lines += [(), ((f"   0  {word('welcome.skip_all')}", "dim"),)]
        shown = [tuple((plain_text(text) if plain else text, token) for text, token in line) for line in lines]
        self.query_one("#dialog-choices", DialogText).show(shown)

    def _tell(self, text: str) -> None:
        self.query_one("#dialog-end", DialogText).show([(), *(text_lines([text], "attention") if text else ())])

    def _language(self) -> Question:
        now = self.futtui.ui_settings.language.value
        choices = [Choice(str(at), OWN_NAMES[code], "", code) for at, code in enumerate(OWN_NAMES, start=1)]
        return Question(
            (word("welcome.intro"), word("welcome.safe"), "", word("welcome.language")),
            tuple(choices),
            list(OWN_NAMES).index(now),
        )

    def _zone(self) -> Question:
        now = self.futtui.ui_settings.time_zone
        zones = [now, *(name for name in ZONES if name != now)][:8]
        time_ms = self.futtui.engine.exchange_time_ms()
        choices = [
            Choice(str(at), name, word("welcome.zone_now", time=numbers.time_text(time_ms, load_zone(name)[0])), name)
            for at, name in enumerate(zones, start=1)
        ]
        choices.append(Choice("9", word("welcome.zone_other"), "", OTHER_ZONE))
        return Question((word("welcome.zone"), word("welcome.zone_why")), tuple(choices), 0)

    def _signs(self) -> Question:
        plain = self.futtui.ui_settings.plain_glyphs
        choices = (
            Choice("1", word("welcome.signs_yes"), word("welcome.signs_full"), "false"),
            Choice("2", word("welcome.signs_no"), word("welcome.signs_plain"), "true"),
        )
        return Question((word("welcome.signs"), "", f"   {SAMPLE}", "", word("welcome.signs_ask")), choices, int(plain))

    def _look(self) -> Question:
        mode = self._answers.get("signals_only_mode", "true")
        choices = [
            Choice(str(at), word(f"theme.{name}"), word("welcome.theme_now") if self._is_now(name) else "", name)
            for at, name in enumerate(THEMES, start=1)
        ]
        name = word("welcome.start", mode=word("mode.SIGNALS" if mode == "true" else "mode.PAPER"))
        choices.append(Choice("4", name, word("welcome.start_why", live=word("mode.LIVE")), START_MODE))
        return Question((word("welcome.look"), word("welcome.look_why")), tuple(choices), 0)

    def _is_now(self, theme: str) -> bool:
        return self.futtui.ui_settings.theme == theme

    # What keys do

    def action_move(self, step: int) -> None:
        """Moves the marker."""
        self._marked = (self._marked + step) % len(self._question().choices)
        self._show()

    def action_take(self) -> None:
        """Takes the marked choice."""
        if not self.is_hidden and not self.query_one(Input).display:
            self._take(self._question().choices[self._marked].answer)

    def action_cancel(self) -> None:
        """Skips this question."""
        self._next()

    def on_key(self, event: events.Key) -> None:
        """A digit takes its choice; 0 skips all that is left."""
        if self.is_hidden or self.query_one(Input).display:
            return
        if event.key == "0":
            event.stop()
            self._finish()
            return
        for choice in self._question().choices:
            if event.key == choice.key:
                event.stop()
                self._take(choice.answer)
                return

    def on_click(self, event: events.Click) -> None:
        """A click on a choice takes it; on the line below, all are skipped."""
        widget = self.query_one("#dialog-choices")
        choices: Sequence[Choice] = self._question().choices
        row = event.screen_y - widget.region.y - 1
        if widget.region.contains(event.screen_x, event.screen_y) and 0 <= row < len(choices):
            self._take(choices[row].answer)
        elif row == len(choices) + 1:
            self._finish()

    def _take(self, answer: str) -> None:
        app, question = self.futtui, QUESTIONS[self._at]
        settings = app.ui_settings
        if question == "language":
            self._answers["screen.language"] = answer
            show_settings(app, replace(settings, language=Language(answer)))
        elif question == "zone":
            self._take_zone(answer)
            return
        elif question == "signs":
            self._answers["screen.plain_glyphs"] = answer
            show_settings(app, replace(settings, plain_glyphs=answer == "true"))
        elif answer == START_MODE:
            now = self._answers.get("signals_only_mode", "true")
            self._answers["signals_only_mode"] = "false" if now == "true" else "true"
            self._show()
            return
        else:
            self._answers["screen.theme"] = answer
            show_settings(app, replace(settings, theme=answer))
        self._next()

    def _take_zone(self, name: str) -> None:
        if name == OTHER_ZONE:
            field = self.query_one(Input)
            field.display = True
            field.focus()
            return
        self._answers["time_zone"] = name
        show_settings(self.futtui, replace(self.futtui.ui_settings, time_zone=name))
        self._next()

    @on(Input.Submitted)
    def _zone_typed(self) -> None:
        name = self.query_one(Input).value.strip()
        if knows_zone(name):
            self._take_zone(name)
        else:
            self._tell(word("welcome.zone_unknown"))

    def _next(self) -> None:
        if self._at + 1 < len(QUESTIONS):
            self._at += 1
            self._ask()
        else:
            self._finish()

    def _finish(self) -> None:
        self.futtui.keep_habits(welcomed=True)
        self.run_worker(self._save(), exclusive=True)

    async def _save(self) -> None:
        """Writes what differs from the file, then leaves."""
        app, port = self.futtui, self.futtui.settings_port
        said = word("welcome.done")
        if port is not None:
            try:
                sheet = await asyncio.to_thread(port.read)
                values = {item.path: item.value for item in sheet.settings}
                changes = {path: text for path, text in self._answers.items() if values.get(path, text) != text}
                if changes:
                    said = await asyncio.to_thread(port.save, changes)
            except (FuttuiError, OSError) as error:
                app.flash(word("welcome.not_saved", reason=str(error)), "attention")
                said = ""
        if said:
            app.flash(said)
        self.dismiss()
        app.pulse.beat()
