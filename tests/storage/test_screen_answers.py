"""What the screen asks of the database: refusals by gate, silences by reason, with the newest case of each."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from futtui.domain.effects import RecordNoSignal, RecordSignal, RecordTrade
from futtui.domain.events import BlockSymbol, SetPaused
from futtui.domain.position import Trade, TradingMode
from futtui.domain.side import Side
from futtui.domain.signal import RawSignal, Signal, SignalStatus, Trigger
from futtui.domain.silence import ENTRY_ORDER
from futtui.domain.timeframe import DAY_MS, HOUR_MS, MINUTE_MS, Timeframe
from futtui.domain.zone import ZoneEvent, ZoneEventKind, ZoneKind
from futtui.live.stored_answers import similar_signals, why_no_signals, zone_story
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


def test_why_names_the_entry_order_where_every_gate_let_the_candidate_pass(tmp_path: Path) -> None:
    world = World()
    raw = raw_signal(time_ms=world.now_ms)
    world.analyse(raw)
    taken = world.signals[raw.signal_id]
    assert all(check.passed for check in taken.checks)
    store = Storage(tmp_path / "futtui.db")
    for signal in (
        replace(taken, status=SignalStatus.REFUSED, status_reason="the exchange did not accept the entry"),
        replace(taken, raw=replace(raw, time_ms=raw.time_ms + HOUR_MS), status=SignalStatus.REFUSED, checks=()),
    ):
        store.submit(RecordSignal(signal, signal.updated_ms))
    assert store.flush()
    found = why_no_signals(store, "", 0)
    assert sorted(item.gate for item in found.refusals) == ["", ENTRY_ORDER]
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


def test_similar_signals_are_earlier_accepted_ones_of_the_same_kind_with_their_results(tmp_path: Path) -> None:
    made = [
        raw_signal(time_ms=START_MS + hour * HOUR_MS, symbol=symbol, side=side, strategy=strategy)
        for hour, (symbol, side, strategy) in enumerate(
            (
                ("ETHUSDT", Side.LONG, "pullback"),
                ("BTCUSDT", Side.LONG, "pullback"),
                ("ETHUSDT", Side.SHORT, "pullback"),
                ("ETHUSDT", Side.LONG, "atr_momentum"),
                ("ETHUSDT", Side.LONG, "pullback"),
            )
        )
    ]
    now = replace(made[-1], time_ms=START_MS + 9 * HOUR_MS)
    later = replace(now, time_ms=now.time_ms + HOUR_MS)
    refused = replace(now, time_ms=START_MS + 8 * HOUR_MS)
    store = Storage(tmp_path / "futtui.db")
    by_hand = replace(made[4], trigger=Trigger.BY_HAND, time_ms=made[4].time_ms + 1)
    for raw in (*made, now, later, refused, by_hand):
        status = SignalStatus.REFUSED if raw is refused else SignalStatus.CLOSED
        store.submit(RecordSignal(Signal(raw, 70.0, (), status, "", raw.time_ms), raw.time_ms))
    for raw, result in ((made[0], 1.5), (made[1], 0.01), (made[4], -1.0)):
        store.submit(RecordTrade(trade_of(raw, result), raw.time_ms))
    assert store.flush()
    found = similar_signals(store, Signal(now, 70.0, (), SignalStatus.ACTIVE, "", now.time_ms))
    assert [item.signal_id for item in found.newest] == [made[at].signal_id for at in (4, 1, 0)]
    assert (found.here.signals, found.here.wins, found.here.losses, found.here.break_evens) == (2, 1, 1, 0)
    assert (found.frame.signals, found.frame.trades, found.frame.break_evens) == (3, 3, 1)
    assert abs(found.frame.net_r - 0.51) < 1e-9
    store.close_now()


def trade_of(raw: RawSignal, result_r: float) -> Trade:
    """A closed trade of a signal with this net result."""
    one = Decimal(1)
    return Trade(
        f"p-{raw.signal_id}", raw.signal_id, raw.symbol, raw.system, raw.strategy, raw.side, TradingMode.PAPER, one,
        one, one, raw.time_ms, raw.time_ms + HOUR_MS, (), one, one, one, result_r, result_r, 1.0, -1.0, 70.0,
    )  # fmt: skip


def test_zone_story_holds_the_events_of_these_zones_newest_first(tmp_path: Path) -> None:
    store = Storage(tmp_path / "futtui.db")
    events = [
        ZoneEvent(
            f"{name}-{hour}", name, symbol, Timeframe.H1, kind, ZoneKind.SUPPORT, START_MS + hour * HOUR_MS, 1.0, 0.9,
            1.1, 1, 0.5,
        )
        for hour, (name, symbol, kind) in enumerate(
            (
                ("a", "ETHUSDT", ZoneEventKind.TOUCH),
                ("a", "ETHUSDT", ZoneEventKind.BOUNCE),
                ("b", "ETHUSDT", ZoneEventKind.TOUCH),
                ("c", "ETHUSDT", ZoneEventKind.BREAK),
                ("a", "BTCUSDT", ZoneEventKind.TOUCH),
            )
        )
    ]  # fmt: skip
    store.submit_zones(START_MS, (), events)
    assert store.flush()
    assert zone_story(store, "ETHUSDT", ("a", "c")) == (events[3], events[1], events[0])
    assert zone_story(store, "XRPUSDT", ("a",)) == ()
    assert zone_story(object(), "ETHUSDT", ("a",)) == ()
    store.close_now()
