"""One self-contained page about a run: charts, tables, every trade to be opened. It loads nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import numpy as np

from futtui.backtest.coverage import coverage_lines
from futtui.backtest.data import SymbolData
from futtui.backtest.kept_signals import signals_of
from futtui.backtest.report import fingerprint, open_line, stranded_line
from futtui.backtest.report_charts import Bar, bar_chart, line_chart, waterfall
from futtui.backtest.report_trades import embedded
from futtui.backtest.run import BacktestResult
from futtui.backtest.trades_table import figures_in
from futtui.backtest.trials import settings_hash
from futtui.backtest.walk import NO_BOUND, order_words
from futtui.domain.performance import Interval, TradeStatistics
from futtui.domain.position import Trade
from futtui.domain.timeframe import HOUR_MS
from futtui.language.counting import counted
from futtui.live.code_hash import run_code_hash
from futtui.measurement.statistics import risk_money, win_rate_of
from futtui.strategies.catalogue import title_of
from futtui.version import VERSION

ASSETS = Path(__file__).with_name("assets")
MOST_BARS = 40
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def html_report(
    result: BacktestResult,
    data: Mapping[str, SymbolData],
    trials: int,
    verdict: str = "",
    badge: str = "",
    checks: Sequence[tuple[str, str, str]] = (),
) -> str:
    """The page. `trials`: how many were counted on this data; `checks`: (name, answer, detail) of a validation."""
    total = figures_in(result, result.trades)
    badge = badge or total.verdict
    body = "".join([
        _head(result, trials),
        f'<p class="verdict {escape(badge.replace(" ", "_"))}">{escape(verdict or badge)}</p>',
        _checks(checks), _figures(result, total), _curves(result.trades), _months(result.trades),
        _spread(result.trades), _groups(result), _costs(result, total), _trades(),
    ])  # fmt: skip
    style = (ASSETS / "report.css").read_text(encoding="utf-8")
    script = (ASSETS / "report.js").read_text(encoding="utf-8")
    policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>futtui: run over past candles'
        f"</title><style>\n{style}</style></head>\n<body>{body}\n"
        f'<script type="application/json" id="trades">{embedded(result, data)}</script>\n'
        f"<script>\n{script}</script></body></html>\n"
    )


def _head(result: BacktestResult, trials: int) -> str:
    request, costs = result.request, result.request.costs
    rule = f"{order_words(request.optimistic)} ({NO_BOUND})"
    rows = {
        "symbols": ", ".join(request.symbols),
        "time": f"{_moment(request.start_ms)} to {_moment(request.end_ms)} UTC",
        "inside a bar": rule,
        "costs": f"taker {float(costs.taker_fee):.3%}, maker {float(costs.maker_fee):.3%}, slippage "
        f"{costs.slippage_pct:g} % a side, funding as recorded (0.01 % for 8 hours where there is no record)",
        "trials on this data": str(trials),
        "code, data, settings, trades": f"{run_code_hash() or '-'}, {result.data_hash}, {settings_hash(request)}, "
        f"{fingerprint(result.trades)}",
    }
    table = "".join(f"<tr><td>{escape(name)}</td><td class=words>{escape(text)}</td></tr>"
                    for name, text in rows.items())  # fmt: skip
    lacks = "".join(f"<p class=soft>{escape(line)}</p>" for line in coverage_lines(result.coverage))
    return f"<h1>Run over past candles</h1><p class=soft>futtui {escape(VERSION)}</p><table>{table}</table>{lacks}"


def _checks(checks: Sequence[tuple[str, str, str]]) -> str:
    if not checks:
        return ""
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td class=words>{escape(answer)}</td><td class=words>{escape(detail)}</td></tr>"
        for name, answer, detail in checks
    )
    return f"<h2>Checks</h2><table>{rows}</table>"


def _figures(result: BacktestResult, total: TradeStatistics) -> str:
    groups = _by(result.trades, lambda trade: title_of(trade.strategy))
    rows = "".join(_figure_row(name, figures_in(result, group)) for name, group in groups.items())
    heads = ("", "trades", "days", "won", "even", "lost", "win rate", "needed", "mean R", "profit factor", "sum R",
             "largest fall", "fall, 95 %", "verdict")  # fmt: skip
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    still = ""
    if result.open_positions:
        still = f"<p class=soft>{escape(open_line(result))}</p>"
    if result.stranded_r:
        still += f"<p class=soft>{escape(stranded_line(result))}</p>"
    return (
        f"<h2>Figures</h2><p class=soft>Net of all costs; in brackets 95 % intervals, whole days drawn anew.</p>"
        f"<div class=scroll><table><thead><tr>{head}</tr></thead><tbody>{rows}{_figure_row('all', total)}</tbody>"
        f"</table></div>{still}"
    )


def _figure_row(name: str, found: TradeStatistics) -> str:
    border = "-" if found.break_even_win_rate is None else f"{found.break_even_win_rate:.0%}"
    fall = "-" if found.fall_risk is None else f"-{found.fall_risk.most_95:.1f}"
    cells = (
        found.trades, found.days, found.wins, found.break_evens, found.losses, _interval(found.win_rate, ".0%"), border,
        _interval(found.expectancy_r, "+.3f"), _interval(found.profit_factor, ".2f"), f"{found.net_r:+.1f}",
        f"-{found.max_drawdown_r:.1f}", fall, found.verdict,
    )  # fmt: skip
    return f"<tr><td>{escape(name)}</td>" + "".join(f"<td>{escape(str(each))}</td>" for each in cells) + "</tr>"


def _curves(trades: Sequence[Trade]) -> str:
    trades = sorted(trades, key=lambda trade: trade.closed_ms)
    times = [float(trade.closed_ms) for trade in trades]
    sums = np.cumsum([0.0, *(trade.result_r for trade in trades)])
    falls = sums - np.maximum.accumulate(sums)
    days = [_moment(int(each))[:10] for each in np.linspace(times[0], times[-1], 11)[1::2]] if times else []
    equity = list(zip(times, sums[1:].tolist(), strict=True))
    under = list(zip(times, falls[1:].tolist(), strict=True))
    return (
        f"<h2>Sum of results in R (closed trades)</h2>{line_chart(equity, 'R', 'sum', days)}"
        f"<h2>Fall from the highest point in R (closed trades)</h2>{line_chart(under, 'R', 'fall', days)}"
    )


def _months(trades: Sequence[Trade]) -> str:
    sums: dict[tuple[int, int], tuple[float, int]] = {}
    for trade in trades:
        day = datetime.fromtimestamp(trade.closed_ms / 1000, UTC)
        known, count = sums.get((day.year, day.month), (0.0, 0))
        sums[day.year, day.month] = (known + trade.result_r, count + 1)
    rows = []
    for year in sorted({year for year, _ in sums}):
        cells = "".join(_month_cell(sums.get((year, month))) for month in range(1, 13))
        whole = sum(value for (each, _), (value, _) in sums.items() if each == year)
        rows.append(f"<tr><td>{year}</td>{cells}<td><b>{whole:+.1f}</b></td></tr>")
    head = "".join(f"<th>{name}</th>" for name in MONTHS)
    return (
        f"<h2>Months, in R (closed trades)</h2><div class=scroll><table><thead><tr><th></th>{head}<th>year</th></tr>"
        f"</thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _month_cell(found: tuple[float, int] | None) -> str:
    if found is None:
        return "<td class=soft>-</td>"
    value, count = found
    colour, trades = "up" if value >= 0 else "down", counted(count, "trade")
    return f'<td class="{colour}" title="{trades}">{value:+.1f}</td>'


def _spread(trades: Sequence[Trade]) -> str:
    if not trades:
        return ""
    results = np.clip([trade.result_r for trade in trades], -3.0, 5.0)
    edges = np.arange(-3.0, 5.01, 0.25)
    counts, _ = np.histogram(results, edges)
    filled = np.flatnonzero(counts)
    bars = [
        Bar(f"{edges[place]:+.2f}", float(counts[place]), count=int(counts[place]))
        for place in range(filled[0], filled[-1] + 1)
    ]
    return f"<h2>How often each result came, by R (the ends hold all beyond)</h2>{bar_chart(bars, '', None)}"


def _groups(result: BacktestResult) -> str:
    trades = result.trades
    signals = signals_of(trades, result.signals)
    regimes = {signal_id: signal.raw.regime.value for signal_id, signal in signals.items()}
    deciles = tenths_of(trades)
    charts = {
        "Win rate by score, tenths from lowest to highest": _by(trades, lambda t: deciles[t.position_id]),
        "Win rate by regime": _by(trades, lambda t: regimes.get(t.signal_id, "unknown").lower().replace("_", " ")),
        "Win rate by symbol": _by(trades, lambda t: t.symbol),
        "Win rate by hour of entry (UTC)": _by(trades, lambda t: f"{t.opened_ms // HOUR_MS % 24:02d}"),
    }
    needed = figures_in(result, trades, draws=2).break_even_win_rate
    drawn = "".join(
        f"<div><h2>{escape(title)}</h2>{bar_chart(_win_bars(groups), '%', needed, True)}</div>"
        for title, groups in charts.items()
    )
    note = "<p class=soft>Lines: 95 % intervals. Dashed: the win rate at which everything only pays its costs.</p>"
    return f'<div class="pair">{drawn}</div>{note}'


def tenths_of(trades: Sequence[Trade]) -> dict[str, str]:
    """The tenth that each trade's score is in; equal scores are in one, that of the middle of their places."""
    scores = np.sort([trade.score for trade in trades])
    places = {
        score: (np.searchsorted(scores, score, "left") + np.searchsorted(scores, score, "right") - 1) / 2
        for score in set(scores.tolist())
    }
    return {trade.position_id: f"{int(places[trade.score] * 10 // len(scores)) + 1:02d}" for trade in trades}


def _win_bars(groups: Mapping[str, Sequence[Trade]]) -> list[Bar]:
    largest = sorted(groups.items(), key=lambda each: -len(each[1]))[:MOST_BARS]
    bars = []
    for name, group in sorted(largest):
        share = win_rate_of(group)
        bars.append(Bar(name, share.value or 0.0, share.low, share.high, len(group)))
    return bars


def _costs(result: BacktestResult, total: TradeStatistics) -> str:
    if not result.trades:
        return ""
    risks = {trade.position_id: risk_money(trade) or 1.0 for trade in result.trades}
    slipped = total.slippage_r or 0.0
    fees = sum(float(trade.fees) / risks[trade.position_id] for trade in result.trades)
    funding = sum(float(trade.funding) / risks[trade.position_id] for trade in result.trades)
    steps = [("before costs", total.gross_r), ("slippage", -slipped), ("fees", -fees), ("funding", funding),
             ("net", total.net_r)]  # fmt: skip
    return f"<h2>What costs took, in R</h2>{waterfall(steps, 'R')}"


def _trades() -> str:
    heads = ("opened (UTC)", "symbol", "strategy", "side", "entry", "last exit", "R", "percent")
    head = "".join(f"<th{' class=words' if name in ('symbol', 'strategy', 'last exit') else ''}>{name}</th>"
                   for name in heads)  # fmt: skip
    options = "".join(f"<option>{name}</option>" for name in ("newest", "oldest", "best", "worst"))
    return (
        "<h2>Trades</h2><p class=soft>Choose one to see its chart, plan and score.</p>"
        "<noscript><p>The list needs scripts to be allowed for this file.</p></noscript>"
        '<div class=tools><input id=find placeholder="symbol or strategy" aria-label="Find">'
        f'<select id=order aria-label="Order">{options}</select><button id=back type=button>back</button>'
        "<span id=where></span><button id=on type=button>on</button></div>"
        f"<div class=scroll><table class=trades><thead><tr>{head}</tr></thead><tbody></tbody></table></div>"
        "<dialog><h2></h2><p class=why></p><div class=chart></div><table><tbody></tbody></table>"
        "<p><button type=button>Close</button></p></dialog>"
    )


def _by(trades: Sequence[Trade], key: Callable[[Trade], str]) -> dict[str, list[Trade]]:
    groups: dict[str, list[Trade]] = {}
    for trade in trades:
        groups.setdefault(key(trade), []).append(trade)
    return dict(sorted(groups.items()))


def _interval(found: Interval, style: str) -> str:
    if found.value is None:
        return "-"
    low, high = ("-" if each is None else format(each, style) for each in (found.low, found.high))
    return f"{found.value:{style}} [{low}..{high}]"


def _moment(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
