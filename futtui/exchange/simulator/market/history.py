"""History replay: recorded bars from archive files, walked tick by tick; holes stay holes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from futtui.domain.errors import InvalidInputError
from futtui.domain.symbols import SymbolRules
from futtui.domain.timeframe import DAY_MS, HOUR_MS
from futtui.exchange.archive_csv import KLINE_COLUMNS, RowsOfFile
from futtui.exchange.archive_files import ArchiveFile, chosen_files, content
from futtui.exchange.simulator.market.bar_market import BarMarket, lattices_of
from futtui.exchange.simulator.market.bars import UNKNOWN, Bars
from futtui.exchange.simulator.market.chance import Floats
from futtui.exchange.simulator.market.funding_files import FundingHistory
from futtui.exchange.simulator.market.lattice import MAX_DECIMALS
from futtui.exchange.simulator.market.steps import (
    FINEST_PRICE_DECIMALS,
    SAMPLE_BARS,
    grid_of,
    rules_of_prices,
    sample_of,
)
from futtui.exchange.simulator.ports import SymbolSpec


@dataclass(frozen=True, slots=True)
class _Window:
    """Rows are kept from `first_ms`, the exchange opens at `start_ms`, the market ends at `end_ms`."""

    first_ms: int
    start_ms: int
    end_ms: int


class _SymbolFiles:
    """The text of a symbol's files; where the start is known, only what will be needed of it."""

    def __init__(self, files: Sequence[ArchiveFile], from_ms: int | None, to_ms: int | None, warmup_days: int) -> None:
        self._sample: Floats | None = None
        self._texts = [RowsOfFile(file.path, content(file.path), KLINE_COLUMNS) for file in files]
        self.first_ms = min(text.first_ms for text in self._texts)
        self.end_ms = max(text.end_ms for text in self._texts)
        if from_ms is not None:
            self._sample = self._around(from_ms)
            for text in self._texts:
                text.keep(_first_needed_ms(from_ms, warmup_days), to_ms)

    def in_time_order(self, window: _Window) -> Floats:
        """The rows in the window, oldest first; of rows with the same time the first one is kept."""
        ordered = _ordered([text.parse() for text in self._texts])
        return ordered[(ordered[:, 0] >= window.first_ms) & (ordered[:, 0] < window.end_ms)]

    def rules(self, symbol: str, start_ms: int) -> SymbolRules:
        """The trading rules that the bars before the start show."""
        rows = self._around(start_ms) if self._sample is None else self._sample
        return rules_of_prices(symbol, rows[:, 1:5], rows[:, 5], self.first_ms)

    def _around(self, start_ms: int) -> Floats:
        rows = _ordered([text.around(start_ms, SAMPLE_BARS).parse() for text in self._texts])
        return rows[sample_of(rows[:, 0], start_ms)]


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
            symbol: _SymbolFiles(of_symbol, from_ms, to_ms, warmup_days)
            for symbol, of_symbol in chosen_files(path, symbols).items()
        }
        window = _window(files, from_ms, to_ms, warmup_days)
        self._funding = FundingHistory.of_folder(funding, list(files))
        tables: dict[str, Floats] = {}
        lengths: list[int] = []
        specs: list[SymbolSpec] = []
        for symbol in sorted(files):
            table = files[symbol].in_time_order(window)
            length_ms = _bar_length_ms(symbol, table)
            if bool((table[:, 0] + length_ms > window.start_ms).any()):
                tables[symbol] = table
                lengths.append(length_ms)
                spec = _spec(symbol, files[symbol], table, window.start_ms)
                hours = self._funding.shortest_hours(symbol, window.start_ms, window.end_ms)
                specs.append(replace(spec, funding_hours=hours))
            elif symbols is not None:
                raise _without_bars(symbol, files[symbol], window)
            del files[symbol]
        if not tables:
            raise InvalidInputError(f"No symbol has bars from {_moment(window.start_ms)} to {_moment(window.end_ms)}.")
        self._window = window
        self._rows = {spec.rules.symbol: _bars_of(tables[spec.rules.symbol], spec) for spec in specs}
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
        """The recorded rate at that time, 0.01 % for 8 hours where none is recorded, 0 where no funding was due."""
        self._length_of(symbol)
        due = self._funding.due(symbol, funding_time_ms)
        return 0.0 if due is None else due.rate

    @property
    def _begin_ms(self) -> int:
        return min(int(bars.open_ms[0]) for bars in self._rows.values())

    def _bars(self, symbol: str, until_ms: int) -> Bars:
        return self._rows[symbol]


def _first_needed_ms(start_ms: int, warmup_days: int) -> int:
    warm_ms = start_ms - warmup_days * DAY_MS
    return warm_ms - warm_ms % DAY_MS


def _window(
    files: Mapping[str, _SymbolFiles], from_ms: int | None, to_ms: int | None, warmup_days: int
) -> _Window:  # fmt: skip
    if not files:
        raise InvalidInputError("Give at least one symbol to replay.")
    first_ms = [of_symbol.first_ms for of_symbol in files.values()]
    begin_ms = min(first_ms)
    data_end_ms = max(of_symbol.end_ms for of_symbol in files.values())
    covers = f"The data covers {_moment(begin_ms)} to {_moment(data_end_ms)} UTC"
    if to_ms is not None and from_ms is not None and to_ms <= from_ms:
        raise InvalidInputError(f"The end {_moment(to_ms)} is not after the start {_moment(from_ms)}. {covers}.")
    if from_ms is not None and not begin_ms <= from_ms < data_end_ms:
        raise InvalidInputError(f"The start {_moment(from_ms)} is outside the data. {covers}.")
    if to_ms is not None and not begin_ms < to_ms <= data_end_ms + DAY_MS:
        raise InvalidInputError(f"The end {_moment(to_ms)} is outside the data. {covers}.")
    end_ms = data_end_ms if to_ms is None else min(to_ms, data_end_ms)
    if from_ms is None:
        common_ms = min(max(first_ms), end_ms - 1)
        from_ms = common_ms + min(warmup_days * DAY_MS, (end_ms - common_ms) // 2)
        from_ms = max(common_ms, from_ms - from_ms % HOUR_MS)
    return _Window(_first_needed_ms(from_ms, warmup_days), from_ms, end_ms)


def _ordered(tables: Sequence[Floats]) -> Floats:
    """All rows, oldest first; of rows with the same time the first one is kept."""
    whole = np.concatenate(tables)
    _, first = np.unique(whole[:, 0], return_index=True)
    return whole[first]


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


def _without_bars(symbol: str, files: _SymbolFiles, window: _Window) -> InvalidInputError:
    return InvalidInputError(
        f"{symbol} has no bars from {_moment(window.start_ms)} to {_moment(window.end_ms)}. Its data covers "
        f"{_moment(files.first_ms)} to {_moment(files.end_ms)} UTC."
    )


def _spec(symbol: str, files: _SymbolFiles, table: Floats, start_ms: int) -> SymbolSpec:
    """What the exchange says about the symbol, and the grid that its bars lie on."""
    rules = files.rules(symbol, start_ms)
    return SymbolSpec(
        rules=rules,
        onboard_time_ms=rules.onboard_time_ms,
        price_grid=grid_of(table[:, 1:5], rules.tick_size, FINEST_PRICE_DECIMALS),
        quantity_grid=grid_of(table[:, 5], rules.step_size, MAX_DECIMALS),
    )


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
