"""What a cold start, a restart and an hour offline cost, over the wire, in the exchange's own time and count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from benchmarks._virtual_exchange import virtual_exchange
from benchmarks.cold_start import MemoryStore, come_back, few, history_of, load_all, many, names
from futtui.domain.candle import Candle
from futtui.domain.effects import PlaceOrder
from futtui.domain.orders import OrderPurpose
from futtui.domain.reading import AnalysisResult
from futtui.domain.signal import SignalStatus
from futtui.domain.timeframe import HOUR_MS, Timeframe
from futtui.exchange.binance.weights import kline_pages, klines_weight
from futtui.live.analysis_rounds import AnalysisRounds
from futtui.live.blind import BlindWatch
from futtui.live.gap_ledger import GapLedger
from futtui.live.loader import HistoryLoader
from futtui.live.sequencer import BASE, merge_candles
from futtui.live.strategy_watch import StrategyWatch
from tests.desk.world import World, raw_signal, reading
from tests.live.small_engine import QuietZoneBook

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


class _EagerAnalyzers:
    """A signal at every close."""

    async def on_closes(self, symbol: str, closes: Sequence[tuple[Timeframe, Candle]]) -> AnalysisResult:
        time_ms = max(frame.end_ms(bar.open_time_ms) for frame, bar in closes)
        return AnalysisResult(reading(symbol, time_ms=time_ms), (raw_signal(symbol=symbol, time_ms=time_ms),))


async def test_hour_offline_with_240_symbols_sends_no_signal_older_than_one_bar() -> None:
    """Every close that was missed brings a signal of every symbol; only those of the newest close may become orders."""
    symbols = names(240)
    async with virtual_exchange(symbols) as world:
        loader = HistoryLoader(world.rest, MemoryStore(), history_of(2))
        cold = await load_all(world, loader, symbols)
        trades = World(symbols=tuple(symbols))
        states: dict[str, Any] = {
            symbol: SimpleNamespace(symbol=symbol, reading=None, verdicts=()) for symbol in symbols
        }
        rounds = AnalysisRounds(
            *(_EagerAnalyzers(), loader, SimpleNamespace(submit=trades.send), states, world.now_ms, Counter()),
            *(QuietZoneBook(), GapLedger(), BlindWatch(lambda *_: None), StrategyWatch(lambda *_: None)),
        )
        back, closes = await come_back(world, loader, cold, HOUR_MS / 1000, rounds.add)
        trades.now_ms = world.now_ms()
        for symbol in symbols:
            trades.price(100.0, symbol=symbol, step_ms=0)
        await world.run(rounds.run_once())
        now_ms = world.now_ms()
    assert (closes, len(trades.signals)) == (4 * 240, 4 * 240)
    assert back.weight <= 1000
    assert back.exchange_s < 60.0
    sent = [signal for signal in trades.signals.values() if signal.status is not SignalStatus.REFUSED]
    assert sent, "those of the newest close are sent"
    assert all(0 <= now_ms - signal.raw.time_ms <= BASE.ms for signal in sent)
    old = [signal for signal in trades.signals.values() if now_ms - signal.raw.time_ms > BASE.ms]
    assert len(old) == 3 * 240
    assert all("missed while offline" in signal.status_reason for signal in old)
    orders = [effect.intent for effect in trades.effects if isinstance(effect, PlaceOrder)]
    entries = [intent for intent in orders if intent.purpose is OrderPurpose.ENTRY]
    assert {intent.symbol for intent in entries} == {signal.raw.symbol for signal in sent}
    assert len(entries) == len(sent)
