"""Pages about results: net of all costs, with sample sizes and intervals, never a win rate alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

from futtui.domain.performance import Interval, TradeStatistics
from futtui.domain.position import Trade, TradeClass, TradingMode
from futtui.domain.snapshot import EngineSnapshot
from futtui.domain.timeframe import DAY_MS
from futtui.language.catalogue import Texts
from futtui.measurement.statistics import LEAST_DAYS, LEAST_TRADES, statistics_of, win_rate_of
from futtui.telegram.formatting import foot, open_here, signed, strategy_name, verdict_name
from futtui.telegram.pages import Page

YES, NO = "✅", "❌"


class Results:
    """Makes the pages from closed trades, oldest first."""

    def __init__(self, texts: Callable[[], Texts], snapshot: Callable[[], EngineSnapshot]) -> None:
        self._texts = texts
        self._snapshot = snapshot

    def profit(self, trades: Sequence[Trade], last_lines: Sequence[str], mode: TradingMode) -> Page:
        """The account and the trades of the mode in force."""
        texts, desk = self._texts(), self._snapshot().desk
        if desk is None:
            return Page(texts("answer.starting"))
        account = desk.account
        lines = [
            texts("pnl.title", mode=texts(f"mode.{mode.value}")),
            texts("pnl.equity", equity=f"{account.equity:,.2f}", start=f"{account.start_equity:,.2f}"),
            texts("pnl.today", today=signed(account.today_pct)),
        ]
        own = [trade for trade in trades if trade.mode is mode]
        if own:
            lines += self._totals(own)
            lines += [texts("pnl.last"), *last_lines]
        return self._page(lines, "pnl")

    def totals(self, trades: Sequence[Trade]) -> Page:
        """Totals by mode."""
        texts = self._texts()
        lines = [texts("performance.title")]
        for (mode, _), own in _grouped(trades, lambda trade: (trade.mode, "")):
            lines.append(f"<b>{texts(f'mode.{mode.value}')}</b>")
            lines += self._totals(own)
        return self._page(lines if trades else [*lines, texts("performance.none")], "stats")

    def performance(self, trades: Sequence[Trade]) -> Page:
        """One line for each strategy and mode, with its verdict."""
        texts = self._texts()
        lines = [texts("performance.title")]
        for (mode, strategy), own in _grouped(trades, lambda trade: (trade.mode, trade.strategy)):
            figures = statistics_of(own)
            lines.append(
                texts(
                    "performance.row",
                    strategy=strategy_name(strategy),
                    mode=texts(f"mode.{mode.value}"),
                    n=figures.trades,
                    days=figures.days,
                    rate=_share(figures.win_rate.value),
                    low=_share(figures.win_rate.low),
                    high=_share(figures.win_rate.high),
                    expectancy=_r(figures.expectancy_r.value),
                    result=signed(figures.net_r),
                    verdict=verdict_name(texts, figures.verdict),
                )
            )
        return self._page(lines if trades else [*lines, texts("performance.none")], "performance")

    def validate(self, trades: Sequence[Trade]) -> Page:
        """The checks that a claim has to pass, for each strategy and mode."""
        texts = self._texts()
        lines = [texts("validate.title")]
        for (mode, strategy), own in _grouped(trades, lambda trade: (trade.mode, trade.strategy)):
            figures = statistics_of(own)
            proven = verdict_name(texts, figures.verdict)
            lines.append(f"<b>{strategy_name(strategy)}</b> ({texts(f'mode.{mode.value}')}): {proven}")
            lines += self._checks(figures)
        if not trades:
            lines.append(texts("performance.none"))
        return self._page([*lines, texts("validate.more")], "validate")

    def summary(self, trades: Sequence[Trade], until_ms: int, until_text: str) -> str:
        """The day that ended at `until_ms`, in the mode in force."""
        texts, desk = self._texts(), self._snapshot().desk
        mode = desk.mode if desk is not None else self._snapshot().start_mode
        day = [trade for trade in trades if until_ms - DAY_MS < trade.closed_ms <= until_ms and trade.mode is mode]
        classes = [trade.result_class for trade in day]
        wins, losses = classes.count(TradeClass.WIN), classes.count(TradeClass.LOSS)
        lines = [texts("summary.title", time=until_text)]
        if day:
            even = len(day) - wins - losses
            lines.append(texts("summary.trades", n=len(day), wins=wins, even=even, losses=losses))
            money = signed(sum(float(trade.pnl) for trade in day))
            lines.append(texts("summary.result", result=signed(sum(trade.result_r for trade in day)), money=money))
        else:
            lines.append(texts("summary.none"))
        if desk is not None:
            lines.append(texts("summary.open", n=open_here(desk), signals=desk.signals_today))
        return "\n".join(lines)

    def _totals(self, trades: Sequence[Trade]) -> list[str]:
        texts = self._texts()
        rate: Interval = win_rate_of(trades)
        total = texts("pnl.total", n=len(trades), result=signed(sum(trade.result_r for trade in trades)))
        shares = {"rate": _share(rate.value), "low": _share(rate.low), "high": _share(rate.high)}
        return [total, texts("pnl.rate", **shares)]

    def _checks(self, figures: TradeStatistics) -> list[str]:
        texts, rate, border = self._texts(), figures.win_rate, figures.break_even_win_rate
        enough = figures.trades >= LEAST_TRADES and figures.days >= LEAST_DAYS
        lines = [texts("validate.sample", mark=YES if enough else NO, n=figures.trades, days=figures.days)]
        if border is None or rate.low is None:
            lines.append(texts("validate.rate_unknown", mark=NO))
        else:
            mark = YES if rate.low > border else NO
            shares = {"low": _share(rate.low), "high": _share(rate.high), "border": _share(border)}
            lines.append(texts("validate.rate", mark=mark, **shares))
        low, high = figures.expectancy_r.low, figures.expectancy_r.high
        mark = YES if low is not None and low > 0 else NO
        known = "validate.expectancy" if low is not None and high is not None else "validate.expectancy_unknown"
        lines.append(texts(known, mark=mark, low=_r(low), high=_r(high)))
        return lines

    def _page(self, lines: list[str], name: str) -> Page:
        texts = self._texts()
        text = "\n".join([*lines, "", f"<i>{foot(texts, self._snapshot())}</i>"])
        return Page(text, (((texts("button.refresh"), f"page:{name}"),),))


def _grouped(
    trades: Sequence[Trade], key: Callable[[Trade], tuple[TradingMode, str]]
) -> list[tuple[tuple[TradingMode, str], list[Trade]]]:
    groups: defaultdict[tuple[TradingMode, str], list[Trade]] = defaultdict(list)
    for trade in trades:
        groups[key(trade)].append(trade)
    return sorted(groups.items(), key=lambda item: (item[0][0].value, item[0][1]))


def _share(value: float | None) -> str:
    return "?" if value is None else f"{value * 100:.0f}"


def _r(value: float | None) -> str:
    return "?" if value is None else f"{value:+.2f}"
