"""Candles as text in the archive's CSV form; reading it gives the same figures again."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from futtui.exchange.archive_csv import KLINE_HEADER, Floats
from futtui.exchange.binance.archive.download import replace_file

_LINES_AT_ONCE = 10_000


def kline_text(open_time_ms: np.ndarray, figures: Floats, length_ms: int) -> Iterator[str]:
    """The file in parts, header first. Figures: open, high, low, close, volume, quote volume, count, taker volumes."""
    yield KLINE_HEADER + "\n"
    for first in range(0, len(open_time_ms), _LINES_AT_ONCE):
        part = slice(first, first + _LINES_AT_ONCE)
        texts = [[_number(value) for value in column] for column in figures[:, part].tolist()]
        lines = zip(open_time_ms[part].tolist(), *texts, strict=True)
        yield "".join(
            f"{time},{o},{h},{lo},{c},{v},{time + length_ms - 1},{quote},{count},{taker},{taker_quote},0\n"
            for time, o, h, lo, c, v, quote, count, taker, taker_quote in lines
        )


def write_klines(path: Path, open_time_ms: np.ndarray, figures: Floats, length_ms: int) -> None:
    """Writes `path` (.csv, .gz or .zip by its name); a file that is there is replaced only by a complete one."""
    import gzip
    import zipfile

    part = path.with_name(path.name + ".part")
    inner = path.name.removesuffix(".gz").removesuffix(".zip").removesuffix(".csv") + ".csv"
    try:
        if path.suffix == ".gz":
            with gzip.open(part, "wt", encoding="utf-8", newline="\n", compresslevel=6) as file:
                file.writelines(kline_text(open_time_ms, figures, length_ms))
        elif path.suffix == ".zip":
            with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(inner, "w") as packed:
                packed.writelines(text.encode() for text in kline_text(open_time_ms, figures, length_ms))
        else:
            with part.open("w", encoding="utf-8", newline="\n") as file:
                file.writelines(kline_text(open_time_ms, figures, length_ms))
        replace_file(part, path)
    finally:
        part.unlink(missing_ok=True)


def _number(value: float) -> str:
    if math.isnan(value):
        return ""
    text = repr(value).removesuffix(".0")
    return np.format_float_positional(value, trim="-") if "e" in text else text
