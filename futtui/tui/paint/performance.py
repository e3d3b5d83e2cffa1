"""Results by strategy and account: a table with intervals and verdicts, and the marked line in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from futtui.domain.performance import AccountPerformance, Interval, Performance, PerformanceReport, TradeStatistics
from futtui.domain.position import TradingMode
from futtui.domain.signal import SignalStatus
from futtui.tui.glyphs import DOT, RING, RULE, SEPARATOR
from futtui.tui.paint import numbers
from futtui.tui.paint.details import fact, fact_lines, paragraph
from futtui.tui.paint.names import setup_name, system_name
from futtui.tui.paint.table import Column, choose_columns, row_line
from futtui.tui.paint.text import Line, Span
from futtui.tui.paint.view import View
from futtui.tui.words import has_word, word

COLUMNS = (
    Column("maker", 16, grow=8),
    Column("trades", 11, ">"),
    Column("won", 13, ">", 1),
    Column("needs", 5, ">", 5),
    Column("each", 21, ">", 3),
    Column("factor", 16, ">", 2),
    Column("net_r", 8, ">", 4),
    Column("fall", 7, ">", 6),
    Column("verdict", 14),
)
_VERDICT_TOKENS = {"INSUFFICIENT": "dim", "NOT PROVEN": "attention", "PLAUSIBLE": "bold", "SUPPORTED": "up_bold"}
EXITS_SHOWN = 6


@dataclass(frozen=True, slots=True)
class PerformanceLook:
    """What the screen looks at: a period (None = ever), an account, and what came back."""

    days: int | None
    mode: TradingMode | None
    report: PerformanceReport | None
    trouble: str = ""

    @property
    def account(self) -> AccountPerformance | None:
        """The account that is shown."""
        if self.report is None or self.mode is None:
            return None
        return self.report.account(self.mode)


def chosen_mode(report: PerformanceReport | None, wanted: TradingMode) -> TradingMode | None:
    """The wanted account where it has a trade, else the first that has one; None where none has."""
    if report is None or not report.accounts:
        return None
    return wanted if report.account(wanted) is not None else report.accounts[0].mode


def columns_for(width: int) -> tuple[Column, ...]:
    """The columns that fit."""
    return choose_columns(COLUMNS, width)


def lines_of(account: AccountPerformance) -> list[Performance]:
    """The total, then the strategies by system and name."""
    return [account.total, *sorted(account.strategies, key=lambda item: (_system(item), item.strategy))]


def _system(item: Performance) -> str:
    return item.system.value if item.system is not None else ""


def performance_line(item: Performance, view: View, columns: Sequence[Column], selected: bool) -> Line:
    """One strategy, or the total."""
    return row_line(columns, lambda column: _cell(item, column), selected=selected, cursor=view.cursor)


def maker_name(item: Performance) -> str:
    """The strategy's name; the total is called so."""
    return setup_name(item.strategy) if item.strategy else word("performance.total")


def _cell(item: Performance, column: Column) -> Span:
    figures = item.figures
    match column.id:
        case "maker":
            return maker_name(item), "text" if item.strategy else "bold"
        case "trades":
            return word("performance.sample", n=figures.trades, days=figures.days), "text"
        case "won":
            return rate_text(figures.win_rate), "text"
        case "needs":
            return percent(figures.break_even_win_rate), "muted"
        case "each":
            return r_text(figures.expectancy_r), "text"
        case "factor":
            return factor_text(figures.profit_factor), "text"
        case "net_r":
            return f"{numbers.signed_text(figures.net_r, 1)}R", "text"
        case "fall":
            return f"{-figures.max_drawdown_r:.1f}R", "muted"
        case _:
            return verdict_span(figures)


def verdict_span(figures: TradeStatistics) -> Span:
    """The verdict with a sign: filled only where it is plausible. Never the colour of a gain on a point estimate."""
    sign = DOT if figures.verdict in ("PLAUSIBLE", "SUPPORTED") else RING
    return f"{sign} {verdict_word(figures)}", _VERDICT_TOKENS.get(figures.verdict, "text")


def verdict_word(figures: TradeStatistics) -> str:
    """The verdict in everyday words."""
    identity = f"verdict.{figures.verdict.replace(' ', '_')}"
    return word(identity) if has_word(identity) else figures.verdict.lower()


def percent(share: float | None) -> str:
    """`74%`, or `n/a`."""
    return word("value.none") if share is None else f"{share * 100:.0f}%"


def rate_text(rate: Interval) -> str:
    """`78% [71-84]`."""
    if rate.value is None:
        return word("value.none")
    return f"{rate.value * 100:.0f}%{_range(rate, lambda share: f'{share * 100:.0f}', '-')}"


def r_text(amount: Interval) -> str:
    """`+0.11R [-0.02..+0.23]`."""
    if amount.value is None:
        return word("value.none")
    return f"{numbers.signed_text(amount.value)}R{_range(amount, numbers.signed_text, '..')}"


def factor_text(factor: Interval) -> str:
    """`1.34 [0.95-1.90]`."""
    if factor.value is None:
        return word("value.none")
    return f"{factor.value:.2f}{_range(factor, lambda value: f'{value:.2f}', '-')}"


def _range(interval: Interval, write: Callable[[float], str], between: str) -> str:
    """The interval in brackets; an end that cannot be given is a question mark."""
    if interval.low is None and interval.high is None:
        return ""
    low, high = ("?" if end is None else write(end) for end in (interval.low, interval.high))
    return f" [{low}{between}{high}]"


def system_head(item: Performance, width: int) -> Line:
    """A thin line with the name of a system, above its strategies."""
    text = f"  {RULE * 2} {system_name(_system(item))} "
    return ((text + RULE * max(0, width - len(text) - 1), "dim"),)


def empty_lines(look: PerformanceLook, width: int) -> list[Line]:
    """Why there is no table."""
    if look.report is None:
        token = "attention" if look.trouble else "muted"
        return [(), *paragraph(look.trouble or word("performance.loading"), width, token, lead="   ")]
    return [
        (),
        *paragraph(
            word("performance.none" if look.days is not None else "performance.none_ever"), width, "muted", lead="   "
        ),
    ]


def words_lines(item: Performance | None, look: PerformanceLook, view: View, width: int) -> list[Line]:
    """The marked line in words: what it is worth, what it needs, where the result comes from."""
    if item is None:
        return empty_lines(look, width)[1:]
    figures = item.figures
    lines: list[Line] = [((f" {verdict_span(figures)[0]}", verdict_span(figures)[1]),)]
    lines += paragraph(verdict_sentence(figures), width)
    if figures.break_even_win_rate is not None:
        wins = round(figures.break_even_win_rate * 100)
        lines += paragraph(word("performance.needs", wins=wins), width)
    lines.append(())
    return lines + list(_facts(item, look, width))


def verdict_sentence(figures: TradeStatistics) -> str:
    """What the verdict means, with the sample it rests on."""
    identity = f"verdict.{figures.verdict.replace(' ', '_')}.means"
    return word(identity, n=figures.trades, days=figures.days) if has_word(identity) else ""


def _facts(item: Performance, look: PerformanceLook, width: int) -> Iterator[Line]:
    figures = item.figures
    if item.system is not None:
        yield fact(word("detail.system"), system_name(item.system.value))
    if figures.trades:
        yield from _closed_facts(figures, width)
    if item.open_trades:
        yield from fact_lines(word("performance.open"), _open(item), width)
    exits = [f"{word(f'exit.{reason.value}')}: {count}" for reason, count in item.exits[:EXITS_SHOWN]]
    if exits:
        yield from fact_lines(word("performance.exits"), f" {SEPARATOR} ".join(exits), width)
    counts = _signal_counts(item, look)
    if counts:
        yield from fact_lines(word("performance.signals"), counts, width)


def _closed_facts(figures: TradeStatistics, width: int) -> Iterator[Line]:
    """Where the result of the closed trades comes from, and how far it fell on the way."""
    outcome = word("performance.outcome", wins=figures.wins, even=figures.break_evens, losses=figures.losses)
    yield from fact_lines(word("performance.trades"), outcome, width)
    made = word(
        "performance.made",
        gross=numbers.signed_text(figures.gross_r, 1),
        costs=numbers.signed_text(-figures.costs_r, 1),
        net=numbers.signed_text(figures.net_r, 1),
    )
    yield from fact_lines(word("performance.result"), made, width)
    if figures.payoff is not None:
        yield from fact_lines(
            word("performance.payoff"), word("performance.payoff_text", n=f"{figures.payoff:.2f}"), width
        )
    yield from fact_lines(word("performance.fall"), _fall(figures), width)


def _fall(figures: TradeStatistics) -> str:
    text = word("performance.fell", r=f"{figures.max_drawdown_r:.1f}")
    risk = figures.fall_risk
    return text if risk is None else f"{text}; {word('performance.may_fall', r=f'{risk.most_95:.1f}')}"


def _open(item: Performance) -> str:
    if item.open_r is None or item.net_with_open_r is None:
        return word("performance.open_unknown", n=item.open_trades)
    worth, net = numbers.signed_text(item.open_r, 1), numbers.signed_text(item.net_with_open_r, 1)
    return word("performance.open_worth", n=item.open_trades, r=worth, net=net)


def _signal_counts(item: Performance, look: PerformanceLook) -> str:
    """What the signals of the strategy, or of all, are now."""
    found = look.report.signals if look.report is not None else ()
    chosen = [each for each in found if not item.strategy or each.strategy == item.strategy]
    total = sum(each.found for each in chosen)
    if not total:
        return ""
    refused = sum(each.count(SignalStatus.REFUSED) for each in chosen)
    expired = sum(each.count(SignalStatus.EXPIRED) for each in chosen)
    return word("performance.signal_counts", n=total, refused=refused, expired=expired)
