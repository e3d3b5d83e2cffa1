"""The strategy in backtesting.py: `python backtesting_engine.py CANDLES.npy COUNT` prints CPU seconds and trades."""

import sys
from time import process_time

import numpy as np
import pandas as pd
from backtesting import Backtest, Strategy

FAST, SLOW, ATR, STOP_ATR, FEE = 20, 50, 14, 2.0, 0.0005


def ema(values, length):
    """Exponential mean."""
    return pd.Series(values).ewm(span=length, adjust=False).mean().to_numpy()


def atr(high, low, close, length):
    """Wilder's average true range."""
    before = np.concatenate([close[:1], close[:-1]])
    true_range = np.maximum(high, before) - np.minimum(low, before)
    return pd.Series(true_range).ewm(alpha=1 / length, adjust=False).mean().to_numpy()


class EmaCross(Strategy):
    """Two orders of half the size each, with one stop and a target each."""

    def init(self):
        """Indicators of the whole series at once, as this engine likes it."""
        close = np.asarray(self.data.Close)
        self.fast = self.I(ema, close, FAST)
        self.slow = self.I(ema, close, SLOW)
        self.atr = self.I(atr, np.asarray(self.data.High), np.asarray(self.data.Low), close, ATR)

    def next(self):
        """Enter at a cross when nothing is held."""
        if self.position or self.orders or len(self.data) < 4 * SLOW:
            return
        now, before = self.fast[-1] > self.slow[-1], self.fast[-2] > self.slow[-2]
        if now == before:
            return
        price, risk = self.data.Close[-1], STOP_ATR * self.atr[-1]
        for multiple in (1, 2):
            if now:
                self.buy(size=1, sl=price - risk, tp=price + multiple * risk)
            else:
                self.sell(size=1, sl=price + risk, tp=price - multiple * risk)


def main():
    """Only the run is timed."""
    table = np.load(sys.argv[1])[: int(sys.argv[2])]
    frame = pd.DataFrame(table, columns=["Open", "High", "Low", "Close"])
    frame.index = pd.date_range("2024-01-01", periods=len(frame), freq="min")
    run = Backtest(frame, EmaCross, cash=10_000_000, commission=FEE, finalize_trades=False)
    begun = process_time()
    found = run.run()
    print(process_time() - begun, found["# Trades"] // 2)


if __name__ == "__main__":
    main()
