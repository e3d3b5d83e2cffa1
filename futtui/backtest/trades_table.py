"""The table of trades: a row for each trade and one for each of its legs, times in UTC."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from futtui.backtest.charges import figures_of, slippage_money
from futtui.backtest.kept_signals import signals_of
from futtui.backtest.run import BacktestResult
from futtui.domain.performance import TradeStatistics
from futtui.domain.position import Leg, Trade
from futtui.domain.signal import Signal
from futtui.measurement.statistics import DRAWS, risk_money

TRADE_COLUMNS = (
    "kind", "position_id", "symbol", "system", "strategy", "side", "signal_time", "opened", "closed", "entry", "stop",
    "target_1", "target_2", "target_3", "quantity", "exit_price", "exit_reason", "fee", "funding", "slippage", "pnl",
    "result_r", "gross_r", "result_pct", "mfe_r", "mae_r", "score", "class", "regime", "parts",
)  # fmt: skip


def trades_csv(result: BacktestResult) -> str:
    """The table as CSV text.

    In the row of a trade `pnl`, `result_r` and `result_pct` are net, `gross_r` is before fees, funding and slippage;
    in the row of a leg `pnl` and `gross_r` are what the leg earned before fees and funding.
    """
    out = io.StringIO()
    writer = csv.DictWriter(out, TRADE_COLUMNS, lineterminator="\n")
    writer.writeheader()
    signals = signals_of(result.trades, result.signals)
    for trade in result.trades:
        common = _common(trade)
        writer.writerow(common | _trade_row(result, trade, signals.get(trade.signal_id)))
        for leg in trade.legs:
            writer.writerow(common | _leg_row(trade, leg))
    return out.getvalue()


def gross_r(result: BacktestResult, trade: Trade) -> float:
    """What the trade earned before fees, funding and slippage, in R."""
    risk = risk_money(trade)
    paid = trade.fees - trade.funding + slippage_of(result, trade)
    return trade.result_r + float(paid) / risk if risk > 0 else 0.0


def figures_in(result: BacktestResult, trades: Sequence[Trade], draws: int = DRAWS) -> TradeStatistics:
    """All figures of some trades of a run; what they earned before costs is the sum of their `gross_r`."""
    return figures_of(trades, result.request.costs, result.tick_sizes, draws)


def slippage_of(result: BacktestResult, trade: Trade) -> Decimal:
    """Slippage of all executions of a trade, in money."""
    return slippage_money(trade, result.request.costs, result.tick_sizes[trade.symbol])


def parts_text(signal: Signal) -> str:
    """The parts of a score in one cell: `volume +1.00; RSI n/a`."""
    return "; ".join(f"{part.name} {part.points:+.2f}" if part.valid else f"{part.name} n/a" for part in signal.parts)


def _common(trade: Trade) -> dict[str, Any]:
    return {
        "position_id": trade.position_id,
        "symbol": trade.symbol,
        "system": trade.system.value,
        "strategy": trade.strategy,
        "side": trade.side.value,
        "opened": _moment(trade.opened_ms),
    }


def _trade_row(result: BacktestResult, trade: Trade, signal: Signal | None) -> dict[str, Any]:
    return {
        "kind": "trade",
        "closed": _moment(trade.closed_ms),
        "entry": trade.entry_price,
        "stop": trade.initial_stop,
        "quantity": trade.quantity,
        "exit_price": f"{_mean_exit(trade):.10g}",
        "exit_reason": trade.legs[-1].reason.value,
        "fee": trade.fees,
        "funding": trade.funding,
        "slippage": f"{slippage_of(result, trade):f}",
        "pnl": trade.pnl,
        "result_r": f"{trade.result_r:.6f}",
        "gross_r": f"{gross_r(result, trade):.6f}",
        "result_pct": f"{trade.result_pct:.6f}",
        "mfe_r": f"{trade.mfe_r:.4f}",
        "mae_r": f"{trade.mae_r:.4f}",
        "score": trade.score,
        "class": trade.result_class.value,
        **({} if signal is None else _plan_cells(signal)),
    }


def _plan_cells(signal: Signal) -> Mapping[str, Any]:
    targets = signal.raw.levels.targets
    return {
        "signal_time": _moment(signal.raw.time_ms),
        "regime": signal.raw.regime.value,
        "parts": parts_text(signal),
        **{f"target_{number}": f"{price:.10g}" for number, price in enumerate(targets[:3], start=1)},
    }


def _leg_row(trade: Trade, leg: Leg) -> dict[str, Any]:
    earned = trade.side.sign * (leg.price - trade.entry_price) * leg.quantity
    risk = risk_money(trade)
    return {
        "kind": "leg",
        "closed": _moment(leg.time_ms),
        "quantity": leg.quantity,
        "exit_price": leg.price,
        "exit_reason": leg.reason.value,
        "fee": leg.fee,
        "pnl": earned,
        "gross_r": f"{float(earned) / risk:.6f}" if risk > 0 else "",
    }


def _mean_exit(trade: Trade) -> Decimal:
    return sum((leg.price * leg.quantity for leg in trade.legs), Decimal(0)) / sum(leg.quantity for leg in trade.legs)


def _moment(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
