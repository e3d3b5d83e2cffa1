"""The real account beside an engine: opened once, protected first of all, checked before Live, closed at the end."""

from __future__ import annotations

import asyncio
import logging
from decimal import Decimal
from typing import TYPE_CHECKING

from futtui.domain.effects import Severity
from futtui.domain.errors import ExchangeError, FuttuiError
from futtui.domain.events import BalanceChanged
from futtui.domain.kill import KillLevel, KillSwitch
from futtui.domain.live_check import Finding, LiveReport
from futtui.domain.orders import Fill, OrderUpdate
from futtui.domain.position import TradingMode
from futtui.exchange.ports import ACCOUNT_MODE_CHANGED, AccountMessage
from futtui.live.account_watch import ODD_WALLET, AccountWatch, is_odd_wallet
from futtui.live.connection import Account
from futtui.live.exchange_broker import ExchangeDeskBroker
from futtui.live.leaving import leave_safely
from futtui.live.margin_book import MarginBook
from futtui.live.preflight import account_findings, machine_findings, refusal

if TYPE_CHECKING:
    from futtui.live.engine import Engine


log = logging.getLogger(__name__)

WATCH = "account watch"
UNCHECKED = "futtui closed without being able to check that everything held has its stop. Look at the exchange now."


class RealAccount:
    """Opens and closes the engine's `account`, `live_broker` and `account_watch`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._gate = asyncio.Lock()
        self._has_stream = False
        self._is_ready = False
        self._watching: asyncio.Task[None] | None = None
        self.margins = MarginBook(engine)
        self.left_open: tuple[str, ...] = ()
        """After `leave`: sentences about what may be held without a stop."""

    @property
    def is_awaited(self) -> bool:
        """Whether the account is not open yet but will be: there are keys, and Live or what is held asks for it."""
        engine = self._engine
        if engine.account is not None or engine.connection is None or engine.connection.account is None:
            return False
        is_live = engine.settings.mode is TradingMode.LIVE
        return is_live or self._gate.locked() or bool(engine.runner.desk.live_symbols)

    async def use(self) -> None:
        """Connect the exchange account, once. Raises FuttuiError when there is none or it does not answer.

        Where positions are held, whatever fails after they were protected leaves the account open for them.
        """
        async with self._gate:
            if self._engine.account is None:
                await self._open()
            if not self._is_ready:
                await self._make_ready()

    async def protect_what_is_open(self) -> None:
        """Positions that an earlier run left on the real account come before everything else, whatever the mode."""
        engine = self._engine
        count = len(engine.runner.desk.live_symbols)
        if not count:
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
        for state in engine.states.values():
            broker.take_rules(state.rules)
        try:
            await watch.protect()
        except BaseException:
            await self.close()
            raise
        if not engine.settings.lockstep:
            self._watching = engine.spawn(watch.run(), WATCH)

    async def _make_ready(self) -> None:
        """All that is asked of the exchange once what is held is protected; what failed is asked at the next try."""
        engine, account, watch = self._engine, self._engine.account, self._engine.account_watch
        assert account is not None
        assert watch is not None
        try:
            if not self._has_stream:
                self._has_stream = True
                await account.user_stream.start()
            balance = await account.trading.wallet_balance()
            await self._believe(balance, account)
            engine.runner.submit(BalanceChanged(engine.clock.now_ms(), TradingMode.LIVE, balance))
            await watch.take_over()
            await self._learn_rules(account)
            await engine.rules_watch.ask_tiers()
        except BaseException:
            if not engine.runner.desk.live_symbols:
                await self.close()
            raise
        self._is_ready = True

    async def _believe(self, balance: Decimal, account: Account) -> None:
        """Raise ExchangeError for a wallet that cannot be true; what was closed and taken out meanwhile can be."""
        if balance <= 0:
            ours = self._engine.runner.desk.live_symbols
            held = await account.trading.positions()
            if is_odd_wallet(balance, [item.symbol for item in held if item.symbol in ours]):
                raise ExchangeError(ODD_WALLET)

    async def _learn_rules(self, account: Account) -> None:
        """The trading rules of all symbols, so that entries can be judged; while they cannot be had, nothing waits."""
        engine = self._engine
        assert engine.connection is not None
        try:
            found = await engine.connection.market.exchange_info()
        except ExchangeError as error:
            log.warning("The trading rules could not be asked yet; what is held is cared for without them: %s", error)
            return
        for rules in found.values():
            account.trading.take_rules(rules)
        for symbol in engine.runner.desk.live_symbols:
            if symbol in found and symbol not in engine.states:
                engine.tell_rules(found[symbol])

    async def leave(self) -> None:
        """Before futtui closes: what is held gets its stop or is closed, as far as there is time. Never raises."""
        try:
            self.left_open = await leave_safely(self._engine)
        except Exception:  # whatever went wrong, the rest of futtui must still be closed
            log.exception("What is held could not be looked after before the end")
            self.left_open = (UNCHECKED,)

    async def close(self) -> None:
        """Close the ends to the account, whatever fails on the way."""
        engine = self._engine
        self._has_stream = self._is_ready = False
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
            self._watching = None
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
            if message.reason == ACCOUNT_MODE_CHANGED:
                self._engine.spawn(self._check_modes(), "modes of the account")

    async def _check_modes(self) -> None:
        """Somebody changed a mode of the account: nothing new is opened in one in which futtui cannot trade."""
        engine = self._engine
        if engine.account is None:
            return
        try:
            against = refusal(await account_findings(engine.account.trading))
        except ExchangeError as error:
            against = f"The modes of the account were changed and cannot be read ({error})"
        if against is not None:
            engine.say("account", against, Severity.ERROR)
            reason = "the modes of the account were changed on the exchange"
            engine.runner.submit(KillSwitch(engine.clock.now_ms(), KillLevel.PAUSE, reason))

    async def report(self) -> LiveReport:
        """What stands for and against Live now; an account that cannot be looked at is a finding, too."""
        engine, risk = self._engine, self._engine.parts.risk
        limits = risk.sizing.risk_per_trade_pct, risk.caps.day_loss_limit_pct
        if not engine.settings.live_allowed:
            return LiveReport((Finding(False, engine.settings.live_refusal),), *limits)
        key_end = engine.settings.key_end
        try:
            await self.use()
            found = await self._findings()
        except FuttuiError as error:
            refused = Finding(False, "The account cannot be looked at now.", str(error))
            return LiveReport((refused,), *limits, key_end=key_end)
        wallet = engine.runner.desk.reported_wallet(TradingMode.LIVE)
        return LiveReport(tuple(found), *limits, None if wallet is None else float(wallet), key_end)

    async def pre_flight(self) -> None:
        """Check account and machine once more; raises FuttuiError with everything that stands against Live."""
        found = await self._findings()
        for finding in found:
            self._engine.say("account", finding.line(), Severity.INFO if finding.passed else Severity.ERROR)
        against = refusal(found)
        if against is not None:
            raise FuttuiError(against)

    async def _findings(self) -> list[Finding]:
        engine = self._engine
        assert engine.account is not None
        folder, book = engine.parts.database.parent, engine.parts.live_book
        return [
            *await account_findings(engine.account.trading),
            *await machine_findings(folder if book is not None else None, engine.health.clock, book),
        ]
