"""Confirmation by factors, confluence of setups, funding, and systems with a scale of their own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from futtui.domain.events import FundingAnnounced
from futtui.domain.reading import FrameReading, ProfileReading, SymbolReading
from futtui.domain.side import Side
from futtui.domain.signal import RawSignal, SignalStatus, System
from futtui.domain.timeframe import MINUTE_MS, Timeframe
from futtui.signals.btc import BtcView
from futtui.signals.confluence import confluence_part
from futtui.signals.factors import factor_part, factors
from futtui.signals.modifiers import ScoringContext
from futtui.signals.scorer import score_signal
from futtui.signals.settings import ScoringSettings
from tests.desk.world import START_MS, SYMBOL, World, raw_signal

SETTINGS = ScoringSettings()
SIDES = list(Side)


def market(side: Side = Side.LONG, **changes: object) -> SymbolReading:
    """A reading in which every factor speaks for `side`."""
    sign = side.sign
    frames = {
        each: FrameReading(each, START_MS, 100.0, ema_20=100.0, ema_50=100.0 - sign, flow=0.2 * sign, volume_ratio=2.0)
        for each in (Timeframe.M15, Timeframe.H1, Timeframe.H4)
    }
    profile = ProfileReading(100.2, 99.0, 101.0, "24h")
    return replace(SymbolReading(SYMBOL, START_MS, 100.0, frames, profile=profile), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("side", SIDES)
def test_factors_all_for_it_give_three_steps_and_the_other_side_none(side: Side):
    mine = factor_part(raw_signal(side), market(side), SETTINGS)
    other = factor_part(raw_signal(side.opposite), market(side), SETTINGS)
    assert mine.points == pytest.approx(3 * SETTINGS.confirmation_points)
    assert other.points == 0.0
    assert other.valid


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("volume", {"volume_ratio": 1.0}),
        ("money flow", {"flow": -0.2}),
        ("price near the most traded price", {"entry": 103.0}),
    ],
)
def test_factors_each_one_that_fails_costs_a_step(name: str, changes: dict[str, float]):
    raw = raw_signal(**changes)  # type: ignore[arg-type]
    assert factors(raw, market(), SETTINGS)[name] is False
    assert factor_part(raw, market(), SETTINGS).points == pytest.approx(2 * SETTINGS.confirmation_points)


def test_factors_one_higher_timeframe_on_the_wrong_side_fails_and_one_missing_is_unknown():
    frames = dict(market().frames)
    frames[Timeframe.H4] = replace(frames[Timeframe.H4], ema_50=101.0)
    assert factors(raw_signal(), market(frames=frames), SETTINGS)["higher timeframes"] is False
    del frames[Timeframe.H4]
    assert factors(raw_signal(), market(frames=frames), SETTINGS)["higher timeframes"] is None


def test_factors_unknown_market_is_not_valid_and_gives_nothing():
    part = factor_part(raw_signal(), None, SETTINGS)
    assert (part.points, part.valid) == (0.0, False)


def near(strategy: str, side: Side = Side.LONG, system: System = System.CORE, **changes: object) -> RawSignal:
    return raw_signal(side, strategy=strategy, system=system, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("others", "wanted"),
    [
        ([], 0.0),
        ([near("break_retest")], 0.0),
        ([near("volume_profile")], 1.0),
        ([near("sr_flip_retest", system=System.SR)], 0.5),
        ([near("volume_profile"), near("order_flow")], 1.5),
        ([near("volume_profile"), near("atr_momentum"), near("liquidity_sweep")], 2.0),
        ([near("volume_profile", Side.SHORT)], 0.0),
        ([near("volume_profile", entry=100.31)], 0.0),
        ([near("volume_profile", symbol="BNBUSDT")], 0.0),
        ([near("volume_profile"), near("volume_profile", time_ms=START_MS + 1)], 1.0),
    ],
)
def test_confluence_counts_other_setups_families_half_and_never_more_than_the_cap(others, wanted):
    assert confluence_part(near("break_retest"), others, SETTINGS).points == pytest.approx(wanted)


@given(st.permutations(["volume_profile", "order_flow", "atr_momentum", "liquidity_sweep", "sr_flip_retest"]))
def test_confluence_order_of_the_others_does_not_matter(names: list[str]):
    settings = ScoringSettings(confluence_cap=5.0)
    part = confluence_part(near("break_retest"), [near(name) for name in names], settings)
    assert part.points == pytest.approx(1.0 + 0.5 + 1.0 + 1.0 + 0.5)


def test_confluence_at_one_close_is_in_both_signals_and_keeps_their_own_stops():
    world = World()
    one = near("break_retest", risk=1.0, time_ms=world.now_ms)
    two = near("volume_profile", risk=2.0, system=System.SR, base_score=80.0, time_ms=world.now_ms)
    world.analyse(one, two)
    for raw in (one, two):
        signal = world.signals[raw.signal_id]
        assert next(part for part in signal.parts if part.name == "confluence").points > 0
        assert signal.raw.levels == raw.levels
        assert signal.status is SignalStatus.ACTIVE


def test_confluence_an_open_signal_counts_for_an_hour():
    world = World()
    world.enter(strategy="break_retest")
    for minutes, wanted in ((45, 1.0), (90, 0.0)):
        later = near("volume_profile", time_ms=world.now_ms + minutes * MINUTE_MS)
        world.analyse(later)
        part = next(part for part in world.signals[later.signal_id].parts if part.name == "confluence")
        assert part.points == wanted


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(("rate", "hours", "wanted"), [(0.0006, 8.0, -1.0), (0.0003, 4.0, -1.0), (0.0003, 8.0, 0.0)])
def test_funding_extreme_costs_the_side_that_pays_and_helps_the_other(side, rate, hours, wanted):
    world = World()
    world.send(FundingAnnounced(world.now_ms, SYMBOL, rate * side.sign, hours))
    for each, points in ((side, wanted), (side.opposite, -wanted)):
        raw = raw_signal(each, time_ms=world.now_ms, base_score=5.0)
        world.analyse(raw)
        part = next(part for part in world.signals[raw.signal_id].parts if part.name == "funding")
        assert part.points == points
        assert part.valid


def test_funding_unknown_gives_nothing():
    world = World()
    raw = world.enter()
    part = next(part for part in world.signals[raw.signal_id].parts if part.name == "funding")
    assert (part.points, part.valid) == (0.0, False)


def test_score_of_a_system_with_its_own_scale_adds_modifiers_in_that_scale_and_has_its_own_threshold():
    reading = market()
    frame = reading.frames[Timeframe.M15]

    def scored(system: System, base: float):
        raw = raw_signal(system=system, base_score=base, strategy="sr_flip_retest")
        return score_signal(ScoringContext(raw, frame, BtcView(True), None, reading=reading), SETTINGS)

    core, zones = scored(System.CORE, 4.0), scored(System.SR, 60.0)
    assert zones.score - 60.0 == pytest.approx(5.0 * (core.score - 4.0))
    assert zones.score == pytest.approx(sum(part.points for part in zones.parts))
    assert zones.filter_reason is None
    assert "below 65.0" in (scored(System.SR, 20.0).filter_reason or "")
