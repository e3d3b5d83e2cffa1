"""The arbitrator's table: every row a case that passes and one that breaks it, for longs and shorts alike."""

from __future__ import annotations

from dataclasses import replace

import pytest

from futtui.domain.side import Side
from futtui.domain.signal import RawSignal, System
from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import Zone, ZoneKind
from futtui.signals.arbitrator import AGREEMENT, CrossTFArbitrator
from futtui.signals.settings import ArbiterSettings
from tests.desk.world import START_MS, SYMBOL, raw_signal

LONG, SHORT = Side.LONG, Side.SHORT
ARBITER = CrossTFArbitrator(ArbiterSettings())
SIDES = pytest.mark.parametrize("side", [LONG, SHORT])


def quarters(side: Side = LONG, **changes) -> RawSignal:
    return raw_signal(side, system=System.DUAL, strategy="dual_m15", **changes)


def hours(side: Side = LONG, **changes) -> RawSignal:
    return raw_signal(side, system=System.DUAL, strategy="dual_h1", timeframe=Timeframe.H1, **changes)


def wall(side: Side, gap: float, timeframe: Timeframe = Timeframe.H4, symbol: str = SYMBOL) -> Zone:
    """The zone against a trade of `side` whose near edge is `gap` from 100."""
    near, far = 100.0 + side.sign * gap, 100.0 + side.sign * (gap + 1.0)
    kind = ZoneKind.RESISTANCE if side is LONG else ZoneKind.SUPPORT
    low, high = min(near, far), max(near, far)
    return Zone(f"z{gap}", symbol, timeframe, kind, low, high, 70.0, 3, 2, START_MS, START_MS)


@SIDES
@pytest.mark.parametrize(
    ("views", "blocked"),
    [
        (lambda side: [], False),
        (lambda side: [hours(side)], False),
        (lambda side: [hours(side.opposite)], True),
        (lambda side: [hours(side), hours(side.opposite)], True),
        (lambda side: [hours(side.opposite, symbol="BTCUSDT")], False),
        (lambda side: [quarters(side.opposite)], False),
        (lambda side: [raw_signal(side.opposite, timeframe=Timeframe.H1)], False),
    ],
    ids=["no view", "same", "opposite", "both", "other symbol", "no hours", "other system"],
)
def test_arbitrator_opposition_table(side, views, blocked):
    reason = ARBITER.opposition(quarters(side), views(side))
    assert (reason is not None) is blocked
    if blocked:
        assert (
            reason == f"the hours say {side.opposite.value.lower()} on ETHUSDT, a quick trade against them is not taken"
        )


@SIDES
def test_arbitrator_hours_and_other_systems_pass_untouched(side):
    for raw in (hours(side), raw_signal(side)):
        assert ARBITER.opposition(raw, [hours(side.opposite)]) is None
        assert ARBITER.front_run(raw, [wall(side, 0.1)]) is None
        assert ARBITER.strengthened(raw, [hours(side)]) is raw


@SIDES
def test_arbitrator_agreement_adds_its_points_once_and_only_on_the_same_symbol(side):
    raw = quarters(side)
    strong = ARBITER.strengthened(raw, [hours(side), hours(side, time_ms=START_MS - 3_600_000)])
    assert strong.base_score == raw.base_score + 10.0
    assert [part.points for part in strong.parts if part.name == AGREEMENT] == [10.0]
    assert strong.signal_id == raw.signal_id
    for views in ([], [hours(side, symbol="BTCUSDT")], [hours(side.opposite)], [hours(side), hours(side.opposite)]):
        assert ARBITER.strengthened(raw, views) is raw
    assert CrossTFArbitrator(ArbiterSettings(agreement_points=0.0)).strengthened(raw, [hours(side)]) is raw


@SIDES
@pytest.mark.parametrize(
    ("zone", "risk", "blocked"),
    [
        (lambda side: wall(side, 1.19), 1.0, True),
        (lambda side: wall(side, 1.21), 1.0, False),
        (lambda side: wall(side, 1.9), 2.0, True),
        (lambda side: wall(side, 2.1), 2.0, False),
        (lambda side: wall(side, 0.5, Timeframe.D1), 1.0, True),
        (lambda side: wall(side, 0.5, Timeframe.H1), 1.0, False),
        (lambda side: wall(side, -0.5), 1.0, True),
        (lambda side: wall(side, -1.5), 1.0, False),
        (lambda side: wall(side, 0.5, symbol="BTCUSDT"), 1.0, False),
        (lambda side: replace(wall(side, 0.5), kind=wall(side, 0.5).kind.opposite), 1.0, False),
    ],
    ids=[
        "near",
        "far",
        "nearer than R",
        "farther than R",
        "1d",
        "1h",
        "inside",
        "behind",
        "other symbol",
        "other kind",
    ],
)
def test_arbitrator_front_run_table(side, zone, risk, blocked):
    reason = ARBITER.front_run(quarters(side, risk=risk), [zone(side)])
    assert (reason is not None) is blocked
    if blocked:
        assert "ATR away" in reason


@pytest.mark.parametrize(("held", "new", "blocked"), [(0.75, 0.5, False), (0.76, 0.5, True), (0.0, 1.3, True)])
def test_arbitrator_combined_risk_has_a_limit(held, new, blocked):
    assert (ARBITER.combined_risk(held, new) is not None) is blocked
