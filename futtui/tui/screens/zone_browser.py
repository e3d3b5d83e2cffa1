"""All zones of a symbol over every timeframe; Enter opens the chart where the marked one was last touched."""

from __future__ import annotations

from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES, Timeframe
from futtui.domain.zone import Zone, ZoneEvent
from futtui.tui import keys
from futtui.tui.answers import Answer
from futtui.tui.blocking import ask_block
from futtui.tui.messages import CursorMoved, RowOpened
from futtui.tui.paint import zone_browser as paint
from futtui.tui.paint.chart.content import Subject
from futtui.tui.paint.table import head_line
from futtui.tui.paint.text import Line
from futtui.tui.paint.view import View
from futtui.tui.paint.zone_browser import SORTS, ZoneLook
from futtui.tui.screens.page import PAGE_BINDINGS, PageScreen
from futtui.tui.widgets.bars import Trail
from futtui.tui.widgets.live_panel import LivePanel
from futtui.tui.widgets.rows import Content, Row, Rows, fixed_rows
from futtui.tui.widgets.text_panel import TextPanel
from futtui.tui.words import word


class ZoneList(LivePanel):
    """The zones that are looked at."""

    name_id = "zone-list"

    def __init__(self, look: ZoneLook) -> None:
        super().__init__(id="zone-list", classes="panel")
        self.look = look

    def content(self, view: View, width: int, height: int) -> Content:
        """One row per zone; a sentence while there is none."""
        zones = paint.zones_of(self.look, view)
        if not zones:
            return Content(Rows(fixed_rows("empty", paint.empty_lines(self.look, view, width))))
        columns = paint.columns_for(width)
        body = [
            Row(
                zone.zone_id,
                paint.zone_version(zone, self.look, view),
                partial(paint.zone_line, zone, self.look, view, columns),
            )
            for zone in zones
        ]
        return Content(Rows(body), fixed_rows("head", [head_line(columns)]))

    def marked(self) -> Zone | None:
        """The zone under the marker."""
        zones = paint.zones_of(self.look, self._view) if self._view is not None else []
        return next((zone for zone in zones if zone.zone_id == self.cursor_key), None)

    def title(self, view: View) -> str:
        """Symbol and timeframe."""
        return paint.title(self.look)

    def subtitle(self, view: View) -> str:
        """Count and order."""
        return paint.subtitle(self.look, view)


class ZoneBrowserScreen(PageScreen):
    """Follows the newest reading of its symbol; what happened at the marked zone is asked of the engine."""

    BINDINGS = keys.bindings(*PAGE_BINDINGS, "row", "to_chart", "finds", "walk", "zone_browser")
    AUTO_FOCUS = "#zone-list"
    place_name = "zone_browser"

    def __init__(self, symbol: str, zone_id: str = "") -> None:
        """`zone_id`: the zone that is marked at first; without one the nearest."""
        super().__init__()
        self._wanted = zone_id
        self._look = ZoneLook(symbol)
        self.story: Answer[tuple[ZoneEvent, ...]] = Answer()
        self.zones = ZoneList(self._look)
        self.told = TextPanel(word("browser.box.story"), self._told, id="zone-story")

    def trail_names(self) -> tuple[str, ...]:
        """The way to this place, and the symbol."""
        return (*super().trail_names(), self._look.symbol) if self._look.symbol else super().trail_names()

    def body(self) -> ComposeResult:
        """The list beside what is known of the marked zone."""
        with Horizontal(id="zone-columns"):
            yield self.zones
            with Vertical(id="zone-right"):
                yield TextPanel(word("browser.box.why"), self._why, id="zone-why")
                yield self.told

    def pulse(self, view: View) -> None:
        """Hands the view on; asks for the story of the zone that is marked after that."""
        super().pulse(view)
        if not self.watchers:
            return
        if self._wanted and self.zones.size.height and any(self.zones.rows()):
            wanted, self._wanted = self._wanted, ""
            self.zones.select_key(wanted)
        zone, engine = self.zones.marked(), self.futtui.engine
        if zone is not None:
            self.story.look(zone.zone_id, lambda: engine.zone_story(zone.symbol, (zone.zone_id,)))
            for panel in self.query(TextPanel):
                panel.pulse(view)

    def _why(self, view: View, width: int) -> list[Line]:
        zone = self.zones.marked()
        lines = paint.why_lines(zone, view, width)
        if zone is None or self.told.display:
            return lines
        return [*lines, (), ((f" {word('browser.box.story')}", "title"),), *self._told(view, width)]

    def _told(self, view: View, width: int) -> list[Line]:
        zone = self.zones.marked()
        if zone is None:
            return []
        return paint.story_lines(self.story.value, self.story.trouble, view, width, zone.touches)

    @on(CursorMoved)
    def _moved(self) -> None:
        self.look_again()

    # Keys

    def _use(self, look: ZoneLook) -> None:
        self._look = look
        self.zones.look = look
        for trail in self.query(Trail):
            trail.names = self.trail_names()
        self.look_again()

    def show_symbol(self, symbol: str) -> None:
        """The zones of another symbol."""
        self._use(ZoneLook(symbol, self._look.frame, self._look.sort))

    def action_neighbour(self, step: int) -> None:
        """The next or previous symbol of the market list."""
        symbols = [row.symbol for row in self.view.snapshot.market] if self.view is not None else []
        if symbols:
            here = self._look.symbol
            at = symbols.index(here) + step if here in symbols else (0 if step > 0 else -1)
            self.show_symbol(symbols[at % len(symbols)])

    def action_zone_frame(self, step: int) -> None:
        """Another timeframe that has zones, or all of them."""
        if self.view is None:
            return
        choices: list[Timeframe | None] = [None, *paint.frames_of(self._look, self.view)]
        at = choices.index(self._look.frame) if self._look.frame in choices else 0
        self._use(ZoneLook(self._look.symbol, choices[(at + step) % len(choices)], self._look.sort))

    def action_zone_sort(self) -> None:
        """The next order."""
        order = SORTS[(SORTS.index(self._look.sort) + 1) % len(SORTS)]
        self._use(ZoneLook(self._look.symbol, self._look.frame, order))

    def action_block(self) -> None:
        """Opens the block dialog for this symbol."""
        ask_block(self.futtui, self._look.symbol)

    @on(RowOpened)
    def action_chart(self) -> None:
        """Opens the chart where the marked zone was last touched; without one at the newest candle."""
        zone = self.zones.marked()
        frame = zone.timeframe if zone is not None and zone.timeframe in ANALYSIS_TIMEFRAMES else Timeframe.M15
        spot = (zone.last_touch_ms, zone.middle) if zone is not None else None
        self.futtui.open_chart([Subject(self._look.symbol)], 0, self.trail_names()[:2], frame, spot)
