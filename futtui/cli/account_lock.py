"""One futtui per account on this PC, whatever its data folder: two would trade the same signals twice."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from futtui.cli.sole_user import held_file
from futtui.domain.errors import StorageError
from futtui.exchange.ports import Credentials


@contextlib.contextmanager
def sole_account(credentials: Credentials | None, folder: Path | None = None) -> Iterator[bool]:
    """Hold the account of these keys; gives False when another futtui has it, and always True without keys.

    The name of the lock file is a hash of the key: nobody can read the key from it.
    """
    if credentials is None:
        yield True
        return
    name = hashlib.sha256(f"futtui account {credentials.api_key}".encode()).hexdigest()[:24]
    try:
        handle = held_file((folder or Path(tempfile.gettempdir())) / f"futtui-account-{name}.lock")
    except StorageError:
        yield False
        return
    try:
        yield True
    finally:
        os.close(handle)
