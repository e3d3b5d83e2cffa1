"""Files that Windows will not let go of for a moment: a virus scanner, a backup or another program has them open."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
PAUSES_S = (0.05, 0.1, 0.2, 0.4)


def patiently(act: Callable[[], T]) -> T:
    """What `act` gives, tried again while the file is held; raises PermissionError when it stays held."""
    for pause_s in PAUSES_S:
        try:
            return act()
        except PermissionError:
            time.sleep(pause_s)
    return act()


def replace_file(source: Path, target: Path) -> None:
    """Put `source` in the place of `target`; raises OSError when the system refuses for good."""
    patiently(lambda: source.replace(target))


def remove_file(path: Path) -> None:
    """Delete a file, if it is there; raises OSError when the system refuses for good."""
    patiently(lambda: path.unlink(missing_ok=True))
