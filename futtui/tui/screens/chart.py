"""The chart of one symbol over the dashboard, with its plan and zones below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.screen import ModalScreen

from futtui.domain.position import TradingMode
from futtui.domain.timeframe import Timeframe
from futtui.tui import keys
from futtui.tui.blocking import ask_block
from futtui.tui.paint.chart import content
from futtui.tui.paint.chart.content import Subject
from futtui.tui.paint.status import symbol_status_line
from futtui.tui.paint.text import Line
from futtui.tui.paint.view import View
from futtui.tui.screens.dashboard import find_watchers
from futtui.tui.screens.sized import SizedScreen
from futtui.tui.widgets.bars import FlashLine, FooterBar, StatusBar, TooSmall, Trail
from futtui.tui.widgets.line_widget import LineWidget
from futtui.tui.widgets.live_chart import LiveChart
from futtui.tui.widgets.live_panel import LivePanel
from futtui.tui.words import word

if TYPE_CHECKING:
    from futtui.tui.app import FuttuiApp


class ChartStatus(StatusBar):
    """The status bar; where the window has no line for the symbol's head, it tells that instead of the account."""

    symbol = ""
    timeframe = Timeframe.M15

    def paint(self, view: View, width: int, height: int) -> list[Line]:
        """One line."""
        if self.screen.has_class("-stacked"):
            return [symbol_status_line(view, self.symbol, self.timeframe, width)]
        return super().paint(view, width, height)


class ChartTrail(Trail):
    """Where one is; beside it price, change, regimes and funding of the symbol as far as there is room."""

    symbol = ""

    def paint(self, view: View, width: int, height: int) -> list[Line]:
        """One line."""
        return [content.head_line(view, self.way(), self.symbol, width)]


class ChartNotes(LineWidget):
    """Two lines below the chart: the plan and the nearest zones; news takes the second where it has no line."""

    subject = Subject("")

    def paint(self, view: View, width: int, height: int) -> list[Line]:
        """Two lines."""
        news = self.futtui.flash_line.bright_lines(view, width, 1) if self.screen.has_class("-stacked") else []
        zones = content.zones_line(view, self.subject.symbol, width)
        return [content.plan_line(view, self.subject, width), *(news or [zones])]


class ChartScreen(SizedScreen, ModalScreen[None]):
    """Follows the newest snapshot; Esc takes the crosshair away first, then goes back.

    `spot`: a moment (ms) and a price where the crosshair is put once the candles are there.
    """

    BINDINGS = keys.bindings("everywhere", "copy", "detail", "row", "finds", "walk")
    AUTO_FOCUS = "#chart"
    help_place = "chart"

    def __init__(
        self,
        subjects: Sequence[Subject],
        at: int,
        trail: tuple[str, ...],
        timeframe: Timeframe,
        spot: tuple[int, float] | None = None,
    ) -> None:
        super().__init__(classes="detail chart")
        self._subjects = subjects
        self._at = at
        self._trail = trail
        self._begins_with = timeframe, spot
        self.watchers: tuple[LineWidget | LivePanel, ...] = ()
        self._view: View | None = None

    @property
    def futtui(self) -> FuttuiApp:
        """The app."""
        return cast("FuttuiApp", self.app)

    @property
    def subject(self) -> Subject:
        """What the chart shows."""
        return self._subjects[self._at]

    def compose(self) -> ComposeResult:
        """The chart between the bars."""
        yield ChartStatus(id="status")
        yield ChartTrail(id="trail")
        yield LiveChart(id="chart")
        yield ChartNotes(id="chart-notes")
        yield FlashLine(id="flash")
        footer = FooterBar(id="footer")
        footer.context = "chart"
        yield footer
        yield TooSmall(id="small")

    def on_mount(self) -> None:
        """The first frame of this screen."""
        self.widget, self.status = self.query_one(LiveChart), self.query_one(ChartStatus)
        self.watchers = find_watchers(self)
        self._choose_layout()
        self._show(*self._begins_with)

    def on_resize(self) -> None:
        """A new size may need another layout."""
        self._choose_layout()

    def _choose_layout(self) -> None:
        self.fit_window()
        self.call_after_refresh(self._look_again)

    def _look_again(self) -> None:
        if self.is_attached and self._view is not None:
            self.pulse(self._view)

    def _show(self, timeframe: Timeframe, spot: tuple[int, float] | None = None) -> None:
        """Another subject."""
        trail = self.query_one(ChartTrail)
        trail.names, trail.symbol = (*self._trail, self.subject.symbol, word("trail.chart")), self.subject.symbol
        self.query_one(ChartNotes).subject = self.subject
        self.widget.open(self.subject, timeframe, spot)
        self.pulse(self.futtui.store.read())

    def pulse(self, view: View) -> None:
        """Hands the new view to everything here; a beat may come before this screen is mounted."""
        if not self.watchers:
            return
        self._view = view
        self.status.symbol, self.status.timeframe = self.subject.symbol, self.widget.timeframe
        self.set_class(view.mode is TradingMode.LIVE, "-live")
        for widget in self.watchers:
            widget.pulse(view)

    def action_leave(self) -> None:
        """Takes the crosshair away, then goes back."""
        if not self.widget.drop_cross():
            self.dismiss()

    def show_symbol(self, symbol: str) -> None:
        """Another symbol; its neighbours are those of the market."""
        symbols = [row.symbol for row in self.futtui.store.read().snapshot.market]
        if symbol in symbols:
            self._subjects, self._at = [Subject(each) for each in symbols], symbols.index(symbol)
            self._show(self.widget.timeframe)

    def action_neighbour(self, step: int) -> None:
        """The next or previous symbol of the list that the chart was opened from."""
        self._at = (self._at + step) % len(self._subjects)
        self._show(self.widget.timeframe)

    def action_block(self) -> None:
        """Opens the block dialog for this symbol."""
        ask_block(self.futtui, self.subject.symbol)
