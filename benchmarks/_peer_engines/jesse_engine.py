"""The strategy in jesse: `python jesse_engine.py CANDLES.npy COUNT` prints CPU seconds and trades."""

import os
import sys
import tempfile
from time import process_time

import numpy as np

os.chdir(tempfile.mkdtemp())  # it keeps files in the folder in which it is imported

import jesse.indicators as ta  # noqa: E402
from jesse import research  # noqa: E402
from jesse.strategies import Strategy  # noqa: E402

FAST, SLOW, ATR, STOP_ATR, FEE = 20, 50, 14, 2.0, 0.0005
EXCHANGE, SYMBOL = "Binance Perpetual Futures", "BTC-USDT"
FIRST_MS, MINUTE_MS = 1_704_067_200_000, 60_000


class EmaCross(Strategy):
    """One entry with one stop, half of it closed at 1R, the rest at 2R."""

    def __init__(self):
        super().__init__()
        self.side, self.cross, self.seen = 0, 0, 0

    def before(self):
        """See whether the averages crossed at this close."""
        self.seen += 1
        now = 1 if ta.ema(self.candles, FAST) > ta.ema(self.candles, SLOW) else -1
        self.cross = now if now != self.side and self.seen > 4 * SLOW else 0
        self.side = now

    def should_long(self):
        """Enter upwards."""
        return self.cross > 0

    def should_short(self):
        """Enter downwards."""
        return self.cross < 0

    def go_long(self):
        """At market."""
        self.buy = 1.0, self.price

    def go_short(self):
        """At market."""
        self.sell = 1.0, self.price

    def on_open_position(self, order):
        """The stop and both targets lie from the fill."""
        sign, entry = (1 if self.is_long else -1), self.position.entry_price
        risk = sign * STOP_ATR * ta.atr(self.candles, ATR)
        self.stop_loss = 1.0, entry - risk
        self.take_profit = [(0.5, entry + risk), (0.5, entry + 2 * risk)]

    def should_cancel_entry(self):
        """Market orders do not wait."""
        return True


def main():
    """Only the run is timed. Bars are stepped over as fast as it can (`fast_mode`)."""
    table = np.load(sys.argv[1])[: int(sys.argv[2])]
    times = FIRST_MS + np.arange(len(table)) * MINUTE_MS
    opens, highs, lows, closes = table.T
    candles = np.column_stack([times, opens, closes, highs, lows, np.full(len(table), 1_000.0)])
    config = {
        "starting_balance": 10_000_000, "fee": FEE, "type": "futures", "futures_leverage": 1,
        "futures_leverage_mode": "cross", "exchange": EXCHANGE, "warm_up_candles": 0,
    }  # fmt: skip
    routes = [{"exchange": EXCHANGE, "strategy": EmaCross, "symbol": SYMBOL, "timeframe": "1m"}]
    market = {f"{EXCHANGE}-{SYMBOL}": {"exchange": EXCHANGE, "symbol": SYMBOL, "candles": candles}}
    begun = process_time()
    found = research.backtest(config, routes, [], market, fast_mode=True)
    print(process_time() - begun, int(found["metrics"]["total"]))


if __name__ == "__main__":
    main()
