"""Standing levels: armed setups that their strategies renew at every close. Only one that price reaches is a signal."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from futtui.desk.refusals import Refusal
from futtui.desk.signal_book import Place
from futtui.domain.position import ExitReason, Trade
from futtui.domain.signal import RawSignal, Signal
from futtui.domain.timeframe import HOUR_MS, MINUTE_MS
from futtui.language.counting import counted
from futtui.risk.settings import StandingSettings

NEVER_MS = 1 << 62
_REACHED_KEPT = 200


class StandingBook:
    """At most one standing level per place, and when levels were reached lately. Time comes with each call."""

    def __init__(self) -> None:
        self._by_symbol: dict[str, dict[Place, Signal]] = {}
        self._reached: deque[tuple[int, str]] = deque(maxlen=_REACHED_KEPT)
        self._refused: dict[Place, str] = {}
        self._first_end_ms = NEVER_MS
        """No level ends before."""
        self.version = 0

    def renew(self, signal: Signal) -> None:
        """Put a level up in its place; an earlier one of the same place is gone."""
        self._refused.pop(signal.raw.place, None)
        self._by_symbol.setdefault(signal.raw.symbol, {})[signal.raw.place] = signal
        self._first_end_ms = min(self._first_end_ms, signal.raw.valid_until_ms)
        self.version += 1

    def refuse(self, place: Place, reason: str) -> None:
        """Take a level down, and remember in words why."""
        self.drop(place)
        self._refused[place] = reason

    def drop(self, place: Place) -> None:
        """Take a level down."""
        levels = self._by_symbol.get(place[2])
        if levels is not None and levels.pop(place, None) is not None:
            self.version += 1
            if not levels:
                del self._by_symbol[place[2]]

    def note_reached(self, raw: RawSignal, time_ms: int) -> None:
        """Remember that price came to a level, whether it was traded or not."""
        self._reached.append((time_ms, raw.strategy))

    def reached_since(self, strategy: str, since_ms: int) -> int:
        """How many levels of a strategy were reached from `since_ms` on, over all symbols."""
        return sum(name == strategy and time_ms >= since_ms for time_ms, name in self._reached)

    def on(self, symbol: str) -> tuple[Signal, ...]:
        """Levels of a symbol."""
        levels = self._by_symbol.get(symbol)
        return () if levels is None else tuple(levels.values())

    def has(self, symbol: str) -> bool:
        """Whether a symbol has standing levels."""
        return symbol in self._by_symbol

    def refusals(self) -> dict[Place, str]:
        """Why a place has no level although its strategy asked for one."""
        return dict(self._refused)

    def end(self, time_ms: int) -> None:
        """Take down what was not renewed in time."""
        if time_ms <= self._first_end_ms:
            return
        self._first_end_ms = NEVER_MS
        for levels in list(self._by_symbol.values()):
            for place, signal in list(levels.items()):
                if time_ms > signal.raw.valid_until_ms:
                    self.drop(place)
                else:
                    self._first_end_ms = min(self._first_end_ms, signal.raw.valid_until_ms)

    def view(self) -> tuple[Signal, ...]:
        """All levels, by symbol and strategy."""
        everything = (signal for levels in self._by_symbol.values() for signal in levels.values())
        return tuple(sorted(everything, key=lambda each: (each.raw.symbol, each.raw.strategy, each.raw.side.value)))


def standing_refusal(
    raw: RawSignal,
    time_ms: int,
    open_count: int,
    book: StandingBook,
    trades: Iterable[Trade],
    limits: StandingSettings,
    *,
    itself: int = 0,
) -> Refusal | None:
    """Why a level that price just reached is not traded: too many at once, a cascade, or a stop not long ago.

    `open_count`: positions that the strategy holds in this account. `trades`: closed trades, the newest last.
    `itself`: 1 when the level itself is noted as reached already.
    """
    if open_count >= limits.max_open:
        return Refusal("standing limit", f"its strategy already holds {counted(open_count, 'position')}, the limit")
    reached = book.reached_since(raw.strategy, time_ms - limits.cascade_minutes * MINUTE_MS) - itself
    if reached >= limits.cascade_fills:
        many = counted(reached, "such level was", "such levels were")
        text = f"{many} reached within {counted(limits.cascade_minutes, 'minute')}: the whole market falls"
        return Refusal("cascade", text)
    since_ms = time_ms - limits.pause_after_stop_hours * HOUR_MS
    stopped = any(
        trade.symbol == raw.symbol
        and trade.strategy == raw.strategy
        and trade.closed_ms > since_ms
        and trade.legs[-1].reason is ExitReason.STOP
        for trade in trades
    )
    if stopped:
        return Refusal("pause", f"stopped out here within {counted(limits.pause_after_stop_hours, 'hour')}")
    return None
