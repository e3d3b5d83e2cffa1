"""The terminal app: wires theme, keys and pulse to an engine. Light to import: no exchange, no database, no numpy."""

from __future__ import annotations

import logging
import secrets
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from time import monotonic
from typing import Any

from textual import events, on
from textual.app import App
from textual.command import CommandPalette
from textual.screen import Screen

from futtui.domain.events import Command
from futtui.domain.signal import Signal
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES, Timeframe
from futtui.tui import keys
from futtui.tui.arrivals import Arrivals
from futtui.tui.backtest_port import BacktestPort
from futtui.tui.commands import FuttuiCommands, command_list
from futtui.tui.compat.clock import load_zone
from futtui.tui.compat.collector import CollectorCare
from futtui.tui.compat.strips import let_strips_go
from futtui.tui.compat.synchronized import enable_synchronized_output
from futtui.tui.compat.terminal import (
    TerminalWindow,
    has_few_colours,
    is_old_console,
    let_go_of_lost_terminal,
    watch_terminal,
)
from futtui.tui.compat.timers import give_timers_room
from futtui.tui.engine_port import EnginePort
from futtui.tui.habits import Habits, HabitsPort
from futtui.tui.leaving import ask_quit
from futtui.tui.messages import CommandAnswered
from futtui.tui.news import NewsWatch, start_progress
from futtui.tui.paint.chart.content import Subject
from futtui.tui.paint.notices import Flash
from futtui.tui.paint.view import View, source_of
from futtui.tui.pulse import Pulse
from futtui.tui.receipts import Receipts
from futtui.tui.run_watch import RunWatch
from futtui.tui.running_settings import use_theme
from futtui.tui.screens.dashboard import DashboardScreen
from futtui.tui.settings import UiSettings
from futtui.tui.settings_port import SettingsPort
from futtui.tui.store import Store
from futtui.tui.theme import FEW, NIGHT, THEMES, Palette, textual_theme, theme_name
from futtui.tui.typed_keys import TypedKeys
from futtui.tui.user_keys import UserKeys
from futtui.tui.widgets.live_panel import LivePanel
from futtui.tui.words import speak, word

UNDO_KEPT = 200


def typed_number() -> str:
    """Four random digits for the user to type before going live."""
    return f"{secrets.randbelow(9000) + 1000}"


class FuttuiApp(UserKeys, App[None]):
    """The dashboard on an engine. Reads snapshots five times a second; every act is a command to the engine."""

    CSS_PATH = "futtui.tcss"
    TITLE = "futtui"
    COMMANDS = {FuttuiCommands}
    BINDINGS = keys.bindings("app", "copy")

    def __init__(
        self,
        engine: EnginePort,
        *,
        settings: UiSettings | None = None,
        real_clock_s: Callable[[], float] = monotonic,
        number_source: Callable[[], str] = typed_number,
        settings_port: SettingsPort | None = None,
        backtests: BacktestPort | None = None,
        save_text: Callable[[str, str], str] | None = None,
        habits_port: HabitsPort | None = None,
    ) -> None:
        self.ui_settings = settings or UiSettings()
        speak(self.ui_settings.language)
        self.palette = Palette(THEMES.get(self.ui_settings.theme, NIGHT))
        super().__init__()
        self.animation_level = "none"
        self.engine = engine
        self.settings_port = settings_port
        self.backtests = backtests
        self.save_text = save_text
        self._run_watch = RunWatch(backtests)
        self.settings_undo: deque[tuple[str, str]] = deque(maxlen=UNDO_KEPT)
        """(setting, text before) of each change by the user, newest last."""
        self._habits_port = habits_port
        self.habits = Habits.of(habits_port.load() if habits_port is not None else {})
        zone, zone_name = load_zone(self.ui_settings.time_zone)
        self.store = Store(engine, zone, zone_name, real_clock_s)
        self.pulse = Pulse(self, self.ui_settings.pulse_hz)
        self.flash_line = Flash()
        self.receipts = Receipts(self)
        self.terminal = TerminalWindow(self)
        self._news = NewsWatch()
        self._arrivals = Arrivals()
        self.number_source = number_source
        self.dismissed: list[Signal] = []
        """Signals dismissed here, the newest last, for the key that brings back."""
        self._started = False
        self.collector = CollectorCare()
        self.typed = TypedKeys(self, super().on_event)
        self.has_few_colours = False
        for tokens in (*THEMES.values(), FEW):
            self.register_theme(textual_theme(tokens))
        self.theme = theme_name(self.ui_settings.theme)

    def _handle_exception(self, error: Exception) -> None:
        """An error that ends the screen is in the log, too: the terminal that showed it may be closed."""
        logging.getLogger("futtui.screen").critical(word("failed.screen"), exc_info=error)
        super()._handle_exception(error)

    async def on_event(self, event: events.Event) -> None:
        """Keys and pastes wait for the screen that the key before them opens; all else goes its way."""
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            await self.typed.take(event)
        else:
            await super().on_event(event)

    def get_default_screen(self) -> Screen[Any]:
        """The dashboard."""
        return DashboardScreen()

    def on_mount(self) -> None:
        """Prepares the terminal; the dashboard calls `after_first_frame` once it is on screen."""
        give_timers_room()
        let_strips_go()
        self.set_class(self.ui_settings.plain_glyphs, "-plain")
        self._suit_terminal()
        enable_synchronized_output(self)
        watch_terminal(self, self.leave)
        if self.ui_settings.start_mode_text:
            self.flash(self.ui_settings.start_mode_text)
        if self.ui_settings.attached_to:
            self.flash(word("attached.opened", process=self.ui_settings.attached_to))

    def _suit_terminal(self) -> None:
        """Draws with what the terminal has: few colours, or the plain signs of the old Windows console."""
        self.has_few_colours = has_few_colours(self)
        if self.has_few_colours:
            use_theme(self, self.ui_settings.theme)
        if is_old_console() and not self.is_headless:
            self.ui_settings = replace(self.ui_settings, plain_glyphs=True)
            self.set_class(True, "-plain")
            self.flash(word("terminal.old_console"), "attention")

    def after_first_frame(self) -> None:
        """Starts the engine and the pulse, once."""
        if self._started:
            return
        self._started = True
        self.pulse.beat()
        self.engine.start()
        self.pulse.start()
        self.collector.begin()
        if self.ui_settings.welcome == "always" or (self.ui_settings.welcome == "once" and not self.habits.welcomed):
            self.action_open_place("welcome")

    def on_unmount(self) -> None:
        """Leaves the terminal as it was."""
        self.pulse.stop()
        self.keep_habits(symbol=self.store.symbol or self.habits.symbol)
        self.terminal.set_progress(None)
        self.terminal.restore_title()

    def on_app_blur(self) -> None:
        """In the background once a second is enough."""
        self.pulse.set_background(True)

    def on_app_focus(self) -> None:
        """Back in front: full rate again."""
        self.pulse.set_background(False)

    def keep_habits(self, **changes: Any) -> None:
        """Remembers for the next start how the screen is arranged."""
        habits = replace(self.habits, **changes)
        if habits != self.habits:
            self.habits = habits
            if self._habits_port is not None:
                self._habits_port.keep(habits.as_mapping())

    @property
    def usual_frame(self) -> Timeframe:
        """The timeframe of the last chart."""
        return next((frame for frame in ANALYSIS_TIMEFRAMES if frame.name == self.habits.timeframe), Timeframe.M15)

    # News

    def notice_news(self, view: View) -> None:
        """Flashes what is new since the last beat; rings for an alert, and for a signal that nobody looks at."""
        for item in self._news.look(view, on_dashboard=self.screen is self.dashboard):
            self.flash(item.text, item.token, item.time_ms)
            if self.ui_settings.bell and (item.always_rings or (item.rings and not self.app_focus)):
                self.terminal.ring()
        for text, token in self._run_watch.look():
            self.flash(text, token)
        self.receipts.look()
        badge = source_of(view.snapshot).short_badge
        mode = word(f"mode.{view.mode.value}").upper()
        self.terminal.set_progress(start_progress(view) or self._run_watch.progress)
        self.terminal.set_title(" · ".join(part for part in ("futtui", mode, badge) if part))
        self.collector.look(running=view.snapshot.phase == "running")
        self._arrivals.look(self, view)

    def flash(self, text: str, token: str = "bold", time_ms: int | None = None) -> None:
        """Shows a sentence in the flash line."""
        self.flash_line.show(text, token, self.engine.exchange_time_ms() if time_ms is None else time_ms)

    # Commands to the engine

    def send(self, command: Command, told: Callable[[str], str] = str) -> None:
        """Sends a command; its receipt, why it was refused, or that none came in time, appears in the flash line.

        `told` makes the words for the user of the receipt.
        """
        self.receipts.send(command, told)

    def send_if(self, command: Command | None) -> None:
        """Sends what a dialog answered; None = it was left."""
        if command is not None:
            self.send(command)

    @on(CommandAnswered)
    def _show_answer(self, message: CommandAnswered) -> None:
        self.receipts.take(message)
        self.pulse.beat()

    # Everywhere

    @property
    def dashboard(self) -> DashboardScreen | None:
        """The dashboard, wherever it is in the stack of screens."""
        return next((screen for screen in self.screen_stack if isinstance(screen, DashboardScreen)), None)

    def market_panel(self) -> LivePanel | None:
        """The market panel, for commands that sort it from anywhere."""
        return self.dashboard.panel("market") if self.dashboard else None

    def action_show_help(self) -> None:
        """Help for the place where the focus is."""
        from futtui.tui.screens.help import HelpScreen

        self.push_screen(HelpScreen(self._help_place()))

    def _help_place(self) -> str:
        screen = self.screen
        return screen.main if isinstance(screen, DashboardScreen) else getattr(screen, "help_place", "detail")

    def action_open_place(self, name: str) -> None:
        """Opens one of the screens that are a place of their own."""
        from futtui.tui.places import open_place

        open_place(self, name)

    def action_command_palette(self) -> None:
        """All commands by name."""
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(command_list())

    def action_toggle_overlay(self) -> None:
        """Shows or hides the speed figures."""
        if self.dashboard:
            self.dashboard.toggle_class("-overlay")
            self.call_after_refresh(self.pulse.beat)

    def action_choose_theme(self, name: str) -> None:
        """Changes the colours for good, as the settings do."""
        from futtui.tui.running_settings import choose_theme

        choose_theme(self, name)

    def action_jump(self) -> None:
        """Letters over everything that can be gone to."""
        from futtui.tui.screens.jump import JumpScreen, targets

        found = targets(self.screen)
        if found:
            self.push_screen(JumpScreen(found))

    def action_explain(self) -> None:
        """What the columns and words of this place mean."""
        from futtui.tui.screens.help import HelpScreen

        self.push_screen(HelpScreen(self._help_place(), words_only=True))

    def action_copy_row(self) -> None:
        """Copies the marked row, or the whole text where nothing is marked."""
        places: tuple[Any, ...] = (self.screen, self.screen.focused)
        text = next((place.copy_text() for place in places if hasattr(place, "copy_text")), "")
        if text:
            self.copy_to_clipboard(text)
        lines = text.count("\n") + 1
        told = word("copy.row", text=text) if lines == 1 else word("copy.lines", n=lines)
        self.flash(told if text else word("copy.nothing"), "bold" if text else "attention")
        self.pulse.beat()

    def action_copy_or_hint(self) -> None:
        """Copies a selection; without one it says how to quit, because Ctrl+C often means that."""
        selected = self.screen.get_selected_text()
        if selected:
            self.copy_to_clipboard(selected)
            self.flash(word("copy.done"))
        else:
            self.flash(word("copy.hint"), "attention")
        self.pulse.beat()

    # Symbols and positions

    def open_chart(
        self,
        subjects: Sequence[Subject],
        at: int,
        trail: tuple[str, ...],
        frame: Timeframe,
        spot: tuple[int, float] | None = None,
    ) -> None:
        """Opens the chart of `subjects[at]`; the others are one key away. `spot`: moment and price to look at."""
        if not subjects or not subjects[at].symbol:
            self.flash(word("chart.no_symbol"), "attention")
            return
        from futtui.tui.screens.chart import ChartScreen

        self.push_screen(ChartScreen(subjects, at, trail, frame, spot))

    # Quit

    def action_request_quit(self) -> None:
        """Quits; asks first where something would be lost."""
        ask_quit(self)

    def leave(self) -> None:
        """Quits without a question; may be called from a signal handler or another thread, at any moment."""
        if self._loop is None or self._loop.is_closed():
            raise SystemExit
        let_go_of_lost_terminal(self)
        self._loop.call_soon_threadsafe(self.exit)

    async def action_quit(self) -> None:
        """Textual's own way out asks the same question."""
        self.action_request_quit()
