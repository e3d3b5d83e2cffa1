"""Windows as far as it can be had elsewhere: files held for a moment, loops without signals, a closed window."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from futtui.domain.effects import WriteLatch
from futtui.domain.kill import KillLevel
from futtui.domain.position import TradingMode
from futtui.live import self_watch
from futtui.live.compat import allocator, ending, files
from futtui.live.compat.awake import StayAwake
from futtui.live.compat.ending import CLOSED, ClosingWindow, heard_in_loop, time_to_end
from futtui.live.fresh_database import FreshDatabase
from futtui.live.kill_file import Latch, ask_panic, panic_asked, panic_done, read_latch, write_latch
from futtui.live.live_book import LiveBook
from futtui.live.self_watch import SelfWatch
from tests.desk.world import START_MS

LATCH = WriteLatch(KillLevel.LOCK, "panic", START_MS)


class Scanner:
    """Holds every file: the first few tries to read, rename or delete one are refused."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.refusals = 0
        for name in ("replace", "unlink", "read_bytes"):
            monkeypatch.setattr(Path, name, self._held(getattr(Path, name)))
        monkeypatch.setattr(files, "PAUSES_S", (0.0, 0.0, 0.0))

    def _held(self, act: Callable[..., Any]) -> Callable[..., Any]:
        def tried(*arguments: Any, **options: Any) -> Any:
            if self.refusals:
                self.refusals -= 1
                raise PermissionError(13, "The process cannot access the file because it is being used")
            return act(*arguments, **options)

        return tried


@pytest.fixture
def scanner(monkeypatch: pytest.MonkeyPatch) -> Scanner:
    """A virus scanner that has not seen anything yet."""
    return Scanner(monkeypatch)


def test_latch_of_the_kill_switch_is_kept_read_and_taken_away_past_a_scanner(scanner: Scanner, tmp_path: Path) -> None:
    scanner.refusals = 3
    write_latch(tmp_path, LATCH)
    scanner.refusals = 3
    latch = read_latch(tmp_path)
    assert latch is not None
    assert latch.reason == "panic"
    scanner.refusals = 3
    write_latch(tmp_path, Latch(0, "", 0))
    assert read_latch(tmp_path) is None


def test_latch_that_stays_held_is_an_error_and_counts_as_locked(scanner: Scanner, tmp_path: Path) -> None:
    scanner.refusals = 4
    with pytest.raises(PermissionError):
        write_latch(tmp_path, LATCH)
    write_latch(tmp_path, LATCH)
    scanner.refusals = 4
    latch = read_latch(tmp_path)
    assert latch is not None
    assert "cannot be read" in latch.reason


def test_obeyed_panic_file_goes_past_a_scanner(scanner: Scanner, tmp_path: Path) -> None:
    ask_panic(tmp_path)
    scanner.refusals = 3
    panic_done(tmp_path)
    assert not panic_asked(tmp_path)


def test_book_of_live_positions_is_renewed_past_a_scanner(scanner: Scanner, tmp_path: Path) -> None:
    path = tmp_path / "book.jsonl"
    LiveBook(path).close()
    scanner.refusals = 3
    book = LiveBook(path)
    asyncio.run(book.secure())
    book.close()


def test_new_demo_begins_past_a_scanner(scanner: Scanner, tmp_path: Path) -> None:
    path = tmp_path / "demo.db"
    path.write_bytes(b"old")
    scanner.refusals = 3
    fresh = FreshDatabase(path)
    assert not path.exists()
    scanner.refusals = 3
    fresh.keep_new()
    assert list(tmp_path.iterdir()) == []


class LoopWithoutSignals(asyncio.SelectorEventLoop):
    """Knows no signals, as those of Windows."""

    def add_signal_handler(self, sig: int, callback: Any, *args: Any) -> None:
        """What Windows' loops answer."""
        raise NotImplementedError


@pytest.mark.parametrize("loop_type", [asyncio.SelectorEventLoop, LoopWithoutSignals])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_to_end_asks_and_does_not_interrupt(loop_type: Callable[[], Any], number: signal.Signals) -> None:
    async def work() -> None:
        asked = asyncio.Event()
        with heard_in_loop(asked.set):
            signal.raise_signal(number)
            await asyncio.wait_for(asked.wait(), 60)

    usual = signal.default_int_handler if number is signal.SIGINT else signal.SIG_DFL
    before = signal.signal(number, usual)
    try:
        with asyncio.Runner(loop_factory=loop_type) as runner:
            runner.run(work())
        assert signal.getsignal(number) == usual
    finally:
        signal.signal(number, before)


def test_signal_that_nohup_ignores_stays_ignored() -> None:
    async def work() -> None:
        asked = asyncio.Event()
        with heard_in_loop(asked.set):
            signal.raise_signal(signal.SIGINT)
            await asyncio.sleep(0)
            assert not asked.is_set()

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        asyncio.run(work())
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_closed_window_waits_for_the_end_and_other_events_do_not() -> None:
    asked = threading.Event()
    closing = ClosingWindow(asked.set, most_wait_s=60)
    assert closing.heard(0) == 0  # Ctrl+C
    assert not asked.is_set()
    answers: list[int] = []
    system = threading.Thread(target=lambda: answers.append(closing.heard(CLOSED)))
    system.start()
    assert asked.wait(60)
    assert system.is_alive()
    closing.end()
    system.join(60)
    assert answers == [1]


def test_closed_window_does_not_wait_for_ever() -> None:
    assert ClosingWindow(lambda: None, most_wait_s=0.0).heard(CLOSED) == 1


def test_closing_the_window_of_windows_lets_the_block_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system calls through C, on a thread of its own; what ends the app is a signal in the main thread."""
    handlers: list[tuple[Any, bool]] = []
    kernel = SimpleNamespace(SetConsoleCtrlHandler=lambda handler, add: handlers.append((handler, add)))
    monkeypatch.setattr(ending, "sys", SimpleNamespace(platform="win32"))
    monkeypatch.setattr(ending, "console_kernel", lambda: kernel)
    heard = threading.Event()
    number = getattr(signal, "SIGBREAK", signal.SIGTERM)
    before = signal.signal(number, lambda *_: heard.set())
    try:
        with time_to_end():
            ((handler, added),) = handlers
            assert added
            system = threading.Thread(target=lambda: handler(CLOSED))
            system.start()
            while not heard.is_set():
                system.join(0.01)  # gives the main thread the chance to hear
            assert system.is_alive()
        system.join(60)
        assert not system.is_alive()
    finally:
        signal.signal(number, before)
    assert handlers[-1] == (handler, False)


def test_closed_window_after_the_end_was_heard_ends_nothing_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    raised: list[int] = []
    monkeypatch.setattr(ending.signal, "raise_signal", raised.append)
    number = getattr(signal, "SIGBREAK", signal.SIGTERM)
    before = signal.signal(number, signal.SIG_DFL)
    try:
        ending._break()
    finally:
        signal.signal(number, before)
    assert raised == []


@dataclass
class Desk:
    """What the watch over futtui looks at."""

    mode: TradingMode
    positions: list[Any] = field(default_factory=list)

    def snapshot(self) -> Desk:
        """The newest picture."""
        return self


def watch_over(desk: Desk, told: list[str], *, real_account: bool) -> tuple[SelfWatch, list[bool]]:
    """The watch over an engine, and what it asked of Windows."""
    engine = SimpleNamespace(
        parts=SimpleNamespace(live_book=object() if real_account else None),
        runner=SimpleNamespace(desk=desk),
        health=SimpleNamespace(processes=lambda: ()),
        settings=SimpleNamespace(lockstep=True),  # the disk is not looked at here
        say=lambda topic, text, severity: told.append(text),
    )
    asked: list[bool] = []
    watch = SelfWatch(engine, Path(), None)  # type: ignore[arg-type]
    watch._awake = StayAwake(lambda wanted: asked.append(wanted) or True)  # type: ignore[func-returns-value]
    return watch, asked


def test_pc_stays_awake_while_live_is_on_or_holds_a_position() -> None:
    told: list[str] = []
    desk = Desk(TradingMode.SIGNALS)
    watch, asked = watch_over(desk, told, real_account=True)
    watch.look(now=True)
    assert (asked, told) == ([], [])
    desk.mode = TradingMode.LIVE
    watch.look(now=True)
    watch.look(now=True)
    assert asked == [True]
    assert len(told) == 1
    desk.mode, desk.positions = TradingMode.PAPER, [SimpleNamespace(mode=TradingMode.LIVE)]
    watch.look(now=True)
    assert asked == [True], "the position still needs it"
    desk.positions = [SimpleNamespace(mode=TradingMode.PAPER)]
    watch.look(now=True)
    assert asked == [True, False]
    assert len(told) == 1


def test_demo_keeps_no_pc_awake() -> None:
    watch, asked = watch_over(Desk(TradingMode.LIVE), [], real_account=False)
    watch.look(now=True)
    assert asked == []


def test_pc_that_makes_no_promise_is_not_told_to() -> None:
    assert not StayAwake(lambda wanted: False).keep(True)


class Library:
    """A C library that notes what is asked of it."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, ...]] = []

    def mallopt(self, what: int, amount: int) -> int:
        """As the real one."""
        self.asked.append((what, amount))
        return 1

    def malloc_trim(self, pad: int) -> int:
        """As the real one."""
        self.asked.append((pad,))
        return 1


def test_threads_share_few_stores_of_free_memory_and_it_is_given_back_on_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    library = Library()
    monkeypatch.setattr(allocator, "sys", SimpleNamespace(platform="linux"))
    monkeypatch.setattr(allocator, "ctypes", SimpleNamespace(CDLL=lambda name: library))
    assert allocator.keep_little()
    assert library.asked == [(-8, 2), (-3, 1 << 20), (-1, 1 << 20)]
    assert allocator.give_back()
    assert library.asked[-1] == (0,)


def test_other_systems_and_libraries_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allocator, "sys", SimpleNamespace(platform="win32"))
    monkeypatch.setattr(allocator, "ctypes", SimpleNamespace())
    assert (allocator.keep_little(), allocator.give_back()) == (False, False)
    monkeypatch.setattr(allocator, "sys", SimpleNamespace(platform="linux"))
    monkeypatch.setattr(allocator, "ctypes", SimpleNamespace(CDLL=lambda name: SimpleNamespace()))
    assert (allocator.keep_little(), allocator.give_back()) == (False, False)


def test_free_memory_is_given_back_now_and_then_however_small_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    now_ms, given, begun = [1_000.0], [], []
    monkeypatch.setattr(self_watch, "steady_ms", lambda: now_ms[0])
    monkeypatch.setattr(self_watch, "give_back", lambda: given.append(now_ms[0]))
    watch, _ = watch_over(Desk(TradingMode.PAPER), [], real_account=False)
    watch._engine.beside = lambda work, name: begun.append(asyncio.run(work))  # type: ignore[method-assign]
    watch.look(now=True)
    assert given == [], "nothing has come together at the start"
    for _ in range(3):
        now_ms[0] += self_watch.GIVE_BACK_EVERY_MS
        watch.look()
        watch.look()
    assert given == [1_000.0 + self_watch.GIVE_BACK_EVERY_MS * times for times in (1, 2, 3)]
    assert len(begun) == 3
