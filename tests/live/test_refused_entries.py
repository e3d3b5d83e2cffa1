"""Entries that the desk did not make: which refusals are such, and that the order log tells them."""

from __future__ import annotations

import pytest

from futtui.desk.refusals import NOW_GATES, is_refused_entry
from futtui.domain.events import AnalysisDone, BlockSymbol, FeedState, PriceUpdate, RulesChanged, SetPaused
from futtui.domain.position import TradingMode
from futtui.domain.reading import AnalysisResult
from futtui.domain.sent import Sent
from futtui.domain.side import Side
from futtui.domain.signal import RawSignal
from futtui.live.desk_runner import DeskRunner
from tests.desk.world import START_MS, SYMBOL, World, raw_signal, reading, rules


class Nowhere:
    """Takes records and lines, and keeps none."""

    def submit(self, record: object) -> None:
        """Nothing."""

    def say(self, line: object) -> None:
        """Nothing."""


def run(*before: object, told: bool = False, **changes: object) -> tuple[list[Sent], RawSignal]:
    """What the order log holds after a signal that came after these events."""
    names = frozenset({"atr_momentum"}) if told else frozenset()
    runner = DeskRunner(World(mode=TradingMode.PAPER, for_information=names).desk, Nowhere(), Nowhere())
    for event in (RulesChanged(START_MS, rules()), PriceUpdate(SYMBOL, START_MS, 100.0, 100.0, 100.0), *before):
        runner.submit(event)  # type: ignore[arg-type]
    raw = raw_signal(time_ms=START_MS + 1, **changes)  # type: ignore[arg-type]
    runner.submit(AnalysisDone(raw.time_ms, AnalysisResult(reading(time_ms=raw.time_ms), (raw,))))
    return [item for item in runner.sent.view() if item.entry is not None], raw


PAUSED = SetPaused(START_MS, True)


@pytest.mark.parametrize(
    ("before", "changes", "reason"),
    [
        (PAUSED, {}, "new trades are paused"),
        (BlockSymbol(START_MS, SYMBOL, 0, "blocked by you"), {}, "ETHUSDT is blocked by you"),
        (FeedState(START_MS, SYMBOL, False, "no data"), {}, "market data is old (no data)"),
        (PriceUpdate(SYMBOL, START_MS + 2000, 100.9, 100.9, 100.9), {}, "price moved 0.90 R away"),
    ],
)
def test_entry_that_the_desk_refused_is_in_the_order_log_with_its_reason(
    before: object, changes: dict[str, object], reason: str
) -> None:
    (found,), raw = run(before, **changes)
    assert found.entry is not None
    assert (found.refused, found.mode, found.symbol) == (True, TradingMode.PAPER, SYMBOL)
    assert (found.entry.signal_id, found.entry.side, found.entry.strategy) == (raw.signal_id, Side.LONG, raw.strategy)
    assert found.answer.startswith(reason)


def test_what_is_for_information_was_meant_for_that_account() -> None:
    (found,), _ = run(PAUSED, told=True)
    assert found.mode is TradingMode.INFO


@pytest.mark.parametrize(
    ("before", "changes"),
    [
        (PAUSED, {"base_score": -9.0}),
        (SetPaused(START_MS, False), {"base_score": -9.0}),
        (SetPaused(START_MS, False), {"valid_ms": -1}),
        (SetPaused(START_MS, False), {"risk": 0.001}),
        (SetPaused(START_MS, False), {}),
    ],
    ids=["too weak while paused", "too weak", "too late", "levels that nobody could trade", "entered"],
)
def test_what_would_be_no_entry_anyway_is_not(before: object, changes: dict[str, object]) -> None:
    assert run(before, **changes)[0] == []


def test_every_gate_of_the_moment_is_one_of_an_entry() -> None:
    world = World(mode=TradingMode.PAPER)
    raw = world.enter()
    asked = [check.name for check in world.signals[raw.signal_id].checks]
    assert set(asked) >= NOW_GATES
    assert not is_refused_entry(world.signals[raw.signal_id])
