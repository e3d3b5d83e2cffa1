"""Missing candles as ranges: nothing forgotten, nothing asked twice, and never dearer than need be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from futtui.domain.timeframe import Timeframe
from futtui.exchange.binance.weights import MAX_KLINES, kline_pages, klines_weight
from futtui.live.candle_ranges import joined_ranges, missing_ranges, put_together, range_weight
from futtui.live.sequencer import SENIORS, Close, SymbolSequencer
from tests.live.fake_market import bars

FRAME = Timeframe.M15
DAY_BARS = 96


@given(st.sets(st.integers(0, 400)), st.integers(0, 300), st.integers(0, 300))
def test_missing_ranges_with_what_is_known_make_up_the_whole(known: set[int], first: int, last: int) -> None:
    opens = [index * FRAME.ms for index in sorted(known)]
    ranges = missing_ranges(opens, FRAME, first * FRAME.ms, last * FRAME.ms)
    asked = [index for low, high in ranges for index in range(low // FRAME.ms, high // FRAME.ms + 1)]
    assert asked == [index for index in range(first, last + 1) if index not in known]


@given(st.sets(st.integers(0, 4000), min_size=1, max_size=30))
def test_joined_ranges_cover_all_and_weigh_no_more(known: set[int]) -> None:
    ranges = missing_ranges([index * FRAME.ms for index in sorted(known)], FRAME, 0, 4000 * FRAME.ms)
    joined = joined_ranges(ranges, FRAME)
    assert all(any(low <= first and last <= high for low, high in joined) for first, last in ranges)
    assert sum(range_weight(each, FRAME) for each in joined) <= sum(range_weight(each, FRAME) for each in ranges)
    assert len(joined) <= len(ranges)


def test_kline_pages_no_other_split_weighs_less() -> None:
    least = [0]
    for count in range(1, 3_200):
        tiers = (99, 499, 1000, MAX_KLINES)
        least.append(min(least[max(0, count - tier)] + klines_weight(tier) for tier in tiers))
        pages = kline_pages(count)
        assert sum(pages) == count
        assert sum(map(klines_weight, pages)) == least[count]


@given(st.integers(0, DAY_BARS), st.integers(1, 3 * DAY_BARS))
def test_put_together_gives_the_bars_that_the_live_sequencer_gives(skipped: int, count: int) -> None:
    first_ms = 20_000 * DAY_BARS * FRAME.ms + skipped * FRAME.ms
    base = bars(FRAME, first_ms, count)
    sequencer, live = SymbolSequencer("BTCUSDT"), {frame: [] for frame in SENIORS}
    for bar in base:
        close = sequencer.accept(bar)
        assert isinstance(close, Close)
        for frame, merged in close.bars:
            if frame in live:
                live[frame].append(merged)
    for frame in SENIORS:
        whole = [(frame.open_ms(first_ms), base[-1].open_time_ms)]
        assert put_together(base, frame, whole) == live[frame]
