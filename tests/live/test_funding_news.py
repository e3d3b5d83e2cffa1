"""Funding rates on their way from the exchange's stream to the desk."""

from __future__ import annotations

from futtui.domain.events import FundingAnnounced
from futtui.domain.snapshot import MarketRow
from futtui.domain.timeframe import Timeframe
from futtui.exchange.ports import MarkPriceMessage
from futtui.live.symbol_state import SymbolState
from tests.live.small_engine import NOW_MS, rules

DAY_START_MS = NOW_MS - NOW_MS % Timeframe.D1.ms


def news(*marks: tuple[float | None, int]) -> list[FundingAnnounced]:
    """What is announced after marks with these rates and hours of the next funding."""
    state, told = SymbolState("BTCUSDT", rules("BTCUSDT")), []
    for rate, hour in marks:
        message = MarkPriceMessage("BTCUSDT", NOW_MS, 100.0, None, rate, DAY_START_MS + hour * Timeframe.H1.ms)
        state.on_mark(message, told.append)
    return told


def test_funding_rate_is_announced_when_it_changes_and_only_then() -> None:
    told = news((0.0001, 8), (0.0001, 8), (None, 8), (-0.002, 16), (-0.002, 24))
    assert [(each.symbol, each.rate, each.interval_hours) for each in told] == [
        ("BTCUSDT", 0.0001, 8.0),
        ("BTCUSDT", -0.002, 8.0),
    ]


def test_funding_time_beside_the_usual_ones_tells_of_a_shorter_interval_from_then_on() -> None:
    told = news((0.0003, 8), (0.0003, 12), (0.0003, 16), (0.0003, 17), (0.0003, 24))
    assert [each.interval_hours for each in told] == [8.0, 4.0, 1.0]


def test_funding_without_a_known_time_is_taken_as_usual() -> None:
    state, told = SymbolState("BTCUSDT", rules("BTCUSDT")), []
    state.on_mark(MarkPriceMessage("BTCUSDT", NOW_MS, 100.0, None, 0.0005, 0), told.append)
    assert [(each.rate, each.interval_hours) for each in told] == [(0.0005, 8.0)]


def test_row_for_the_screen_carries_the_next_funding_and_is_drawn_anew_only_when_that_looks_different() -> None:
    state = SymbolState("BTCUSDT", rules("BTCUSDT"))

    def row_after(rate: float | None, next_ms: int) -> MarketRow:
        state.on_mark(MarkPriceMessage("BTCUSDT", NOW_MS, 100.0, None, rate, next_ms), lambda _: None)
        return state.row(0, None)

    silent = row_after(None, 0)
    assert (silent.funding_rate, silent.next_funding_ms) == (None, None)
    told = row_after(0.0001, DAY_START_MS)
    assert (told.funding_rate, told.next_funding_ms) == (0.0001, DAY_START_MS)
    assert told.version > silent.version
    assert row_after(0.0001 + 1e-9, DAY_START_MS) is told
    assert row_after(None, 0) is told  # a message without it takes nothing back
    assert row_after(0.0002, DAY_START_MS).funding_rate == 0.0002
    assert row_after(0.0002, DAY_START_MS + 1).next_funding_ms == DAY_START_MS + 1
