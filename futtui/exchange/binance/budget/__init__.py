"""The request budget of one exchange: pools of its limits, lanes of urgency, and a gate for 429 and bans."""

from futtui.exchange.binance.budget.ban_file import BanFile
from futtui.exchange.binance.budget.counts import NO_COUNTS, AnswerCounts, counts_of
from futtui.exchange.binance.budget.gate import BanAlert
from futtui.exchange.binance.budget.pools import DATA, FUNDING, ORDERS_10_S, ORDERS_MINUTE, WEIGHT, PoolRule
from futtui.exchange.binance.budget.scheduler import RequestBudget, Reservation

__all__ = [
    "DATA",
    "FUNDING",
    "NO_COUNTS",
    "ORDERS_10_S",
    "ORDERS_MINUTE",
    "WEIGHT",
    "AnswerCounts",
    "BanAlert",
    "BanFile",
    "PoolRule",
    "RequestBudget",
    "Reservation",
    "counts_of",
]
