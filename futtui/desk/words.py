"""Every line the desk says, in one place and in everyday words."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from futtui.desk.positions import Position
from futtui.domain.effects import Severity
from futtui.domain.position import ExitReason, Trade, TradingMode
from futtui.domain.signal import RawSignal
from futtui.domain.symbols import SymbolRules
from futtui.domain.timeframe import HOUR_MS, MINUTE_MS
from futtui.language.counting import counted

MODE = {
    TradingMode.SIGNALS: "signals only",
    TradingMode.PAPER: "paper",
    TradingMode.LIVE: "live",
    TradingMode.INFO: "for information",
}
_NOT_REAL = {
    TradingMode.SIGNALS: ", not traded",
    TradingMode.PAPER: ", on paper",
    TradingMode.LIVE: "",
    TradingMode.INFO: ", for information",
}
_KIND = {
    "balance": "balance unknown",
    "blocked": "symbol blocked",
    "cascade": "the whole market falls",
    "conflict": "opposite signals",
    "costs": "costs too high",
    "counter": "against an open position",
    "duplicate": "known already",
    "ends": "contract ends",
    "filter": "score or market filter",
    "front run": "a zone of 4h or 1d in the way",
    "halt": "symbol too wild or too thin",
    "hours": "the hours stand against it",
    "late": "too late",
    "levels": "levels not tradable",
    "limits": "account limit",
    "no price": "price unknown",
    "no rules": "trading rules unknown",
    "not traded": "closed by the exchange",
    "not ready": "history incomplete",
    "outside": "held outside futtui",
    "old data": "market data too old",
    "pause": "pause after a stop",
    "paused": "trading paused",
    "place": "setup open already",
    "position": "position open already",
    "price": "price too far away",
    "risk": "risk limit",
    "size": "no possible size",
    "standing limit": "enough such positions",
    "stop distance": "stop too near or far",
    "unknown order": "an order is unclear",
}
_NUMBER = {1: "first", 2: "second", 3: "third"}
_REASON = {
    ExitReason.STOP: "the stop",
    ExitReason.BREAK_EVEN: "the break-even stop",
    ExitReason.TARGET_1: "target 1",
    ExitReason.TARGET_2: "target 2",
    ExitReason.TARGET_3: "target 3",
    ExitReason.TRAIL: "the trailing stop",
    ExitReason.TIME: "the time stop",
    ExitReason.MANUAL: "your command",
    ExitReason.LIQUIDATION: "liquidation",
    ExitReason.DELEVERAGED: "the exchange's deleveraging",
    ExitReason.SETTLED: "the exchange's settlement",
    ExitReason.ADJUSTED: "a correction: closed outside, executions unknown",
    ExitReason.DATA: "a safety exit",
}


def price(rules: SymbolRules, value: Decimal | float) -> str:
    """A price with the decimals of the tick and thousands separated, as in 3,098.10."""
    return f"{rules.round_price(value):,f}"


def amount(value: Decimal) -> str:
    """A quantity without needless zeros."""
    return f"{value.normalize():,f}"


def percent(part: Decimal, whole: Decimal) -> str:
    """Share as whole percent."""
    return f"{float(part / whole * 100):.0f} %" if whole else "0 %"


def age(span_ms: int) -> str:
    """A span of time, as in `3 h 20 min`."""
    hours, minutes = span_ms // HOUR_MS, span_ms % HOUR_MS // MINUTE_MS
    if hours >= 48:
        return f"{hours // 24} days {hours % 24} h"
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"


def side(raw_or_plan_side: object) -> str:
    """`long` or `short`."""
    return str(getattr(raw_or_plan_side, "value", raw_or_plan_side)).lower()


def because(reason: str) -> str:
    """A reason from outside as part of a sentence of ours, without advice about what futtui does next."""
    text = reason.strip().split(". futtui ", 1)[0].rstrip(".")
    if not text:
        return "no reason given"
    starts_a_sentence = len(text) > 1 and text[0].isupper() and text[1].islower()
    return text[0].lower() + text[1:] if starts_a_sentence else text


def setup(raw: RawSignal) -> str:
    """Symbol, side, strategy and timeframe of a signal."""
    return f"{raw.symbol} {side(raw.side)} {raw.strategy.replace('_', ' ')} {raw.timeframe.code}"


def what_follows(mode: TradingMode) -> str:
    """What happens with an accepted signal, as its state says it."""
    if mode is TradingMode.INFO:
        return "for information: followed, not traded"
    return "followed without an order" if mode is TradingMode.SIGNALS else "entering at market"


def loudness(mode: TradingMode) -> Severity:
    """How much attention news of a mode want: what is only for information wants less."""
    return Severity.INFO if mode is TradingMode.INFO else Severity.NOTICE


def signal_found(raw: RawSignal, score: float, mode: TradingMode) -> str:
    """An accepted signal that enters now; in signals-only mode and for information it is only followed."""
    orders = mode in (TradingMode.PAPER, TradingMode.LIVE)
    return f"{setup(raw)}: signal with score {score:.1f}, {'entering now' if orders else what_follows(mode)}"


def signal_waits(raw: RawSignal, score: float, level: str) -> str:
    """An armed signal."""
    return f"{setup(raw)}: score {score:.1f}, waiting for price to reach {level}"


def signal_expired(raw: RawSignal) -> str:
    """An armed signal whose time is over."""
    return f"{setup(raw)}: price did not come in time, the waiting signal ended"


def refused(raw: RawSignal, reason: str) -> str:
    """One refused signal."""
    return f"{raw.symbol} {side(raw.side)} skipped: {reason}"


def refusals_merged(minutes: int, kinds: Counter[str]) -> str:
    """Many refused signals in one line."""
    total = sum(kinds.values())
    known = sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
    parts = ", ".join(f"{_KIND.get(kind, kind)} {count}" for kind, count in known)
    return f"{counted(total, 'more signal')} skipped in {counted(minutes, 'minute')}: {parts}"


def opened(position: Position, risk_pct: float) -> str:
    """The entry is filled."""
    plan, rules = position.plan, position.rules
    verb = "bought" if plan.side.sign > 0 else "sold"
    return (
        f"{plan.symbol} {side(plan.side)}: {verb} {amount(position.ledger.entry_quantity)} at "
        f"{price(rules, position.entry_price)}, stop {price(rules, plan.stop)} "
        f"(risk {risk_pct:.1f} %{_NOT_REAL[plan.mode]})"
    )


def target_hit(position: Position, number: int, quantity: Decimal, at: Decimal, then: str) -> str:
    """A target is complete."""
    plan = position.plan
    verb = "sold" if plan.side.sign > 0 else "bought back"
    share = percent(quantity, position.ledger.entry_quantity)
    return f"{plan.symbol}: {_NUMBER[number]} target hit, {share} {verb} at {price(position.rules, at)}, {then}"


def stop_moved(position: Position, before: Decimal) -> str:
    """A better stop is confirmed."""
    names = {ExitReason.BREAK_EVEN: "break-even", ExitReason.TRAIL: "trailing"}
    name = names.get(position.stop_kind, "by hand")
    rules = position.rules
    if before == position.stop:
        return f"{position.plan.symbol}: stop stays at {price(rules, before)}, now for the quantity that is left"
    return f"{position.plan.symbol}: stop moved {price(rules, before)} → {price(rules, position.stop)} ({name})"


def closing(position: Position, why: str) -> str:
    """An exit at market was ordered."""
    return f"{position.plan.symbol} {side(position.plan.side)}: closing at market, {why}"


def leftover(position: Position, quantity: Decimal) -> str:
    """What is left is less than the exchange takes in one order."""
    left = amount(position.quantity_to_close)
    return (
        f"{position.plan.symbol}: {left} is left to close, less than the exchange's smallest step; an order of "
        f"{amount(quantity)} that can only reduce closes it"
    )


def rest_stays(position: Position) -> str:
    """What is left cannot be closed without closing something of others."""
    left = amount(position.ledger.open)
    return (
        f"{position.plan.symbol}: {left} is left, less than the exchange's smallest step. It is not closed, because "
        "the order would also close something that is held beside it. It keeps a stop; close it by hand with the rest"
    )


def exit_failed(position: Position, quantity: Decimal, reason: str) -> str:
    """A closing order of `quantity` ended without closing anything."""
    symbol, left = position.plan.symbol, position.ledger.open
    if quantity > left:
        return (
            f"{symbol}: {amount(left)} is left, less than the exchange takes in one order, and did not close ({reason})"
        )
    return f"{symbol}: the closing order failed ({reason})"


def closing_part(position: Position, quantity: Decimal) -> str:
    """A part is being closed at market."""
    plan, held = position.plan, amount(position.ledger.open)
    return f"{plan.symbol} {side(plan.side)}: closing {amount(quantity)} of {held} at market, by your command"


def part_closed(position: Position, quantity: Decimal) -> str:
    """A part was closed by hand, and what goes on."""
    legs = position.ledger.legs
    at = price(position.rules, legs[-1].price)
    left = amount(position.ledger.open)
    return f"{position.plan.symbol}: {amount(quantity)} closed at {at}; stop and targets go on with {left}"


def closed(trade: Trade) -> str:
    """A trade with its net result and where it went."""
    shares: dict[ExitReason, Decimal] = {}
    for leg in trade.legs:
        shares[leg.reason] = shares.get(leg.reason, Decimal(0)) + leg.quantity
    where = ", ".join(f"{percent(part, trade.quantity)} at {_REASON[reason]}" for reason, part in shares.items())
    costs = "fees and funding" if trade.funding else "fees"
    return (
        f"{trade.symbol} {side(trade.side)} closed: {trade.result_r:+.2f} R ({trade.pnl:+,.2f} USDT after {costs}"
        f"{_NOT_REAL[trade.mode]}) in {age(trade.closed_ms - trade.opened_ms)}; {where}"
    )


def reason_word(reason: ExitReason) -> str:
    """An exit reason in words."""
    return _REASON[reason]


def never_opened(position: Position) -> str:
    """An entry that was called filled turned out to be nothing."""
    return (
        f"{position.plan.symbol}: the exchange called the entry filled, but told no execution of it and holds nothing; "
        "it is given up"
    )


def denied(position: Position) -> str:
    """A closing order that was called filled turned out to be nothing."""
    return (
        f"{position.plan.symbol}: the exchange called the closing order filled, but does not know it any more; what "
        "the account still shows is closed anew"
    )


def unproven(symbol: str, seen: Decimal, ours: Decimal, *, has_stop: bool) -> str:
    """The account shows less than our books, and nothing else says so."""
    stop = "The stop stays" if has_stop else "No stop covers all of it"
    return (
        f"{symbol}: the account shows {amount(seen)} where futtui's books hold {amount(ours)}, but no execution tells "
        f"that it was closed. {stop}, and nothing new opens on {symbol}. Look at the exchange; if it is gone "
        "there, close the position here"
    )
