"""The two dialogs of the settings screen: a field for one value, and a search over all names."""

from __future__ import annotations

import asyncio

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from futtui.domain.errors import FuttuiError
from futtui.domain.settings_sheet import Setting
from futtui.tui import keys
from futtui.tui.paint import settings as paint
from futtui.tui.screens.dialog import Dialog, DialogText, text_lines
from futtui.tui.screens.find import FindScreen
from futtui.tui.settings_port import ValueCheck
from futtui.tui.words import word


class SettingEdit(Dialog[str | None]):
    """One value as text; Enter takes it only when it can be. Answers the text, or None."""

    AUTO_FOCUS = "#setting-input"

    def __init__(self, setting: Setting, value: str, port: ValueCheck) -> None:
        super().__init__(classes="dialog")
        self.heading = paint.name_of(setting)
        self.bottom = word("settings.edit_bottom")
        self._setting = setting
        self._value = "" if value == '""' else value
        self._port = port

    def compose(self) -> ComposeResult:
        """Explanation, field, problem."""
        with Vertical(id="dialog-box"):
            yield DialogText(id="dialog-intro")
            field = Input(self._value, id="setting-input", compact=True)
            field.cursor_blink = False
            yield field
            yield DialogText(id="dialog-problem")

    def on_mount(self) -> None:
        """Shows what the setting means."""
        self.frame_texts()
        setting = self._setting
        bounds = paint.bounds_of(setting)
        texts = [setting.doc, ""]
        if bounds:
            texts.append(word("settings.allowed", bounds=bounds))
        texts += [word("settings.default", value=paint.value_of(setting, setting.default)), ""]
        self.query_one("#dialog-intro", DialogText).show(text_lines(texts))
        self.query_one("#dialog-problem", DialogText).show([()])

    @on(Input.Changed)
    def _typed(self) -> None:
        self.query_one("#dialog-problem", DialogText).show([()])

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.run_worker(self._check(self.query_one(Input).value.strip()), exclusive=True)

    async def _check(self, text: str) -> None:
        try:
            taken = await asyncio.to_thread(self._port.take, self._setting.path, text)
        except FuttuiError as error:
            self.query_one("#dialog-problem", DialogText).show([(), *text_lines([f"! {error}"], "attention")])
        else:
            self.dismiss(taken)


class FindSetting(FindScreen):
    """Find a setting by a part of its path."""

    def __init__(self, paths: tuple[str, ...]) -> None:
        super().__init__(paths)
        self.heading = word("settings.find_heading")

    def _found(self) -> list[str]:
        wanted = self.query_one(Input).value.strip().lower().replace(" ", "_")
        typed = (wanted, keys.latin_text(wanted))
        found = [path for path in self._symbols if any(text in path for text in typed)]
        return sorted(found, key=lambda path: (typed[1] not in path.rpartition(".")[2], path.count("."), path))
