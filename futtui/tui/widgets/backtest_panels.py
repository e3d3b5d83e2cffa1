"""The lists of the backtest screens: what can be chosen, kept runs, figures and trades of one run."""

from __future__ import annotations

from functools import partial

from futtui.domain.backtests import RunHead, RunProgress, RunResult, TestedTrade, WalkFold, WalkResult
from futtui.domain.settings_sheet import Setting
from futtui.tui.glyphs import CHECK, SEPARATOR
from futtui.tui.paint import backtest, performance, walk
from futtui.tui.paint import settings as form
from futtui.tui.paint.settings import SettingsState
from futtui.tui.paint.table import head_line
from futtui.tui.paint.text import Line
from futtui.tui.paint.view import View
from futtui.tui.widgets.line_widget import LineWidget
from futtui.tui.widgets.live_panel import LivePanel
from futtui.tui.widgets.rows import Content, LazyRows, Row, Rows, fixed_rows
from futtui.tui.words import word

FLAT = 7
"""A panel of figures with fewer lines shows the figures only."""


class FormSections(LivePanel):
    """What can be chosen, by room."""

    name_id = "form-sections"

    def __init__(self) -> None:
        super().__init__(id="form-sections", classes="panel")
        self.state: SettingsState | None = None

    def content(self, view: View, width: int, height: int) -> Content:
        """One row per section."""
        state = self.state
        if state is None:
            return Content(Rows())
        version = tuple(sorted(state.edits))
        rows = [
            Row(section.path, version, partial(_section, state, section.path, section.depth, width, view.cursor))
            for section in state.sheet.sections
        ]
        return Content(Rows(rows))

    def title(self, view: View) -> str:
        """What this is."""
        return word("backtest.form")


def _section(state: SettingsState, path: str, depth: int, width: int, cursor: str, marked: bool) -> Line:
    page = (path, depth, form.section_title(path))
    return form.section_line(state, page, width, selected=marked, cursor=cursor)


class FormFields(LivePanel):
    """The settings of the chosen section."""

    name_id = "form-fields"

    def __init__(self) -> None:
        super().__init__(id="form-fields", classes="panel")
        self.state: SettingsState | None = None
        self.section = ""
        self.trouble = ""

    def content(self, view: View, width: int, height: int) -> Content:
        """One row per setting; a sentence while there are none."""
        state = self.state
        if state is None or state.sheet.trouble:
            trouble = self.trouble or (f"{word('settings.trouble')} {state.sheet.trouble}" if state else "")
            return Content(Rows(fixed_rows("none", backtest.result_empty_lines(view, width, trouble))))
        rows = [
            Row(item.path, (item, state.edits.get(item.path)), partial(_field, state, item, width, view.cursor))
            for item in state.sheet.inside(self.section)
        ]
        return Content(Rows(rows))

    def marked(self) -> Setting | None:
        """The setting under the marker."""
        found = self.state.sheet.setting(str(self.cursor_key)) if self.state is not None else None
        return found if found is not None and found.section == self.section else None

    def title(self, view: View) -> str:
        """The section's name."""
        return form.section_title(self.section) if self.section else ""


def _field(state: SettingsState, item: Setting, width: int, cursor: str, marked: bool) -> Line:
    return backtest.field_line(state, item, width, cursor, marked)


class FieldNote(LineWidget):
    """What the marked setting means."""

    setting: Setting | None = None

    def paint(self, view: View, width: int, height: int) -> list[Line]:
        """As many lines as there is room for."""
        return form.note_lines(self.setting, width)[:height] if self.setting is not None else []


class ProgressLines(LineWidget):
    """How far the run is."""

    progress: RunProgress | None = None

    def paint(self, view: View, width: int, height: int) -> list[Line]:
        """Two lines."""
        return backtest.progress_lines(self.progress, width)


class RunsPanel(LivePanel):
    """The kept runs, newest first; one of them may be marked for comparing."""

    name_id = "runs"

    def __init__(self) -> None:
        super().__init__(id="runs", classes="panel")
        self.runs: tuple[RunHead, ...] | None = None
        self.mark = ""

    def content(self, view: View, width: int, height: int) -> Content:
        """Headings stay, runs scroll."""
        if not self.runs:
            text = word("backtest.reading") if self.runs is None else ""
            return Content(Rows(fixed_rows("none", backtest.no_runs_lines(width, text)[1:])))
        columns = backtest.columns_for(backtest.RUN_COLUMNS, width)

        def row_of(head: RunHead) -> Row:
            mark = CHECK if head.run_id == self.mark else ""
            painted = partial(backtest.run_line, head, mark, view.zone, columns, view.cursor)
            return Row(head.run_id, (head, mark, columns), painted)

        body = LazyRows(self.runs, lambda head: head.run_id, row_of)
        return Content(body, fixed_rows("head", [head_line(columns)]))

    def title(self, view: View) -> str:
        """What this is."""
        return word("backtest.runs")

    def subtitle(self, view: View) -> str:
        """How many there are."""
        return str(len(self.runs)) if self.runs else ""


class FiguresPanel(LivePanel):
    """Figures by strategy, the total first; of a walk-forward those of each fold."""

    name_id = "figures"

    def __init__(self) -> None:
        super().__init__(id="run-figures", classes="panel")
        self.result: RunResult | None = None
        self.trouble = ""

    def content(self, view: View, width: int, height: int) -> Content:
        """What was tested, then a row per strategy."""
        result = self.result
        if result is None:
            return Content(Rows(fixed_rows("none", backtest.result_empty_lines(view, width, self.trouble))))
        flat = height < FLAT
        if result.walk is not None:
            return self._folds(result, result.walk, width, flat, view)
        head = backtest.head_lines(result, width)[: 1 if flat else 2]
        rows = backtest.figure_rows(result)
        informed = backtest.informed_line(result.informed, width)
        foot = fixed_rows("informed", [informed] if informed and not flat else [])
        if not rows:
            head += backtest.no_runs_lines(width, word("backtest.no_trades"))
            return Content(Rows(fixed_rows("empty", head)), foot=foot)
        columns = performance.columns_for(width)
        body = [
            Row(item.strategy, item.figures, partial(performance.performance_line, item, view, columns))
            for item in rows
        ]
        return Content(Rows(body), fixed_rows("head", [*head, head_line(columns)]), foot)

    def _folds(self, result: RunResult, found: WalkResult, width: int, flat: bool, view: View) -> Content:
        columns = walk.columns_for(width, found)
        rows: list[WalkFold | None] = [None, *found.folds]
        body = [
            Row(at, columns, partial(walk.fold_line, fold, found, columns, view.cursor)) for at, fold in enumerate(rows)
        ]
        head = [] if flat else backtest.head_lines(result, width)
        return Content(Rows(body), fixed_rows("head", [*head, walk.parts_line(columns), head_line(columns)]))

    def title(self, view: View) -> str:
        """What this is."""
        is_walk = self.result is not None and self.result.walk is not None
        return word("backtest.walk.folds" if is_walk else "backtest.figures")

    def subtitle(self, view: View) -> str:
        """What the figures are."""
        return word("performance.units")


class TestedTrades(LivePanel):
    """The trades of a run."""

    __test__ = False
    name_id = "tested"

    def __init__(self) -> None:
        super().__init__(id="run-trades", classes="panel")
        self.result: RunResult | None = None
        self.order = backtest.TRADE_ORDERS[0]

    @property
    def trades(self) -> tuple[TestedTrade, ...]:
        """The trades in the order shown."""
        return backtest.ordered(self.result.trades, self.order) if self.result is not None else ()

    def content(self, view: View, width: int, height: int) -> Content:
        """Headings stay, trades scroll."""
        trades = self.trades
        if not trades:
            text = word("backtest.no_trades") if self.result is not None else word("backtest.reading")
            return Content(Rows(fixed_rows("none", backtest.no_runs_lines(width, text)[1:])))
        columns = backtest.columns_for(backtest.TRADE_COLUMNS, width)

        def row_of(item: TestedTrade) -> Row:
            painted = partial(backtest.trade_line, item, view.zone, columns, view.cursor)
            return Row(item.trade.position_id, columns, painted)

        body = LazyRows(trades, lambda item: item.trade.position_id, row_of)
        return Content(body, fixed_rows("head", [head_line(columns)]))

    def title(self, view: View) -> str:
        """What this is."""
        is_walk = self.result is not None and self.result.walk is not None
        return word("backtest.walk.trades" if is_walk else "backtest.trades")

    def subtitle(self, view: View) -> str:
        """How many there are, and their order."""
        if self.result is None:
            return ""
        return f"{len(self.result.trades)} {SEPARATOR} {word(f'backtest.order.{self.order}')}"
