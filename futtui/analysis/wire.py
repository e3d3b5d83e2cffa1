"""What travels between the app and its worker processes: plain tuples, pickled, each with its length in front."""

from __future__ import annotations

import pickle
import struct
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

from futtui.domain.candle import Candle
from futtui.domain.timeframe import Timeframe

CandleRow = tuple[int, float, float, float, float, float, float | None, int | None, float | None, float | None]
CloseRow = tuple[str, CandleRow]
HistoryRows = dict[str, list[CandleRow]]

_LENGTH = struct.Struct("!I")


def row_of(candle: Candle) -> CandleRow:
    """The candle as a plain tuple."""
    return (
        candle.open_time_ms,
        candle.open,
        candle.high,
        candle.low,
        candle.close,
        candle.volume,
        candle.quote_volume,
        candle.trade_count,
        candle.taker_buy_volume,
        candle.taker_buy_quote_volume,
    )


def candle_of(row: CandleRow) -> Candle:
    """The candle that `row_of` described."""
    return Candle(*row)


def history_rows(history: Mapping[Timeframe, Sequence[Candle]]) -> HistoryRows:
    """A history as plain tuples by timeframe code."""
    return {timeframe.code: [row_of(candle) for candle in candles] for timeframe, candles in history.items()}


def write_message(stream: BinaryIO, message: Any) -> None:
    """Send one message and flush; raises OSError when the other side is gone."""
    body = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(_LENGTH.pack(len(body)))
    stream.write(body)
    stream.flush()


def read_message(stream: BinaryIO) -> Any:
    """The next message; raises EOFError when the other side closed or died.

    Both ends are our own processes on one machine, joined by a private pipe: that is why pickle is acceptable here.
    """
    head = _read_exactly(stream, _LENGTH.size)
    return pickle.loads(_read_exactly(stream, _LENGTH.unpack(head)[0]))


def _read_exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if data is None or len(data) < size:
        raise EOFError("the other side closed the pipe")
    return data
