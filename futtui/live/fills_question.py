"""Answers the desk's question what was executed on a symbol, and which results the exchange booked for it."""

from __future__ import annotations

import logging
from collections.abc import Callable

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
    booked: tuple[str, ...] = ()
    told: tuple[Fill, ...] | None = None
    try:
        if effect.books:
            booked = tuple(await trading.booked_trades(effect.symbol, effect.since_ms))
    except ExchangeError as error:
        log.info("What was booked on %s could not be looked up yet: %s", effect.symbol, error)
    except Exception:
        log.exception("What was booked on %s could not be understood", effect.symbol)
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
    return FillsTold(now_ms(), effect.symbol, effect.time_ms, told, booked)
