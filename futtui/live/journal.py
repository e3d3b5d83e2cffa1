"""Writes each step of a signal's life as one JSON line, beside the database: readable without futtui."""

from __future__ import annotations

import datetime
import logging

import msgspec

from futtui.domain.effects import RecordSignal, RecordTrade
from futtui.live.desk_runner import Record, Recorder
from futtui.live.logs import JOURNAL

SCHEMA = 1
log = logging.getLogger(JOURNAL)


class JournalRecorder:
    """Passes records on to the database and writes signals and trades to the journal."""

    def __init__(self, store: Recorder) -> None:
        self._store = store

    def submit(self, record: Record) -> None:
        """Record it in both places; never waits for the disk."""
        self._store.submit(record)
        if isinstance(record, RecordSignal):
            signal = record.signal
            self._write(record.time_ms, signal.raw.system.value, signal.signal_id, signal.status.value.lower(), signal)
        elif isinstance(record, RecordTrade):
            trade = record.trade
            self._write(record.time_ms, trade.system.value, trade.signal_id, "exit", trade)

    def _write(self, time_ms: int, system: str, signal_id: str, kind: str, payload: object) -> None:
        moment = datetime.datetime.fromtimestamp(time_ms / 1000.0, tz=datetime.UTC)
        line = {
            "schema": SCHEMA,
            "time_ms": time_ms,
            "time": moment.isoformat(timespec="milliseconds"),
            "system": system,
            "signal_id": signal_id,
            "type": kind,
            "payload": payload,
        }
        text = msgspec.json.encode(line).decode()
        log.info(text, extra={"system": system.lower(), "month": f"{moment:%Y-%m}"})
