"""Parts of a time: windows that learn and windows that are never learned from, with a gap between them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from futtui.domain.errors import InvalidInputError
from futtui.domain.timeframe import DAY_MS


@dataclass(frozen=True, slots=True)
class Fold:
    """Learn on [learn_from_ms, learn_to_ms), then nothing, then look at [see_from_ms, see_to_ms)."""

    learn_from_ms: int
    learn_to_ms: int
    see_from_ms: int
    see_to_ms: int


def folds(
    start_ms: int,
    end_ms: int,
    *,
    learn_months: int = 6,
    step_months: int = 1,
    gap_days: float = 7.0,
    rolling: bool = False,
) -> list[Fold]:
    """Anchored windows (learning always begins at the start) or rolling ones (learning is always as long).

    The gap is purged: a trade that begins before it can be open in it, but not beyond. Raises InvalidInputError when
    the time is too short for one fold.
    """
    found: list[Fold] = []
    gap_ms = int(gap_days * DAY_MS)
    learned = learn_months
    while True:
        see_from_ms, see_to_ms = months_after(start_ms, learned), months_after(start_ms, learned + step_months)
        if see_from_ms + DAY_MS > end_ms:
            break
        learn_from_ms = months_after(start_ms, learned - learn_months) if rolling else start_ms
        if see_from_ms - gap_ms <= learn_from_ms:
            raise InvalidInputError("The gap is as long as the time to learn. Make it shorter (--gap-days).")
        found.append(Fold(learn_from_ms, see_from_ms - gap_ms, see_from_ms, min(see_to_ms, end_ms)))
        learned += step_months
    if not found:
        raise InvalidInputError(
            f"The period is too short to walk forward: {learn_months} months to learn and at least a day after them "
            "are needed. Give a longer period or fewer months to learn (--learn-months)."
        )
    return found


def months_after(time_ms: int, months: int) -> int:
    """The same day and hour so many months later; the month's last day where it has no such day."""
    moment = datetime.fromtimestamp(time_ms / 1000, UTC)
    number = moment.year * 12 + moment.month - 1 + months
    year, month = number // 12, number % 12 + 1
    for day in range(moment.day, 27, -1):
        try:
            return int(moment.replace(year=year, month=month, day=day).timestamp() * 1000)
        except ValueError:
            continue
    return int(moment.replace(year=year, month=month).timestamp() * 1000)
