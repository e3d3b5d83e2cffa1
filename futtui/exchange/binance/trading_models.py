"""Thin records of open orders and positions, and the translation between our orders and the wire's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import wraps
from typing import Any, TypeVar

from futtui.domain.account import SymbolSetup, Transfer
from futtui.domain.orders import Fill, OrderIntent, OrderStatus, OrderType, OrderUpdate
from futtui.domain.side import OrderSide, Side
from futtui.domain.symbols import LeverageTier, SymbolRules, tiers_of
from futtui.exchange.binance.decode import algo_status, order_status
from futtui.exchange.binance.errors import BadAnswer

Row = TypeVar("Row")
Translator = Callable[[Mapping[str, Any], int], OrderUpdate]


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """An order that rests on the exchange. `conditional` tells which of its two order books holds it."""

    client_id: str
    exchange_id: str
    symbol: str
    side: str
    order_type: str
    quantity: Decimal
    executed: Decimal
    price: Decimal
    trigger_price: Decimal
    reduce_only: bool
    close_position: bool
    conditional: bool
    status: OrderStatus
    hedge_side: Side | None = None


@dataclass(frozen=True, slots=True)
class OpenPosition:
    """A position as the exchange sees it; `amount` below zero is short."""

    symbol: str
    amount: Decimal
    entry_price: Decimal
    mark_price: Decimal
    unrealized_pnl: Decimal
    liquidation_price: Decimal
    isolated: bool
    hedge_side: Side | None = None
    """Set in hedge mode, where long and short of a symbol lie side by side and an order has to name one of them."""


def order_params(intent: OrderIntent, hedge_side: Side | None = None) -> dict[str, str]:
    """Parameters of POST /fapi/v1/order.

    With a side of hedge mode, `reduceOnly` is not sent, which is refused there: an order against its side only reduces.
    """
    params = {
        "symbol": intent.symbol,
        "side": intent.side.value,
        "type": intent.order_type.value,
        "quantity": f"{intent.quantity:f}",
        "newClientOrderId": intent.client_id,
        "newOrderRespType": "RESULT",
    }
    if intent.order_type is OrderType.LIMIT:
        params["price"] = f"{intent.price:f}"
        params["timeInForce"] = "GTC"
    if hedge_side is not None:
        params["positionSide"] = hedge_side.value
    elif intent.reduce_only:
        params["reduceOnly"] = "true"
    return params


def algo_params(intent: OrderIntent) -> dict[str, str]:
    """Parameters of POST /fapi/v1/algoOrder."""
    params = {
        "algoType": "CONDITIONAL",
        "symbol": intent.symbol,
        "side": intent.side.value,
        "type": intent.order_type.value,
        "quantity": f"{intent.quantity:f}",
        "triggerPrice": f"{intent.trigger_price:f}",
        "clientAlgoId": intent.client_id,
    }
    if intent.reduce_only:
        params["reduceOnly"] = "true"
    return params


def refusal_before_sending(intent: OrderIntent, rules: SymbolRules | None) -> str | None:
    """Why the order need not be sent at all, in plain words; None if it may go.

    What only reduces is left to the exchange: our rules may be old or unknown, and a needless refusal keeps a risk.
    """
    if intent.order_type is OrderType.LIMIT and intent.price is None:
        return "a limit order needs a price"
    if intent.order_type.is_conditional and intent.trigger_price is None:
        return "a conditional order needs a trigger price"
    if intent.reduce_only:
        return None
    if rules is None:
        return f"futtui knows no trading rules of {intent.symbol}"
    price = intent.price or intent.trigger_price
    is_market = intent.order_type is not OrderType.LIMIT
    # A market order is valued at the mark price, which only the exchange knows: its minimum value is left to it.
    text = rules.refusal(price or Decimal(0), intent.quantity, market=is_market, reduce_only=price is None)
    if text is None and price is not None and not rules.is_on_tick(price):
        return f"price {price} is not a multiple of the tick {rules.tick_size} of {intent.symbol}"
    return text


def tiers_from(row: Mapping[str, Any]) -> tuple[str, tuple[LeverageTier, ...]]:
    """Symbol and leverage table of one row of leverageBracket; some accounts have a factor on the values."""
    factor = Decimal(str(row.get("notionalCoef") or 1))
    steps = ((int(step["initialLeverage"]), Decimal(str(step["notionalCap"])) * factor) for step in row["brackets"])
    return str(row["symbol"]), tiers_of(steps)


def _or_bad_answer(translate: Callable[[Mapping[str, Any], int], OrderUpdate]) -> Translator:
    """The translation, raising BadAnswer when the answer is not what was asked for: then nothing is known."""

    @wraps(translate)
    def checked(answer: Mapping[str, Any], fallback_ms: int) -> OrderUpdate:
        try:
            return translate(answer, fallback_ms)
        except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise BadAnswer(
                f"The exchange's answer about an order cannot be read ({error!r}). futtui asks again what became of it."
            ) from error

    return checked


@_or_bad_answer
def update_from_order(answer: Mapping[str, Any], fallback_ms: int) -> OrderUpdate:
    """The state in an answer about a normal order."""
    return OrderUpdate(
        client_id=str(answer.get("clientOrderId", "")),
        symbol=str(answer.get("symbol", "")),
        status=order_status(
            str(answer.get("status", "")),
            _decimal(answer.get("executedQty")),
            _decimal(answer.get("origQty")),
        ),
        time_ms=int(answer.get("updateTime") or fallback_ms),
        exchange_id=str(answer.get("orderId", "")),
        executed=_decimal(answer.get("executedQty")),
    )


@_or_bad_answer
def update_from_algo(answer: Mapping[str, Any], fallback_ms: int) -> OrderUpdate:
    """The state in an answer about a conditional order; the engine's order id replaces its own once it fired."""
    executed = _decimal(answer.get("actualQty"))
    return OrderUpdate(
        client_id=str(answer.get("clientAlgoId", "")),
        symbol=str(answer.get("symbol", "")),
        status=algo_status(str(answer.get("algoStatus", "")), executed, _decimal(answer.get("quantity"))),
        time_ms=int(answer.get("updateTime") or fallback_ms),
        exchange_id=str(answer.get("actualOrderId") or answer.get("algoId", "")),
        executed=executed,
    )


def rows_of(answer: Any, translate: Callable[[Mapping[str, Any]], Row]) -> list[Row]:
    """The rows of a list answer; raises BadAnswer when they are not what was asked for."""
    try:
        return [translate(row) for row in answer]
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise BadAnswer(
            f"The exchange's list of orders or positions cannot be read ({error!r}). futtui asks again later."
        ) from error


def open_order_from(answer: Mapping[str, Any]) -> OpenOrder:
    """A row of openOrders."""
    executed, quantity = _decimal(answer.get("executedQty")), _decimal(answer.get("origQty"))
    return OpenOrder(
        client_id=str(answer["clientOrderId"]),
        exchange_id=str(answer["orderId"]),
        symbol=str(answer["symbol"]),
        side=str(answer["side"]),
        order_type=str(answer["type"]),
        quantity=quantity,
        executed=executed,
        price=_decimal(answer.get("price")),
        trigger_price=_decimal(answer.get("stopPrice")),
        reduce_only=bool(answer.get("reduceOnly")),
        close_position=bool(answer.get("closePosition")),
        conditional=False,
        status=order_status(str(answer["status"]), executed, quantity),
        hedge_side=_hedge_side(answer),
    )


def open_algo_from(answer: Mapping[str, Any]) -> OpenOrder:
    """A row of openAlgoOrders."""
    executed = _decimal(answer.get("actualQty"))
    return OpenOrder(
        client_id=str(answer["clientAlgoId"]),
        exchange_id=str(answer["algoId"]),
        symbol=str(answer["symbol"]),
        side=str(answer["side"]),
        order_type=str(answer.get("orderType") or answer["type"]),
        quantity=_decimal(answer.get("quantity")),
        executed=executed,
        price=_decimal(answer.get("price")),
        trigger_price=_decimal(answer.get("triggerPrice")),
        reduce_only=bool(answer.get("reduceOnly")),
        close_position=bool(answer.get("closePosition")),
        conditional=True,
        status=algo_status(str(answer["algoStatus"]), executed),
        hedge_side=_hedge_side(answer),
    )


def fill_from(answer: Mapping[str, Any], client_id: str) -> Fill:
    """A row of userTrades as an execution of the order that we call `client_id`."""
    return Fill(
        client_id=client_id,
        symbol=str(answer["symbol"]),
        trade_id=str(answer["id"]),
        side=OrderSide(str(answer["side"])),
        price=_decimal(answer["price"]),
        quantity=_decimal(answer["qty"]),
        fee=_decimal(answer.get("commission")),
        time_ms=int(answer["time"]),
        maker=bool(answer.get("maker")),
        fee_asset=str(answer.get("commissionAsset") or "USDT"),
    )


def position_from(answer: Mapping[str, Any]) -> OpenPosition:
    """A row of positionRisk."""
    return OpenPosition(
        symbol=str(answer["symbol"]),
        amount=_decimal(answer.get("positionAmt")),
        entry_price=_decimal(answer.get("entryPrice")),
        mark_price=_decimal(answer.get("markPrice")),
        unrealized_pnl=_decimal(answer.get("unRealizedProfit")),
        liquidation_price=_decimal(answer.get("liquidationPrice")),
        isolated=_decimal(answer.get("isolatedWallet")) != 0,
        hedge_side=_hedge_side(answer),
    )


def transfer_from(answer: Mapping[str, Any]) -> Transfer | None:
    """A row of income that is a transfer; None for one of another coin than USDT."""
    if answer["asset"] != "USDT":
        return None
    return Transfer(int(answer["time"]), Decimal(str(answer["income"])), str(answer["tranId"]))


def setup_from(answer: Mapping[str, Any]) -> tuple[str, SymbolSetup]:
    """A row of symbolConfig."""
    return str(answer["symbol"]), SymbolSetup(str(answer["marginType"]).upper() == "ISOLATED", int(answer["leverage"]))


def _hedge_side(answer: Mapping[str, Any]) -> Side | None:
    return Side.__members__.get(str(answer.get("positionSide")))


def _decimal(value: Any) -> Decimal:
    return Decimal(str(value)) if value not in (None, "") else Decimal(0)
