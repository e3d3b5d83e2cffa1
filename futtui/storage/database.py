"""Opens the database file: WAL mode, migrations with a backup first, and a clear refusal of newer files."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from futtui.domain.errors import StorageError

MIGRATIONS = Path(__file__).parent / "migrations"
PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000", "foreign_keys=ON", "cache_size=-2000")
"""2 MB of pages: full from the start, so that memory does not creep; more makes nothing faster."""
LOCK_WAIT_S = 5.0
"""How long the first look waits for another program that holds the file."""


def open_database(path: Path) -> Engine:
    """An SQLAlchemy engine on the migrated file at `path` (made if absent, folder included).

    Raises StorageError when the file is damaged, was made by a newer futtui, is held by another program, or cannot be
    written.
    """
    engine: Engine | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _refuse_damaged(path)
        engine = create_engine(f"sqlite:///{path}")
        event.listen(engine, "connect", _set_pragmas)
        _migrate(engine, path)
    except (OSError, sqlite3.Error, SQLAlchemyError, StorageError) as error:
        if engine is not None:
            engine.dispose()  # an open file could not be moved away on Windows
        if isinstance(error, StorageError):
            raise
        reason = getattr(error, "orig", None) or error
        raise StorageError(
            f"The database {path} cannot be opened: {reason}. "
            "Check the folder, free space, and that no other futtui uses it."
        ) from error
    return engine


def open_for_reading(path: Path) -> Engine:
    """An engine that can only read the existing file, also beside a running futtui; nothing is brought up to date.

    Raises StorageError when the file is damaged, of another version, or cannot be read.
    """

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=LOCK_WAIT_S)

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
    except (sqlite3.Error, SQLAlchemyError) as error:
        reason = getattr(error, "orig", None) or error
        raise StorageError(
            f"The database {path} cannot be read: {reason}. Check that it is a futtui database."
        ) from error
    script = _script()
    if current not in {revision.revision for revision in script.walk_revisions()}:
        raise _newer(path, current)
    if current != script.get_current_head():
        raise StorageError(
            f"The database {path} was made by an older futtui. Start futtui once: it brings the file up to date."
        )
    return engine


def _set_pragmas(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _refuse_damaged(path: Path) -> None:
    """A short look at an existing file, so that a damaged one is never silently replaced."""
    if not path.exists() or path.stat().st_size == 0:
        return
    with closing(sqlite3.connect(path, timeout=LOCK_WAIT_S)) as connection:
        try:
            answer = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.OperationalError:
            raise  # locked or not readable: nothing is known about damage
        except sqlite3.DatabaseError as error:
            answer = str(error)
    if answer != "ok":
        raise StorageError(
            f"The database {path} is damaged ({answer}). Move the file away (keep it) and start again: "
            "candles are loaded anew; trades can be read from the JSONL files beside the logs."
        )


def _migrate(engine: Engine, path: Path) -> None:
    config = _config()
    script = _script()
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
        newest = script.get_current_head()
        if current == newest:
            return
        if current is not None:
            if current not in {revision.revision for revision in script.walk_revisions()}:
                raise _newer(path, current)
            _backup(path, current)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _script() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _newer(path: Path, revision: str | None) -> StorageError:
    return StorageError(
        f"The database {path} was made by a newer futtui (revision {revision}). "
        "Update futtui, or start it with another --home."
    )


def _backup(path: Path, revision: str) -> None:
    target = path.with_name(f"{path.stem}.before-{revision}{path.suffix}")
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
    shutil.copystat(path, target)
