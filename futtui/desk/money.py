"""Money beside trading: wallet reports, funding, and transfers, which nobody earned or lost."""

from __future__ import annotations

from collections.abc import Callable

from futtui.desk.funding import share_funding
from futtui.desk.outbox import Outbox
from futtui.desk.positions import Position
from futtui.desk.state import DeskState
from futtui.domain.account import MoneyMoved
from futtui.domain.effects import Severity
from futtui.domain.events import BalanceChanged, FundingPaid
from futtui.domain.position import Trade


class MoneyDesk:
    """Books what brokers tell about the money of their accounts."""

    def __init__(
        self, state: DeskState, out: Outbox, book: Callable[[Position], Trade], changed: Callable[[], None]
    ) -> None:
        """`book`: books the trade of a closed position anew. `changed`: tells that the screen has something to show."""
        self._state = state
        self._out = out
        self._book = book
        self._changed = changed

    def on_balance(self, event: BalanceChanged) -> None:
        """The wallet as its broker reports it."""
        held = self._state.held(event.mode)
        self._state.accounts[event.mode].report_wallet(event.wallet_balance, held, event.time_ms)
        self._changed()

    def on_moved(self, event: MoneyMoved) -> None:
        """Money was put in or taken out: results and limits count from what is there now."""
        if not self._state.accounts[event.mode].move_money(event):
            return
        way = "paid into" if event.amount > 0 else "taken out of"
        text = f"{abs(event.amount):,.2f} USDT {way} the futures account; results and limits do not count it"
        self._out.say(event.time_ms, "account", text, Severity.NOTICE)
        self._changed()

    def on_funding(self, event: FundingPaid) -> None:
        """Funding is shared out among the positions that held the symbol."""
        state, mode = self._state, event.mode
        here = [item for item in state.on(event.symbol) if item.plan.mode is mode and item.opened_ms <= event.time_ms]
        held = [item for item in here if item.ledger.open > 0]
        if not held:
            self._on_late_funding(event)
            return
        share_funding(held, event.amount, self._out, state.beside(event.symbol, mode))

    def _on_late_funding(self, event: FundingPaid) -> None:
        """News of a funding that was booked before the position was closed: its trade is corrected."""
        symbol = event.symbol
        position = self._state.closed_around(symbol, event.mode, event.time_ms)
        if position is None or self._state.beside(symbol, event.mode):
            text = f"{symbol}: funding of {event.amount:+,.2f} USDT for something that futtui does not hold"
            self._out.say(event.time_ms, "trade", text, Severity.DEBUG, symbol)
            return
        position.ledger.funding += event.amount
        self._out.touch(position)
        trade = self._book(position)
        text = (
            f"{symbol}: funding of {event.amount:+,.2f} USDT became known after the close, now {trade.result_r:+.2f} R"
        )
        self._out.say(event.time_ms, "trade", text, symbol=symbol)
