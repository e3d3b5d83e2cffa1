"""What a cold start, a restart and an hour offline cost, over the wire, in the exchange's own time and count."""

from __future__ import annotations

from pathlib import Path

from benchmarks._virtual_exchange import virtual_exchange
from benchmarks.cold_start import MemoryStore, come_back, few, history_of, load_all, many, names
from futtui.domain.timeframe import HOUR_MS, Timeframe
from futtui.exchange.binance.weights import kline_pages, klines_weight
from futtui.live.loader import HistoryLoader
from futtui.live.sequencer import BASE, merge_candles

CAP = 1680
START = 46
"""Time 1, rules 1 or 2, turnover of all symbols 40, best prices of all 5."""


async def test_cold_start_takes_longer_bars_from_quarter_hours_and_stays_under_the_cap() -> None:
    """12 symbols of 90 days in one go cost what their quarter hours cost, and at most four small requests each."""
    history = history_of(90)
    quarter_hours = sum(map(klines_weight, kline_pages(history.bars(BASE))))
    cold, back, closes = await many(12, history)
    assert cold.ready(history) == 12
    assert 12 * quarter_hours < cold.weight <= 12 * (quarter_hours + 4) + START + 6
    assert cold.worst_minute <= CAP
    assert (back.weight, closes) == (12 + 7, 12 * 4)
    assert back.exchange_s < 2.0


async def test_start_that_needs_more_than_a_minute_allows_waits_for_the_next_and_is_never_refused() -> None:
    """Twice what fits into a minute: nothing is refused (a 429 would halve the pace for ten minutes)."""
    symbols = names(60)
    async with virtual_exchange(symbols) as world:
        cold = await load_all(world, HistoryLoader(world.rest, MemoryStore(), history_of(90)), symbols)
        assert world.rest.budget.view().gate == "open"
    assert cold.ready(history_of(90)) == 60
    assert 0.8 * CAP < cold.worst_minute <= CAP < cold.weight
    assert 60.0 < cold.exchange_s < 120.0


async def test_restart_asks_for_a_page_a_symbol_and_brings_the_same_bars(tmp_path: Path) -> None:
    history = history_of(30)
    first, second = await few(6, history, tmp_path)
    assert (first.ready(history), second.ready(history)) == (6, 6)
    assert second.weight <= START + 6 + 6 * 2
    assert second.exchange_s < 2.0
    for symbol, bars in first.histories.items():
        again = second.histories[symbol]
        hours = {bar.open_time_ms: bar for bar in again[Timeframe.H1]}
        assert all(hours[bar.open_time_ms] == bar for bar in bars[Timeframe.H1] if bar.open_time_ms in hours)
        newest = again[Timeframe.H1][-1]
        parts = [bar for bar in again[BASE] if newest.open_time_ms <= bar.open_time_ms < newest.open_time_ms + HOUR_MS]
        assert merge_candles(parts) == newest


async def test_hole_of_an_hour_is_caught_up_with_one_small_request_a_symbol_and_every_close_in_order() -> None:
    symbols = names(40)
    async with virtual_exchange(symbols) as world:
        loader = HistoryLoader(world.rest, MemoryStore(), history_of(10))
        cold = await load_all(world, loader, symbols)
        back, closes = await come_back(world, loader, cold, HOUR_MS / 1000)
    assert (back.requests, back.weight, closes) == (40 + 7, 40 + 7, 40 * 4)
    assert back.exchange_s < 60.0
