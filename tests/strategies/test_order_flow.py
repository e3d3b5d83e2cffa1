"""Order Flow: what must signal, what must not, unknown taker volume, the mirror, and real candles with taker volume."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from math import fsum

import pytest

from futtui.domain.candle import Candle
from futtui.domain.reading import ProfileReading, ProfileReadings, StrategyVerdict
from futtui.domain.regime import Bias, Regime
from futtui.domain.side import Side
from futtui.domain.signal import RawSignal, Trigger, check_levels
from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import ZoneKind
from futtui.strategies.base import StrategyContext
from futtui.strategies.levels import StopSettings
from futtui.strategies.manager import StrategyManager
from futtui.strategies.order_flow import OrderFlow
from futtui.strategies.order_flow_setup import (
    OrderFlowSettings,
    find_absorption,
    find_initiation,
    flow_of,
    may_push,
)
from futtui.strategies.structure import orient
from tests.strategies.crafted import Surroundings, Tape, part, zone
from tests.strategies.real import (
    Period,
    assert_decides_alike_upside_down,
    assert_sound_on_real_candles,
    contexts,
    turned_candle,
    turned_profile,
)

DAY = ProfileReading(102.0, 100.0, 105.0, "previous UTC day")
FREE = StopSettings(round_trip_cost_pct=0.0, stop_max_pct=50.0, stop_push_atr=0.2)
FEBRUARY = Period("2024-02-03", "2024-02-17", "2024-03-01")
"""The stretch for which the shared candles of AVAXUSDT hold taker volume."""
PRESSED = ((100.5, 100.6, 99.95, 100.2), (100.2, 100.4, 99.9, 100.1), (100.1, 100.3, 99.9, 100.1))
TURN = (100.1, 100.8, 100.0, 100.7)
LIFTED = ((100.2, 100.5, 100.1, 100.4), (100.4, 100.7, 100.3, 100.6), (100.6, 101.0, 100.5, 100.9))
Rows = Sequence[tuple[float, float, float, float]]


def market(rows: Rows, flows: Sequence[float], quiet_flows: Sequence[float] = (0.0,)) -> list[Candle]:
    """Quiet bars at 100.5, then the rows; each bar with the flow of its takers."""
    tape = Tape().quiet(110, 100.5)
    for row in rows:
        tape.bar(*row)
    quiet = [quiet_flows[number % len(quiet_flows)] for number in range(110)]
    pairs = zip(tape.bars, (*quiet, *flows), strict=True)
    return [replace(bar, taker_buy_volume=bar.volume * (1 + flow) / 2) for bar, flow in pairs]


def absorbed(flow: float = -0.4, turn=TURN, pressed: Rows = PRESSED, quiet_flows: Sequence[float] = (0.0,)):
    return market((*pressed, turn), (flow, flow, flow, 0.0), quiet_flows)


def lifted(flow: float = 0.3, rows: Rows = LIFTED) -> list[Candle]:
    return market(rows, [flow] * len(rows))


def context(
    bars: list[Candle],
    around: Surroundings | None = None,
    profiles: ProfileReadings | None = None,
    upside_down: bool = False,
    volume_ratio: float | None = 2.0,
) -> StrategyContext:
    around, profiles = around or Surroundings(), profiles or ProfileReadings(previous_day=DAY)
    if upside_down:
        bars, around = [turned_candle(bar, 200.0) for bar in bars], around.mirrored()
        profiles = ProfileReadings(
            turned_profile(profiles.previous_day, 200.0), turned_profile(profiles.rolling_24h, 200.0)
        )
    bare = around.context(bars)
    own = replace(bare.frames[Timeframe.M15], volume_ratio=volume_ratio)
    return replace(bare, profiles=profiles, frames={**bare.frames, Timeframe.M15: own})


def ask(moment: StrategyContext, settings: OrderFlowSettings | None = None):
    return OrderFlow("TESTUSDT", settings).evaluate(moment)


def signal(moment: StrategyContext, settings: OrderFlowSettings | None = None) -> RawSignal:
    found = ask(moment, settings)
    assert isinstance(found, RawSignal), found.reason
    return found


def reason(moment: StrategyContext, settings: OrderFlowSettings | None = None) -> str:
    found = ask(moment, settings)
    assert isinstance(found, StrategyVerdict)
    return found.reason


def test_order_flow_selling_that_a_level_swallows_signals_long():
    found = signal(context(absorbed()))
    assert (found.side, found.trigger, found.time_stop_bars) == (Side.LONG, Trigger.IMMEDIATE, 16)
    assert found.levels.entry == 100.7
    assert found.levels.stop == pytest.approx(99.9 - 0.2)
    assert found.levels.targets == pytest.approx((101.7, 102.7, 103.7))
    assert found.base_score == fsum(each.points for each in found.parts)
    assert "Sellers pressed into the value edge" in found.summary
    check_levels(found.levels, 0.01)


def test_order_flow_buying_that_lifts_price_off_a_level_signals_long():
    found = signal(context(lifted()))
    assert (found.side, found.levels.entry) == (Side.LONG, 100.9)
    assert found.levels.stop == pytest.approx(100.0 - 0.2)
    assert "Buyers keep pressing" in found.summary
    check_levels(found.levels, 0.01)


@pytest.mark.parametrize("bars", [absorbed(), lifted()])
def test_order_flow_upside_down_gives_the_mirrored_short(bars: list[Candle]):
    """OF-3: a short was impossible."""
    long, short = signal(context(bars)), signal(context(bars, upside_down=True))
    assert short.side is Side.SHORT
    flipped = [200 - price for price in (short.levels.entry, short.levels.stop, *short.levels.targets)]
    assert flipped == pytest.approx([long.levels.entry, long.levels.stop, *long.levels.targets])
    assert [each.points for each in short.parts] == pytest.approx([each.points for each in long.parts])


@pytest.mark.parametrize("which", [0, 60, -1])
def test_order_flow_unknown_taker_volume_is_no_answer_and_is_told(which: int):
    """CV-2: missing taker data looked like balanced flow. The strategy counts as not asked, with its reason."""
    bars = absorbed()
    bars = bars[-OrderFlow("TESTUSDT").required_bars :]
    bars[which] = replace(bars[which], taker_buy_volume=None)
    manager = StrategyManager([OrderFlow("TESTUSDT")])
    assert manager.on_close(Timeframe.M15, context(bars)) == ()
    (verdict,) = manager.verdicts
    assert not verdict.available
    assert "taker volume of 1 of the last 100 candles is not available" in verdict.reason


ADVANCED = (PRESSED[0], (100.2, 100.4, 99.5, 99.8), (99.8, 100.3, 99.6, 100.1))
FAR_ABOVE = tuple(tuple(price + 0.8 for price in row) for row in PRESSED)


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        (context(absorbed(flow=-0.04)), "neither ran into a wall"),
        (context(absorbed(turn=(100.1, 100.3, 99.95, 100.0))), "neither ran into a wall"),
        (context(absorbed(quiet_flows=(0.0, -0.9, -0.9, -0.9, 0.0))), "neither ran into a wall"),
        (context(absorbed(pressed=ADVANCED)), "not at a value edge"),
        (context(absorbed(pressed=FAR_ABOVE, turn=(100.9, 101.6, 100.8, 101.5))), "not at a value edge"),
        (context(absorbed(), Surroundings(regime=Regime.TREND_DOWN)), "4h trend stands against it"),
        (context(absorbed(), Surroundings(regime=Regime.UNKNOWN)), "not known yet"),
        (context(absorbed(), Surroundings(with_4h=False)), "not known yet"),
        (context(absorbed(), Surroundings(atr=None)), "ATR is not available"),
        (context(absorbed()[-60:]), "waiting for 100 candles"),
        (context(lifted(flow=0.19)), "neither ran into a wall"),
        (context(lifted(rows=(*LIFTED, (100.9, 101.2, 100.8, 101.1)))), "neither ran into a wall"),
        (context(lifted(), Surroundings(regime=Regime.RANGE)), "moves do not go on"),
        (context(lifted(), Surroundings(regime=Regime.TREND_DOWN)), "4h trend stands against it"),
        (context(lifted(), Surroundings(atr=0.5)), "not at a value edge"),
    ],
)
def test_order_flow_each_rule_refuses_with_its_reason(moment: StrategyContext, told: str):
    assert told in reason(moment)


def test_order_flow_stale_reading_gives_no_signal():
    moment = context(absorbed())
    late = replace(moment, time_ms=moment.time_ms + Timeframe.M15.ms)
    assert "not available" in reason(late)


def test_order_flow_absorption_is_allowed_in_a_range_and_its_rank_is_a_setting():
    assert signal(context(absorbed(), Surroundings(regime=Regime.RANGE, bias=Bias.NEUTRAL)))
    often = context(absorbed(quiet_flows=(0.0, -0.9, -0.9, 0.0, 0.0, 0.0)))
    assert "neither ran into a wall" in reason(often)
    assert signal(often, OrderFlowSettings(rank_max=0.5)).side is Side.LONG


def test_order_flow_least_flow_of_a_move_is_a_setting():
    told = signal(context(lifted(flow=0.19)), OrderFlowSettings(initiation_flow=0.1))
    assert part(told, "strength of the flow").points == 0.0
    assert part(signal(context(lifted(flow=0.21))), "strength of the flow").points > 0.0


def test_order_flow_fingerprint_names_parameters_and_flows_and_not_where_averages_began():
    far = ProfileReadings(rolling_24h=replace(DAY, value_area_low=90.0))
    at_zone, with_tail = (
        context(absorbed(), Surroundings(zones=(zone(ZoneKind.SUPPORT, 99.0, edge, 75.0),)), far)
        for edge in (100.0, 100.0 + 1e-12)
    )
    first = signal(at_zone).inputs_hash
    assert signal(with_tail).inputs_hash == first
    parameters, _, candles = first.partition(".")
    other = signal(at_zone, OrderFlowSettings(target_3_r=4.0)).inputs_hash.partition(".")
    assert (other[0] != parameters, other[2]) == (True, candles)
    flows = signal(context(absorbed(flow=-0.41))).inputs_hash.partition(".")
    assert (flows[0], flows[2] != candles) == (parameters, True)


def test_order_flow_entry_setting_chooses_the_setup():
    assert "neither" in reason(context(absorbed()), OrderFlowSettings(entry="initiation"))
    assert "neither" in reason(context(lifted()), OrderFlowSettings(entry="absorption"))


@pytest.mark.parametrize(("score", "expected"), [(75.0, True), (59.0, False)])
def test_order_flow_strong_zone_is_a_level(score: float, expected: bool):
    around = Surroundings(zones=(zone(ZoneKind.SUPPORT, 99.0, 100.0, score),))
    moment = context(absorbed(), around, ProfileReadings(rolling_24h=replace(DAY, value_area_low=90.0)))
    assert isinstance(ask(moment), RawSignal) is expected


def test_order_flow_second_target_is_the_far_edge_of_value_where_it_lies_on_the_way():
    """OF-4: the first target was nearer than the stop, and could lie behind the entry."""
    found = signal(context(absorbed(), profiles=ProfileReadings(replace(DAY, value_area_high=102.3, poc=101.2))))
    assert found.levels.targets == pytest.approx((101.7, 102.3, 103.7))
    assert found.levels.reward_r(0) >= 0.8


def test_order_flow_stop_has_its_limits():
    assert "no place for a stop" in reason(
        context(absorbed()), OrderFlowSettings(levels=replace(FREE, stop_max_atr=0.9))
    )


def test_order_flow_every_part_can_change_the_score():
    two = ProfileReadings(DAY, ProfileReading(101.9, 100.1, 104.0, "24h"))
    best = signal(context(absorbed(), profiles=two))
    weaker = {
        "strength of the flow": context(absorbed(flow=-0.15), profiles=two),
        "levels": context(absorbed()),
        "volume": context(absorbed(), profiles=two, volume_ratio=None),
        "higher timeframes": context(absorbed(), Surroundings(with_1h=False), two),
        "4h bias": context(absorbed(), Surroundings(bias=Bias.NEUTRAL), two),
    }
    for name, moment in weaker.items():
        assert part(signal(moment), name).points < part(best, name).points, name
    assert set(weaker) == {each.name for each in best.parts} - {"setup"}


def test_order_flow_first_look_misses_no_push_of_takers():
    luck, settings, seen = random.Random(7), OrderFlowSettings(rank_windows=10, initiation_bars=2), Counter()
    for _ in range(400):
        rows = [sorted(luck.choices(range(99, 104), k=4)) for _ in range(15)]
        turns = [luck.choice(((1, 3, 0, 2), (2, 3, 0, 1), (1, 3, 0, 1))) for _ in rows]
        flows = [luck.choice((None, -0.4, -0.2, -0.05, 0.0, 0.05, 0.2, 0.4)) for _ in rows]
        taken = [None if flow is None else 4.0 * (1 + flow) for flow in flows]
        bars = [
            Candle(place * 900_000, *[float(row[each]) for each in turn], 8.0, None, None, bought)
            for place, (row, turn, bought) in enumerate(zip(rows, turns, taken, strict=True))
        ]
        sides = [(sign, [orient(bar, sign) for bar in bars]) for sign in (1, -1)]
        rules = find_absorption, find_initiation
        found = [rule(bars, turned, sign, settings) for sign, turned in sides for rule in rules]
        seen[any(found), may_push(bars, settings)] += 1
    assert not seen[True, False]
    assert min(seen[True, True], seen[False, False]) > 10, seen


def test_flow_of_bars_is_a_share_of_all_volume_or_unknown():
    bars = market(LIFTED, (0.3, -0.1, 0.1))
    assert flow_of(bars[-3:]) == pytest.approx(0.1)
    assert flow_of([*bars[-2:], replace(bars[-1], taker_buy_volume=None)]) is None
    assert flow_of([replace(bars[-1], volume=0.0, taker_buy_volume=0.0)]) is None


@pytest.mark.slow
def test_order_flow_fires_on_real_candles_and_knows_nothing_of_the_future():
    assert_sound_on_real_candles(OrderFlow, ("AVAXUSDT",), least=4, period=FEBRUARY)


def test_order_flow_real_candles_upside_down_give_the_mirrored_signals():
    assert_decides_alike_upside_down(lambda: OrderFlow("X", OrderFlowSettings(levels=FREE)), "AVAXUSDT", FEBRUARY)


def test_order_flow_real_candles_without_taker_volume_never_answer():
    moments = contexts("DOGEUSDT", "2024-03-01", "2024-03-16")
    answers = [ask(moment) for moment in moments]
    assert all(isinstance(each, StrategyVerdict) and not each.available for each in answers)
