"""History comes whole, closed and without asking twice; holes are told apart from what was never fetched."""

from __future__ import annotations

from collections import Counter

import pytest

from futtui.domain.candle import Candle
from futtui.domain.effects import Say
from futtui.domain.errors import ExchangeError
from futtui.domain.symbols import SymbolRules, to_decimal
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES, DAY_MS, Timeframe
from futtui.exchange.binance.weights import klines_weight
from futtui.live.gap_ledger import GapLedger
from futtui.live.gaps import GapFiller
from futtui.live.loader import HistoryLoader
from futtui.live.sequencer import Close, Hole
from futtui.live.settings import HistorySettings
from futtui.live.symbol_state import Phase, SymbolState
from tests.live.fake_market import FakeMarket, FakeStore, bars

NOW_MS = 20_000 * DAY_MS + 7 * 3_600_000 + 123_456
SMALL = HistorySettings(bars_15m=2000, bars_1h=300, bars_4h=100, bars_1d=50)


def rules(symbol: str = "BTCUSDT") -> SymbolRules:
    tick, step, large = to_decimal("0.1"), to_decimal("0.001"), to_decimal("1000000")
    return SymbolRules(symbol, "BTC", tick, step, step, large, large, to_decimal(5), tick, large)


async def test_loader_cold_start_pages_and_ends_at_the_last_closed_bar() -> None:
    market, store = FakeMarket(0, NOW_MS), FakeStore()
    history = await HistoryLoader(market, store, SMALL).load("BTCUSDT", NOW_MS)
    for frame in ANALYSIS_TIMEFRAMES:
        assert len(history[frame]) == SMALL.bars(frame)
        assert history[frame][-1].open_time_ms == frame.last_closed_open_ms(NOW_MS)
    assert [limit for _, frame, _, limit in market.requests if frame is Timeframe.M15] == [499, 499, 499, 499, 4]


async def test_loader_warm_start_asks_only_for_what_is_missing() -> None:
    market, store = FakeMarket(0, NOW_MS), FakeStore()
    loader = HistoryLoader(market, store, SMALL)
    first = await loader.load("BTCUSDT", NOW_MS)
    market.requests.clear()
    assert await loader.load("BTCUSDT", NOW_MS) == first
    assert market.requests == []
    market.now_ms += 2 * Timeframe.H1.ms
    later = await loader.load("BTCUSDT", market.now_ms)
    asked = [(frame, limit) for _, frame, _, limit in market.requests]
    assert asked == [(Timeframe.M15, 8)]
    assert later[Timeframe.H1][-1].open_time_ms == Timeframe.H1.last_closed_open_ms(market.now_ms)
    assert later[Timeframe.M15] == bars(Timeframe.M15, later[Timeframe.M15][0].open_time_ms, 2000)


async def test_loader_young_coin_gives_what_exists() -> None:
    market = FakeMarket(NOW_MS - 3 * DAY_MS, NOW_MS)
    history = await HistoryLoader(market, FakeStore(), SMALL).load("NEWUSDT", NOW_MS)
    assert 280 < len(history[Timeframe.M15]) <= 288
    assert len(history[Timeframe.D1]) == 2


async def test_loader_longer_bars_come_from_quarter_hours_as_far_as_these_reach() -> None:
    market, store = FakeMarket(0, NOW_MS), FakeStore()
    wanted = HistorySettings(bars_15m=8640, bars_1h=2160, bars_4h=600, bars_1d=120)
    history = await HistoryLoader(market, store, wanted).load("BTCUSDT", NOW_MS)
    assert [len(history[frame]) for frame in ANALYSIS_TIMEFRAMES] == [120, 600, 2160, 8640]
    weights = Counter[Timeframe]()
    for _, frame, _, limit in market.requests:
        weights[frame] += klines_weight(limit)
    assert weights == {Timeframe.M15: 36, Timeframe.H4: 1, Timeframe.D1: 1}
    kept = store.rows["BTCUSDT", Timeframe.H1]
    assert list(kept.values()) == sorted(history[Timeframe.H1], key=lambda bar: bar.open_time_ms)


async def test_loader_longer_bar_with_a_quarter_hour_missing_is_asked_for() -> None:
    hole_ms = Timeframe.H1.last_closed_open_ms(NOW_MS) - 5 * Timeframe.H1.ms
    market = FakeMarket(0, NOW_MS, missing=[hole_ms + Timeframe.M15.ms])
    history = await HistoryLoader(market, FakeStore(), SMALL).load("BTCUSDT", NOW_MS)
    asked = [start for _, frame, start, _ in market.requests if frame is Timeframe.H1]
    assert asked == [hole_ms]
    assert len(history[Timeframe.H1]) == SMALL.bars_1h


async def test_loader_hole_in_what_is_stored_is_all_that_is_asked_for() -> None:
    market, store = FakeMarket(0, NOW_MS), FakeStore()
    loader = HistoryLoader(market, store, SMALL)
    first = await loader.load("BTCUSDT", NOW_MS)
    lost = first[Timeframe.M15][700:703]
    for bar in lost:
        del store.rows["BTCUSDT", Timeframe.M15][bar.open_time_ms]
    market.requests.clear()
    assert await loader.load("BTCUSDT", NOW_MS) == first
    assert market.requests == [("BTCUSDT", Timeframe.M15, lost[0].open_time_ms, 3)]


async def test_loader_candles_that_the_exchange_is_known_not_to_have_are_not_asked_for_again() -> None:
    hole_ms = Timeframe.M15.last_closed_open_ms(NOW_MS) - 40 * Timeframe.M15.ms
    market, store = FakeMarket(0, NOW_MS, missing=[hole_ms]), FakeStore()
    loader = HistoryLoader(market, store, SMALL)
    first = await loader.load("BTCUSDT", NOW_MS)
    market.requests.clear()
    loader.voids = lambda symbol, frame: [(hole_ms, hole_ms)] if frame is Timeframe.M15 else []
    assert await loader.load("BTCUSDT", NOW_MS) == first
    assert market.requests == []


async def test_loader_nothing_older_than_the_listing_is_asked_for() -> None:
    listed_ms = NOW_MS - 5 * DAY_MS
    market = FakeMarket(listed_ms, NOW_MS)
    loader = HistoryLoader(market, FakeStore(), SMALL)
    await loader.load("NEWUSDT", NOW_MS, listed_ms=listed_ms)
    assert sum(klines_weight(limit) for *_, limit in market.requests) <= 6
    asked = len(market.requests)
    await loader.load("NEWUSDT", NOW_MS, listed_ms=listed_ms)
    assert all(limit == 1 for *_, limit in market.requests[asked:])


async def test_loader_after_a_failure_goes_on_behind_the_last_page_that_came() -> None:
    market, store = FakeMarket(0, NOW_MS), FakeStore()
    loader = HistoryLoader(market, store, SMALL)

    def breaks_down() -> None:
        market.down = len(market.requests) >= 3

    with pytest.raises(ExchangeError):
        await loader.load("BTCUSDT", NOW_MS, on_page=breaks_down)
    market.down = False
    market.requests.clear()
    history = await loader.load("BTCUSDT", NOW_MS)
    assert [limit for _, frame, _, limit in market.requests if frame is Timeframe.M15] == [499, 4]
    assert history[Timeframe.M15] == bars(Timeframe.M15, history[Timeframe.M15][0].open_time_ms, 2000)


async def test_loader_history_before_a_hole_of_the_exchange_is_not_used() -> None:
    hole_ms = Timeframe.M15.last_closed_open_ms(NOW_MS) - 40 * Timeframe.M15.ms
    market = FakeMarket(0, NOW_MS, missing=[hole_ms])
    history = await HistoryLoader(market, FakeStore(), SMALL).load("BTCUSDT", NOW_MS)
    assert history[Timeframe.M15][0].open_time_ms == hole_ms + Timeframe.M15.ms
    assert len(history[Timeframe.M15]) == 40


class _Desk:
    """Collects what a gap filler hands on."""

    def __init__(self, market: FakeMarket) -> None:
        self.closes: list[Close] = []
        self.lines: list[Say] = []
        self.reloaded: list[str] = []
        loader = HistoryLoader(market, FakeStore(), SMALL)
        self.filler = GapFiller(loader, self.closes.append, self.lines.append, self._reload, Counter(), GapLedger())

    async def _reload(self, state: SymbolState) -> None:
        self.reloaded.append(state.symbol)


def _state(first_open_ms: int) -> SymbolState:
    state = SymbolState("BTCUSDT", rules(), phase=Phase.READY)
    state.sequencer.start({Timeframe.M15: bars(Timeframe.M15, first_open_ms, 1)})
    return state


async def test_gap_filler_missing_bars_come_in_order_before_the_buffered_ones() -> None:
    start = NOW_MS - NOW_MS % Timeframe.M15.ms - 20 * Timeframe.M15.ms
    row = bars(Timeframe.M15, start, 8)
    desk, state = _Desk(FakeMarket(0, NOW_MS)), _state(start)
    hole = state.sequencer.accept(row[5])
    assert isinstance(hole, Hole)
    state.buffered = [row[6], row[5]]
    await desk.filler.fill(state, hole)
    assert [close.bars[-1][1].open_time_ms for close in desk.closes] == [bar.open_time_ms for bar in row[1:7]]
    assert state.phase is Phase.READY
    assert desk.filler.bars_filled == 4


async def test_gap_filler_exchange_without_the_bars_loads_the_symbol_anew_and_says_so() -> None:
    start = NOW_MS - NOW_MS % Timeframe.M15.ms - 20 * Timeframe.M15.ms
    row = bars(Timeframe.M15, start, 8)
    desk = _Desk(FakeMarket(0, NOW_MS, missing=[row[2].open_time_ms]))
    await desk.filler.fill(_state(start), Hole("BTCUSDT", row[1].open_time_ms, row[4].open_time_ms))
    assert desk.reloaded == ["BTCUSDT"]
    assert "exchange itself has no 1" in desk.lines[0].text
    assert desk.closes == []


async def test_gap_filler_exchange_down_keeps_the_symbol_waiting_and_tries_later() -> None:
    market = FakeMarket(0, NOW_MS)
    market.down = True
    start = NOW_MS - NOW_MS % Timeframe.M15.ms - 20 * Timeframe.M15.ms
    desk, state = _Desk(market), _state(start)
    hole = Hole("BTCUSDT", start + Timeframe.M15.ms, start + 2 * Timeframe.M15.ms)
    await desk.filler.fill(state, hole)
    assert state.phase is Phase.FILLING
    assert state.next_try_ms > 0
    market.down = False
    await desk.filler.fill(state, hole)
    assert state.phase is Phase.READY
    assert len(desk.closes) == 2


async def test_gap_filler_candle_that_the_stream_brings_while_the_exchange_is_asked_is_not_called_missing() -> None:
    start = NOW_MS - NOW_MS % Timeframe.M15.ms - 20 * Timeframe.M15.ms
    row = bars(Timeframe.M15, start, 3)
    desk, state = _Desk(FakeMarket(0, NOW_MS, missing=[row[1].open_time_ms])), _state(start)
    state.buffered = [row[1]]
    await desk.filler.fill(state, Hole("BTCUSDT", row[1].open_time_ms, row[1].open_time_ms))
    assert desk.reloaded == []
    assert [close.bars[-1][1] for close in desk.closes] == [row[1]]
    assert state.phase is Phase.READY
    assert desk.filler.bars_filled == 0


async def test_gap_filler_mistake_of_ours_leaves_the_symbol_to_be_loaded_anew() -> None:
    market = FakeMarket(0, NOW_MS)

    async def broken(*_: object, **__: object) -> list[Candle]:
        raise KeyError("a mistake of ours")

    market.klines = broken  # type: ignore[method-assign,assignment]
    desk, state = _Desk(market), _state(NOW_MS - NOW_MS % Timeframe.M15.ms)
    await desk.filler.fill(state, Hole("BTCUSDT", NOW_MS, NOW_MS))
    assert state.phase is Phase.NEW
    assert state.next_try_ms > 0
