"""Files that the user asked the screen for, put where the user finds them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from futtui.domain.errors import FuttuiError
from futtui.domain.file_names import file_name


def put(files: Mapping[str, Callable[[Path], object]]) -> str:
    """Writes each file, by its name as every system takes it; a sentence that tells where.

    The place is the current folder, else the user's own.

    Raises FuttuiError when neither can be written.
    """
    trouble = "unknown"
    files = {file_name(name): write for name, write in files.items()}
    for place in (Path.cwd(), Path.home()):
        try:
            for name, write in files.items():
                write(place / name)
        except OSError as error:
            trouble = error.strerror or str(error)
            continue
        return f"Written to {place}: {' and '.join(files)}."
    raise FuttuiError(f"The files cannot be written ({trouble}). Start futtui in a folder of your own.")


def put_text(name: str, text: str) -> str:
    """Writes one text file; tells where. Raises FuttuiError."""
    return put({name: lambda path: path.write_text(text, encoding="utf-8")})
