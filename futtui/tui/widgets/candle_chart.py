"""The candle chart on the screen: rows from the painter as strips, only those repainted that differ; mouse to facts."""

from __future__ import annotations

from textual import events
from textual.geometry import Region

from futtui.tui.compat.border_text import set_border_text
from futtui.tui.glyphs import plain_text
from futtui.tui.messages import ChartClicked, ChartDragged, ChartHovered, ChartScrolled
from futtui.tui.paint.chart.data import ChartData, Look
from futtui.tui.paint.chart.frame import Frame, paint_chart
from futtui.tui.paint.chart.texts import subtitle, title
from futtui.tui.paint.text import Line
from futtui.tui.paint.view import View
from futtui.tui.widgets.line_widget import LineWidget


class CandleChart(LineWidget, can_focus=True):
    """Draws what its screen hands to `show`; the scale of the last frame is kept while it serves."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="panel")
        self.chart: ChartData | None = None
        self.look = Look()
        self.frame = Frame(())
        self.note = ""
        self.repainted_rows = 0
        self._scale_for: tuple[object, ...] = ()
        self._drag: tuple[int, int] | None = None

    def show(self, chart: ChartData, look: Look, note: str, view: View) -> None:
        """Draws this chart; asks to repaint exactly the rows that changed."""
        self.chart, self.look, self.note = chart, look, note
        self._view = view
        if not self.display or self.size.width <= 0 or self.size.height <= 0:
            return
        try:
            self._paint(chart, look, note, view)
        except Exception as error:
            self.show_failure(error)

    def show_failure(self, error: Exception) -> None:
        """Says that the chart failed, in place of it; a fault in one panel must not end the screen."""
        self.fit_again()
        self._repaint_changed(self.failures.lines(error, self.size.width))

    def _paint(self, chart: ChartData, look: Look, note: str, view: View) -> None:
        size = self.size
        wanted = (chart.symbol, chart.timeframe)
        before = self.frame.scale if wanted == self._scale_for else None
        self.frame = paint_chart(chart, look, size.width, size.height, before)
        self._scale_for = wanted
        self._repaint_changed(list(self.frame.lines))
        top = self.top_text()
        bottom = (
            subtitle(chart, look, self.frame.columns or size.width, view.zone_name, note) if chart.candles else note
        )
        if self.futtui.ui_settings.plain_glyphs:
            top, bottom = plain_text(top), plain_text(bottom)
        set_border_text(self, top=top, bottom=bottom)

    def top_text(self) -> str:
        """What the upper border says."""
        return title(self.chart) if self.chart is not None else ""

    def fit_again(self) -> None:
        """The next frame gets a scale of its own."""
        self._scale_for = ()

    def pulse(self, view: View) -> None:
        """The screen hands over data and look itself."""

    def on_resize(self) -> None:
        """A new size needs a new frame."""
        if self.chart is not None and self._view is not None:
            self.show(self.chart, self.look, self.note, self._view)

    def _repaint_changed(self, lines: list[Line]) -> None:
        old, self._lines = self._lines, lines
        rows = [y for y, line in enumerate(lines) if y >= len(old) or old[y] != line]
        self.repainted_rows = len(rows)
        if len(old) > len(lines):
            self.refresh()
        elif rows:
            self.refresh(*(Region(0, y, self.size.width, 1) for y in rows))

    # Mouse

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel zooms."""
        event.stop()
        self.post_message(ChartScrolled(1))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel zooms."""
        event.stop()
        self.post_message(ChartScrolled(-1))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """A drag may begin."""
        self._drag = (event.x, 0)
        self.capture_mouse()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """A drag ends."""
        self._drag = None
        self.release_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """A drag pans by whole candles; without one the crosshair may follow."""
        if self._drag is None:
            offset = event.get_content_offset(self)
            if offset is not None and self.look.cross_ms is not None:
                self.post_message(ChartHovered(offset.x, offset.y - self.frame.top))
            return
        begun, told = self._drag
        per = self.look.per_candle
        moved = (event.x - begun) // per if per > 0 else (event.x - begun) * -per
        if moved != told:
            self._drag = (begun, moved)
            self.post_message(ChartDragged(told - moved))

    def on_click(self, event: events.Click) -> None:
        """A click sets the crosshair, a double click brings its candle into the middle."""
        offset = event.get_content_offset(self)
        if offset is not None:
            self.post_message(ChartClicked(offset.x, offset.y - self.frame.top, double=event.chain == 2))
