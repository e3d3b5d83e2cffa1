"""The symbols of the synthetic market: trading rules, price level, and how each moves with BTC.

Rules follow the exchange's late-2026 filters for the majors; levels are round figures of that time. Further symbols,
beyond the twelve majors, get invented rules and character from their name alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from futtui.domain.errors import InvalidInputError
from futtui.domain.symbols import SymbolRules
from futtui.exchange.simulator.market.chance import keys_of, uniforms
from futtui.exchange.simulator.ports import SymbolSpec

FACTOR = "BTCUSDT"
"""The symbol whose moves the others share."""

QUOTE_ASSET = "USDT"
MAX_SYMBOLS = 240


@dataclass(frozen=True, slots=True)
class Character:
    """How a synthetic symbol behaves: `own_sigma` is its own volatility of 15 minutes, `turnover` in USDT."""

    symbol: str
    price: float
    beta: float
    own_sigma: float
    turnover: float
    trade_size: float


@dataclass(frozen=True, slots=True)
class _Major:
    price: float
    tick: str
    step: str
    min_notional: str
    largest: str
    largest_market: str
    leverage: int
    beta: float
    own_sigma: float
    turnover: float


_MAJORS = {
    "BTCUSDT": _Major(92_000.0, "0.10", "0.001", "50", "1000", "120", 125, 1.00, 0.0024, 110e6),
    "ETHUSDT": _Major(3_150.0, "0.01", "0.001", "20", "10000", "2000", 125, 1.18, 0.0018, 95e6),
    "BNBUSDT": _Major(880.0, "0.010", "0.01", "5", "100000", "2000", 75, 0.80, 0.0014, 6e6),
    "SOLUSDT": _Major(138.0, "0.0100", "0.01", "5", "1000000", "5000", 100, 1.30, 0.0025, 34e6),
    "XRPUSDT": _Major(2.10, "0.0001", "0.1", "5", "10000000", "2000000", 75, 1.05, 0.0026, 17e6),
    "DOGEUSDT": _Major(0.145, "0.000010", "1", "5", "50000000", "30000000", 75, 1.30, 0.0029, 11e6),
    "ADAUSDT": _Major(0.400, "0.00010", "1", "5", "2000000", "300000", 75, 1.20, 0.0028, 5e6),
    "AVAXUSDT": _Major(13.80, "0.001", "1", "5", "10000000", "25000", 75, 1.25, 0.0030, 4e6),
    "LINKUSDT": _Major(13.40, "0.001", "0.01", "20", "200000", "20000", 75, 1.22, 0.0029, 4.5e6),
    "LTCUSDT": _Major(82.00, "0.01", "0.001", "20", "10000", "5000", 75, 0.95, 0.0025, 3e6),
    "TRXUSDT": _Major(0.290, "0.00001", "1", "5", "10000000", "5000000", 75, 0.50, 0.0015, 1.6e6),
    "SUIUSDT": _Major(1.700, "0.000100", "0.1", "5", "1000000", "500000", 75, 1.38, 0.0036, 8e6),
}

DEFAULT_SYMBOLS = tuple(_MAJORS)
"""The twelve majors."""


def symbol_names(count: int) -> list[str]:
    """The first `count` synthetic symbols: the twelve majors, then SYN013USDT and on (at most 240)."""
    if not 1 <= count <= MAX_SYMBOLS:
        raise InvalidInputError(f"The synthetic market can have 1 to {MAX_SYMBOLS} symbols, not {count}.")
    return [*DEFAULT_SYMBOLS[:count], *(f"SYN{number:03d}{QUOTE_ASSET}" for number in range(13, count + 1))]


def known_rules(symbol: str, onboard_time_ms: int) -> SymbolRules | None:
    """The rules of a major; None for other symbols."""
    major = _MAJORS.get(symbol)
    if major is None:
        return None
    tick, step = Decimal(major.tick), Decimal(major.step)
    return _rules(
        symbol, tick, step, major.price, onboard_time_ms,
        min_notional=Decimal(major.min_notional),
        largest=Decimal(major.largest),
        largest_market=Decimal(major.largest_market),
        leverage=major.leverage,
    )  # fmt: skip


def rules_for(symbol: str, tick: Decimal, step: Decimal, price: float, onboard_time_ms: int) -> SymbolRules:
    """Usual rules for a symbol that is not in the table, for a price level around `price`."""
    whole = Decimal(max(1, round(2_000_000.0 / price)))
    largest = max(step * 1000, (whole // step) * step)
    return _rules(
        symbol, tick, step, price, onboard_time_ms,
        min_notional=Decimal(5), largest=largest * 10, largest_market=largest, leverage=50,
    )  # fmt: skip


def synthetic_symbol(symbol: str, onboard_time_ms: int) -> tuple[SymbolSpec, Character]:
    """Rules and character of one synthetic symbol; raises InvalidInputError for a name that does not end in USDT."""
    if not symbol.endswith(QUOTE_ASSET) or not symbol.isalnum() or symbol == QUOTE_ASSET or symbol != symbol.upper():
        raise InvalidInputError(f"{symbol!r} is not a symbol name. Use a name that ends in USDT, as in BTCUSDT.")
    rules = known_rules(symbol, onboard_time_ms)
    if rules is not None:
        major = _MAJORS[symbol]
        size = 900.0 + 1300.0 * min(1.0, major.turnover / 50e6)
        character = Character(symbol, major.price, major.beta, major.own_sigma, major.turnover, size)
        return SymbolSpec(rules=rules, onboard_time_ms=onboard_time_ms), character
    return _invented(symbol, onboard_time_ms)


def _invented(symbol: str, onboard_time_ms: int) -> tuple[SymbolSpec, Character]:
    draws = uniforms(keys_of("character", symbol), np.arange(5)).tolist()
    price = round(10.0 ** (-2.0 + 4.0 * draws[0]), 4)
    decade = int(np.floor(np.log10(price)))
    tick = Decimal(1).scaleb(min(-1, decade - 4))
    step = Decimal(1).scaleb(max(-2, min(0, -decade)) if price > 1 else 0)
    character = Character(
        symbol,
        price,
        beta=0.7 + 0.8 * draws[1],
        own_sigma=0.0024 + 0.0016 * draws[2],
        turnover=10.0 ** (5.6 + 1.1 * draws[3]),
        trade_size=500.0 + 400.0 * draws[4],
    )
    rules = rules_for(symbol, tick, step, price, onboard_time_ms)
    return SymbolSpec(rules=rules, onboard_time_ms=onboard_time_ms, liquidation_fee=Decimal("0.0150")), character


def _rules(
    symbol: str,
    tick: Decimal,
    step: Decimal,
    price: float,
    onboard_time_ms: int,
    *,
    min_notional: Decimal,
    largest: Decimal,
    largest_market: Decimal,
    leverage: int,
) -> SymbolRules:
    level = Decimal(str(price))
    return SymbolRules(
        symbol=symbol,
        base_asset=symbol.removesuffix(QUOTE_ASSET),
        tick_size=tick,
        step_size=step,
        min_quantity=step,
        max_quantity=largest,
        market_max_quantity=largest_market,
        min_notional=min_notional,
        min_price=max(tick, (level / 160 // tick) * tick),
        max_price=(level * 50 // tick) * tick,
        max_leverage=leverage,
        onboard_time_ms=onboard_time_ms,
    )
