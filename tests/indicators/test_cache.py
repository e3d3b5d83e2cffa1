"""The cache of indicators: a kept value equals a fresh one, every new candle makes new ones, and it stays small."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from futtui.domain.timeframe import Timeframe
from futtui.indicators import CacheKey, FrameIndicators, IndicatorCache
from futtui.indicators.asked import IndicatorKey, IndicatorKind, values_after
from tests.indicators.market import made_candles

KEYS = [
    IndicatorKey(IndicatorKind.EMA, (9,)),
    IndicatorKey(IndicatorKind.EMA_SLOPE, (9, 3)),
    IndicatorKey(IndicatorKind.ATR, (7,)),
    IndicatorKey(IndicatorKind.RSI, (7,)),
    IndicatorKey(IndicatorKind.ADX, (7,)),
    IndicatorKey(IndicatorKind.BOLLINGER, (20, 1.5)),
    IndicatorKey(IndicatorKind.DONCHIAN, (3,)),
    IndicatorKey(IndicatorKind.EFFICIENCY, (10,)),
    IndicatorKey(IndicatorKind.FLOW, (3,)),
]
WINDOW = 60


def place(candles, key, symbol="X", frame=Timeframe.M15):
    return CacheKey(symbol, frame, candles[-1].open_time_ms, key)


def test_hit_equals_a_fresh_value_for_a_thousand_random_questions():
    candles, dice, cache = made_candles(200, seed=4), random.Random(1), IndicatorCache(400)
    for _ in range(1_000):
        end = dice.randint(WINDOW, len(candles))
        window, key = candles[end - WINDOW : end], dice.choice(KEYS)
        found = cache.get(place(window, key), lambda window=window, key=key: values_after(key, window))
        assert found == values_after(key, window)
    assert cache.hits > 200
    assert cache.misses > 200


def test_every_indicator_changes_with_a_new_candle_although_the_window_has_the_same_length():
    candles, cache = made_candles(300, seed=5), IndicatorCache()
    for key in KEYS:
        for end in (200, 201, 202, 203):
            window = candles[end - 150 : end]
            cache.get(place(window, key), lambda window=window, key=key: values_after(key, window))
    assert (cache.hits, cache.misses) == (0, 4 * len(KEYS))


@pytest.mark.parametrize(
    "other",
    [
        {"symbol": "Y"},
        {"timeframe": Timeframe.H1},
        {"last_open_ms": 901},
        {"asked": IndicatorKey(IndicatorKind.EMA, (10,))},
    ],
)
def test_nothing_is_shared_between_symbols_frames_candles_or_parameters(other):
    cache = IndicatorCache()
    key = CacheKey("X", Timeframe.M15, 900, IndicatorKey(IndicatorKind.EMA, (9,)))
    assert cache.get(key, lambda: 1.0) == 1.0
    assert cache.get(key._replace(**other), lambda: 2.0) == 2.0
    assert cache.get(key, lambda: 3.0) == 1.0


def test_cache_forgets_what_was_not_asked_for_longest():
    cache = IndicatorCache(3)
    keys = [CacheKey("X", Timeframe.M15, number, "anything") for number in range(5)]
    for key in (*keys[:3], keys[0], keys[3]):
        cache.get(key, lambda key=key: key.last_open_ms)
    assert len(cache) == 3
    assert cache.get(keys[0], lambda: "again") == 0
    assert cache.get(keys[1], lambda: "again") == "again"


def test_value_that_is_not_available_is_kept_too():
    cache = IndicatorCache()
    key = CacheKey("X", Timeframe.M15, 0, "x")
    assert [cache.get(key, lambda: None) for _ in range(3)] == [None, None, None]
    assert (cache.hits, cache.misses) == (2, 1)


def test_usual_set_answers_for_its_own_indicators_as_a_fresh_one_fed_with_the_same_candles():
    candles, frame = made_candles(900, seed=6), FrameIndicators(Timeframe.M15)
    for bar in candles:
        frame.update(bar)
    usual = [
        *(IndicatorKey(IndicatorKind.EMA, (length,)) for length in (5, 9, 13, 20, 21, 50, 200)),
        *(IndicatorKey(IndicatorKind.EMA_SLOPE, pair) for pair in ((20, 5), (50, 10), (200, 10))),
        *(IndicatorKey(kind, (14,)) for kind in (IndicatorKind.ATR, IndicatorKind.ADX, IndicatorKind.RSI)),
    ]
    for key in usual:
        assert frame.usual_values(key) == values_after(key, candles)
        assert frame.usual_values(replace(key, parameters=tuple(each + 90 for each in key.parameters))) is None
    assert frame.usual_values(IndicatorKey(IndicatorKind.DONCHIAN, (20,))) is None
