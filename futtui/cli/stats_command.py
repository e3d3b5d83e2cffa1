"""`futtui stats`: what became of the signals, by account and strategy, each figure with what it is worth."""

from __future__ import annotations

import dataclasses
import difflib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from futtui.domain.errors import InvalidInputError
from futtui.domain.performance import AccountPerformance, Performance, PerformanceReport, SignalCounts
from futtui.domain.signal import System

if TYPE_CHECKING:
    from sqlalchemy import Engine

SCHEMA = 1
VERDICTS = (
    "INSUFFICIENT: fewer than 100 trades or 60 days. NOT PROVEN: chance could do that. PLAUSIBLE: win rate and "
    "expectancy are above what costs take, with 95 % confidence; `futtui validate` asks for more."
)


@dataclass(frozen=True, slots=True)
class StatsRequest:
    """What the user asked for; empty = everything."""

    days: int | None
    symbols: str
    systems: str
    as_json: bool
    demo: bool
    home: Path | None


def run_stats(request: StatsRequest) -> None:
    """Print the figures. Raises InvalidInputError for names that nobody has, StorageError for unreadable files."""
    from futtui.cli.history_runs import symbols_of
    from futtui.cli.signals_command import database
    from futtui.live.performance import stored_performance

    with database(request.home, request.demo, only_read=True) as engine:
        symbols = symbols_of(request.symbols)
        makers = _makers(engine, request.systems)
        report = stored_performance(engine, _now_ms(engine, demo=request.demo), request.days, symbols, makers)
    if request.as_json:
        typer.echo(json.dumps(as_json(report), indent=2))
        return
    for line in stats_lines(report):
        typer.echo(line)


def as_json(report: PerformanceReport) -> dict[str, Any]:
    """One JSON object; its schema is described in the README."""
    return {"schema": SCHEMA, **_plain(dataclasses.asdict(report))}


def stats_lines(report: PerformanceReport) -> Iterator[str]:
    """The report for people: accounts one below the other, never added."""
    from futtui.live.past_candles import moment_text

    since = f"since {moment_text(report.since_ms)}" if report.since_ms else "of all time"
    yield (
        f"Closed trades {since}, until {moment_text(report.until_ms)}, net of fees, funding and slippage, in R "
        "(the distance to the first stop). Accounts are never added."
    )
    for account in report.accounts:
        yield from ("", *_account_lines(account))
    if not report.accounts:
        yield from ("", "No signal has become a trade in this time.")
    if report.signals:
        yield from ("", "Signals by what they are now")
        yield from map(_counts_line, report.signals)
    yield from ("", VERDICTS)


def _account_lines(account: AccountPerformance) -> Iterator[str]:
    from futtui.desk.words import MODE

    yield MODE[account.mode].capitalize()
    for line in account.strategies:
        yield from _performance_lines(line)
    if len(account.strategies) > 1:
        yield from _performance_lines(account.total)


def _performance_lines(line: Performance) -> Iterator[str]:
    from futtui.backtest.report import figures_line
    from futtui.cli.signals_text import shown_name
    from futtui.desk.words import reason_word

    figures = line.figures
    yield f"  {figures_line(shown_name(line.strategy) if line.strategy else 'all of these', figures)}"
    parts = []
    if figures.trades:
        parts.append(f"{figures.wins} won, {figures.break_evens} break-even, {figures.losses} lost")
    if figures.break_even_win_rate is not None:
        parts.append(f"at {figures.break_even_win_rate * 100:.0f} wins of 100 it only pays its costs")
    if line.exits:
        parts.append("parts left by " + ", ".join(f"{reason_word(reason)} ({count})" for reason, count in line.exits))
    if line.open_trades:
        worth = "n/a" if line.open_r is None else f"{line.open_r:+.2f} R now"
        parts.append(f"{line.open_trades} open ({worth}), in no figure above")
    yield f"  {'':18} {'; '.join(parts)}"


def _counts_line(counts: SignalCounts) -> str:
    from futtui.cli.signals_text import shown_name

    told = ", ".join(f"{status.value.lower()} {count}" for status, count in counts.by_status)
    return f"  {shown_name(counts.strategy):18} {counts.found} found: {told}"


def _makers(engine: Engine, text: str) -> list[str]:
    """The strategies and systems that are named; raises InvalidInputError for a name that none has."""
    from futtui.storage.results import makers_in
    from futtui.strategies.catalogue import shipped_names

    strategies = {*shipped_names(), *makers_in(engine)}
    systems = {system.value.lower(): system.value for system in System}
    names = []
    for name in (part.strip().lower() for part in text.split(",") if part.strip()):
        if name not in strategies and name not in systems:
            near = difflib.get_close_matches(name, [*strategies, *systems], 1, 0.5)
            hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(sorted({*strategies, *systems}))}."
            raise InvalidInputError(f"--system: there is no strategy or system {name!r}. {hint}")
        names.append(name if name in strategies else systems[name])
    return names


def _now_ms(engine: Engine, *, demo: bool) -> int:
    """The time to count days back from: now, or where the market of a demo stopped, which may be years ago."""
    from futtui.live.history_jobs.taking import now_ms
    from futtui.storage.results import newest_ms

    return (newest_ms(engine) if demo else 0) or now_ms()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_plain(each) for each in value]
    return value.value if isinstance(value, Enum) else value
