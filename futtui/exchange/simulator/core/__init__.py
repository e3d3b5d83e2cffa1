"""Matching and account core of the simulated exchange: `ExchangeCore`, its records and its refusals."""

from futtui.exchange.simulator.core.brackets import BracketTable
from futtui.exchange.simulator.core.exchange import ExchangeCore
from futtui.exchange.simulator.core.records import (
    AccountConfigEvent,
    AccountEvent,
    AlgoEvent,
    AlgoRecord,
    AlgoRequest,
    BalanceRecord,
    CoreEvent,
    ModifyRequest,
    OrderEvent,
    OrderRecord,
    OrderRequest,
    PositionRecord,
    TradeRecord,
)
from futtui.exchange.simulator.core.refusals import ExchangeRefusal

__all__ = [
    "AccountConfigEvent",
    "AccountEvent",
    "AlgoEvent",
    "AlgoRecord",
    "AlgoRequest",
    "BalanceRecord",
    "BracketTable",
    "CoreEvent",
    "ExchangeCore",
    "ExchangeRefusal",
    "ModifyRequest",
    "OrderEvent",
    "OrderRecord",
    "OrderRequest",
    "PositionRecord",
    "TradeRecord",
]
