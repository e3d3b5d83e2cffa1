"""Log files hide secrets, rotate although Windows holds the file, and keep the journal readable."""

from __future__ import annotations

import errno
import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from futtui.domain.effects import RecordSignal, RecordTrade
from futtui.live.journal import JournalRecorder
from futtui.live.logs import LogFiles, LogSettings, SafeRotatingFileHandler, redact, start_logs
from tests.storage.test_store import signal, trade

SECRET = "sUpErSecretValue123"


@pytest.fixture
def files(tmp_path: Path):
    running: LogFiles = start_logs(LogSettings(), tmp_path, [SECRET])
    yield running
    running.close()


def test_log_files_known_secret_never_reaches_the_file(files: LogFiles) -> None:
    logging.getLogger("futtui.live").warning("signing with %s for %s", SECRET, "BTCUSDT")
    try:
        raise ValueError(f"bad key {SECRET}")
    except ValueError:
        logging.getLogger("futtui.live").exception("failed")
    files.close()
    text = (files.folder / "futtui.log").read_text(encoding="utf-8")
    assert SECRET not in text
    assert "BTCUSDT" in text
    assert "ValueError: bad key ***" in text


def test_log_files_times_are_utc_and_say_so(files: LogFiles) -> None:
    logging.getLogger("futtui.live").warning("now")
    files.close()
    stamp = (files.folder / "futtui.log").read_text(encoding="utf-8").split()[0]
    assert stamp.endswith("Z")
    assert abs(datetime.fromisoformat(stamp) - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    "line",
    [
        "GET /fapi/v1/order?symbol=A&signature=0123456789abcdef&x=1",
        "{'apiKey': '0123456789abcdef'}",
        "api_secret: 0123456789abcdef",
        "listenKey=0123456789abcdef",
    ],
)
def test_redact_secret_looking_pairs_are_hidden(line: str) -> None:
    assert "0123456789abcdef" not in redact(line)


def test_redact_telegram_token_is_hidden() -> None:
    assert redact("https://host/bot123456789:AAF-abcdefghijklmnopqrstuvwxyz0123/x") == "https://host/bot***/x"


def test_safe_rotation_file_that_cannot_be_renamed_goes_on_in_the_same_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = SafeRotatingFileHandler(tmp_path / "a.log", LogSettings(max_megabytes=1))
    handler.maxBytes = handler._size = 200
    blocked = {"on": True}
    original = handler.rotate

    def rotate(source: str, target: str) -> None:
        if blocked["on"]:
            raise PermissionError(13, "The process cannot access the file", source, 32)
        original(source, target)

    monkeypatch.setattr(handler, "rotate", rotate)
    for index in range(20):
        handler.emit(logging.LogRecord("futtui", logging.INFO, "", 0, f"line {index:02d} " + "x" * 30, None, None))
    text = (tmp_path / "a.log").read_text(encoding="utf-8")
    assert [f"line {index:02d}" in text for index in range(20)] == [True] * 20
    blocked["on"] = False
    for index in range(20, 60):
        handler.emit(logging.LogRecord("futtui", logging.INFO, "", 0, f"line {index:02d} " + "x" * 30, None, None))
    handler.close()
    assert (tmp_path / "a.log.1").exists()


class _Store:
    def __init__(self) -> None:
        self.records: list[object] = []

    def submit(self, record: object) -> None:
        self.records.append(record)


def test_journal_every_step_is_one_json_line_in_the_file_of_its_month(files: LogFiles) -> None:
    store = _Store()
    recorder = JournalRecorder(store)
    recorder.submit(RecordSignal(signal(1_700_000_000_000), 1_700_000_000_000))
    recorder.submit(RecordTrade(trade(), 1_700_000_500_000))
    files.close()
    lines = (files.folder / "signals-core-2023-11.jsonl").read_text(encoding="utf-8").splitlines()
    first, last = (json.loads(line) for line in lines)
    assert (first["type"], last["type"]) == ("active", "exit")
    assert first["payload"]["raw"]["symbol"] == "BTCUSDT"
    assert last["payload"]["pnl"] == "0.21"
    assert first["time"] == "2023-11-14T22:13:20.000+00:00"
    assert len(store.records) == 2


def test_log_files_close_on_a_full_disk_without_an_error(files: LogFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: logging.Handler) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(SafeRotatingFileHandler, "close", full)
    files.close()
    assert logging.getLogger("futtui").handlers == []
