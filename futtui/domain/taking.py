"""What taking a signal by hand would mean at this moment: the answer to a question, nothing is done."""

from __future__ import annotations

from dataclasses import dataclass

from futtui.domain.position import TradingMode
from futtui.domain.side import Side


@dataclass(frozen=True, slots=True)
class TakeLook:
    """The trade that the signal would become now. `refusal` tells in words what stands against it; empty = nothing.

    What is not known, or has no value because of the refusal, is None. `costs` are fees and slippage of both ways.
    """

    signal_id: str
    symbol: str
    side: Side
    mode: TradingMode
    refusal: str = ""
    planned: float | None = None
    price: float | None = None
    stop: float | None = None
    targets: tuple[float, ...] = ()
    quantity: float | None = None
    value: float | None = None
    leverage: int | None = None
    risk_money: float | None = None
    risk_pct: float | None = None
    costs: float | None = None
    notes: tuple[str, ...] = ()
