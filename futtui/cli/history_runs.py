"""What the `futtui history` commands do: ask for the job, show how far it is, say how it ended.

Exit code 0 = all is well, 1 = something failed or is wrong (it is listed), 130 = stopped by Ctrl+C.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import typer

from futtui.cli.demo_command import day_ms
from futtui.cli.history_progress import FileProgress
from futtui.cli.places import Places
from futtui.domain.errors import InvalidInputError
from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.exchange.binance.archive.addresses import PUBLIC_ARCHIVE, checked_symbol
from futtui.language.counting import counted
from futtui.live.history_jobs.taking import Failure, now_ms
from futtui.storage.deep_history import DeepHistory, Series

SHOWN = 20
STOPPED = 130
FAR_MS = 1 << 62
YEAR_MS = 365 * DAY_MS


def run_download(
    places: Places,
    config: Path | None,
    symbols: str,
    interval: str,
    days: tuple[str, str],
    refresh: bool,
    base_url: str,
    connections: int,
) -> None:
    """`futtui history download`."""
    from futtui.config.settings import find_config, load
    from futtui.exchange.binance.archive.client import ArchiveClient
    from futtui.live.history_jobs.download import DownloadJob, DownloadRequest, DownloadState

    wanted = symbols_of(symbols)
    if not wanted:
        raise InvalidInputError("Give at least one symbol, as in --symbols BTCUSDT,ETHUSDT.")
    today_ms = now_ms() // DAY_MS * DAY_MS
    first_ms, after_ms = span_of(days)
    end_ms = min(after_ms or today_ms, today_ms)
    start_ms = end_ms - YEAR_MS if first_ms is None else first_ms
    if start_ms >= end_ms:
        raise InvalidInputError("The archive holds past days only. Choose an earlier --from.")
    request = DownloadRequest(wanted, Timeframe.from_code(interval), start_ms, end_ms, places.archive, refresh)
    configured = load(find_config(config, places.home)).settings.exchange.archive_url
    url = checked_url(base_url or configured or PUBLIC_ARCHIVE)

    async def job(deep: DeepHistory, progress: FileProgress) -> DownloadState:
        def show(state: DownloadState) -> None:
            progress.show(
                state.done, state.total, f"{_size(state.downloaded_bytes)} · {counted(state.candles, 'candle')}"
            )

        async with ArchiveClient(url, connections) as client:
            return await DownloadJob(request, deep, client, show).run(connections)

    stopped = stop_politely("Stopped. The same command goes on from here.")
    with stopped, deep_history(places) as deep, FileProgress("Download") as progress:
        state = asyncio.run(job(deep, progress))
    typer.echo(
        f"{counted(state.imported, 'file')} taken in ({counted(state.candles, 'candle')}, "
        f"{_size(state.downloaded_bytes)} fetched), {state.there} were there already, "
        f"{len(state.absent)} are not in the archive, {len(state.failures)} failed."
    )
    _list("Not in the archive (not published yet, or the symbol was not listed):", state.absent)
    _end_with_failures(state.failures, state.unreachable)


def run_import(places: Places, path: Path, symbols: str, interval: str, again: bool) -> None:
    """`futtui history import`."""
    from futtui.live.history_jobs.imports import ImportRequest, ImportState, import_files

    timeframe = Timeframe.from_code(interval) if interval else None
    request = ImportRequest(path, symbols_of(symbols), timeframe, again)
    stopped = stop_politely("Stopped. Files that were taken in stay; the same command goes on from here.")
    with stopped, deep_history(places) as deep, FileProgress("Import") as progress:

        def show(state: ImportState) -> None:
            progress.show(state.done, state.total, f"{counted(state.candles, 'candle')}")

        state = import_files(request, deep, show)
    typer.echo(
        f"{counted(state.imported, 'file')} taken in ({counted(state.candles, 'candle')}), "
        f"{state.there} were there already, {len(state.failures)} failed."
    )
    if state.left_out:
        left_out = counted(state.left_out, "candle was", "candles were")
        typer.echo(f"{left_out} left out: not closed yet, or published files speak for those days.")
    _end_with_failures(state.failures)


def run_verify(places: Places, symbols: str) -> None:
    """`futtui history verify`."""
    from collections import Counter

    from futtui.live.history_jobs.verify import verify

    with stop_politely("Stopped."), deep_history(places) as deep, FileProgress("Verify") as progress:
        result = verify(deep, places.archive, symbols_of(symbols), progress.tell)
    typer.echo(
        f"{counted(result.files, 'file')} and {counted(result.candles, 'candle')} checked, "
        f"{counted(result.compared_bars, 'bar')} rebuilt from finer ones."
    )
    for kind, count in sorted(Counter(hole.kind for hole in result.holes).items()):
        candles = sum(hole.candles for hole in result.holes if hole.kind is kind)
        typer.echo(f"{counted(count, 'hole')} ({counted(candles, 'candle')}): {kind.words}. See `futtui history gaps`.")
    _list("Notes:", result.notes)
    if result.problems:
        _list("Problems:", result.problems, shown=len(result.problems))
        raise typer.Exit(1)
    nothing = "Nothing is stored yet, so there was nothing to check. Fetch candles: `futtui history download`."
    typer.echo("No problem found." if result.files or result.candles else nothing)


def run_gaps(places: Places, symbols: str, interval: str, days: tuple[str, str]) -> None:
    """`futtui history gaps`."""
    from futtui.live.history_jobs.gaps import find_holes

    start_ms, end_ms = span_of(days)
    with stop_politely("Stopped."), deep_history(places) as deep:
        everything = deep.series()
        for series in chosen_series(everything, symbols, interval):
            holes = find_holes(deep, series, everything, start_ms, end_ms)
            name = f"{series.symbol} {series.timeframe.code}"
            if not holes:
                typer.echo(f"{name}: no gaps")
            for hole in holes:
                first, last = _moment(hole.first_open_ms), _moment(hole.last_open_ms)
                count = f"{counted(hole.candles, 'candle')}"
                typer.echo(f"{name}: {first} to {last} UTC, {count}: {hole.kind.words}")


def run_export(
    places: Places, folder: Path, symbols: str, interval: str, days: tuple[str, str], form: str
) -> None:  # fmt: skip
    """`futtui history export`."""
    from futtui.live.history_jobs.export import FORMS, export_series

    if form not in FORMS:
        raise InvalidInputError(f"--form {form}: use {', '.join(FORMS)}.")
    start_ms, end_ms = span_of(days)
    with stop_politely("Stopped. Files that were written are complete."), deep_history(places) as deep:
        for series in chosen_series(deep.series(), symbols, interval):
            try:
                path, count = export_series(deep, series, folder, form, start_ms or 0, end_ms or FAR_MS)
            except OSError as error:
                raise InvalidInputError(
                    f"The folder {folder} cannot be written: {error}. Check space, rights."
                ) from error
            name = f"{series.symbol} {series.timeframe.code}"
            typer.echo(f"{path}: {counted(count, 'candle')}" if count else f"{name}: no candles in that time")


def symbols_of(text: str) -> tuple[str, ...]:
    """The symbols of a comma-separated text, each once; raises InvalidInputError for what cannot be one."""
    return tuple(dict.fromkeys(checked_symbol(part) for part in text.split(",") if part.strip()))


def span_of(days: tuple[str, str]) -> tuple[int | None, int | None]:
    """From the first day to the end of the last one, in ms; None for a day that is not given."""
    start_ms, last_ms = day_ms(days[0], "--from"), day_ms(days[1], "--to")
    end_ms = None if last_ms is None else last_ms + DAY_MS
    if start_ms is not None and end_ms is not None and end_ms <= start_ms:
        raise InvalidInputError("The last day is before the first one. Check --from and --to.")
    return start_ms, end_ms


def checked_url(text: str) -> str:
    """The address of an archive; raises InvalidInputError when it is none."""
    from urllib.parse import urlsplit

    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidInputError(f"{text!r} is not an address of an archive. Write it as in {PUBLIC_ARCHIVE}.")
    return text


def chosen_series(everything: list[Series], symbols: str, interval: str) -> list[Series]:
    """What is stored of the wanted symbols and interval; raises InvalidInputError when that is nothing."""
    wanted = symbols_of(symbols)
    timeframe = Timeframe.from_code(interval) if interval else None
    chosen = [
        series
        for series in everything
        if (not wanted or series.symbol in wanted) and (timeframe is None or series.timeframe is timeframe)
    ]
    if not chosen:
        raise InvalidInputError("No such candles are stored. Fetch some: `futtui history download --symbols BTCUSDT`.")
    return chosen


@contextmanager
def deep_history(places: Places) -> Iterator[DeepHistory]:
    """The database of the real market, closed at the end."""
    from futtui.storage.database import open_database

    engine = open_database(places.database)
    try:
        yield DeepHistory(engine)
    finally:
        engine.dispose()


@contextmanager
def stop_politely(text: str) -> Iterator[None]:
    """Ctrl+C ends the command with a sentence instead of a traceback."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo(text, err=True)
        raise typer.Exit(STOPPED) from None


def _end_with_failures(failures: list[Failure], unreachable: str = "") -> None:
    if not failures:
        return
    told_below = [failure.name for failure in failures if failure.reason == unreachable]
    lines = [f"{failure.name}: {failure.reason}" for failure in failures if failure.reason != unreachable]
    _list("Failed:", lines, shown=len(lines))
    _list("Not fetched:", told_below)
    if unreachable:
        typer.echo(unreachable)
    raise typer.Exit(1)


def _list(heading: str, lines: list[str], shown: int = SHOWN) -> None:
    if lines:
        typer.echo(heading)
    for line in lines[:shown]:
        typer.echo(f"  {line}")
    if len(lines) > shown:
        typer.echo(f"  and {len(lines) - shown} more")


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB"


def _moment(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
