"""The parts of the settings screen: sections, settings of a section, how things stand, what the marked one means."""

from __future__ import annotations

from functools import partial

from futtui.domain.settings_sheet import Setting
from futtui.tui.paint import settings as paint
from futtui.tui.paint.settings import CHANGES, SECRETS, SettingsState
from futtui.tui.paint.text import Line
from futtui.tui.paint.view import View
from futtui.tui.widgets.line_widget import LineWidget
from futtui.tui.widgets.live_panel import LivePanel
from futtui.tui.widgets.rows import Content, Row, Rows, fixed_rows
from futtui.tui.words import word


class SectionList(LivePanel):
    """Sections of the file, and the two pages about changes and keys."""

    name_id = "sections"

    def __init__(self) -> None:
        super().__init__(id="sections", classes="panel")
        self.state: SettingsState | None = None

    def content(self, view: View, width: int, height: int) -> Content:
        """One row per section; nothing while the file is being read."""
        state = self.state
        if state is None:
            return Content(Rows())
        rows = []
        for page in paint.pages(state):
            counts = tuple(sorted(state.edits))

            def painted(marked: bool, page: tuple[str, int, str] = page) -> Line:
                return paint.section_line(state, page, width, selected=marked, cursor=view.cursor)

            rows.append(Row(page[0], (page, counts), painted))
        return Content(Rows(rows))

    def title(self, view: View) -> str:
        """What this is."""
        return word("trail.settings")


class FieldList(LivePanel):
    """The settings of the chosen section, or one of the pages."""

    name_id = "fields"

    def __init__(self) -> None:
        super().__init__(id="fields", classes="panel")
        self.state: SettingsState | None = None
        self.section = CHANGES

    def content(self, view: View, width: int, height: int) -> Content:
        """One row per setting."""
        state = self.state
        if state is None:
            return Content(Rows(fixed_rows("loading", [(), ((f"  {word('settings.loading')}", "muted"),)])))
        if self.section == CHANGES:
            return Content(Rows(fixed_rows("changes", paint.changes_lines(state, width))))
        if self.section == SECRETS:
            return Content(Rows(fixed_rows("secrets", paint.secrets_lines(state, width))))
        inside = state.sheet.inside(self.section)
        if not inside:
            return Content(Rows(fixed_rows("none", [(), ((f"  {word('settings.only_below')}", "muted"),)])))
        return Content(Rows([self._row(state, item, view, width) for item in inside]))

    @staticmethod
    def _row(state: SettingsState, item: Setting, view: View, width: int) -> Row:
        version = (item, state.edits.get(item.path))
        painted = partial(_painted, state, item, width, view.cursor)
        return Row(item.path, version, painted)

    def marked(self) -> Setting | None:
        """The setting under the marker."""
        if self.state is None or self.section in (CHANGES, SECRETS):
            return None
        found = self.state.sheet.setting(str(self.cursor_key))
        return found if found is not None and found.section == self.section else None

    def title(self, view: View) -> str:
        """The section's name."""
        return paint.section_title(self.section)

    def subtitle(self, view: View) -> str:
        """What the section is for."""
        section = paint.section_of(self.state.sheet, self.section) if self.state else None
        return section.doc if section else ""


def _painted(state: SettingsState, item: Setting, width: int, cursor: str, marked: bool) -> Line:
    return paint.setting_line(state, item, width, selected=marked, cursor=cursor)


class Notice(LineWidget):
    """How things stand with the file."""

    state: SettingsState | None = None

    def paint(self, view: View, width: int, height: int) -> list[Line]:
        """One line."""
        return [paint.notice_line(self.state, width)]


class Explanation(LineWidget):
    """What the marked setting means."""

    state: SettingsState | None = None
    setting: Setting | None = None

    def paint(self, view: View, width: int, height: int) -> list[Line]:
        """As many lines as there is room for."""
        if self.state is None:
            return []
        return paint.explain_lines(self.state, self.setting, width)[:height]
