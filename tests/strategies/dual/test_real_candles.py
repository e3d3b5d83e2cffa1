"""The engines on real candles: both fire, their signals are sound, and the future does not matter."""

from __future__ import annotations

from collections import Counter
from functools import cache
from math import fsum

import pytest

from futtui.analysis.analyzer import SymbolAnalyzer
from futtui.domain.signal import RawSignal, System, check_levels
from tests.analysis.markets import WARM_UP_BARS, all_frames, at, real_quarters, split

SYMBOLS = ("ETHUSDT", "DOGEUSDT")


@cache
def found(symbol: str, to: str) -> tuple[RawSignal, ...]:
    past, moments = split(all_frames(real_quarters(symbol, "2023-07-01", to)), at("2024-01-01"), WARM_UP_BARS)
    analyzer = SymbolAnalyzer(symbol)
    analyzer.load(past)
    signals = (signal for closes in moments.values() for signal in analyzer.on_closes(closes).signals)
    return tuple(signal for signal in signals if signal.system is System.DUAL)


@pytest.mark.slow
def test_dual_both_engines_fire_on_real_candles():
    every = [signal for symbol in SYMBOLS for signal in found(symbol, "2024-04-01")]
    counts = Counter(signal.strategy for signal in every)
    sides = Counter((signal.strategy, signal.side) for signal in every)
    assert all(counts[name] >= 20 for name in ("dual_m15", "dual_h1")), counts
    assert len(sides) == 4, sides
    assert min(sides.values()) >= 5, sides
    for signal in every:
        check_levels(signal.levels, 0.0)
        assert signal.base_score == fsum(part.points for part in signal.parts) >= 50.0
        assert 0.8 - 1e-9 <= signal.levels.risk / signal.atr <= 2.5 + 1e-9
        assert signal.levels.reward_r(0) >= 0.8 - 1e-9


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_dual_real_candles_cut_short_give_the_same_signals(symbol: str):
    cut = "2024-02-10"
    before = tuple(signal for signal in found(symbol, "2024-02-20") if signal.time_ms <= at(cut))
    assert found(symbol, cut) == before
    assert before
