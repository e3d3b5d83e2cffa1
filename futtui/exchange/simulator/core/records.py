"""The records of the exchange core: what a client asks, what the core answers, what it tells afterwards.

All amounts are Decimal, all times epoch milliseconds UTC. Words such as sides, order types and states are the
exchange's own strings, because the wire server passes them through; wrong words are refused by the core with the
exchange's code. `None` = the client did not send it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from futtui.domain.packing import quickly_made

ZERO = Decimal(0)
QUOTE_ASSET = "USDT"

CONDITIONAL_TYPES = frozenset({"STOP", "TAKE_PROFIT", "STOP_MARKET", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"})


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """A new LIMIT or MARKET order (POST /fapi/v1/order). `good_till_date_ms` 0 = none."""

    symbol: str
    side: str
    order_type: str
    quantity: Decimal | None = None
    price: Decimal | None = None
    time_in_force: str | None = None
    reduce_only: bool = False
    close_position: bool = False
    client_order_id: str | None = None
    good_till_date_ms: int = 0
    position_side: str = "BOTH"
    price_match: str = "NONE"
    self_trade_prevention: str = "EXPIRE_MAKER"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModifyRequest:
    """New price and quantity for a resting LIMIT order (PUT /fapi/v1/order); one of the two ids is needed.

    `quantity` is the whole order, what is already executed included.
    """

    symbol: str
    side: str
    quantity: Decimal | None
    price: Decimal | None
    order_id: int | None = None
    client_order_id: str | None = None
    price_match: str = "NONE"
    modify_id: int | None = None
    reduce_only: bool | None = None


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class AlgoRequest:
    """A new conditional order (POST /fapi/v1/algoOrder). `callback_rate` in percent, e.g. 0.5."""

    symbol: str
    side: str
    order_type: str
    algo_type: str = "CONDITIONAL"
    quantity: Decimal | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    time_in_force: str | None = None
    working_type: str = "CONTRACT_PRICE"
    close_position: bool = False
    reduce_only: bool | None = None
    price_protect: bool = False
    client_algo_id: str | None = None
    activate_price: Decimal | None = None
    callback_rate: Decimal | None = None
    good_till_date_ms: int = 0
    position_side: str = "BOTH"
    price_match: str = "NONE"
    self_trade_prevention: str = "EXPIRE_MAKER"


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRecord:
    """A normal order as it stood at one moment.

    `status`: NEW, PARTIALLY_FILLED, FILLED, CANCELED, EXPIRED. `average_price` and `price` are 0 where the exchange
    shows "0". `expiry_reason` is `er` of ORDER_TRADE_UPDATE. A place call answers with the state AFTER matching
    (the exchange's RESULT); an ACK answer is the same record shown as NEW with nothing executed.
    """

    order_id: int
    client_order_id: str
    symbol: str
    side: str
    order_type: str
    orig_type: str
    time_in_force: str
    price: Decimal
    stop_price: Decimal
    quantity: Decimal
    executed_quantity: Decimal
    cumulative_quote: Decimal
    average_price: Decimal
    status: str
    reduce_only: bool
    close_position: bool
    position_side: str
    working_type: str
    price_protect: bool
    price_match: str
    self_trade_prevention: str
    good_till_date_ms: int
    time_ms: int
    update_time_ms: int
    modify_id: int | None
    expiry_reason: int

    @property
    def is_open(self) -> bool:
        """Whether the order still rests in the book."""
        return self.status in ("NEW", "PARTIALLY_FILLED")

    @property
    def remaining(self) -> Decimal:
        """Quantity not executed yet."""
        return self.quantity - self.executed_quantity


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class AlgoRecord:
    """A conditional order as it stood at one moment.

    `status`: NEW, TRIGGERING, TRIGGERED, FINISHED, CANCELED, REJECTED, EXPIRED. `actual_order_id` is None before the
    trigger (the wire shows ""), `actual_*` describe the engine order, `reject_reason` is `rm`.
    """

    algo_id: int
    client_algo_id: str
    algo_type: str
    order_type: str
    symbol: str
    side: str
    position_side: str
    time_in_force: str
    quantity: Decimal
    status: str
    trigger_price: Decimal
    price: Decimal
    working_type: str
    price_match: str
    close_position: bool
    price_protect: bool
    reduce_only: bool
    self_trade_prevention: str
    activate_price: Decimal | None
    callback_rate: Decimal | None
    activated: bool
    create_time_ms: int
    update_time_ms: int
    trigger_time_ms: int
    good_till_date_ms: int
    actual_order_id: int | None
    actual_price: Decimal
    actual_quantity: Decimal
    actual_type: str
    reject_reason: str

    @property
    def is_open(self) -> bool:
        """Whether the order still waits for its trigger."""
        return self.status == "NEW"


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRecord:
    """One execution of one of the account's orders. `trade_id` rises per symbol; `fee` is what was paid."""

    trade_id: int
    order_id: int
    client_order_id: str
    symbol: str
    side: str
    position_side: str
    price: Decimal
    quantity: Decimal
    quote_quantity: Decimal
    realized_pnl: Decimal
    fee: Decimal
    fee_asset: str
    maker: bool
    time_ms: int

    @property
    def buyer(self) -> bool:
        """Whether the account bought."""
        return self.side == "BUY"


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionRecord:
    """A position as it stood at one moment; `quantity` is negative for shorts, 0 when flat.

    `realized_pnl` is the sum since the account began (`cr`). `liquidation_price` 0 = cannot be reached.
    """

    symbol: str
    position_side: str
    quantity: Decimal
    entry_price: Decimal
    break_even_price: Decimal
    mark_price: Decimal
    unrealized_pnl: Decimal
    realized_pnl: Decimal
    liquidation_price: Decimal
    leverage: int
    max_notional: Decimal
    isolated: bool
    isolated_wallet: Decimal
    isolated_margin: Decimal
    notional: Decimal
    initial_margin: Decimal
    position_initial_margin: Decimal
    open_order_initial_margin: Decimal
    maintenance_margin: Decimal
    bid_notional: Decimal
    ask_notional: Decimal
    update_time_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceRecord:
    """The account's one asset as it stood at one moment (the totals of v3/account are the same figures)."""

    asset: str
    wallet_balance: Decimal
    cross_wallet_balance: Decimal
    unrealized_pnl: Decimal
    cross_unrealized_pnl: Decimal
    margin_balance: Decimal
    maintenance_margin: Decimal
    initial_margin: Decimal
    position_initial_margin: Decimal
    open_order_initial_margin: Decimal
    available_balance: Decimal
    max_withdraw_amount: Decimal
    update_time_ms: int


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class IncomeRecord:
    """One change of the wallet: REALIZED_PNL, COMMISSION, FUNDING_FEE, INSURANCE_CLEAR, TRANSFER."""

    symbol: str
    income_type: str
    income: Decimal
    asset: str
    info: str
    time_ms: int
    transaction_id: int
    trade_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AmendmentRecord:
    """One modification of an order (GET /fapi/v1/orderAmendment); `count` numbers them from 1."""

    amendment_id: int
    order_id: int
    client_order_id: str
    symbol: str
    time_ms: int
    price_before: Decimal
    price_after: Decimal
    quantity_before: Decimal
    quantity_after: Decimal
    count: int
    modify_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolSettings:
    """What the account chose for a symbol. `margin_type` CROSSED or ISOLATED."""

    symbol: str
    margin_type: str
    leverage: int
    max_notional: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginChange:
    """Isolated margin that the user added (`change_type` 1) or took out (2)."""

    symbol: str
    amount: Decimal
    asset: str
    change_type: int
    time_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """One step of a leverage table: from `floor` to `cap` USDT of notional."""

    number: int
    initial_leverage: int
    floor: Decimal
    cap: Decimal
    maintenance_ratio: Decimal
    cum: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketView:
    """Prices of one symbol now. `volume` and `taker_buy_volume` belong to the newest tick only."""

    symbol: str
    time_ms: int
    last_price: Decimal
    bid: Decimal
    ask: Decimal
    mark_price: Decimal
    volume: float
    taker_buy_volume: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceChange:
    """A wallet in an AccountEvent. `change` is the change that is neither profit nor fee (`bc`), else 0."""

    asset: str
    wallet_balance: Decimal
    cross_wallet_balance: Decimal
    change: Decimal


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEvent:
    """ORDER_TRADE_UPDATE. `execution_type`: NEW, TRADE, CANCELED, EXPIRED, AMENDMENT, CALCULATED (liquidation).

    `trade` is the last fill, set for TRADE and CALCULATED only. `bid_notional`, `ask_notional`: the account's open
    orders on the symbol (`b`, `a`).
    """

    api_key: str
    time_ms: int
    execution_type: str
    order: OrderRecord
    trade: TradeRecord | None
    bid_notional: Decimal
    ask_notional: Decimal


@quickly_made
@dataclass(frozen=True, slots=True, kw_only=True)
class AlgoEvent:
    """ALGO_UPDATE."""

    api_key: str
    time_ms: int
    algo: AlgoRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountEvent:
    """ACCOUNT_UPDATE. `reason`: ORDER, FUNDING_FEE, MARGIN_TRANSFER, MARGIN_TYPE_CHANGE, INSURANCE_CLEAR, DEPOSIT.

    Only what changed. `funding_symbol` is set for FUNDING_FEE (`a.S`); cross funding carries no positions.
    """

    api_key: str
    time_ms: int
    reason: str
    balances: tuple[BalanceChange, ...]
    positions: tuple[PositionRecord, ...]
    funding_symbol: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountConfigEvent:
    """ACCOUNT_CONFIG_UPDATE: the leverage of a symbol changed."""

    api_key: str
    time_ms: int
    symbol: str
    leverage: int


CoreEvent = OrderEvent | AlgoEvent | AccountEvent | AccountConfigEvent
