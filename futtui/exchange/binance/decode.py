"""Stream text to typed messages. Never raises: what cannot be understood is counted and left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from futtui.domain.orders import Fill, OrderStatus, OrderUpdate
from futtui.domain.side import OrderSide
from futtui.domain.symbols import tiers_of
from futtui.exchange.binance import wire
from futtui.exchange.binance.fast_records import kline_translator
from futtui.exchange.binance.messages import (
    ControlAnswer,
    DepthMessage,
    ListenKeyExpiredMessage,
    WireMessage,
)
from futtui.exchange.binance.rest_models import ENDLESS_MS
from futtui.exchange.ports import (
    ACCOUNT_MODE_CHANGED,
    AccountMessage,
    AggregateTradeMessage,
    BarrierMessage,
    BookTickerMessage,
    ContractMessage,
    MarkPriceMessage,
)

_ENVELOPE = msgspec.json.Decoder(wire.Envelope, strict=False)
_EVENT = msgspec.json.Decoder(wire.Event, strict=False)
_ORDER_STATUS = {
    "NEW": OrderStatus.OPEN,
    "PARTIALLY_FILLED": OrderStatus.PARTIALLY_FILLED,
    "FILLED": OrderStatus.FILLED,
    "CANCELED": OrderStatus.CANCELED,
    "REJECTED": OrderStatus.REJECTED,
    "EXPIRED": OrderStatus.EXPIRED,
    "EXPIRED_IN_MATCH": OrderStatus.EXPIRED,
}
_ALGO_STATUS = {
    "NEW": OrderStatus.OPEN,
    "TRIGGERING": OrderStatus.TRIGGERED,
    "TRIGGERED": OrderStatus.TRIGGERED,
    "CANCELED": OrderStatus.CANCELED,
    "REJECTED": OrderStatus.REJECTED,
    "EXPIRED": OrderStatus.EXPIRED,
}
_EXECUTIONS = frozenset({"TRADE", "CALCULATED"})
_EXPIRY_REASONS = {
    "1": "it would have traded with another order of the account",
    "2": "the part that could not be filled at once was dropped",
    "3": "it would have traded with another order of the account",
    "4": "a reduce-only order made room for it or it would have turned the position",
    "5": "the account was liquidated",
    "6": "the position it belonged to is closed",
    "7": "the symbol was delisted",
    "8": "the first order ended after the stop fired",
    "9": "the rest of the market order was too far from the mark price",
}

# How a combined stream's message begins, after its first two characters; asking first saves a failed attempt.
_COMBINED_START: frozenset[bytes | str] = frozenset({b"stream", "stream"})

Decoded = tuple[WireMessage, ...]


class StreamDecoder:
    """Decodes the messages of one connection and counts what it had to leave out.

    `ignored` counts events by name that futtui does not use, `garbage` texts that are no event at all.
    """

    __slots__ = ("connection", "garbage", "ignored")

    def __init__(self, connection: str) -> None:
        self.connection = connection
        self.ignored: Counter[str] = Counter()
        self.garbage = 0

    def decode(self, payload: bytes | str) -> Decoded:
        """The messages in `payload`, in its order; empty if there is nothing for futtui in it."""
        try:
            combined = payload[2:8] in _COMBINED_START
            event = _ENVELOPE.decode(payload).data if combined else _EVENT.decode(payload)
        except (msgspec.MsgspecError, UnicodeError):
            return self._decode_slowly(payload)
        return self._messages(event)

    def _messages(self, event: Any) -> Decoded:
        if event.st == wire.COIN_MARGINED:
            self.ignored["coin-margined"] += 1
            return ()
        try:
            return _TRANSLATORS[type(event)](event, self.connection)
        except (KeyError, ValueError) as error:
            self.ignored[f"{type(event).__name__}: {error}"[:80]] += 1
            return ()

    def _decode_slowly(self, payload: bytes | str) -> Decoded:
        """Everything but a plain known event: arrays, other key orders, control answers, unknown events, garbage."""
        try:
            return self._messages(_ENVELOPE.decode(payload).data)
        except (msgspec.MsgspecError, UnicodeError):
            pass
        try:
            value = msgspec.json.decode(payload)
        except (msgspec.MsgspecError, UnicodeError):
            self.garbage += 1
            return ()
        return self._from_value(value)

    def _from_value(self, value: Any) -> Decoded:
        if isinstance(value, list):
            return tuple(message for item in value for message in self._from_value(item))
        if not isinstance(value, dict):
            self.garbage += 1
            return ()
        if "data" in value and "e" not in value:
            return self._from_value(value["data"])
        if "e" in value:
            return self._from_event(value)
        if "id" in value or "code" in value or "error" in value:
            return (_control_answer(value),)
        self.garbage += 1
        return ()

    def _from_event(self, value: dict[str, Any]) -> Decoded:
        try:
            event = msgspec.convert(value, wire.Event, strict=False)
        except msgspec.ValidationError:
            self.ignored[str(value["e"])[:40]] += 1
            return ()
        return self._messages(event)


def decode(payload: bytes | str, *, connection: str) -> Decoded:
    """The messages in one payload, for callers that need no counters."""
    return StreamDecoder(connection).decode(payload)


def _mark_price(event: wire.MarkPriceEvent, _: str) -> Decoded:
    index = float(event.i) if event.i else None
    funding = float(event.r) if event.r else None
    return (MarkPriceMessage(event.s, event.E, event.p, index, funding, event.T),)


def _agg_trade(event: wire.AggTradeEvent, _: str) -> Decoded:
    return (AggregateTradeMessage(event.s, event.E, event.a, event.p, event.q, event.T, event.m),)


def _book_ticker(event: wire.BookTickerEvent, _: str) -> Decoded:
    return (BookTickerMessage(event.s, event.E, event.u, event.b, event.B, event.a, event.A),)


def _depth(event: wire.DepthEvent, _: str) -> Decoded:
    return (DepthMessage(event.s, event.E, event.U, event.u, event.pu, event.b, event.a),)


def _order(event: wire.OrderEvent, _: str) -> Decoded:
    """The fill first, if there is one, then the order's new state."""
    body = event.o
    status = order_status(body.X, body.z, body.q)
    reason = _EXPIRY_REASONS.get(str(body.er), "") if status is OrderStatus.EXPIRED else ""
    update = OrderUpdate(body.c, body.s, status, event.T or event.E, str(body.i), reason, body.z)
    if body.x not in _EXECUTIONS or body.l <= 0:
        return (update,)
    fill = Fill(
        client_id=body.c,
        symbol=body.s,
        trade_id=str(body.t),
        side=OrderSide(body.S),
        price=body.L,
        quantity=body.l,
        fee=body.n or Decimal(0),
        time_ms=body.T,
        maker=body.m,
        fee_asset=body.N or "USDT",
    )
    return (fill, update)


def _algo(event: wire.AlgoEvent, _: str) -> Decoded:
    body = event.o
    status = algo_status(body.X, body.aq, body.q)
    exchange_id = str(body.ai) if body.ai else str(body.aid)
    reason = body.rm if status in (OrderStatus.REJECTED, OrderStatus.EXPIRED) else ""
    return (OrderUpdate(body.caid, body.s, status, event.T or event.E, exchange_id, reason),)


def algo_status(word: str, executed: Decimal | None, quantity: Decimal | None = None) -> OrderStatus:
    """Our status of a conditional order; FINISHED means filled only if its engine order executed all of it."""
    if word == "FINISHED":
        if not executed:
            return OrderStatus.CANCELED
        return OrderStatus.EXPIRED if quantity and executed < quantity else OrderStatus.FILLED
    return _ALGO_STATUS.get(word, OrderStatus.UNKNOWN)


def order_status(word: str, executed: Decimal, quantity: Decimal) -> OrderStatus:
    """Our status of a normal order; a word never documented gives UNKNOWN, so that its fills are not lost.

    NEW_ADL and NEW_INSURANCE are orders of the exchange itself that reduce the position.
    """
    if word in ("NEW_ADL", "NEW_INSURANCE"):
        return OrderStatus.FILLED if executed >= quantity > 0 else OrderStatus.OPEN
    return _ORDER_STATUS.get(word, OrderStatus.UNKNOWN)


def _account(event: wire.AccountEvent, _: str) -> Decoded:
    body = event.a
    positions: dict[str, Decimal] = {}
    for entry in body.P:
        positions[entry.s] = positions.get(entry.s, Decimal(0)) + entry.pa
    changes = [entry.bc for entry in body.B if entry.a == "USDT"]
    message = AccountMessage(
        event_time_ms=event.E,
        reason=body.m,
        balances={entry.a: entry.wb for entry in body.B},
        positions=positions,
        funding_symbol=body.S,
        balance_change=changes[0] if changes else None,
    )
    return (message,)


def _account_config(event: wire.AccountConfigEvent, _: str) -> Decoded:
    if event.ac is None:
        return (AccountMessage(event.E, ACCOUNT_MODE_CHANGED, {}, {}),)
    return (AccountMessage(event.E, "LEVERAGE", {}, {}, leverages={event.ac.s: event.ac.l}),)


def _contract(event: wire.ContractEvent, _: str) -> Decoded:
    tiers = tiers_of((step.ma, step.bnc) for step in event.bks or ())
    ends_ms = event.dt if 0 < event.dt < ENDLESS_MS else None
    return (ContractMessage(event.s, event.E, event.cs, ends_ms, tiers),)


def _listen_key_expired(event: wire.ListenKeyExpiredEvent, _: str) -> Decoded:
    return (ListenKeyExpiredMessage(event.E),)


def _barrier(event: wire.BarrierEvent, connection: str) -> Decoded:
    return (BarrierMessage(event.n, event.E, connection),)


def _control_answer(value: dict[str, Any]) -> ControlAnswer:
    problem = value.get("error", value if "code" in value else None)
    if isinstance(problem, dict):
        return ControlAnswer(value.get("id"), f"{problem.get('msg', 'refused')} (code {problem.get('code')})")
    return ControlAnswer(value.get("id"), str(problem) if problem else "")


_TRANSLATORS: dict[type, Callable[[Any, str], Decoded]] = {
    wire.KlineEvent: kline_translator(),
    wire.MarkPriceEvent: _mark_price,
    wire.AggTradeEvent: _agg_trade,
    wire.BookTickerEvent: _book_ticker,
    wire.DepthEvent: _depth,
    wire.ContractEvent: _contract,
    wire.OrderEvent: _order,
    wire.AlgoEvent: _algo,
    wire.AccountEvent: _account,
    wire.AccountConfigEvent: _account_config,
    wire.ListenKeyExpiredEvent: _listen_key_expired,
    wire.BarrierEvent: _barrier,
}
