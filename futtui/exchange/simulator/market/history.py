"""History replay: recorded bars from archive files, walked tick by tick; holes stay holes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from math import floor, log10
from pathlib import Path

import numpy as np

from futtui.domain.errors import InvalidInputError
from futtui.domain.symbols import SymbolRules
from futtui.domain.timeframe import DAY_MS, HOUR_MS
from futtui.exchange.archive_csv import KLINE_COLUMNS, RowsOfFile
from futtui.exchange.archive_files import ArchiveFile, chosen_files, content
from futtui.exchange.simulator.market.bar_market import BarMarket, lattices_of
from futtui.exchange.simulator.market.bars import UNKNOWN, Bars
from futtui.exchange.simulator.market.catalogue import known_rules, rules_for
from futtui.exchange.simulator.market.chance import Floats
from futtui.exchange.simulator.market.funding_files import FundingHistory
from futtui.exchange.simulator.market.lattice import fits, smallest_decimals
from futtui.exchange.simulator.ports import SymbolSpec


@dataclass(frozen=True, slots=True)
class _Window:
    """Rows are kept from `first_ms`, the exchange opens at `start_ms`, the market ends at `end_ms`."""

    first_ms: int
    start_ms: int
    end_ms: int


class HistoryMarket(BarMarket):
    """Real candles as a market. Every symbol may have its own bar length; unknown figures stay unknown."""

    def __init__(
        self,
        path: Path,
        symbols: Sequence[str] | None = None,
        from_ms: int | None = None,
        to_ms: int | None = None,
        seed: int = 7,
        warmup_days: int = 200,
        funding: Path | None = None,
    ) -> None:
        """`path`: folder (or file) of archive files; `symbols` None = all in it that have bars in the time asked for;
        `funding`: folder of funding files.

        The exchange opens at `from_ms` (None: as soon as the warm-up is there, at the latest in the middle of the
        data); bars before it, as far as `warmup_days` back, are history. It ends at `to_ms` (None: with the data).
        Raises InvalidInputError, with the way out, for missing files, unreadable lines and times without data.
        """
        files = {
            symbol: [_loaded(file, from_ms, to_ms, warmup_days) for file in of_symbol]
            for symbol, of_symbol in chosen_files(path, symbols).items()
        }
        window = _window(files, from_ms, to_ms, warmup_days)
        tables: dict[str, Floats] = {}
        lengths: list[int] = []
        for symbol in sorted(files):
            table = _in_time_order(files[symbol], window)
            length_ms = _bar_length_ms(symbol, table)
            if bool((table[:, 0] + length_ms > window.start_ms).any()):
                tables[symbol] = table
                lengths.append(length_ms)
            elif symbols is not None:
                raise _without_bars(symbol, files[symbol], window)
            del files[symbol]
        if not tables:
            raise InvalidInputError(f"No symbol has bars from {_moment(window.start_ms)} to {_moment(window.end_ms)}.")
        onboard = {symbol: int(table[0, 0]) for symbol, table in tables.items()}
        specs = [
            SymbolSpec(rules=_rules(symbol, table, onboard[symbol]), onboard_time_ms=onboard[symbol])
            for symbol, table in tables.items()
        ]
        self._window = window
        self._rows = {spec.rules.symbol: _bars_of(tables[spec.rules.symbol], spec) for spec in specs}
        self._funding = FundingHistory.of_folder(funding, list(tables))
        super().__init__(specs, lengths, seed)

    @property
    def label(self) -> str:
        """`HISTORY REPLAY 2024-03-01 to 2024-03-15`."""
        return f"HISTORY REPLAY {_day(self._window.start_ms)} to {_day(self._window.end_ms)}"

    @property
    def synthetic(self) -> bool:
        """False: the bars happened (the ticks inside them are a plausible road, not a record)."""
        return False

    @property
    def start_ms(self) -> int:
        """Virtual time at which the exchange opens."""
        return self._window.start_ms

    @property
    def end_ms(self) -> int | None:
        """Where the replay ends."""
        return self._window.end_ms

    def funding_rate(self, symbol: str, funding_time_ms: int) -> float:
        """The recorded rate at that funding time, 0.01 % where none is recorded."""
        self._length_of(symbol)
        return self._funding.rate(symbol, funding_time_ms)

    @property
    def _begin_ms(self) -> int:
        return min(int(bars.open_ms[0]) for bars in self._rows.values())

    def _bars(self, symbol: str, until_ms: int) -> Bars:
        return self._rows[symbol]


def _loaded(file: ArchiveFile, from_ms: int | None, to_ms: int | None, warmup_days: int) -> RowsOfFile:
    """The file's text; where the start is known, only what will be needed of it."""
    rows = RowsOfFile(file.path, content(file.path), KLINE_COLUMNS)
    if from_ms is not None:
        rows.keep(_first_needed_ms(from_ms, warmup_days), to_ms)
    return rows


def _first_needed_ms(start_ms: int, warmup_days: int) -> int:
    warm_ms = start_ms - warmup_days * DAY_MS
    return warm_ms - warm_ms % DAY_MS


def _window(
    files: dict[str, list[RowsOfFile]], from_ms: int | None, to_ms: int | None, warmup_days: int
) -> _Window:  # fmt: skip
    if not files:
        raise InvalidInputError("Give at least one symbol to replay.")
    first = {symbol: min(file.first_ms for file in of_symbol) for symbol, of_symbol in files.items()}
    begin_ms = min(first.values())
    data_end_ms = max(file.end_ms for of_symbol in files.values() for file in of_symbol)
    covers = f"The data covers {_moment(begin_ms)} to {_moment(data_end_ms)} UTC"
    if to_ms is not None and from_ms is not None and to_ms <= from_ms:
        raise InvalidInputError(f"The end {_moment(to_ms)} is not after the start {_moment(from_ms)}. {covers}.")
    if from_ms is not None and not begin_ms <= from_ms < data_end_ms:
        raise InvalidInputError(f"The start {_moment(from_ms)} is outside the data. {covers}.")
    if to_ms is not None and not begin_ms < to_ms <= data_end_ms + DAY_MS:
        raise InvalidInputError(f"The end {_moment(to_ms)} is outside the data. {covers}.")
    end_ms = data_end_ms if to_ms is None else min(to_ms, data_end_ms)
    if from_ms is None:
        common_ms = min(max(first.values()), end_ms - 1)
        from_ms = common_ms + min(warmup_days * DAY_MS, (end_ms - common_ms) // 2)
        from_ms = max(common_ms, from_ms - from_ms % HOUR_MS)
    return _Window(_first_needed_ms(from_ms, warmup_days), from_ms, end_ms)


def _in_time_order(files: list[RowsOfFile], window: _Window) -> Floats:
    """The rows in the window, oldest first; of rows with the same time the first one is kept."""
    whole = np.concatenate([file.parse() for file in files])
    _, first = np.unique(whole[:, 0], return_index=True)
    ordered = whole[first]
    return ordered[(ordered[:, 0] >= window.first_ms) & (ordered[:, 0] < window.end_ms)]


def _bar_length_ms(symbol: str, table: Floats) -> int:
    """The usual distance of rows; raises InvalidInputError when a bar opens off that beat."""
    open_ms = table[:, 0].astype(np.int64)
    if len(open_ms) < 2:
        given = len(open_ms) == 1 and not np.isnan(table[0, 6])
        length_ms = int(table[0, 6]) + 1 - int(open_ms[0]) if given else HOUR_MS
    else:
        distances, counts = np.unique(np.diff(open_ms), return_counts=True)
        length_ms = int(distances[np.argmax(counts)])
    odd = np.flatnonzero(open_ms % length_ms)
    if len(odd):
        raise InvalidInputError(
            f"{symbol} has bars of {length_ms // 1000} seconds, but one opens at {int(open_ms[odd[0]])}, which is not "
            "a multiple of that. Keep files of one timeframe in a folder."
        )
    return length_ms


def _without_bars(symbol: str, files: list[RowsOfFile], window: _Window) -> InvalidInputError:
    return InvalidInputError(
        f"{symbol} has no bars from {_moment(window.start_ms)} to {_moment(window.end_ms)}. Its data covers "
        f"{_moment(min(file.first_ms for file in files))} to {_moment(max(file.end_ms for file in files))} UTC."
    )


def _rules(symbol: str, table: Floats, onboard_ms: int) -> SymbolRules:
    return rules_of_prices(symbol, table[:, 1:5], table[:, 5], onboard_ms)


FINEST_PRICE_DECIMALS = 12
"""Digits after the point that prices are looked through for: coins below a millionth have real steps there."""
LARGEST_STEP_VALUE = 100.0
"""Most that one step of a quantity is worth in USDT on the exchange."""


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


def _usable_step(seen: Decimal, price: float) -> Decimal:
    """The step that volumes show, or a finer one where whole volumes would make a single step a fortune."""
    affordable = Decimal(1).scaleb(floor(log10(LARGEST_STEP_VALUE / price)))
    return min(seen, affordable)


def _bars_of(table: Floats, spec: SymbolSpec) -> Bars:
    grids = lattices_of(spec)
    price, quantity = grids.price.steps, grids.quantity.steps
    volume = quantity(table[:, 5])
    taker = np.where(np.isnan(table[:, 9]), UNKNOWN, np.minimum(quantity(np.nan_to_num(table[:, 9])), volume))
    count = np.where(np.isnan(table[:, 8]), UNKNOWN, np.nan_to_num(table[:, 8])).astype(np.int64)
    return Bars(
        table[:, 0].astype(np.int64),
        price(table[:, 1]),
        price(table[:, 2]),
        price(table[:, 3]),
        price(table[:, 4]),
        volume=volume,
        taker=taker.astype(np.int64),
        count=count,
        quote=table[:, 7].copy(),
        taker_quote=table[:, 10].copy(),
    )


def _moment(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")


def _day(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d")
