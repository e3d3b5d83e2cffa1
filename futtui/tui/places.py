"""Opens the screens that are places of their own, from wherever the user is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from futtui.tui.words import word

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


def _performance(app: FuttuiApp) -> Screen[Any]:
    from futtui.tui.screens.performance import PerformanceScreen

    return PerformanceScreen()


def _settings(app: FuttuiApp) -> Screen[Any] | None:
    from futtui.tui.screens.settings import SettingsScreen

    if app.settings_port is None:
        app.flash(word("settings.none"), "attention")
        app.pulse.beat()
        return None
    return SettingsScreen(app.settings_port)


def _symbols(app: FuttuiApp) -> Screen[Any]:
    from futtui.tui.screens.symbols import SymbolsScreen

    return SymbolsScreen()


def _health(app: FuttuiApp) -> Screen[Any]:
    from futtui.tui.screens.health import HealthScreen

    return HealthScreen(app.pulse.figures)


def _zone_browser(app: FuttuiApp) -> Screen[Any]:
    from futtui.tui.screens.zone_browser import ZoneBrowserScreen

    return ZoneBrowserScreen(symbol_here(app) or app.store.symbol)


def _full_log(app: FuttuiApp) -> Screen[Any]:
    from futtui.tui.screens.records import FullLogScreen

    return FullLogScreen()


def _orders(app: FuttuiApp) -> Screen[Any]:
    from futtui.tui.screens.records import OrdersScreen

    return OrdersScreen()


def _backtest(app: FuttuiApp) -> Screen[Any] | None:
    from futtui.tui.screens.backtest import BacktestScreen

    if app.backtests is None:
        app.flash(word("backtest.none"), "attention")
        app.pulse.beat()
        return None
    return BacktestScreen(app.backtests)


def _welcome(app: FuttuiApp) -> Screen[Any]:
    from futtui.tui.screens.welcome import WelcomeScreen

    return WelcomeScreen()


_PLACES: dict[str, Callable[[FuttuiApp], Screen[Any] | None]] = {
    "why": _why,
    "performance": _performance,
    "zone_browser": _zone_browser,
    "settings": _settings,
    "symbols": _symbols,
    "health": _health,
    "full_log": _full_log,
    "orders": _orders,
    "backtest": _backtest,
    "welcome": _welcome,
}
"""None as answer: the place does not exist in this run, and that was told."""


def open_place(app: FuttuiApp, name: str) -> None:
    """Shows the place. From another place it takes that one's turn, so that Esc leads back to where one came from.

    A place with something that is not saved yet stays below the new one, and one that is open already comes back.
    """
    here = getattr(app.screen, "place_name", "")
    names = [getattr(screen, "place_name", "") for screen in app.screen_stack]
    if name in names:
        for _ in range(len(names) - 1 - names.index(name)):
            app.pop_screen()
        return
    place = _PLACES[name](app)
    if place is None:
        return
    if here in _PLACES and not getattr(app.screen, "has_changes", False):
        app.switch_screen(place)
    else:
        app.push_screen(place)
