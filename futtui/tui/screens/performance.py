"""How the strategies did: a table by account, the marked line in words and as a line of results."""

from __future__ import annotations

from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal

from futtui.domain.performance import Performance, PerformanceReport
from futtui.domain.position import TradingMode
from futtui.tui import keys
from futtui.tui.answers import Answer
from futtui.tui.messages import CursorMoved, RowOpened
from futtui.tui.paint import performance
from futtui.tui.paint.curve import curve_lines
from futtui.tui.paint.performance import PerformanceLook
from futtui.tui.paint.table import head_line
from futtui.tui.paint.text import Line
from futtui.tui.paint.view import View
from futtui.tui.screens.page import PAGE_BINDINGS, PageScreen
from futtui.tui.widgets.live_panel import LivePanel
from futtui.tui.widgets.rows import Content, Row, Rows, fixed_rows
from futtui.tui.widgets.text_panel import TextPanel
from futtui.tui.words import word

PERIODS_DAYS = (7, 30, 90, None)
BEATS_BETWEEN = 300
"""Intervals are drawn anew with every report, which costs: a minute between two, or the next closed trade."""
CURVE_BELOW_WORDS = 9
"""Lines of the curve where it has no box of its own."""


class ResultList(LivePanel):
    """The total of an account and its strategies, grouped by system."""

    name_id = "results"

    def __init__(self) -> None:
        super().__init__(id="results", classes="panel")
        self.look = PerformanceLook(None, None, None)

    def content(self, view: View, width: int, height: int) -> Content:
        """One row per line; sentences while there is none."""
        account = self.look.account
        if account is None:
            return Content(Rows(fixed_rows("empty", performance.empty_lines(self.look, width))))
        columns = performance.columns_for(width)
        body: list[Row] = []
        system = None
        for item in performance.lines_of(account):
            if item.system is not None and item.system is not system:
                system = item.system
                body += fixed_rows(f"system {system.value}", [performance.system_head(item, width)])
            painted = partial(performance.performance_line, item, view, columns)
            body.append(Row(item.strategy, item.figures, painted))
        return Content(Rows(body), fixed_rows("head", [head_line(columns)]))

    def marked(self) -> Performance | None:
        """The line under the marker."""
        account = self.look.account
        found = performance.lines_of(account) if account is not None else ()
        return next((item for item in found if item.strategy == self.cursor_key), None)

    def title(self, view: View) -> str:
        """Account and period."""
        mode = word(f"mode.{self.look.mode.value}") if self.look.mode is not None else ""
        period = word(f"performance.days.{self.look.days or 'all'}")
        return "  ".join(part for part in (word("trail.performance"), mode, period) if part)

    def subtitle(self, view: View) -> str:
        """What the figures are."""
        return word("performance.units") if self.look.account is not None else ""


class PerformanceScreen(PageScreen):
    """Nothing here decides anything: figures with their intervals, read from the database beside everything else."""

    BINDINGS = keys.bindings(*PAGE_BINDINGS, "period", "accounts")
    AUTO_FOCUS = "#results"
    place_name = "performance"

    def __init__(self) -> None:
        super().__init__()
        self._period = len(PERIODS_DAYS) - 1
        self._mode: TradingMode | None = None
        self.answer: Answer[PerformanceReport] = Answer(BEATS_BETWEEN)
        self._trades_closed = -1
        self.results = ResultList()
        self.curve = TextPanel(word("performance.box.curve"), self._curve, id="result-curve")

    def body(self) -> ComposeResult:
        """The table above words and line."""
        yield self.results
        with Horizontal(id="result-below"):
            yield TextPanel(word("performance.box.words"), self._words, id="result-words")
            yield self.curve

    def pulse(self, view: View) -> None:
        """Asks for the report of the period, then hands the view on."""
        days, engine = PERIODS_DAYS[self._period], self.futtui.engine
        closed = view.snapshot.desk.account.closed_trades if view.snapshot.desk is not None else 0
        if closed != self._trades_closed:
            self._trades_closed = closed
            self.answer.hurry()
        self.answer.look(days, lambda: engine.performance(days))
        if self.watchers:
            self.results.look = self._look(view)
        super().pulse(view)

    def _look(self, view: View) -> PerformanceLook:
        report = self.answer.value
        mode = performance.chosen_mode(report, self._mode or view.mode)
        return PerformanceLook(PERIODS_DAYS[self._period], mode, report, self.answer.trouble)

    def _words(self, view: View, width: int) -> list[Line]:
        panel = self.results
        lines = performance.words_lines(panel.marked(), panel.look, view, width)
        if panel.marked() is None or self.curve.display:
            return lines
        return [*lines, (), *self._drawn(view, width, CURVE_BELOW_WORDS)]

    def _curve(self, view: View, width: int) -> list[Line]:
        return self._drawn(view, width, self.curve.size.height)

    def _drawn(self, view: View, width: int, height: int) -> list[Line]:
        item = self.results.marked()
        return curve_lines(item.running_r if item is not None else (), width, height, view.zone, "R")

    @on(CursorMoved)
    def _moved(self) -> None:
        """Words and line follow the marker."""
        self.look_again()

    def action_period(self, step: int) -> None:
        """A shorter or longer time."""
        self._period = max(0, min(len(PERIODS_DAYS) - 1, self._period + step))
        self.look_again()

    def action_account(self, step: int) -> None:
        """The next account that has a trade."""
        report = self.answer.value
        modes = [account.mode for account in report.accounts] if report is not None else []
        shown = self.results.look.mode
        if len(modes) < 2 or shown not in modes:
            self.futtui.flash(word("performance.one_account"), "attention")
            self.futtui.pulse.beat()
            return
        self._mode = modes[(modes.index(shown) + step) % len(modes)]
        self.look_again()

    @on(RowOpened)
    def _open_row(self) -> None:
        """The words of the marked line get the focus, so that they can be scrolled."""
        self.query_one("#result-words").focus()
