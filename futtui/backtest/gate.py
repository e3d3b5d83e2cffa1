"""Where work stands still while it is paused, in the process of a run and in its workers."""

from __future__ import annotations

from typing import Protocol


class Gate(Protocol):
    """Closed while a run is paused; an event of `multiprocessing` is one."""

    def wait(self) -> object:
        """Returns once work may go on, at once where it is open."""
        ...


class OpenGate:
    """A gate that nobody closes."""

    def wait(self) -> None:
        """Returns at once."""
