"""What the exchange has booked on an account: funding, transfers and executed orders."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from futtui.domain.account import Transfer
from futtui.exchange.binance.clock import ClockMs
from futtui.exchange.binance.trading_models import rows_of, transfer_from
from futtui.exchange.binance.weights import ALL_ORDERS_WEIGHT, INCOME_WEIGHT

FILLS_WINDOW_MS = 7 * 24 * 3_600_000 - 60_000


class IncomeQuestions:
    """The questions of `BinanceTrading` about its books. Each raises ExchangeError when there is no answer."""

    _clock: ClockMs

    async def _ask(self, method: str, params: Mapping[str, str], *, weight: int) -> Any:
        raise NotImplementedError

    async def funding_since(self, symbol: str, since_ms: int) -> Decimal:
        """All funding that the account booked on a symbol from then on; negative was paid."""
        params = {"symbol": symbol, "incomeType": "FUNDING_FEE", "startTime": str(since_ms), "limit": "1000"}
        rows = await self._ask("fapiPrivateGetIncome", params, weight=INCOME_WEIGHT)
        return sum(rows_of(rows, lambda row: Decimal(str(row["income"]))), Decimal(0))

    async def transfers_since(self, since_ms: int) -> list[Transfer]:
        """USDT put into or taken out of the account since then, oldest first; at most the newest seven days."""
        start_ms = max(since_ms, self._clock() - FILLS_WINDOW_MS)
        params = {"incomeType": "TRANSFER", "startTime": str(start_ms), "limit": "1000"}
        rows = await self._ask("fapiPrivateGetIncome", params, weight=INCOME_WEIGHT)
        return [item for item in rows_of(rows, transfer_from) if item is not None]

    async def executed_orders(self, symbol: str, since_ms: int) -> list[tuple[str, Decimal]]:
        """Client ids of the orders of a symbol since then, with what each bought; below zero = sold."""
        start_ms = max(since_ms, self._clock() - FILLS_WINDOW_MS)
        params = {"symbol": symbol, "startTime": str(start_ms), "limit": "1000"}
        rows = await self._ask("fapiPrivateGetAllOrders", params, weight=ALL_ORDERS_WEIGHT)
        return rows_of(rows, _executed)


def _executed(row: Mapping[str, Any]) -> tuple[str, Decimal]:
    quantity = Decimal(str(row["executedQty"]))
    return str(row["clientOrderId"]), quantity if row["side"] == "BUY" else -quantity
