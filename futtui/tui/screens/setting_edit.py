"""Asking for one value of a form, and for a setting by its name: used by the settings and by backtests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Input

from futtui.domain.errors import FuttuiError
from futtui.domain.settings_sheet import Setting, SettingKind, SettingsSheet
from futtui.tui import keys
from futtui.tui.paint import settings as paint
from futtui.tui.screens.dialog import Choice, Dialog, DialogText, MenuDialog, field_box, text_lines
from futtui.tui.screens.find import FindScreen
from futtui.tui.settings_port import ValueCheck
from futtui.tui.words import word


def ask_value(screen: Screen[Any], setting: Setting, value: str, port: ValueCheck, take: Callable[[str], None]) -> None:
    """Asks for another value of a setting and hands it to `take`: a yes or no turns at once, choices are a menu."""
    if setting.kind is SettingKind.YES_NO:
        take("false" if value == "true" else "true")
        return

    def taken(text: str | None) -> None:
        if text is not None:
            take(text)

    if not setting.choices:
        screen.app.push_screen(SettingEdit(setting, value, port), taken)
        return
    choices = [Choice(str(at), name, "", name) for at, name in enumerate(setting.choices, start=1)]
    marked = setting.choices.index(value) if value in setting.choices else 0
    screen.app.push_screen(MenuDialog(paint.name_of(setting), [setting.doc], choices, marked), taken)


def ask_setting(screen: Screen[Any], sheet: SettingsSheet, go_to: Callable[[Setting], None]) -> None:
    """Asks for a part of a name and hands the setting to `go_to`."""
    named = {item.path: item for item in sheet.settings}

    def found(path: str | None) -> None:
        if path in named:
            go_to(named[path])

    screen.app.push_screen(FindSetting(tuple(named)), found)


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
        yield from field_box(self._value, "setting-input")

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
        self.nothing = word("settings.find_nothing")

    def _found(self) -> list[str]:
        wanted = self.query_one(Input).value.strip().lower().replace(" ", "_")
        typed = (wanted, keys.latin_text(wanted))
        found = [path for path in self._symbols if any(text in path for text in typed)]
        return sorted(found, key=lambda path: (typed[1] not in path.rpartition(".")[2], path.count("."), path))
