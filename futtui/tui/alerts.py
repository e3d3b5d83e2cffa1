"""Price alerts: told once when price reaches them. They are written down, so that they wait for the next start, too."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from futtui.tui.habits import HabitsPort
from futtui.tui.paint.view import View

MOST_ALERTS = 50


@dataclass(frozen=True, slots=True)
class PriceAlert:
    """A price of a symbol; `above`: it lay above the market when it was set."""

    symbol: str
    price: float
    above: bool


class PriceAlerts:
    """All alerts that wait. `look` takes out those that price has reached."""

    def __init__(self, port: HabitsPort | None = None) -> None:
        """`port`: where they are kept; alerts in it that make no sense are left out."""
        self._port = port
        kept = port.load().get("alerts") if port is not None else ()
        found = map(_read, kept if isinstance(kept, list) else ())
        self._waiting = [alert for alert in found if alert is not None][:MOST_ALERTS]

    def _keep(self) -> None:
        if self._port is not None:
            self._port.keep({"alerts": [asdict(alert) for alert in self._waiting]})

    def of(self, symbol: str) -> tuple[float, ...]:
        """Prices of the alerts of a symbol."""
        return tuple(alert.price for alert in self._waiting if alert.symbol == symbol)

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def is_full(self) -> bool:
        """Whether no more can be set."""
        return len(self._waiting) >= MOST_ALERTS

    def remove_near(self, symbol: str, low: float, high: float) -> float | None:
        """Takes away the alert of the symbol between two prices and gives its price; None if there is none."""
        for alert in self._waiting:
            if alert.symbol == symbol and low <= alert.price <= high:
                self._waiting.remove(alert)
                self._keep()
                return alert.price
        return None

    def add(self, symbol: str, price: float, market: float) -> None:
        """Waits for `price`, seen from where the market is now."""
        self._waiting.append(PriceAlert(symbol, price, price > market))
        self._keep()

    def look(self, view: View) -> list[PriceAlert]:
        """The alerts that were reached since the last look; the newest price of each symbol counts."""
        if not self._waiting:
            return []
        reached = []
        for alert in self._waiting:
            row = view.by_symbol.get(alert.symbol)
            if row is None or row.price <= 0:
                continue
            if row.price >= alert.price if alert.above else row.price <= alert.price:
                reached.append(alert)
        if reached:
            self._waiting = [alert for alert in self._waiting if alert not in reached]
            self._keep()
        return reached


def _read(kept: object) -> PriceAlert | None:
    """An alert as it was written down; None for anything else."""
    if not isinstance(kept, dict):
        return None
    symbol, price, above = kept.get("symbol"), kept.get("price"), kept.get("above")
    if not isinstance(symbol, str) or not isinstance(price, int | float) or not isinstance(above, bool):
        return None
    return PriceAlert(symbol, float(price), above) if 0 < price < float("inf") else None
