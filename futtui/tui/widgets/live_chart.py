"""A chart that follows the market by itself: candles from the engine, plan and zones; keys and mouse to looks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from textual import on

from futtui.domain.errors import FuttuiError
from futtui.domain.events import RemovePriceAlert, SetPriceAlert
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES, Timeframe
from futtui.tui import keys
from futtui.tui.candle_feed import CandleFeed
from futtui.tui.heard import heard
from futtui.tui.messages import CandlesCame, ChartClicked, ChartDragged, ChartHovered, ChartScrolled
from futtui.tui.paint import numbers
from futtui.tui.paint.chart import content
from futtui.tui.paint.chart.anchors import AnchoredLines
from futtui.tui.paint.chart.content import Subject
from futtui.tui.paint.chart.data import ChartData, Look, panned, place_of, slots, span
from futtui.tui.paint.names import frame_name
from futtui.tui.paint.view import View
from futtui.tui.widgets.candle_chart import CandleChart
from futtui.tui.words import word

OLDER_AHEAD = 1.0
"""Older candles are asked for when fewer than so many screens of them are left of what is seen."""


class LiveChart(CandleChart):
    """The chart of one subject. Asks for candles and paints only while it is shown."""

    BINDINGS = keys.bindings("chart")

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.subject = Subject("")
        self.timeframe = Timeframe.M15
        self.chart: ChartData = ChartData("", self.timeframe, None)  # type: ignore[arg-type]
        self._spot: tuple[int, float] | None = None

    def on_mount(self) -> None:
        """Candles come from the app's engine."""
        self.feed = CandleFeed(self.futtui.engine, lambda: self.post_message(CandlesCame()))
        self._anchored_lines = AnchoredLines()

    def open(self, subject: Subject, timeframe: Timeframe, spot: tuple[int, float] | None = None) -> None:
        """Shows this subject and timeframe from now on, at the newest candle.

        `spot`: a moment (ms) and a price where the crosshair is put once the candles are there.
        """
        self.subject, self.timeframe, self._spot = subject, timeframe, spot
        self.look = replace(self.look, end_ms=None, cross_ms=None)
        self.feed.show(subject.symbol, timeframe)

    # Drawing

    @on(CandlesCame)
    def _draw_what_came(self) -> None:
        if self._view is not None and self.is_attached and self.screen.is_active:
            self.pulse(self._view)

    def pulse(self, view: View) -> None:
        """Takes what came, asks for what is missing, and draws; nothing while it is not shown."""
        self._view = view
        if not self.display or not self.is_attached:
            return
        self.feed.look(view)
        self._draw(view)
        if self._spot is not None:
            self._go_to_spot(*self._spot)

    def _draw(self, view: View) -> None:
        try:
            self._look_and_show(view)
        except Exception as error:
            self.show_failure(error)

    def _look_and_show(self, view: View) -> None:
        self.chart = self._data(view)
        first, end = span(self.chart, self.look, self._columns)
        is_on_the_way = self._spot is not None and place_of(self.chart, self._spot[0]) < 0
        if is_on_the_way or first < OLDER_AHEAD * (end - first):
            self.feed.want_older()
        note = ""
        if self.feed.is_loading_older and (first == 0 or is_on_the_way):
            note = self._older_text()
        elif first == 0 and self.look.end_ms is not None and self.feed.at_the_oldest:
            note = word("chart.oldest")
        self.show(self.chart, self.look, note, view)

    def _older_text(self) -> str:
        """How far the loading is: a share on the way to a known moment, else how many candles are there."""
        candles = self.feed.series.candles
        if self._spot is None:
            return word("chart.older", n=numbers.quantity_text(len(candles)))
        newest_ms = candles[-1].open_time_ms
        way_ms = newest_ms - self._spot[0]
        share = (newest_ms - candles[0].open_time_ms) / way_ms if way_ms > 0 else 1.0
        return word("chart.older_part", percent=round(min(1.0, share) * 100))

    @property
    def _columns(self) -> int:
        return self.frame.columns or max(1, self.size.width)

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
        if not self.subject.symbol:
            return word("signals.waiting")
        names = {"symbol": self.subject.symbol, "frame": frame_name(self.timeframe)}
        if self.feed.trouble:
            return word("chart.failed", reason=self.feed.trouble, **names)
        row = self._view.by_symbol.get(self.subject.symbol) if self._view else None
        if row is not None and row.state_text and not self.feed.is_loading:
            return f"{word('chart.not_ready', state=heard(row.state_text), **names)} {self._start_text()}".rstrip()
        return word("chart.loading" if self.feed.is_loading else "chart.none", **names)

    def _start_text(self) -> str:
        """How far the start is, as long as symbols are still being prepared."""
        snapshot = self._view.snapshot if self._view is not None else None
        if snapshot is None or snapshot.symbols_ready >= snapshot.symbols_total:
            return ""
        ready, total = snapshot.symbols_ready, snapshot.symbols_total
        return word("loading.progress", ready=ready, total=total, percent=round(ready / total * 100)) + "."

    def _use(self, look: Look) -> None:
        self.look = look
        if self._view is not None:
            self._draw(self._view)

    # Keys

    def drop_cross(self) -> bool:
        """Takes the crosshair away; False if there was none."""
        had_one = self.look.cross_ms is not None
        if had_one:
            self._use(replace(self.look, cross_ms=None))
        return had_one

    def action_pan(self, step: int) -> None:
        """Moves the chart; with the crosshair on it moves that, and the chart only at its edge."""
        if self.look.cross_ms is None:
            self._use(panned(self.chart, self.look, self._columns, step))
            return
        candles = self.chart.candles
        if not candles:
            return
        place = max(0, min(len(candles) - 1, place_of(self.chart, self.look.cross_ms) + step))
        look = replace(self.look, cross_ms=candles[place].open_time_ms)
        first, end = span(self.chart, look, self._columns)
        beyond = min(0, place - first) + max(0, place - end + 1)
        self._use(panned(self.chart, look, self._columns, beyond) if beyond else look)

    def action_edge(self, step: int) -> None:
        """The oldest or the newest candle."""
        if step > 0:
            self._use(replace(self.look, end_ms=None))
        else:
            self._use(panned(self.chart, self.look, self._columns, self._room - len(self.chart.candles)))

    @property
    def _room(self) -> int:
        return slots(self.look, self._columns)

    def action_zoom(self, step: int) -> None:
        """Nearer or farther; the right edge stays."""
        self._use(self.look.zoomed(step))

    def action_reset_view(self) -> None:
        """First zoom, newest candle, a new scale, no crosshair."""
        self.fit_again()
        self._use(Look(layers=self.look.layers))

    def action_frame(self, step: int) -> None:
        """Shorter (+1) or longer (-1) candles."""
        at = ANALYSIS_TIMEFRAMES.index(self.timeframe) + step
        if 0 <= at < len(ANALYSIS_TIMEFRAMES):
            self.open(self.subject, ANALYSIS_TIMEFRAMES[at])
            self.futtui.keep_habits(timeframe=self.timeframe.name)
            self.pulse(self.futtui.store.read())

    def action_layer(self, layer: str) -> None:
        """Shows or hides a layer."""
        self._use(self.look.toggled(layer))
        state = "chart.layer_on" if layer in self.look.layers else "chart.layer_off"
        self.futtui.flash(word(state, layer=word(f"chart.layer.{layer}")))
        self.futtui.pulse.beat()

    def _go_to_spot(self, time_ms: int, price: float) -> None:
        """Shows the moment with the crosshair on it, once its candle is there or there is nothing older."""
        candles = self.chart.candles
        place = place_of(self.chart, time_ms)
        if not candles or (place < 0 and not self.feed.at_the_oldest):
            return
        self._spot = None
        place = place if place >= 0 else len(candles) - 1
        look = replace(self.look, cross_ms=candles[place].open_time_ms, cross_price=self._on_tick(price))
        first, end = span(self.chart, look, self._columns)
        self._use(panned(self.chart, look, self._columns, min(0, place - (first + end) // 2)))

    def action_export(self) -> None:
        """Writes the chart as it is seen into an SVG file."""
        from futtui.tui.picture import svg_of

        app, frame = self.futtui, frame_name(self.timeframe)
        if app.save_text is None or not self.chart.candles:
            app.flash(word("chart.export_none"), "attention")
        else:
            moment = datetime.fromtimestamp(self.chart.now_ms / 1000, UTC)
            name = f"{self.subject.symbol}-{self.timeframe.code}-{moment:%Y%m%d-%H%M%S}.svg"
            title = f"{self.subject.symbol} {frame}  {moment:%Y-%m-%d %H:%M} UTC"
            text = svg_of(self.frame.lines, self.size.width, app.palette, title)
            try:
                app.flash(app.save_text(name, text))
            except FuttuiError as error:
                app.flash(str(error), "down_bold")
        app.pulse.beat()

    # Crosshair and alerts

    def action_crosshair(self) -> None:
        """Puts the crosshair on the newest candle in sight at its close, or takes it away."""
        bars = self.frame.bars
        if self.look.cross_ms is not None:
            self._use(replace(self.look, cross_ms=None))
        elif bars:
            candle = self.chart.candles[bars[-1].last]
            self._use(replace(self.look, cross_ms=candle.open_time_ms, cross_price=self._on_tick(candle.close)))

    def action_cross(self, step: int) -> None:
        """Moves the crosshair a row up or down."""
        scale = self.frame.scale
        if self.look.cross_ms is None or scale is None:
            return
        row = max(0, min(scale.rows - 1, scale.row(self.look.cross_price) + step))
        self._use(replace(self.look, cross_price=self._on_tick(scale.price(row))))

    def _on_tick(self, price: float) -> float:
        """The nearest price that the exchange knows."""
        rules = self.chart.rules
        if rules is None:
            return price
        tick = float(rules.tick_size)
        return round(round(price / tick) * tick, 12)

    def action_price_alert(self) -> None:
        """Sets an alert at the crosshair, or takes the one away that lies on its row."""
        scale, app, symbol = self.frame.scale, self.futtui, self.subject.symbol
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
        self._use(panned(self.chart, self.look, self._columns, message.candles))

    @on(ChartClicked)
    def _clicked(self, message: ChartClicked) -> None:
        look = self._crossed(message.column, message.row)
        if look is None:
            return
        if message.double:
            first, end = span(self.chart, look, self._columns)
            place = place_of(self.chart, look.cross_ms or 0)
            look = panned(self.chart, look, self._columns, place - (first + end) // 2)
        self._use(look)

    @on(ChartHovered)
    def _hovered(self, message: ChartHovered) -> None:
        """The crosshair, once it is on, follows the mouse."""
        look = self._crossed(message.column, message.row) if self.look.cross_ms is not None else None
        if look is not None and look != self.look:
            self._use(look)

    def _crossed(self, column: int, row: int) -> Look | None:
        """The look with the crosshair at a cell of the plot; None outside of it."""
        frame = self.frame
        bar, scale = frame.bar_at(column), frame.scale
        if bar is None or scale is None or not 0 <= row < scale.rows:
            return None
        open_ms = self.chart.candles[bar.last].open_time_ms
        return replace(self.look, cross_ms=open_ms, cross_price=self._on_tick(scale.price(row)))
