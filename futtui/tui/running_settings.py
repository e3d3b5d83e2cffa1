"""Takes settings of the screen over while it runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from futtui.domain.settings_sheet import SettingsSheet
from futtui.language.catalogue import Language
from futtui.tui.compat.clock import load_zone
from futtui.tui.settings import UiSettings
from futtui.tui.words import speak

if TYPE_CHECKING:
    from futtui.tui.app import FuttuiApp


def apply_settings(app: FuttuiApp, sheet: SettingsSheet) -> None:
    """Takes over what needs no restart: theme, language, signs, bell, time zone."""
    values = {item.path: item.value for item in sheet.settings if item.at_once}
    old = app.ui_settings
    show_settings(
        app,
        replace(
            old,
            theme=values.get("screen.theme", old.theme),
            language=Language(values.get("screen.language", old.language.value)),
            plain_glyphs=values.get("screen.plain_glyphs", str(old.plain_glyphs).lower()) == "true",
            bell=values.get("screen.bell", str(old.bell).lower()) == "true",
            time_zone=values.get("time_zone", old.time_zone),
        ),
    )


def show_settings(app: FuttuiApp, settings: UiSettings) -> None:
    """Draws everything anew with these settings."""
    app.ui_settings = settings
    speak(settings.language)
    app.store.show_zone(*load_zone(settings.time_zone))
    app.set_class(settings.plain_glyphs, "-plain")
    app.action_use_theme(settings.theme)
    app.pulse.beat()
