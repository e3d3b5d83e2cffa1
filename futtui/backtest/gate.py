"""Where work stands still while it is paused, in the process of a run and in its workers."""

from __future__ import annotations

import multiprocessing
import time
from typing import Protocol

LOOK_EVERY_S = 0.1


class Gate(Protocol):
    """Closed while a run is paused."""

    def wait(self) -> None:
        """Returns once work may go on, at once where it is open."""
        ...


class OpenGate:
    """A gate that nobody closes."""

    def wait(self) -> None:
        """Returns at once."""


class SharedGate:
    """A gate for this process and workers that are started with it.

    Those who wait look at it now and then. An event of `multiprocessing` would need an answer from each of them when it
    is set, and wait for ever for that of a worker which the system ended meanwhile.
    """

    def __init__(self) -> None:
        """Open."""
        self._open = multiprocessing.get_context("spawn").RawValue("b", 1)

    def open(self) -> None:
        """Let work go on."""
        self._open.value = 1

    def close(self) -> None:
        """Let work stand still."""
        self._open.value = 0

    def wait(self) -> None:
        """Returns once the gate is open; costs next to no processor until then."""
        while not self._open.value:
            time.sleep(LOOK_EVERY_S)
