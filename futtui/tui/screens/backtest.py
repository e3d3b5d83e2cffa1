"""Backtests: what is tested on the left and right, how far the run is, and all kept runs below."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from futtui.domain.backtests import RunProgress, RunState
from futtui.domain.errors import FuttuiError
from futtui.domain.settings_sheet import Setting, SettingsSheet
from futtui.tui import keys
from futtui.tui.backtest_port import BacktestPort
from futtui.tui.messages import CursorMoved, RowOpened
from futtui.tui.paint.settings import SettingsState
from futtui.tui.paint.view import View
from futtui.tui.screens.dialog import QuestionDialog
from futtui.tui.screens.page import PAGE_BINDINGS, PageScreen
from futtui.tui.screens.setting_edit import ask_setting, ask_value
from futtui.tui.widgets.backtest_panels import FieldNote, FormFields, FormSections, ProgressLines, RunsPanel
from futtui.tui.widgets.live_panel import LivePanel
from futtui.tui.words import has_word, word


class _AmongOthers:
    """Checks a typed value beside those that stand in the form."""

    def __init__(self, port: BacktestPort, state: SettingsState) -> None:
        self._port = port
        self._others = {item.path: state.value(item) for item in state.sheet.settings}

    def take(self, path: str, text: str) -> str:
        """What the user typed as it will be used. Raises FuttuiError with a sentence why it cannot be."""
        return self._port.take(path, text, self._others)


class BacktestScreen(PageScreen):
    """A run works in a process of its own: the market and the trades go on, also when this place is left."""

    BINDINGS = keys.bindings(*PAGE_BINDINGS, "backtest", "run_files")
    AUTO_FOCUS = "#form-fields"
    place_name = "backtest"

    def __init__(self, port: BacktestPort) -> None:
        super().__init__()
        self._port = port
        self.state: SettingsState | None = None
        self._was_under_way = False

    def body(self) -> ComposeResult:
        """Progress, form, runs."""
        yield ProgressLines(id="run-progress")
        with Horizontal(id="backtest-form"):
            yield FormSections()
            with Vertical(id="form-right"):
                yield FormFields()
                yield FieldNote(id="form-note")
        yield RunsPanel()

    def on_mount(self) -> None:
        """Reads form and runs."""
        self.sections, self.fields = self.query_one(FormSections), self.query_one(FormFields)
        self.runs, self.note = self.query_one(RunsPanel), self.query_one(FieldNote)
        self.progress = self.query_one(ProgressLines)
        super().on_mount()
        self.still_reading = True
        self.run_worker(self._read_form(), group="form")
        self._read_runs()

    # Reading

    async def _read_form(self) -> None:
        try:
            sheet = await asyncio.to_thread(self._port.form)
        except FuttuiError as error:
            self.still_reading = False
            self.fields.trouble = str(error)
            self.look_again()
            return
        self._show(SettingsState(_in_words(sheet)))
        self.still_reading = False

    def _read_runs(self) -> None:
        self.run_worker(self._read_runs_beside(), exclusive=True, group="runs")

    async def _read_runs_beside(self) -> None:
        self.runs.runs = await asyncio.to_thread(self._port.runs)
        if self.runs.mark not in {head.run_id for head in self.runs.runs}:
            self.runs.mark = ""
        self.look_again()

    def _show(self, state: SettingsState) -> None:
        self.state = self.sections.state = self.fields.state = state
        self.look_again()
        self._follow()

    def _follow(self) -> None:
        """The fields follow the sections, the explanation follows the fields."""
        section = str(self.sections.cursor_key or "")
        if section and section != self.fields.section:
            self.fields.section = section
            self.fields.scroll_to(y=0, animate=False)
            self.fields.look_again()
            self.fields.action_edge(-1)
        self.note.setting = self.fields.marked()
        self.look_again()

    def pulse(self, view: View) -> None:
        """Looks how far the run is; a run that ended is in the list."""
        progress = self._port.progress()
        if self.watchers:
            self.progress.progress = progress
            if self._was_under_way and progress is not None and progress.state is RunState.DONE:
                self._read_runs()
        self._was_under_way = progress is not None and progress.is_under_way
        super().pulse(view)

    # Moving

    @on(CursorMoved)
    def _moved(self) -> None:
        self._follow()

    @on(RowOpened)
    def _opened(self, message: RowOpened) -> None:
        if message.panel == self.sections.name_id:
            self.fields.focus()
        elif message.panel == self.fields.name_id:
            self._edit()
        else:
            self._open_run(str(message.key))

    def action_other_side(self, step: int) -> None:
        """Sections, settings, runs, and round again."""
        places: list[LivePanel] = [self.sections, self.fields, self.runs]
        at = next((index for index, panel in enumerate(places) if panel is self.focused), 0)
        places[(at + step) % len(places)].focus()

    def action_find_setting(self) -> None:
        """Asks for a part of a name and goes there."""
        if self.state is not None:
            ask_setting(self, self.state.sheet, self._go_to)

    def _go_to(self, setting: Setting) -> None:
        self.sections.select_key(setting.section)
        self._follow()
        self.fields.select_key(setting.path)
        self.fields.focus()

    # Changing

    def _edit(self) -> None:
        setting, state = self.fields.marked(), self.state
        if setting is not None and state is not None:
            port = _AmongOthers(self._port, state)
            ask_value(self, setting, state.value(setting), port, lambda text: self._set(setting, text))

    def action_to_default(self) -> None:
        """The marked setting as it is shipped."""
        setting = self.fields.marked()
        if setting is not None:
            self._set(setting, setting.default)

    def _set(self, setting: Setting, text: str) -> None:
        if self.state is not None:
            self._show(SettingsState(self.state.sheet, {**self.state.edits, setting.path: text}))
            self.app.run_worker(asyncio.to_thread(self._port.keep, {setting.path: text}), group="keep")

    # Running

    def action_start_run(self) -> None:
        """Begins; what makes no sense is told in a sentence."""
        if self.state is not None and not self.state.sheet.trouble:
            self.run_worker(self._start(dict(self.state.edits)), exclusive=True, group="start")

    async def _start(self, values: dict[str, str]) -> None:
        try:
            await asyncio.to_thread(self._port.start, values)
        except FuttuiError as error:
            self._flash(str(error), "down_bold")
        else:
            self._flash(word("backtest.started"))

    def action_cancel_run(self) -> None:
        """Asks, then ends the run."""
        if self._under_way() is None:
            return
        texts = [word("backtest.cancel_what")]
        question = QuestionDialog(
            word("backtest.cancel_heading"), texts, yes=word("backtest.cancel_yes"), no=word("backtest.cancel_no")
        )
        self.app.push_screen(question, lambda yes: self._port.cancel() if yes else None)

    def action_pause_run(self) -> None:
        """Lets the run stand still, or go on."""
        progress = self._under_way()
        if progress is None:
            return
        stands = progress.state is RunState.PAUSED
        self._port.pause(not stands)
        self._flash(word("backtest.goes_on" if stands else "backtest.stands"))

    def _under_way(self) -> RunProgress | None:
        """The run that has not ended; says so where there is none."""
        progress = self._port.progress()
        if progress is not None and progress.is_under_way:
            return progress
        self._flash(word("backtest.not_running"), "attention")
        return None

    # Kept runs

    def _open_run(self, run_id: str) -> None:
        from futtui.tui.screens.backtest_result import ResultScreen

        runs = [head.run_id for head in self.runs.runs or ()]
        self.app.push_screen(ResultScreen(self._port, runs, runs.index(run_id)))

    def action_compare(self) -> None:
        """Marks the run; with another one marked before, shows both beside each other."""
        run_id, marked = str(self.runs.cursor_key or ""), self.runs.mark
        if not run_id:
            self._flash(word("backtest.no_runs"), "attention")
            return
        self.runs.mark = "" if marked else run_id
        self.look_again()
        if not marked:
            self._flash(word("backtest.marked"))
        elif marked != run_id:
            from futtui.tui.screens.backtest_result import CompareScreen

            self.app.push_screen(CompareScreen(self._port, marked, run_id))

    def action_export_run(self) -> None:
        """Table and page of the run under the marker."""
        run_id = str(self.runs.cursor_key or "")
        if not run_id:
            self._flash(word("backtest.no_runs"), "attention")
            return
        self.run_worker(export(self, self._port, run_id), group="export")

    def _flash(self, text: str, token: str = "bold") -> None:
        self.futtui.flash(text, token)
        self.futtui.pulse.beat()


async def export(screen: PageScreen, port: BacktestPort, run_id: str) -> None:
    """Writes the files of a run and tells where they are."""
    try:
        text, token = await asyncio.to_thread(port.export, run_id), "bold"
    except FuttuiError as error:
        text, token = str(error), "down_bold"
    screen.futtui.flash(text, token)
    screen.futtui.pulse.beat()


def _in_words(sheet: SettingsSheet) -> SettingsSheet:
    """The sheet with the explanations of the run's own settings in the language of the screen."""

    def in_words(item: Setting) -> Setting:
        identity = f"backtest.doc.{item.name}"
        return replace(item, doc=word(identity)) if item.section in ("run", "walk") and has_word(identity) else item

    return replace(sheet, settings=tuple(map(in_words, sheet.settings)))
