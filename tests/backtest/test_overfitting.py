"""Probability of overfitting: a slow restatement of the paper, noise, one honest winner, a hand-made reversal."""

from __future__ import annotations

from itertools import combinations
from math import log

import numpy as np
import pytest
from scipy.stats import rankdata

from futtui.backtest.overfitting import overfitting


def slowly(table: np.ndarray, blocks: int) -> float:
    """The paper's steps written out with whole matrices."""
    rows = np.array_split(np.arange(len(table)), blocks)
    below = []
    for chosen in combinations(range(blocks), blocks // 2):
        inside = np.concatenate([rows[place] for place in chosen])
        outside = np.concatenate([rows[place] for place in range(blocks) if place not in chosen])
        seen = table[inside].mean(axis=0) / table[inside].std(axis=0)
        unseen = table[outside].mean(axis=0) / table[outside].std(axis=0)
        share = rankdata(unseen)[int(np.argmax(seen))] / (table.shape[1] + 1)
        below.append(log(share / (1 - share)) <= 0)
    return float(np.mean(below))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_overfitting_equals_the_steps_of_the_paper(seed: int):
    table = np.random.default_rng(seed).normal(0.02, 1.0, (120, 9))
    found = overfitting(table, 6)
    assert found is not None
    assert found.splits == 20
    assert found.probability == pytest.approx(slowly(table, 6))


def test_overfitting_of_noise_is_about_a_half_and_of_a_real_edge_almost_zero():
    generator = np.random.default_rng(7)
    noise = [overfitting(generator.normal(0, 1, (400, 20))).probability for _ in range(30)]
    assert 0.35 < float(np.mean(noise)) < 0.65
    table = generator.normal(0, 1, (400, 20))
    table[:, 4] += 0.4
    found = overfitting(table)
    assert found.probability < 0.02
    assert found.loss_probability < 0.02


def test_overfitting_is_certain_when_the_winner_of_one_half_loses_the_other():
    """One variant wins in the first half and loses in the second, one the other way round, one does nothing much."""
    half = np.linspace(0.9, 1.1, 20)
    table = np.column_stack([np.append(half, -half), np.append(-half, half), np.tile([0.01, -0.01], 20)])
    found = overfitting(table, 2)
    assert found.splits == 2
    assert found.probability == 1.0
    assert found.loss_probability == 1.0


def test_overfitting_without_enough_data_is_not_known():
    assert overfitting(np.zeros((100, 1))) is None
    assert overfitting(np.zeros((10, 5))) is None
    assert overfitting(np.zeros((100, 5)), 5) is None
