"""Golden texts: compares painted lines with a file beside the tests; `FUTTUI_GOLDEN=write` writes the file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from futtui.tui.paint.text import Line, line_text

FOLDER = Path(__file__).resolve().parent / "goldens"


def check_golden(name: str, lines: Sequence[Line]) -> None:
    """Fails with both texts when the painted lines differ from the golden file."""
    path = FOLDER / f"{name}.txt"
    shown = "\n".join(line_text(line).rstrip() for line in lines) + "\n"
    if os.environ.get("FUTTUI_GOLDEN") == "write":
        FOLDER.mkdir(exist_ok=True)
        path.write_text(shown, encoding="utf-8", newline="\n")
    assert shown == path.read_text(encoding="utf-8")
