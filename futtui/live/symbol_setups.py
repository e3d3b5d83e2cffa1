"""Margin type and leverage of each traded symbol as the exchange confirmed them, so that entries need not ask."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Protocol

from futtui.domain.account import SymbolSetup
from futtui.domain.errors import ExchangeError
from futtui.exchange.ports import ACCOUNT_MODE_CHANGED, AccountMessage

TRIES = 3
"""The first one's own echo may look like the owner's change; the second may have to change back what was changed."""


class SetupPort(Protocol):
    """What is asked of the account."""

    async def prepare(self, symbol: str, leverage: int, known: SymbolSetup | None = None) -> SymbolSetup: ...

    async def symbol_setups(self, symbol: str | None = None) -> Mapping[str, SymbolSetup]: ...


class SymbolSetups:
    """Nothing is remembered that the exchange did not confirm, and nothing that may have been changed since.

    Anybody may change it on the exchange. The account stream tells that, and a look now and then what the stream did
    not; whoever doubts forgets, and the next entry asks.
    """

    def __init__(self, account: SetupPort) -> None:
        self._account = account
        self._known: dict[str, SymbolSetup] = {}
        self._leverages: dict[str, int] = {}
        self._changes = 0
        self._asked: dict[str, int] = {}
        self._doubts: Counter[str] = Counter()

    async def prepare(self, symbol: str, leverage: int) -> None:
        """Isolated margin, and a leverage that an entry bears; raises ExchangeError where that cannot be had."""
        known = self._known.pop(symbol, None)
        if known is None or not known.isolated or known.leverage != leverage:
            known = await self._prepared(symbol, leverage, known)
        self._known[symbol] = known

    async def _prepared(self, symbol: str, leverage: int, known: SymbolSetup | None) -> SymbolSetup:
        """As the exchange confirmed it; asked anew when news came meanwhile, for it may be older than they are."""
        self._asked[symbol] = leverage
        for _ in range(TRIES):
            doubts = self._doubts[symbol]
            self._changes += 1
            confirmed = await self._account.prepare(symbol, leverage, known)
            self._changes += 1
            self._leverages[symbol] = confirmed.leverage
            if self._doubts[symbol] == doubts:
                return confirmed
            known = None
        raise ExchangeError(f"The settings of {symbol} kept being changed on the exchange meanwhile.")

    def leverage(self, symbol: str) -> int | None:
        """The leverage of a symbol that the exchange told last, for the screen; None where it may be another one."""
        return self._leverages.get(symbol)

    async def learn(self, held: Iterable[str]) -> None:
        """Ask for the leverage of held symbols where it is not known, as after a restart. Raises ExchangeError."""
        unknown = [symbol for symbol in held if symbol not in self._leverages]
        if not unknown:
            return
        changes = self._changes
        seen = await self._account.symbol_setups()
        if changes == self._changes:  # else the answer may be older than what was set meanwhile
            self._leverages |= {name: seen[name].leverage for name in unknown if name in seen}

    def on_account(self, message: AccountMessage) -> None:
        """Forget what the owner of the account has changed."""
        self._leverages.update(message.leverages)
        for symbol, leverage in message.leverages.items():
            known = self._known.get(symbol)
            expected = known.leverage if known is not None else self._asked.get(symbol)
            if expected is not None and expected != leverage:
                self._forget(symbol)
        if message.reason == ACCOUNT_MODE_CHANGED:
            self.forget_all()
        if message.reason == "MARGIN_TYPE_CHANGE":
            for symbol in message.positions or self._asked:
                self._forget(symbol)

    def forget_all(self) -> None:
        """The account stream was away: what is known may have been changed unseen."""
        self._leverages.clear()
        for symbol in self._asked:
            self._forget(symbol)

    async def look(self) -> None:
        """Compare what is known with the exchange. Raises ExchangeError, and then knows nothing any more."""
        if not self._known:
            return
        changes = self._changes
        try:
            seen = await self._account.symbol_setups()
        except ExchangeError:
            self.forget_all()
            raise
        if changes != self._changes:  # an entry went on meanwhile: the answer may be older than what it was told
            return
        self._known = {symbol: seen[symbol] for symbol in self._known if symbol in seen}
        told = self._leverages.keys() | self._asked.keys()
        self._leverages = {symbol: setup.leverage for symbol, setup in seen.items() if symbol in told}

    def _forget(self, symbol: str) -> None:
        self._changes += 1
        self._doubts[symbol] += 1
        self._known.pop(symbol, None)
