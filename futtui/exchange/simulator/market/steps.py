"""Trading rules of a symbol whose exchange filters nobody kept: read off its candles, the same way everywhere.

The steps of price and quantity are those that the candles just before the start of decisions show. Later candles have
no say, because nobody could know them, and neither has the age of the file: exchanges change their steps over the
years. So a replay, a backtest and one that starts later trade by the same rules.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from math import floor, log10
from typing import Any

import numpy as np
import numpy.typing as npt

from futtui.domain.symbols import SymbolRules
from futtui.exchange.simulator.market.catalogue import known_rules, rules_for
from futtui.exchange.simulator.market.chance import Floats
from futtui.exchange.simulator.market.lattice import fits, smallest_decimals

SAMPLE_BARS = 3_000
"""Bars that steps are read off, about a month of quarter hours: all last digits have been there by then."""
FINEST_PRICE_DECIMALS = 12
"""Digits after the point that prices are looked through for: coins below a millionth have real steps there."""
LARGEST_STEP_VALUE = 100.0
"""Most that one step of a quantity is worth in USDT on the exchange."""


def sample_of(open_times_ms: npt.NDArray[Any], start_ms: int) -> slice:
    """Where the bars are that tell the steps: the newest before `start_ms`; the first ones of a younger symbol.

    Such a symbol trades only after its history is complete, which is later than these bars.
    """
    count = len(open_times_ms)
    end = max(int(np.searchsorted(open_times_ms, start_ms)), min(SAMPLE_BARS, count))
    return slice(max(0, end - SAMPLE_BARS), end)


def rules_of_prices(symbol: str, prices: Floats, volumes: Floats, onboard_ms: int) -> SymbolRules:
    """Rules of a major where the data agrees with them; else the smallest decimal step seen."""
    prices = prices.ravel()
    known = known_rules(symbol, onboard_ms)
    lowest, highest = float(prices.min()), float(prices.max())
    if known is not None and fits(prices, known.tick_size):
        tick = known.tick_size
    else:
        tick = Decimal(1).scaleb(-smallest_decimals(prices, FINEST_PRICE_DECIMALS))
    if known is not None and fits(volumes, known.step_size):
        step = known.step_size
    else:
        step = _usable_step(Decimal(1).scaleb(-smallest_decimals(volumes)), float(np.median(prices)))
    base = known if known is not None else rules_for(symbol, tick, step, float(np.median(prices)), onboard_ms)
    return replace(
        base,
        tick_size=tick,
        step_size=step,
        min_quantity=step,
        min_price=min(base.min_price, max(tick, Decimal(str(lowest / 10)) // tick * tick)),
        max_price=max(base.max_price, Decimal(str(highest * 10)) // tick * tick),
    )


def grid_of(values: Floats, step: Decimal, at_most: int) -> Decimal:
    """The grid that recorded values lie on: the rules' own step, or a finer one where they do not fit it."""
    values = values.ravel()
    return step if fits(values, step) else min(step, Decimal(1).scaleb(-smallest_decimals(values, at_most)))


def _usable_step(seen: Decimal, price: float) -> Decimal:
    """The step that volumes show, or a finer one where whole volumes would make a single step a fortune."""
    affordable = Decimal(1).scaleb(floor(log10(LARGEST_STEP_VALUE / price)))
    return min(seen, affordable)
