"""How long a symbol has been traded, for strategies that want established coins only."""

from __future__ import annotations

from dataclasses import replace

from futtui.domain.timeframe import DAY_MS
from tests.live.small_engine import NOW_MS, rules


def test_symbol_is_established_from_the_asked_day_on_and_never_without_a_known_age() -> None:
    listed = replace(rules("BTCUSDT"), onboard_time_ms=NOW_MS - 30 * DAY_MS)
    assert listed.age_days(NOW_MS) == 30.0
    assert listed.is_established(NOW_MS, 30.0)
    assert not listed.is_established(NOW_MS - 1, 30.0)
    unknown = rules("BTCUSDT")
    assert unknown.age_days(NOW_MS) is None
    assert not unknown.is_established(NOW_MS, 0.0)
