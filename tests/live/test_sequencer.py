"""The order keeper: every closed bar once, in order, longer bars only from complete parts."""

from __future__ import annotations

import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.domain.candle import Candle
from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.live.sequencer import Close, Hole, SymbolSequencer, merge_candles, newest_run
from futtui.storage.candle_arrays import FIGURES, CandleArrays, combined

QUARTER = Timeframe.M15.ms
MIDNIGHT = 20_000 * DAY_MS


def bar(index: int, price: float = 100.0, taker: float | None = 4.0) -> Candle:
    return Candle(MIDNIGHT + index * QUARTER, price, price + 2, price - 1, price + 1, 10.0, 1000.0, 5, taker, 400.0)


def fed(count: int, first: int = 0) -> list[Close]:
    sequencer = SymbolSequencer("BTCUSDT")
    sequencer.start({Timeframe.M15: [bar(first - 1)]})
    closes = [sequencer.accept(bar(first + index, 100 + index % 7)) for index in range(count)]
    assert all(isinstance(close, Close) for close in closes)
    return closes  # type: ignore[return-value]


def test_sequencer_full_day_closes_each_timeframe_exactly_as_often_as_it_fits() -> None:
    closes = fed(96)
    frames = [frame for close in closes for frame, _ in close.bars]
    assert {frame: frames.count(frame) for frame in set(frames)} == {
        Timeframe.M15: 96,
        Timeframe.H1: 24,
        Timeframe.H4: 6,
        Timeframe.D1: 1,
    }


def test_sequencer_last_quarter_of_the_day_closes_seniors_first_at_the_same_moment() -> None:
    last = fed(96)[-1]
    assert [frame for frame, _ in last.bars] == [Timeframe.D1, Timeframe.H4, Timeframe.H1, Timeframe.M15]
    assert all(frame.end_ms(candle.open_time_ms) == last.time_ms for frame, candle in last.bars)


def test_sequencer_longer_bar_equals_its_quarters() -> None:
    closes = fed(96)
    day = dict(closes[-1].bars)[Timeframe.D1]
    quarters = [dict(close.bars)[Timeframe.M15] for close in closes]
    assert day.open == quarters[0].open
    assert day.close == quarters[-1].close
    assert day.high == max(quarter.high for quarter in quarters)
    assert day.low == min(quarter.low for quarter in quarters)
    assert day.volume == 960.0
    assert day.taker_buy_volume == 384.0


def test_merge_candles_unknown_taker_volume_stays_unknown() -> None:
    merged = merge_candles([bar(0), bar(1, taker=None), bar(2)])
    assert merged.taker_buy_volume is None
    assert merged.quote_volume == 3000.0


def test_sequencer_started_inside_a_day_does_not_build_a_day_from_a_part_of_it() -> None:
    closes = fed(48, first=48)
    assert closes[-1].incomplete == (Timeframe.D1,)
    assert Timeframe.D1 not in dict(closes[-1].bars)
    assert Timeframe.H4 in dict(closes[-1].bars)


def test_sequencer_missing_bar_is_reported_as_a_hole_and_changes_nothing() -> None:
    sequencer = SymbolSequencer("BTCUSDT")
    sequencer.start({Timeframe.M15: [bar(0)]})
    assert sequencer.accept(bar(4)) == Hole("BTCUSDT", bar(1).open_time_ms, bar(3).open_time_ms)
    assert isinstance(sequencer.accept(bar(1)), Close)
    assert isinstance(sequencer.accept(bar(2)), Close)
    assert isinstance(sequencer.accept(bar(3)), Close)
    assert isinstance(sequencer.accept(bar(4)), Close)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 30), max_size=120), st.integers(0, 2**16))
def test_sequencer_repeated_and_shuffled_bars_close_each_bar_once_in_order(extra: list[int], seed: int) -> None:
    sequencer = SymbolSequencer("BTCUSDT")
    sequencer.start({Timeframe.M15: [bar(-1)]})
    arrivals = [*range(31), *extra]
    random.Random(seed).shuffle(arrivals)
    waiting: dict[int, Candle] = {}
    seen: list[int] = []
    for index in arrivals:
        waiting[index] = bar(index)
        for candidate in sorted(waiting):
            outcome = sequencer.accept(waiting[candidate])
            if isinstance(outcome, Hole):
                break
            del waiting[candidate]
            if outcome is not None:
                seen.append(outcome.bars[-1][1].open_time_ms)
    assert seen == [bar(index).open_time_ms for index in range(31)]


def test_newest_run_history_before_a_hole_is_cut_off() -> None:
    bars = [bar(0), bar(1), bar(3), bar(4), bar(4)]
    assert [candle.open_time_ms for candle in newest_run(bars, Timeframe.M15)] == [
        bar(3).open_time_ms,
        bar(4).open_time_ms,
    ]


def test_merged_and_combined_candles_have_the_decimal_sum_of_their_volumes() -> None:
    volumes = (0.1, 0.2, 0.3, 0.1)
    quarters = [
        Candle(number * Timeframe.M15.ms, 1.0, 1.0, 1.0, 1.0, volume, volume) for number, volume in enumerate(volumes)
    ]
    hour = merge_candles(quarters)
    assert (hour.volume, hour.quote_volume) == (0.7, 0.7)
    columns = [[bar.open for bar in quarters]] * 4 + [list(volumes)] * 2 + [[float("nan")] * 4] * 3
    arrays = CandleArrays(np.array([bar.open_time_ms for bar in quarters]), np.array(columns))
    together = combined(arrays, Timeframe.M15.ms, Timeframe.H1.ms)
    assert together.figures[FIGURES.index("volume")].tolist() == [0.7]
    assert 0.1 + 0.2 + 0.3 + 0.1 != 0.7
