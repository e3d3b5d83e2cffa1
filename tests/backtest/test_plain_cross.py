"""The trades of the engine comparison against an implementation that shares nothing with ours."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks._ema_cross import PlainBar, ema_cross
from benchmarks.backtest_peers import made_candles
from tests.shared_data import shared_path


def reference(candles: np.ndarray) -> list[tuple[int, int, int, float, float, float]]:
    """(entered, left, sign, entry, first exit, second exit), each worked out from arrays, bar by bar."""
    opens, highs, lows, closes = candles.T

    def mean(values: np.ndarray, length: int, alpha: float) -> np.ndarray:
        out = np.full(len(values), np.nan)
        out[length - 1] = values[:length].sum() / length
        for place in range(length, len(values)):
            out[place] = out[place - 1] + alpha * (values[place] - out[place - 1])
        return out

    fast, slow = mean(closes, 20, 2 / 21), mean(closes, 50, 2 / 51)
    ranges = np.maximum(highs[1:], closes[:-1]) - np.minimum(lows[1:], closes[:-1])
    atr = np.concatenate([[np.nan], mean(ranges, 14, 1 / 14)])
    above = fast > slow
    trades, place = [], 4 * 50
    while place < len(closes) - 1:
        if above[place] == above[place - 1]:
            place += 1
            continue
        sign, entry, risk = (1 if above[place] else -1), opens[place + 1], 2 * atr[place]
        stop, first, second = entry - sign * risk, entry + sign * risk, entry + sign * 2 * risk
        exits: list[float] = []
        bar = place + 1
        while bar < len(closes) and len(exits) < 2:
            worst, best = (lows[bar], highs[bar]) if sign > 0 else (highs[bar], lows[bar])
            targets = [first, second][len(exits) :]
            if sign * (opens[bar] - stop) <= 0:
                exits += [opens[bar]] * len(targets)
                break
            gapped = [target for target in targets if sign * (opens[bar] - target) >= 0]
            exits += [opens[bar]] * len(gapped)
            targets = targets[len(gapped) :]
            if targets and sign * (worst - stop) <= 0:
                exits += [stop] * len(targets)
                break
            exits += [target for target in targets if sign * (best - target) >= 0]
            if len(exits) < 2:
                bar += 1
        if len(exits) < 2:
            break
        trades.append((place + 1, bar, sign, entry, *exits))
        place = bar if bar > place + 1 else place + 1
    return trades


def rounded(trades) -> list[tuple[float, ...]]:
    return [tuple(round(float(value), 6) for value in trade[:6]) for trade in trades]


def test_plain_cross_made_candles_give_the_trades_of_the_reference():
    candles = made_candles(40_000)
    ours = list(ema_cross(map(PlainBar._make, candles.tolist())))
    assert len(ours) > 300
    assert rounded(ours) == rounded(reference(candles))


def test_plain_cross_real_minutes_give_the_trades_of_the_reference():
    from futtui.exchange.binance.archive.reading import read_candles

    read = read_candles(shared_path("market-data/futures/klines/1m/ETHUSDT.csv.gz"), None)
    candles = np.ascontiguousarray(read.figures[:4, :30_000].T)
    ours = list(ema_cross(map(PlainBar._make, candles.tolist())))
    assert len(ours) > 200
    assert rounded(ours) == rounded(reference(candles))


def test_plain_cross_short_is_the_mirror_of_the_long():
    candles = made_candles(8_000)
    mirrored = 60_000.0 - candles[:, [0, 2, 1, 3]]
    ours = list(ema_cross(map(PlainBar._make, candles.tolist())))
    turned = list(ema_cross(map(PlainBar._make, mirrored.tolist())))
    assert [(each.entered, each.left, each.sign) for each in ours] == [
        (each.entered, each.left, -each.sign) for each in turned
    ]
    assert [each.entry for each in ours] == pytest.approx([60_000.0 - each.entry for each in turned])
