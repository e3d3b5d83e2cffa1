"""A position as it is stored, and back: flat fields for people and queries, the rest as JSON text."""

from __future__ import annotations

import json
from dataclasses import fields
from decimal import Decimal
from functools import lru_cache
from typing import Any

from futtui.desk.ledger import Ledger
from futtui.desk.orders import WorkingOrder
from futtui.desk.positions import Plan, Position
from futtui.domain.effects import PositionState
from futtui.domain.errors import InvalidInputError
from futtui.domain.orders import Fill, OrderPurpose, OrderStatus, OrderType
from futtui.domain.position import ExitReason, Leg, PositionStatus, TradingMode
from futtui.domain.side import OrderSide, Side
from futtui.domain.signal import System
from futtui.domain.symbols import SymbolRules
from futtui.domain.timeframe import Timeframe
from futtui.risk.targets import Slice

_FORM = 1
_PRICE_DIGITS = Decimal("1e-12")
_GUARD: dict[ExitReason, str] = {
    ExitReason.STOP: "first stop",
    ExitReason.BREAK_EVEN: "break-even",
    ExitReason.TRAIL: "trailing",
}
_NUMBERS = (
    "resize_due",
    "lost_stops",
    "exit_attempts",
    "retry_ms",
    "stop_retry_ms",
    "retarget_ms",
    "naked_since_ms",
    "naked_events",
    "opened_ms",
    "progress_deadline_ms",
    "life_deadline_ms",
    "last_price",
    "targets_placed",
)


def tidy_price(price: Decimal) -> Decimal:
    """A mean price without a tail of needless digits (12 places are kept)."""
    short = price.quantize(_PRICE_DIGITS).normalize()
    return short if int(short.as_tuple().exponent) <= 0 else short.quantize(Decimal(1))


def guard_text(position: Position) -> str:
    """Which rule protects the position now, in words."""
    if position.status is PositionStatus.ENTERING:
        return "entering"
    if position.status is PositionStatus.NAKED:
        return "stop not confirmed"
    if position.status is PositionStatus.PROTECTED:
        if position.stop_kind is ExitReason.STOP and position.stop != position.plan.stop:
            return "stop by hand"
        return _GUARD.get(position.stop_kind, "stop")
    return str(position.status.value).lower()


def position_state(position: Position) -> PositionState:
    """The flat, storable view of a position; `resume_position` turns it back."""
    plan, ledger = position.plan, position.ledger
    used = tuple(f"{position.targets[item.target - 1]:f}" for item in position.slices)
    return PositionState(
        position_id=position.position_id,
        signal_id=plan.signal_id,
        symbol=plan.symbol,
        system=plan.system.value,
        strategy=plan.strategy,
        side=plan.side.value,
        mode=plan.mode.value,
        status=position.status.value,
        quantity=f"{ledger.entry_quantity or plan.quantity:f}",
        quantity_open=f"{ledger.open:f}",
        entry_price=f"{tidy_price(position.entry_price):f}",
        initial_stop=f"{plan.stop:f}",
        stop=f"{position.stop:f}",
        targets=used,
        targets_hit=len(position.completed),
        opened_ms=position.opened_ms,
        updated_ms=position.updated_ms,
        realized_pnl=f"{ledger.gross:f}",
        fees=f"{ledger.fees:f}",
        guard=guard_text(position),
        best_price=position.best_price,
        worst_price=position.worst_price,
        detail=_detail(position),
    )


def resume_position(state: PositionState) -> Position:
    """The position that `position_state` described; raises InvalidInputError when its details cannot be read."""
    try:
        data = json.loads(state.detail)
        if data["form"] != _FORM:
            raise InvalidInputError(f"Position {state.position_id} was stored in an unknown form {data['form']!r}.")
        return _resumed(state, data)
    except (ValueError, KeyError, TypeError, ArithmeticError) as error:
        raise InvalidInputError(
            f"The stored position {state.position_id} of {state.symbol} cannot be read ({error}). "
            "It is not managed: look at it on the exchange."
        ) from error


def _detail(position: Position) -> str:
    ledger = position.ledger
    data: dict[str, Any] = {
        "form": _FORM,
        "plan": _plain(position.plan),
        "rules": _rules_form(position.rules),
        "goal": [str(position.goal_price), position.goal_kind.value],
        "stop_kind": position.stop_kind.value,
        "targets": [str(price) for price in position.targets],
        "slices": [[item.target, str(item.quantity)] for item in position.slices],
        "completed": list(position.completed),
        "exit_reason": position.exit_reason.value if position.exit_reason else None,
        "counts": {purpose.value: count for purpose, count in position.counts.items()},
        "numbers": {name: getattr(position, name) for name in _NUMBERS},
        "shares_symbol": position.shares_symbol,
        "ledger": {
            "sums": [str(getattr(ledger, name)) for name in _SUMS],
            "legs": [_plain(leg) for leg in ledger.legs],
            "seen": list(ledger.seen),
            "unmatched": [[_plain(fill), reason.value] for fill, reason in ledger.unmatched],
        },
        "orders": [
            _plain(order)
            for order in position.orders.values()
            if not order.is_spent or order.purpose is OrderPurpose.ENTRY
        ],
    }
    return json.dumps(data, separators=(",", ":"))


_SUMS = ("entry_quantity", "entry_value", "entry_fees", "exit_quantity", "exit_value", "fees", "funding")


def _resumed(state: PositionState, data: dict[str, Any]) -> Position:
    position = Position(_plan(data["plan"]), _rules(data["rules"]), state.opened_ms, data["numbers"]["last_price"])
    position.status = PositionStatus(state.status)
    position.ledger = _ledger(position.plan.side.sign, data["ledger"])
    position.orders = {item["client_id"]: _order(item) for item in data["orders"]}
    position.counts = {OrderPurpose(name): count for name, count in data["counts"].items()}
    position.goal_price, position.goal_kind = Decimal(data["goal"][0]), ExitReason(data["goal"][1])
    position.stop, position.stop_kind = Decimal(state.stop), ExitReason(data["stop_kind"])
    position.targets = tuple(Decimal(price) for price in data["targets"])
    position.slices = tuple(Slice(target, Decimal(quantity)) for target, quantity in data["slices"])
    position.completed = tuple(data["completed"])
    position.exit_reason = ExitReason(data["exit_reason"]) if data["exit_reason"] else None
    for name in _NUMBERS:
        setattr(position, name, data["numbers"][name])
    position.shares_symbol = data.get("shares_symbol", False)
    position.best_price = position.recorded_best = state.best_price
    position.worst_price = position.recorded_worst = state.worst_price
    position.updated_ms = position.recorded_ms = state.updated_ms
    return position


def _plain(record: Any) -> dict[str, Any]:
    """Fields of a record as JSON values: Decimals and enums as text."""
    return {name: _plain_value(getattr(record, name)) for name in _names_of(type(record))}  # type: ignore[arg-type]


@lru_cache(maxsize=16)
def _names_of(kind: type) -> tuple[str, ...]:
    """Names of a record's fields, looked up once: every step of a position is written down."""
    return tuple(item.name for item in fields(kind))


def _plain_value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, tuple):
        return list(value)
    return getattr(value, "value", value)


def _plan(data: dict[str, Any]) -> Plan:
    return Plan(
        **{
            **data,
            "system": System(data["system"]),
            "side": Side(data["side"]),
            "timeframe": Timeframe.from_code(data["timeframe"]),
            "mode": TradingMode(data["mode"]),
            "entry": Decimal(data["entry"]),
            "stop": Decimal(data["stop"]),
            "rewards": tuple(data["rewards"]),
            "quantity": Decimal(data["quantity"]),
        }
    )


def _rules_form(rules: SymbolRules) -> dict[str, Any]:
    """The rules without the leverage table: it sizes new positions and is told anew at every start."""
    values = _plain(rules)
    return {name: value for name, value in values.items() if name != "leverage_tiers"}


def _rules(data: dict[str, Any]) -> SymbolRules:
    values: dict[str, Any] = {
        name: Decimal(value) if isinstance(value, str) and name not in ("symbol", "base_asset") else value
        for name, value in data.items()
    }
    return SymbolRules(**values)


def _order(data: dict[str, Any]) -> WorkingOrder:
    return WorkingOrder(
        **{
            **data,
            "purpose": OrderPurpose(data["purpose"]),
            "order_type": OrderType(data["order_type"]),
            "side": OrderSide(data["side"]),
            "quantity": Decimal(data["quantity"]),
            "trigger": None if data["trigger"] is None else Decimal(data["trigger"]),
            "reason": None if data["reason"] is None else ExitReason(data["reason"]),
            "status": OrderStatus(data["status"]),
            "filled": Decimal(data["filled"]),
        }
    )


def _ledger(sign: int, data: dict[str, Any]) -> Ledger:
    ledger = Ledger(sign)
    for name, value in zip(_SUMS, data["sums"], strict=True):
        setattr(ledger, name, Decimal(value))
    ledger.legs = [
        Leg(
            Decimal(leg["quantity"]),
            Decimal(leg["price"]),
            ExitReason(leg["reason"]),
            leg["time_ms"],
            Decimal(leg["fee"]),
        )
        for leg in data["legs"]
    ]
    ledger.seen = dict.fromkeys(data["seen"])
    ledger.unmatched = [(_fill(fill), ExitReason(reason)) for fill, reason in data["unmatched"]]
    return ledger


def _fill(data: dict[str, Any]) -> Fill:
    numbers = {name: Decimal(data[name]) for name in ("price", "quantity", "fee")}
    return Fill(**{**data, **numbers, "side": OrderSide(data["side"])})
