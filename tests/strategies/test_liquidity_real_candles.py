"""Both liquidity forms on real candles: they speak, their plans are sound, and the future does not matter."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from futtui.analysis.analyzer import SymbolAnalyzer
from futtui.domain.signal import RawSignal, Trigger, check_levels
from tests.analysis.markets import WARM_UP_BARS, all_frames, at, real_quarters, split

SYMBOLS = ("ETHUSDT", "DOGEUSDT")
FIRST, LAST = "2024-01-01", "2024-04-01"


@cache
def found(symbol: str, last: str = LAST) -> tuple[RawSignal, ...]:
    past, moments = split(all_frames(real_quarters(symbol, "2023-07-01", last)), at(FIRST), WARM_UP_BARS)
    analyzer = SymbolAnalyzer(symbol)
    analyzer.load(past)
    signals = (signal for closes in moments.values() for signal in analyzer.on_closes(closes).signals)
    return tuple(signal for signal in signals if signal.strategy in ("liquidity_sweep", "liquidity_flush"))


@pytest.mark.slow
def test_liquidity_sweeps_of_both_sides_on_real_candles():
    sweeps = [signal for symbol in SYMBOLS for signal in found(symbol) if signal.strategy == "liquidity_sweep"]
    sides = Counter(signal.side for signal in sweeps)
    assert len(sides) == 2, sides
    assert min(sides.values()) >= 5, sides
    for signal in sweeps:
        assert signal.trigger is Trigger.IMMEDIATE
        check_levels(signal.levels, 0.0)
        assert 0.8 - 1e-9 <= signal.levels.risk / signal.atr <= 3.0 + 1e-9
        assert signal.levels.reward_r(0) >= 0.8 - 1e-9


@pytest.mark.slow
def test_liquidity_flush_levels_are_reached_on_real_candles():
    reached = {symbol: fills(symbol) for symbol in SYMBOLS}
    assert sum(reached.values()) >= 2, reached


def fills(symbol: str) -> int:
    """How many standing levels the very next bar traded at."""
    bars = {bar.open_time_ms: bar for bar in real_quarters(symbol, "2023-07-01", LAST)}
    levels = [signal for signal in found(symbol) if signal.strategy == "liquidity_flush"]
    assert levels
    assert all(signal.standing and signal.levels.reward_r(0) == pytest.approx(0.25 / 3) for signal in levels)
    return sum(signal.time_ms in bars and bars[signal.time_ms].low <= signal.levels.entry for signal in levels)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_liquidity_real_candles_cut_short_give_the_same_signals(symbol: str):
    cut = "2024-02-10"
    before = tuple(signal for signal in found(symbol, "2024-02-20") if signal.time_ms <= at(cut))
    assert found(symbol, cut) == before
    assert before
