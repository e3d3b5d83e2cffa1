"""Looks at the real account: protects first what an earlier run left, then compares it with our books for ever."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from futtui.domain.account import AccountSeen, FundingSummed, HeldAmount, MoneyMoved, SeenOrder, Transfer
from futtui.domain.effects import Severity
from futtui.domain.errors import ExchangeError
from futtui.domain.events import BalanceChanged, ChangeMode
from futtui.domain.orders import OrderPurpose
from futtui.domain.position import TradingMode
from futtui.domain.snapshot import HeldMargin
from futtui.exchange.binance.errors import Refused
from futtui.live.clock import steady_ms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from futtui.domain.snapshot import PositionView
    from futtui.live.engine import Engine
    from futtui.live.exchange_broker import ExchangeDeskBroker

log = logging.getLogger(__name__)

PAUSE_S = 10.0
SOON_S = 2.0
"""Pause before the next look while account and books do not agree."""
WHOLE_EVERY = 30
"""Every so many looks the orders of the whole account are asked for, which costs 80 of the exchange's weight."""
SETUPS_EVERY = 6
"""Every so many looks margin type and leverage of the traded symbols are compared with what entries rely on."""
LOOKS_TO_TELL = 2
"""So many looks in a row must show a wallet that the stream did not tell: news of it may be on their way."""
MOST_UNASKED = 5
"""So many looks in a row may fail to ask for transfers before a wallet is told without them."""
LOOKS_TO_LEAVE_LIVE = 2
"""So many looks in a row must be refused because of our key or our time before Live is switched off."""
SHUT_OUT_CODES = frozenset({-1021, -1022, -1109, -2014, -2015})
"""Wrong time, wrong signature, account not active, key malformed, key without rights from here."""
SETTLE_S = 4.0
BLIND_LOOKS = 6
"""After so many looks in a row that failed, about a minute, people are told."""
_URGENT = (OrderPurpose.ENTRY, OrderPurpose.STOP)


ODD_WALLET = "The exchange shows positions but no USDT that they are held with, which cannot be."


def is_odd_wallet(wallet: Decimal, ours: Sequence[str]) -> bool:
    """Whether a wallet cannot be true: what we hold of these symbols has margin, and to believe it would close all."""
    return wallet <= 0 and bool(ours)


class AccountReader(Protocol):
    """What can be asked about an account."""

    async def open_orders(self, symbol: str | None = None) -> Sequence[Any]: ...

    async def positions(self) -> Sequence[Any]: ...

    async def wallet_balance(self) -> Decimal: ...

    async def funding_since(self, symbol: str, since_ms: int) -> Decimal: ...

    async def transfers_since(self, since_ms: int) -> Sequence[Transfer]: ...


class AccountWatch:
    """Compares the account with the desk's books; the desk decides what a difference means."""

    def __init__(self, engine: Engine, reader: AccountReader, broker: ExchangeDeskBroker) -> None:
        self._engine = engine
        self._reader = reader
        self._broker = broker
        self._looks = 0
        self._began_ms = 0
        self._unheard = 0
        self._unasked = 0
        self._failed = self._shut_out = 0
        self._shut_out_at_look = 0
        self.margins: tuple[HeldMargin, ...] = ()
        """How the account held its symbols at the last completed look."""
        self.checked_ms: int | None = None
        """When the questions of that look left."""

    async def protect(self) -> None:
        """Ask about the orders that an earlier run left on the account: what opened and what protects comes first.

        The desk protects as soon as each answer comes; nothing here waits for market data or for the account's stream.
        """
        orders = self._engine.runner.desk.live_orders()
        for urgent in (True, False):
            group = [item for item in orders if (item[0].intent.purpose in _URGENT) == urgent]
            for placed, status, cancel_sent in group:
                self._broker.adopt(placed.intent, status)
                if cancel_sent:
                    self._broker.cancel_again(placed.intent)
            if urgent and group:
                await self._settled()
                self._engine.tick(self._engine.clock.now_ms())

    async def take_over(self) -> None:
        """Look at all of the account and tell how it compares with our books."""
        desk = self._engine.runner.desk
        await self._settled()
        self._engine.tick(self._engine.clock.now_ms())
        seen = await self.look(whole=True)
        await self.sum_funding()
        for line in comparison(desk.snapshot().positions, seen):
            self._engine.say("account", line)
        if not desk.agrees_with_account:
            self._engine.say("account", "Account and books differ; looking again in a moment.", Severity.WARNING)

    async def run(self) -> None:
        """Look again and again until cancelled; sooner while something does not agree."""
        while True:
            await asyncio.sleep(PAUSE_S if self.is_settled else SOON_S)
            await self.try_look()

    async def try_look(self) -> None:
        """Look once; a failure leaves everything as it is until the next look."""
        self._looks += 1
        number = self._looks
        try:
            whole = self._looks % WHOLE_EVERY == 0
            await self.look(whole=whole)
            self._sees_again()
            if whole:
                await self.sum_funding()
            if self._looks % SETUPS_EVERY == 0:
                await self._broker.setups.look()
        except ExchangeError as error:
            log.info("The account could not be looked at yet: %s", error)
            self._note_shut_out(error, number)
            self._is_blind(str(error))
            # Only the lists may be out of order; whether a stop still waits can be asked of itself.
            self._broker.look_at(self._broker.waiting(steady_ms()))
        except Exception as error:
            log.exception("A look at the account failed; the next one follows")
            self._is_blind(repr(error))

    def _is_blind(self, why: str) -> None:
        """Say once that nothing is known of the account: no order may leave for hours that would tell it."""
        self._failed += 1
        if self._failed == BLIND_LOOKS:
            text = (
                f"The account cannot be looked at: {why} Stops that wait on the exchange go on protecting; futtui may "
                "not be able to move them or to close anything. Look at the exchange."
            )
            self._engine.say("account", text, Severity.ERROR)

    def _sees_again(self) -> None:
        if self._failed >= BLIND_LOOKS:
            self._engine.say("account", "The account can be looked at again.", Severity.NOTICE)
        self._failed = self._shut_out = 0

    def _note_shut_out(self, error: ExchangeError, number: int) -> None:
        """Take Live back when the exchange refuses our key or our time again and again: no order would get through.

        A connection that is gone is another thing: it comes back, and old data opens no trade meanwhile. Looks may be
        under way together, as after a gap of the account's stream: what they hear is one moment, and counts once.
        """
        shut_out = isinstance(error, Refused) and error.code in SHUT_OUT_CODES
        if shut_out and number <= self._shut_out_at_look:
            return
        self._shut_out_at_look = self._looks
        self._shut_out = self._shut_out + 1 if shut_out else 0
        engine = self._engine
        if self._shut_out < LOOKS_TO_LEAVE_LIVE or engine.runner.desk.snapshot().mode is not TradingMode.LIVE:
            return
        engine.runner.submit(ChangeMode(engine.clock.now_ms(), TradingMode.SIGNALS))
        text = (
            f"Live is switched off, signals are only shown: {error} Stops that wait on the exchange go on protecting "
            "what is open."
        )
        engine.say("account", text, Severity.ERROR)

    async def sum_funding(self) -> None:
        """Tell the desk what the account booked as funding since our positions were opened; news may have been lost."""
        runner = self._engine.runner
        for symbol, since_ms in runner.desk.live_since().items():
            amount = await self._reader.funding_since(symbol, since_ms)
            runner.submit(FundingSummed(self._engine.clock.now_ms(), symbol, since_ms, amount))

    async def look(self, *, whole: bool) -> AccountSeen:
        """One look, given to the desk; orders that should wait and were not seen are asked for one by one."""
        clock, began_ms = self._engine.clock, steady_ms()
        asked_ms = clock.now_ms()
        symbols = self._engine.runner.desk.live_symbols
        orders: list[SeenOrder] = []
        for symbol in (None,) if whole else symbols:
            orders += [_seen(order) for order in await self._reader.open_orders(symbol)]
        positions = await self._reader.positions()
        held = [_held(position) for position in positions]
        wallet = await self._reader.wallet_balance()
        asked = None if whole else frozenset(symbols)
        seen = AccountSeen(clock.now_ms(), asked_ms, TradingMode.LIVE, tuple(held), tuple(orders), asked)
        there = {order.client_id for order in orders}
        waiting = self._broker.waiting(began_ms)
        self._broker.look_at(
            order for order in waiting if order.client_id not in there and (whole or order.symbol in symbols)
        )
        is_odd = is_odd_wallet(wallet, [item.symbol for item in held if item.symbol in symbols])
        if not is_odd:
            await self._take_wallet(wallet, seen.time_ms)
        self._engine.runner.submit(seen)
        if is_odd:
            raise ExchangeError(ODD_WALLET)
        await self._learn_leverages(item.symbol for item in held if item.symbol in symbols)
        self.margins = tuple(self._margin(position) for position in positions)
        self.checked_ms = asked_ms
        return seen

    async def _learn_leverages(self, symbols: Iterable[str]) -> None:
        """Ask for leverages that are not known; only the screen tells them, so that nothing else waits for them."""
        try:
            await self._broker.setups.learn(symbols)
        except ExchangeError as error:
            log.info("The leverage of what is held could not be asked yet: %s", error)

    def _margin(self, position: Any) -> HeldMargin:
        """The part of a position that only the screen tells."""
        leverage = self._broker.setups.leverage(position.symbol)
        price = position.liquidation_price
        at = float(price) if price > 0 else None
        return HeldMargin(TradingMode.LIVE, position.symbol, position.isolated, leverage, at)

    @property
    def is_settled(self) -> bool:
        """Whether nothing at the last look needs another one soon."""
        return self._engine.runner.desk.agrees_with_account and not self._unheard

    async def _take_wallet(self, wallet: Decimal, time_ms: int) -> None:
        """Tell a wallet that the stream did not tell: the first one, or the second in a row without news of it.

        A change without news may be a transfer, which is no loss: the exchange's books are asked before it is told. If
        they do not answer several times, it is told without them: a loss must not go unseen.
        """
        desk = self._engine.runner.desk
        known = desk.reported_wallet(TradingMode.LIVE)
        self._began_ms = self._began_ms or time_ms
        if known is not None:
            self._unheard = self._unheard + 1 if wallet != known else 0
            if self._unheard < LOOKS_TO_TELL or not await self._tell_transfers():
                return
            if desk.reported_wallet(TradingMode.LIVE) != known:
                return  # the stream told another one meanwhile
        self._unheard, self._unasked = 0, 0
        self._engine.runner.submit(BalanceChanged(time_ms, TradingMode.LIVE, wallet))

    async def _tell_transfers(self) -> bool:
        """Tell what was put in or taken out since futtui looks; False while the books may still answer."""
        try:
            transfers = await self._reader.transfers_since(self._began_ms)
        except ExchangeError as error:
            log.info("Transfers could not be looked up yet: %s", error)
            self._unasked += 1
            return self._unasked >= MOST_UNASKED
        for item in transfers:
            self._engine.runner.submit(MoneyMoved(item.time_ms, TradingMode.LIVE, item.amount, item.transfer_id))
        return True

    async def _settled(self) -> None:
        """Until every adopted order was answered for, or a moment passed: protection does not wait for all answers."""
        if self._engine.settings.lockstep:
            await self._broker.drain()
            return
        try:
            async with asyncio.timeout(SETTLE_S):
                await self._broker.drain()
        except TimeoutError:
            log.warning("Not all orders of the last run could be looked up yet; that goes on beside the rest")


def _seen(order: Any) -> SeenOrder:
    """The part of an open order that the desk judges by."""
    return SeenOrder(
        *(order.client_id, order.symbol, order.conditional, order.order_type, order.quantity, order.trigger_price),
        order.close_position,
    )


def _held(position: Any) -> HeldAmount:
    """The part of a position that the desk judges by."""
    return HeldAmount(
        position.symbol, position.amount, position.entry_price, position.mark_price, position.liquidation_price
    )


def comparison(positions: Iterable[PositionView], seen: AccountSeen) -> list[str]:
    """A table for people: what futtui believes to hold and what the account holds, a symbol to a line."""
    ours: dict[str, Decimal] = {}
    for view in positions:
        if view.mode is TradingMode.LIVE:
            amount = Decimal(str(view.quantity)) * view.side.sign
            ours[view.symbol] = ours.get(view.symbol, Decimal(0)) + amount
    rows = sorted({item.symbol for item in seen.held} | ours.keys())
    if not rows:
        return ["Account looked at: nothing is held."]
    lines = [f"{'symbol':14} {'futtui':>16} {'account':>16}  stops  verdict"]
    for symbol in rows:
        mine, held = ours.get(symbol, Decimal(0)), seen.amount(symbol)
        stops = sum(order.symbol == symbol and "STOP" in order.order_type for order in seen.orders)
        verdict = "agrees" if mine == held else "not opened by futtui" if not mine else "differs"
        lines.append(f"{symbol:14} {mine.normalize():>16f} {held.normalize():>16f}  {stops:>5}  {verdict}")
    return lines
