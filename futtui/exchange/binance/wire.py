"""Typed shapes of stream events, as msgspec structs named after the wire's one-letter fields.

Field lists: the futures API's stream and user-data pages as of late 2026. `st` 2 marks coin-margined symbols, which
all-market streams carry since the merger of both markets; they are not ours. Numbers come as strings and are read
straight into float (market) or Decimal (account).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import msgspec

COIN_MARGINED = 2
_IMPOSSIBLE = 1e15
Price = Annotated[float, msgspec.Meta(gt=0.0, lt=_IMPOSSIBLE)]
Amount = Annotated[float, msgspec.Meta(ge=0.0, lt=_IMPOSSIBLE)]
"""Numbers that can be true: a text such as "NaN" or "-1" is no price, and its message counts as not understood."""


class KlineBody(msgspec.Struct):
    """`k` of a kline event. `B` is an unused field that only looks like a volume.

    `V` and `Q` are null in a replay of an archive that does not know taker volumes: unknown, never zero.
    """

    t: int
    i: str
    o: Price
    c: Price
    h: Price
    l: Price  # noqa: E741 - the wire's spelling
    v: Amount
    n: int
    x: bool
    q: Amount
    V: Amount | None
    Q: Amount | None


class KlineEvent(msgspec.Struct, tag_field="e", tag="kline"):
    """Kline update."""

    E: int
    s: str
    k: KlineBody
    st: int = 1


class MarkPriceEvent(msgspec.Struct, tag_field="e", tag="markPriceUpdate"):
    """Mark price; `i` and `r` may be empty texts."""

    E: int
    s: str
    p: Price
    i: str = ""
    r: str = ""
    T: int = 0
    st: int = 1


class AggTradeEvent(msgspec.Struct, tag_field="e", tag="aggTrade"):
    """Aggregated trade."""

    E: int
    s: str
    a: int
    p: Price
    q: Amount
    T: int
    m: bool
    st: int = 1


class BookTickerEvent(msgspec.Struct, tag_field="e", tag="bookTicker"):
    """Best prices."""

    u: int
    s: str
    b: Amount
    B: Amount
    a: Amount
    A: Amount
    E: int = 0
    st: int = 1


class DepthEvent(msgspec.Struct, tag_field="e", tag="depthUpdate"):
    """Book difference."""

    E: int
    s: str
    U: int
    u: int
    pu: int
    b: list[tuple[Price, Amount]]
    a: list[tuple[Price, Amount]]
    st: int = 1


class BracketBody(msgspec.Struct):
    """A step of `bks`: up to the value `bnc` at most `ma` times leverage."""

    bnc: Decimal
    ma: int


class ContractEvent(msgspec.Struct, tag_field="e", tag="contractInfo"):
    """A contract came, ends or got another leverage table; `bks` only with the last."""

    E: int
    s: str
    dt: int = 0
    cs: str = ""
    bks: list[BracketBody] | None = None
    st: int = 1


class OrderBody(msgspec.Struct):
    """`o` of ORDER_TRADE_UPDATE."""

    s: str
    c: str
    S: str
    x: str
    X: str
    i: int
    T: int
    t: int = 0
    q: Decimal = Decimal(0)
    z: Decimal = Decimal(0)
    l: Decimal = Decimal(0)  # noqa: E741
    L: Decimal = Decimal(0)
    n: Decimal | None = None
    N: str | None = None
    m: bool = False
    er: int | str = 0


class OrderEvent(msgspec.Struct, tag_field="e", tag="ORDER_TRADE_UPDATE"):
    """News of an order."""

    E: int
    o: OrderBody
    T: int = 0
    st: int = 1


class AlgoBody(msgspec.Struct):
    """`o` of ALGO_UPDATE. `q` was ordered, `ai` is the engine's order once triggered, `aq` what that order filled."""

    caid: str
    aid: int
    s: str
    X: str
    q: Decimal | None = None
    ai: int | str = ""
    aq: Decimal | None = None
    rm: str = ""


class AlgoEvent(msgspec.Struct, tag_field="e", tag="ALGO_UPDATE"):
    """News of a conditional order."""

    E: int
    o: AlgoBody
    T: int = 0
    st: int = 1


class BalanceEntry(msgspec.Struct):
    """`B` entry of ACCOUNT_UPDATE."""

    a: str
    wb: Decimal
    bc: Decimal = Decimal(0)


class PositionEntry(msgspec.Struct):
    """`P` entry of ACCOUNT_UPDATE."""

    s: str
    pa: Decimal


class AccountBody(msgspec.Struct):
    """`a` of ACCOUNT_UPDATE."""

    m: str = ""
    B: list[BalanceEntry] = []
    P: list[PositionEntry] = []
    S: str = ""


class AccountEvent(msgspec.Struct, tag_field="e", tag="ACCOUNT_UPDATE"):
    """Balances and positions that changed."""

    E: int
    a: AccountBody
    T: int = 0
    st: int = 1


class LeverageEntry(msgspec.Struct):
    """`ac` of ACCOUNT_CONFIG_UPDATE."""

    s: str
    l: int  # noqa: E741 - the wire's spelling


class AccountConfigEvent(msgspec.Struct, tag_field="e", tag="ACCOUNT_CONFIG_UPDATE"):
    """The leverage of a symbol was changed; without `ac` a mode of the account."""

    E: int
    ac: LeverageEntry | None = None
    T: int = 0
    st: int = 1


class ListenKeyExpiredEvent(msgspec.Struct, tag_field="e", tag="listenKeyExpired"):
    """The listen key ran out."""

    E: int = 0
    st: int = 1


class BarrierEvent(msgspec.Struct, tag_field="e", tag="simBarrier"):
    """The embedded exchange's mark: all of step `n` has been sent."""

    E: int
    n: int
    st: int = 1


Event = (
    KlineEvent
    | MarkPriceEvent
    | AggTradeEvent
    | BookTickerEvent
    | DepthEvent
    | ContractEvent
    | OrderEvent
    | AlgoEvent
    | AccountEvent
    | AccountConfigEvent
    | ListenKeyExpiredEvent
    | BarrierEvent
)


class Envelope(msgspec.Struct):
    """`{"stream": name, "data": event}`"""

    data: Event
