"""Runs beside the real one: what is moved, what is left out, what comes later; nothing else changes."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest

from futtui.backtest.settings import BacktestRequest
from futtui.backtest.variant_pass import without_components
from futtui.backtest.variants import (
    STEPS,
    Delayed,
    Instead,
    Without,
    exit_numbers,
    moved_numbers,
    stresses,
    without_filters,
    without_modifiers,
    without_setups,
)
from futtui.domain.reading import AnalysisResult
from futtui.signals.settings import ScoringSettings
from futtui.strategies.action_price.component_settings import ComponentSettings
from futtui.strategies.action_price.settings import TimingSettings
from futtui.strategies.liquidity_flush import LiquidityFlushSettings
from tests.desk.world import raw_signal, reading

STEP_MS = 900_000
BASE = BacktestRequest(Path("candles"), ("AUSDT",), 0, 96 * STEP_MS)


def closes(count: int = 4, strategy: str = "atr_momentum"):
    return [
        (number * STEP_MS, AnalysisResult(reading("AUSDT", time_ms=number * STEP_MS), (
            raw_signal(symbol="AUSDT", time_ms=number * STEP_MS, strategy=strategy),)))
        for number in range(1, count + 1)
    ]  # fmt: skip


def test_delayed_signals_come_one_close_later_and_live_as_long():
    delayed = Delayed()
    first, later = delayed("AUSDT", closes(2)), delayed("AUSDT", [(3 * STEP_MS, AnalysisResult(reading()))])
    assert first[0][1].signals == ()
    raw = first[1][1].signals[0]
    assert (raw.time_ms, raw.valid_until_ms) == (2 * STEP_MS, 2 * STEP_MS + 3_600_000)
    assert [one.time_ms for one in later[0][1].signals] == [3 * STEP_MS]
    assert delayed("BUSDT", closes(1))[0][1].signals == ()


def test_without_and_instead_touch_only_their_strategy():
    time_ms, one = closes(1)[0]
    two = [(time_ms, replace(one, signals=(*one.signals, raw_signal(strategy="order_flow"))))]
    left = Without(frozenset({"order_flow"}))("AUSDT", two)[0][1].signals
    assert [raw.strategy for raw in left] == ["atr_momentum"]
    other = raw_signal(strategy="order_flow", risk=2.0)
    changed = Instead("order_flow", {("AUSDT", STEP_MS): (other,), ("AUSDT", 9 * STEP_MS): (other,)})("AUSDT", two)
    assert [raw.strategy for raw in changed[0][1].signals] == ["atr_momentum", "order_flow"]
    assert changed[0][1].signals[1] is other


def test_moved_numbers_stay_inside_their_bounds_and_move_alone():
    settings = LiquidityFlushSettings(stop_share=5.5)
    moved = list(moved_numbers(settings, STEPS))
    for name, step, other in moved:
        changed = [each.name for each in fields(settings) if getattr(other, each.name) != getattr(settings, each.name)]
        assert changed == [name]
        assert getattr(other, name) == pytest.approx(getattr(settings, name) * step, rel=0.15, abs=0.51)
    shares = {step for name, step, _ in moved if name == "stop_share"}
    assert shares == {0.8, 0.9}, "6.0 is the most"
    assert "enabled" not in {name for name, *_ in moved}


def test_moved_numbers_that_contradict_each_other_are_left_out():
    tight = TimingSettings(wait_from_atr=1.5, skip_from_atr=1.6, return_to_atr=0.7)
    names = {(name, step) for name, step, _ in moved_numbers(tight, STEPS)}
    assert ("wait_from_atr", 1.1) not in names
    assert ("wait_from_atr", 0.9) in names


def test_every_modifier_with_points_is_left_out_once():
    points = {each.name for each in fields(ScoringSettings) if each.name.endswith("_points")}
    left = set()
    for variant in without_modifiers(BASE):
        scoring, before = variant.request.desk.scoring, BASE.desk.scoring
        changed = [name for name in points if getattr(scoring, name) != getattr(before, name)]
        assert [getattr(scoring, name) for name in changed] == [0.0]
        left.update(changed)
    assert left == points


def test_every_filter_is_left_out_alone():
    variants = without_filters(BASE)
    desks = [variant.request.desk for variant in variants]
    assert len({repr(desk) for desk in desks}) == len(desks)
    assert BASE.desk not in desks
    assert {variant.group for variant in variants} == {"filter"}


def test_stresses_change_costs_time_and_the_rule_inside_a_bar():
    dearer, late, kind = stresses(BASE)
    assert dearer.request.costs == BASE.costs.times(1.5)
    assert isinstance(late.change, Delayed)
    assert kind.request.optimistic is not BASE.optimistic
    assert late.request == BASE


def test_exit_numbers_leave_safety_alone():
    names = {variant.name.rsplit(maxsplit=2)[0] for variant in exit_numbers(BASE)}
    assert {"trail atr", "time stop progress r", "max days"} <= names
    assert not {"naked limit ms", "data exit minutes", "hours before end"} & names


def test_setups_are_left_out_only_where_there_are_several():
    assert without_setups(BASE, ["a"]) == []
    assert [variant.change.strategies for variant in without_setups(BASE, ["a", "b"])] == [{"a"}, {"b"}]


def test_each_component_is_switched_off_once():
    components = ComponentSettings()
    found = without_components(components)
    assert len(found) == 11
    for name, other in found.items():
        part = getattr(other, name)
        points = [getattr(part, each.name) for each in fields(part) if each.name.endswith("points")]
        assert points == [0.0] * len(points)
        assert points
        assert replace(other, **{name: getattr(components, name)}) == components
