"""Writes stored candles as files in the archive's CSV form, one for a symbol and timeframe."""

from __future__ import annotations

from pathlib import Path

from futtui.domain.file_names import file_name
from futtui.exchange.binance.archive.writing import write_klines
from futtui.storage.deep_history import DeepHistory, Series

FORMS = {"csv": ".csv", "gz": ".csv.gz", "zip": ".zip"}


def export_series(
    deep: DeepHistory, series: Series, folder: Path, form: str, start_ms: int, end_ms: int
) -> tuple[Path, int]:  # fmt: skip
    """Write one file and return it with its number of candles; without any candle in that time nothing is written."""
    path = folder / file_name(f"{series.symbol}-{series.timeframe.code}{FORMS[form]}")
    candles = deep.load_arrays(series.symbol, series.timeframe, start_ms, end_ms)
    if len(candles):
        folder.mkdir(parents=True, exist_ok=True)
        write_klines(path, candles.open_time_ms, candles.figures, series.timeframe.ms)
    return path, len(candles)
