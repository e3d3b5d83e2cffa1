"""Runs futtui with Windows' clock: everything that tells the time moves in steps of 1/64 second.

Started as a script, so that it is the main module of child processes too (the analyses, the embedded exchange), which
then have the same clock. `python tests/windows_like.py paths --- config check` runs several commands in one process.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

STEPS_PER_S = 64
SECONDS, NANOSECONDS = ("time", "monotonic", "perf_counter"), ("time_ns", "monotonic_ns", "perf_counter_ns")
BETWEEN = "---"
NAMED_ENCODINGS = {"PYTHONWARNDEFAULTENCODING": "1", "PYTHONWARNINGS": "error::EncodingWarning"}
"""As `-X warn_default_encoding -W error::EncodingWarning`: no file is opened in whatever encoding a system prefers."""


def in_steps(read: Callable[[], Any], step: float) -> Callable[[], Any]:
    """The clock, standing still between two steps."""
    return lambda: read() // step * step


def stepping() -> dict[str, Callable[[], Any]]:
    """The clocks of `time` by name, each in steps."""
    clocks = {name: in_steps(getattr(time, name), 1 / STEPS_PER_S) for name in SECONDS}
    return clocks | {name: in_steps(getattr(time, name), 10**9 // STEPS_PER_S) for name in NANOSECONDS}


def run_commands(words: list[str]) -> None:
    """Each command in turn; ends with the first code that is not 0."""
    from futtui.__main__ import main

    while words:
        end = words.index(BETWEEN) if BETWEEN in words else len(words)
        sys.argv[1:], words = words[:end], words[end + 1 :]
        sys.stdout.write(f"$ {' '.join(sys.argv[1:])}\n")
        try:
            main()
        except SystemExit as ended:
            if ended.code:
                raise


for _name, _clock in stepping().items() if __name__ in ("__main__", "__mp_main__") else ():
    setattr(time, _name, _clock)

if __name__ == "__main__":
    run_commands(sys.argv[1:])
