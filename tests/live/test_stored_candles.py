"""Stored candles for charts: newest and older ones, the archive behind them, the VWAPs along them, refusals."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from futtui.domain.candle import Candle
from futtui.domain.errors import FuttuiError
from futtui.domain.timeframe import DAY_MS, HOUR_MS, Timeframe
from futtui.indicators.vwap import DailyVwap
from futtui.live.engine_thread import EngineThread
from futtui.live.settings import EngineSettings
from futtui.live.snapshots import starting_snapshot
from futtui.live.stored_candles import MONDAY_MS, WEEK_MS, candle_series, stored_candles, vwaps_along
from futtui.storage.store import Storage

BEGIN_MS = 2_900 * WEEK_MS + MONDAY_MS
M15 = Timeframe.M15


def walk(count: int, begin_ms: int = BEGIN_MS) -> list[Candle]:
    """Candles that wander, each with its own volume."""
    chance = np.random.default_rng(3)
    prices = 100 + np.cumsum(chance.normal(0, 0.2, count + 1))
    return [
        Candle(
            begin_ms + n * M15.ms,
            float(prices[n]),
            float(max(prices[n : n + 2]) + 0.1),
            float(min(prices[n : n + 2]) - 0.1),
            float(prices[n + 1]),
            float(10 + n % 7),
        )
        for n in range(count)
    ]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Storage]:
    """A database with nine days of quarter hours."""
    storage = Storage(tmp_path / "candles.db")
    storage.submit_candles("ABCUSDT", M15, walk(900))
    assert storage.flush()
    yield storage
    storage.close_now()


def test_newest_and_older_candles_meet_without_overlap(store: Storage) -> None:
    newest = stored_candles(store, "ABCUSDT", M15, 100)
    older = stored_candles(store, "ABCUSDT", M15, 100, newest[0].open_time_ms)
    assert [*older, *newest] == walk(900)[-200:]


def test_nothing_older_is_said_and_never_more_than_asked(store: Storage) -> None:
    newest = candle_series(store, "ABCUSDT", M15, 200)
    assert len(newest.candles) == len(newest.daily_vwap) == len(newest.weekly_vwap) == 200
    assert not newest.is_oldest
    rest = candle_series(store, "ABCUSDT", M15, 1000, newest.candles[0].open_time_ms)
    assert len(rest.candles) == 700
    assert rest.is_oldest
    nothing = candle_series(store, "NOUSDT", M15, 50)
    assert (nothing.candles, nothing.daily_vwap, nothing.is_oldest) == ((), (), True)


def test_an_engine_without_a_database_has_no_candles() -> None:
    assert stored_candles(object(), "ABCUSDT", M15, 10) == ()


def test_vwaps_do_not_depend_on_where_the_chart_begins(store: Storage) -> None:
    whole = candle_series(store, "ABCUSDT", M15, 900)
    part = candle_series(store, "ABCUSDT", M15, 60, whole.candles[800].open_time_ms)
    at = slice(740, 800)
    assert part.candles == whole.candles[at]
    assert part.daily_vwap == pytest.approx(whole.daily_vwap[at])
    assert part.weekly_vwap == pytest.approx(whole.weekly_vwap[at])


def test_daily_vwap_is_that_of_the_indicator_and_a_period_not_seen_whole_has_none() -> None:
    candles = walk(400)
    daily, weekly = vwaps_along(candles, M15)
    truth = DailyVwap()
    for candle, value in zip(candles, daily, strict=True):
        truth.update(candle)
        assert value == truth.value
    assert daily[:7] == [None] * 7
    assert weekly[7] is not None
    late = candles[5:]
    daily, weekly = vwaps_along(late, M15)
    assert daily[: 96 - 5] == [None] * (96 - 5)
    assert daily[96 - 5 + 8] is not None
    assert weekly == [None] * len(late)


def test_candles_of_a_day_have_no_daily_vwap() -> None:
    days = [Candle(BEGIN_MS + n * DAY_MS, 10, 11, 9, 10, 5.0) for n in range(3)]
    assert vwaps_along(days, Timeframe.D1) == ([None] * 3, [10.0] * 3)
    hours = [Candle(BEGIN_MS + n * HOUR_MS, 10, 11, 9, 10, 5.0) for n in range(3)]
    assert vwaps_along(hours, Timeframe.H1)[0] == [None, 10.0, 10.0]


def test_an_engine_that_has_not_started_refuses_in_words() -> None:
    def never() -> object:
        raise AssertionError

    thread = EngineThread(never, starting_snapshot(EngineSettings()))  # type: ignore[arg-type]
    with pytest.raises(FuttuiError, match="still starting"):
        thread.candles("ABCUSDT", M15, 10).result(0)
    with pytest.raises(FuttuiError, match="still starting"):
        thread.performance(7).result(0)
