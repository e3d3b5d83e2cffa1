"""The score reaches both ends of its scale and moves the right way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from futtui.domain.timeframe import DAY_MS
from futtui.zones.score import ScoreParts, freshness_part, noise_part, reaction_part, round_number_part, touch_part


def test_score_reaches_both_ends():
    assert ScoreParts(1.0, 1.0, 1.0, 1.0, 0.0).total == pytest.approx(100.0)
    assert ScoreParts(0.0, 0.0, 0.0, 0.0, 1.0).total == 0.0


share = st.floats(0, 1)


@given(parts=st.tuples(share, share, share, share, share), place=st.integers(0, 4), more=share)
def test_score_never_falls_with_a_better_part_and_never_rises_with_noise(parts, place, more):
    better = list(parts)
    better[place] = max(better[place], more)
    one, two = ScoreParts(*parts).total, ScoreParts(*better).total
    assert 0.0 <= one <= 100.0
    assert two <= one + 1e-9 if place == 4 else two >= one - 1e-9


@pytest.mark.parametrize(
    ("bounces", "value"), [(0, 0), (1, 0.3), (2, 0.5), (3, 0.7), (4, 0.85), (5, 0.9), (8, 0.96), (99, 1)]
)
def test_touch_part_follows_its_table(bounces, value):
    assert touch_part(bounces) == pytest.approx(value)


@pytest.mark.parametrize(
    ("size", "value"),
    [(0.7, 0.2), (0.85, 0.3), (1.0, 0.4), (1.25, 0.5), (1.5, 0.6), (1.75, 0.8), (2.0, 1.0), (9.0, 1.0)],
)
def test_reaction_part_follows_its_table(size, value):
    assert reaction_part([size], bounces=1, touches=0) == pytest.approx(value)


def test_reaction_part_of_a_zone_that_often_breaks_is_shrunk():
    assert reaction_part([2.0] * 3, 3, 3) == pytest.approx(0.8)
    assert reaction_part([2.0] * 3, 3, 10) == pytest.approx(4 / 12)


def test_freshness_after_one_lifetime_has_fallen_to_37_percent():
    assert freshness_part(7 * DAY_MS, 7.0) == pytest.approx(0.3679, abs=1e-4)


def test_noise_counts_only_above_a_fifth_of_closes():
    assert noise_part(20, 100, 3, 3) == 0.0
    assert noise_part(30, 100, 3, 3) == pytest.approx(0.3)
    assert noise_part(0, 100, 6, 2) == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("low", "high", "value"),
    [
        (59_900, 60_100, 0.2),
        (64_900, 65_050, 0.2),
        (62_450, 62_550, 0.1),
        (64_100, 64_300, 0.0),
        (0.2999, 0.3001, 0.2),
        (0.0000149, 0.0000151, 0.2),
        (0.00001231, 0.00001239, 0.0),
    ],
)
def test_round_numbers_are_found_by_significant_digits(low, high, value):
    assert round_number_part(low, high) == value
