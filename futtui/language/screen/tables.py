"""All texts of the screen by language, gathered from the areas."""

from __future__ import annotations

from collections.abc import Mapping

from futtui.language.catalogue import Language
from futtui.language.screen import (
    actions,
    chart,
    details,
    dialogs,
    gates,
    health,
    names,
    panels,
    past,
    said,
    settings,
    story,
    why,
)

AREAS = (
    names,
    panels,
    actions,
    dialogs,
    details,
    chart,
    health,
    gates,
    past,
    said,
    story,
    why,
    settings,
)


_NAMES = {Language.ENGLISH: "ENGLISH", Language.UKRAINIAN: "UKRAINIAN", Language.RUSSIAN: "RUSSIAN"}


def screen_table(language: Language) -> Mapping[str, str]:
    """Every text of the screen in `language`; English where a text has no translation."""
    table: dict[str, str] = {}
    for area in AREAS:
        table |= area.ENGLISH | getattr(area, _NAMES[language])
    return table
