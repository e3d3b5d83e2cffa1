"""A made-up performance report: one strategy with many trades, one with few, and another account."""

from __future__ import annotations

from math import sin

from futtui.domain.performance import (
    AccountPerformance,
    FallRisk,
    Interval,
    Performance,
    PerformanceReport,
    SignalCounts,
    SymbolResult,
    TradeStatistics,
)
from futtui.domain.position import ExitReason, TradingMode
from futtui.domain.signal import SignalStatus, System
from futtui.domain.timeframe import DAY_MS
from tests.tui.fake_engine import NOW_MS

NONE = Interval(None, None, None)


def figures(**changes: object) -> TradeStatistics:
    """164 trades that are not proven."""
    values: dict[str, object] = {
        "trades": 164,
        "days": 71,
        "wins": 121,
        "break_evens": 7,
        "losses": 36,
        "win_rate": Interval(0.738, 0.67, 0.80),
        "break_even_win_rate": 0.70,
        "profit_factor": Interval(1.34, 0.95, 1.9),
        "expectancy_r": Interval(0.11, -0.02, 0.23),
        "net_r": 18.0,
        "gross_r": 29.5,
        "costs_r": 11.5,
        "max_drawdown_r": 6.2,
        "verdict": "NOT PROVEN",
        "payoff": 0.48,
        "fall_risk": FallRisk(6.0, 11.0, 14.5),
    }
    return TradeStatistics(**{**values, **changes})  # type: ignore[arg-type]


FEW = figures(
    trades=9,
    days=6,
    wins=4,
    break_evens=0,
    losses=5,
    win_rate=Interval(0.44, 0.19, 0.73),
    break_even_win_rate=None,
    profit_factor=NONE,
    expectancy_r=Interval(-0.31, None, None),
    net_r=-2.8,
    gross_r=-2.1,
    costs_r=0.7,
    max_drawdown_r=3.1,
    verdict="INSUFFICIENT",
    payoff=None,
    fall_risk=None,
)
GOOD = figures(trades=412, days=140, win_rate=Interval(0.61, 0.56, 0.66), break_even_win_rate=0.52, verdict="PLAUSIBLE")


def running(count: int, final_r: float, days: int) -> tuple[tuple[int, float], ...]:
    """A rising line with waves that ends at `final_r`."""
    step = days * DAY_MS // count
    return tuple(
        (NOW_MS - (count - at) * step, final_r * (at + 1) / count + 3.0 * sin(at / count * 14) * (1 - (at + 1) / count))
        for at in range(count)
    )


def line(system: System | None, strategy: str, of: TradeStatistics, open_trades: int = 0) -> Performance:
    """One line of the table."""
    return Performance(
        system=system,
        strategy=strategy,
        figures=of,
        open_trades=open_trades,
        open_r=-0.7 if open_trades else 0.0,
        exits=((ExitReason.TARGET_1, 121), (ExitReason.STOP, 36), (ExitReason.TIME, 12)),
        running_r=running(min(of.trades, 60), of.net_r, of.days),
    )


SYMBOLS = (SymbolResult("BTCUSDT", 14, 2.1), SymbolResult("TIAUSDT", 6, -1.9), SymbolResult("XRPUSDT", 1, 0.0))


def report() -> PerformanceReport:
    """Two accounts."""
    paper = (
        line(System.SR, "sr_sweep_return", figures(), 2),
        line(System.CORE, "break_retest", GOOD),
        line(System.CORE, "atr_momentum", FEW),
    )
    counts = ((SignalStatus.CLOSED, 164), (SignalStatus.REFUSED, 90), (SignalStatus.EXPIRED, 12))
    return PerformanceReport(
        0,
        NOW_MS,
        (
            AccountPerformance(TradingMode.LIVE, line(None, "", FEW), (line(System.CORE, "atr_momentum", FEW),)),
            AccountPerformance(TradingMode.PAPER, line(None, "", figures(trades=585, days=150), 2), paper, SYMBOLS),
        ),
        (SignalCounts("sr_sweep_return", counts),),
    )
