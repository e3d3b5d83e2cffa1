"""`futtui zones-report`: how often price turned at zones in past candles, beside random levels."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from futtui.cli.places import Places
from futtui.domain.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from futtui.live.zones_report import ReportRow, TouchShare
    from futtui.zones.touch_study import Touch

MEANING = (
    "A touch is one visit of price to a zone that was on the list before. BOUNCE: price moved back 0.7 ATR before any",
    "close 0.3 ATR beyond the zone. BREAK: that close came first. NONE: neither within the window of the timeframe.",
    "Random: levels as wide and as far from price as the touched zones were, at random times and sides, measured the",
    "same way. The range after a rate holds the true rate with 95 % confidence (Wilson), if touches are independent;",
    "touches of one day often are not, so look at the days as well. Distances are those of the default settings.",
)


@dataclass(frozen=True, slots=True)
class ZonesReportRequest:
    """What the user asked for."""

    history: Path | None
    symbols: tuple[str, ...]
    from_date: str
    to_date: str
    seed: int
    as_json: bool
    config: Path | None
    home: Path | None


def run_zones_report(request: ZonesReportRequest) -> None:
    """Walk through the candles and print the table, or JSON."""
    from futtui.cli.analyze_command import past_candles
    from futtui.config.settings import find_config, load
    from futtui.exchange.binance.archive.addresses import checked_symbol
    from futtui.live.past_candles import moment_text
    from futtui.live.zones_report import BASE, check_walk, rows_of, touches_of

    if not request.symbols:
        raise InvalidInputError("--symbols is missing. Name one or more, as in --symbols BTCUSDT,ETHUSDT.")
    start_ms, end_ms = _span(request)
    places = Places.of(request.home)
    settings = load(find_config(request.config, places.home)).settings
    walks = []
    for symbol in dict.fromkeys(checked_symbol(name) for name in request.symbols):
        past = past_candles(symbol, request.history, places)
        first_ms, last_ms = past.span_ms
        span_ms = (start_ms or first_ms + settings.market.history.bars(BASE) * BASE.ms, end_ms or last_ms)
        check_walk(past, span_ms, settings.market.history)
        walks.append((past, span_ms))
    touches: list[Touch] = []
    for past, span_ms in walks:  # it takes minutes a symbol: all of them were looked at first
        if not request.as_json:
            typer.echo(f"{past.symbol}: {moment_text(span_ms[0])} to {moment_text(span_ms[1])}, from {past.source}")
        touches += touches_of(past, span_ms, settings.analysis(), settings.market.history, request.seed)
    rows = rows_of(touches)
    if request.as_json:
        typer.echo(json.dumps(_document(request, rows), indent=2))
        return
    for line in report_lines(rows):
        typer.echo(line)


def _span(request: ZonesReportRequest) -> tuple[int, int]:
    """The first and the last moment in ms; 0 where the user left it to the candles."""
    from futtui.live.past_candles import time_of

    start_ms = time_of(request.from_date, "--from") if request.from_date.strip() else 0
    end_ms = time_of(request.to_date, "--to") if request.to_date.strip() else 0
    if end_ms and end_ms <= start_ms:
        raise InvalidInputError(f"--to {request.to_date} is not after --from {request.from_date}. Choose a later day.")
    return start_ms, end_ms


def report_lines(rows: Sequence[ReportRow]) -> list[str]:
    """The table for people."""
    header = ("", "zones bounced", "n", "days", "broke", "neither", "random bounced", "n", "days", "broke")
    table = [header, *((_name(row), *_cells(row.zones), *_cells(row.random)[:4]) for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(header))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in table]
    return ["", *lines, "", *MEANING]


def _name(row: ReportRow) -> str:
    if row.grade is not None:
        return f"grade {row.grade}" if row.grade else "below D"
    return "all" if row.timeframe is None else f"all on {row.timeframe.code}"


def _cells(share: TouchShare) -> tuple[str, ...]:
    rate, interval = share.rate, share.interval
    text = "n/a" if rate is None or interval is None else (
        f"{100 * rate:.1f} % ({100 * interval[0]:.1f}-{100 * interval[1]:.1f})"
    )  # fmt: skip
    return text, str(share.count), str(share.days), str(share.breaks), str(share.neither)


def _document(request: ZonesReportRequest, rows: Sequence[ReportRow]) -> dict[str, Any]:
    return {
        "symbols": list(request.symbols),
        "from": request.from_date,
        "to": request.to_date,
        "seed": request.seed,
        "rows": [
            {
                "timeframe": None if row.timeframe is None else row.timeframe.code,
                "grade": row.grade,
                "zones": _figures(row.zones),
                "random": _figures(row.random),
            }
            for row in rows
        ],
    }


def _figures(share: TouchShare) -> dict[str, Any]:
    return {
        "bounce_rate": share.rate,
        "interval_95": share.interval,
        "n": share.count,
        "days": share.days,
        "bounces": share.bounces,
        "breaks": share.breaks,
        "neither": share.neither,
    }
