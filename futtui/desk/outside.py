"""What happens on the account without us: closed by hand, liquidated, held beside our positions, or simply different.

Everything here is about the LIVE account; virtual ones have no outside, but are liquidated by the same rules.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal

from futtui.desk import words
from futtui.desk.beside import note_beside
from futtui.desk.differences import (
    Correction,
    Difference,
    closes_ours,
    explaining,
    is_explained,
    makes,
    part_of,
    was_called_filled,
)
from futtui.desk.forced import ADJUSTMENT, reason_of
from futtui.desk.funding import share_funding
from futtui.desk.life import PositionLife
from futtui.desk.order_watch import OrderWatch
from futtui.desk.outbox import Outbox
from futtui.desk.positions import Position
from futtui.desk.state import DeskState
from futtui.domain.account import AccountSeen, FillsTold, FundingSummed
from futtui.domain.effects import AskFills, Severity
from futtui.domain.orders import Fill, OrderPurpose, OrderStatus, OrderUpdate, is_nothing_left
from futtui.domain.position import ExitReason, TradingMode
from futtui.domain.side import OrderSide
from futtui.domain.symbols import ZERO, to_decimal
from futtui.domain.timeframe import DAY_MS

LOOKS_WITHOUT_ANSWER = 12
"""After so many looks that agree, a difference is booked although no execution that was told makes it.

One that would close a part of ours needs more than looks: an answer that stays empty may be a mistake of the exchange,
and the stop would be given up for it.
"""
LATE_MS = 10_000
"""So much older than a look may be what it did not show yet."""
LISTED_MS = 7 * DAY_MS
"""So far back the exchange tells executions."""
ASK_EVERY = 10
"""After LOOKS_WITHOUT_ANSWER, the questions are asked at every so many looks only."""
_TRADES_KEPT = 2_000
_CORRECTIONS_KEPT = 50


def outside_refusal(state: DeskState, symbol: str, mode: TradingMode) -> str | None:
    """Why the real account forbids new trades on a symbol; None if it does not, and always None in other modes."""
    if mode is not TradingMode.LIVE:
        return None
    if symbol in state.external:
        return f"a position on {symbol} is held that futtui did not open"
    return state.differing.get(symbol)


class OutsideWatch:
    """Takes foreign executions in, and compares looks at the account with the ledger.

    A difference counts only while nothing is under way on its symbol, and is acted upon only when looks in a row agree:
    the second one asks for executions; when they are told, the next one books what they explain, and corrects the rest.
    Where that would close ours without an execution, the look itself may be wrong: that takes many looks, and proof.
    Executions that were asked for explain a difference and do nothing else: an earlier run may know them, or a
    correction stand for them. An execution that comes after its correction takes its place.
    """

    def __init__(
        self, state: DeskState, out: Outbox, life: PositionLife, book_again: Callable[[Position], object]
    ) -> None:
        """`book_again`: books the trade of a closed position anew."""
        self._state = state
        self._out = out
        self._life = life
        self._book_again = book_again
        self._differences: dict[str, Difference] = {}
        self._corrections: dict[str, deque[Correction]] = {}
        self._orders = OrderWatch(state, out, life)
        self._newest: dict[str, Fill] = {}
        self._agreed_ms: dict[str, int] = {}
        self.apart_since_ms: int | None = None
        """Since when account and books do not agree; None while they do, or only proof is missing."""
        self._trades: deque[tuple[str, str]] = deque(maxlen=_TRADES_KEPT)

    # --- executions that are not ours ---------------------------------------------------------------------------

    def on_fill(self, fill: Fill, time_ms: int, mode: TradingMode = TradingMode.LIVE) -> None:
        """An execution of an order that is not ours: it closes what we hold, or is kept beside it."""
        if not fill.quantity > 0:
            return
        if mode is not TradingMode.LIVE:  # numbers of its executions are its own
            self._take_part_in(fill, mode, time_ms)
            return
        if self._is_known(fill):
            return
        self._trades.append((fill.symbol, fill.trade_id))
        self._state.accounts[TradingMode.LIVE].note_change(time_ms)
        left = self._without_corrected(fill)
        if left > 0:
            self._take(part_of(fill, left), time_ms)

    def _is_known(self, fill: Fill) -> bool:
        """Whether an execution was taken in before, now or by an earlier run."""
        if (fill.symbol, fill.trade_id) in self._trades:
            return True
        return any(fill.trade_id in position.ledger.seen for position in self._state.live_on(fill.symbol))

    def _take(self, fill: Fill, time_ms: int) -> None:
        """Let an execution change what is held beside us, then what we hold."""
        sign = 1 if fill.side is OrderSide.BUY else -1
        left = self._take_from_external(fill.symbol, sign * fill.quantity, time_ms)
        if left:
            left = sign * self._take_part_in(part_of(fill, abs(left)), TradingMode.LIVE, time_ms)
        if left:
            self._newest[fill.symbol] = fill
            self._set_external(fill.symbol, self._state.external.get(fill.symbol, ZERO) + left, time_ms)

    def _take_part_in(self, fill: Fill, mode: TradingMode, time_ms: int) -> Decimal:
        """Let an execution close what we hold on an account; returns what is left of it."""
        sign, left = (1 if fill.side is OrderSide.BUY else -1), fill.quantity
        for position in self._state.on(fill.symbol):
            ours = position.plan.mode is mode and position.plan.side.sign * sign < 0
            if left and ours and fill.time_ms >= position.opened_ms and position.ledger.open > 0:
                part = min(left, position.ledger.open)
                left -= part
                self._close_part(position, fill, part, time_ms)
        return left

    def _without_corrected(self, fill: Fill) -> Decimal:
        """What is left of an execution after the corrections that stood for it."""
        sign, left = (1 if fill.side is OrderSide.BUY else -1), fill.quantity
        for position in self._state.real_on(fill.symbol):
            if left > 0 and position.plan.side.sign * sign < 0 and fill.time_ms >= position.opened_ms:
                left -= self._replace_correction(position, part_of(fill, left))
        for correction in self._corrections.get(fill.symbol, ()):
            if left > 0 and correction.amount * sign > 0 and correction.time_ms >= fill.time_ms:
                part = min(left, abs(correction.amount))
                correction.amount -= sign * part
                left -= part
        return left

    def _replace_correction(self, position: Position, fill: Fill) -> Decimal:
        """Put an execution in the place of corrections of a position; returns how much of it they stood for."""
        reason, symbol = reason_of(fill.client_id), position.plan.symbol
        part = position.ledger.explain(fill, reason)
        if not part:
            return part
        position.observe(float(fill.price), float(fill.price))
        self._out.touch(position)
        text = f"{symbol}: {words.amount(part)} was closed {_who(reason)} at {words.price(position.rules, fill.price)}"
        text += ", which was booked as a correction before"
        if not position.is_open:
            self._book_again(position)
        self._out.say(fill.time_ms, "risk", text, Severity.NOTICE, symbol)
        if reason in (ExitReason.LIQUIDATION, ExitReason.DELEVERAGED):
            self._halt(reason, symbol, fill.time_ms)
        return part

    def _close_part(self, position: Position, fill: Fill, quantity: Decimal, time_ms: int) -> None:
        reason, symbol = reason_of(fill.client_id), position.plan.symbol
        text = f"{symbol}: {words.amount(quantity)} closed {_who(reason)} at {words.price(position.rules, fill.price)}"
        self._out.say(time_ms, "risk", text, Severity.WARNING, symbol)
        if reason in (ExitReason.LIQUIDATION, ExitReason.DELEVERAGED) and position.plan.mode is TradingMode.LIVE:
            self._halt(reason, symbol, time_ms)
        self._life.on_outside_fill(position, part_of(fill, quantity), reason)

    def _halt(self, reason: ExitReason, symbol: str, time_ms: int) -> None:
        if self._state.paused:
            return
        self._state.paused = True
        self._state.pause_reason = f"{words.reason_word(reason)} on {symbol}: look at the account before new trades"
        text = f"New trades are paused: {self._state.pause_reason}"
        self._out.say(time_ms, "risk", text, Severity.ERROR, symbol)

    def _take_from_external(self, symbol: str, change: Decimal, time_ms: int) -> Decimal:
        """Let a change use up what is held beside us; returns what is left of it."""
        beside = self._state.external.get(symbol, ZERO)
        if beside * change >= 0:
            return change
        used = min(abs(beside), abs(change))
        self._set_external(symbol, beside + (used if change > 0 else -used), time_ms)
        return change - used if change > 0 else change + used

    def _set_external(self, symbol: str, amount: Decimal, time_ms: int) -> None:
        known = self._state.external.get(symbol, ZERO)
        if amount == known:
            return
        for position in self._state.live_on(symbol):
            if not position.shares_symbol:
                position.shares_symbol = True
                self._out.touch(position)
        if not amount:
            del self._state.external[symbol]
            text = f"{symbol}: nothing is held outside futtui any more, new trades are allowed again"
            self._out.say(time_ms, "risk", text, Severity.NOTICE, symbol)
            return
        self._state.external[symbol] = amount
        side = "long" if amount > 0 else "short"
        text = (
            f"{symbol}: {words.amount(abs(amount))} {side} is held that futtui did not open. futtui leaves it alone, "
            f"gives it no stop, and opens nothing on {symbol} meanwhile"
        )
        self._out.say(time_ms, "risk", text, Severity.WARNING, symbol)

    # --- looks at the account -----------------------------------------------------------------------------------

    @property
    def is_settled(self) -> bool:
        """Whether account and ledger agreed at the last look, and nothing changed since that needs another one."""
        return not self._differences and self._orders.is_settled and self._state.accounts[TradingMode.LIVE].is_sure

    def on_seen(self, event: AccountSeen) -> None:
        """Compare the account with the ledger, symbol by symbol."""
        if event.mode is not TradingMode.LIVE:
            return
        ours = {item.plan.symbol for item in self._state.held(TradingMode.LIVE)}
        symbols = sorted({item.symbol for item in event.held} | ours | set(self._state.external))
        for symbol in [name for name in self._differences if name not in symbols]:
            del self._differences[symbol]
        quiet = [symbol for symbol in symbols if self._is_quiet(symbol, event.asked_ms)]
        for symbol in quiet:
            self._compare(symbol, event)
        note_beside(self._state, event, quiet)
        self._state.differing = {
            name: f"the account holds {words.amount(item.amount)} more than futtui's books"
            for name, item in self._differences.items()
        }
        if all(item.lacks_proof for item in self._differences.values()):
            self.apart_since_ms = None
        elif self.apart_since_ms is None:
            self.apart_since_ms = event.time_ms
        self._orders.look(event)

    def _is_quiet(self, symbol: str, asked_ms: int) -> bool:
        """Whether nothing happens on a symbol that the look may have missed."""
        for position in self._state.live_on(symbol):
            under_way = any(order.is_under_way or order.unsure for order in position.orders.values())
            if under_way or position.updated_ms > asked_ms:
                return False
        return True

    def _compare(self, symbol: str, event: AccountSeen) -> None:
        held = self._state.live_on(symbol)
        ours = sum((item.plan.side.sign * item.ledger.open for item in held), ZERO)
        difference = event.amount(symbol) - ours - self._state.external.get(symbol, ZERO)
        if not difference:
            self._differences.pop(symbol, None)
            self._agreed_ms[symbol] = event.asked_ms
            self._net_out(symbol, ours, event.time_ms)
            self._send_again(held, event.time_ms)
            return
        known = self._differences.get(symbol)
        if known is None or known.amount != difference:
            self._differences[symbol] = Difference(difference)
            return
        known.looks += 1
        closes = closes_ours(ours, difference, self._state.external.get(symbol, ZERO))
        is_told = known.told is not None and (is_explained(known) or not closes)
        is_gone = closes and (was_called_filled(held, difference) or self._is_gone(symbol, held, event))
        known.is_proven = known.is_proven or is_gone
        known.lacks_proof = closes and not is_told and not known.is_proven
        is_old = known.looks >= LOOKS_WITHOUT_ANSWER
        if not ours or is_told or (is_old and (known.is_proven or not closes)):
            del self._differences[symbol]
            self._settle(symbol, known, event)
            return
        if known.looks == LOOKS_WITHOUT_ANSWER:
            has_stop = all(item.covering_stop() is not None for item in held)
            text = words.unproven(symbol, event.amount(symbol), ours, has_stop=has_stop)
            self._out.say(event.time_ms, "risk", text, Severity.ERROR, symbol)
        if known.asked_ms is None and (not is_old or known.looks % ASK_EVERY == 0):
            known.asked_ms = event.time_ms
            since_ms, orders = self._since_ms(symbol, held), known.lacks_proof and symbol in self._agreed_ms
            self._out.ask_fills(AskFills(TradingMode.LIVE, symbol, since_ms, event.time_ms, orders))

    def _since_ms(self, symbol: str, held: list[Position]) -> int:
        """From when on executions can explain a difference: what came before the last agreeing look does not."""
        return max(min(item.opened_ms for item in held), self._agreed_ms.get(symbol, 0) - LATE_MS)

    def _is_gone(self, symbol: str, held: list[Position], event: AccountSeen) -> bool:
        """Whether ours ended so long ago that no list tells it: none of the symbol is held, and no stop was left."""
        is_listed = self._since_ms(symbol, held) >= event.time_ms - LISTED_MS
        return not is_listed and not event.amount(symbol) and all(item.lost_its_stop for item in held)

    def _send_again(self, held: Iterable[Position], time_ms: int) -> None:
        """Close what the account still shows although a closing order for it was called filled."""
        for position in held:
            closing = position.closing_orders + position.of(OrderPurpose.STOP)
            denied = [order for order in closing if order.give_up_denied()]
            if denied:
                self._out.say(time_ms, "risk", words.denied(position), Severity.ERROR, position.plan.symbol)
                self._out.touch(position)
                self._life.on_clock(position, time_ms)

    def on_refused(self, position: Position, update: OrderUpdate) -> None:
        """Take in that the exchange had nothing to reduce: with looks that say the same, that is proof."""
        known = self._differences.get(update.symbol)
        refused = update.status is OrderStatus.REJECTED and is_nothing_left(update.reason)
        if known is not None and refused and position.plan.mode is TradingMode.LIVE:
            known.is_proven = True

    def on_told(self, event: FillsTold) -> None:
        """Keep what others executed until the next look; where it could not be told, that look asks again."""
        known = self._differences.get(event.symbol)
        if known is None or known.asked_ms != event.asked_ms:
            return
        known.asked_ms = None
        if event.fills is not None:
            known.told = tuple(self._unexplained(event.fills))
        known.is_proven = known.is_proven or makes(event.ordered, known.amount)

    def _unexplained(self, fills: Iterable[Fill]) -> Iterable[Fill]:
        """Executions that are not known and that no correction stood for."""
        for fill in fills:
            if fill.quantity > 0 and not self._is_known(fill):
                if self._without_corrected(fill) < fill.quantity:
                    self._trades.append((fill.symbol, fill.trade_id))
                else:
                    yield fill

    def _net_out(self, symbol: str, ours: Decimal, time_ms: int) -> None:
        """What is held beside us against us closed a part of ours: its news came before those of our entry.

        An account holds one amount of a symbol. It is known to be what the books say together, so it is less than ours.
        """
        beside, newest = self._state.external.get(symbol, ZERO), self._newest.get(symbol)
        if newest is None or beside * ours >= 0:
            return
        size = min(abs(beside), abs(ours))
        self._set_external(symbol, beside + (size if beside < 0 else -size), time_ms)
        side = OrderSide.SELL if ours > 0 else OrderSide.BUY
        since_ms = max(item.opened_ms for item in self._state.live_on(symbol))
        trade_id, filled_ms = f"{newest.trade_id}-{time_ms}", max(newest.time_ms, since_ms)
        closing = replace(part_of(newest, size), side=side, trade_id=trade_id, time_ms=filled_ms)
        self._take(closing, time_ms)

    def _settle(self, symbol: str, known: Difference, event: AccountSeen) -> None:
        """Book a difference: by the executions that explain it, the rest as one of its own kind with a telling id."""
        left = known.amount
        for fill in explaining(left, [fill for fill in known.told or () if not self._is_known(fill)]):
            self._trades.append((symbol, fill.trade_id))
            left -= fill.quantity if fill.side is OrderSide.BUY else -fill.quantity
            self._take(fill, event.time_ms)
        if left:
            self._correct(symbol, left, event)

    def _correct(self, symbol: str, difference: Decimal, event: AccountSeen) -> None:
        """Book what no execution explains; one that explains it later takes its place."""
        held = self._state.live_on(symbol)
        price = event.mark_price(symbol) or next((to_decimal(item.last_price) for item in held), None)
        before = self._state.external.get(symbol, ZERO)
        if price is None or not any(item.plan.side.sign * difference < 0 for item in held):
            self._set_external(symbol, before + difference, event.time_ms)
        else:
            side = OrderSide.BUY if difference > 0 else OrderSide.SELL
            trade_id = f"adjust-{event.time_ms}-{difference:f}"
            size = abs(difference)
            self._take(Fill(ADJUSTMENT, symbol, trade_id, side, price, size, ZERO, event.time_ms), event.time_ms)
        beside = self._state.external.get(symbol, ZERO) - before
        if beside:
            kept = self._corrections.setdefault(symbol, deque(maxlen=_CORRECTIONS_KEPT))
            kept.append(Correction(beside, event.time_ms))

    def on_funding(self, event: FundingSummed) -> None:
        """Book funding that no news told: what the account booked since our positions were opened, less what we know.

        Only while the sum can mean nothing else: the same positions are held, and none of the symbol closed meanwhile.
        """
        held = self._state.live_on(event.symbol)
        shared = event.symbol in self._state.external or any(item.shares_symbol for item in held)
        if not held or shared or min(item.opened_ms for item in held) != event.since_ms:
            return
        for trade in self._state.trades:
            real = trade.mode is TradingMode.LIVE and trade.symbol == event.symbol
            if real and trade.closed_ms >= event.since_ms:
                return
        missing = event.amount - sum((item.ledger.funding for item in held), ZERO)
        holding = [item for item in held if item.ledger.open > 0]
        if missing and holding:
            share_funding(holding, missing, self._out)


def _who(reason: ExitReason) -> str:
    """Who closed something, as the end of a sentence."""
    return "outside futtui" if reason is ExitReason.MANUAL else f"by {words.reason_word(reason)}"
