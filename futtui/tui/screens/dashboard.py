"""The dashboard: five panels in three layouts, chosen by the size of the window; the widest has a chart beside them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container
from textual.screen import Screen

from futtui.domain.position import TradingMode
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES, Timeframe
from futtui.tui import keys
from futtui.tui.blocking import ask_block
from futtui.tui.messages import CursorMoved, RowOpened
from futtui.tui.paint.chart.content import Subject, signal_of
from futtui.tui.paint.view import View
from futtui.tui.row_details import detail_of, is_like, subject_of
from futtui.tui.screens.sized import SizedScreen, has_chart_room
from futtui.tui.widgets.bars import FlashLine, FooterBar, Overlay, StatusBar, TabBar, TooSmall
from futtui.tui.widgets.chart_panel import ChartPanel
from futtui.tui.widgets.line_widget import LineWidget
from futtui.tui.widgets.live_panel import LivePanel
from futtui.tui.widgets.log_panel import LogPanel, LogTail
from futtui.tui.widgets.market_panel import MarketPanel
from futtui.tui.widgets.positions_panel import PositionsPanel
from futtui.tui.widgets.signals_panel import SignalsPanel
from futtui.tui.widgets.zones_panel import ZonesPanel
from futtui.tui.words import word

if TYPE_CHECKING:
    from futtui.tui.app import FuttuiApp

ARRANGEMENTS = {
    "all": (*keys.PANELS, keys.BESIDE),
    "watch": ("market", "signals", "zones", keys.BESIDE),
    "trade": ("signals", "positions", "log", keys.BESIDE),
    "tables": keys.PANELS,
}
"""The user's layouts: which panels each shows. Going to another panel shows all of them meanwhile.

The last is one of its own only where there is room for a chart that it leaves out.
"""
BROAD_FROM = 200
"""Columns from which on tables and chart grow together; below, all that is more than 180 goes to the chart."""


def find_watchers(screen: Screen[Any]) -> tuple[LineWidget | LivePanel, ...]:
    """Everything on a screen that wants to see each new view; looked up once, because a search is not free."""
    return tuple(widget for widget in screen.query("*") if isinstance(widget, LineWidget | LivePanel))


class DashboardScreen(SizedScreen, Screen[None]):
    """Market, signals, positions, zones and log at one glance."""

    BINDINGS = keys.bindings("everywhere", "copy", "dashboard", "row", "to_chart")
    AUTO_FOCUS = "#market"

    def __init__(self) -> None:
        super().__init__(id="dashboard")
        self.main = "market"
        self.watchers: tuple[LineWidget | LivePanel, ...] = ()
        self._view: View | None = None
        self._wanted = ""
        self._tables: dict[str, LivePanel] = {}
        self._footer: FooterBar | None = None
        self._source = "market"
        self._chart_left = ""

    @property
    def futtui(self) -> FuttuiApp:
        """The app."""
        return cast("FuttuiApp", self.app)

    def compose(self) -> ComposeResult:
        """Bars around the five panels."""
        yield StatusBar(id="status")
        yield TabBar(id="tabs")
        with Container(id="panels"):
            yield MarketPanel()
            yield SignalsPanel()
            yield ChartPanel()
            yield PositionsPanel()
            yield ZonesPanel()
            yield LogPanel()
        yield LogTail(id="tail")
        yield FlashLine(id="flash")
        yield FooterBar(id="footer")
        yield TooSmall(id="small")
        yield Overlay(id="overlay")

    def on_mount(self) -> None:
        """The first frame."""
        self.market, self.beside = self.query_one(MarketPanel), self.query_one(ChartPanel)
        self._tables = {name: self.panel(name) for name in keys.PANELS}
        self._footer = self.query_one(FooterBar)
        self._wanted = self.futtui.habits.symbol
        self.market.pinned = frozenset(self.futtui.habits.pinned.split())
        self.market.sort_as(self.futtui.habits.sort_by, reverse=self.futtui.habits.sort_reverse)
        self.watchers = find_watchers(self)
        self._choose_layout()
        self._show_main("market")
        self.futtui.pulse.beat()
        self.call_after_refresh(self._first_frame_is_laid_out)

    def _first_frame_is_laid_out(self) -> None:
        self.call_after_refresh(self.futtui.after_first_frame)

    def pulse(self, view: View) -> None:
        """Hands the new view to everything on this screen."""
        live = view.mode is TradingMode.LIVE
        if self.has_class("-live") != live:
            self.set_class(live, "-live")
        market = self.market
        market.pulse(view)
        if self._wanted and market.cursor_key is not None:
            market.select_key(self._wanted)
            self._wanted = ""
        symbol = str(market.cursor_key or view.symbol or "")
        if symbol in view.by_symbol and symbol != view.symbol:
            self.futtui.store.symbol = symbol
            view = replace(view, symbol=symbol)
        self._view = view
        self._follow_marked(view)
        for widget in self.watchers:
            if widget is not market:
                widget.pulse(view)

    def _follow_marked(self, view: View) -> None:
        """The chart shows what is marked; it stays with what it shows while the user is at work on it."""
        if self.has_class("-beside") and (self.main != keys.BESIDE or not self.beside.subject.symbol):
            self._show_marked(view)

    def _show_marked(self, view: View) -> None:
        key = self._tables[self._source].cursor_key
        subject = subject_of(view, self._source, key) or Subject(view.symbol)
        self.beside.follow(subject, self._frame_of(subject))

    # Layout

    def on_resize(self) -> None:
        """A new size may need another layout."""
        self._choose_layout()

    def _choose_layout(self) -> None:
        chosen, size = self.fit_window(), self.app.size
        self.set_class(size.height >= 32, "-tall")
        self.set_class(size.width >= BROAD_FROM, "-broad")
        if self._footer is not None:
            self._footer.panels = len(self._numbered)
        self._arrange()
        if chosen != "-tiny":
            self._mind_focus_of_chart()

    @property
    def chart_room(self) -> bool:
        """Whether the window is wide enough for the chart beside the tables."""
        return has_chart_room(*self.app.size)

    @property
    def _numbered(self) -> tuple[str, ...]:
        """The panels that can be gone to, by number."""
        return (*keys.PANELS, keys.BESIDE) if self.chart_room else keys.PANELS

    def _mind_focus_of_chart(self) -> None:
        """Where the chart has no room any more, the table that it followed has the focus until it has."""
        if self.main == keys.BESIDE and not self.chart_room:
            self._chart_left = self._source
            self._show_main(self._source)
            # Before the chart is gone, or its neighbour would get the focus; and again for one that was not shown yet.
            self.set_focus(self._tables[self._source])
            self.call_after_refresh(self._focus_soon, self._source)
        elif self._chart_left and self.chart_room:
            if self.main == self._chart_left:
                self.call_after_refresh(self._focus_soon, keys.BESIDE)
            self._chart_left = ""

    def _focus_soon(self, name: str) -> None:
        if self.is_attached and self.beside.is_attached:
            self.action_focus_panel(name)

    def _look_again(self) -> None:
        if self._view is not None and self.is_attached:
            self.pulse(self._view)

    @property
    def arrangement(self) -> str:
        """The layout that the user chose."""
        chosen = self.futtui.habits.layout
        return chosen if chosen in ARRANGEMENTS else "all"

    def _arrange(self) -> None:
        """Shows the panels of the layout; all of them while the main one is not among these."""
        chosen = self.arrangement
        for name, panels in ARRANGEMENTS.items():
            self.set_class(name == chosen and self.main in panels, f"-{name}")
        self.set_class(self.chart_room and not self.has_class("-tables"), "-beside")
        self.call_after_refresh(self._look_again)

    def action_next_layout(self) -> None:
        """The next of the layouts; without room for the chart, leaving it out is none of its own."""
        names = [name for name in ARRANGEMENTS if name != "tables" or self.chart_room]
        at = names.index(self.arrangement) if self.arrangement in names else 0
        name = names[(at + 1) % len(names)]
        self.futtui.keep_habits(layout=name)
        if self.main not in ARRANGEMENTS[name]:
            self.action_focus_panel(ARRANGEMENTS[name][0])
        self._arrange()
        told = "beside" if name == "all" and self.chart_room else name
        self.futtui.flash(word("layout.now", name=word(f"layout.{told}")))
        self.futtui.pulse.beat()

    def _show_main(self, panel: str) -> None:
        self.main = panel
        if panel in ("market", "signals", "positions", "zones"):
            self._source = "market" if panel == "zones" else panel
        self._arrange()
        for widget in self.query("#panels .panel"):
            widget.set_class(widget.id == panel, "-main")
        self.query_one("#panels").set_class(panel == "log", "-log-main")
        self.set_class(panel == "log", "-log-main")
        self.query_one(TabBar).main = panel
        self.query_one(FooterBar).context = panel

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The focused panel becomes the main one: it may need the space of the others."""
        widget = event.widget
        if isinstance(widget, LivePanel | ChartPanel) and widget.name_id != self.main:
            self._show_main(widget.name_id)
            self.call_after_refresh(self._look_again)

    # Actions

    def panel(self, name: str) -> LivePanel:
        """The panel with that name."""
        return self.query_one(f"#{name}", LivePanel)

    def action_focus_panel(self, name: str) -> None:
        """Goes to a panel; the chart, where it has no room beside the tables, is opened as a place of its own."""
        if name == keys.BESIDE and not self.chart_room:
            self.action_chart()
            return
        self._show_main(name)
        self.set_focus(self.query_one(f"#{name}"))
        self.call_after_refresh(self._look_again)

    def action_next_panel(self, step: int) -> None:
        """Goes to the next or previous panel, in reading order."""
        names = self._numbered
        # In a window too small for anything the chart stays the main one, so that it has the focus again afterwards.
        here = self.main if self.main in names else self._source
        self.action_focus_panel(names[(names.index(here) + step) % len(names)])

    def action_toggle_full(self) -> None:
        """One panel takes the whole window, or gives it back."""
        self.toggle_class("-zoom")
        self.call_after_refresh(self._look_again)

    def action_back(self) -> None:
        """One step back: the crosshair away, out of full screen, then to the market."""
        if self.has_class("-overlay"):
            self.futtui.action_toggle_overlay()
        elif self.main == keys.BESIDE and self.beside.drop_cross():
            pass
        elif self.has_class("-zoom"):
            self.action_toggle_full()
        elif self.main != "market":
            self.action_focus_panel("market")

    def action_find(self) -> None:
        """Asks for a symbol and goes there."""
        from futtui.tui.screens.find import FindScreen

        symbols = tuple(sorted(self._view.by_symbol)) if self._view else ()
        self.app.push_screen(FindScreen(symbols), self._found)

    def _found(self, symbol: str | None) -> None:
        if symbol:
            self.action_focus_panel("market")
            self.select_symbol(symbol)

    def select_symbol(self, symbol: str) -> None:
        """Puts the marker of the market on a symbol."""
        if not self.query_one(MarketPanel).select_key(symbol):
            self.futtui.flash(word("find.not_found", text=symbol), "attention")

    @on(CursorMoved)
    def _cursor_moved(self, message: CursorMoved) -> None:
        if message.panel == "market":
            self.futtui.store.symbol = str(message.key)
        if message.panel == "market" or (message.panel == self._source and self.beside.display):
            self.futtui.pulse.beat()

    def current_symbol(self) -> str:
        """The symbol that the marked row of the focused panel speaks of."""
        if self._view is None:
            return ""
        snapshot = self._view.snapshot
        if self.main == "signals" and snapshot.desk:
            key = self.panel("signals").cursor_key
            return next((item.raw.symbol for item in snapshot.desk.signals if item.signal_id == key), "")
        if self.main == "positions":
            panel = self.query_one(PositionsPanel)
            marked = panel.marked_position() or panel.marked_trade()
            return marked.symbol if marked else ""
        if self.main == "log":
            line = self.query_one(LogPanel).marked_line()
            return line.symbol if line else ""
        if self.main == keys.BESIDE:
            return self.beside.subject.symbol
        return str(self.panel("market").cursor_key or "")

    def action_chart(self) -> None:
        """Opens the chart of the marked row; its neighbours are those of the list."""
        subjects, at = self._subjects()
        is_beside = self.main == keys.BESIDE
        frame = self.beside.timeframe if is_beside else self._frame_of(subjects[at] if subjects else Subject(""))
        trail = (word("trail.dashboard"), word(f"panel.{self._source if is_beside else self.main}"))
        self.futtui.open_chart(subjects, at, trail, frame)

    def _frame_of(self, subject: Subject) -> Timeframe:
        """The timeframe of the signal, else that of the last chart."""
        found = signal_of(self._view, subject) if subject.signal_id and self._view is not None else None
        frame = found.raw.timeframe if found is not None else self.futtui.usual_frame
        return frame if frame in ANALYSIS_TIMEFRAMES else Timeframe.M15

    def action_neighbour(self, step: int) -> None:
        """From the chart: the next or previous row of the table that it follows."""
        if self.main == keys.BESIDE and self._view is not None:
            self.panel(self._source).action_cursor(step)
            self._show_marked(self._view)
            self.futtui.pulse.beat()

    def _subjects(self) -> tuple[list[Subject], int]:
        """What each row of the focused list would show on a chart, and which is marked."""
        if self.main == "log" or self._view is None:
            symbol = self.current_symbol()
            return ([Subject(symbol)], 0) if symbol else ([], 0)
        panel = self.panel(self._source)
        found = [(row.key, subject_of(self._view, self._source, row.key)) for row in panel.rows()]
        known = [(key, subject) for key, subject in found if subject is not None]
        subjects = [subject for _, subject in known]
        if self.main == keys.BESIDE:
            shown = self.beside.subject
            return (subjects, subjects.index(shown)) if shown in subjects else ([shown], 0)
        return subjects, next((at for at, (key, _) in enumerate(known) if key == panel.cursor_key), 0)

    def action_block(self) -> None:
        """Opens the block dialog for the current symbol."""
        ask_block(self.futtui, self.current_symbol())

    def action_set_alert(self) -> None:
        """Asks for the price of an alert for the marked symbol."""
        from futtui.tui.screens.price_alert import ask_alert

        ask_alert(self.futtui, self.current_symbol())

    def action_close_position(self) -> None:
        """Asks whether to close the marked position."""
        self.futtui.ask_close(self.query_one(PositionsPanel).marked_position())

    def action_move_stop(self) -> None:
        """Asks where the stop of the marked position should go."""
        from futtui.tui.screens.move_stop import ask_move_stop

        ask_move_stop(self.futtui, self.query_one(PositionsPanel).marked_position())

    def action_dismiss_signal(self) -> None:
        """Dismisses the marked signal, or brings it back; the marker goes on to the next one."""
        from futtui.tui.choosing import dismiss

        panel = self.query_one(SignalsPanel)
        if dismiss(self.futtui, panel.marked_signal()):
            panel.leave_marked()

    @on(RowOpened)
    def _open_row(self, message: RowOpened) -> None:
        if self._view is None:
            return
        zone_id = message.key[2] if message.panel == "zones" and isinstance(message.key, tuple) else ""
        if zone_id:
            from futtui.tui.screens.zone_browser import ZoneBrowserScreen

            self.app.push_screen(ZoneBrowserScreen(self.futtui.store.symbol, str(zone_id)))
            return
        detail = detail_of(self._view, message.panel, message.key)
        if detail is None:
            return
        from futtui.tui.screens.signal import detail_screen

        walks = message.panel in ("market", "signals", "positions")
        rows = [row.key for row in self.panel(message.panel).rows() if is_like(message.key, row.key)] if walks else []
        self.app.push_screen(detail_screen(detail, message.panel, message.key, rows))
