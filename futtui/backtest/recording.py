"""Analyses of a run, kept on disk: what only changes costs, limits or exits is then run again without analysing."""

from __future__ import annotations

import pickle
import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from futtui.backtest.data import BASE, SymbolData
from futtui.backtest.run import Source, SourceMaker
from futtui.backtest.settings import BacktestRequest
from futtui.backtest.shards import Answers
from futtui.domain.reading import AnalysisResult
from futtui.domain.timeframe import Timeframe

STRETCHES_IN_MEMORY = 8
Change = Callable[[str, Answers], Answers]
"""Makes other answers of a symbol's answers of one stretch; called once for each stretch, in order."""


class Moment(NamedTuple):
    """A close in short: what is needed to find others like it. `frames`: code to (regime, ATR)."""

    time_ms: int
    price: float
    ready: bool
    frames: dict[str, tuple[str, float | None]]


@dataclass
class Recording:
    """The answers of every symbol and stretch, in a file; `moments` lists every close in short."""

    file: Path
    ends_ms: list[int] = field(default_factory=list)
    places: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)
    moments: dict[str, list[Moment]] = field(default_factory=dict)
    _near: OrderedDict[tuple[str, int], Answers] = field(default_factory=OrderedDict)

    def keep(self, until_ms: int, answers: dict[str, Answers]) -> None:
        """Add a stretch."""
        self.ends_ms.append(until_ms)
        with self.file.open("ab") as out:
            for symbol, found in answers.items():
                packed = zlib.compress(pickle.dumps(found, pickle.HIGHEST_PROTOCOL), 1)
                self.places[symbol, until_ms] = (out.tell(), len(packed))
                out.write(packed)
                self.moments.setdefault(symbol, []).extend(_moment(time_ms, one) for time_ms, one in found)

    def stretch(self, symbol: str, until_ms: int) -> Answers:
        """The answers of a stretch; the newest few stay in memory."""
        key = (symbol, until_ms)
        if key in self._near:
            self._near.move_to_end(key)
            return self._near[key]
        place, length = self.places[key]
        with self.file.open("rb") as source:
            source.seek(place)
            found: Answers = pickle.loads(zlib.decompress(source.read(length)))
        self._near[key] = found
        while len(self._near) > STRETCHES_IN_MEMORY:
            self._near.popitem(last=False)
        return found

    def between(self, symbol: str, after_ms: int, until_ms: int) -> Answers:
        """The answers of closes in (after_ms, until_ms], whatever stretches they are in."""
        found: Answers = []
        for number, end_ms in enumerate(self.ends_ms):
            begun = self.ends_ms[number - 1] if number else 0
            if end_ms > after_ms and begun < until_ms and (symbol, end_ms) in self.places:
                found += [each for each in self.stretch(symbol, end_ms) if after_ms < each[0] <= until_ms]
        return found

    def __getstate__(self) -> dict[str, object]:
        """Travels to another process without what is in memory."""
        return {"file": self.file, "ends_ms": self.ends_ms, "places": self.places, "moments": self.moments}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state, _near=OrderedDict())


class Recorder:
    """Another source whose answers are kept while they pass."""

    def __init__(self, source: Source, recording: Recording) -> None:
        self._source, self._recording = source, recording
        self._asked: list[int] = []

    def ask(self, until_ms: int) -> None:
        """Begin with the next stretch."""
        self._asked.append(until_ms)
        self._source.ask(until_ms)

    def answers(self) -> dict[str, Answers]:
        """The answers, kept."""
        found = self._source.answers()
        self._recording.keep(self._asked.pop(0), found)
        return found

    def stop(self) -> None:
        """End the other source."""
        self._source.stop()


class Playback:
    """A source that reads a recording, changed on the way where a change is given."""

    def __init__(self, recording: Recording, symbols: tuple[str, ...], change: Change | None = None) -> None:
        self._recording, self._symbols, self._change = recording, symbols, change
        self._until_ms = 0

    def ask(self, until_ms: int) -> None:
        """Go to the next stretch."""
        self._until_ms = until_ms

    def answers(self) -> dict[str, Answers]:
        """The recorded answers of the stretch."""
        found = {symbol: self._recording.stretch(symbol, self._until_ms) for symbol in self._symbols}
        if self._change is None:
            return found
        return {symbol: self._change(symbol, each) for symbol, each in found.items()}

    def stop(self) -> None:
        """Nothing runs."""


def played(recording: Recording, change: Change | None = None) -> SourceMaker:
    """A maker of playbacks for `Backtest`."""

    def make(request: BacktestRequest, data: dict[str, SymbolData]) -> Source:
        return Playback(recording, tuple(data), change)

    return make


def _moment(time_ms: int, one: AnalysisResult) -> Moment:
    frames = {frame.code: (each.regime.regime.value, each.atr) for frame, each in one.reading.frames.items()}
    return Moment(time_ms, one.reading.price, one.reading.ready, frames)


def regime_at(moment: Moment, frame: Timeframe = BASE) -> str | None:
    """The regime of a timeframe at a moment; None when it was not known."""
    found = moment.frames.get(frame.code)
    return None if found is None else found[0]
