"""What the broker of a real account needs of the exchange, and what it keeps of each order that may have news."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from futtui.domain.account import AccountModes, KeyRights, SymbolSetup, Transfer
from futtui.domain.orders import Fill, OrderStatus, OrderUpdate
from futtui.domain.symbols import LeverageTier, SymbolRules
from futtui.exchange.ports import TradingPort

DISK_S = 1.0
"""So long a stop or an exit waits for a slow disk; without it a position would be in danger for as long as it hangs."""


class AccountPort(TradingPort, Protocol):
    """Orders of an account, and questions about them."""

    async def query(self, symbol: str, client_id: str, *, conditional: bool) -> OrderUpdate | None: ...

    async def executions(self, symbol: str, client_id: str, exchange_id: str) -> Sequence[Fill]: ...

    async def symbol_fills(self, symbol: str, since_ms: int) -> Sequence[Fill]: ...

    async def executed_orders(self, symbol: str, since_ms: int) -> Sequence[tuple[str, Decimal]]: ...

    async def modes(self) -> AccountModes: ...

    async def key_rights(self) -> KeyRights | None: ...

    async def prepare(self, symbol: str, leverage: int, known: SymbolSetup | None = None) -> SymbolSetup: ...

    async def symbol_setups(self, symbol: str | None = None) -> Mapping[str, SymbolSetup]: ...

    async def funding_since(self, symbol: str, since_ms: int) -> Decimal: ...

    async def transfers_since(self, since_ms: int) -> Sequence[Transfer]: ...

    async def open_orders(self, symbol: str | None = None) -> Sequence[Any]: ...

    async def positions(self) -> Sequence[Any]: ...

    @property
    def known_rules(self) -> Mapping[str, SymbolRules]: ...

    def take_rules(self, rules: SymbolRules) -> None: ...

    async def leverage_tiers(self) -> Mapping[str, tuple[LeverageTier, ...]]: ...


@dataclass(slots=True)
class SentOrder:
    """An order that may still have news."""

    client_id: str
    symbol: str
    conditional: bool
    quantity: Decimal
    sent_at_ms: float
    trades: dict[str, Decimal] = field(default_factory=dict)
    executed_at_ms: float | None = None
    looked_at_ms: float = 0.0
    looking: bool = False
    accepted: bool = False
    """Whether the exchange had it once."""
    adopted: bool = False
    """Whether an earlier run sent it."""
    is_entry: bool = False
    has_left: bool = False
    """Whether its request was handed over to be sent."""
    withdrawn: bool = False
    """Whether its cancel was asked for before it left."""
    negatives: int = 0
    lane: str = ""
    """The row in which its requests leave; a slow answer holds up only what is behind it in the same row."""

    @property
    def executed(self) -> Decimal:
        """How much of it is known to be executed."""
        return sum(self.trades.values(), Decimal(0))

    def lacks(self, update: OrderUpdate) -> bool:
        """Whether it ended after more executions than are known."""
        ended = update.status.is_final and update.status is not OrderStatus.FILLED
        return ended and update.executed > self.executed

    @property
    def is_complete(self) -> bool:
        """Whether all its executions are known."""
        return self.executed >= self.quantity


class WriteAhead(Protocol):
    """Makes sure that what was asked for is on disk before it is asked of the exchange."""

    async def secure(self) -> None: ...


async def secured(ahead: WriteAhead, order: SentOrder) -> None:
    """Return when the order is on disk. Raises OSError when the disk refuses or, for what reduces, is too slow."""
    async with asyncio.timeout(None if order.is_entry else DISK_S):
        await ahead.secure()
