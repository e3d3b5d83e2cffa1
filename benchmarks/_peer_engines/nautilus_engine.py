"""The strategy in nautilus_trader: `python nautilus_engine.py CANDLES.npy COUNT` prints CPU seconds and trades."""

import sys
from decimal import Decimal
from time import process_time

import numpy as np
import pandas as pd
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig
from nautilus_trader.indicators import AverageTrueRange, ExponentialMovingAverage, MovingAverageType
from nautilus_trader.model.currencies import USDT
from nautilus_trader.model.data import BarType
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide
from nautilus_trader.model.identifiers import Venue
from nautilus_trader.model.objects import Money
from nautilus_trader.persistence.wranglers import BarDataWrangler
from nautilus_trader.test_kit.providers import TestInstrumentProvider
from nautilus_trader.trading.strategy import Strategy

FAST, SLOW, ATR, STOP_ATR = 20, 50, 14, 2.0


class EmaCross(Strategy):
    """Two brackets of half the size each, with one stop and a target each."""

    def __init__(self, instrument, bar_type):
        super().__init__()
        self.instrument, self.bar_type = instrument, bar_type
        self.fast, self.slow = ExponentialMovingAverage(FAST), ExponentialMovingAverage(SLOW)
        self.atr = AverageTrueRange(ATR, MovingAverageType.WILDER)
        self.side, self.seen, self.entries = 0, 0, 0

    def on_start(self):
        """Ask for the bars."""
        for indicator in (self.fast, self.slow, self.atr):
            self.register_indicator_for_bars(self.bar_type, indicator)
        self.subscribe_bars(self.bar_type)

    def on_bar(self, bar):
        """Enter at a cross when nothing is held."""
        self.seen += 1
        if self.seen < 4 * SLOW:
            return
        now = 1 if self.fast.value > self.slow.value else -1
        crossed, self.side = now != self.side and self.side != 0, now
        flat = self.portfolio.is_flat(self.instrument.id) and not self.cache.orders_open_count(strategy_id=self.id)
        if not crossed or not flat:
            return
        self.entries += 1
        price, risk = float(bar.close), STOP_ATR * self.atr.value
        for multiple in (1, 2):
            self.submit_order_list(
                self.order_factory.bracket(
                    instrument_id=self.instrument.id,
                    order_side=OrderSide.BUY if now > 0 else OrderSide.SELL,
                    quantity=self.instrument.make_qty(Decimal("0.5")),
                    sl_trigger_price=self.instrument.make_price(price - now * risk),
                    tp_price=self.instrument.make_price(price + now * multiple * risk),
                    tp_post_only=False,
                )
            )


def main():
    """Only the run is timed."""
    table = np.load(sys.argv[1])[: int(sys.argv[2])]
    frame = pd.DataFrame(table, columns=["open", "high", "low", "close"])
    frame["volume"] = 1_000.0
    frame.index = pd.date_range("2024-01-01", periods=len(frame), freq="min", tz="UTC")
    instrument = TestInstrumentProvider.btcusdt_perp_binance()
    bar_type = BarType.from_str(f"{instrument.id}-1-MINUTE-LAST-EXTERNAL")
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
    engine.add_venue(Venue("BINANCE"), OmsType.HEDGING, AccountType.MARGIN, starting_balances=[Money(10_000_000, USDT)])
    engine.add_instrument(instrument)
    engine.add_data(BarDataWrangler(bar_type, instrument).process(frame))
    strategy = EmaCross(instrument, bar_type)
    engine.add_strategy(strategy)
    begun = process_time()
    engine.run()
    print(process_time() - begun, strategy.entries)


if __name__ == "__main__":
    main()
