"""Where taking orders find their counterparty: books made up around the price, deterministic and never used up."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Protocol
from zlib import crc32

from futtui.exchange.simulator.core.market import Market

Level = tuple[Decimal, Decimal]

MASK = (1 << 64) - 1
LEVEL_LIFE_MS = 4_000
NOTIONAL_PER_BASIS_POINT = 50_000.0
SMALLEST_LEVEL_NOTIONAL = 8_000.0
BEST_LEVEL_FACTOR = 4.0


class Liquidity(Protocol):
    """What the core needs to know about the other side of a trade."""

    def quotes(self, market: Market) -> tuple[Decimal, Decimal]:
        """Best bid and ask."""
        ...

    def levels(self, market: Market, sign: int) -> Iterator[Level]:
        """(price, quantity) that a taker meets, best first: asks for sign +1 (a buyer), bids for -1."""
        ...


class SyntheticBook:
    """A book around the last price whose level sizes depend only on seed, symbol, price and time.

    The last print sits at the ask after a rise and at the bid after a fall. A level keeps its size for four seconds,
    then draws a new one; sizes double with each doubling of the distance beyond 5 basis points. Mean depth is about
    50,000 USDT for each basis point, at least 8,000 USDT a level and four times that at the best price, so that
    orders far above it slip. Taking does not empty the book.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._symbol_seeds: dict[str, int] = {}

    def quotes(self, market: Market) -> tuple[Decimal, Decimal]:
        bid, ask = self._quote_ticks(market)
        tick = market.rules.tick_size
        return tick * bid, tick * ask

    def levels(self, market: Market, sign: int) -> Iterator[Level]:
        bid, ask = self._quote_ticks(market)
        rules = market.rules
        tick, step = rules.tick_size, rules.step_size
        notional_a_step = float(step) * float(tick)
        symbol_seed = self._symbol_seed(market.symbol)
        at, distance = (ask, 0) if sign > 0 else (bid, 0)
        while at > 0:
            share = _share(symbol_seed, at, market.time_ms)
            basis_points_a_tick = 10_000 / at
            notional = max(SMALLEST_LEVEL_NOTIONAL, NOTIONAL_PER_BASIS_POINT * basis_points_a_tick)
            notional *= BEST_LEVEL_FACTOR if not distance else 1 << int(distance * basis_points_a_tick / 5).bit_length()
            steps = int(notional * (0.25 + 2.25 * share * share) / (at * notional_a_step))
            yield tick * at, step * max(1, steps)
            at += sign
            distance += 1

    def _quote_ticks(self, market: Market) -> tuple[int, int]:
        last = int(market.last / market.rules.tick_size)
        spread = max(1, market.spec.spread_ticks)
        return (last - spread, last) if market.rising else (last, last + spread)

    def _symbol_seed(self, symbol: str) -> int:
        if symbol not in self._symbol_seeds:
            self._symbol_seeds[symbol] = _mix(crc32(f"{self._seed}:{symbol}".encode()))
        return self._symbol_seeds[symbol]


class FlatBook:
    """Endless liquidity at a fixed distance from the last price: the paper account's counterparty.

    The distance is the larger of `slippage_ticks` and `slippage_pct` percent of the price, in whole ticks.
    While `worse_than` is set, takers get the worse of it and the last price: stops in a market that moved on.
    """

    ENDLESS = Decimal("1000000000000")

    def __init__(self, slippage_ticks: int, slippage_pct: float = 0.0) -> None:
        self._slippage_ticks = slippage_ticks
        self._slippage = Decimal(str(slippage_pct)) / 100
        self.worse_than: float | None = None

    def quotes(self, market: Market) -> tuple[Decimal, Decimal]:
        tick = market.rules.tick_size
        distance = tick * self._slippage_ticks
        if self._slippage:
            distance = max(distance, market.rules.round_price_up(market.last * self._slippage))
        low = high = market.last
        if self.worse_than is not None:
            other = market.rules.round_price(self.worse_than)
            low, high = min(low, other), max(high, other)
        return max(tick, low - distance), high + distance

    def levels(self, market: Market, sign: int) -> Iterator[Level]:
        bid, ask = self.quotes(market)
        yield (ask if sign > 0 else bid), self.ENDLESS


def _share(symbol_seed: int, at: int, time_ms: int) -> float:
    level_seed = _mix(symbol_seed ^ at)
    life = (time_ms + level_seed % LEVEL_LIFE_MS) // LEVEL_LIFE_MS
    return _mix(level_seed + life) / (MASK + 1)


def _mix(value: int) -> int:
    """A well-spread 64-bit number for each number (the finaliser of the splitmix64 generator)."""
    value = (value + 0x9E3779B97F4A7C15) & MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & MASK
    return value ^ (value >> 31)
