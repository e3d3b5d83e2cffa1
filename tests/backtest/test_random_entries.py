"""Random entries: same symbol, side, hour and regime, same geometry; skill is told from luck, days stay together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from futtui.backtest import random_entries
from futtui.backtest.random_entries import LEAST_DRAWS, entry_skill
from futtui.backtest.recording import Moment, Recording
from futtui.domain.side import Side
from futtui.domain.timeframe import DAY_MS, HOUR_MS
from tests.backtest.made_trades import made_trade
from tests.desk.world import raw_signal

STEP_MS = 900_000
DAYS = 60
SYMBOLS = ("AUSDT", "BUSDT")


def recording(tmp_path: Path) -> Recording:
    """Price 100, ATR 1 in a range and 2 in a trend; they take turns day by day."""
    found = Recording(tmp_path / "none")
    for symbol in SYMBOLS:
        found.moments[symbol] = [
            Moment(time_ms, 100.0, True, {"15m": ("RANGE", 1.0) if time_ms // DAY_MS % 2 else ("TREND_UP", 2.0)})
            for time_ms in range(0, DAYS * DAY_MS, STEP_MS)
        ]
    return found


def real(count: int, result: float, side: Side = Side.LONG):
    """Trades at 10:15 of days with a range, and their plans: stop 2 ATR away, target at 1.5 R."""
    trades, plans = [], {}
    for number in range(count):
        opened_ms = (2 * number + 1) % DAYS * DAY_MS + 10 * HOUR_MS + STEP_MS
        symbol = SYMBOLS[number % 2]
        trade = made_trade(result, opened_ms=opened_ms, number=number, symbol=symbol, side=side)
        plans[trade.signal_id] = raw_signal(side, symbol=symbol, risk=2.0, rewards=(1.5,), time_ms=opened_ms)
        trades.append(trade)
    return trades, plans


@pytest.mark.parametrize("side", [Side.LONG, Side.SHORT])
def test_random_plans_are_like_the_real_one(tmp_path, side: Side):
    trades, plans = real(10, 0.5, side)
    seen = []

    def earned(given):
        seen.extend(given)
        return [0.0] * len(given)

    entry_skill(trades, plans, recording(tmp_path), earned, 300)
    assert len(seen) == 300
    for plan in seen:
        assert plan.time_ms % DAY_MS // HOUR_MS == 10
        assert plan.time_ms // DAY_MS % 2 == 1, "a range, as where it was taken"
        assert plan.side is side
        assert plan.levels.risk == pytest.approx(2.0)
        assert plan.levels.reward_r(0) == pytest.approx(1.5)
        assert plan.valid_until_ms > plan.time_ms
    assert len({plan.time_ms for plan in seen}) > 15


def test_trades_of_one_day_move_together(tmp_path):
    day = 11 * DAY_MS + 10 * HOUR_MS
    trades = [made_trade(0.1, opened_ms=day, number=n, symbol=SYMBOLS[n], signal_id=str(n)) for n in range(2)]
    plans = {str(n): raw_signal(symbol=SYMBOLS[n], time_ms=day) for n in range(2)}
    seen = []
    entry_skill(trades, plans, recording(tmp_path), lambda given: seen.extend(given) or [0.0] * len(given), 40)
    for first, second in zip(seen[::2], seen[1::2], strict=True):
        assert {first.symbol, second.symbol} == set(SYMBOLS)
        assert first.time_ms == second.time_ms


def noise(seed: int):
    generator = np.random.default_rng(seed)
    return lambda given: generator.normal(0.0, 1.0, len(given)).tolist()


def test_entries_that_are_better_than_random_are_told_from_those_that_are_not(tmp_path):
    trades, plans = real(30, 0.6)
    good = entry_skill(trades, plans, recording(tmp_path), noise(1), 900)
    assert good.chance < 0.01
    assert good.real_r == pytest.approx(0.6)
    trades, plans = real(30, 0.0)
    assert entry_skill(trades, plans, recording(tmp_path), noise(2), 900).chance > 0.2


def test_chance_is_spread_evenly_when_entries_are_random_themselves(tmp_path):
    """Under the null the p-value is about uniform: below 0.1 in about one of ten."""
    known, chances = recording(tmp_path), []
    for seed in range(24):
        trades, plans = real(30, 0.0)
        results = np.random.default_rng(1000 + seed).normal(0.0, 1.0, 30)
        trades = [made_trade(float(result), opened_ms=t.opened_ms, number=n, symbol=t.symbol)
                  for n, (t, result) in enumerate(zip(trades, results, strict=True))]  # fmt: skip
        chances.append(entry_skill(trades, plans, known, noise(seed), 300).chance)
    assert 0.25 < float(np.mean(chances)) < 0.75
    assert sum(chance < 0.1 for chance in chances) <= 7


def test_small_budget_keeps_whole_days_and_nothing_to_compare_gives_none(tmp_path):
    trades, plans = real(30, 0.1)
    found = entry_skill(trades, plans, recording(tmp_path), noise(1), 80)
    assert found.trades <= 10
    assert found.draws >= 30
    assert entry_skill([], {}, recording(tmp_path), noise(1), 80) is None
    assert entry_skill(trades, plans, Recording(tmp_path / "empty"), noise(1), 80) is None
    refused = entry_skill(trades, plans, recording(tmp_path), lambda given: [None] * len(given), 80)
    assert refused is None


def test_luck_passes_about_as_often_as_is_said_when_trades_of_a_day_share_their_fate(tmp_path, monkeypatch):
    """With the fewest draws there are, the null true, three trades a day: below 0.05 in about one of twenty."""
    monkeypatch.setattr(random_entries, "PERMUTATIONS", 500)
    generator, days, tries = np.random.default_rng(1), 20, 400

    def lived() -> np.ndarray:
        return (generator.normal(0, 1, (days, 1)) + generator.normal(0, 1, (days, 3))).ravel()

    origins = [(draw, number // 3) for draw in range(LEAST_DRAWS) for number in range(3 * days)]
    lucky = 0
    for _ in range(tries):
        trades = [made_trade(float(result), number=number) for number, result in enumerate(lived())]
        drawn = [float(result) for _ in range(LEAST_DRAWS) for result in lived()]
        found = random_entries._compared(trades, list(range(days)), LEAST_DRAWS, origins, drawn, generator)
        assert found is not None
        lucky += found.chance < 0.05
    assert 0.02 < lucky / tries < 0.08
