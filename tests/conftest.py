"""What holds for every test: property tests try the same cases each time, so that a run can be repeated.

None of them fails because a machine is slow or busy: what counts is what the code answers, not when.
To look for new cases: `python -m pytest --hypothesis-profile explore`.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

UNHURRIED = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow], "print_blob": True}

settings.register_profile("repeatable", derandomize=True, **UNHURRIED)
settings.register_profile("explore", **UNHURRIED)
settings.load_profile("repeatable")
