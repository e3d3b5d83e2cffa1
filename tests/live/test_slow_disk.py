"""A disk that hangs: what waits for the write-ahead book, and how much of the program waits with it."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from futtui.domain.effects import RecordPosition
from futtui.live import live_book
from futtui.live.live_book import LiveBook, read_book
from tests.desk.world import START_MS
from tests.live.test_live_book import live_states


class HangingDisk:
    """`fsync` that hangs until it is released; `waiting` counts the threads in it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.released = threading.Event()
        self.waiting, self.most_waiting, self.lock = 0, 0, threading.Lock()
        self.fails = False
        real = os.fsync

        def slow(handle: int) -> None:
            with self.lock:
                self.waiting += 1
                self.most_waiting = max(self.waiting, self.most_waiting)
            self.released.wait(30)
            with self.lock:
                self.waiting -= 1
            if self.fails:
                raise OSError(5, "Input/output error")
            real(handle)

        monkeypatch.setattr(live_book.os, "fsync", slow)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[HangingDisk]:
    hanging = HangingDisk(monkeypatch)
    yield hanging
    hanging.released.set()


def note(book: LiveBook, number: int) -> None:
    state = live_states()[0]
    book.note(RecordPosition(replace(state, position_id=f"p-{number}"), START_MS))


async def given_up(book: LiveBook) -> None:
    """What protects waits a moment only."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await book.secure()


@pytest.mark.parametrize("fails", [False, True])
async def test_entry_waits_for_its_line_also_where_the_writing_of_it_was_begun_for_another_order(
    fails: bool, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    book = LiveBook(tmp_path / "a-live-book.jsonl")
    disk: HangingDisk = request.getfixturevalue("disk")  # hangs from now on
    note(book, 1)
    await given_up(book)  # of a stop, which leaves now
    entry = asyncio.ensure_future(book.secure())
    for _ in range(20):
        await asyncio.sleep(0)
    assert not entry.done(), "its line is not on the disk"
    disk.fails = fails
    disk.released.set()
    if fails:
        with pytest.raises(OSError, match="Input/output"):
            await entry
    else:
        await entry
    book.close()


async def test_disk_that_hangs_holds_one_thread_however_many_orders_give_up_waiting(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    book = LiveBook(tmp_path / "a-live-book.jsonl")
    disk: HangingDisk = request.getfixturevalue("disk")  # hangs from now on
    for number in range(5):  # names of hosts are looked up in the same few threads
        note(book, number)
        await given_up(book)
    assert disk.most_waiting == 1
    last = asyncio.ensure_future(book.secure())
    disk.released.set()
    await last
    book.close()


async def test_book_that_is_written_anew_after_a_full_disk_holds_nothing_up_and_loses_no_line(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a-live-book.jsonl"
    book = LiveBook(path)
    disk: HangingDisk = request.getfixturevalue("disk")  # hangs from now on
    with monkeypatch.context() as full:
        full.setattr(live_book.os, "write", lambda handle, text: 0)
        note(book, 1)
    entry = asyncio.ensure_future(book.secure())
    for _ in range(20):
        await asyncio.sleep(0)  # with the disk on this thread the loop would stand here for 30 seconds
    assert not entry.done()
    note(book, 2)
    await given_up(book)  # of a stop, which leaves now
    disk.released.set()
    await entry
    await book.secure()
    note(book, 3)
    await book.end()
    assert list(read_book(path).positions) == ["p-1", "p-2", "p-3"]


async def test_book_that_cannot_be_written_anew_refuses_until_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = LiveBook(tmp_path / "a-live-book.jsonl")

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(live_book.os, "write", full)
        broken.setattr(live_book.os, "fsync", full)
        for number in range(3):
            note(book, number)
            with pytest.raises(OSError, match="No space"):
                await book.secure()
    await book.secure()
    assert list(read_book(book.path).positions) == ["p-0", "p-1", "p-2"]
    await book.end()


async def test_long_book_is_written_anew_and_shrinks_to_what_is_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_book, "MOST_BYTES", 5_000)
    book = LiveBook(tmp_path / "a-live-book.jsonl")
    for _ in range(30):
        note(book, 1)
        await book.secure()
    assert book.path.stat().st_size < 12_000
    await book.end()
    assert list(read_book(book.path).positions) == ["p-1"]
