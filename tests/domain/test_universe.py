"""The choice of symbols: each limit with a case on both sides, no flapping, and nothing with a trade is dropped."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from futtui.domain.timeframe import DAY_MS
from futtui.domain.universe import Listing, Standing, UniverseLimits, UniverseMemory, choose_universe

NOW_MS = 1_790_000_000_000
LIMITS = UniverseLimits(most=3, min_age_days=30.0)
MILLION = 1_000_000.0


def listing(symbol: str = "AAAUSDT", volume: float | None = 20.0, **more: object) -> Listing:
    quote_volume = None if volume is None else volume * MILLION
    known = Listing(symbol, symbol[:-4], listed_ms=NOW_MS - 400 * DAY_MS, quote_volume=quote_volume, spread_pct=0.02)
    return replace(known, **more)  # type: ignore[arg-type]


def first(item: Listing, limits: UniverseLimits = LIMITS, held: tuple[str, ...] = ()) -> Standing:
    return choose_universe([item], limits, NOW_MS, None, held)[item.symbol]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"status": "SETTLING"}, "not open for trading (SETTLING)"),
        ({"contract": "CURRENT_QUARTER"}, "not a perpetual"),
        ({"contract": "TRADIFI_PERPETUAL"}, "not a perpetual"),
        ({"quote_asset": "USDC"}, "settled in USDC"),
        ({"base_asset": "FDUSD"}, "stablecoin"),
        ({"quote_volume": 9.9 * MILLION}, "9.9 million USDT, below 10.0 million"),
        ({"quote_volume": None}, "turnover is not known"),
        ({"spread_pct": 0.16}, "spread of 0.160 %"),
        ({"listed_ms": NOW_MS - 29 * DAY_MS}, "traded for 29 days only; 30 are asked for"),
        ({"listed_ms": None}, "age is not known"),
    ],
)
def test_universe_leaves_out_what_misses_one_limit_and_says_which(change: dict[str, object], words: str) -> None:
    assert first(listing()).inside
    standing = first(replace(listing(), **change))  # type: ignore[arg-type]
    assert not standing.inside
    assert words in standing.reason


def test_universe_borders_themselves_are_good_enough() -> None:
    edge = listing(volume=10.0, spread_pct=0.15, listed_ms=NOW_MS - 30 * DAY_MS)
    assert first(edge).inside
    assert first(listing(spread_pct=None)).inside, "an unknown spread stands against nothing"


def test_universe_takes_the_most_traded_and_lists_of_the_user_win() -> None:
    items = [listing(f"{name}USDT", volume) for name, volume in zip("ABCDE", (50, 40, 30, 20, 1), strict=True)]
    limits = replace(LIMITS, always=("EUSDT",), never=("AUSDT",))
    found = choose_universe(items, limits, NOW_MS)
    assert {symbol for symbol, item in found.items() if item.inside} == {"BUSDT", "CUSDT", "DUSDT", "EUSDT"}
    assert "never" in found["AUSDT"].reason
    assert "always" in found["EUSDT"].reason
    assert "number 4 by turnover" in choose_universe(items, LIMITS, NOW_MS)["DUSDT"].reason


def test_universe_member_leaves_only_clearly_below_and_after_six_looks() -> None:
    before = {"AAAUSDT": first(listing())}
    for _ in range(20):
        before = choose_universe([listing(volume=7.0)], LIMITS, NOW_MS, before)
        assert before["AAAUSDT"].inside
    for look in range(1, 7):
        before = choose_universe([listing(volume=6.9)], LIMITS, NOW_MS, before)
        assert before["AAAUSDT"].inside is (look < 6)
    assert "below 7.0 million" in before["AAAUSDT"].reason


def test_universe_one_good_look_starts_the_count_anew() -> None:
    before = {"AAAUSDT": first(listing())}
    for volume in (1.0, 1.0, 1.0, 1.0, 1.0, 8.0, 1.0, 1.0, 1.0, 1.0, 1.0):
        before = choose_universe([listing(volume=volume)], LIMITS, NOW_MS, before)
    assert before["AAAUSDT"].inside
    assert before["AAAUSDT"].looks == 5


def test_universe_newcomer_waits_for_a_second_look_and_a_closed_symbol_leaves_at_once() -> None:
    before = choose_universe([listing(volume=1.0)], LIMITS, NOW_MS)
    before = choose_universe([listing()], LIMITS, NOW_MS, before)
    assert not before["AAAUSDT"].inside
    assert "look 1 of 2 before it comes in" in before["AAAUSDT"].reason
    before = choose_universe([listing()], LIMITS, NOW_MS, before)
    assert before["AAAUSDT"].inside
    gone = choose_universe([listing(status="SETTLING")], LIMITS, NOW_MS, before)
    assert not gone["AAAUSDT"].inside


def test_universe_member_whose_turnover_is_not_told_stays() -> None:
    before = {"AAAUSDT": first(listing())}
    for _ in range(10):
        before = choose_universe([listing(volume=None)], LIMITS, NOW_MS, before)
    assert before["AAAUSDT"].inside


def test_universe_open_trade_keeps_a_symbol_whatever_happens() -> None:
    for item in (listing(status="SETTLING"), listing(volume=0.0), listing(spread_pct=5.0)):
        standing = first(item, held=("AAAUSDT",))
        assert standing.inside
        assert "a trade on it is open" in standing.reason
    assert choose_universe([], LIMITS, NOW_MS, {}, ("GONEUSDT",))["GONEUSDT"].inside


VOLUMES = st.lists(st.floats(0.0, 40.0), min_size=48, max_size=48)


@given(VOLUMES)
def test_universe_does_not_flap_in_48_hours_of_any_turnover(volumes: list[float]) -> None:
    """Between two changes of one symbol lie at least as many looks as its settings ask for."""
    before = {"AAAUSDT": first(listing(volume=20.0))}
    changes = [(0, True)]
    for hour, volume in enumerate(volumes, 1):
        before = choose_universe([listing(volume=volume)], LIMITS, NOW_MS, before)
        if before["AAAUSDT"].inside is not changes[-1][1]:
            changes.append((hour, before["AAAUSDT"].inside))
    for (earlier, _), (later, inside) in pairwise(changes):
        assert later - earlier >= (LIMITS.looks_to_enter if inside else LIMITS.looks_to_leave)


@given(st.lists(st.floats(7.0, 13.0), min_size=20, max_size=20))
def test_universe_member_near_the_border_never_leaves(volumes: list[float]) -> None:
    before = {"AAAUSDT": first(listing(volume=12.0))}
    for volume in volumes:
        before = choose_universe([listing(volume=volume)], LIMITS, NOW_MS, before)
        assert before["AAAUSDT"].inside


ANY_LISTING = st.builds(
    lambda number, volume, spread, status: listing(f"S{number}USDT", volume, spread_pct=spread, status=status),
    st.integers(0, 12), st.none() | st.floats(0.0, 90.0), st.none() | st.floats(0.0, 1.0),
    st.sampled_from(("TRADING", "SETTLING", "PENDING_TRADING")),
)  # fmt: skip


@given(
    st.lists(st.lists(ANY_LISTING, max_size=13, unique_by=lambda item: item.symbol), min_size=1, max_size=9),
    st.sets(st.sampled_from([f"S{number}USDT" for number in range(14)]), max_size=3),
)
def test_universe_any_day_keeps_what_is_held_and_gives_a_reason_for_each(
    day: list[list[Listing]], held: set[str]
) -> None:
    before: dict[str, Standing] | None = None
    for look in day:
        before = choose_universe(look, LIMITS, NOW_MS, before, held)
        assert all(before[symbol].inside for symbol in held)
        assert before.keys() == {item.symbol for item in look} | held
        assert all(standing.reason for standing in before.values())


def test_memory_of_other_limits_or_another_day_is_not_recalled() -> None:
    limits = UniverseLimits(most=3)
    memory = UniverseMemory(DAY_MS, limits.name, {"A": Standing("A", True, "good", 3), "B": Standing("B", False, "no")})
    assert memory.recalled(limits, DAY_MS + 5) == {"A": Standing("A", True, "good", 2), "B": Standing("B", False, "no")}
    assert memory.recalled(UniverseLimits(most=4), DAY_MS + 5) is None
    assert memory.recalled(limits, 2 * DAY_MS + 1) is None
    assert memory.recalled(limits, DAY_MS - 1) is None, "a clock that went back"
    assert UniverseMemory(DAY_MS, limits.name, {"B": Standing("B", False, "no")}).recalled(limits, DAY_MS) is None
