"""The table of a position's life."""

from __future__ import annotations

import itertools

import pytest

from futtui.desk.transitions import TRANSITIONS, IllegalTransitionError, Move, next_status
from futtui.domain.position import PositionStatus


def test_transitions_every_status_can_reach_an_end() -> None:
    ends = {PositionStatus.CLOSED, PositionStatus.FAILED}
    for start in PositionStatus:
        reached, queue = {start}, [start]
        while queue:
            status = queue.pop()
            for (source, _), target in TRANSITIONS.items():
                if source is status and target not in reached:
                    reached.add(target)
                    queue.append(target)
        assert reached & ends


def test_transitions_all_pairs_outside_the_table_are_refused_in_plain_words() -> None:
    for pair in itertools.product(PositionStatus, Move):
        if pair not in TRANSITIONS:
            with pytest.raises(IllegalTransitionError, match="cannot go from"):
                next_status(*pair)


def test_transitions_protected_is_only_reached_with_a_stop() -> None:
    ways = [(source, move) for (source, move), target in TRANSITIONS.items() if target is PositionStatus.PROTECTED]
    assert ways == [(PositionStatus.NAKED, Move.STOP_LIVE), (PositionStatus.CLOSING, Move.EXIT_FAILED)]
