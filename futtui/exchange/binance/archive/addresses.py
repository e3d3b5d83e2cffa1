"""Which files of the public archive hold the candles of some days, and where they lie.

Layout: `futures/um/{monthly|daily}/klines/SYMBOL/INTERVAL/SYMBOL-INTERVAL-YYYY-MM[-DD].zip`, beside each its
`.CHECKSUM`. Daily files appear the next day, monthly ones on the first Monday of the next month.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from futtui.domain.errors import InvalidInputError
from futtui.domain.timeframe import DAY_MS, Timeframe

PUBLIC_ARCHIVE = "https://data.binance.vision/data"
CHECKSUM_SUFFIX = ".CHECKSUM"
_SYMBOL = re.compile(r"[^\W_]{5,30}(?:_[0-9]{6})?")
_DATE = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?")


@dataclass(frozen=True, slots=True)
class ArchiveFileName:
    """One published file; it holds the bars with start_ms <= open time < end_ms."""

    symbol: str
    timeframe: Timeframe
    start_ms: int
    end_ms: int
    monthly: bool

    @property
    def name(self) -> str:
        """As in `BTCUSDT-15m-2024-01.zip`."""
        date = datetime.fromtimestamp(self.start_ms / 1000, UTC).strftime("%Y-%m" if self.monthly else "%Y-%m-%d")
        return f"{self.symbol}-{self.timeframe.code}-{date}.zip"

    @property
    def path(self) -> str:
        """Where it lies below the archive's address, and below the local folder."""
        kind = "monthly" if self.monthly else "daily"
        return f"futures/um/{kind}/klines/{self.symbol}/{self.timeframe.code}/{self.name}"

    def by_day(self) -> list[ArchiveFileName]:
        """The daily files of the same time."""
        days = range(self.start_ms, self.end_ms, DAY_MS)
        return [ArchiveFileName(self.symbol, self.timeframe, day, day + DAY_MS, False) for day in days]


def checked_symbol(text: str) -> str:
    """The symbol in capital letters; raises InvalidInputError for what cannot be one (letters and digits only)."""
    symbol = text.strip().upper()
    if _SYMBOL.fullmatch(symbol) is None:
        raise InvalidInputError(f"{text!r} is not a symbol. Write it as the exchange does, as in BTCUSDT.")
    return symbol


def files_for(
    symbol: str, timeframe: Timeframe, start_ms: int, end_ms: int, now_ms: int
) -> list[ArchiveFileName]:  # fmt: skip
    """The files for the days from `start_ms` to `end_ms` (excluded), oldest first.

    Whole months that are past are taken as monthly files; other days that are past as daily ones.
    """
    checked_symbol(symbol)
    end_ms = min(end_ms, now_ms)
    files: list[ArchiveFileName] = []
    at = start_ms - start_ms % DAY_MS
    while at + DAY_MS <= end_ms:
        month_ms, next_month_ms = _month_around(at)
        monthly = at == month_ms and next_month_ms <= end_ms
        after = next_month_ms if monthly else at + DAY_MS
        files.append(ArchiveFileName(symbol, timeframe, at, after, monthly))
        at = after
    return files


def file_of(symbol: str, timeframe: Timeframe, date: str) -> ArchiveFileName:
    """The published file of `date`, as in 2024-01 or 2024-01-31; raises InvalidInputError for no such date."""
    match = _DATE.fullmatch(date)
    try:
        if match is None:
            raise ValueError
        day = datetime(int(match[1]), int(match[2]), int(match[3] or 1), tzinfo=UTC)
    except ValueError:
        raise InvalidInputError(f"{date!r} in a file's name is not a date. Expected 2024-01 or 2024-01-31.") from None
    start_ms = int(day.timestamp() * 1000)
    monthly = match[3] is None
    return ArchiveFileName(
        symbol, timeframe, start_ms, _month_around(start_ms)[1] if monthly else start_ms + DAY_MS, monthly
    )


def _month_around(time_ms: int) -> tuple[int, int]:
    """First millisecond of the month and of the next one, UTC."""
    first = datetime.fromtimestamp(time_ms / 1000, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    after = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    return int(first.timestamp() * 1000), int(after.timestamp() * 1000)
