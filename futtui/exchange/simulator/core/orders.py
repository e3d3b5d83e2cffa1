"""Orders while they live: mutable inside the core, given out only as frozen records."""

from __future__ import annotations

from decimal import Decimal

from futtui.exchange.simulator.core.account import Account
from futtui.exchange.simulator.core.records import ZERO, AlgoRecord, AlgoRequest, OrderRecord, OrderRequest

AVERAGE_STEP = Decimal("0.0000000001")


def sign_of(side: str) -> int:
    """+1 for BUY, -1 for SELL."""
    return 1 if side == "BUY" else -1


class LiveOrder:
    """A LIMIT or MARKET order of one account. `sequence` is its place in the queue of its price."""

    def __init__(
        self, account: Account, order_id: int, client_order_id: str, request: OrderRequest, now_ms: int
    ) -> None:
        self.account = account
        self.order_id = order_id
        self.sequence = order_id
        self.client_order_id = client_order_id
        self.request = request
        self.symbol = request.symbol
        self.sign = sign_of(request.side)
        self.price = request.price or ZERO
        self.quantity = request.quantity or ZERO
        self.executed = ZERO
        self.quote = ZERO
        self.status = "NEW"
        self.reduce_only = request.reduce_only
        self.time_in_force = request.time_in_force or "GTC"
        self.good_till_date_ms = request.good_till_date_ms
        self.orig_type = request.order_type
        self.stop_price = ZERO
        self.close_position = False
        self.working_type = "CONTRACT_PRICE"
        self.price_protect = False
        self.time_ms = self.update_time_ms = now_ms
        self.modify_id: int | None = None
        self.amendments = 0
        self.expiry_reason = 0
        self.algo: LiveAlgo | None = None

    @property
    def remaining(self) -> Decimal:
        """Quantity not executed yet."""
        return self.quantity - self.executed

    @property
    def average_price(self) -> Decimal:
        """Mean price of the executed part, 0 without one."""
        if not self.executed:
            return ZERO
        average = self.quote / self.executed
        return average if average.as_tuple().exponent >= -10 else average.quantize(AVERAGE_STEP)  # type: ignore[operator]

    def snapshot(self) -> OrderRecord:
        """The order as it stands now."""
        request = self.request
        return OrderRecord(
            order_id=self.order_id,
            client_order_id=self.client_order_id,
            symbol=self.symbol,
            side=request.side,
            order_type=request.order_type,
            orig_type=self.orig_type,
            time_in_force=self.time_in_force,
            price=self.price,
            stop_price=self.stop_price,
            quantity=self.quantity,
            executed_quantity=self.executed,
            cumulative_quote=self.quote,
            average_price=self.average_price,
            status=self.status,
            reduce_only=self.reduce_only,
            close_position=self.close_position,
            position_side="BOTH",
            working_type=self.working_type,
            price_protect=self.price_protect,
            price_match=request.price_match,
            self_trade_prevention=request.self_trade_prevention,
            good_till_date_ms=self.good_till_date_ms,
            time_ms=self.time_ms,
            update_time_ms=self.update_time_ms,
            modify_id=self.modify_id,
            expiry_reason=self.expiry_reason,
        )


class LiveAlgo:
    """A conditional order of one account. `extreme` is the best price a trailing stop has seen since it is active."""

    def __init__(self, account: Account, algo_id: int, client_algo_id: str, request: AlgoRequest, now_ms: int) -> None:
        self.account = account
        self.algo_id = algo_id
        self.client_algo_id = client_algo_id
        self.request = request
        self.symbol = request.symbol
        self.sign = sign_of(request.side)
        self.trigger_price = request.trigger_price or ZERO
        self.status = "NEW"
        self.time_in_force = request.time_in_force or "GTC"
        self.create_time_ms = self.update_time_ms = now_ms
        self.trigger_time_ms = 0
        self.activated = False
        self.extreme: Decimal | None = None
        self.order: LiveOrder | None = None
        self.reject_reason = ""

    @property
    def ends_with_position(self) -> bool:
        """Whether the order goes when the position it protects is gone."""
        return self.request.close_position or self.time_in_force == "GTE_GTC"

    def snapshot(self) -> AlgoRecord:
        """The order as it stands now."""
        request, order = self.request, self.order
        return AlgoRecord(
            algo_id=self.algo_id,
            client_algo_id=self.client_algo_id,
            algo_type=request.algo_type,
            order_type=request.order_type,
            symbol=self.symbol,
            side=request.side,
            position_side="BOTH",
            time_in_force=self.time_in_force,
            quantity=request.quantity or ZERO,
            status=self.status,
            trigger_price=self.trigger_price,
            price=request.price or ZERO,
            working_type=request.working_type,
            price_match=request.price_match,
            close_position=request.close_position,
            price_protect=request.price_protect,
            reduce_only=bool(request.reduce_only),
            self_trade_prevention=request.self_trade_prevention,
            activate_price=request.activate_price,
            callback_rate=request.callback_rate,
            activated=self.activated,
            create_time_ms=self.create_time_ms,
            update_time_ms=self.update_time_ms,
            trigger_time_ms=self.trigger_time_ms,
            good_till_date_ms=request.good_till_date_ms,
            actual_order_id=order.order_id if order else None,
            actual_price=order.average_price if order else ZERO,
            actual_quantity=order.executed if order else ZERO,
            actual_type=order.request.order_type if order else "",
            reject_reason=self.reject_reason,
        )
