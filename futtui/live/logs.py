"""Log files: UTF-8, UTC, one background thread, rotation that survives Windows, secrets blacked out.

Files: `futtui.log` (everything), `action_price.log`, `support_resistance.log`, and `signals-<system>-<month>.jsonl`
with one record per step of a signal's life (schema 1: schema, time_ms, time, system, signal_id, type, payload).
A crash below Python leaves its trace in `futtui-crash.log`.
"""

from __future__ import annotations

import logging
import logging.handlers
import os
import queue
import re
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge, Gt, Le

from futtui.live.compat.crash_trace import CrashTrace

JOURNAL = "futtui.journal"
TOPIC_FILES = {"action_price": "action_price.log", "support_resistance": "support_resistance.log"}
SECRET_PAIR = re.compile(
    r"(?i)((?:signature|api_?key|api_?secret|secret|token|listenKey|X-MBX-APIKEY)[\"']?\s*[=:]\s*[\"']?)[^\s\"'&,}]+"
)
BOT_TOKEN = re.compile(r"\d{8,10}:[A-Za-z0-9_-]{30,}\b")
HIDDEN = "***"


class LogLevel(Enum):
    """How much goes into the log files."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


@dataclass(frozen=True, slots=True)
class LogSettings:
    """Log files."""

    level: LogLevel = LogLevel.INFO
    """Least severity that is written: DEBUG, INFO, WARNING or ERROR."""
    exchange_level: LogLevel = LogLevel.WARNING
    """The same for the connection to the exchange, which talks a lot."""
    max_megabytes: Annotated[int, Gt(0), Le(1000)] = 10
    """A log file is rotated when it reaches this size."""
    keep_files: Annotated[int, Ge(1), Le(100)] = 10
    """How many rotated files are kept of each log."""
    directory: str = ""
    """Folder of the log files; empty = `logs` in the folder given with `--home`.

    Without one it is `logs` below the current folder if it exists, else in futtui's data folder.
    """


class RedactingFormatter(logging.Formatter):
    """UTC times; secrets that are known, or that look like one, are replaced by ***."""

    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self, secrets: Iterable[str]) -> None:
        self.converter = time.gmtime
        super().__init__("%(asctime)s %(levelname)-7s %(name)s  %(message)s")
        self._secrets = sorted((secret for secret in secrets if len(secret) >= 6), key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        """The line, with secrets hidden; tracebacks included."""
        return redact(super().format(record), self._secrets)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without secret values."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return BOT_TOKEN.sub(HIDDEN, SECRET_PAIR.sub(rf"\g<1>{HIDDEN}", text))


class SafeRotatingFileHandler(logging.handlers.RotatingFileHandler):
    """Rotation that carries on in the same file when Windows will not let it be renamed."""

    def __init__(self, path: Path, settings: LogSettings) -> None:
        size = settings.max_megabytes * 1024 * 1024
        super().__init__(path, maxBytes=size, backupCount=settings.keep_files, encoding="utf-8", delay=True)
        self._size = size

    def doRollover(self) -> None:  # noqa: N802 (name of the base class)
        """Rotate, or go on and try again after another tenth of the size."""
        try:
            super().doRollover()
            self.maxBytes = self._size
        except OSError:
            if self.stream is None:
                self.stream = self._open()
            self.maxBytes += max(1, self._size // 10)


class JournalHandler(logging.Handler):
    """Appends each record to the JSONL file of its system and month, flushed line by line."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line; a failure is reported through logging's own error handling."""
        try:
            name = f"signals-{record.system}-{record.month}.jsonl"  # type: ignore[attr-defined]
            with (self._folder / name).open("a", encoding="utf-8", newline="\n") as file:
                file.write(record.getMessage() + "\n")
        except OSError:
            self.handleError(record)


@dataclass(slots=True)
class LogFiles:
    """Running log files; `close` writes what is queued."""

    folder: Path
    _listener: logging.handlers.QueueListener
    _handlers: list[logging.Handler]
    _queue_handler: logging.handlers.QueueHandler
    _crash_trace: CrashTrace

    def close(self) -> None:
        """Stop the thread and close the files; safe to call twice."""
        self._crash_trace.close()
        root = logging.getLogger("futtui")
        if self._queue_handler in root.handlers:
            root.removeHandler(self._queue_handler)
            self._listener.stop()
            for handler in self._handlers:
                with suppress(OSError):  # a full disk: its last lines are lost, and nobody can be told in a file
                    handler.close()


def start_logs(settings: LogSettings, folder: Path, secrets: Iterable[str] = (), name: str = "futtui.log") -> LogFiles:
    """Open the log files below `folder` (made if absent) and route all futtui loggers there; `name`: the main one."""
    folder.mkdir(parents=True, exist_ok=True)
    crash_trace = CrashTrace(folder / f"{Path(name).stem}-crash.log")
    formatter = RedactingFormatter(secrets)
    handlers: list[logging.Handler] = [_file(folder / name, settings, formatter, None)]
    handlers += [_file(folder / own, settings, formatter, f"futtui.say.{topic}") for topic, own in TOPIC_FILES.items()]
    journal = JournalHandler(folder)
    journal.addFilter(lambda record: record.name == JOURNAL)
    handlers.append(journal)
    lines: queue.Queue[Any] = queue.Queue(50_000)
    queue_handler = logging.handlers.QueueHandler(lines)
    listener = logging.handlers.QueueListener(lines, *handlers, respect_handler_level=True)
    root = logging.getLogger("futtui")
    root.setLevel(settings.level.value)
    root.propagate = False
    logging.getLogger(JOURNAL).setLevel(logging.INFO)
    logging.getLogger("futtui.exchange").setLevel(settings.exchange_level.value)
    root.addHandler(queue_handler)
    listener.start()
    return LogFiles(folder, listener, handlers, queue_handler, crash_trace)


def _file(path: Path, settings: LogSettings, formatter: logging.Formatter, only: str | None) -> logging.Handler:
    handler = SafeRotatingFileHandler(path, settings)
    handler.setFormatter(formatter)
    if only is None:
        handler.addFilter(lambda record: record.name != JOURNAL)
    else:
        handler.addFilter(lambda record: record.name == only)
    return handler


def log_folder(settings: LogSettings, data_folder: Path, *, chosen: bool = False) -> Path:
    """Where log files go. `chosen`: the data folder was named by the user, who wants everything below it."""
    if settings.directory:
        return Path(os.path.expandvars(settings.directory)).expanduser()
    local = Path.cwd() / "logs"
    return local if local.is_dir() and not chosen else data_folder / "logs"
