"""Opens the screens that are places of their own, from wherever the user is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

if TYPE_CHECKING:
    from futtui.tui.app import FuttuiApp


def symbol_here(app: FuttuiApp) -> str:
    """The symbol that the screen on top is about; empty where it is about none."""
    screen: Any = app.screen
    if hasattr(screen, "detail"):
        return str(screen.detail.symbol)
    return str(screen.subject.symbol) if hasattr(screen, "subject") else ""


def _why(app: FuttuiApp) -> Screen[Any]:
    from futtui.tui.screens.why import WhyScreen

    return WhyScreen(symbol_here(app))


_PLACES: dict[str, Callable[[FuttuiApp], Screen[Any]]] = {"why": _why}


def open_place(app: FuttuiApp, name: str) -> None:
    """Shows the place. From another place it takes that one's turn, so that Esc leads back to where one came from."""
    here = getattr(app.screen, "place_name", "")
    if here == name:
        return
    place = _PLACES[name](app)
    if here in _PLACES:
        app.switch_screen(place)
    else:
        app.push_screen(place)
