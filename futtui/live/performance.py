"""What became of all signals, read from the database beside everything else."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Engine

from futtui.domain.performance import PerformanceReport
from futtui.domain.timeframe import DAY_MS
from futtui.measurement.performance import performance_report
from futtui.storage.results import Chosen, StoredResults, read_results
from futtui.storage.store import Storage


def stored_performance(
    engine: Engine, now_ms: int, days: int | None, symbols: Collection[str] = (), makers: Collection[str] = ()
) -> PerformanceReport:
    """The report of a database for the last `days` (None = ever), of these symbols and makers if any are named.

    Reads only, so that it does no harm beside a running futtui. What is open is valued at the newest stored closes.
    """
    since_ms = _since_ms(now_ms, days)
    return _report(read_results(engine, Chosen(since_ms, symbols, makers)), {}, since_ms, now_ms)


def performance_of(store: object, prices: Mapping[str, float], now_ms: int, days: int | None) -> PerformanceReport:
    """The report of an engine's own database; what is open is valued at `prices` first. Call it beside the loop.

    Nothing is in it where the engine keeps no database.
    """
    since_ms = _since_ms(now_ms, days)
    if not isinstance(store, Storage):
        return PerformanceReport(since_ms, now_ms)
    return _report(store.results(Chosen(since_ms)), prices, since_ms, now_ms)


def _since_ms(now_ms: int, days: int | None) -> int:
    return 0 if days is None else max(0, now_ms - days * DAY_MS)


def _report(found: StoredResults, prices: Mapping[str, float], since_ms: int, now_ms: int) -> PerformanceReport:
    newest = found.prices | dict(prices)
    return performance_report(found.trades, found.held, newest, found.signals, since_ms, now_ms)
