"""Which strategies a run trades: as configured, or as asked for with --trade."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import fields

from futtui.domain.errors import InvalidInputError
from futtui.strategies.plugin import PluginSource, plugin_class
from futtui.strategies.settings import StrategySettings

ALL = "all"


def for_information(settings: StrategySettings, asked: str, own: Sequence[PluginSource] = ()) -> frozenset[str]:
    """Names of the strategies whose signals are not traded.

    `asked`: empty = as configured; `all`; or names with commas, which then are the only ones traded. `own`: the user's
    strategies, which count like shipped ones. Raises InvalidInputError for a name that no strategy has.
    """
    wanted = [name.strip().lower() for name in asked.split(",") if name.strip()]
    if not wanted:
        return settings.for_information()
    if wanted == [ALL]:
        return frozenset()
    known = [*(each.name for each in fields(settings)), *(plugin_class(each).name for each in own)]
    for name in wanted:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise InvalidInputError(
                f"--trade {name}: no strategy has this name.{hint} Use all, or: {', '.join(known)}."
            )
    return frozenset(known) - frozenset(wanted)
