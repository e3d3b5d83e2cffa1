"""Checksums of archive files, in the form of `sha256sum`: the hash in hex, two spaces, the file's name."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from futtui.exchange.binance.archive.addresses import CHECKSUM_SUFFIX
from futtui.exchange.binance.archive.errors import ArchiveError

LONGEST_ANSWER = 1024
_LINE = re.compile(r"([0-9a-fA-F]{64})[ \t]+\*?(\S+)\s*")
_CHUNK = 1 << 20


def parse_checksum(text: str, name: str) -> str:
    """The hash for the file `name`, in lower case; raises ArchiveError when the text is something else."""
    match = _LINE.fullmatch(text.strip())
    if match is None or match[2].rsplit("/", 1)[-1] != name:
        raise ArchiveError(
            f"The checksum of {name} is not in the usual form. Is this address the archive, and not a login page?"
        )
    return match[1].lower()


def sha256_of(path: Path) -> str:
    """The hash of a file in hex; raises OSError when it cannot be read."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def checksum_path(path: Path) -> Path:
    """Where the checksum of a file lies: beside it."""
    return path.with_name(path.name + CHECKSUM_SUFFIX)


def checksum_beside(path: Path) -> str | None:
    """The hash that the checksum file beside `path` gives; None where there is none, or it cannot be understood."""
    try:
        return parse_checksum(checksum_path(path).read_text(encoding="utf-8"), path.name)
    except (OSError, UnicodeDecodeError, ArchiveError):
        return None
