"""The strategy in freqtrade: `python freqtrade_engine.py CANDLES.npy COUNT` prints CPU seconds and trades.

Its backtest wants an exchange: this one has a single market, described here, and is asked nothing over a network.
"""

import logging
import shutil
import sys
import tempfile
from pathlib import Path
from time import process_time

import numpy as np
import pandas as pd
from freqtrade.enums import RunMode
from freqtrade.strategy import IStrategy, stoploss_from_absolute

FAST, SLOW, ATR, STOP_ATR, FEE = 20, 50, 14, 2.0, 0.0005
PAIR, ARRAY_COLUMNS = "BTC/USDT:USDT", ["open", "high", "low", "close"]


class FreqtradeEmaCross(IStrategy):
    """One entry with a stop; at 1R half of it leaves (at the next open, which is when it is asked), the rest at 2R."""

    INTERFACE_VERSION = 3
    timeframe = "1m"
    can_short = True
    startup_candle_count = 0
    minimal_roi = {"0": 100.0}
    stoploss = -0.99
    use_custom_stoploss = True
    use_custom_roi = True
    use_exit_signal = False
    position_adjustment_enable = True
    process_only_new_candles = True

    def populate_indicators(self, dataframe, metadata):
        """Averages and Wilder's true range."""
        before = dataframe["close"].shift(1).fillna(dataframe["close"])
        true_range = np.maximum(dataframe["high"], before) - np.minimum(dataframe["low"], before)
        dataframe["fast"] = dataframe["close"].ewm(span=FAST, adjust=False).mean()
        dataframe["slow"] = dataframe["close"].ewm(span=SLOW, adjust=False).mean()
        dataframe["atr"] = true_range.ewm(alpha=1 / ATR, adjust=False).mean()
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        """Enter at a cross; the distance of the stop travels in the tag of the entry."""
        above = dataframe["fast"] > dataframe["slow"]
        crossed = (above != above.shift(1, fill_value=False)) & (dataframe.index >= 4 * SLOW)
        dataframe.loc[crossed & above, "enter_long"] = 1
        dataframe.loc[crossed & ~above, "enter_short"] = 1
        dataframe.loc[crossed, "enter_tag"] = (STOP_ATR * dataframe["atr"]).astype(str)
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        """Only stop and targets end a trade."""
        return dataframe

    def custom_stoploss(self, pair, trade, current_time, current_rate, current_profit, after_fill, **more):
        """The stop, as a share of the present price."""
        price = trade.open_rate - self._sign(trade) * float(trade.enter_tag)
        return stoploss_from_absolute(price, current_rate, is_short=trade.is_short, leverage=trade.leverage)

    def custom_roi(self, pair, trade, current_time, trade_duration, entry_tag, side, **more):
        """The second target, as a share of what was paid."""
        return trade.calc_profit_ratio(trade.open_rate + self._sign(trade) * 2 * float(trade.enter_tag))

    def adjust_trade_position(self, trade, current_time, current_rate, current_profit, min_stake, max_stake, **more):
        """Half of it away at the first target."""
        reached = self._sign(trade) * (current_rate - trade.open_rate) >= float(trade.enter_tag)
        return -trade.stake_amount / 2 if reached and not trade.nr_of_successful_exits else None

    def leverage(self, **more):
        """None."""
        return 1.0

    def _sign(self, trade):
        return -1 if trade.is_short else 1


def described_market():
    """What the exchange would say of its one market."""
    limits = {"amount": {"min": 0.001, "max": None}, "cost": {"min": 5.0, "max": None}, "price": {}, "leverage": {}}
    return {
        "id": "BTCUSDT", "symbol": PAIR, "base": "BTC", "quote": "USDT", "settle": "USDT", "active": True,
        "spot": False, "margin": False, "swap": True, "future": False, "linear": True, "inverse": False,
        "contract": True, "contractSize": 1.0, "type": "swap", "taker": FEE, "maker": FEE, "limits": limits,
        "precision": {"amount": 0.001, "price": 0.01}, "info": {},
    }  # fmt: skip


def backtesting(folder):
    """Its backtest on that exchange."""
    from freqtrade.exchange.binance import Binance
    from freqtrade.optimize.backtesting import Backtesting

    def known_markets(self, force=False, *, load_leverage_tiers=True):
        self._markets = {PAIR: described_market()}
        self._leverage_tiers = {PAIR: [{"minNotional": 0.0, "maxNotional": 1e9, "maintenanceMarginRate": 0.004,
                                        "maxLeverage": 125.0, "maintAmt": 0.0}]}  # fmt: skip

    Binance.reload_markets = known_markets
    shutil.copy(__file__, folder / "strategies.py")
    config = {
        "runmode": RunMode.BACKTEST, "dry_run": True, "strategy": "FreqtradeEmaCross", "strategy_path": str(folder),
        "timeframe": "1m", "stake_currency": "USDT", "stake_amount": 1_000.0, "dry_run_wallet": 10_000_000,
        "tradable_balance_ratio": 0.99, "max_open_trades": 1, "fee": FEE, "trading_mode": "futures",
        "margin_mode": "isolated", "user_data_dir": folder, "datadir": folder, "dataformat_ohlcv": "feather",
        "exchange": {"name": "binance", "pair_whitelist": [PAIR], "pair_blacklist": []},
        "pairlists": [{"method": "StaticPairList"}], "entry_pricing": {"price_side": "other", "use_order_book": False},
        "exit_pricing": {"price_side": "other", "use_order_book": False}, "internals": {}, "original_config": {},
    }  # fmt: skip
    exchange = Binance(config, validate=False)
    exchange.reload_markets(True)
    return Backtesting(config, exchange)


def main():
    """Only the run is timed, with its indicators. No funding: there is none in the other engines either."""
    logging.disable(logging.WARNING)
    table = np.load(sys.argv[1])[: int(sys.argv[2])]
    frame = pd.DataFrame(table, columns=ARRAY_COLUMNS)
    frame["volume"] = 1_000.0
    frame.insert(0, "date", pd.date_range("2024-01-01", periods=len(frame), freq="min", tz="UTC"))
    engine = backtesting(Path(tempfile.mkdtemp()))
    engine._run_funding_fees = lambda *rest, **more: None
    engine._set_strategy(engine.strategylist[0])
    begun = process_time()
    processed = engine.strategy.advise_all_indicators({PAIR: frame})
    found = engine.backtest(processed, frame["date"].iloc[0], frame["date"].iloc[-1])
    print(process_time() - begun, len(found["results"]))


if __name__ == "__main__":
    main()
