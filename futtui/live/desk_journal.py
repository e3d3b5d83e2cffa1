"""The journal of the desk: every event that it was given and every effect that it asked for, in order, for a replay.

One JSON line each, in files of bounded size that are packed when they are full; the oldest go when there are too many.
A line is with the system when the event has been carried out, so a killed process loses none; a torn one is skipped.
"""

from __future__ import annotations

import gzip
import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import msgspec

from futtui.desk.desk import TradingDesk
from futtui.desk.settings import DeskSettings
from futtui.domain.candle import Candle
from futtui.domain.effects import Effect, PositionState
from futtui.domain.errors import StorageError
from futtui.domain.events import Event, PriceUpdate
from futtui.domain.position import Trade, TradingMode
from futtui.domain.signal import Signal
from futtui.domain.timeframe import DAY_MS
from futtui.live.decisions import DecisionBook, Decisions, decisions_of
from futtui.live.journal_writer import DeskJournal, Line

log = logging.getLogger(__name__)

FORM = 1
HASH_EVERY = 2_000
PACKED = ".gz"
EVENT_TYPES: dict[str, type] = {cls.__name__: cls for cls in get_args(Event)}


class Start(msgspec.Struct):
    """How a desk was made."""

    form: int
    settings: DeskSettings
    mode: TradingMode
    start_equity: Decimal
    for_information: list[str]


class Restored(msgspec.Struct):
    """What a desk was given from storage."""

    positions: list[PositionState]
    signals: list[Signal]
    blocked: dict[str, tuple[int, str]]
    trades: list[Trade]
    time_ms: int


class Warmed(msgspec.Struct):
    """Closed candles of the past."""

    symbol: str
    candles: list[Candle]


class RecordedDesk(TradingDesk):
    """A desk that writes down all it is given. Prices that can change nothing are kept back, only the newest counts."""

    def __init__(
        self,
        journal: DeskJournal,
        settings: DeskSettings,
        mode: TradingMode,
        start_equity: Decimal,
        for_information: Set[str],
        confidence: Any = None,
    ) -> None:
        super().__init__(settings, mode, start_equity, for_information, confidence)
        self._journal = journal
        self._idle_prices: dict[str, PriceUpdate] = {}
        self._idle_day = -1
        self._events = 0
        self._write("start", Start(FORM, settings, mode, start_equity, sorted(for_information)))

    def handle(self, event: Event) -> list[Effect]:
        """As TradingDesk, with both sides written down."""
        if type(event) is PriceUpdate and not self._state.is_watched(event.symbol):
            if event.time_ms // DAY_MS != self._idle_day:
                self._flush_prices()
                self._idle_day = event.time_ms // DAY_MS
                self._write("event", event)
            else:
                self._idle_prices[event.symbol] = event
            return super().handle(event)
        self._flush_prices()
        effects = super().handle(event)
        self._write("event", event, effects)
        self._events += 1
        if self._events % HASH_EVERY == 0:
            self.write_hash()
        return effects

    def restore(
        self,
        positions: Iterable[PositionState] = (),
        signals: Iterable[Signal] = (),
        blocked: Mapping[str, tuple[int, str]] | None = None,
        trades: Iterable[Trade] = (),
        time_ms: int = 0,
    ) -> list[Effect]:
        """As TradingDesk, written down."""
        given = Restored(list(positions), list(signals), dict(blocked or {}), list(trades), time_ms)
        effects = super().restore(given.positions, given.signals, given.blocked, given.trades, time_ms)
        self._write("restored", given, effects)
        return effects

    def warm_up(self, symbol: str, candles: Iterable[Candle]) -> None:
        """As TradingDesk, written down."""
        given = Warmed(symbol, list(candles))
        self._write("warmed", given)
        super().warm_up(symbol, given.candles)

    def write_hash(self) -> None:
        """Write down what the state comes down to now."""
        self._flush_prices()
        try:
            line = Line("hash", self.fingerprint())
        except Exception:
            log.exception("The state of the desk cannot be put into a hash")
            return
        self._journal.write(line)

    def close_journal(self) -> None:
        """Write the last hash and that the run ended, and close the file."""
        self.write_hash()
        self._journal.write(Line("end"))
        self._journal.close()

    @property
    def journal_trouble(self) -> str:
        """Why what is decided is not written down any more; empty while it is."""
        return self._journal.trouble

    def _flush_prices(self) -> None:
        prices, self._idle_prices = sorted(self._idle_prices.values(), key=lambda item: item.time_ms), {}
        for price in prices:
            self._write("event", price)

    def _write(self, kind: str, value: Any, effects: Sequence[Effect] = ()) -> None:
        """Write it down. Whatever fails here, the effects are carried out: orders are among them."""
        try:
            text = msgspec.Raw(msgspec.json.encode(value))
            line = Line(kind, type(value).__name__, text, effects_hash(effects))
        except Exception:
            log.exception("The journal cannot hold a %s", type(value).__name__)
            self._journal.break_off(f"it cannot hold a {type(value).__name__}")
            return
        self._journal.write(line)


def effects_hash(effects: Sequence[Effect]) -> str:
    """A short hash of effects; empty for none."""
    if not effects:
        return ""
    digest = hashlib.sha256()
    for effect in effects:
        digest.update(type(effect).__name__.encode() + msgspec.json.encode(effect))
    return digest.hexdigest()[:12]


@dataclass(slots=True)
class Replay:
    """What a replay found."""

    events: int = 0
    hashes: int = 0
    last_hash: str = ""
    torn_lines: int = 0
    first_difference: str = ""
    broken: str = ""
    """Why the journal does not hold the rest of the run; empty where nothing says that it does not."""
    ended: bool = False
    """Whether the journal reaches to an orderly end of the run."""
    decisions: Decisions = field(default_factory=lambda: decisions_of((), ()))
    """The signals and trades of the replay itself, not those that were recorded."""

    @property
    def agrees(self) -> bool:
        """Whether every effect and every state was the recorded one."""
        return not self.first_difference


def replay(files: Sequence[Path], told: Callable[[Effect], None] | None = None) -> Replay:
    """Give a new desk what the files of one run recorded, and compare; `told` gets every effect of the new desk.

    Raises StorageError when they do not begin with the start of a run.
    """
    desk: TradingDesk | None = None
    result, book = Replay(), DecisionBook()
    for line in _lines(files, result):
        if line.kind == "start":
            start = msgspec.json.decode(line.value, type=Start)
            desk = TradingDesk(start.settings, start.mode, start.start_equity, frozenset(start.for_information))
            continue
        if desk is None:
            raise StorageError("The journal does not begin with the start of a run. Give all its files, the first too.")
        if line.kind in ("broken", "end"):
            result.broken, result.ended = line.name, line.kind == "end"
            continue
        if line.kind == "hash":
            result.hashes += 1
            now = desk.fingerprint()
            found = "" if now == line.name else f"after event {result.events}: state {now}, recorded {line.name}"
        else:
            effects = _give(desk, line, result)
            for effect in effects:
                book.note(effect)
                if told is not None:
                    told(effect)
            same = effects_hash(effects) == line.effects
            found = "" if same else f"event {result.events} ({line.name}): other effects than recorded"
        if found and not result.first_difference:
            result.first_difference = found
    result.last_hash = desk.fingerprint() if desk is not None else ""
    result.decisions = book.decisions()
    return result


def _give(desk: TradingDesk, line: Line, result: Replay) -> Sequence[Effect]:
    """Carry a line out; returns what the desk asks for."""
    if line.kind == "warmed":
        given = msgspec.json.decode(line.value, type=Warmed)
        desk.warm_up(given.symbol, given.candles)
        return ()
    if line.kind == "restored":
        old = msgspec.json.decode(line.value, type=Restored)
        return desk.restore(old.positions, old.signals, old.blocked, old.trades, old.time_ms)
    result.events += 1
    return desk.handle(msgspec.json.decode(line.value, type=EVENT_TYPES[line.name]))


def _lines(files: Sequence[Path], result: Replay) -> Iterator[Line]:
    for path in files:
        try:
            with _opened(path) as file:
                for text in file:
                    if text == b"\n":  # before the line that says why there are no more
                        continue
                    try:
                        yield msgspec.json.decode(text, type=Line)
                    except msgspec.MsgspecError:
                        result.torn_lines += 1
        except (OSError, EOFError) as error:
            raise StorageError(f"The journal {path} cannot be read ({error}).") from error


def _opened(path: Path) -> Any:
    """The file for reading; a run that goes on may just have packed it."""
    try:
        return gzip.open(path, "rb") if path.suffix == PACKED else path.open("rb")
    except FileNotFoundError:
        if path.suffix == PACKED:
            raise
        return gzip.open(path.with_name(path.name + PACKED), "rb")


def files_of(path: Path) -> list[Path]:
    """The files of the newest run in a folder, or all files of the run that a file belongs to, in order."""
    folder = path if path.is_dir() else path.parent
    runs: dict[str, list[Path]] = {}
    for file in sorted(folder.glob("desk-*.jsonl*")):
        if file.suffix != ".new":
            runs.setdefault(file.name.rsplit("-", 1)[0], []).append(file)
    if not runs:
        raise StorageError(f"There is no journal in {folder.resolve()}.")
    wanted = max(runs) if path.is_dir() else path.name.rsplit("-", 1)[0]
    if wanted not in runs:
        raise StorageError(f"{path} is not a journal file. They are named as in {min(runs)}-0001.jsonl.")
    # For a moment a file is there packed and unpacked.
    each = {file.name.removesuffix(PACKED): file for file in sorted(runs[wanted], reverse=True)}
    return [each[name] for name in sorted(each)]
