"""The terminal is gone: whatever state Textual's writing thread is in, nobody waits for it."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from textual.drivers._writer_thread import WriterThread

from futtui.tui.compat.terminal import write_nowhere

WAIT_S = 60.0


class DyingTerminal:
    """Takes nothing until `gone` is set; then the first thread that writes to it fails as on a closed terminal."""

    def __init__(self) -> None:
        self.gone = threading.Event()

    def write(self, text: str) -> None:
        self.gone.wait(WAIT_S)
        raise OSError(5, "Input/output error")

    def flush(self) -> None:
        pass


def stuck_in(work: Any) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("dies_before", [True, False], ids=["already dead", "dies afterwards"])
def test_nobody_waits_for_the_writing_thread_of_a_lost_terminal(dies_before: bool) -> None:
    terminal = DyingTerminal()
    writer = WriterThread(terminal)  # type: ignore[arg-type]
    writer.start()
    driver = SimpleNamespace(_writer_thread=writer)
    if dies_before:
        writer.write("frame")
        terminal.gone.set()
        writer.join(WAIT_S)
    waiting = stuck_in(lambda: [writer.write("frame") for _ in range(40)])
    while not writer._queue.full() and waiting.is_alive():
        waiting.join(0.01)
    assert waiting.is_alive()

    write_nowhere(driver)
    waiting.join(WAIT_S)
    assert not waiting.is_alive()
    terminal.gone.set()
    for _ in range(100):
        driver._writer_thread.write("frame")
    driver._writer_thread.flush()
    driver._writer_thread.stop()
    write_nowhere(driver)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_end_that_already_waits_for_the_dead_thread_goes_on() -> None:
    terminal = DyingTerminal()
    writer = WriterThread(terminal)  # type: ignore[arg-type]
    writer.start()
    writer.write("frame")
    terminal.gone.set()
    writer.join(WAIT_S)
    for _ in range(30):
        writer.write("frame")
    ending = stuck_in(writer.stop)
    ending.join(0.05)
    assert ending.is_alive()
    write_nowhere(SimpleNamespace(_writer_thread=writer))
    ending.join(WAIT_S)
    assert not ending.is_alive()
