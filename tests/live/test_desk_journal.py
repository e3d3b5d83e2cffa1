"""The journal: a replay decides the same to the last effect; torn lines, full disks and many files do no harm."""

from __future__ import annotations

import gzip
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from futtui.domain.errors import StorageError
from futtui.domain.events import ClockTick, ClosePosition, DismissSignal, PriceUpdate, RulesChanged, TakeSignal
from futtui.domain.position import ExitReason, TradingMode
from futtui.domain.signal import System, Trigger
from futtui.live.assembly import journal_folder
from futtui.live.desk_journal import RecordedDesk, files_of, replay
from futtui.live.journal_writer import ARCHIVE, MARK_EVERY, DeskJournal
from futtui.live.lockstep import run_lockstep
from tests.desk.world import START_MS, World, raw_signal, rules, wide_settings
from tests.live.engine_world import exchange, server_config
from tests.live.live_world import SYMBOL, by_hand, die, live_engine, with_position


class RecordedWorld(World):
    """A world whose desk writes down what it is given."""

    def __init__(self, journal: DeskJournal) -> None:
        super().__init__(mode=TradingMode.PAPER)
        self.desk = RecordedDesk(journal, wide_settings(), TradingMode.PAPER, Decimal(10_000), frozenset())
        self.send(RulesChanged(self.now_ms, rules()))
        self.price(100.0)


def traded(folder: Path, **limits: int) -> RecordedWorld:
    journal = DeskJournal(folder, **limits)
    journal.begin("1")
    world = RecordedWorld(journal)
    for number in range(6):
        world.enter(strategy=f"s{number}")
        world.send(ClosePosition(world.now_ms, world.desk.snapshot().positions[0].position_id, Decimal(10 * number)))
        for last in (100.4, 101.1, 100.9, 102.2, 101.0, 98.0, 100.0):
            world.price(last)
            world.desk.handle(PriceUpdate("IDLEUSDT", world.now_ms, last, last, last))
        world.tick(700)
    world.desk.close_journal()  # type: ignore[attr-defined]
    return world


def test_replay_decides_the_same_to_the_last_effect(tmp_path: Path) -> None:
    world = traded(tmp_path)
    assert len(world.trades) == 6
    assert [trade.legs[0].reason is ExitReason.MANUAL for trade in world.trades] == [False, *[True] * 5]
    result = replay(files_of(tmp_path))
    assert result.first_difference == ""
    assert (result.broken, result.ended) == ("", True)
    assert result.events > 50
    assert result.last_hash == world.desk.fingerprint()


def test_orders_leave_although_the_journal_cannot_hold_what_made_them(tmp_path: Path) -> None:
    journal = DeskJournal(tmp_path)
    journal.begin("1")
    world = RecordedWorld(journal)
    world.enter(volume_ratio=np.float64(1.5))
    (position,) = world.desk.snapshot().positions
    assert position.status == "PROTECTED"
    assert len(world.stops()) == 1
    world.price(98.0)
    assert len(world.trades) == 1
    assert "AnalysisDone" in world.desk.journal_trouble  # type: ignore[attr-defined]
    world.desk.close_journal()  # type: ignore[attr-defined]
    result = replay(files_of(tmp_path))
    assert result.agrees
    assert (result.broken, result.ended) == ("it cannot hold a AnalysisDone", False)


@pytest.mark.parametrize("freed", ["while it runs", "at its end", "never"])
def test_replay_of_a_run_whose_disk_was_full_says_that_it_is_incomplete(freed: str, tmp_path: Path) -> None:
    journal = DeskJournal(tmp_path)
    journal.begin("1")
    world = RecordedWorld(journal)
    world.enter()
    path = journal._path
    journal._file = FullFile(journal._file)  # type: ignore[assignment]
    path.rename(tmp_path / "aside")
    path.mkdir()  # as good as full: nothing can be written there
    world.price(99.9)
    assert "No space left" in world.desk.journal_trouble  # type: ignore[attr-defined]

    def free() -> None:
        path.rmdir()
        (tmp_path / "aside").rename(path)

    if freed == "while it runs":
        free()
    for _ in range(MARK_EVERY + 1):
        world.price(99.9)
    if freed != "while it runs":
        free()
    if freed == "at its end":
        world.desk.close_journal()  # type: ignore[attr-defined]
    result = replay(files_of(tmp_path))
    assert result.agrees
    assert result.ended is False
    assert bool(result.broken) is (freed != "never")
    assert result.events < 30


class FullFile:
    """A file on a disk that has just become full."""

    def __init__(self, real: Any) -> None:
        real.close()

    def write(self, text: bytes) -> int:
        raise OSError(28, "No space left on device")

    def close(self) -> None:
        pass


def test_replay_dismisses_and_takes_what_the_user_did(tmp_path: Path) -> None:
    journal = DeskJournal(tmp_path)
    journal.begin("1")
    world = RecordedWorld(journal)
    dropped, taken = (
        raw_signal(
            time_ms=world.now_ms, trigger=Trigger.ARMED, entry=99.2, strategy=name, system=system, base_score=score
        )
        for name, system, score in (("one", System.CORE, 4.0), ("two", System.SR, 80.0))
    )
    world.analyse(dropped, taken)
    world.send(DismissSignal(world.now_ms, dropped.symbol, dropped.signal_id))
    world.price(99.25)
    world.send(TakeSignal(world.now_ms, taken.symbol, taken.signal_id))
    for last in (99.2, 98.0):
        world.price(last)
    world.desk.close_journal()  # type: ignore[attr-defined]
    assert sorted(trade.mode.value for trade in world.trades) == ["INFO", "INFO", "PAPER"]
    result = replay(files_of(tmp_path))
    assert result.agrees
    assert result.decisions.trades == 3
    assert result.last_hash == world.desk.fingerprint()


def tidied() -> None:
    """Return when full files are packed and old ones are gone."""
    for thread in threading.enumerate():
        if thread.name == ARCHIVE:
            thread.join()


def test_replay_over_many_packed_files_is_the_same(tmp_path: Path) -> None:
    world = traded(tmp_path, segment_bytes=20_000)
    tidied()
    assert len(list(tmp_path.glob("*.gz"))) >= 2
    files = files_of(tmp_path)
    assert len(files) >= 3
    assert replay(files).last_hash == world.desk.fingerprint()


def test_a_file_that_is_packed_while_its_run_is_read_is_read_once(tmp_path: Path) -> None:
    world = traded(tmp_path)
    (plain,) = files_of(tmp_path)
    packed = plain.with_name(plain.name + ".gz")
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert files_of(tmp_path) == [plain]
    plain.unlink()
    assert replay([plain]).last_hash == world.desk.fingerprint()
    packed.unlink()
    with pytest.raises(StorageError, match="cannot be read"):
        replay([packed])


def test_close_in_the_journal_of_an_older_futtui_means_all_of_it() -> None:
    old = msgspec.json.decode(b'{"time_ms": 5, "position_id": "p-1"}', type=ClosePosition)
    assert old == ClosePosition(5, "p-1", Decimal(100))


def test_old_files_go_when_there_are_too_many(tmp_path: Path) -> None:
    traded(tmp_path, segment_bytes=5_000, kept=4)
    tidied()
    assert len(list(tmp_path.glob("desk-*.jsonl*"))) <= 6
    with pytest.raises(StorageError, match="does not begin"):
        replay(files_of(tmp_path))


def test_torn_last_line_is_left_out_and_told(tmp_path: Path) -> None:
    traded(tmp_path)
    (file,) = files_of(tmp_path)
    with file.open("ab") as stream:
        stream.write(b'{"kind":"event","name":"ClockT')
    result = replay([file])
    assert result.agrees
    assert result.torn_lines == 1


def test_replay_of_a_changed_journal_says_where_it_differs(tmp_path: Path) -> None:
    traded(tmp_path)
    (file,) = files_of(tmp_path)
    text = file.read_text(encoding="utf-8")
    fills = [line for line in text.splitlines() if '"name":"OrderFilled"' in line]
    changed = fills[0].replace('"price":"100', '"price":"101', 1)
    assert changed != fills[0]
    file.write_text(text.replace(fills[0], changed, 1), encoding="utf-8")
    assert "other effects than recorded" in replay([file]).first_difference


def test_journal_that_cannot_be_written_holds_nobody_up(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("not a folder", encoding="utf-8")
    journal = DeskJournal(place)
    journal.begin("1")
    desk = RecordedDesk(journal, wide_settings(), TradingMode.PAPER, Decimal(10_000), frozenset())
    assert desk.handle(ClockTick(START_MS)) == []


async def test_replay_of_a_live_run_and_of_the_one_after_its_crash_agree(tmp_path: Path) -> None:
    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        engine = await with_position(world, tmp_path / "a.db")
        folder = journal_folder(tmp_path / "a.db")
        before = engine.runner.desk.fingerprint()
        first = files_of(folder)
        await die(engine)
        result = replay(first)
        assert result.first_difference == ""
        assert result.last_hash == before, "nothing was lost although the process died"
        again = await live_engine(world, tmp_path / "a.db", mode=TradingMode.SIGNALS)
        by_hand(world, -world.quantity(SYMBOL))
        await run_lockstep(again, 3)
        await again.stop()
        result = replay(files_of(folder))
        assert result.agrees
        assert result.last_hash == again.runner.desk.fingerprint()
