"""The life of a stream: every change is a line of the table, and data always bring it back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from futtui.exchange.stream_machine import TRANSITIONS, StreamEvent, StreamState, StreamWatch, next_state

EVENTS = st.lists(st.sampled_from(StreamEvent), max_size=40)
CADENCE_MS = 30_000.0


@given(EVENTS)
def test_machine_any_events_only_use_edges_of_the_table_and_data_always_bring_it_back(
    events: list[StreamEvent],
) -> None:
    state = StreamState.CONNECTING
    for event in events:
        before, state = state, next_state(state, event)
        assert state is before or TRANSITIONS[before][event] is state
    assert next_state(state, StreamEvent.PAYLOAD) is StreamState.LIVE


@given(EVENTS)
def test_machine_only_evidence_makes_a_silent_stream_trusted_again(events: list[StreamEvent]) -> None:
    state = StreamState.STALE
    for event in events:
        state = next_state(state, event)
        if event in (StreamEvent.PAYLOAD, StreamEvent.QUIET):
            return
        assert not state.trusted


def test_machine_every_state_is_reached_and_left() -> None:
    assert set(TRANSITIONS) == set(StreamState)
    assert {state for edges in TRANSITIONS.values() for state in edges.values()} == set(StreamState)


@given(st.lists(st.tuples(st.floats(1, 120_000), st.booleans()), min_size=1, max_size=30))
def test_watch_state_follows_the_age_of_the_newest_payload(steps: list[tuple[float, bool]]) -> None:
    now_ms = seen_ms = 1_000.0
    watch = StreamWatch(CADENCE_MS)
    watch.on(StreamEvent.PAYLOAD, now_ms)
    for passed_ms, with_data in steps:
        now_ms += passed_ms
        seen_ms = now_ms if with_data else seen_ms
        state = watch.look(seen_ms, now_ms)
        age_ms = now_ms - seen_ms
        assert watch.age_ms(now_ms) == age_ms
        expected = StreamState.LIVE if age_ms < 45_000 else StreamState.LATE if age_ms < 90_000 else StreamState.STALE
        assert state is expected


def test_watch_quiet_market_confirmed_by_rest_is_trusted_until_the_next_long_silence() -> None:
    watch = StreamWatch(CADENCE_MS)
    watch.on(StreamEvent.ACCEPTED, 1.0)
    assert watch.look(0.0, 90_001.0) is StreamState.STALE
    assert watch.on(StreamEvent.CHECKING, 90_001.0) is StreamState.RESYNC
    assert watch.on(StreamEvent.QUIET, 90_500.0) is StreamState.LIVE
    assert watch.look(0.0, 130_000.0) is StreamState.LIVE
    assert watch.look(0.0, 180_501.0) is StreamState.STALE


def test_watch_before_the_subscription_was_accepted_does_not_age() -> None:
    assert StreamWatch(CADENCE_MS).look(0.0, 1e9) is StreamState.CONNECTING
