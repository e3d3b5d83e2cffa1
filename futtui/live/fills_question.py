"""Answers the desk's question what was executed on a symbol, and how much orders did."""

from __future__ import annotations

import logging
from collections.abc import Callable
from decimal import Decimal

from futtui.desk.orders import signal_id_of
from futtui.domain.account import FillsTold
from futtui.domain.effects import AskFills
from futtui.domain.errors import ExchangeError
from futtui.domain.orders import Fill
from futtui.live.sent_orders import AccountPort

log = logging.getLogger(__name__)


async def fills_told(
    trading: AccountPort, effect: AskFills, on_own: Callable[[Fill], None], now_ms: Callable[[], int]
) -> FillsTold:
    """The answer; executions of our own orders go to `on_own` before it. Whatever goes wrong, there is one."""
    ordered = Decimal(0)
    told: tuple[Fill, ...] | None = None
    try:
        if effect.orders:
            executed = await trading.executed_orders(effect.symbol, effect.since_ms)
            ordered = sum((quantity for name, quantity in executed if signal_id_of(name) is None), Decimal(0))
    except ExchangeError as error:
        log.info("Orders on %s could not be looked up yet: %s", effect.symbol, error)
    except Exception:
        log.exception("Orders on %s could not be understood", effect.symbol)
    try:
        fills = await trading.symbol_fills(effect.symbol, effect.since_ms)
        for fill in fills:
            if signal_id_of(fill.client_id) is not None:
                on_own(fill)
        told = tuple(fill for fill in fills if signal_id_of(fill.client_id) is None)
    except ExchangeError as error:
        log.info("Executions on %s could not be looked up yet: %s", effect.symbol, error)
    except Exception:
        log.exception("Executions on %s could not be understood", effect.symbol)
    return FillsTold(now_ms(), effect.symbol, effect.time_ms, told, ordered)
