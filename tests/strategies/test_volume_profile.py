"""Volume Profile: what must signal, what must not, the mirror, and real candles."""

from __future__ import annotations

from dataclasses import replace
from math import fsum

import pytest

from futtui.domain.reading import NakedPoc, ProfileReading, ProfileReadings, StrategyVerdict
from futtui.domain.regime import Bias, Regime
from futtui.domain.side import Side
from futtui.domain.signal import RawSignal, Trigger, check_levels
from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import ZoneKind
from futtui.strategies.base import StrategyContext
from futtui.strategies.levels import StopSettings
from futtui.strategies.volume_profile import VolumeProfileStrategy
from futtui.strategies.volume_profile_setup import VolumeProfileSettings
from tests.strategies.crafted import START_MS, Surroundings, Tape, part, zone
from tests.strategies.real import assert_decides_alike_upside_down, assert_sound_on_real_candles, turned_profile

DAY = ProfileReading(102.0, 100.0, 105.0, "previous UTC day")
FREE = StopSettings(round_trip_cost_pct=0.0, stop_max_pct=50.0)
RANGE = Surroundings(regime=Regime.RANGE, bias=Bias.NEUTRAL)


def returning(*last: tuple[float, float, float, float]) -> Tape:
    """Quiet inside value, a close outside at 99.6 with its low at 99.4, and the bars given."""
    tape = Tape().quiet(60, 100.8).bar(100.8, 100.9, 99.4, 99.6)
    for bar in last or ((99.6, 100.4, 99.5, 100.3), (100.3, 100.6, 100.1, 100.4)):
        tape.bar(*bar)
    return tape


def leaving(volume: float = 200.0) -> Tape:
    """Quiet below the upper edge, then two closes above it."""
    tape = Tape().quiet(60, 104.5)
    return tape.bar(104.5, 105.5, 104.4, 105.3, volume).bar(105.3, 105.8, 105.1, 105.6)


TRENDING = Surroundings(regime=Regime.TREND_UP)
MOVED = ProfileReadings(previous_day=DAY, rolling_24h=ProfileReading(103.0, 101.0, 110.0, "24h"))
ACCEPT = VolumeProfileSettings(entry="acceptance")


def context(
    tape: Tape,
    around: Surroundings = RANGE,
    profiles: ProfileReadings | None = None,
    upside_down: bool = False,
    flow: float | None = None,
) -> StrategyContext:
    profiles = profiles or ProfileReadings(previous_day=DAY)
    if upside_down:
        tape, around, flow = tape.mirrored(), around.mirrored(), None if flow is None else -flow
        profiles = ProfileReadings(
            turned_profile(profiles.previous_day, 200.0),
            turned_profile(profiles.rolling_24h, 200.0),
            turned_profile(profiles.composite_5d, 200.0),
            tuple(each._replace(price=200.0 - each.price) for each in profiles.naked_pocs),
        )
    bare = around.context(tape.bars)
    own = replace(bare.frames[Timeframe.M15], flow=flow)
    return replace(bare, profiles=profiles, frames={**bare.frames, Timeframe.M15: own})


def ask(moment: StrategyContext, settings: VolumeProfileSettings | None = None):
    return VolumeProfileStrategy("TESTUSDT", settings).evaluate(moment)


def signal(moment: StrategyContext, settings: VolumeProfileSettings | None = None) -> RawSignal:
    found = ask(moment, settings)
    assert isinstance(found, RawSignal), found.reason
    return found


def reason(moment: StrategyContext, settings: VolumeProfileSettings | None = None) -> str:
    found = ask(moment, settings)
    assert isinstance(found, StrategyVerdict)
    return found.reason


def test_profile_return_into_value_that_holds_two_bars_signals_long():
    found = signal(context(returning()))
    assert (found.side, found.trigger, found.time_stop_bars) == (Side.LONG, Trigger.IMMEDIATE, 32)
    assert found.levels.entry == 100.4
    assert found.levels.stop == pytest.approx(99.4 - 0.15)
    assert found.levels.targets == pytest.approx((102.0, 105.0, 107.5))
    assert found.base_score == fsum(each.points for each in found.parts)
    assert "came back inside" in found.summary
    check_levels(found.levels, 0.01)


@pytest.mark.parametrize("regime", [Regime.RANGE, Regime.SQUEEZE, Regime.TREND_UP])
@pytest.mark.parametrize(("bias", "points"), [(Bias.BULLISH, 0.5), (Bias.NEUTRAL, 0.0)])
def test_profile_signal_tells_the_regime_and_bias_of_its_market(regime: Regime, bias: Bias, points: float):
    """VPS-5: both were overwritten with constants."""
    found = signal(context(returning(), Surroundings(regime=regime, bias=bias)))
    assert (found.regime, part(found, "4h bias").points) == (regime, points)


def test_profile_wick_beyond_the_edge_is_a_probe_too():
    tape = Tape().quiet(60, 100.8).bar(100.8, 100.9, 99.4, 100.5).bar(100.5, 100.7, 100.3, 100.6)
    assert signal(context(tape)).levels.stop == pytest.approx(99.4 - 0.15)


def test_profile_acceptance_outside_with_volume_signals_long():
    found = signal(context(leaving(), TRENDING, MOVED), VolumeProfileSettings(levels=FREE))
    assert (found.side, found.levels.entry) == (Side.LONG, 105.6)
    assert found.levels.stop == pytest.approx(105.0 - 0.3)
    assert found.levels.targets == pytest.approx(tuple(105.6 + 0.9 * r for r in (1.5, 2.5, 4.0)))
    assert part(found, "setup").points == 2.0
    check_levels(found.levels, 0.01)


@pytest.mark.parametrize(
    ("tape", "around", "profiles"),
    [(returning(), RANGE, ProfileReadings(previous_day=DAY)), (leaving(), TRENDING, MOVED)],
)
def test_profile_upside_down_gives_the_mirrored_short(tape: Tape, around: Surroundings, profiles: ProfileReadings):
    settings = VolumeProfileSettings(levels=FREE)
    naked = replace(profiles, naked_pocs=(NakedPoc(106.5, START_MS), NakedPoc(107.6, START_MS)))
    long = signal(context(tape, around, naked, flow=0.2), settings)
    short = signal(context(tape, around, naked, upside_down=True, flow=0.2), settings)
    assert short.side is Side.SHORT
    flipped = [200 - price for price in (short.levels.entry, short.levels.stop, *short.levels.targets)]
    assert flipped == pytest.approx([long.levels.entry, long.levels.stop, *long.levels.targets])
    assert [each.points for each in short.parts] == pytest.approx([each.points for each in long.parts])


LONG_STAY = Tape().quiet(50, 100.8).quiet(9, 99.6).bar(99.6, 100.4, 99.5, 100.3).bar(100.3, 100.6, 100.1, 100.4)
DEEP = (
    Tape().quiet(60, 100.8).bar(100.8, 100.9, 98.0, 99.6).bar(99.6, 100.4, 99.5, 100.3).bar(100.3, 100.6, 100.1, 100.4)
)
SHALLOW = Tape().quiet(60, 100.8).bar(100.8, 100.9, 99.95, 100.5).bar(100.5, 100.7, 100.3, 100.6)


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        (context(returning((99.6, 100.4, 99.5, 100.3), (100.3, 100.4, 99.7, 99.9))), "did not answer"),
        (context(Tape().quiet(70, 101.0)), "did not answer"),
        (context(LONG_STAY), "stayed outside for 9 closes"),
        (context(DEEP), "2.0 ATR beyond"),
        (context(SHALLOW), "probed only 0.05 ATR"),
        (context(returning(), replace(RANGE, atr=None)), "ATR is not available"),
        (context(returning(), replace(RANGE, regime=Regime.UNKNOWN)), "not known yet"),
        (context(returning(), replace(RANGE, with_4h=False)), "not known yet"),
        (context(returning(), replace(RANGE, regime=Regime.TREND_DOWN)), "4h trend stands against it"),
        (context(returning(), replace(RANGE, regime=Regime.EXPANSION)), "EXPANSION"),
        (context(Tape().quiet(20)), "waiting for 52 candles"),
        (context(returning(), RANGE, ProfileReadings(naked_pocs=(NakedPoc(1.0, 0),))), "no volume profile"),
        (context(returning(), RANGE, ProfileReadings(ProfileReading(101, 100, 102, "x"))), "2.0 ATR wide"),
        (context(returning(), RANGE, ProfileReadings(ProfileReading(101, 100, 105, "x"))), "0.8 R is the least"),
        (context(returning(), RANGE, ProfileReadings(DAY, naked_pocs=(NakedPoc(99.9, 0),))), "moves away from"),
    ],
)
def test_profile_each_rule_of_a_return_refuses_with_its_reason(moment: StrategyContext, told: str):
    assert told in reason(moment)


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        (context(leaving(volume=140.0), TRENDING, MOVED), "1.4 times the usual volume"),
        (context(leaving(), TRENDING, replace(MOVED, rolling_24h=None)), "last 24 hours is not available"),
        (context(leaving(), TRENDING, replace(MOVED, rolling_24h=replace(DAY, poc=102.4))), "has not moved along"),
        (context(leaving(), replace(TRENDING, regime=Regime.RANGE), MOVED), "do not go on"),
        (context(leaving(), replace(TRENDING, regime=Regime.TREND_DOWN), MOVED), "trend stands against"),
        (context(leaving().bar(105.6, 105.9, 105.3, 105.7), TRENDING, MOVED), "did not answer"),
        (context(leaving(), TRENDING, replace(MOVED, naked_pocs=(NakedPoc(105.2, 0),))), "moves away from"),
    ],
)
def test_profile_each_rule_of_an_acceptance_refuses_with_its_reason(moment: StrategyContext, told: str):
    assert told in reason(moment, VolumeProfileSettings(entry="acceptance", levels=FREE))


def test_profile_contradicting_sides_refuse_each_other_whichever_is_asked_first():
    """A return at the low edge of one profile at the same close as one at the high edge of another."""
    other = ProfileReading(98.5, 96.0, 100.45, "5 days")
    tape = Tape().quiet(60, 100.3).bar(100.3, 101.3, 99.4, 100.3).bar(100.3, 100.44, 100.2, 100.4)
    both = ProfileReadings(previous_day=DAY, composite_5d=other)
    settings = VolumeProfileSettings(levels=FREE)
    for upside_down in (False, True):
        assert "contradict" in reason(context(tape, RANGE, both, upside_down), settings)
    assert signal(context(tape), settings).side is Side.LONG
    assert signal(context(tape, RANGE, ProfileReadings(composite_5d=other)), settings).side is Side.SHORT


def test_profile_one_return_answers_at_one_close_only():
    tape = returning()
    assert "did not answer" in reason(context(tape.bar(100.4, 100.7, 100.3, 100.6)))


def test_profile_moving_window_is_not_left_by_acceptance():
    rolling = ProfileReadings(rolling_24h=replace(DAY, window="24h"))
    assert "did not answer" in reason(context(leaving(), TRENDING, rolling), ACCEPT)


@pytest.mark.parametrize("field", ["previous_day", "rolling_24h", "composite_5d"])
def test_profile_each_window_is_traded_and_can_be_switched_off(field: str):
    moment = context(returning(), RANGE, ProfileReadings(**{field: DAY}))
    assert signal(moment)
    assert "no volume profile" in reason(moment, VolumeProfileSettings(**{f"use_{field}": False}))


def test_profile_entry_setting_chooses_the_setup():
    assert "did not answer" in reason(context(returning()), ACCEPT)
    rejection = VolumeProfileSettings(entry="rejection", levels=FREE)
    assert "did not answer" in reason(context(leaving(), TRENDING, MOVED), rejection)


def test_profile_untouched_point_of_control_ahead_becomes_a_target():
    naked = ProfileReadings(DAY, naked_pocs=(NakedPoc(106.5, START_MS),))
    assert signal(context(returning(), RANGE, naked)).levels.targets == pytest.approx((102.0, 105.0, 106.5))
    ahead = replace(MOVED, naked_pocs=(NakedPoc(107.6, START_MS),))
    levels = signal(context(leaving(), TRENDING, ahead), VolumeProfileSettings(levels=FREE)).levels
    assert levels.targets[1] == pytest.approx(107.6)


def test_profile_stop_of_a_near_return_stands_behind_a_zone():
    around = replace(RANGE, zones=(zone(ZoneKind.SUPPORT, 98.9, 99.3),))
    tight = VolumeProfileSettings(levels=replace(FREE, stop_min_atr=1.3))
    assert signal(context(returning(), around), tight).levels.stop == pytest.approx(98.9 - 0.15)
    assert "no place for a stop" in reason(context(returning()), tight)


def test_profile_every_part_can_change_the_score():
    near = ProfileReadings(
        DAY, composite_5d=ProfileReading(102.0, 100.1, 105.0, "5 days"), naked_pocs=(NakedPoc(106.5, START_MS),)
    )
    around = Surroundings(regime=Regime.RANGE, zones=(zone(ZoneKind.SUPPORT, 99.0, 100.0),))
    best = signal(context(returning(), around, near, flow=0.2))
    weaker = {
        "second profile": context(returning(), around, replace(near, composite_5d=None), flow=0.2),
        "zone at the edge": context(returning(), replace(around, zones=()), near, flow=0.2),
        "untouched point of control": context(returning(), around, replace(near, naked_pocs=()), flow=0.2),
        "taker flow": context(returning(), around, near),
        "4h bias": context(returning(), replace(around, bias=Bias.NEUTRAL), near, flow=0.2),
    }
    for name, moment in weaker.items():
        assert part(signal(moment), name).points < part(best, name).points, name
    assert set(weaker) == {each.name for each in best.parts} - {"setup"}


@pytest.mark.slow
def test_profile_fires_on_real_candles_and_knows_nothing_of_the_future():
    assert_sound_on_real_candles(VolumeProfileStrategy, ("ADAUSDT", "DOGEUSDT"), least=4)


def test_profile_real_candles_upside_down_give_the_mirrored_signals():
    settings = VolumeProfileSettings(levels=FREE)
    assert_decides_alike_upside_down(lambda: VolumeProfileStrategy("X", settings), "DOGEUSDT")
