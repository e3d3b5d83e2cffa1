"""Quarter hours closed by our own clock: when, from what, and what becomes of them when the exchange speaks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from futtui.domain.candle import Candle, FormingCandle
from futtui.domain.position import TradingMode
from futtui.domain.timeframe import MINUTE_MS, Timeframe
from futtui.live import watchdog
from futtui.live.provisional import ProvisionalCloses
from futtui.live.sequencer import Close, Hole
from futtui.live.symbol_state import Phase, SymbolState
from tests.live.engine_world import (
    QUARTER_MS,
    START_MS,
    SYMBOLS,
    exchange,
    server_config,
    until,
    watched,
    wired,
)
from tests.live.small_engine import NOW_MS, SmallEngine

END_MS = NOW_MS + QUARTER_MS
BAR = Candle(NOW_MS, 100.0, 102.0, 99.0, 101.0, 7.0, 700.0, 9, 4.0, 400.0)


def forming(open_ms: int = NOW_MS, time_ms: int = END_MS - 100, close: float = 101.0, high: float = 102.0):  # type: ignore[no-untyped-def]
    return FormingCandle(open_ms, 100.0, high, 99.0, close, 7.0, time_ms)


def figures(bar: Candle) -> tuple[float, ...]:
    return (bar.open_time_ms, bar.open, bar.high, bar.low, bar.close, bar.volume)


def small() -> tuple[SmallEngine, ProvisionalCloses, SymbolState]:
    engine = SmallEngine("BTCUSDT")
    return engine, ProvisionalCloses(engine), engine.ready("BTCUSDT")  # type: ignore[arg-type]


def test_bar_is_closed_300_ms_after_its_end_and_the_exchange_is_asked_once_after_a_second() -> None:
    engine, closes, state = small()
    closes.saw("BTCUSDT", forming())
    closes.look(END_MS + 299)
    assert closes.candle("BTCUSDT") is None
    closes.look(END_MS + 300)
    assert closes.candle("BTCUSDT") == Candle(NOW_MS, 100.0, 102.0, 99.0, 101.0, 7.0)
    assert state.unconfirmed_ms == NOW_MS
    closes.look(END_MS + 999)
    assert not engine.repaired
    closes.look(END_MS + 1_000)
    closes.look(END_MS + 1_200)
    assert engine.repaired == [Hole("BTCUSDT", NOW_MS, NOW_MS)]
    assert state.phase is Phase.FILLING


def test_first_look_after_the_end_never_asks_so_that_a_busy_pc_reads_its_messages_first() -> None:
    engine, closes, _ = small()
    closes.look(END_MS + 3_000)
    assert not engine.repaired
    closes.look(END_MS + 3_200)
    assert engine.repaired


def test_bar_that_the_next_one_has_replaced_in_the_stream_is_still_known() -> None:
    _, closes, _ = small()
    closes.saw("BTCUSDT", forming(close=101.5))
    closes.saw("BTCUSDT", forming(END_MS, END_MS + 250, close=90.0))
    closes.saw("BTCUSDT", forming(close=88.0, time_ms=END_MS - 500))
    closes.look(END_MS + 300)
    bar = closes.candle("BTCUSDT")
    assert bar is not None
    assert (bar.open_time_ms, bar.close) == (NOW_MS, 101.5)


def test_bar_of_which_nothing_was_seen_is_asked_for_but_never_made_up() -> None:
    engine, closes, state = small()
    closes.saw("BTCUSDT", forming(NOW_MS - QUARTER_MS, NOW_MS - 100))
    closes.look(END_MS + 300)
    closes.look(END_MS + 1_000)
    assert closes.candle("BTCUSDT") is None
    assert state.unconfirmed_ms is None
    assert engine.counts["provisional"] == 0
    assert engine.repaired == [Hole("BTCUSDT", NOW_MS, NOW_MS)]


def test_several_missing_bars_are_the_watchdogs_matter() -> None:
    engine, closes, _ = small()
    closes.saw("BTCUSDT", forming(END_MS, END_MS + QUARTER_MS - 100))
    closes.look(END_MS + QUARTER_MS + 300)
    closes.look(END_MS + QUARTER_MS + 1_000)
    assert closes.candle("BTCUSDT") is None
    assert not engine.repaired


@pytest.mark.parametrize(
    ("last_close", "last_high", "kind", "told"),
    [
        (101.0, 102.0, "provisional_confirmed", ""),
        (100.5, 102.0, "provisional_corrected", "close 101, not 100.5"),
        (101.0, 101.5, "provisional_corrected", "high 102, not 101.5"),
    ],
)
def test_exchanges_own_candle_confirms_or_corrects_the_provisional_one(
    last_close: float, last_high: float, kind: str, told: str
) -> None:
    engine, closes, state = small()
    closes.saw("BTCUSDT", forming(close=last_close, high=last_high))
    closes.look(END_MS + 300)
    closes.settle(Close("BTCUSDT", END_MS, ((Timeframe.M15, BAR),)))
    assert closes.candle("BTCUSDT") is None
    assert state.unconfirmed_ms is None
    assert engine.counts[kind] == engine.counts["provisional"] == 1
    assert engine.counts["provisional_confirmed"] + engine.counts["provisional_corrected"] == 1
    assert [text for _, _, text in engine.lines if told and told in text] == [text for _, _, text in engine.lines]
    assert bool(engine.lines) == bool(told)
    closes.settle(Close("BTCUSDT", END_MS, ((Timeframe.M15, BAR),)))
    assert engine.counts[kind] == 1


def test_last_trades_that_change_only_the_volume_are_counted_but_nobody_is_told() -> None:
    engine, closes, _ = small()
    closes.saw("BTCUSDT", forming())
    closes.look(END_MS + 300)
    closes.settle(Close("BTCUSDT", END_MS, ((Timeframe.M15, replace(BAR, volume=7.5)),)))
    assert engine.counts["provisional_corrected"] == 1
    assert not engine.lines


def test_history_loaded_anew_and_symbols_that_left_end_the_waiting() -> None:
    engine, closes, state = small()
    closes.saw("BTCUSDT", forming())
    closes.look(END_MS + 300)
    engine.ready("BTCUSDT", NOW_MS)
    closes.look(END_MS + 500)
    assert closes.candle("BTCUSDT") is None
    assert state.unconfirmed_ms is None
    engine.ready("BTCUSDT")
    closes.look(END_MS + 600)
    assert closes.candle("BTCUSDT") is not None
    engine.states.clear()
    closes.look(END_MS + 700)
    assert closes.candle("BTCUSDT") is None


async def test_without_lockstep_missing_closes_are_asked_for_by_our_own_clock_long_before_the_watchdog(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog, "CLOSE_GRACE_S", 3_600.0)
    async with exchange(server_config(speed=300.0, start_ms=START_MS + 10 * MINUTE_MS)) as world:
        engine = wired(tmp_path / "a.db", world, mode=TradingMode.SIGNALS, lockstep=False, speed=300.0).build()
        try:
            world.fault("{action: drop, event: klineClosed}")
            await engine.open()
            first = watched(engine).history["BTCUSDT", Timeframe.M15][-1] + QUARTER_MS

            def seen() -> bool:
                return all(len(watched(engine).opens(symbol, Timeframe.M15)) >= 2 for symbol in SYMBOLS)

            await until(seen, 30.0)
            for symbol in SYMBOLS:
                assert watched(engine).opens(symbol, Timeframe.M15)[:2] == [first, first + QUARTER_MS]
            assert engine.counts["provisional"] >= 2
            assert engine.counts["provisional_confirmed"] + engine.counts["provisional_corrected"] >= 2
            newest = min(state.sequencer.last_open_ms or 0 for state in engine.states.values())
            for symbol in SYMBOLS:
                bars = [bar for bar in watched(engine).seen[symbol, Timeframe.M15] if bar.open_time_ms <= newest]
                true = world.candles(symbol, Timeframe.M15, first, newest + QUARTER_MS)
                assert [figures(bar) for bar in bars] == [figures(bar) for bar in true]
        finally:
            await engine.stop()
