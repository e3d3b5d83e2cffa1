"""`futtui analyze`: what futtui saw in a symbol at a past close, in words and as a chart."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from futtui.cli.places import Places
from futtui.domain.errors import InvalidInputError
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES, Timeframe

if TYPE_CHECKING:
    from futtui.analysis.settings import AnalysisSettings
    from futtui.domain.candle import Candle
    from futtui.domain.reading import AnalysisResult
    from futtui.domain.vwap import VwapReading
    from futtui.live.past_candles import PastCandles
    from futtui.live.settings import HistorySettings

FORMS = (".png", ".svg")
MOST_AFTER = 500


@dataclass(frozen=True, slots=True)
class AnalyzeRequest:
    """What the user asked for; `chart` None = a name made from symbol and time, in the current folder."""

    symbol: str
    at: str
    history: Path | None
    chart: Path | None
    no_chart: bool
    timeframe: str
    bars: int
    after: int
    anchors: tuple[str, ...]
    config: Path | None
    home: Path | None


def run_analyze(request: AnalyzeRequest) -> None:
    """Print the analysis and write the chart."""
    from futtui.cli.analyze_text import analysis_lines
    from futtui.cli.launch import echo_problems
    from futtui.config.settings import find_config, load, own_strategies
    from futtui.exchange.binance.archive.addresses import checked_symbol
    from futtui.live.past_candles import time_of

    symbol = checked_symbol(request.symbol)
    wanted_ms = time_of(request.at) if request.at.strip() else None
    frame = Timeframe.from_code(request.timeframe)
    if frame not in ANALYSIS_TIMEFRAMES:
        raise InvalidInputError(f"--timeframe {frame.code}: the chart can show 15m, 1h, 4h or 1d.")
    if request.chart is not None and request.chart.suffix.lower() not in FORMS:
        raise InvalidInputError(f"--chart {request.chart}: give a file name that ends in .png or .svg.")
    places = Places.of(request.home)
    file = find_config(request.config, places.home)
    settings = load(file).settings
    own = own_strategies(settings, file)
    echo_problems(own)
    past = past_candles(symbol, request.history, places)
    time_ms = past.newest_close_ms(wanted_ms)
    anchors = [_anchored(past, time_of(text, "--anchor"), time_ms) for text in request.anchors]
    result, used = analysed(past, time_ms, settings.analysis(own), settings.market.history)
    for line in analysis_lines(result, past.source, {each: len(bars) for each, bars in used.items()}, anchors):
        typer.echo(line)
    if not request.no_chart:
        _write_chart(request, past, time_ms, result, frame, used[frame])


def past_candles(symbol: str, history: Path | None, places: Places) -> PastCandles:
    """The symbol's candles from the folder of `--history`, else from the database."""
    from futtui.cli.history_runs import deep_history
    from futtui.live.past_candles import from_database, from_files

    if history is not None:
        return from_files(history, symbol)
    with deep_history(places) as deep:
        return from_database(deep, symbol)


def analysed(
    past: PastCandles, time_ms: int, analysis: AnalysisSettings, history: HistorySettings
) -> tuple[AnalysisResult, dict[Timeframe, list[Candle]]]:  # fmt: skip
    """The answer of an analyzer to the close at `time_ms`, and the candles it had seen by then.

    It is fed as the app feeds it: history first, then the candles of this close. No later candle is known to it.
    """
    from futtui.analysis.analyzer import SymbolAnalyzer

    used = past.at(time_ms, history)
    closing = [(frame, bars[-1]) for frame, bars in used.items() if bars and _closes_at(frame, bars[-1], time_ms)]
    now = {frame for frame, _ in closing}
    wanted = replace(analysis, divergence=True)
    analyzer = SymbolAnalyzer(past.symbol, wanted, listed_ms=past.span_ms[0])
    analyzer.load({frame: bars[:-1] if frame in now else bars for frame, bars in used.items()})
    return analyzer.on_closes(closing), used


def _anchored(past: PastCandles, anchor_ms: int, time_ms: int) -> VwapReading:
    """The VWAP from the user's moment to the close; raises InvalidInputError when too few candles lie between."""
    from futtui.analysis.vwaps import vwap_since
    from futtui.live.past_candles import moment_text

    found = vwap_since("your anchor", anchor_ms, past.between(Timeframe.M15, anchor_ms, time_ms))
    if found is None:
        raise InvalidInputError(
            f"--anchor {moment_text(anchor_ms)}: from this moment to {moment_text(time_ms)} there must be 8 quarter "
            "hours at least, and none may be missing. Choose another moment."
        )
    return found


def _closes_at(frame: Timeframe, candle: Candle, time_ms: int) -> bool:
    return frame.end_ms(candle.open_time_ms) == time_ms


def _write_chart(
    request: AnalyzeRequest,
    past: PastCandles,
    time_ms: int,
    result: AnalysisResult,
    frame: Timeframe,
    seen: list[Candle],
) -> None:
    from futtui.domain.file_names import file_name
    from futtui.live.candle_chart import ChartData, write_chart
    from futtui.live.past_candles import moment_text

    stamp = moment_text(time_ms)[:16].replace("-", "").replace(" ", "-").replace(":", "")
    path = request.chart or Path(file_name(f"{past.symbol}-{stamp}.png"))
    after = min(request.after, MOST_AFTER)
    later = past.between(frame, time_ms, time_ms + after * frame.ms) if after else []
    try:
        write_chart(path, ChartData(result.reading, frame, seen, request.bars, later))
    except OSError as error:
        raise InvalidInputError(f"The chart {path} cannot be written: {error}. Check the folder.") from error
    typer.echo(f"\nChart: {path.absolute()}")
