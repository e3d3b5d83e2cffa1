"""Shows settings to people: effective values with their origin, and the commented reference file."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from futtui.config.loaded import Loaded
from futtui.config.loader import plain_value
from futtui.config.schema import shape

DEFAULT_ORIGIN = "default"


def effective_lines(loaded: Loaded) -> Iterator[str]:
    """`key.path = value   (origin)` for every setting, in order."""
    rows = list(_walk(loaded.settings, ""))
    width = max(len(f"{path} = {value}") for path, value in rows)
    for path, value in rows:
        text = f"{path} = {value}"
        yield f"{text.ljust(width)}   ({loaded.origins.get(path, DEFAULT_ORIGIN)})"


def _walk(settings: Any, prefix: str) -> Iterator[tuple[str, str]]:
    for name, item in shape(settings.__class__).items():
        value = getattr(settings, name)
        if item.nested is not None:
            yield from _walk(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", plain_value(value)


def reference_text(settings_type: type, heading: str) -> str:
    """A YAML file with every setting at its default and a comment above each."""
    lines = [f"# {line}" for line in heading.splitlines()]
    lines += ["", *_reference(settings_type(), 0)]
    return "\n".join(lines).rstrip() + "\n"


def _reference(settings: Any, depth: int) -> Iterator[str]:
    indent = "  " * depth
    for name, item in shape(settings.__class__).items():
        value = getattr(settings, name)
        for line in textwrap.wrap(item.doc, 110 - 2 * depth):
            yield f"{indent}# {line}"
        if item.nested is not None:
            yield f"{indent}{name}:"
            yield from _reference(value, depth + 1)
            if depth == 0:
                yield ""
        else:
            yield f"{indent}{name}: {plain_value(value)}"
