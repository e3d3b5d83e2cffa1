"""The chart of one symbol over the dashboard: keys and mouse to looks, candles from the engine, plan and zones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from textual import on
from textual.app import ComposeResult
from textual.screen import ModalScreen

from futtui.domain.errors import FuttuiError
from futtui.domain.events import RemovePriceAlert, SetPriceAlert
from futtui.domain.position import TradingMode
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES, Timeframe
from futtui.tui import keys
from futtui.tui.blocking import ask_block
from futtui.tui.candle_feed import CandleFeed
from futtui.tui.heard import heard
from futtui.tui.messages import ChartClicked, ChartDragged, ChartHovered, ChartScrolled
from futtui.tui.paint import numbers
from futtui.tui.paint.chart import content
from futtui.tui.paint.chart.anchors import AnchoredLines
from futtui.tui.paint.chart.content import Subject
from futtui.tui.paint.chart.data import ChartData, Look, panned, place_of, slots, span
from futtui.tui.paint.names import frame_name
from futtui.tui.paint.text import Line
from futtui.tui.paint.view import View
from futtui.tui.screens.dashboard import find_watchers
from futtui.tui.screens.sized import SizedScreen
from futtui.tui.widgets.bars import FlashLine, FooterBar, StatusBar, TooSmall, Trail
from futtui.tui.widgets.candle_chart import CandleChart
from futtui.tui.widgets.line_widget import LineWidget
from futtui.tui.widgets.live_panel import LivePanel
from futtui.tui.words import word

if TYPE_CHECKING:
    from futtui.tui.app import FuttuiApp

OLDER_AHEAD = 1.0
"""Older candles are asked for when fewer than so many screens of them are left of what is seen."""


class ChartNotes(LineWidget):
    """Two lines below the chart: the plan and the nearest zones; news takes the second where it has no line."""

    subject = Subject("")

    def paint(self, view: View, width: int, height: int) -> list[Line]:
        """Two lines."""
        news = self.futtui.flash_line.bright_line(view, width) if self.screen.has_class("-stacked") else None
        zones = content.zones_line(view, self.subject.symbol, width)
        return [content.plan_line(view, self.subject, width), news or zones]


class ChartScreen(SizedScreen, ModalScreen[None]):
    """Follows the newest snapshot; Esc takes the crosshair away first, then goes back.

    `spot`: a moment (ms) and a price where the crosshair is put once the candles are there.
    """

    BINDINGS = keys.bindings("everywhere", "copy", "detail", "row", "chart", "walk")
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
        self._spot = spot
        self._subjects = subjects
        self._at = at
        self._trail = trail
        self.timeframe = timeframe
        self.look = Look()
        self.watchers: tuple[LineWidget | LivePanel, ...] = ()
        self._view: View | None = None
        self._chart = ChartData("", timeframe, None)  # type: ignore[arg-type]

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
        yield StatusBar(id="status")
        yield Trail(id="trail")
        yield CandleChart(id="chart")
        yield ChartNotes(id="chart-notes")
        yield FlashLine(id="flash")
        footer = FooterBar(id="footer")
        footer.context = "chart"
        yield footer
        yield TooSmall(id="small")

    def on_mount(self) -> None:
        """The first frame of this screen."""
        self.feed = CandleFeed(self.futtui.engine)
        self._anchored_lines = AnchoredLines()
        self.widget = self.query_one(CandleChart)
        self.watchers = find_watchers(self)
        self._choose_layout()
        self._begin()

    def on_resize(self) -> None:
        """A new size may need another layout."""
        self._choose_layout()

    def _choose_layout(self) -> None:
        self.fit_window()
        self.call_after_refresh(self._look_again)

    def _look_again(self) -> None:
        if self.is_attached and self._view is not None:
            self.pulse(self._view)

    def _begin(self) -> None:
        """Another symbol or timeframe."""
        self.query_one(Trail).names = (*self._trail, self.subject.symbol, word("trail.chart"))
        self.query_one(ChartNotes).subject = self.subject
        self.feed.show(self.subject.symbol, self.timeframe)
        self.pulse(self.futtui.store.read())

    # Drawing

    def pulse(self, view: View) -> None:
        """Hands the new view to everything here; a beat may come before this screen is mounted."""
        if not self.watchers:
            return
        self._view = view
        self.set_class(view.mode is TradingMode.LIVE, "-live")
        self.feed.look(view)
        self._show(view)
        if self._spot is not None:
            self._go_to_spot(*self._spot)
        for widget in self.watchers:
            widget.pulse(view)

    def _show(self, view: View) -> None:
        self._chart = self._data(view)
        first, end = span(self._chart, self.look, self._columns)
        if first < OLDER_AHEAD * (end - first):
            self.feed.want_older()
        note = ""
        if self.feed.is_loading_older and first == 0:
            note = word("chart.older")
        elif first == 0 and self.look.end_ms is not None and self.feed.at_the_oldest:
            note = word("chart.oldest")
        self.widget.show(self._chart, self.look, note, view)

    @property
    def _columns(self) -> int:
        return self.widget.frame.columns or max(1, self.widget.size.width)

    def _data(self, view: View) -> ChartData:
        subject, series = self.subject, self.feed.series
        row = view.by_symbol.get(subject.symbol)
        forming = self.feed.forming(view) if series.candles else None
        stale = view.stale or (row is not None and not row.fresh)
        age_ms = view.stale_age_ms if view.stale else row.age_ms if row is not None else 0
        return ChartData(
            symbol=subject.symbol,
            timeframe=self.timeframe,
            zone_info=view.zone,
            candles=(*series.candles, forming) if forming is not None else series.candles,
            daily_vwap=series.daily_vwap,
            weekly_vwap=series.weekly_vwap,
            is_forming=forming is not None,
            price=row.price if row is not None else 0.0,
            rules=row.rules if row is not None else None,
            zones=content.zones_of(view, subject.symbol),
            levels=content.levels_of(view, subject),
            fills=content.fills_of(view, subject.symbol),
            anchored=self._anchored_lines.of(series.candles, content.anchored_of(view, subject.symbol)),
            now_ms=view.now_ms,
            stale_text=word("feed.old", age=numbers.long_age_text(age_ms)) if stale else "",
            empty_text=self._empty_text(),
        )

    def _empty_text(self) -> str:
        names = {"symbol": self.subject.symbol, "frame": frame_name(self.timeframe)}
        if self.feed.trouble:
            return word("chart.failed", reason=self.feed.trouble, **names)
        row = self._view.by_symbol.get(self.subject.symbol) if self._view else None
        if row is not None and row.state_text and not self.feed.is_loading:
            return word("chart.not_ready", state=heard(row.state_text), **names)
        return word("chart.loading" if self.feed.is_loading else "chart.none", **names)

    def _use(self, look: Look) -> None:
        self.look = look
        if self._view is not None:
            self._show(self._view)

    # Keys

    def action_leave(self) -> None:
        """Takes the crosshair away, then goes back."""
        if self.look.cross_ms is not None:
            self._use(replace(self.look, cross_ms=None))
        else:
            self.dismiss()

    def action_pan(self, step: int) -> None:
        """Moves the chart; with the crosshair on it moves that, and the chart only at its edge."""
        if self.look.cross_ms is None:
            self._use(panned(self._chart, self.look, self._columns, step))
            return
        candles = self._chart.candles
        if not candles:
            return
        place = max(0, min(len(candles) - 1, place_of(self._chart, self.look.cross_ms) + step))
        look = replace(self.look, cross_ms=candles[place].open_time_ms)
        first, end = span(self._chart, look, self._columns)
        beyond = min(0, place - first) + max(0, place - end + 1)
        self._use(panned(self._chart, look, self._columns, beyond) if beyond else look)

    def action_edge(self, step: int) -> None:
        """The oldest or the newest candle."""
        if step > 0:
            self._use(replace(self.look, end_ms=None))
        else:
            self._use(panned(self._chart, self.look, self._columns, self._room - len(self._chart.candles)))

    @property
    def _room(self) -> int:
        return slots(self.look, self._columns)

    def action_zoom(self, step: int) -> None:
        """Nearer or farther; the right edge stays."""
        self._use(self.look.zoomed(step))

    def action_reset_view(self) -> None:
        """First zoom, newest candle, a new scale, no crosshair."""
        self.widget.fit_again()
        self._use(Look(layers=self.look.layers))

    def action_frame(self, step: int) -> None:
        """Shorter (+1) or longer (-1) candles."""
        at = ANALYSIS_TIMEFRAMES.index(self.timeframe) + step
        if 0 <= at < len(ANALYSIS_TIMEFRAMES):
            self.timeframe = ANALYSIS_TIMEFRAMES[at]
            self.futtui.keep_habits(timeframe=self.timeframe.name)
            self.look = replace(self.look, end_ms=None, cross_ms=None)
            self._begin()

    def action_layer(self, layer: str) -> None:
        """Shows or hides a layer."""
        self._use(self.look.toggled(layer))
        state = "chart.layer_on" if layer in self.look.layers else "chart.layer_off"
        self.futtui.flash(word(state, layer=word(f"chart.layer.{layer}")))
        self.futtui.pulse.beat()

    def _go_to_spot(self, time_ms: int, price: float) -> None:
        """Shows the moment with the crosshair on it; asks for older candles until it is among them."""
        candles = self._chart.candles
        place = place_of(self._chart, time_ms)
        if not candles or (place < 0 and not self.feed.at_the_oldest):
            self.feed.want_older()
            return
        self._spot = None
        place = place if place >= 0 else len(candles) - 1
        look = replace(self.look, cross_ms=candles[place].open_time_ms, cross_price=self._on_tick(price))
        first, end = span(self._chart, look, self._columns)
        self._use(panned(self._chart, look, self._columns, min(0, place - (first + end) // 2)))

    def action_neighbour(self, step: int) -> None:
        """The next or previous symbol of the list that the chart was opened from."""
        self._at = (self._at + step) % len(self._subjects)
        self._spot = None
        self.look = replace(self.look, end_ms=None, cross_ms=None)
        self._begin()

    def action_export(self) -> None:
        """Writes the chart as it is seen into an SVG file."""
        from futtui.tui.picture import svg_of

        app, frame = self.futtui, frame_name(self.timeframe)
        if app.save_text is None or not self._chart.candles:
            app.flash(word("chart.export_none"), "attention")
        else:
            moment = datetime.fromtimestamp(self._chart.now_ms / 1000, UTC)
            name = f"{self.subject.symbol}-{self.timeframe.code}-{moment:%Y%m%d-%H%M%S}.svg"
            title = f"{self.subject.symbol} {frame}  {moment:%Y-%m-%d %H:%M} UTC"
            text = svg_of(self.widget.frame.lines, self.widget.size.width, app.palette, title)
            try:
                app.flash(app.save_text(name, text))
            except FuttuiError as error:
                app.flash(str(error), "down_bold")
        app.pulse.beat()

    def action_block(self) -> None:
        """Opens the block dialog for this symbol."""
        ask_block(self.futtui, self.subject.symbol)

    # Crosshair and alerts

    def action_crosshair(self) -> None:
        """Puts the crosshair on the newest candle in sight at its close, or takes it away."""
        bars = self.widget.frame.bars
        if self.look.cross_ms is not None:
            self._use(replace(self.look, cross_ms=None))
        elif bars:
            candle = self._chart.candles[bars[-1].last]
            self._use(replace(self.look, cross_ms=candle.open_time_ms, cross_price=self._on_tick(candle.close)))

    def action_cross(self, step: int) -> None:
        """Moves the crosshair a row up or down."""
        scale = self.widget.frame.scale
        if self.look.cross_ms is None or scale is None:
            return
        row = max(0, min(scale.rows - 1, scale.row(self.look.cross_price) + step))
        self._use(replace(self.look, cross_price=self._on_tick(scale.price(row))))

    def _on_tick(self, price: float) -> float:
        """The nearest price that the exchange knows."""
        rules = self._chart.rules
        if rules is None:
            return price
        tick = float(rules.tick_size)
        return round(round(price / tick) * tick, 12)

    def action_price_alert(self) -> None:
        """Sets an alert at the crosshair, or takes the one away that lies on its row."""
        scale, app, symbol = self.widget.frame.scale, self.futtui, self.subject.symbol
        if self.look.cross_ms is None or scale is None:
            app.flash(word("chart.alert_needs_cross"), "attention")
        else:
            price = self.look.cross_price
            half_row = (scale.high - scale.low) / scale.rows / 2
            view, now_ms = app.store.read(), app.engine.exchange_time_ms()
            there = min(view.alerts(symbol), key=lambda each: abs(each - price), default=None)
            if there is not None and abs(there - price) <= half_row:
                app.send(RemovePriceAlert(now_ms, symbol, there))
            else:
                app.send(SetPriceAlert(now_ms, symbol, price))
        app.pulse.beat()

    # Mouse

    @on(ChartScrolled)
    def _scrolled(self, message: ChartScrolled) -> None:
        self.action_zoom(message.step)

    @on(ChartDragged)
    def _dragged(self, message: ChartDragged) -> None:
        self._use(panned(self._chart, self.look, self._columns, message.candles))

    @on(ChartClicked)
    def _clicked(self, message: ChartClicked) -> None:
        look = self._crossed(message.column, message.row)
        if look is None:
            return
        if message.double:
            first, end = span(self._chart, look, self._columns)
            place = place_of(self._chart, look.cross_ms or 0)
            look = panned(self._chart, look, self._columns, place - (first + end) // 2)
        self._use(look)

    @on(ChartHovered)
    def _hovered(self, message: ChartHovered) -> None:
        """The crosshair, once it is on, follows the mouse."""
        look = self._crossed(message.column, message.row) if self.look.cross_ms is not None else None
        if look is not None and look != self.look:
            self._use(look)

    def _crossed(self, column: int, row: int) -> Look | None:
        """The look with the crosshair at a cell of the plot; None outside of it."""
        frame = self.widget.frame
        bar, scale = frame.bar_at(column), frame.scale
        if bar is None or scale is None or not 0 <= row < scale.rows:
            return None
        open_ms = self._chart.candles[bar.last].open_time_ms
        return replace(self.look, cross_ms=open_ms, cross_price=self._on_tick(scale.price(row)))
