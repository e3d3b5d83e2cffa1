"""Asks how long a symbol shall be blocked, and tells the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from futtui.domain.events import BlockSymbol, UnblockSymbol
from futtui.domain.timeframe import HOUR_MS
from futtui.tui.words import word

if TYPE_CHECKING:
    from futtui.tui.app import FuttuiApp


def ask_block(app: FuttuiApp, symbol: str) -> None:
    """Opens the block dialog for a symbol."""
    view = app.store.read()
    if not symbol or symbol not in view.by_symbol:
        app.flash(word("block.no_symbol"), "attention")
        return
    from futtui.tui.screens.block_form import BlockForm
    from futtui.tui.screens.menus import block_menu

    def chosen(answer: str | None) -> None:
        now_ms = app.engine.exchange_time_ms()
        if answer == "unblock":
            app.send(UnblockSymbol(now_ms, symbol))
        elif answer == "reason":
            app.push_screen(BlockForm(view, symbol), app.send_if)
        elif answer is not None:
            hours = int(answer)
            app.send(BlockSymbol(now_ms, symbol, now_ms + hours * HOUR_MS if hours else 0))

    app.push_screen(block_menu(view, symbol), chosen)
