"""Opposite signals of one close."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from futtui.domain.side import Side
from futtui.domain.signal import System
from futtui.signals.conflicts import conflict_refusals
from futtui.signals.scorer import ScoredSignal
from futtui.signals.settings import ScoringSettings
from tests.desk.world import raw_signal

SHIPPED = ScoringSettings()
NO_THRESHOLD = ScoringSettings(threshold=0.0)
scores = st.floats(0, 10, allow_nan=False)


def scored(side: Side, score: float, strategy: str = "a", system: System = System.CORE) -> ScoredSignal:
    return ScoredSignal(raw_signal(side, strategy=strategy, system=system), score, (), 1.0)


@given(st.lists(scores, max_size=3), st.lists(scores, max_size=3))
def test_conflicts_never_leave_two_opposite_signals(longs: list[float], shorts: list[float]) -> None:
    items = [scored(Side.LONG, value, f"l{number}") for number, value in enumerate(longs)]
    items += [scored(Side.SHORT, value, f"s{number}") for number, value in enumerate(shorts)]
    lost = conflict_refusals(items, NO_THRESHOLD)
    left = {item.raw.side for item in items if item.raw.signal_id not in lost}
    assert len(left) <= 1
    if not longs or not shorts:
        assert lost == {}
    elif abs(max(longs) - max(shorts)) < 1.0:
        assert left == set()
    else:
        assert left == {Side.LONG if max(longs) > max(shorts) else Side.SHORT}


def test_conflicts_lead_of_exactly_the_margin_wins() -> None:
    lost = conflict_refusals([scored(Side.LONG, 4.0), scored(Side.SHORT, 3.0)], SHIPPED)
    assert list(lost) == [raw_signal(Side.SHORT, strategy="a").signal_id]


@pytest.mark.parametrize(
    ("core", "zone", "winner"),
    [
        (6.0, 70.0, "core"),  # 3 points above 3 against 5 above 65, where 5 are worth one point
        (3.5, 85.0, "zone"),
        (4.0, 69.0, None),  # 1.0 against 0.8: too near
        (4.0, 65.0, "core"),
    ],
)
@pytest.mark.parametrize("side", list(Side))
def test_conflicts_scores_of_different_scales_are_compared_by_what_they_lie_above_their_threshold(
    core: float, zone: float, winner: str | None, side: Side
) -> None:
    ours, theirs = scored(side, core, "core"), scored(side.opposite, zone, "zone", System.SR)
    lost = conflict_refusals([ours, theirs], SHIPPED)
    left = [item.raw.strategy for item in (ours, theirs) if item.raw.signal_id not in lost]
    assert left == ([] if winner is None else [winner])


def test_conflicts_own_threshold_of_a_strategy_is_the_one_that_counts() -> None:
    items = [scored(Side.LONG, 5.5, "a"), scored(Side.SHORT, 4.4, "b")]
    long, short = (item.raw.signal_id for item in items)
    assert list(conflict_refusals(items, SHIPPED)) == [short]
    assert "2.5 points above its threshold" in conflict_refusals(items, SHIPPED)[short]
    assert set(conflict_refusals(items, ScoringSettings(strategy_thresholds={"a": 5.0}))) == {long, short}
    assert list(conflict_refusals(items, ScoringSettings(strategy_thresholds={"a": 5.5}))) == [long]
