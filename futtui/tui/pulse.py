"""The one timer of the screen: on each beat it looks at the newest snapshot and lets the visible screen repaint.

However many events the engine handles, the screen looks five times a second; once a second while the window is in
the background. No message is sent for a market event.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from time import perf_counter
from typing import TYPE_CHECKING

from textual.timer import Timer

from futtui.tui.compat.terminal import Slowness, pieces_waiting
from futtui.tui.widgets.live_panel import LivePanel
from futtui.tui.words import word

if TYPE_CHECKING:
    from futtui.tui.app import FuttuiApp

BACKGROUND_HZ = 1.0
SLOW_HZ = 2.0
"""For a terminal that does not keep up, as over a thin line."""
KEPT = 600


class Pulse:
    """Beats, and measures itself: duration of a beat, lateness of the timer, lines repainted."""

    def __init__(self, app: FuttuiApp, beats_per_second: float) -> None:
        self._app = app
        self._hz = min(30.0, max(1.0, beats_per_second))
        self._timer: Timer | None = None
        self._ticks_ms: deque[float] = deque(maxlen=KEPT)
        self._lags_ms: deque[float] = deque(maxlen=KEPT)
        self._lines: deque[int] = deque(maxlen=KEPT)
        self._snapshots: deque[tuple[float, int]] = deque(maxlen=50)
        self._due_s: float | None = None
        self._interval_s = 1.0 / self._hz
        self._in_background = False
        self._terminal = Slowness()

    def start(self) -> None:
        """Starts beating at full rate."""
        self._set_interval(1.0 / self.wanted_hz)

    def set_background(self, background: bool) -> None:
        """Slows down while the window is not in front."""
        self._in_background = background
        if self._timer is not None:
            self._set_interval(1.0 / self.wanted_hz)

    @property
    def wanted_hz(self) -> float:
        """How often to beat: less in the background, and less where the terminal does not keep up."""
        if self._in_background:
            return BACKGROUND_HZ
        return min(SLOW_HZ, self._hz) if self._terminal.is_slow else self._hz

    def stop(self) -> None:
        """Stops beating."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    @property
    def interval_s(self) -> float:
        """Seconds between two beats."""
        return self._interval_s

    def _set_interval(self, seconds: float) -> None:
        self.stop()
        self._interval_s = seconds
        self._due_s = None
        self._timer = self._app.set_interval(seconds, self._on_timer, name="pulse")

    def _on_timer(self) -> None:
        now_s = perf_counter()
        if self._due_s is not None:
            self._lags_ms.append(max(0.0, (now_s - self._due_s) * 1000.0))
        self._due_s = now_s + self._interval_s
        self.suit_terminal(pieces_waiting(self._app))
        self.beat()
        self._app.collector.after_beat()

    def suit_terminal(self, waiting: int) -> None:
        """Beat more slowly while pieces of pictures keep waiting for the terminal, and faster again afterwards."""
        if not self._terminal.look(waiting):
            return
        if self._timer is not None:
            self._set_interval(1.0 / self.wanted_hz)
        told = "terminal.slow" if self._terminal.is_slow else "terminal.quick"
        self._app.flash(word(told, n=f"{self.wanted_hz:g}"), "attention")

    def beat(self) -> None:
        """One look at the engine; the visible screen repaints what changed.

        Nothing once the screens are closed: the timer and answers to commands may still arrive while the app ends.
        """
        begin_s = perf_counter()
        app = self._app
        if not app.screen_stack:
            return
        app.typed.look()
        view = app.store.read()
        app.flash_line.fade(self._interval_s)
        app.notice_news(view)
        screen = app.screen
        look = getattr(screen, "pulse", None)
        if look is not None:
            look(view)
        self._ticks_ms.append((perf_counter() - begin_s) * 1000.0)
        watchers = getattr(screen, "watchers", ())
        self._lines.append(sum(item.refreshed_lines for item in watchers if isinstance(item, LivePanel)))
        self._snapshots.append((begin_s, app.store.new_snapshots))

    def figures(self) -> Mapping[str, float]:
        """Percentiles of the last two minutes."""
        first, last = (self._snapshots[0], self._snapshots[-1]) if self._snapshots else ((0.0, 0), (0.0, 0))
        seconds = last[0] - first[0]
        return {
            "tick_p50_ms": percentile(self._ticks_ms, 50),
            "tick_p99_ms": percentile(self._ticks_ms, 99),
            "tick_max_ms": max(self._ticks_ms, default=0.0),
            "lag_p99_ms": percentile(self._lags_ms, 99),
            "snapshots_per_s": (last[1] - first[1]) / seconds if seconds > 0 else 0.0,
            "lines_per_beat": sum(self._lines) / len(self._lines) if self._lines else 0.0,
            "beats": float(len(self._ticks_ms)),
        }

    def forget(self) -> None:
        """Begins the measurements anew."""
        for kept in (self._ticks_ms, self._lags_ms, self._lines, self._snapshots):
            kept.clear()


def percentile(values: deque[float], percent: float) -> float:
    """The value below which `percent` of the values lie; 0 without values."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100.0))]
