"""Each of the eleven components: what earns its points, what does not, and that it alone moves the score."""

from __future__ import annotations

from dataclasses import fields, replace
from math import fsum

import pytest

from futtui.strategies.action_price import components as parts
from futtui.strategies.action_price.component_settings import ComponentSettings, FanSettings, StickySettings
from futtui.strategies.action_price.score import Mode, band_of, mode_of, mode_part, score_cross
from futtui.strategies.action_price.settings import BandSettings
from futtui.strategies.structure import OrientedBar
from tests.strategies.action_price.crafted import CALM, FLAT, view

SETTINGS = ComponentSettings()


def points(component, **changes) -> float:
    return component(view(**changes), SETTINGS).points


@pytest.mark.parametrize(("close", "expected"), [(100.9, 2.0), (100.6, 1.0), (100.5, 0.0)])
def test_initiator_size_by_the_body_in_atr(close: float, expected: float):
    assert points(parts.initiator_size, initiator=OrientedBar(99.79, 101.0, 99.7, close)) == expected


@pytest.mark.parametrize(
    ("close", "expected"), [(100.2, 2.0), (100.4, 1.0), (100.6, 0.0), (100.8, -1.0), (101.2, -2.0)]
)
def test_distance_is_better_the_nearer_the_close_is(close: float, expected: float):
    """AP-4: the same distance used to be counted by two components with opposite signs."""
    bar = OrientedBar(100.1, close + 0.1, 100.05, close)
    assert points(parts.distance, confirmation=bar) == expected


@pytest.mark.parametrize(
    ("ema_5", "ema_13", "ema_21", "expected"),
    [(100.5, 100.7, 100.9, 2.0), (100.5, 100.5, 100.9, 1.0), (100.5, 100.4, 100.3, 0.0), (100.0, 100.4, 100.3, -2.0)],
)
def test_close_position_among_the_fast_averages(ema_5: float, ema_13: float, ema_21: float, expected: float):
    """AP-5: a bullish fan used to make the best place impossible for a strong cross."""
    now = CALM._replace(ema_5=ema_5, ema_13=ema_13, ema_21=ema_21)
    assert points(parts.close_position, now=now) == expected


@pytest.mark.parametrize(("ema_200", "expected"), [(100.2, 1.0), (100.1, 0.0), (99.9, 0.0), (99.8, -1.0)])
def test_slope_of_ema_200_with_or_against_the_trade(ema_200: float, expected: float):
    assert points(parts.slope, now=CALM._replace(ema_200=ema_200)) == expected


@pytest.mark.parametrize(("spread", "expected"), [(0.04, 2.0), (0.08, 1.0), (0.15, 0.0), (0.3, -2.0), (-0.1, -2.0)])
def test_fan_rewards_one_that_only_begins_to_open(spread: float, expected: float):
    """AP-3: shorts were rewarded for the wrong direction; the view is oriented, so one rule serves both."""
    step = spread / 3
    now = CALM._replace(ema_5=100 + 3 * step, ema_9=100 + 2 * step, ema_13=100 + step, ema_21=100.0)
    assert points(parts.fan, now=now) == expected


def test_fan_without_an_order_is_neither_good_nor_bad():
    now = CALM._replace(ema_5=100.3, ema_9=100.1, ema_13=100.2, ema_21=100.0)
    assert points(parts.fan, now=now) == 0.0


@pytest.mark.parametrize(("touches", "expected"), [(2, 0.0), (3, -2.0), (5, -2.0)])
def test_sticky_average_counts_touches_of_the_bars_before_the_initiator(touches: int, expected: float):
    away = OrientedBar(98.0, 98.5, 97.5, 98.0)
    before = (FLAT,) * 9 + (away,) * (5 - touches) + (FLAT,) * touches
    assert points(parts.sticky, before=before) == expected


@pytest.mark.parametrize(
    ("open_", "close", "expected"),
    [(100.1, 100.2, 1.0), (100.4, 100.2, -1.0), (100.9, 100.6, 0.0), (100.2, 100.2, 0.0)],
)
def test_colour_of_the_confirmation(open_: float, close: float, expected: float):
    bar = OrientedBar(open_, max(open_, close) + 0.1, 100.05, close)
    assert points(parts.colour, confirmation=bar) == expected


@pytest.mark.parametrize(("quiet", "expected"), [(1, 0.0), (2, 2.0)])
def test_base_needs_two_quiet_bars_beyond_the_averages(quiet: int, expected: float):
    small, large = OrientedBar(100.3, 100.5, 100.2, 100.4), OrientedBar(100.3, 101.0, 100.2, 100.4)
    rows = (*(small,) * quiet, large, large)[:2]
    before = (*(FLAT,) * 12, *rows)
    initiator = OrientedBar(99.6, 100.5, 99.5, 100.4)
    assert points(parts.base, before=before, initiator=initiator) == expected


def test_retest_needs_a_dip_that_closed_beyond_the_average():
    dipped = OrientedBar(100.2, 100.4, 99.9, 100.3)
    under = OrientedBar(99.9, 100.4, 99.5, 99.9)
    away = OrientedBar(101.0, 101.5, 100.8, 101.2)
    calm = (away,) * 14
    initiator = OrientedBar(100.5, 101.2, 100.4, 101.0)
    assert points(parts.retest, before=calm, initiator=initiator) == 0.0
    assert points(parts.retest, before=(*calm[:-1], dipped), initiator=initiator) == 2.0
    assert points(parts.retest, before=(*calm[:-1], under), initiator=initiator) == 0.0
    assert points(parts.retest, before=(dipped, *calm[1:]), initiator=initiator) == 0.0


@pytest.mark.parametrize(("low", "expected"), [(99.54, 2.0), (99.6, 0.0)])
def test_wick_against_the_move_counts_for_longs_too(low: float, expected: float):
    """AP-2: for longs the difference was taken the wrong way round and never counted."""
    assert points(parts.wick, initiator=OrientedBar(99.8, 100.5, low, 100.4)) == expected


@pytest.mark.parametrize(("ratio", "expected"), [(1.8, 2.0), (1.2, 1.0), (0.8, 0.0), (0.7, -1.0)])
def test_volume_of_the_initiator_counts(ratio: float, expected: float):
    """AP-1: this component could never score."""
    assert points(parts.volume, volume_ratio=ratio) == expected


def test_components_are_eleven_with_names_of_their_own_and_a_reason():
    scored = score_cross(view(), SETTINGS, BandSettings())
    assert len({part.name for part in scored.parts}) == len(scored.parts) == 11
    assert all(part.reason and part.value is not None for part in scored.parts)
    assert scored.total == fsum(part.points for part in scored.parts)


def test_components_take_their_weights_from_the_settings():
    """A changed weight is what the part is worth; every component has a section of its own."""
    sticky = replace(SETTINGS, sticky=StickySettings(points=3.0))
    assert parts.sticky(view(), sticky).points == 3.0
    fan = replace(SETTINGS, fan=FanSettings(tight_points=4.5))
    now = CALM._replace(ema_5=100.03, ema_9=100.02, ema_13=100.01)
    assert parts.fan(view(now=now), fan).points == 4.5
    assert {field.name for field in fields(ComponentSettings)} == {part.__name__ for part in parts.COMPONENTS}


@pytest.mark.parametrize(
    ("total", "mode"), [(2.9, None), (3.0, Mode.SCALP), (5.9, Mode.SCALP), (6.0, Mode.STANDARD), (float("nan"), None)]
)
def test_bands_skip_scalp_standard(total: float, mode: Mode | None):
    assert band_of(total, BandSettings()) is mode
    if mode is not None:
        assert mode_of((mode_part(mode, BandSettings(), 1.5),)) is mode
