"""Symbols are dealt out to workers so that all have about as much to do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from futtui.analysis.settings import AnalysisSettings
from futtui.backtest.shards import Job
from futtui.backtest.workers import even_shares
from futtui.live.settings import HistorySettings


def jobs(closes: list[int]) -> dict[str, Job]:
    shared = (AnalysisSettings(), HistorySettings(), 0)
    return {f"S{place}USDT": Job("run", None, *shared, closes=each) for place, each in enumerate(closes)}  # type: ignore[arg-type]


@given(
    closes=st.lists(st.integers(0, 40_000), min_size=2, max_size=20),
    count=st.integers(1, 4),
    homeless=st.sets(st.integers(0, 19)),
)
def test_even_shares_differ_by_no_more_than_one_symbol(closes: list[int], count: int, homeless: set[int]) -> None:
    """Wherever the candles of some were read before."""
    work, count = jobs(closes), min(count, len(closes))
    homes = {name: place % count for place, name in enumerate(work) if place not in homeless}
    for shares in (even_shares(work, count), even_shares(work, count, homes)):
        assert sorted(name for share in shares for name in share) == sorted(work)
        sizes = [sum(job.closes for job in share.values()) for share in shares]
        assert max(sizes) - min(sizes) <= max(closes)
    assert all(even_shares(work, count))


@given(symbols=st.integers(2, 20), count=st.integers(1, 4))
def test_symbols_that_are_alike_stay_where_they_were_read(symbols: int, count: int) -> None:
    work = jobs([100] * symbols)
    homes = {name: place % count for place, name in enumerate(work)}
    shares = even_shares(work, count, homes)
    assert all(name in shares[place] for name, place in homes.items())


def test_even_shares_keep_one_long_symbol_from_many_short_ones() -> None:
    shares = even_shares(jobs([100, 10, 10, 10, 10, 60]), 2)
    assert sorted(tuple(share) for share in shares) == [("S0USDT",), ("S5USDT", "S1USDT", "S2USDT", "S3USDT", "S4USDT")]
