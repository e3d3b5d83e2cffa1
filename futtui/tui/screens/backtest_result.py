"""One kept run: figures with their intervals, the line of results, every trade; and two runs beside each other."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from textual import on
from textual.app import ComposeResult

from futtui.domain.backtests import RunResult
from futtui.domain.errors import FuttuiError
from futtui.tui import keys
from futtui.tui.backtest_port import BacktestPort
from futtui.tui.messages import RowOpened
from futtui.tui.paint import backtest
from futtui.tui.paint.text import Line
from futtui.tui.paint.view import View
from futtui.tui.screens.backtest import export
from futtui.tui.screens.page import PAGE_BINDINGS, PageScreen
from futtui.tui.widgets.backtest_panels import FiguresPanel, TestedTrades
from futtui.tui.widgets.text_panel import TextPanel
from futtui.tui.words import word


class ResultScreen(PageScreen):
    """Figures above, line and trades below. `runs`: all kept ones, for going to the next."""

    BINDINGS = keys.bindings(*PAGE_BINDINGS, "walk", "run_files", "run_result")
    AUTO_FOCUS = "#run-trades"
    place_name = "backtest_result"

    def __init__(self, port: BacktestPort, runs: list[str], at: int) -> None:
        super().__init__()
        self._port, self._runs, self._at = port, runs, at
        self.result: RunResult | None = None

    @property
    def run_id(self) -> str:
        """The run that is shown."""
        return self._runs[self._at]

    def trail_names(self) -> tuple[str, ...]:
        """The way to this place."""
        return word("trail.dashboard"), word("trail.backtest"), self.run_id

    def body(self) -> ComposeResult:
        """Figures, line, trades."""
        yield FiguresPanel()
        yield TextPanel(word("backtest.equity"), self._equity, id="run-equity")
        yield TestedTrades()

    def on_mount(self) -> None:
        """Reads the run."""
        self.figures, self.trades = self.query_one(FiguresPanel), self.query_one(TestedTrades)
        super().on_mount()
        self.still_reading = True
        self._read()

    def _read(self) -> None:
        self.run_worker(self._read_beside(self.run_id), exclusive=True, group="result")

    async def _read_beside(self, run_id: str) -> None:
        trouble = ""
        try:
            result: RunResult | None = await asyncio.to_thread(self._port.result, run_id)
        except FuttuiError as error:
            result, trouble = None, str(error)
        self.result = self.figures.result = self.trades.result = result
        self.figures.trouble = trouble
        self.look_again()
        self.still_reading = False

    def _equity(self, view: View, width: int) -> list[Line]:
        return backtest.equity_lines(self.result, width, self.query_one("#run-equity").size.height, view.zone)

    @on(RowOpened)
    def _opened(self, message: RowOpened) -> None:
        if self.result is None or message.panel != self.trades.name_id:
            return
        from futtui.tui.screens.replay import ReplayScreen

        trades = self.trades.trades
        at = next((index for index, item in enumerate(trades) if item.trade.position_id == message.key), None)
        if at is not None:
            self.app.push_screen(ReplayScreen(self._port, replace(self.result, trades=trades), at))

    def action_other_side(self, step: int) -> None:
        """Figures or trades."""
        (self.figures if self.focused is self.trades else self.trades).focus()

    def action_order(self) -> None:
        """By time, the worst first, the best first."""
        orders = backtest.TRADE_ORDERS
        self.trades.order = orders[(orders.index(self.trades.order) + 1) % len(orders)]
        self.look_again()
        self.trades.action_edge(-1)

    def action_neighbour(self, step: int) -> None:
        """The next or previous kept run."""
        self._at = (self._at + step) % len(self._runs)
        self.result = self.figures.result = self.trades.result = None
        self.retrace()
        self._read()

    def action_export_run(self) -> None:
        """Table and page of this run."""
        self.run_worker(export(self, self._port, self.run_id), group="export")

    def action_show_values(self) -> None:
        """The values that this run was made with."""
        if self.result is not None:
            self.app.push_screen(ValuesScreen(self.result))


class ValuesScreen(PageScreen):
    """What a run was made with."""

    BINDINGS = keys.bindings(*PAGE_BINDINGS)
    AUTO_FOCUS = "#compare"
    place_name = "run_values"

    def __init__(self, result: RunResult) -> None:
        super().__init__()
        self._result = result

    def trail_names(self) -> tuple[str, ...]:
        """The way to this place."""
        return word("trail.dashboard"), word("trail.backtest"), self._result.head.run_id, word("trail.run_values")

    def body(self) -> ComposeResult:
        """One text."""
        yield TextPanel(word("trail.run_values"), self._lines, id="compare")

    def _lines(self, view: View, width: int) -> list[Line]:
        return backtest.values_lines(self._result, width)


class CompareScreen(PageScreen):
    """Two runs beside each other."""

    BINDINGS = keys.bindings(*PAGE_BINDINGS)
    AUTO_FOCUS = "#compare"
    place_name = "backtest_compare"

    def __init__(self, port: BacktestPort, first: str, second: str) -> None:
        super().__init__()
        self._port, self._wanted = port, (first, second)
        self._results: list[RunResult] = []
        self._trouble = ""

    def trail_names(self) -> tuple[str, ...]:
        """The way to this place."""
        return word("trail.dashboard"), word("trail.backtest"), word("trail.backtest_compare")

    def body(self) -> ComposeResult:
        """One text."""
        yield TextPanel(word("trail.backtest_compare"), self._lines, id="compare")

    def on_mount(self) -> None:
        """Reads both runs."""
        super().on_mount()
        self.run_worker(self._read(), group="result")

    async def _read(self) -> None:
        try:
            self._results = [await asyncio.to_thread(self._port.result, run_id) for run_id in self._wanted]
        except FuttuiError as error:
            self._trouble = str(error)
        self.look_again()

    def _lines(self, view: View, width: int) -> list[Line]:
        if len(self._results) < 2:
            return backtest.result_empty_lines(view, width, self._trouble)
        return backtest.compare_lines(self._results[0], self._results[1], view.zone, width)
