"""Limits over all positions."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from futtui.domain.side import Side
from futtui.domain.timeframe import MINUTE_MS
from futtui.risk.caps import AccountRisk, Exposure, account_refusal, day_loss_left_pct, trade_refusal
from futtui.risk.settings import CapSettings

CAPS = CapSettings()
EMPTY = AccountRisk(Decimal(10_000), Decimal(10_000), ())


def exposures(longs: int, shorts: int = 0, risk: str = "10") -> tuple[Exposure, ...]:
    long = Exposure(Side.LONG, Decimal(100), Decimal(risk))
    return (long,) * longs + (replace(long, side=Side.SHORT),) * shorts


def test_caps_empty_account_may_trade() -> None:
    assert account_refusal(EMPTY, Side.LONG, 0, CAPS) is None
    assert trade_refusal(EMPTY, Decimal(50), CAPS) is None


def test_caps_eleventh_position_is_refused_with_both_numbers() -> None:
    full = replace(EMPTY, exposures=exposures(5, 5))
    reason = account_refusal(full, Side.LONG, 0, CAPS)
    assert reason == "10 positions are open, the limit is 10"
    assert account_refusal(replace(EMPTY, exposures=exposures(5, 4)), Side.LONG, 0, CAPS) is None


def test_caps_one_direction_is_limited_the_other_is_not() -> None:
    crowd = replace(EMPTY, exposures=exposures(6))
    reason = account_refusal(crowd, Side.LONG, 0, CAPS)
    assert reason is not None
    assert "6 long" in reason
    assert account_refusal(crowd, Side.SHORT, 0, CAPS) is None


def test_caps_open_risk_counts_the_new_trade() -> None:
    risky = replace(EMPTY, exposures=exposures(1, risk="250"))
    assert trade_refusal(risky, Decimal(50), CAPS) is None
    reason = trade_refusal(risky, Decimal("50.1"), CAPS)
    assert reason is not None
    assert "3 %" in reason


def test_caps_day_loss_at_the_limit_stops_and_near_it_limits_the_trade() -> None:
    at_limit = replace(EMPTY, equity=Decimal(9_700))
    reason = account_refusal(at_limit, Side.LONG, 0, CAPS)
    assert reason is not None
    assert "00:00 UTC" in reason
    near = replace(EMPTY, equity=Decimal(9_740))
    assert account_refusal(near, Side.LONG, 0, CAPS) is None
    assert trade_refusal(near, Decimal(50), CAPS) is not None
    assert trade_refusal(near, Decimal(35), CAPS) is None


def test_day_loss_left_a_winning_day_never_widens_the_limit() -> None:
    assert day_loss_left_pct(Decimal(11_000), Decimal(10_000), CAPS) == 3.0
    assert day_loss_left_pct(Decimal(9_900), Decimal(10_000), CAPS) == pytest.approx(2.0)
    assert day_loss_left_pct(Decimal(9_000), Decimal(10_000), CAPS) == 0.0


def test_caps_pause_after_losses_ends_on_time() -> None:
    paused = replace(EMPTY, pause_until_ms=10 * MINUTE_MS, losses_in_a_row=4)
    reason = account_refusal(paused, Side.LONG, 0, CAPS)
    assert reason == "4 losses in a row, waiting 10 more minutes"
    won_since = replace(paused, losses_in_a_row=0)
    reason = account_refusal(won_since, Side.LONG, 9 * MINUTE_MS, CAPS)
    assert reason == f"{CAPS.loss_streak} losses in a row, waiting 1 more minute"
    assert account_refusal(paused, Side.LONG, 10 * MINUTE_MS, CAPS) is None
