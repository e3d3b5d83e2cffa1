"""Settings: sections on the left, their settings on the right, below it what the marked one means."""

from __future__ import annotations

import asyncio

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from futtui.domain.errors import FuttuiError
from futtui.domain.settings_sheet import Setting, SettingsSheet
from futtui.tui import keys
from futtui.tui.messages import CursorMoved, RowOpened
from futtui.tui.paint.settings import CHANGES, SettingsState
from futtui.tui.paint.view import View
from futtui.tui.running_settings import apply_settings
from futtui.tui.screens.dialog import QuestionDialog
from futtui.tui.screens.page import PAGE_BINDINGS, PageScreen
from futtui.tui.screens.setting_edit import ask_setting, ask_value
from futtui.tui.screens.settings_clash import Begun, Clash, ask_which
from futtui.tui.screens.settings_parts import Explanation, FieldList, Notice, SectionList
from futtui.tui.settings_port import SettingsPort
from futtui.tui.words import word

BEATS_TO_LOOK = 5
"""The file is looked at once in so many beats."""


class SettingsScreen(PageScreen):
    """Edits wait until they are saved with Ctrl+S; nothing is written before."""

    BINDINGS = keys.bindings(*PAGE_BINDINGS, "settings")
    AUTO_FOCUS = "#sections"
    place_name = "settings"

    def __init__(self, port: SettingsPort) -> None:
        super().__init__()
        self._port = port
        self.state: SettingsState | None = None
        self._beats = 0
        self._saving = False
        self._begun = Begun()

    @property
    def has_changes(self) -> bool:
        """Whether something is not saved yet."""
        return self.state is not None and bool(self.state.edits)

    def body(self) -> ComposeResult:
        """Two lists and the explanation."""
        yield Notice(id="settings-notice")
        with Horizontal(id="settings-lists"):
            yield SectionList()
            with Vertical(id="settings-right"):
                yield FieldList()
                yield Explanation(id="settings-explain")

    def on_mount(self) -> None:
        """Begins to read the file."""
        super().on_mount()
        self.still_reading = True
        self._read(outside=False)

    # The file

    def _read(self, *, outside: bool) -> None:
        self.run_worker(self._read_beside(outside), exclusive=True, group="settings")

    async def _read_beside(self, outside: bool) -> None:
        try:
            sheet = await asyncio.to_thread(self._port.read)
        except (FuttuiError, OSError) as error:
            self.still_reading = False
            self.futtui.flash(word("settings.unreadable", reason=str(error)), "down_bold")
            self.look_again()
            return
        await self._show_sheet(sheet, outside)

    async def _show_sheet(self, sheet: SettingsSheet, outside: bool) -> None:
        edits = dict(self.state.edits) if self.state else {}
        edits = {path: text for path, text in edits.items() if _differs(sheet, path, text)}
        count = self.state.outside if self.state and outside else 0
        if outside and self.state is not None:
            before = {item.path: item.value for item in self.state.sheet.settings}
            count += sum(1 for item in sheet.settings if before.get(item.path) != item.value)
        if outside and (clashes := self._begun.clashes(sheet, edits)):
            names = ", ".join(clash.path for clash in clashes)
            self.futtui.flash(word("settings.clash", names=names), "attention")
        await self._put(SettingsState(sheet, edits, outside=count))

    async def _put(self, state: SettingsState) -> None:
        """Shows a state after its new values were checked."""
        problem = ""
        if state.edits and not state.sheet.trouble:
            problem = await asyncio.to_thread(self._port.problem, state.edits)
        first = self.state is None and bool(state.sheet.sections)
        self._show(SettingsState(state.sheet, state.edits, problem, state.outside))
        if first:
            self._go_to(state.sheet.sections[0].path)
        self.still_reading = False

    def _show(self, state: SettingsState) -> None:
        self.state = state
        for widget in (self.query_one(SectionList), self.query_one(FieldList), self.query_one(Notice)):
            widget.state = state
        self._follow()

    def _follow(self) -> None:
        """The right side follows the left one, the explanation follows the right one."""
        sections, fields, explanation = (
            self.query_one(SectionList),
            self.query_one(FieldList),
            self.query_one(Explanation),
        )
        if sections.cursor_key is not None and fields.section != sections.cursor_key:
            fields.section = str(sections.cursor_key)
            fields.scroll_to(y=0, animate=False)
            fields.look_again()
            fields.action_edge(-1)
        self.look_again()
        explanation.state, explanation.setting = self.state, fields.marked()
        explanation.display = fields.marked() is not None
        self.look_again()

    def pulse(self, view: View) -> None:
        """Looks at the file now and then."""
        super().pulse(view)
        self._beats += 1
        if self._beats % BEATS_TO_LOOK or self.state is None or self._saving:
            return
        if self._port.stamp() != self.state.sheet.stamp:
            self._read(outside=True)

    # Moving

    @on(CursorMoved)
    def _moved(self) -> None:
        self._follow()

    @on(RowOpened)
    def _opened(self, message: RowOpened) -> None:
        if message.panel == "sections":
            self.query_one(FieldList).focus()
        else:
            self._edit()

    def action_other_side(self) -> None:
        """From the sections to the settings and back."""
        sections, fields = self.query_one(SectionList), self.query_one(FieldList)
        (fields if self.focused is sections else sections).focus()

    def action_show_changes(self) -> None:
        """The page with all changes."""
        self._go_to(CHANGES)

    def _go_to(self, section: str, path: str = "") -> None:
        self.query_one(SectionList).select_key(section)
        self._follow()
        if path:
            fields = self.query_one(FieldList)
            fields.select_key(path)
            fields.focus()
            self._follow()

    def action_find_setting(self) -> None:
        """Asks for a part of a name and goes there."""
        if self.state is not None:
            ask_setting(self, self.state.sheet, lambda setting: self._go_to(setting.section, setting.path))

    # Changing

    def _edit(self) -> None:
        setting = self.query_one(FieldList).marked()
        if setting is None or self.state is None:
            return
        if setting.fixed_by:
            self.futtui.flash(word("settings.fixed", where=setting.fixed_by), "attention")
            return
        ask_value(self, setting, self.state.value(setting), self._port, lambda text: self._change(setting, text))

    def _change(self, setting: Setting, text: str) -> None:
        if self.state is None or text == self.state.value(setting):
            return
        self.futtui.settings_undo.append((setting.path, self.state.value(setting)))
        self._set(setting.path, text)

    def _set(self, path: str, text: str) -> None:
        if self.state is None:
            return
        self._begun.note(self.state.sheet, path)
        edits = {**self.state.edits, path: text}
        if not _differs(self.state.sheet, path, text):
            del edits[path]
        self._begun.keep(edits)
        state = SettingsState(self.state.sheet, edits, self.state.problem, self.state.outside)
        self._show(state)
        self.run_worker(self._put(state), exclusive=True, group="settings")

    def action_to_default(self) -> None:
        """Puts the marked setting back to its default."""
        setting = self.query_one(FieldList).marked()
        if setting is not None and not setting.fixed_by:
            self._change(setting, setting.default)

    def action_undo(self) -> None:
        """Takes the newest change back, also one that is saved: then it waits to be saved again."""
        if not self.futtui.settings_undo or self.state is None:
            self.futtui.flash(word("settings.nothing_to_undo"), "attention")
            return
        path, text = self.futtui.settings_undo.pop()
        self._set(path, text)
        self._go_to(path.rpartition(".")[0], path)

    def action_reload(self) -> None:
        """Takes the file as it is; changes that are not saved are dropped."""
        self._forget_edits()
        if self.state is not None:
            self._show(SettingsState(self.state.sheet))
        self._read(outside=False)

    def action_save(self) -> None:
        """Writes all changes into the file."""
        state = self.state
        if state is None or self._saving:
            return
        if state.sheet.trouble:
            self.futtui.flash(word("settings.cannot_save"), "down_bold")
        elif not state.edits:
            self.futtui.flash(word("settings.no_changes"), "attention")
        elif state.problem:
            self.futtui.flash(state.problem, "down_bold")
            self.action_show_changes()
        else:
            self._saving = True
            self.run_worker(self._save_beside(state), group="save")
        self.look_again()

    async def _save_beside(self, state: SettingsState) -> None:
        edits = dict(state.edits)
        try:
            newest = await asyncio.to_thread(self._port.read)
            if clashes := self._begun.clashes(newest, edits):
                self._ask_which(newest, clashes)
                return
            said = await asyncio.to_thread(self._port.save, edits)
            sheet = await asyncio.to_thread(self._port.read)
        except (FuttuiError, OSError) as error:
            self.futtui.flash(str(error), "down_bold")
            self.look_again()
            return
        finally:
            self._saving = False
        later = [item for path in edits if (item := state.sheet.setting(path)) and not item.at_once]
        self.futtui.flash(f"{said} {word('settings.saved_later' if later else 'settings.saved_now')}")
        meanwhile = self.state.edits if self.state is not None else {}
        self._show(SettingsState(sheet, {path: text for path, text in meanwhile.items() if edits.get(path) != text}))
        self._begun.keep(self.state.edits if self.state is not None else ())
        apply_settings(self.futtui, sheet)

    def _ask_which(self, newest: SettingsSheet, clashes: list[Clash]) -> None:
        """The file says something else than when the changes were begun: whose values count?"""

        def answered(mine: bool | None) -> None:
            if mine is None or self.state is None:
                return
            self._begun.agree(newest)
            if not mine:
                dropped = {clash.path for clash in clashes}
                edits = {path: text for path, text in self.state.edits.items() if path not in dropped}
                self._begun.keep(edits)
                self._show(SettingsState(newest, edits))
                self.futtui.flash(word("settings.clash_dropped"))
                return
            self.action_save()

        ask_which(self, clashes, answered)

    def _forget_edits(self) -> None:
        """What is dropped unsaved is nothing to take back."""
        edited, undo = set(self.state.edits) if self.state else set(), self.futtui.settings_undo
        kept = [change for change in undo if change[0] not in edited]
        undo.clear()
        undo.extend(kept)

    def action_leave(self) -> None:
        """Back; asks first when there are changes that are not saved."""
        if self.state is None or not self.has_changes:
            self.dismiss()
            return
        texts = [word("settings.leave_what", n=len(self.state.edits))]
        question = QuestionDialog(
            word("settings.leave_heading"), texts, yes=word("settings.leave_yes"), no=word("settings.leave_no")
        )

        def answered(yes: bool | None) -> None:
            if yes:
                self._forget_edits()
                self.dismiss()

        self.app.push_screen(question, answered)


def _differs(sheet: SettingsSheet, path: str, text: str) -> bool:
    setting = sheet.setting(path)
    return setting is not None and setting.value != text
