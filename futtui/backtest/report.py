"""What a backtest tells: lines for people and one JSON object."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from futtui.backtest.coverage import coverage_json, coverage_lines
from futtui.backtest.run import BacktestResult
from futtui.backtest.trades_table import figures_in
from futtui.backtest.trials import settings_hash
from futtui.backtest.walk import NO_BOUND, order_words
from futtui.domain.performance import Interval, TradeStatistics
from futtui.domain.position import Trade, TradeClass
from futtui.domain.signal import SignalStatus
from futtui.language.counting import counted
from futtui.live.code_hash import run_code_hash
from futtui.live.decisions import decisions_of
from futtui.strategies.catalogue import title_of
from futtui.version import VERSION

SCHEMA = 1


def as_json(result: BacktestResult) -> dict[str, Any]:
    """One JSON object; its schema is described in the README."""
    request, trades = result.request, result.trades
    return {
        "schema": SCHEMA,
        "run": {
            "version": VERSION,
            "symbols": list(request.symbols),
            "start_ms": request.start_ms,
            "end_ms": request.end_ms,
            "intrabar": "with_first" if request.optimistic else "against_first",
            "taker_fee": str(request.costs.taker_fee),
            "maker_fee": str(request.costs.maker_fee),
            "slippage_pct": request.costs.slippage_pct,
            "start_equity": str(request.start_equity),
            "code_hash": run_code_hash(),
            "data_hash": result.data_hash,
            "settings_hash": settings_hash(request),
            "for_information": sorted(request.for_information),
            "analyses": result.analyses,
            "walked_quarters": result.quarters_by_path,
        },
        "coverage": coverage_json(result.coverage),
        "signals": _signal_counts(result),
        "total": _plain(figures_in(result, trades)),
        "systems": {name: _plain(figures_in(result, group)) for name, group in _groups(trades).items()},
        "information": {
            "total": _plain(figures_in(result, result.information)),
            "systems": {name: _plain(figures_in(result, group)) for name, group in _groups(result.information).items()},
        },
        "account": {
            "equity": result.equity,
            "open_positions": result.open_positions,
            "open_r": list(result.open_r),
            "stranded_r": list(result.stranded_r),
        },
        "equity_r": [[trade.closed_ms, round(total, 6)] for trade, total in _running(trades)],
        "fingerprint": fingerprint(trades),
        "decisions": decisions_of(result.signals, [*trades, *result.information]).hash,
    }


def fingerprint(trades: Sequence[Trade]) -> str:
    """Hash of all trades: equal for equal runs."""
    return hashlib.sha256(msgspec.json.encode([msgspec.to_builtins(trade) for trade in trades])).hexdigest()[:16]


def summary(result: BacktestResult) -> Iterator[str]:
    """Lines for the terminal: every rate with its interval, its sample and a verdict."""
    request = result.request
    yield (
        f"{counted(len(request.symbols), 'symbol')}, {_moment(request.start_ms)} to {_moment(request.end_ms)}; "
        f"{counted(result.analyses, 'close')} analysed; "
        f"inside a bar: {order_words(request.optimistic)} ({NO_BOUND})"
    )
    costs = request.costs
    yield (
        f"Costs: taker fee {float(costs.taker_fee):.3%}, slippage {costs.slippage_pct:g} % a side, funding as recorded "
        "(0.01 % for 8 hours where there is no record). All results are net."
    )
    walked = ", ".join(
        f"{counted(count, 'quarter hour')} on {name} bars" for name, count in result.quarters_by_path.items()
    )
    yield f"Exits were followed through {walked or 'nothing: no trade was open'}."
    yield ""
    for name, group in {**_groups(result.trades), "all traded": result.trades}.items():
        yield figures_line(title_of(name), figures_in(result, group))
    yield ""
    if request.for_information:
        yield "For information, not traded (followed on an account of their own; --trade all trades them):"
        for name, group in {**_groups(result.information), "all of these": result.information}.items():
            yield figures_line(title_of(name), figures_in(result, group))
        yield ""
    if result.open_positions:
        yield open_line(result)
    if result.stranded_r:
        yield stranded_line(result)
    yield f"Equity {result.equity:,.2f} of {request.start_equity:,.2f} USDT. Fingerprint {fingerprint(result.trades)}"
    yield from coverage_lines(result.coverage)
    yield "A verdict of PLAUSIBLE is not a promise: the settings may have been chosen with these very candles in sight."


def open_line(result: BacktestResult) -> str:
    """What is open at the end: its worth, and the win rate if those that are down count as lost.

    Where targets are near and stops are far, what is still open is mostly what went wrong.
    """
    held = counted(result.open_positions, "position was", "positions were")
    line = f"{held} still open at the end, worth {sum(result.open_r):+.1f} R, in no figure above."
    down = sum(worth < 0 for worth in result.open_r)
    if down and result.trades:
        wins = sum(trade.result_class is TradeClass.WIN for trade in result.trades)
        share = wins / (len(result.trades) + down)
        line += f" With {counted(down, 'of them that is', 'of them that are')} down counted as lost: WR {share:.0%}."
    return line


def stranded_line(result: BacktestResult) -> str:
    """How many of the open positions nobody could close, and what they would be worth at their stops."""
    held = counted(len(result.stranded_r), "position is", "positions are")
    return (
        f"{held} open because the candles of the symbol end before the period: at the stop worth "
        f"{sum(result.stranded_r):+.1f} R, as the equity has it, and it may be less. "
        "Such a position holds no place in the limits any more."
    )


def figures_line(name: str, found: TradeStatistics) -> str:
    """Sample, win rate, expectancy, profit factor, fall and verdict in one line, rates with their intervals."""
    if not found.trades:
        return f"{name:<18} no trades"
    border = "-" if found.break_even_win_rate is None else f"{found.break_even_win_rate:.0%}"
    paid = "fees and funding" if found.slippage_r is None else "costs"
    return (
        f"{name:<18} n {found.trades} ({found.days} d)  WR {_share(found.win_rate)} be {border}  "
        f"E {_figure(found.expectancy_r, '+.3f')} R  PF {_figure(found.profit_factor, '.2f')}  "
        f"net {found.net_r:+.1f} R ({paid} {found.costs_r:.1f})  DD {down(found.max_drawdown_r)} R{_fall(found)}  "
        f"{found.verdict}"
    )


def down(fall_r: float) -> str:
    """A fall as a number below zero; none at all is a plain 0.0."""
    return f"-{fall_r:.1f}" if round(fall_r, 1) else "0.0"


def _fall(found: TradeStatistics) -> str:
    return "" if found.fall_risk is None else f" (95% {down(found.fall_risk.most_95)})"


def _share(interval: Interval) -> str:
    if interval.value is None or interval.low is None or interval.high is None:
        return "-"
    return f"{interval.value:.0%} [{interval.low * 100:.0f}-{interval.high * 100:.0f}]"


def _figure(interval: Interval, style: str) -> str:
    if interval.value is None and interval.low is None:
        return "n/a"
    if interval.low is None and interval.high is None:
        return format(interval.value, style)
    value, low, high = ("-" if each is None else format(each, style) for each in
                        (interval.value, interval.low, interval.high))  # fmt: skip
    return f"{value} [{low}..{high}]"


def _groups(trades: Sequence[Trade]) -> dict[str, list[Trade]]:
    groups: dict[str, list[Trade]] = {}
    for trade in trades:
        groups.setdefault(trade.strategy, []).append(trade)
    return dict(sorted(groups.items()))


def _signal_counts(result: BacktestResult) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for signal in result.signals:
        refused = signal.status is SignalStatus.REFUSED
        shown = "information" if signal.is_for_information else "traded"
        name = "refused" if refused else "expired" if signal.status is SignalStatus.EXPIRED else shown
        group = counts.setdefault(signal.raw.strategy, {"traded": 0, "information": 0, "refused": 0, "expired": 0})
        group[name] += 1
    return dict(sorted(counts.items()))


def _running(trades: Sequence[Trade]) -> Iterator[tuple[Trade, float]]:
    total = 0.0
    for trade in trades:
        total += trade.result_r
        yield trade, total


def _plain(value: TradeStatistics) -> dict[str, Any]:
    return dataclasses.asdict(value)


def _moment(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
