"""Remembers bans in a small file, so that a restart in the middle of one asks nothing either."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

WRITE_TRIES = 6
_FIRST_PAUSE_SECONDS = 0.02

logger = logging.getLogger(__name__)


class BanRecord(msgspec.Struct, frozen=True):
    """A ban of one exchange host, in epoch ms of the exchange's time.

    `until_ms`: when the exchange lifts it. `opens_ms`: when futtui asks again. `end_told`: the user knows that it is
    over. `streak`: how many times in a row the firewall refused us.
    """

    until_ms: int
    opens_ms: int
    firewall: bool = False
    end_told: bool = False
    streak: int = 0


class BanFile:
    """Bans by host in one JSON file. A file that cannot be read counts as none; what cannot be written is logged."""

    def __init__(self, path: Path, host: str, *, pause: Callable[[float], None] = time.sleep) -> None:
        self._path = path
        self._host = host
        self._pause = pause

    def load(self) -> BanRecord | None:
        """The newest ban of this host, also one that is over."""
        return self._load_all().get(self._host)

    def save(self, record: BanRecord) -> None:
        """Replace this host's record in one step: a crash leaves the old file or the new one, never half of it."""
        content = msgspec.json.encode({**self._load_all(), self._host: record})
        beside = self._path.with_name(self._path.name + ".new")
        for attempt in range(WRITE_TRIES):
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                beside.write_bytes(content)
                beside.replace(self._path)
                return
            except OSError as error:  # Windows: a virus scanner or another program holds the file for a moment
                if attempt == WRITE_TRIES - 1:
                    logger.warning("The end of a ban could not be noted in %s: %s", self._path, error)
                else:
                    self._pause(_FIRST_PAUSE_SECONDS * 2**attempt)

    def _load_all(self) -> dict[str, BanRecord]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, BanRecord])
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.MsgspecError) as error:
            logger.warning("The note about bans in %s cannot be read and is ignored: %s", self._path, error)
            return {}
