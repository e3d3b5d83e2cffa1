"""Strategies: each turns closed candles and readings of one symbol into proposals, or into a reason why not."""
