"""What the screen asks of the database: refusals by gate, silences by reason, with the newest case of each."""

from __future__ import annotations

from pathlib import Path

from futtui.domain.effects import RecordNoSignal, RecordSignal
from futtui.domain.events import BlockSymbol, SetPaused
from futtui.domain.signal import SignalStatus
from futtui.domain.timeframe import DAY_MS, MINUTE_MS
from futtui.live.stored_answers import why_no_signals
from futtui.storage.store import Storage
from tests.desk.world import START_MS, World, raw_signal


def refused_world() -> World:
    """Two candidates refused by the pause, one by a block, one taken."""
    world = World()
    world.send(SetPaused(world.now_ms, True))
    for strategy in ("break_retest", "atr_momentum"):
        world.analyse(raw_signal(time_ms=world.now_ms, strategy=strategy))
    world.send(SetPaused(world.now_ms, False))
    world.send(BlockSymbol(world.now_ms, "ETHUSDT"))
    world.analyse(raw_signal(time_ms=world.now_ms, strategy="pullback"))
    return world


def filled(path: Path, world: World) -> Storage:
    store = Storage(path / "futtui.db")
    for signal in world.signals.values():
        store.submit(RecordSignal(signal, signal.updated_ms))
    day = START_MS // DAY_MS * DAY_MS
    for minutes, symbol, reason in (
        (5, "ETHUSDT", "needs 1.5, has 0.9"),
        (9, "BTCUSDT", "needs 1.5, has 0.4"),
        (7, "ETHUSDT", "needs 1.5, has 0.8"),
    ):
        kind = "needs #, has #"
        store.submit(RecordNoSignal(day, symbol, "pullback", kind, reason, day + minutes * MINUTE_MS))
    store.submit(RecordNoSignal(day - DAY_MS, "ETHUSDT", "pullback", "needs #, has #", "old", day - MINUTE_MS))
    assert store.flush()
    return store


def test_why_counts_refusals_by_gate_with_the_newest_case(tmp_path: Path) -> None:
    world = refused_world()
    store = filled(tmp_path, world)
    found = why_no_signals(store, "", START_MS - DAY_MS)
    assert found.candidates == len(world.signals) == 3
    assert found.refused == sum(signal.status is SignalStatus.REFUSED for signal in world.signals.values()) == 3
    assert [(item.gate, item.count) for item in found.refusals] == [("trading not paused", 2), ("not blocked", 1)]
    assert found.refusals[0].last_reason == "new trades are paused"
    assert found.refusals[0].last_symbol == "ETHUSDT"
    assert [signal.score for signal in found.nearly] == sorted((item.score for item in found.nearly), reverse=True)
    assert {signal.signal_id for signal in found.nearly} == set(world.signals)
    store.close_now()


def test_why_adds_silences_over_symbols_and_tells_the_newest_reason(tmp_path: Path) -> None:
    store = filled(tmp_path, refused_world())
    day = START_MS // DAY_MS * DAY_MS
    everything = why_no_signals(store, "", day)
    assert [(item.strategy, item.count) for item in everything.silences] == [("pullback", 3)]
    newest = everything.silences[0]
    assert (newest.last_symbol, newest.last_reason) == ("BTCUSDT", "needs 1.5, has 0.4")
    assert newest.last_ms == day + 9 * MINUTE_MS
    ether = why_no_signals(store, "ETHUSDT", day)
    assert (ether.looks, ether.silences[0].last_reason) == (2, "needs 1.5, has 0.8")
    assert why_no_signals(store, "ETHUSDT", day - DAY_MS).looks == 3
    assert why_no_signals(store, "XRPUSDT", day).candidates == 0
    store.close_now()


def test_why_without_a_database_is_empty() -> None:
    found = why_no_signals(object(), "BTCUSDT", 5)
    assert (found.symbol, found.since_ms, found.candidates, found.refusals) == ("BTCUSDT", 5, 0, ())
