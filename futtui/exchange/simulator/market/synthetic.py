"""The synthetic market: an invented, endless market that looks and feels like one, and says that it is invented."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from futtui.domain.errors import InvalidInputError
from futtui.domain.timeframe import DAY_MS, HOUR_MS
from futtui.exchange.simulator.market.bar_market import BarMarket, lattices_of
from futtui.exchange.simulator.market.bars import Bars
from futtui.exchange.simulator.market.catalogue import DEFAULT_SYMBOLS, FACTOR, synthetic_symbol
from futtui.exchange.simulator.market.chance import keys_of, near_normals
from futtui.exchange.simulator.market.generator import BAR_MS, BLOCK_BARS, Block, Generator

DEFAULT_START_MS = 1_767_571_200_000
"""2026-01-05T00:00:00Z, a Monday."""

MAX_FORWARD_DAYS = 3650
_PRICE_COLUMNS = ("open", "high", "low", "close")
_COLUMNS = (*_PRICE_COLUMNS, "volume", "taker", "count")


class SyntheticMarket(BarMarket):
    """A market of 15-minute bars made from a seed; the same seed, symbols and start give the same market."""

    def __init__(
        self,
        symbols: Sequence[str] | None = None,
        seed: int = 7,
        start_ms: int = DEFAULT_START_MS,
        history_days: int = 200,
    ) -> None:
        """`symbols` None = the twelve majors. `history_days`: whole days of bars before `start_ms` (at least 1).

        Raises InvalidInputError for a doubled or impossible symbol name.
        """
        names = sorted(DEFAULT_SYMBOLS if symbols is None else symbols)
        if not names or len(set(names)) != len(names):
            raise InvalidInputError("Give the synthetic market at least one symbol, and each symbol once.")
        if history_days < 1:
            raise InvalidInputError(f"The synthetic market needs at least 1 day of history, not {history_days}.")
        self._origin_ms = start_ms - start_ms % DAY_MS - history_days * DAY_MS
        self._seed, self._start_ms = seed, start_ms
        made = [synthetic_symbol(name, self._origin_ms) for name in names]
        specs = [spec for spec, _ in made]
        self._generator = Generator(
            [character for _, character in made],
            synthetic_symbol(FACTOR, self._origin_ms)[1],
            [lattices_of(spec) for spec in specs],
            seed,
            self._origin_ms,
        )
        self._row = {name: row for row, name in enumerate(names)}
        room = (history_days + 6) * DAY_MS // BAR_MS + BLOCK_BARS
        self._open_ms = self._open_times(room)
        self._columns: dict[str, npt.NDArray[Any]] = {
            name: np.empty((len(names), room), dtype=_column_type(name)) for name in _COLUMNS
        }
        self._funding_keys = {name: keys_of("funding", seed, name) for name in names}
        super().__init__(specs, [BAR_MS] * len(specs), seed)
        self._extend(start_ms)

    @property
    def label(self) -> str:
        """`SYNTHETIC MARKET (seed 7)`."""
        return f"SYNTHETIC MARKET (seed {self._seed})"

    @property
    def synthetic(self) -> bool:
        """Always True: no price here ever happened."""
        return True

    @property
    def start_ms(self) -> int:
        """Virtual time at which the exchange opens."""
        return self._start_ms

    def funding_rate(self, symbol: str, funding_time_ms: int) -> float:
        """Around 0.01 % for 8 hours, higher after a rise and lower after a fall, as a fraction within +-0.3 %."""
        self._length_of(symbol)
        bars = self._bars(symbol, funding_time_ms)
        last = int(np.searchsorted(bars.open_ms, funding_time_ms - BAR_MS, side="right")) - 1
        noise = float(near_normals(self._funding_keys[symbol], np.array([funding_time_ms // HOUR_MS]))[0])
        if last < 0:
            return 0.0001
        day, week = (float(np.log(bars.close[last] / bars.close[max(0, last - back)])) for back in (96, 672))
        return round(min(0.003, max(-0.003, 0.0001 + 0.0025 * day + 0.0008 * week + 0.00004 * noise)), 8)

    @property
    def _begin_ms(self) -> int:
        return self._origin_ms

    def _bars(self, symbol: str, until_ms: int) -> Bars:
        self._extend(until_ms)
        row, done = self._row[symbol], self._generator.bars_done
        return Bars(self._open_ms[:done], *(self._columns[name][row, :done] for name in _BAR_ORDER))

    def _bars_at(self, names: list[str], open_ms: int, length_ms: int) -> tuple[npt.NDArray[np.intp], Bars]:
        self._extend(open_ms + length_ms)
        index = (open_ms - self._origin_ms) // BAR_MS
        if index < 0:
            return np.empty(0, dtype=np.intp), self._bars(names[0], 0).cut(0, 0)
        columns = (self._columns[name][:, index] for name in _BAR_ORDER)
        return np.arange(len(names)), Bars(np.full(len(names), open_ms, dtype=np.int64), *columns)

    def _extend(self, until_ms: int) -> None:
        """Makes blocks, in order, until all bars that open before `until_ms` are there."""
        if until_ms > self._start_ms + MAX_FORWARD_DAYS * DAY_MS:
            raise InvalidInputError(
                f"The synthetic market ends {MAX_FORWARD_DAYS} days after its start. Ask for an earlier time."
            )
        while self._origin_ms + self._generator.bars_done * BAR_MS < until_ms:
            first = self._generator.bars_done
            if first + BLOCK_BARS > len(self._open_ms):
                self._grow(first + BLOCK_BARS)
            self._store(first, self._generator.next_block())

    def _store(self, first: int, block: Block) -> None:
        for name, column in self._columns.items():
            column[:, first : first + BLOCK_BARS] = getattr(block, name)

    def _grow(self, needed: int) -> None:
        room = needed + max(needed // 10, 10 * BLOCK_BARS)
        self._open_ms = self._open_times(room)
        for name, column in self._columns.items():
            wider = np.empty((column.shape[0], room), dtype=column.dtype)
            wider[:, : column.shape[1]] = column
            self._columns[name] = wider

    def _open_times(self, count: int) -> npt.NDArray[np.int64]:
        return self._origin_ms + np.arange(count, dtype=np.int64) * BAR_MS


_BAR_ORDER = ("open", "high", "low", "close", "volume", "taker", "count")


def _column_type(name: str) -> type[np.generic]:
    return np.int64 if name in ("volume", "taker") else np.int32
