"""The signals of a long run in little memory: what is finished lies packed, and is unpacked when it is looked at."""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from futtui.domain.position import Trade
from futtui.domain.signal import Signal

SHEET = 256
"""Signals that are packed together: enough to share the words that their reasons have in common."""
SHEETS_NEAR = 8
"""Signals lie nearly in the order in which they were proposed: a few sheets are enough to walk through all."""


def signals_of(trades: Iterable[Trade], signals: Iterable[Signal]) -> dict[str, Signal]:
    """The signals that these trades came of, by id; of a long run all others lie packed again when they were passed."""
    wanted = {trade.signal_id for trade in trades}
    return {signal.signal_id: signal for signal in signals if signal.signal_id in wanted}


class SignalShelf:
    """Takes in signals as they change; the newest version of each counts."""

    def __init__(self) -> None:
        self._open: dict[str, Signal] = {}
        self._sheets: list[bytes] = []
        self._places: dict[str, tuple[int, int, int]] = {}
        """Of packed signals: time of the proposal, sheet, place on it."""

    def put(self, signal: Signal) -> None:
        """Keep a signal, or its newer version."""
        signal_id = signal.signal_id
        self._open.pop(signal_id, None)
        self._open[signal_id] = signal
        if len(self._open) >= 2 * SHEET:
            self._pack()

    def all(self) -> PackedSignals:
        """Everything, by the time of the proposals."""
        self._pack(least=1, also_open=True)
        order = sorted((time_ms, signal_id) for signal_id, (time_ms, *_) in self._places.items())
        return PackedSignals(self._sheets, [self._places[signal_id][1:] for _, signal_id in order])

    def _pack(self, least: int = SHEET, *, also_open: bool = False) -> None:
        """Pack what is finished, if it is worth a sheet; a later version would only lie elsewhere."""
        done = [each for each in self._open.values() if also_open or not each.status.is_open]
        while len(done) >= least:
            sheet, done = done[:SHEET], done[SHEET:]
            for place, signal in enumerate(sheet):
                signal_id = signal.signal_id
                self._places[signal_id] = (signal.raw.time_ms, len(self._sheets), place)
                del self._open[signal_id]
            self._sheets.append(zlib.compress(pickle.dumps(sheet, pickle.HIGHEST_PROTOCOL), 1))


class PackedSignals(Sequence[Signal]):
    """Signals in order, unpacked a sheet at a time; equal to every row of equal signals."""

    def __init__(self, sheets: list[bytes], places: Iterable[tuple[int, ...]]) -> None:
        self._sheets = sheets
        self._order = [(sheet, place) for sheet, place in places]
        self._near: dict[int, list[Signal]] = {}

    def __len__(self) -> int:
        return len(self._order)

    @overload
    def __getitem__(self, wanted: int) -> Signal: ...

    @overload
    def __getitem__(self, wanted: slice) -> list[Signal]: ...

    def __getitem__(self, wanted: int | slice) -> Signal | list[Signal]:
        if isinstance(wanted, slice):
            return [self._at(*each) for each in self._order[wanted]]
        return self._at(*self._order[wanted])

    def __iter__(self) -> Iterator[Signal]:
        return (self._at(*each) for each in self._order)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or len(self) != len(other):
            return False
        return all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"PackedSignals({len(self)})"

    def _at(self, sheet: int, place: int) -> Signal:
        found = self._near.pop(sheet, None)
        if found is None:
            found = pickle.loads(zlib.decompress(self._sheets[sheet]))
        self._near[sheet] = found  # the newest is the last
        if len(self._near) > SHEETS_NEAR:
            del self._near[next(iter(self._near))]
        return found[place]

    def __getstate__(self) -> dict[str, object]:
        """Travels without what is unpacked."""
        return {"_sheets": self._sheets, "_order": self._order, "_near": {}}
