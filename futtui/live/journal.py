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
        if isinstance(record, RecordSignal | RecordTrade):
            moment = datetime.datetime.fromtimestamp(record.time_ms / 1000.0, tz=datetime.UTC)
            text = journal_line(record).decode()
            log.info(text, extra={"system": _system(record).lower(), "month": f"{moment:%Y-%m}"})


def journal_line(record: RecordSignal | RecordTrade) -> bytes:
    """The JSON line of a step in a signal's life."""
    payload = record.signal if isinstance(record, RecordSignal) else record.trade
    kind = record.signal.status.value.lower() if isinstance(record, RecordSignal) else "exit"
    moment = datetime.datetime.fromtimestamp(record.time_ms / 1000.0, tz=datetime.UTC)
    line = {
        "schema": SCHEMA,
        "time_ms": record.time_ms,
        "time": moment.isoformat(timespec="milliseconds"),
        "system": _system(record),
        "signal_id": payload.signal_id,
        "type": kind,
        "payload": payload,
    }
    return msgspec.json.encode(line)


def _system(record: RecordSignal | RecordTrade) -> str:
    return (record.signal.raw if isinstance(record, RecordSignal) else record.trade).system.value
