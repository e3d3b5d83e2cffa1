"""Learning from trades: trees equal scikit-learn's, a planted rule is found, chance is not, nothing sees the future."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from futtui.backtest import learning
from futtui.backtest.learning import Lessons, as_record, learn, lessons_of
from futtui.backtest.run import BacktestResult
from futtui.cli import backtest_command
from futtui.cli.backtest_command import BacktestOptions
from futtui.cli.confidence_file import read_confidence
from futtui.cli.train_command import TrainOptions, run_train, told
from futtui.domain.errors import InvalidInputError
from futtui.domain.performance import Interval
from futtui.domain.position import Trade
from futtui.domain.signal import Signal, SignalPart, SignalStatus
from futtui.domain.timeframe import DAY_MS, HOUR_MS
from futtui.signals.confidence import CIRCUMSTANCES, PART_NAME, PART_PREFIX, Estimate, figures_of
from tests.backtest.made_trades import made_trade
from tests.desk.world import START_MS, World, raw_signal, wide_settings

PART = PART_PREFIX + "volume"
FEATURES = (*CIRCUMSTANCES, PART)


def lessons(skill: float, trades: int = 1500, seed: int = 1) -> Lessons:
    """Trades of 250 days; the volume part moves the chance of a win by `skill` up or down from one half."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(trades, len(FEATURES)))
    rows[rng.random(rows.shape) < 0.05] = np.nan
    rows[:, 0] = 0.0
    helped = np.nan_to_num(rows[:, FEATURES.index(PART)]) > 0
    won = (rng.random(trades) < 0.5 + np.where(helped, skill, -skill)).astype(np.int64)
    times = np.sort(START_MS + rng.integers(0, 250 * 24, trades) * HOUR_MS)
    system = np.zeros(trades, dtype=np.int64)
    return Lessons(("atr_momentum",), FEATURES, rows, won, won * 2.0 - 1.0, times, system, times + DAY_MS)


def test_trees_answer_exactly_as_the_library_with_gaps_in_the_figures():
    from sklearn.ensemble import HistGradientBoostingClassifier  # slow to load, and each worker finds every test

    made = lessons(0.3, 800)
    fitted = HistGradientBoostingClassifier(max_iter=30, max_leaf_nodes=8, random_state=0).fit(made.rows, made.won)
    ours = [learning._forest(fitted).answer(list(row)) for row in made.rows[:200]]
    assert ours == pytest.approx(list(fitted.decision_function(made.rows[:200])), abs=1e-9)


def test_planted_rule_is_found_and_its_chances_are_right():
    model, judgement = learn(lessons(0.3), START_MS + 250 * DAY_MS)
    assert judgement.reliable, judgement
    assert judgement.skill_low > 0.1
    assert judgement.auc == pytest.approx(0.8, abs=0.05)
    for forecast, observed, count in judgement.classes:
        assert observed == pytest.approx(forecast, abs=4 * np.sqrt(0.25 / count))
    assert model.reliable
    assert sum(model.counts) == judgement.trades
    assert any("Signals show it" in line for line in told(judgement))


@pytest.mark.parametrize("seed", range(3))
def test_coin_flips_teach_nothing(seed: int):
    model, judgement = learn(lessons(0.0, 900, seed), START_MS)
    assert not judgement.reliable, judgement
    assert not model.reliable
    assert any("stays off" in line for line in told(judgement))


def test_result_that_is_told_is_that_of_unseen_trades_and_no_forecast():
    """Who wins can be foreseen, what is earned cannot: -0.10 R on average, so no class may be told to earn surely."""
    made = lessons(0.3, 900)
    made = replace(made, result_r=np.random.default_rng(5).normal(-0.1, 1.0, len(made.won)))
    shares = learning._calibrated_forward(made, learning._forward(made)[0])
    judged = ~np.isnan(shares)
    counts, won, results_r = learning._classes(made, shares, judged, learning._borders(shares[judged]))
    assert won[-1] > 0.6 > 0.4 > won[0]
    assert sum(counts) == judged.sum() < len(made.won)
    assert np.average([each.value for each in results_r], weights=counts) == pytest.approx(made.result_r[judged].mean())
    assert all(each.low <= each.value <= each.high for each in results_r)
    assert all(each.low < 0.0 for each in results_r)


def test_break_even_is_no_win_to_learn_from():
    signals, trades = zip(*made_pairs([0.01, 0.06, -0.01, -1.0] * 75), strict=True)
    made = lessons_of(signals, trades)
    assert made.won.tolist() == [0, 1, 0, 0] * 75


def made_pairs(results: list[float]) -> list[tuple[Signal, Trade]]:
    """Signals six hours apart, each with the trade it became."""
    pairs = []
    for number, result in enumerate(results):
        raw = raw_signal(time_ms=START_MS + number * 6 * HOUR_MS)
        signal = Signal(raw, 4.0, (), SignalStatus.CLOSED, "", raw.time_ms)
        pairs.append((signal, made_trade(result, number=number, signal_id=signal.signal_id)))
    return pairs


def test_training_looks_for_everything_in_the_home_it_was_given_and_asks_no_older_model(monkeypatch, tmp_path):
    asked = []

    def caught(options: BacktestOptions) -> BacktestResult:
        asked.append(options)
        raise InvalidInputError("enough")

    monkeypatch.setattr(backtest_command, "backtest_result", caught)
    wanted = TrainOptions(tmp_path, "", "2024-03-01", "2024-03-02", None, 0, None, tmp_path / "home")
    with pytest.raises(InvalidInputError, match="enough"):
        run_train(wanted)
    assert asked[0].home == tmp_path / "home"
    assert not asked[0].learned


def test_forecasts_of_earlier_trades_know_nothing_of_later_ones():
    made = lessons(0.3, 900)
    late = made.time_ms > np.quantile(made.time_ms, 0.7)
    changed = replace(made, won=np.where(late, 1 - made.won, made.won))
    before, after = learning._forward(made)[0], learning._forward(changed)[0]
    early = learning._folds(made.time_ms) <= 3
    assert np.array_equal(before[early], after[early], equal_nan=True)
    assert not np.array_equal(before, after, equal_nan=True)
    calibrated = learning._calibrated_forward(made, before), learning._calibrated_forward(changed, after)
    assert np.array_equal(calibrated[0][early], calibrated[1][early], equal_nan=True)


def test_nothing_is_learned_from_trades_that_may_still_be_open_when_a_fold_begins():
    made = lessons(0.3, 900)
    folds = learning._folds(made.time_ms)
    first = made.time_ms[folds == 3].min()
    near = (made.time_ms < first) & (made.time_ms >= first - learning.GAP_MS)
    changed = replace(made, won=np.where(near, 1 - made.won, made.won))
    assert near.any()
    assert np.array_equal(learning._forward(made)[0][folds == 3], learning._forward(changed)[0][folds == 3])


def test_nothing_is_learned_from_trades_that_lived_into_a_fold_however_long_positions_may_live():
    """With `max_days` at 60 a result of the fold's own days would be known before it."""
    made = lessons(0.3, 900)
    folds = learning._folds(made.time_ms)
    first = made.time_ms[folds == 3].min()
    long = (made.time_ms < first - learning.GAP_MS) & (np.arange(900) % 3 == 0)
    made = replace(made, closed_ms=np.where(long, first + DAY_MS, made.closed_ms))
    changed = replace(made, won=np.where(long, 1 - made.won, made.won))
    assert np.array_equal(learning._forward(made)[0][folds == 3], learning._forward(changed)[0][folds == 3])


def test_too_few_trades_are_refused_in_words():
    with pytest.raises(InvalidInputError, match="0 trades on 0 days: too few"):
        lessons_of([], [])


@pytest.fixture(scope="module")
def learned():
    return learn(lessons(0.3), START_MS - DAY_MS)


def with_volume(value: float) -> tuple[SignalPart, ...]:
    return (SignalPart("setup", 4.0, "a test setup"), SignalPart("volume", 0.0, "volume", value))


def test_model_speaks_only_of_known_strategies_after_its_cut_and_only_if_reliable(learned):
    model, _ = learned
    good = model.estimate(raw_signal(), 4.0, with_volume(1.0), 1.0)
    bad = model.estimate(raw_signal(), 4.0, with_volume(-1.0), 1.0)
    assert good is not None
    assert bad is not None
    assert good.win_share > 0.65 > 0.35 > bad.win_share
    assert good.result_r.value == pytest.approx(2 * good.observed - 1)  # all of them ended at plus or minus one
    assert good.result_r.value > bad.result_r.value
    assert good.trades in model.counts
    assert good.words.startswith(f"such signals won about {good.observed * 10:.0f} of 10 (n = {good.trades}, ")
    assert f" of 100 with 95 % confidence); their mean was {good.result_r.value:+.2f} R [" in good.words
    won = "such signals won about 7 of 10 (n = 240, 64-75 of 100 with 95 % confidence)"
    told_r = f"{won}; their mean was +0.03 R [-0.01..+0.07]"
    assert Estimate(0.7, 240, 0.7, Interval(0.03, -0.01, 0.07)).words == told_r
    assert Estimate(0.7, 240, 0.7, Interval(None, None, None)).words == won
    assert model.estimate(raw_signal(time_ms=model.cut_ms), 4.0, (), 1.0) is None
    assert model.estimate(raw_signal(strategy="break_retest"), 4.0, (), 1.0) is None
    assert replace(model, reliable=False).estimate(raw_signal(), 4.0, (), 1.0) is None


def test_figures_hold_what_is_known_when_the_signal_is_made():
    found = figures_of(raw_signal(), 4.5, with_volume(2.0), 0.75, ("atr_momentum",))
    assert (found["hour"], found["weekday"]) == (0.0, 4.0)  # 1 March 2024 was a Friday
    assert found["stop_pct"] == pytest.approx(1.0)
    assert found["reward_r"] == pytest.approx(1.0)
    assert found[PART] == 2.0
    assert "flow" not in found


def test_model_file_comes_back_the_same_and_bad_files_are_named(learned, tmp_path):
    model, judgement = learned
    file = tmp_path / "confidence.json"
    assert read_confidence(file) is None
    file.write_text(json.dumps(as_record(model, judgement, {})))
    assert read_confidence(file) == model
    file.write_text(json.dumps(as_record(replace(model, reliable=False), judgement, {})))
    assert read_confidence(file) is None
    for text in ("no json", "{}", '{"schema": 1}', '{"schema": 2, "model": {}}'):
        file.write_text(text)
        with pytest.raises(InvalidInputError, match="is not a model of this program"):
            read_confidence(file)


@pytest.mark.parametrize(("least", "refused"), [(0.0, False), (0.99, True)])
def test_desk_shows_the_chance_and_refuses_below_the_asked_one(learned, least: float, refused: bool):
    settings = wide_settings()
    world = World(replace(settings, scoring=replace(settings.scoring, least_win_share=least)), confidence=learned[0])
    signal = world.enter()
    (part,) = (part for part in world.signals[signal.signal_id].parts if part.name == PART_NAME)
    assert part.points == 0.0
    assert "such signals won about" in part.reason
    assert bool(world.refusals()) is refused
    assert all("at least 99% is asked" in reason for reason in world.refusals())
