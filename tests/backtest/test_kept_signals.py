"""Signals that lie packed come back as they were put down last, in the order of their time."""

from __future__ import annotations

import pickle
import random
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

from futtui.backtest.kept_signals import SHEET, SignalShelf, signals_of
from futtui.domain.signal import Signal, SignalStatus
from futtui.live.decisions import decisions_of
from tests.desk.world import START_MS, raw_signal

STEP_MS = 900_000


def signal(number: int, status: SignalStatus) -> Signal:
    raw = raw_signal(time_ms=START_MS + number * STEP_MS)
    return Signal(raw, 60.0, raw.parts, status, f"reason {number % 7}", raw.time_ms)


def told(count: int, seed: int) -> list[Signal]:
    """Signals that change their state later, some much later."""
    draws = random.Random(seed)
    found = []
    for number in range(count):
        found.append(signal(number, draws.choice((SignalStatus.REFUSED, SignalStatus.WAITING, SignalStatus.ACTIVE))))
        earlier = draws.choice(found)
        if draws.random() < 0.5:
            found.append(replace(earlier, status=SignalStatus.CLOSED, status_reason=f"closed after {number}"))
    return found


def test_shelf_gives_the_newest_version_of_each_by_time() -> None:
    for seed in range(3):
        versions, shelf = told(4 * SHEET, seed), SignalShelf()
        for each in versions:
            shelf.put(each)
        newest = {each.signal_id: each for each in versions}
        wanted = sorted(newest.values(), key=lambda each: (each.raw.time_ms, each.signal_id))
        kept = shelf.all()
        assert list(kept) == wanted
        assert kept == wanted
        assert kept != [*wanted[:-1], replace(wanted[-1], score=1.0)]
        assert [kept[0], kept[-1]] == [wanted[0], wanted[-1]]
        assert kept[5:900:7] == wanted[5:900:7]
        assert pickle.loads(pickle.dumps(kept)) == wanted
        assert decisions_of(kept, ()) == decisions_of(reversed(wanted), ())


def test_shelf_takes_a_fraction_of_the_memory_of_what_lies_on_it() -> None:
    shelf = SignalShelf()
    everything = [signal(number, SignalStatus.REFUSED) for number in range(10 * SHEET)]
    for each in everything:
        shelf.put(each)
    assert len(pickle.dumps(shelf.all())) < len(pickle.dumps(everything)) / 3


def test_signals_of_trades_are_found_without_unpacking_all_at_once() -> None:
    shelf = SignalShelf()
    everything = [signal(number, SignalStatus.REFUSED) for number in range(24 * SHEET)]
    for each in everything:
        shelf.put(each)
    wanted = everything[7 :: 5 * SHEET]
    trades = [SimpleNamespace(signal_id=each.signal_id) for each in (*wanted, signal(-5, SignalStatus.CLOSED))]
    del everything
    packed = shelf.all()

    def most_bytes(work: Callable[[], object]) -> int:
        tracemalloc.start()
        work()
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert signals_of(trades, packed) == {each.signal_id: each for each in wanted}  # type: ignore[arg-type]
    few = most_bytes(lambda: signals_of(trades, packed))  # type: ignore[arg-type]
    assert few < most_bytes(lambda: {each.signal_id: each for each in packed}) / 2


def test_shelf_without_signals_is_empty() -> None:
    assert list(SignalShelf().all()) == []
    assert SignalShelf().all() == []
