"""Puts together what became of signals: closed trades and open positions, by account and strategy."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from futtui.desk.snapshots import position_view
from futtui.desk.storage_form import resume_position
from futtui.domain.effects import PositionState
from futtui.domain.errors import InvalidInputError
from futtui.domain.performance import AccountPerformance, Performance, PerformanceReport, SignalCounts, SymbolResult
from futtui.domain.position import ExitReason, Trade, TradingMode
from futtui.domain.signal import System
from futtui.measurement.statistics import SlippedR, statistics_of

ACCOUNT_ORDER = (TradingMode.LIVE, TradingMode.PAPER, TradingMode.SIGNALS, TradingMode.INFO)


def performance_report(
    trades: Sequence[Trade],
    held: Iterable[PositionState],
    prices: Mapping[str, float],
    signals: Iterable[SignalCounts],
    since_ms: int,
    until_ms: int,
    slipped_r: SlippedR | None = None,
) -> PerformanceReport:
    """The report of these trades, of the stored open positions valued at `prices`, and of the counts of signals.

    A position of a symbol without a price is valued at the last price that it saw itself. `slipped_r`: the slippage of
    a trade, where it is known.
    """
    closed: dict[TradingMode, list[Trade]] = defaultdict(list)
    for trade in sorted(trades, key=lambda one: (one.closed_ms, one.position_id)):
        closed[trade.mode].append(trade)
    running: dict[TradingMode, list[PositionState]] = defaultdict(list)
    for state in held:
        if float(state.quantity_open):  # one that waits for its entry is no trade yet
            running[TradingMode(state.mode)].append(state)
    modes = [mode for mode in ACCOUNT_ORDER if closed[mode] or running[mode]]
    accounts = tuple(_account(mode, closed[mode], running[mode], prices, slipped_r) for mode in modes)
    return PerformanceReport(since_ms, until_ms, accounts, tuple(signals))


def _account(
    mode: TradingMode,
    trades: Sequence[Trade],
    held: Sequence[PositionState],
    prices: Mapping[str, float],
    slipped_r: SlippedR | None,
) -> AccountPerformance:
    names = sorted({(one.system.value, one.strategy) for one in trades} | {(one.system, one.strategy) for one in held})
    lines = []
    for system, strategy in sorted(names, key=lambda name: (name[1], name[0])):
        own = [one for one in trades if (one.system.value, one.strategy) == (system, strategy)]
        open_ones = [one for one in held if (one.system, one.strategy) == (system, strategy)]
        lines.append(_line(System(system), strategy, own, open_ones, prices, slipped_r))
    total = _line(None, "", trades, held, prices, slipped_r)
    return AccountPerformance(mode, total, tuple(lines), _by_symbol(trades))


def _by_symbol(trades: Sequence[Trade]) -> tuple[SymbolResult, ...]:
    results: dict[str, list[float]] = defaultdict(list)
    for trade in trades:
        results[trade.symbol].append(trade.result_r)
    return tuple(SymbolResult(symbol, len(found), sum(found)) for symbol, found in sorted(results.items()))


def _line(
    system: System | None,
    strategy: str,
    trades: Sequence[Trade],
    held: Sequence[PositionState],
    prices: Mapping[str, float],
    slipped_r: SlippedR | None,
) -> Performance:
    exits: Counter[ExitReason] = Counter(leg.reason for trade in trades for leg in trade.legs)
    total, running = 0.0, []
    for trade in trades:
        total += trade.result_r
        running.append((trade.closed_ms, total))
    return Performance(
        system=system,
        strategy=strategy,
        figures=statistics_of(trades, slipped_r=slipped_r),
        open_trades=len(held),
        open_r=_open_r(held, prices),
        exits=tuple(sorted(exits.items(), key=lambda item: (-item[1], item[0].value))),
        running_r=tuple(running),
    )


def _open_r(held: Sequence[PositionState], prices: Mapping[str, float]) -> float | None:
    total = 0.0
    for state in held:
        try:
            position = resume_position(state)
        except InvalidInputError:
            return None
        position.last_price = prices.get(state.symbol, position.last_price)
        total += position_view(position).pnl_r
    return total
