"""What is new since the last look: signals and important log lines, each told once."""

from __future__ import annotations

from dataclasses import dataclass

from futtui.domain.effects import Say, Severity
from futtui.domain.price_alert import ALERT_TOPIC
from futtui.domain.signal import Signal
from futtui.tui.compat.terminal import Progress
from futtui.tui.heard import heard
from futtui.tui.paint import numbers
from futtui.tui.paint.view import View
from futtui.tui.words import word


@dataclass(frozen=True, slots=True)
class NewsItem:
    """One sentence for the flash line; `rings` asks for the bell while the window is in the background."""

    text: str
    token: str
    time_ms: int
    rings: bool = False
    always_rings: bool = False
    """What the user asked to be called for rings in front, too."""


def start_progress(view: View) -> Progress | None:
    """How far the start is, for the task bar; None once it is over."""
    snapshot = view.snapshot
    if view.failed:
        return Progress(2, 100)
    if snapshot.phase in ("running", "stopped"):
        return None
    if not snapshot.symbols_total:
        return Progress(3)
    return Progress(1, snapshot.symbols_ready * 100 // snapshot.symbols_total)


class NewsWatch:
    """Compares each view with the one before. The first view with data is not news."""

    def __init__(self) -> None:
        self._known_signals: frozenset[str] | None = None
        self._log: tuple[Say, ...] = ()
        self._started = False

    def look(self, view: View, *, on_dashboard: bool) -> list[NewsItem]:
        """At most one log line and one sentence about signals, however many there are, and each price alert.

        `on_dashboard`: whether the key that shows signals works where the user is; else the sentence leads there.
        """
        items = self._log_news(view) + self._signal_news(view, on_dashboard)
        self._started = True
        return items

    def _signal_news(self, view: View, on_dashboard: bool) -> list[NewsItem]:
        desk = view.snapshot.desk
        if desk is None:
            return []
        opened = {item.signal_id: item for item in desk.signals if item.status.is_open and not item.raw.is_by_hand}
        known, self._known_signals = self._known_signals, frozenset(opened)
        if known is None:
            return []
        fresh = [each for identity, each in opened.items() if identity not in known and not each.is_for_information]
        if not fresh:
            return []
        newest = max(fresh, key=lambda signal: (signal.raw.time_ms, signal.score))
        text = _signal_text(newest, view, on_dashboard)
        if len(fresh) > 1:
            text += " " + word("news.more_signals", n=len(fresh) - 1)
        return [NewsItem(text, "bold", newest.raw.time_ms, rings=True)]

    def _log_news(self, view: View) -> list[NewsItem]:
        lines = view.snapshot.log
        if lines is self._log:
            return []
        last = self._log[-1] if self._log else None
        self._log, had = lines, self._started
        if not had:
            return []
        fresh: list[Say] = []
        for line in reversed(lines):
            if line is last or line == last:
                break
            fresh.append(line)
        alerts = [
            NewsItem(heard(line.text), "attention", line.time_ms, always_rings=True)
            for line in reversed(fresh)
            if line.topic == ALERT_TOPIC
        ]
        loud = [line for line in fresh if line.severity in (Severity.WARNING, Severity.ERROR)]
        if not loud:
            return alerts
        newest = loud[0]
        token = "down_bold" if newest.severity is Severity.ERROR else "attention"
        return [NewsItem(f"! {newest.text}", token, newest.time_ms), *alerts]


def _signal_text(signal: Signal, view: View, on_dashboard: bool) -> str:
    raw = signal.raw
    return word(
        "news.signal" if on_dashboard else "news.signal_elsewhere",
        symbol=numbers.base_asset(raw.symbol, view.rules(raw.symbol)),
        side=word(f"side.{raw.side.value.lower()}").lower(),
        score=numbers.score_text(signal.score),
    )
