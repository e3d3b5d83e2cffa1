"""Break-even, trail, time stops and blocks."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from futtui.domain.side import Side
from futtui.domain.timeframe import DAY_MS, HOUR_MS, MINUTE_MS, Timeframe
from futtui.domain.zone import Zone, ZoneKind
from futtui.risk.blocks import BlockList
from futtui.risk.settings import ExitSettings
from futtui.risk.time_stops import life_deadline_ms, progress_deadline_ms, time_stop_reason
from futtui.risk.trailing import break_even_price, structure_behind, trailed_stop
from tests.desk.world import START_MS, rules

SETTINGS = ExitSettings()


@given(
    side=st.sampled_from(Side),
    entry=st.decimals("1", "90000", places=2),
    fee_pct=st.floats(0, 0.1).map(lambda fee: round(fee, 6)),
    risk=st.decimals("0.01", "500", places=2),
)
def test_break_even_exit_pays_fees_and_the_extra(side: Side, entry: Decimal, fee_pct: float, risk: Decimal) -> None:
    rate = Decimal(str(fee_pct)) / 100
    price = break_even_price(side, entry, entry * rate, fee_pct, risk, 0.05, rules())
    gain = side.sign * (price - entry) - 2 * entry * rate
    assert rules().is_on_tick(price)
    assert Decimal("0.05") * risk <= gain <= Decimal("0.05") * risk + Decimal("0.01")


@given(side=st.sampled_from(Side), best=st.floats(50, 150), atr=st.floats(0.1, 5), behind=st.none() | st.floats(-5, 20))
def test_trail_distance_is_the_wider_of_atr_and_near_structure(
    side: Side, best: float, atr: float, behind: float | None
) -> None:
    structure = None if behind is None else best - side.sign * behind
    distance = side.sign * (best - trailed_stop(side, best, atr, structure, SETTINGS))
    assert 1.2 * atr - 1e-9 <= distance <= 3.0 * atr + 1e-9
    if behind is not None and 1.2 * atr < behind <= 3.0 * atr:
        assert distance == pytest.approx(behind)


def zone(kind: ZoneKind, low: float, high: float) -> Zone:
    return Zone("z", "ETHUSDT", Timeframe.H1, kind, low, high, 50.0, 2, 2, 0, 0)


def test_structure_nearest_zone_on_the_protecting_side_is_used() -> None:
    zones = [zone(ZoneKind.SUPPORT, 90, 91), zone(ZoneKind.SUPPORT, 95, 96), zone(ZoneKind.RESISTANCE, 97, 98)]
    assert structure_behind(Side.LONG, 100.0, 1.0, zones) == pytest.approx(94.9)
    assert structure_behind(Side.SHORT, 90.0, 1.0, zones) == pytest.approx(98.1)
    assert structure_behind(Side.LONG, 95.5, 1.0, zones) == pytest.approx(89.9)
    assert structure_behind(Side.LONG, 80.0, 1.0, zones) is None


def test_time_stop_fires_exactly_at_the_close_of_the_last_bar() -> None:
    opened = START_MS + 7 * MINUTE_MS
    deadline = progress_deadline_ms(opened, Timeframe.M15, 12)
    assert deadline == START_MS + 3 * HOUR_MS
    life = life_deadline_ms(opened, SETTINGS)
    assert life == opened + 7 * DAY_MS
    assert time_stop_reason(deadline - 1, deadline, life, 0.49, SETTINGS) is None
    assert time_stop_reason(deadline, deadline, life, 0.49, SETTINGS) is not None
    assert time_stop_reason(deadline, deadline, life, 0.5, SETTINGS) is None
    assert time_stop_reason(life, deadline, life, 3.0, SETTINGS) is not None


def test_exit_settings_shares_that_do_not_sum_to_one_are_refused() -> None:
    with pytest.raises(ValueError, match="sum to 1"):
        ExitSettings(target_shares=(0.5, 0.4))


def test_blocks_end_on_time_or_never() -> None:
    blocks = BlockList()
    blocks.block("AAAUSDT", 1_000, "blocked by you")
    blocks.block("BBBUSDT", 0, "blocked by you")
    assert blocks.refusal("AAAUSDT", 999) == "AAAUSDT is blocked by you"
    assert blocks.refusal("AAAUSDT", 1_000) is None
    assert blocks.ended(1_000) == ["AAAUSDT"]
    assert blocks.refusal("BBBUSDT", 10**15) is not None
    assert blocks.unblock("BBBUSDT")
    assert not blocks.unblock("BBBUSDT")
    assert blocks.view() == {}
