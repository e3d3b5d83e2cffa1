"""Watches prices for the user's alerts, whether or not a screen is open; each is told once, also after a restart."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from futtui.desk.words import price as price_words
from futtui.domain.effects import Severity
from futtui.domain.errors import FuttuiError
from futtui.domain.events import Command, PriceUpdate, RemovePriceAlert, SetPriceAlert
from futtui.domain.price_alert import ALERT_TOPIC, MOST_ALERTS, PriceAlert
from futtui.domain.symbols import SymbolRules
from futtui.live.compat.files import replace_file

if TYPE_CHECKING:
    from futtui.live.engine import Engine

log = logging.getLogger(__name__)


class AlertWatch:
    """Keeps alerts in a file beside the database, because each market has prices of its own."""

    def __init__(self, engine: Engine, path: Path) -> None:
        """`path`: where they wait for the next start; alerts in it that make no sense are left out."""
        self._engine = engine
        self._path = path
        self.waiting: tuple[PriceAlert, ...] = read_alerts(path)
        """All that were not reached yet; the same object until something changes."""

    def obey(self, command: Command) -> str | None:
        """A sentence once the alert is set or taken away; None for other commands. Raises FuttuiError when refused."""
        if not isinstance(command, SetPriceAlert | RemovePriceAlert):
            return None
        told = self._set(command) if isinstance(command, SetPriceAlert) else self._remove(command)
        self._engine.publish()
        return told

    def _set(self, command: SetPriceAlert) -> str:
        symbol, price = command.symbol, command.price
        state = self._engine.states.get(symbol)
        if state is None or not state.tracker.last:
            raise FuttuiError(f"There is no price of {symbol} yet. Try again in a moment.")
        if not 0.0 < price < float("inf"):
            raise FuttuiError(f"An alert needs a price above zero, not {price:g}.")
        if len(self.waiting) >= MOST_ALERTS:
            raise FuttuiError(
                f"{MOST_ALERTS} alerts are set. Take one away first: put the crosshair on it and press w."
            )
        alert = PriceAlert(symbol, price, price > state.tracker.last)
        self._keep((*(item for item in self.waiting if (item.symbol, item.price) != (symbol, price)), alert))
        return f"Alert at {_words(price, state.rules)} for {symbol}. It is told once, also after a restart."

    def _remove(self, command: RemovePriceAlert) -> str:
        place = command.symbol, command.price
        self._keep(tuple(alert for alert in self.waiting if (alert.symbol, alert.price) != place))
        state = self._engine.states.get(command.symbol)
        return f"Alert at {_words(command.price, state.rules if state else None)} for {command.symbol} taken away."

    def on_price(self, update: PriceUpdate, rules: SymbolRules) -> None:
        """Tells the alerts that price came to since the update before."""
        if not self.waiting:
            return
        reached = [
            alert
            for alert in self.waiting
            if alert.symbol == update.symbol and alert.is_reached(update.low, update.high)
        ]
        if not reached:
            return
        self._keep(tuple(alert for alert in self.waiting if alert not in reached))
        for alert in reached:
            text = f"{alert.symbol} reached {_words(alert.price, rules)}, your alert."
            self._engine.say(ALERT_TOPIC, text, Severity.NOTICE, alert.symbol)

    def _keep(self, waiting: tuple[PriceAlert, ...]) -> None:
        self.waiting = waiting
        fresh = self._path.with_name(self._path.name + ".new")
        try:
            fresh.write_text(json.dumps({"alerts": [asdict(alert) for alert in waiting]}, indent=2) + "\n", "utf-8")
            replace_file(fresh, self._path)
        except OSError as error:
            log.error("Price alerts cannot be kept for the next run: %s", error)


def alerts_file(database: Path) -> Path:
    """Where the alerts of the market of this database wait for the next start."""
    return database.with_name(f"{database.stem}-alerts.json")


def read_alerts(path: Path) -> tuple[PriceAlert, ...]:
    """The alerts in a file; without what makes no sense, none where it cannot be read."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()
    listed = kept.get("alerts") if isinstance(kept, dict) else None
    found = map(_alert, listed if isinstance(listed, list) else ())
    return tuple(alert for alert in found if alert is not None)[:MOST_ALERTS]


def _alert(kept: object) -> PriceAlert | None:
    """An alert as it was written down; None for anything else."""
    if not isinstance(kept, dict):
        return None
    symbol, price, above = kept.get("symbol"), kept.get("price"), kept.get("above")
    if not isinstance(symbol, str) or not isinstance(price, int | float) or not isinstance(above, bool):
        return None
    return PriceAlert(symbol, float(price), above) if 0 < price < float("inf") else None


def _words(price: float, rules: SymbolRules | None) -> str:
    return f"{price:,g}" if rules is None else price_words(rules, price)
