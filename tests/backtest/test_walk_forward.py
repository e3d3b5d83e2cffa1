"""Walk-forward: windows never touch, the gap is purged, learning never sees what comes, choosing among noise fails."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from futtui.backtest.folds import Fold, folds, months_after
from futtui.backtest.walk_forward import walk_forward, walk_json, walk_lines
from futtui.domain.errors import InvalidInputError
from futtui.domain.timeframe import DAY_MS
from tests.backtest.made_trades import made_trade


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def test_folds_anchored_and_rolling():
    anchored = folds(at("2023-01-01"), at("2023-09-01"), gap_days=7)
    assert anchored == [
        Fold(at("2023-01-01"), at("2023-06-24"), at("2023-07-01"), at("2023-08-01")),
        Fold(at("2023-01-01"), at("2023-07-25"), at("2023-08-01"), at("2023-09-01")),
    ]
    rolling = folds(at("2023-01-01"), at("2023-09-01"), gap_days=7, rolling=True)
    assert [fold.learn_from_ms for fold in rolling] == [at("2023-01-01"), at("2023-02-01")]
    assert [fold.see_from_ms for fold in rolling] == [fold.see_from_ms for fold in anchored]


def test_months_after_keeps_to_the_calendar():
    assert months_after(at("2023-01-31"), 1) == at("2023-02-28")
    assert months_after(at("2023-12-15"), 1) == at("2024-01-15")
    assert months_after(at("2024-01-31"), 1) == at("2024-02-29")


@given(st.integers(1, 8), st.integers(1, 3), st.floats(0, 20), st.booleans(), st.integers(250, 900))
def test_folds_never_touch_and_cover_the_rest_once(learn: int, step: int, gap: float, rolling: bool, days: int):
    start, end = at("2022-03-10"), at("2022-03-10") + days * DAY_MS
    found = folds(start, end, learn_months=learn, step_months=step, gap_days=gap, rolling=rolling)
    for fold in found:
        assert fold.learn_from_ms < fold.learn_to_ms <= fold.see_from_ms < fold.see_to_ms <= end
        assert fold.see_from_ms - fold.learn_to_ms == int(gap * DAY_MS)
    for before, after in pairwise(found):
        assert before.see_to_ms == after.see_from_ms


def test_folds_of_too_short_a_time_are_told():
    with pytest.raises(InvalidInputError, match="too short to walk forward"):
        folds(at("2023-01-01"), at("2023-05-01"))
    with pytest.raises(InvalidInputError, match="gap"):
        folds(at("2023-01-01"), at("2023-05-01"), learn_months=1, gap_days=40)


PERIOD = (at("2023-01-01"), at("2024-01-01"))


def spread(results, hours: int = 5):
    gap = (PERIOD[1] - PERIOD[0]) // len(results)
    return [
        made_trade(float(result), opened_ms=PERIOD[0] + number * gap, number=number,
                   closed_ms=PERIOD[0] + number * gap + hours * 3_600_000)
        for number, result in enumerate(results)
    ]  # fmt: skip


def test_walk_forward_chooses_on_the_past_and_counts_what_came_next():
    """A is good until July and bad afterwards, B the other way round: whoever looks ahead would take B in July."""
    first, second = np.full(600, 0.5), np.full(600, -0.5)
    candidates = {"A": spread([*first, *second]), "B": spread([*second, *first])}
    found = walk_forward(candidates, folds(*PERIOD, rolling=True))
    assert found.results[0].chosen == "A"
    assert found.results[0].learned_r == pytest.approx(0.5)
    assert found.results[0].seen_r == pytest.approx(-0.5, abs=0.1)
    assert found.results[-1].chosen == "B"
    assert found.ratio is not None
    assert found.ratio < 0.6
    assert not found.holds
    assert any("does not hold" in line for line in walk_lines(found, lambda ms: f"{ms:020d}"))


def test_walk_forward_purges_trades_that_reach_into_the_gap():
    candidates = {"A": spread(np.ones(365), hours=24 * 30)}
    windows = folds(*PERIOD, gap_days=2)
    found = walk_forward(candidates, windows)
    open_too_long = [t for t in candidates["A"] if windows[0].learn_to_ms <= t.closed_ms < windows[0].see_from_ms]
    assert open_too_long
    closed = [t for t in candidates["A"] if t.closed_ms < windows[0].learn_to_ms]
    assert found.results[0].learned_trades == len(closed)


def test_walk_forward_of_a_steady_edge_holds_and_stitches_each_trade_once():
    candidates = {"A": spread(np.random.default_rng(1).choice([1.0, -0.5], 1200))}
    found = walk_forward(candidates, folds(*PERIOD))
    assert found.holds
    assert len({trade.position_id for trade in found.stitched}) == len(found.stitched) > 500
    assert all(trade.opened_ms >= months_after(PERIOD[0], 6) for trade in found.stitched)
    told = walk_json(found)
    assert told["unseen"]["trades"] == len(found.stitched)
    assert told["equity_r"][-1][1] == pytest.approx(found.statistics.net_r)


def test_walk_forward_of_worthless_candidates_shows_no_profit():
    """The best of thirty coin flips looks good where it was chosen and earns nothing afterwards."""
    generator = np.random.default_rng(5)
    candidates = {str(number): spread(generator.choice([1.0, -1.0], 400)) for number in range(30)}
    found = walk_forward(candidates, folds(*PERIOD))
    assert found.results[0].learned_r > 0.05
    assert abs(found.statistics.expectancy_r.value) < 0.2
    assert found.statistics.verdict in ("NOT PROVEN", "INSUFFICIENT")
