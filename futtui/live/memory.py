"""How much memory a process holds, asked from the operating system."""

from __future__ import annotations

import logging

log = logging.getLogger(__name__)


def memory_mb(process_id: int) -> float | None:
    """Memory of a process held in RAM (RSS) in MB; None when it is gone or may not be looked at."""
    import psutil

    try:
        return float(psutil.Process(process_id).memory_info().rss) / 1e6
    except (psutil.Error, OSError) as error:
        log.debug("The memory of process %d is not known: %s", process_id, error)
        return None
