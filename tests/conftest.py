"""What holds for every test: property tests try the same cases each time, so that a run can be repeated.

None of them fails because a machine is slow or busy: what counts is what the code answers, not when.
To look for new cases: `python -m pytest --hypothesis-profile explore`.
"""

from __future__ import annotations

import gc
import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine, create_engine, event

from futtui.storage import database

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[threads] = "1"  # each worker has a core; threads that wait for one another starve on a busy machine

gc.set_threshold(200_000, 50, 100)  # all tests stay: to look through them again and again took a third of finding them

UNHURRIED = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow], "print_blob": True}

settings.register_profile("repeatable", derandomize=True, **UNHURRIED)
settings.register_profile("explore", **UNHURRIED)
settings.load_profile("repeatable")


def pytest_collection_finish() -> None:
    """What is loaded by now stays; what a test leaves behind may go, although futtui holds that for good at a start."""
    gc.collect()
    gc.freeze()
    gc.freeze = lambda: None
    gc.set_threshold(20_000, 10, 10)


@pytest.fixture(scope="session", autouse=True)
def a_new_database_is_a_copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tables are made once, by all migrations; a file that is not there yet is a copy of these."""
    migrate = database._migrate
    empty = tmp_path_factory.mktemp("tables") / "empty.db"

    def copy_or_migrate(engine: Engine, path: Path) -> None:
        if path.exists() or path.is_symlink():
            migrate(engine, path)
            return
        if not empty.exists():
            made = create_engine(f"sqlite:///{empty}")
            event.listen(made, "connect", database._set_pragmas)
            migrate(made, empty)
            made.dispose()
        shutil.copyfile(empty, path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "_migrate", copy_or_migrate)
        yield


@pytest.fixture(autouse=True)
def what_is_logged_reaches_the_next_test() -> Iterator[None]:
    """Whoever opens log files takes every line for them; closed files must not swallow those of later tests."""
    yield
    for name in ("futtui", "futtui.exchange"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    logging.getLogger("futtui").propagate = True
