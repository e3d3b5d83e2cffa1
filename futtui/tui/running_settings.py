"""Takes settings of the screen over while it runs."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from futtui.domain.errors import FuttuiError
from futtui.domain.settings_sheet import SettingsSheet
from futtui.language.catalogue import Language
from futtui.tui.compat.clock import load_zone
from futtui.tui.settings import UiSettings
from futtui.tui.settings_port import SettingsPort
from futtui.tui.theme import FEW, NIGHT, THEMES, Palette, theme_name
from futtui.tui.widgets.live_panel import LivePanel
from futtui.tui.words import speak, word

if TYPE_CHECKING:
    from futtui.tui.app import FuttuiApp

THEME = "screen.theme"


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
    use_theme(app, settings.theme)
    app.pulse.beat()


def use_theme(app: FuttuiApp, name: str) -> None:
    """Draws everything anew in these colours; where the terminal has only few, in those that it has."""
    tokens = FEW if app.has_few_colours else THEMES.get(name, NIGHT)
    app.palette = Palette(tokens, app.palette.generation + 1)
    app.theme = theme_name(tokens.name)
    for screen in app.screen_stack:
        for widget in screen.query("LineWidget"):
            widget.refresh()
        for panel in screen.query(LivePanel):
            panel.forget_strips()


def choose_theme(app: FuttuiApp, name: str) -> None:
    """Draws in these colours now and writes them into the configuration file; `u` in the settings takes it back."""
    show_settings(app, replace(app.ui_settings, theme=name))
    if app.settings_port is not None:
        app.run_worker(_keep_theme(app, app.settings_port, name), exclusive=True, group="theme")


async def _keep_theme(app: FuttuiApp, port: SettingsPort, name: str) -> None:
    try:
        known = (await asyncio.to_thread(port.read)).setting(THEME)
        if known is None or known.value == name:
            return
        if known.fixed_by:
            app.flash(word("settings.fixed", where=known.fixed_by), "attention")
            return
        said = await asyncio.to_thread(port.save, {THEME: name})
    except (FuttuiError, OSError) as error:
        app.flash(str(error), "down_bold")
        return
    app.settings_undo.append((THEME, known.value))
    app.flash(f"{said} {word('settings.saved_now')}")
