"""Signals of real candles: their parts add up, no later candle is in them, and neither start nor shell changes them."""

from __future__ import annotations

import gzip
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from math import fsum, isclose
from pathlib import Path

import msgspec
import numpy as np
import pytest

from futtui.analysis.settings import AnalysisSettings
from futtui.backtest.data import BASE, SymbolData, load_symbol
from futtui.backtest.run import FUNDING_MS, Backtest
from futtui.backtest.settings import BacktestRequest
from futtui.backtest.shards import SymbolRun
from futtui.cli.demo_command import DEMO_HISTORY
from futtui.domain.candle import Candle
from futtui.domain.signal import RawSignal, Signal
from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.indicators.wilder import Atr
from futtui.live.past_candles import PastCandles, time_of
from futtui.live.settings import HistorySettings
from futtui.storage.candle_arrays import CandleArrays, combined
from futtui.zones.registry import ZoneRegistry
from futtui.zones.settings import ZoneSettings
from tests.shared_data import shared_path

SHORT = HistorySettings(bars_15m=400, bars_1h=300, bars_4h=250, bars_1d=60)
EIGHT = ("BTCUSDT", "ETHUSDT", "BNBUSDT", "DOGEUSDT", "ADAUSDT", "AVAXUSDT", "FILUSDT", "LTCUSDT")
LATER_DAYS = 10
TAIL = 1e-9
"""What is left of the first loaded candle in averages that never forget it wholly: an ATR halves that every ten bars,
EMA 200 every seventy. Borders of zones are made of them, and targets and distances of borders, so these figures of a
later start may differ in their last digits (by 1e-10 at most in 60 days of 8 symbols). Nothing else does.
"""
Zones = dict[tuple[int, str], set[object]]
"""Zones by the time of a close and its timeframe."""


def candles(folder: Path, symbols: tuple[str, ...], first: str, days: int, warm_up: HistorySettings = SHORT) -> Path:
    """A folder with the real quarter hours of some days and of the history before them."""
    start_ms = time_of(first)
    first_ms, last_ms = start_ms - (warm_up.bars_1d + 1) * DAY_MS, start_ms + days * DAY_MS
    place = folder / "candles" / "15m"
    place.mkdir(parents=True)
    for symbol in symbols:
        with gzip.open(shared_path(f"market-data/futures/klines/15m/{symbol}.csv.gz"), "rt", encoding="utf-8") as file:
            head, *rows = file.read().splitlines()
        kept = [row for row in rows if first_ms <= int(row[:13]) < last_ms]
        (place / f"{symbol}.csv").write_text("\n".join([head, *kept]) + "\n", encoding="utf-8")
    return place.parent


def signals_of(run: SymbolRun, until_ms: int) -> list[RawSignal]:
    return [signal for _, result in run.advance(until_ms) for signal in result.signals]


def whole_run(data: SymbolData, warm_up: HistorySettings, start_ms: int, end_ms: int) -> list[RawSignal]:
    return signals_of(SymbolRun(data, AnalysisSettings(), warm_up, start_ms), end_ms)


class CutRun(SymbolRun):
    """Sees, at every close, a series that ends there; longer candles are put together again from what is left."""

    def until(self, whole: SymbolData, start_ms: int, end_ms: int) -> Iterator[RawSignal]:
        for time_ms in range(start_ms + BASE.ms, end_ms + 1, BASE.ms):
            self._data = replace(whole, past=cut(whole.past, time_ms))
            yield from signals_of(self, time_ms)


def cut(past: PastCandles, time_ms: int) -> PastCandles:
    """The candles as files would give them that end at `time_ms`."""
    quarters = up_to(past.series[BASE], BASE, time_ms)
    recent = quarters.between(time_ms // DAY_MS * DAY_MS - DAY_MS, time_ms)
    series = {BASE: quarters}
    for frame, bars in past.series.items():
        if frame is not BASE:
            rebuilt = combined(recent, BASE.ms, frame.ms)
            known = up_to(bars, frame, time_ms)
            series[frame] = known
            expected = known.between(int(rebuilt.open_time_ms[0]), time_ms) if len(rebuilt) else known.between(0, 0)
            assert np.array_equal(rebuilt.open_time_ms, expected.open_time_ms)
            assert np.array_equal(rebuilt.figures, expected.figures, equal_nan=True)
    return PastCandles(past.symbol, past.source, series)


def up_to(bars: CandleArrays, frame: Timeframe, time_ms: int) -> CandleArrays:
    return bars.between(0, time_ms - frame.ms + 1)


def assert_no_later_candle_counts(folder: Path, symbols: tuple[str, ...], first: str, days: int) -> int:
    """Every signal comes bit for bit when all that is later is cut off."""
    start_ms, count = time_of(first), 0
    end_ms = start_ms + days * DAY_MS
    place = candles(folder, symbols, first, days)
    for symbol in symbols:
        data = load_symbol(place, symbol, start_ms)
        whole = whole_run(data, SHORT, start_ms, end_ms)
        shortened = list(CutRun(data, AnalysisSettings(), SHORT, start_ms).until(data, start_ms, end_ms))
        assert [msgspec.to_builtins(each) for each in shortened] == [msgspec.to_builtins(each) for each in whole]
        count += len(whole)
    assert count > 0
    return count


def differences(one: object, other: object, place: str = "") -> Iterator[str]:
    """Where two signals are not the same: numbers to TAIL, everything else to the letter."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for name in one:
            yield from differences(one[name], other[name], f"{place}.{name}")
    elif isinstance(one, list | tuple) and isinstance(other, list | tuple) and len(one) == len(other):
        for number, pair in enumerate(zip(one, other, strict=True)):
            yield from differences(*pair, f"{place}.{number}")
    elif isinstance(one, float) and isinstance(other, float):
        if not isclose(one, other, rel_tol=TAIL, abs_tol=TAIL):
            yield f"{place}: {one!r}, {other!r}"
    elif one != other:
        yield f"{place}: {one!r}, {other!r}"


def assert_start_does_not_count(folder: Path, symbols: tuple[str, ...], first: str, days: int, later_days: int) -> int:
    """A run that begins later, with the usual history before it, gives the same signals, to TAIL in their figures."""
    start_ms, count = time_of(first), 0
    end_ms, later_ms = start_ms + days * DAY_MS, start_ms + later_days * DAY_MS
    usual = HistorySettings()
    place = candles(folder, symbols, first, days, usual)
    for symbol in symbols:
        early, late = (
            whole_run(load_symbol(place, symbol, begin_ms), usual, begin_ms, end_ms)
            for begin_ms in (start_ms, later_ms)
        )
        known = [each for each in early if each.time_ms > later_ms]
        assert [each.signal_id for each in late] == [each.signal_id for each in known]
        for one, other in zip(late, known, strict=True):
            assert list(differences(msgspec.to_builtins(one), msgspec.to_builtins(other))) == []
        count += len(late)
    assert count > 0
    return count


def assert_sums(signals: list[Signal]) -> None:
    assert signals
    for signal in signals:
        assert signal.score == fsum(part.points for part in signal.parts), signal.signal_id
        assert all(part.reason and (part.valid or part.points == 0.0) for part in signal.parts), signal.signal_id


def assert_parts_add_up(folder: Path, symbols: tuple[str, ...], first: str, days: int) -> int:
    start_ms = time_of(first)
    place, end_ms = candles(folder, symbols, first, days), start_ms + days * DAY_MS
    signals = Backtest(BacktestRequest(place, symbols, start_ms, end_ms, warm_up=SHORT, workers=0)).run().signals
    assert_sums(signals)
    return len(signals)


@pytest.mark.timeout(600)
def test_signals_of_a_day_do_not_know_later_candles(tmp_path: Path) -> None:
    assert_no_later_candle_counts(tmp_path, ("DOGEUSDT",), "2024-02-20", 1)


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_parts_of_every_signal_of_thirty_days_add_up_to_its_score(tmp_path: Path) -> None:
    assert assert_parts_add_up(tmp_path, EIGHT, "2024-01-01", 30) > 500


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_signals_of_sixty_days_do_not_know_later_candles(tmp_path: Path) -> None:
    assert assert_no_later_candle_counts(tmp_path, EIGHT, "2024-01-01", 60) > 1000


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_signals_of_sixty_days_do_not_know_when_the_run_began(tmp_path: Path) -> None:
    assert assert_start_does_not_count(tmp_path, EIGHT, "2024-01-01", 60, LATER_DAYS) > 1000


# --- where the loaded history begins ---------------------------------------------------------------------------------


def zones_of(data: SymbolData, bars: dict[Timeframe, int], start_ms: int, end_ms: int) -> Zones:
    """The zones of these timeframes after each of their closes, to six digits, of a run that begins at `start_ms`."""
    registry = ZoneRegistry(data.symbol)
    atr = {frame: Atr() for frame in bars}
    closes: list[tuple[int, int, Timeframe, Candle]] = []
    for frame, wanted in bars.items():
        run = data.past.between(frame, 0, start_ms)[-wanted:] + data.past.between(frame, start_ms, end_ms)
        closes += [(frame.end_ms(bar.open_time_ms), -frame.ms, frame, bar) for bar in run]
    found: Zones = {}
    for time_ms, _, frame, bar in sorted(closes, key=lambda close: close[:2]):
        atr[frame].update(bar)
        registry.on_candle(frame, bar, atr[frame].value)
        if time_ms > start_ms:
            found[time_ms, frame.code] = {
                (zone.zone_id, zone.kind, zone.state, zone.score, zone.touches, f"{zone.low:.6g} {zone.high:.6g}")
                for zone in registry.builders[frame].zones
            }
    return found


def zones_that_differ(data: SymbolData, bars: dict[Timeframe, int], first: str) -> int:
    start_ms = time_of(first)
    later_ms, end_ms = start_ms + LATER_DAYS * DAY_MS, start_ms + 30 * DAY_MS
    early, late = (zones_of(data, bars, begin_ms, end_ms) for begin_ms in (start_ms, later_ms))
    assert sum(map(len, late.values())) > 500
    return sum(len(zones ^ early[close]) for close, zones in late.items())


def test_longer_zones_do_not_know_where_the_usual_history_begins() -> None:
    data = load_symbol(shared_path("market-data/futures/klines"), "LTCUSDT", time_of("2024-01-01"))
    usual = {frame: HistorySettings().bars(frame) for frame in (Timeframe.D1, Timeframe.H4, Timeframe.H1)}
    for first in ("2024-01-01", "2024-03-01"):
        assert zones_that_differ(data, usual, first) == 0
    # The check sees a history that is too short.
    assert zones_that_differ(data, usual | {Timeframe.D1: ZoneSettings().d1.lookback_bars}, "2024-01-01") > 100
    assert zones_that_differ(data, usual | {Timeframe.H1: 1000}, "2024-01-01") > 100


# --- the same candles over the wire ----------------------------------------------------------------------------------


def over_the_wire(folder: Path, place: Path, symbols: tuple[str, ...], first: str, hours: int) -> list[Signal]:
    """The signals that `futtui demo --headless` stored of a replay: exchange, streams, loader, worker and desk."""
    home = folder / "home"
    arguments = ["demo", "--headless", "--speed", "max", "--mode", "paper", "--minutes", str(hours * 60)]
    arguments += ["--history", str(place / "15m"), "--symbols", ",".join(symbols), "--from", first]
    arguments += ["--home", str(home)]
    command = [sys.executable, "-m", "futtui", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    with closing(sqlite3.connect(home / "demo.db")) as database:
        rows = database.execute("SELECT record FROM signals").fetchall()
    return [msgspec.json.decode(row[0], type=Signal) for row in rows]


def lines(signals: list[Signal]) -> list[str]:
    """A line for each proposal, as text: all that a strategy said. Standing levels are told only when reached."""
    plain = (msgspec.to_builtins(each.raw) for each in signals if not each.raw.standing)
    return sorted(json.dumps(each, sort_keys=True) for each in plain)


def funding_parts(signals: list[Signal]) -> dict[str, tuple[float, bool, str]]:
    """What funding did to the score of each proposal."""
    return {
        each.raw.signal_id: (part.points, part.valid, part.reason)
        for each in signals
        if not each.raw.standing
        for part in each.parts
        if part.name == "funding"
    }


def write_funding(place: Path, symbols: tuple[str, ...], start_ms: int) -> None:
    """Recorded rates beside the candles, extreme ones, with another sign each time."""
    (place / "funding").mkdir()
    for symbol in symbols:
        rows = [f"{start_ms + number * FUNDING_MS},{0.002 * (-1) ** number}" for number in range(-3, 30)]
        text = "\n".join(["funding_time,funding_rate", *rows]) + "\n"
        (place / "funding" / f"{symbol}.csv").write_text(text, encoding="utf-8")


def assert_wire_changes_no_signal(folder: Path, symbols: tuple[str, ...], first: str, hours: int) -> int:
    start_ms = time_of(first)
    end_ms = start_ms + hours * Timeframe.H1.ms
    place = candles(folder, symbols, first, hours // 24 + 1, DEMO_HISTORY)
    write_funding(place, symbols, start_ms - start_ms % FUNDING_MS)
    request = BacktestRequest(place, symbols, start_ms, end_ms, warm_up=DEMO_HISTORY, workers=0)
    signals = Backtest(request).run().signals
    assert_sums(signals)
    in_process = lines(signals)
    told = over_the_wire(folder, place, symbols, first, hours)
    wired = lines(told)
    assert len(wired) > 0
    assert wired == in_process
    funding = funding_parts(told)
    assert {points for points, valid, _ in funding.values() if valid} & {-1.0, 1.0}
    assert funding == funding_parts(signals)
    return len(wired)


@pytest.mark.timeout(600)
def test_signals_over_the_wire_are_those_of_a_backtest(tmp_path: Path) -> None:
    assert_wire_changes_no_signal(tmp_path, ("ETHUSDT", "DOGEUSDT"), "2024-01-15", 4)


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_signals_of_three_days_over_the_wire_are_those_of_a_backtest(tmp_path: Path) -> None:
    assert assert_wire_changes_no_signal(tmp_path, ("BTCUSDT", "ETHUSDT", "DOGEUSDT"), "2024-01-08", 72) > 20
