"""The write-ahead book: which of two memories counts after a crash."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from futtui.desk.desk import TradingDesk
from futtui.domain.effects import PositionState, RecordPosition
from futtui.domain.events import BalanceChanged
from futtui.domain.position import TradingMode
from futtui.domain.timeframe import DAY_MS
from futtui.live.live_book import Book
from futtui.live.restore import restore_state
from tests.desk.world import START_MS, World, wide_settings
from tests.live.test_paper_crash import Memory


class Store(Memory):
    def position_states(self, position_ids: object) -> dict[str, PositionState]:
        newest = {item.position.position_id: item.position for item in self.records if isinstance(item, RecordPosition)}
        return {key: state for key, state in newest.items() if key in list(position_ids)}  # type: ignore[call-overload]


def live_states() -> list[PositionState]:
    """All states of a live position of one moment, from the entry to the close."""
    world = World(mode=TradingMode.LIVE)
    world.send(BalanceChanged(world.now_ms, TradingMode.LIVE, Decimal(10_000)))
    world.enter()
    world.price(98.0)
    return [replace(item.position, updated_ms=7) for item in world.effects if isinstance(item, RecordPosition)]


@pytest.mark.parametrize("behind", [1, 2, 3])
def test_restart_takes_the_state_of_the_book_where_both_are_of_the_same_moment(behind: int) -> None:
    states = live_states()
    at_hand = [number for number, state in enumerate(states) if state.status not in ("CLOSED", "FAILED")]
    newest = at_hand[-1]
    stored = states[max(0, newest - behind)]
    desk = TradingDesk(wide_settings(), TradingMode.SIGNALS, Decimal(10_000))
    store = Store([RecordPosition(stored, START_MS)])
    book = Book({stored.position_id: states[newest]}, {})
    restore_state(store, desk, {}, START_MS, book)  # type: ignore[arg-type]
    (view,) = desk.snapshot().positions
    assert view.status == states[newest].status


def test_restart_takes_the_database_where_the_book_lost_its_last_lines() -> None:
    states = live_states()
    later = replace(states[-1], updated_ms=9)
    assert later.status == "CLOSED"
    desk = TradingDesk(wide_settings(), TradingMode.SIGNALS, Decimal(10_000))
    book = Book({later.position_id: states[0]}, {})
    restore_state(Store([RecordPosition(later, START_MS)]), desk, {}, START_MS, book)  # type: ignore[arg-type]
    assert desk.snapshot().positions == ()


@pytest.mark.parametrize(("days", "known"), [(6, True), (8, False)])
def test_restart_remembers_real_entries_of_seven_days_that_came_to_nothing(days: int, known: bool) -> None:
    failed = replace(live_states()[0], status="FAILED", updated_ms=START_MS)
    paper = replace(failed, signal_id="aa", position_id="p-aa", mode=TradingMode.PAPER.value)
    desk = TradingDesk(wide_settings(), TradingMode.LIVE, Decimal(10_000))
    store = Store([RecordPosition(state, START_MS) for state in (failed, paper)])
    restore_state(store, desk, {}, START_MS + days * DAY_MS)  # type: ignore[arg-type]
    assert desk._state.book.has_seen(failed.signal_id) is known
    assert not desk._state.book.has_seen("aa")
