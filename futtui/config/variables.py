"""Names of environment variables: which setting each one means, and what a wrong one was meant to be."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping

from futtui.config.schema import shape
from futtui.domain.errors import ConfigurationError

OURS = "FUTTUI_"
PREFIX = "FUTTUI__"
_LIKE = 0.75


def named(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables that name settings, in order."""
    return {name: text for name, text in sorted(variables.items()) if name.upper().startswith(PREFIX)}


def refuse_misspelt(variables: Mapping[str, str], settings_type: type, secrets: tuple[str, ...]) -> None:
    """Raise ConfigurationError for names of settings or secrets with wrong underscores, or wrong after `FUTTUI__`.

    Whatever else begins with FUTTUI is the user's own: no name that is only like one of ours may keep a start back.
    """
    ours = [name for name in sorted(variables) if name.upper().startswith(OURS) and name.upper() not in secrets]
    if not ours:
        return
    known = {_bare(right): right for right in (*secrets, *_all_names(settings_type, PREFIX))}
    problems = []
    for name in (name for name in ours if name.upper() not in known.values()):
        meant = known.get(_bare(name))
        if meant is None and name.upper().startswith(PREFIX):
            near = difflib.get_close_matches(_bare(name), known, n=1, cutoff=_LIKE)
            meant = known[near[0]] if near else None
        if meant is not None:
            problems.append(f"environment variable {name}: this name means nothing. Did you mean {meant}?")
    if problems:
        raise ConfigurationError("\n".join(problems))


def _bare(name: str) -> str:
    return name.upper().removeprefix("FUTTUI").replace("_", "")


def _all_names(settings_type: type, prefix: str) -> Iterator[str]:
    for name, item in shape(settings_type).items():
        path = f"{prefix}{name.upper()}"
        if item.nested is None:
            yield path
        else:
            yield from _all_names(item.nested, f"{path}__")
