"""A price alert without a chart: type a price, see when it will be told; one that is there is taken away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from futtui.domain.events import RemovePriceAlert, SetPriceAlert
from futtui.tui.paint import numbers
from futtui.tui.paint.stop_wish import typed_price
from futtui.tui.paint.text import Line
from futtui.tui.paint.view import View
from futtui.tui.screens.dialog import text_lines
from futtui.tui.screens.field_dialog import FieldDialog
from futtui.tui.words import word

if TYPE_CHECKING:
    from futtui.tui.app import FuttuiApp


class PriceAlertDialog(FieldDialog[float]):
    """One price; Enter takes it, Esc leaves all as it is. Answers the price on the exchange's grid, or None."""

    def __init__(self, symbol: str, view: View) -> None:
        super().__init__(word("alert.heading", symbol=symbol), word("alert.bottom"), view)
        self.symbol = symbol

    def intro(self) -> list[str]:
        """What an alert is."""
        return [word("alert.what"), ""]

    def _price_text(self, price: float) -> str:
        return numbers.price_text(price, self.view.rules(self.symbol))

    def meaning(self, text: str, width: int) -> Sequence[Line]:
        """When the alert will be told, and which ones are there."""
        row, price, there = self.view.by_symbol.get(self.symbol), self.typed(text), self.view.alerts(self.symbol)
        now = row.price if row is not None else 0.0
        lines = text_lines([word("alert.now", price=self._price_text(now))])
        if there:
            lines += text_lines([word("alert.there", prices=", ".join(self._price_text(each) for each in there))])
        if price is None:
            return [*lines, *text_lines([word("stop.no_price") if text.strip() else ""], "attention")]
        name = "alert.away" if price in there else "alert.rises" if price > now else "alert.falls"
        return [*lines, *text_lines([word(name, price=self._price_text(price))], "bold")]

    def typed(self, text: str) -> float | None:
        """The typed price on the exchange's grid; None for what is none."""
        row, rules = self.view.by_symbol.get(self.symbol), self.view.rules(self.symbol)
        price = typed_price(text, row.price if row is not None else 0.0)
        if price is None or price <= 0:
            return None
        return price if rules is None else float(rules.round_price(price))

    def submitted(self, text: str) -> None:
        """Answers the price."""
        price = self.typed(text)
        if price is not None and not self.is_hidden:
            self.dismiss(price)


def ask_alert(app: FuttuiApp, symbol: str) -> None:
    """Asks for a price and sets the alert there, or takes away the one that is there."""
    view = app.store.read()
    if symbol not in view.by_symbol:
        app.flash(word("block.no_symbol"), "attention")
        return

    def chosen(price: float | None) -> None:
        if price is None:
            return
        there = price in app.store.read().alerts(symbol)
        command = RemovePriceAlert if there else SetPriceAlert
        app.send(command(app.engine.exchange_time_ms(), symbol, price))

    app.push_screen(PriceAlertDialog(symbol, view), chosen)
