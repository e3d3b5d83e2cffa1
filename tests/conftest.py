"""What holds for every test: property tests try the same cases each time, so that a run can be repeated.

None of them fails because a machine is slow or busy: what counts is what the code answers, not when.
To look for new cases: `python -m pytest --hypothesis-profile explore`.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[threads] = "1"  # each worker has a core; threads that wait for one another starve on a busy machine

UNHURRIED = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow], "print_blob": True}

settings.register_profile("repeatable", derandomize=True, **UNHURRIED)
settings.register_profile("explore", **UNHURRIED)
settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def what_is_logged_reaches_the_next_test() -> Iterator[None]:
    """Whoever opens log files takes every line for them; closed files must not swallow those of later tests."""
    yield
    for name in ("futtui", "futtui.exchange"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    logging.getLogger("futtui").propagate = True
