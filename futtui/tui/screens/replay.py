"""A trade of a backtest on the chart, bar by bar."""

from __future__ import annotations

import asyncio

from textual import on
from textual.app import ComposeResult

from futtui.domain.backtests import RunResult, TestedTrade, TradeCandles
from futtui.domain.errors import FuttuiError
from futtui.domain.timeframe import Timeframe
from futtui.tui import keys
from futtui.tui.backtest_port import BacktestPort
from futtui.tui.messages import ChartScrolled
from futtui.tui.paint import replay
from futtui.tui.paint.backtest import result_empty_lines
from futtui.tui.paint.chart.data import ChartData, Look
from futtui.tui.paint.text import Line
from futtui.tui.paint.view import View
from futtui.tui.screens.page import PAGE_BINDINGS, PageScreen
from futtui.tui.widgets.candle_chart import CandleChart
from futtui.tui.widgets.line_widget import LineWidget
from futtui.tui.words import word


class ReplayState(LineWidget):
    """Two lines below the chart: how it stands, and what has happened."""

    lines: tuple[Line, ...] = ()

    def paint(self, view: View, width: int, height: int) -> list[Line]:
        """The lines as they are."""
        return list(self.lines[:height])


class ReplayScreen(PageScreen):
    """Stands still until told to play; each beat then shows the bars that are due."""

    BINDINGS = keys.bindings(*PAGE_BINDINGS, "walk", "replay")
    AUTO_FOCUS = "#chart"
    place_name = "replay"

    def __init__(self, port: BacktestPort, result: RunResult, at: int) -> None:
        super().__init__()
        self._port, self._result, self._at = port, result, at
        self.found: TradeCandles | None = None
        self.shown = 1
        self.playing = False
        self._speed = 1
        self._due = 0.0
        self._trouble = ""
        self._look = Look(layers=frozenset({"volume"}))

    @property
    def item(self) -> TestedTrade:
        """The trade that is shown."""
        return self._result.trades[self._at]

    def trail_names(self) -> tuple[str, ...]:
        """The way to this place."""
        names = (word("trail.dashboard"), word("trail.backtest"), self._result.head.run_id)
        return *names, f"{self.item.trade.symbol} {self._at + 1}/{len(self._result.trades)}"

    def body(self) -> ComposeResult:
        """The chart and what it means."""
        yield CandleChart(id="chart")
        yield ReplayState(id="replay-state")

    def on_mount(self) -> None:
        """Reads the candles."""
        self.chart, self.words = self.query_one(CandleChart), self.query_one(ReplayState)
        super().on_mount()
        self._read()

    def _read(self) -> None:
        self.found, self._trouble, self.playing = None, "", False
        self.run_worker(self._read_beside(self.item), exclusive=True, group="candles")

    async def _read_beside(self, item: TestedTrade) -> None:
        trade = item.trade
        try:
            found = await asyncio.to_thread(
                self._port.candles, self._result.head.run_id, trade.symbol, trade.position_id
            )
        except FuttuiError as error:
            self._trouble = str(error)
        else:
            if found.candles:
                self.found, self.shown = found, replay.first_shown(found, item)
            else:
                self._trouble = word("replay.no_candles")
        self.look_again()

    def pulse(self, view: View) -> None:
        """Plays the bars that are due, then draws."""
        if self.playing and self.found is not None:
            self._due += replay.SPEEDS[self._speed] * self.futtui.pulse.interval_s
            steps, self._due = int(self._due), self._due % 1.0
            self._move(steps)
        self._draw(view)
        super().pulse(view)

    def _draw(self, view: View) -> None:
        if not self.watchers:
            return
        found, item = self.found, self.item
        if found is None:
            text = self._trouble or word("backtest.reading")
            data = ChartData(item.trade.symbol, Timeframe.M15, view.zone, empty_text=text)
            self.words.lines = tuple(result_empty_lines(view, self.words.size.width, self._trouble)[:1])
            self.chart.show(data, self._look, "", view)
            return
        width = max(20, self.words.size.width)
        state = replay.state_line(
            found, item, self.shown, replay.SPEEDS[self._speed], playing=self.playing, width=width
        )
        self.words.lines = (state, *replay.story_lines(found, item, self.shown, view.zone, width))
        self.chart.show(replay.chart_of(found, item, self.shown, view.zone), self._look, "", view)

    def _move(self, step: int) -> None:
        if self.found is None:
            return
        self.shown = max(1, min(len(self.found.candles), self.shown + step))
        if self.shown == len(self.found.candles):
            self.playing = False

    # Keys

    def action_play(self) -> None:
        """Plays or stops; at the end it begins anew."""
        if self.found is None:
            return
        if not self.playing and self.shown == len(self.found.candles):
            self.shown = replay.first_shown(self.found, self.item)
        self.playing, self._due = not self.playing, 0.0
        self.look_again()

    def action_step(self, step: int) -> None:
        """So many bars on or back; playing stops."""
        self.playing = False
        self._move(step)
        self.look_again()

    def action_edge(self, step: int) -> None:
        """The moment before the entry, or the end."""
        self.playing = False
        if self.found is not None:
            self.shown = len(self.found.candles) if step > 0 else replay.first_shown(self.found, self.item)
        self.look_again()

    def action_speed(self, step: int) -> None:
        """Slower or faster."""
        self._speed = max(0, min(len(replay.SPEEDS) - 1, self._speed + step))
        self.look_again()

    def action_zoom(self, step: int) -> None:
        """Nearer or farther."""
        self._look = self._look.zoomed(step)
        self.look_again()

    def action_neighbour(self, step: int) -> None:
        """The next or previous trade of the run."""
        self._at = (self._at + step) % len(self._result.trades)
        self.retrace()
        self._read()

    @on(ChartScrolled)
    def _scrolled(self, message: ChartScrolled) -> None:
        self.action_zoom(message.step)
