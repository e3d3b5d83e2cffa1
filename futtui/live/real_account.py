"""The real account beside an engine: opened once, protected first of all, checked before Live, closed at the end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from futtui.domain.effects import Severity
from futtui.domain.errors import FuttuiError
from futtui.domain.events import BalanceChanged
from futtui.domain.orders import Fill, OrderUpdate
from futtui.domain.position import TradingMode
from futtui.exchange.ports import AccountMessage
from futtui.live.account_watch import AccountWatch
from futtui.live.exchange_broker import ExchangeDeskBroker
from futtui.live.preflight import account_findings, machine_findings, refusal

if TYPE_CHECKING:
    from futtui.live.engine import Engine


class RealAccount:
    """Opens and closes the engine's `account`, `live_broker` and `account_watch`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._gate = asyncio.Lock()

    async def use(self) -> None:
        """Connect the exchange account, once. Raises FuttuiError when there is none or it does not answer."""
        async with self._gate:
            if self._engine.account is None:
                await self._open()

    async def protect_what_is_open(self) -> None:
        """Positions that an earlier run left on the real account come before everything else, whatever the mode."""
        engine = self._engine
        count = len(engine.runner.desk.live_symbols)
        if not count or engine.account is not None:
            return
        if engine.connection is not None and engine.connection.account is not None:
            await self.use()
            return
        text = (
            f"Positions of an earlier live run: {count}. Without keys futtui cannot see or manage them; their stops on "
            "the exchange go on protecting them. Start futtui with the keys of that account."
        )
        engine.say("account", text, Severity.ERROR)

    async def _open(self) -> None:
        engine = self._engine
        if engine.connection is None or engine.connection.account is None:
            raise FuttuiError("No account is connected, so Live is not possible. Use Paper.")
        account = await engine.connection.account()
        broker = ExchangeDeskBroker(
            account.trading,
            engine.runner.submit,
            engine.clock.now_ms,
            one_lane=engine.settings.lockstep,
            ahead=engine.parts.live_book,
        )
        broker.on_rules_refusal = engine.rules_watch.ask_soon
        watch = AccountWatch(engine, account.trading, broker)
        engine.account, engine.live_broker, engine.account_watch = account, broker, watch
        engine.runner.brokers[TradingMode.LIVE] = broker
        try:
            await watch.protect()
            await account.user_stream.start()
            balance = await account.trading.wallet_balance()
            engine.runner.submit(BalanceChanged(engine.clock.now_ms(), TradingMode.LIVE, balance))
            await watch.take_over()
            await engine.rules_watch.ask_tiers()
        except BaseException:
            await self.close()
            raise
        if not engine.settings.lockstep:
            engine.spawn(watch.run(), "account watch")

    async def close(self) -> None:
        """Close the ends to the account, whatever fails on the way."""
        engine = self._engine
        if engine.live_broker is not None:
            await asyncio.gather(engine.live_broker.close(), return_exceptions=True)
            engine.live_broker, engine.account_watch = None, None
            engine.runner.brokers.pop(TradingMode.LIVE, None)
        if engine.account is not None:
            await engine.account.close()
            engine.account = None

    def on_news(self, message: OrderUpdate | Fill | AccountMessage) -> None:
        """News of the account stream."""
        broker = self._engine.live_broker
        if broker is None:
            return
        if isinstance(message, OrderUpdate):
            broker.on_update(message)
        elif isinstance(message, Fill):
            broker.on_fill(message)
        else:
            broker.on_account(message)

    async def pre_flight(self) -> None:
        """Check account and machine once more; raises FuttuiError with everything that stands against Live."""
        engine = self._engine
        assert engine.account is not None
        folder, book = engine.parts.database.parent, engine.parts.live_book
        found = [
            *await account_findings(engine.account.trading),
            *await machine_findings(folder if book is not None else None, engine.health.clock, book),
        ]
        for finding in found:
            engine.say("account", finding.line(), Severity.INFO if finding.passed else Severity.ERROR)
        against = refusal(found)
        if against is not None:
            raise FuttuiError(against)
