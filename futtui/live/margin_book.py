"""How the accounts hold what is open. Only the screen reads it: nothing is asked for it, nothing is decided by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from futtui.domain.position import TradingMode
from futtui.domain.snapshot import AccountMargins, HeldMargin
from futtui.live.brokers import PaperDeskBroker

if TYPE_CHECKING:
    from futtui.live.engine import Engine


class MarginBook:
    """Gathers what virtual accounts and the last look at the real one tell; the same object while nothing changed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._view = AccountMargins()

    def view(self) -> AccountMargins:
        """Margins of everything that is held now."""
        engine = self._engine
        held: list[HeldMargin] = []
        for mode, broker in engine.runner.brokers.items():
            if mode is not TradingMode.INFO and isinstance(broker, PaperDeskBroker):  # information ties no money
                held += broker.margins()
        watch = engine.account_watch
        if watch is None:
            view = AccountMargins(tuple(held))
        else:
            agrees = engine.runner.desk.agrees_with_account
            view = AccountMargins((*held, *watch.margins), watch.checked_ms, agrees)
        if view != self._view:
            self._view = view
        return self._view
