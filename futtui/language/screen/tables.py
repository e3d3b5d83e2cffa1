"""All texts of the screen by language, gathered from the areas."""

from __future__ import annotations

from collections.abc import Mapping

from futtui.language.catalogue import Language
from futtui.language.screen import (
    absence,
    actions,
    backtest,
    chart,
    choices,
    closing,
    columns,
    details,
    dialogs,
    gates,
    habits,
    health,
    machine,
    modes,
    names,
    panels,
    past,
    performance,
    preflight,
    records,
    replay,
    said,
    settings,
    stop,
    story,
    symbols,
    terms,
    walking,
    welcome,
    why,
    zone_browser,
)

AREAS = (
    absence,
    backtest,
    replay,
    names,
    panels,
    actions,
    dialogs,
    closing,
    details,
    chart,
    choices,
    health,
    gates,
    past,
    performance,
    said,
    preflight,
    stop,
    story,
    why,
    zone_browser,
    settings,
    symbols,
    machine,
    records,
    welcome,
    habits,
    terms,
    columns,
    modes,
    walking,
)


_NAMES = {Language.ENGLISH: "ENGLISH", Language.UKRAINIAN: "UKRAINIAN", Language.RUSSIAN: "RUSSIAN"}


def screen_table(language: Language) -> Mapping[str, str]:
    """Every text of the screen in `language`; English where a text has no translation."""
    table: dict[str, str] = {}
    for area in AREAS:
        table |= area.ENGLISH | getattr(area, _NAMES[language])
    return table
