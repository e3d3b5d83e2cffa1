"""Trades for tests of figures: only what a test says matters."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from futtui.domain.position import ExitReason, Leg, Trade, TradingMode
from futtui.domain.side import Side
from futtui.domain.signal import System

HOUR_MS = 3_600_000


def made_trade(result_r: float, *, opened_ms: int = 0, number: int = 0, **changes: Any) -> Trade:
    """A long from 100 with its stop at 99 and a quantity of 10, whose net result is `result_r` (10 USDT each R)."""
    values: dict[str, Any] = {
        "position_id": f"p-{opened_ms}-{number}",
        "signal_id": f"{opened_ms}-{number}",
        "symbol": "AUSDT",
        "system": System.CORE,
        "strategy": "atr_momentum",
        "side": Side.LONG,
        "mode": TradingMode.PAPER,
        "quantity": Decimal(10),
        "entry_price": Decimal(100),
        "initial_stop": Decimal(99),
        "opened_ms": opened_ms,
        "closed_ms": opened_ms + HOUR_MS,
        "legs": (Leg(Decimal(10), Decimal(str(round(100 + result_r, 6))), ExitReason.STOP, opened_ms, Decimal(0)),),
        "fees": Decimal(0),
        "funding": Decimal(0),
        "pnl": Decimal(str(round(10 * result_r, 6))),
        "result_r": result_r,
        "result_pct": result_r,
        "mfe_r": max(0.0, result_r),
        "mae_r": min(0.0, result_r),
        "score": 4.0,
    }
    return Trade(**(values | changes))
