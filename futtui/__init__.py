"""futtui: a terminal for Binance USD-M perpetual futures."""
