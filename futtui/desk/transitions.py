"""The written life of a position: every legal change of its status, and nothing else."""

from __future__ import annotations

from enum import Enum

from futtui.domain.errors import FuttuiError
from futtui.domain.position import PositionStatus


class Move(Enum):
    """What can happen to a position as a whole."""

    ENTRY_FILLED = "ENTRY_FILLED"
    ENTRY_FAILED = "ENTRY_FAILED"
    STOP_LIVE = "STOP_LIVE"
    STOP_LOST = "STOP_LOST"
    EXIT_STARTED = "EXIT_STARTED"
    EXIT_FAILED = "EXIT_FAILED"
    FLAT = "FLAT"
    LATE_FILL = "LATE_FILL"


TRANSITIONS: dict[tuple[PositionStatus, Move], PositionStatus] = {
    (PositionStatus.ENTERING, Move.ENTRY_FILLED): PositionStatus.NAKED,
    (PositionStatus.ENTERING, Move.ENTRY_FAILED): PositionStatus.FAILED,
    (PositionStatus.NAKED, Move.STOP_LIVE): PositionStatus.PROTECTED,
    (PositionStatus.NAKED, Move.EXIT_STARTED): PositionStatus.CLOSING,
    (PositionStatus.NAKED, Move.FLAT): PositionStatus.CLOSED,
    (PositionStatus.PROTECTED, Move.STOP_LOST): PositionStatus.NAKED,
    (PositionStatus.PROTECTED, Move.EXIT_STARTED): PositionStatus.CLOSING,
    (PositionStatus.PROTECTED, Move.FLAT): PositionStatus.CLOSED,
    # An exit order failed while the stop still stands: the position goes on, protected.
    (PositionStatus.CLOSING, Move.EXIT_FAILED): PositionStatus.PROTECTED,
    (PositionStatus.CLOSING, Move.FLAT): PositionStatus.CLOSED,
    # The exchange called the entry filled, told no execution of it, and holds nothing that could be closed.
    (PositionStatus.CLOSING, Move.ENTRY_FAILED): PositionStatus.FAILED,
    # News of an execution came after the order was reported dead: it is sold at once.
    (PositionStatus.FAILED, Move.LATE_FILL): PositionStatus.CLOSING,
    (PositionStatus.CLOSED, Move.LATE_FILL): PositionStatus.CLOSING,
}


class IllegalTransitionError(FuttuiError):
    """The desk tried a change of status that its table does not know; a fault of futtui, never of the exchange."""


def next_status(status: PositionStatus, move: Move) -> PositionStatus:
    """Status after `move`; raises IllegalTransitionError where the table has no such edge."""
    try:
        return TRANSITIONS[(status, move)]
    except KeyError:
        raise IllegalTransitionError(
            f"A position cannot go from {status.value} by {move.value}. Please report this with the log file."
        ) from None
