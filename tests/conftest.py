"""What holds for every test: property tests try the same cases each time, so that a run can be repeated.

To look for new cases: `python -m pytest --hypothesis-profile explore`.
"""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, print_blob=True)
settings.register_profile("explore", print_blob=True)
settings.load_profile("repeatable")
