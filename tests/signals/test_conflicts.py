"""Opposite signals of one close."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from futtui.domain.side import Side
from futtui.signals.conflicts import conflict_refusals
from futtui.signals.scorer import ScoredSignal
from tests.desk.world import raw_signal

scores = st.floats(0, 10, allow_nan=False)


def scored(side: Side, score: float, strategy: str = "a") -> ScoredSignal:
    return ScoredSignal(raw_signal(side, strategy=strategy), score, (), 1.0)


@given(st.lists(scores, max_size=3), st.lists(scores, max_size=3))
def test_conflicts_never_leave_two_opposite_signals(longs: list[float], shorts: list[float]) -> None:
    items = [scored(Side.LONG, value, f"l{number}") for number, value in enumerate(longs)]
    items += [scored(Side.SHORT, value, f"s{number}") for number, value in enumerate(shorts)]
    lost = conflict_refusals(items, 1.0)
    left = {item.raw.side for item in items if item.raw.signal_id not in lost}
    assert len(left) <= 1
    if not longs or not shorts:
        assert lost == {}
    elif abs(max(longs) - max(shorts)) < 1.0:
        assert left == set()
    else:
        assert left == {Side.LONG if max(longs) > max(shorts) else Side.SHORT}


def test_conflicts_lead_of_exactly_the_margin_wins() -> None:
    lost = conflict_refusals([scored(Side.LONG, 4.0), scored(Side.SHORT, 3.0)], 1.0)
    assert list(lost) == [raw_signal(Side.SHORT, strategy="a").signal_id]
