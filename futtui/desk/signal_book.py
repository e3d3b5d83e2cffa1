"""All signals the desk knows: open ones by id and place, finished ones for the screen, and every id seen."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import replace

from futtui.domain.side import Side
from futtui.domain.signal import RawSignal, Signal, SignalStatus, System
from futtui.domain.timeframe import DAY_MS

_IDS_KEPT = 20_000

Place = tuple[System, str, str, Side]


class SignalBook:
    """Keeps at most one open signal per place. Time comes with each call."""

    def __init__(self, finished_kept: int) -> None:
        self._open: dict[str, Signal] = {}
        self._places: dict[Place, str] = {}
        self._waiting: dict[str, dict[str, Signal]] = {}
        self._finished: deque[Signal] = deque(maxlen=max(1, finished_kept))
        self._seen: dict[str, None] = {}
        self._day = -1
        self.signals_today = 0
        self.expired_today = 0
        self.version = 0

    def has_seen(self, signal_id: str) -> bool:
        """Whether a signal of this id was handled before, also before a restart."""
        return signal_id in self._seen

    def holder(self, place: Place) -> Signal | None:
        """The open signal at a place."""
        signal_id = self._places.get(place)
        return None if signal_id is None else self._open.get(signal_id)

    def get(self, signal_id: str) -> Signal | None:
        """An open signal by id."""
        return self._open.get(signal_id)

    def taken_of(self, signal: Signal) -> list[Signal]:
        """What the user made of a signal by taking it, as far as it is remembered."""
        every = (*self._open.values(), *self._finished)
        return [item for item in every if item.raw.is_by_hand and _is_same_plan(item.raw, signal.raw)]

    def find(self, signal_id: str) -> Signal | None:
        """A signal by id, open or finished lately."""
        found = self._open.get(signal_id)
        return found or next((item for item in reversed(self._finished) if item.signal_id == signal_id), None)

    def waiting(self, symbol: str) -> tuple[Signal, ...]:
        """Armed signals of a symbol, oldest first."""
        waiting = self._waiting.get(symbol)
        return () if waiting is None else tuple(waiting.values())

    def has_waiting(self, symbol: str) -> bool:
        """Whether a symbol has armed signals."""
        return bool(self._waiting.get(symbol))

    def all_waiting(self) -> tuple[Signal, ...]:
        """Armed signals of all symbols."""
        return tuple(signal for signals in self._waiting.values() for signal in signals.values())

    def put(self, signal: Signal) -> None:
        """Add a signal or change its state."""
        signal_id, place = signal.signal_id, signal.raw.place
        is_new = signal_id not in self._seen
        self.note_seen(signal_id)
        self._take_out(signal_id)
        self._roll_day(signal.updated_ms)
        self.version += 1
        if is_new and signal.status.is_open and not signal.raw.is_by_hand:
            self.signals_today += 1
        if not signal.status.is_open:
            self._finished.append(signal)
            self.expired_today += signal.status is SignalStatus.EXPIRED
            return
        self._open[signal_id] = signal
        if not signal.raw.is_by_hand:  # the signal that was taken holds the place further
            self._places[place] = signal_id
        if signal.status is SignalStatus.WAITING:
            self._waiting.setdefault(signal.raw.symbol, {})[signal_id] = signal

    def change(self, signal_id: str, status: SignalStatus, reason: str, time_ms: int) -> Signal | None:
        """Move an open signal to another state; None if it is not open."""
        signal = self._open.get(signal_id)
        if signal is None:
            return None
        changed = replace(signal, status=status, status_reason=reason, updated_ms=time_ms)
        self.put(changed)
        return changed

    def restore(self, signals: Iterable[Signal]) -> None:
        """Take in stored signals after a restart; they do not count as new."""
        for signal in sorted(signals, key=lambda item: (item.updated_ms, item.signal_id)):
            self.note_seen(signal.signal_id)
            self.put(signal)

    def view(self) -> tuple[Signal, ...]:
        """Open signals, then finished ones, each newest first."""
        newest = sorted(self._open.values(), key=lambda item: (-item.raw.time_ms, item.signal_id))
        return (*newest, *reversed(self._finished))

    def lately(self, symbol: str, since_ms: int) -> list[RawSignal]:
        """Proposals of the symbol's open signals that were made from `since_ms` on."""
        mine = (signal.raw for signal in self._open.values() if not signal.raw.is_by_hand)
        return [raw for raw in mine if raw.symbol == symbol and raw.time_ms >= since_ms]

    def note_seen(self, signal_id: str) -> None:
        """Never take a signal of this id (again); the last 20,000 ids are remembered."""
        self._seen[signal_id] = None
        while len(self._seen) > _IDS_KEPT:
            del self._seen[next(iter(self._seen))]

    def _take_out(self, signal_id: str) -> None:
        earlier = self._open.pop(signal_id, None)
        if earlier is None:
            return
        if self._places.get(earlier.raw.place) == signal_id:
            del self._places[earlier.raw.place]
        waiting = self._waiting.get(earlier.raw.symbol)
        if waiting is not None:
            waiting.pop(signal_id, None)
            if not waiting:
                del self._waiting[earlier.raw.symbol]

    def _roll_day(self, time_ms: int) -> None:
        day = time_ms // DAY_MS
        if day > self._day:
            self._day, self.signals_today, self.expired_today = day, 0, 0


def _is_same_plan(raw: RawSignal, other: RawSignal) -> bool:
    """Whether two proposals are of one place and one plan."""
    return raw.place == other.place and raw.timeframe is other.timeframe and raw.levels == other.levels
