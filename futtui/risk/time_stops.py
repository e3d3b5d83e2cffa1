"""Time stops: exact deadlines in exchange time."""

from __future__ import annotations

from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.risk.settings import ExitSettings


def progress_deadline_ms(opened_ms: int, timeframe: Timeframe, bars: int) -> int:
    """Close of the last bar in which the trade has to show progress, counted from the bar it was opened in."""
    return timeframe.open_ms(opened_ms) + bars * timeframe.ms


def life_deadline_ms(opened_ms: int, settings: ExitSettings) -> int:
    """Moment at which a position is closed whatever it does."""
    return opened_ms + int(settings.max_days * DAY_MS)


def time_stop_reason(
    time_ms: int, progress_deadline: int, life_deadline: int, best_progress_r: float, settings: ExitSettings
) -> str | None:
    """Why the position is closed by time now; None while it may go on."""
    if time_ms >= life_deadline:
        return f"it is open for {settings.max_days:g} days, the longest allowed"
    if time_ms >= progress_deadline and best_progress_r < settings.time_stop_progress_r:
        return f"no progress of {settings.time_stop_progress_r:g} R in time (best was {best_progress_r:.2f} R)"
    return None
