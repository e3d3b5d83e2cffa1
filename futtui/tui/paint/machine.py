"""Health in full: what is not well, connections, requests with their limits and lanes, engine, screen, phone."""

from __future__ import annotations

from collections.abc import Mapping

from futtui.domain.health import BudgetView, HealthView
from futtui.tui.glyphs import DOT, PROGRESS_EMPTY, PROGRESS_FULL
from futtui.tui.heard import heard
from futtui.tui.paint import numbers
from futtui.tui.paint.health import clock_text, state_text
from futtui.tui.paint.text import Line, fit, wrap
from futtui.tui.paint.view import View
from futtui.tui.words import has_word, word

LABEL = 22
BAR = 20
NAME = 16
_STREAM_TOKENS = {"LIVE": "up", "SUBSCRIBED": "up", "NEWS": "up", "CONNECTING": "attention", "CLOSED": "dim"}
FULL_SHARE = 0.8
"""A limit that is used to this share of what futtui allows itself is shown as a warning."""


def well_lines(view: View, width: int) -> list[Line]:
    """Sentences about what is not well, or that all is."""
    health = view.snapshot.health
    if health is None:
        return _sentences(heard(view.snapshot.phase_text) or word("machine.starting"), width, "muted")
    if view.engine_silent:
        age = numbers.long_age_text(view.stale_age_ms)
        return _sentences(f"! {word('machine.silent', age=age)}", width, "attention")
    troubles = health.troubles
    if not view.snapshot.feed.connected:  # the record speaks of connections only once there was one
        troubles = (view.snapshot.phase_text or word("machine.not_connected"), *troubles)
    if not troubles:
        return _sentences(word("machine.well"), width, "up")
    return [line for text in troubles for line in _sentences(f"! {heard(text)}", width, "attention")]


def stream_lines(view: View, width: int) -> list[Line]:
    """Feed, connections, kinds of news, gaps."""
    health, feed = view.snapshot.health, view.snapshot.feed
    lines = [
        _fact("machine.feed", _feed_text(view), "text" if feed.connected else "attention"),
        _fact("machine.reconnects", str(feed.reconnects)),
    ]
    for stream in health.streams if health else ():
        age = "" if stream.age_ms is None else word("machine.ago", age=numbers.age_text(int(stream.age_ms)))
        state = age or state_text(stream.state)
        token = _STREAM_TOKENS.get(stream.state, "attention")
        lines.append(
            (
                (f" {DOT} ", token),
                (fit(heard(stream.name), LABEL - 2), "muted"),
                (f" {state}", "text"),
                (f"  {heard(stream.note)}" if stream.note else "", "dim"),
            )
        )
    gaps = feed.gaps
    lines += [
        (),
        _fact("machine.gaps_open", word("machine.gaps_text", n=gaps.open, candles=gaps.open_candles)),
        _fact("machine.gaps_filled", word("machine.gaps_text", n=gaps.filled, candles=gaps.filled_candles)),
        _fact("machine.gaps_accepted", str(gaps.accepted)),
    ]
    lines += [
        ((f"   {word(f'machine.gap.{name}')}: {count}", "dim"),)
        for name, count in sorted(gaps.by_class.items())
        if count
    ]
    return [*lines, _fact("machine.corrected", str(gaps.corrected_candles))]


def _feed_text(view: View) -> str:
    feed = view.snapshot.feed
    if not feed.connected and not feed.age_ms:
        return word("machine.feed_none", attempt=feed.attempt)
    if not feed.connected:
        return word("machine.feed_lost", age=numbers.age_text(feed.age_ms), attempt=feed.attempt)
    return word("machine.feed_text", delay=feed.delay_ms)


def request_lines(view: View, width: int) -> list[Line]:
    """The budget: gate, each limit of the exchange with a bar, and the lanes by urgency."""
    budget = view.snapshot.feed.budget or (view.snapshot.health.budget if view.snapshot.health else None)
    if budget is None:
        return _sentences(word("machine.no_budget"), width, "muted")
    lines = _gate_lines(budget, view, width)
    if not budget.pools:
        lines.append(_bar_line(_pool_name("weight"), budget.used, budget.reserved, budget.cap, budget.limit, width))
    lines += [
        _bar_line(_pool_name(pool.name), pool.used, pool.reserved, pool.cap, pool.limit, width) for pool in budget.pools
    ]
    head = f" {fit(word('machine.lane'), NAME)} {word('machine.lane_head')}"
    lines.append(((head, "head"),))
    for lane in budget.lanes:
        wait = numbers.age_text(lane.longest_wait_ms) if lane.waiting else word("value.none")
        longest = numbers.age_text(lane.longest_served_wait_ms)
        values = f"{lane.waiting:>7} {wait:>7} {lane.served:>8} {longest:>8}"
        lines.append(
            (
                (f" {fit(word(f'machine.lane.{lane.name}'), NAME)} ", "text"),
                (values, "attention" if lane.waiting else "muted"),
            )
        )
    return lines


def _gate_lines(budget: BudgetView, view: View, width: int) -> list[Line]:
    is_open = budget.gate == "open"
    lines = [_fact("machine.gate", word(f"gate.{budget.gate}"), "up" if is_open else "attention")]
    if budget.closed_until_ms > view.now_ms:
        until = numbers.until_text(budget.closed_until_ms, view.now_ms, view.zone)
        left = numbers.long_age_text(budget.closed_until_ms - view.now_ms)
        lines.append(_fact("machine.closed_until", f"{until}, {left}", "attention"))
    if budget.gate_text:
        lines += _sentences(heard(budget.gate_text), width, "attention")
    waits = numbers.age_text(budget.longest_wait_ms) if budget.waiting else ""
    return [*lines, _fact("machine.waiting", f"{budget.waiting}" + (f", {waits}" if waits else ""))]


def _pool_name(name: str) -> str:
    key = name.replace(" ", "_")
    return word(f"machine.pool.{key}") if has_word(f"machine.pool.{key}") else name


def _bar_line(name: str, used: int, reserved: int, cap: int, limit: int, width: int) -> Line:
    """Used and reserved of what futtui allows itself, as a bar; the exchange's own limit behind it."""
    share = (used + reserved) / cap if cap > 0 else 0.0
    room = max(4, min(BAR, width - NAME - 26))
    full = min(room, round(share * room))
    token = "attention" if share >= FULL_SHARE else "up"
    return (
        (f" {fit(name, NAME)} ", "muted"),
        (PROGRESS_FULL * full, token),
        (PROGRESS_EMPTY * (room - full), "dim"),
        (f" {used}+{reserved} / {cap}", "text"),
        (f" / {limit}", "dim"),
    )


def engine_lines(view: View, width: int) -> list[Line]:
    """Loop lag, analyses, queues, database, clock, memory."""
    health = view.snapshot.health
    if health is None:
        return _sentences(word("machine.starting"), width, "muted")
    late = health.loop_lag_ms > 100.0
    lines = [
        _fact(
            "machine.lag",
            numbers.milliseconds_text(health.loop_lag_ms, health.loop_lag_p99_ms),
            "attention" if late else "text",
        ),
        _fact("machine.symbols", f"{health.symbols_ready} / {health.symbols_total}"),
        *_analysis_lines(health),
    ]
    queues = [(name, depth) for name, depth in health.queues if name not in ("requests", "database")]
    lines += [_labelled(_queue_name(name), str(depth), "attention" if depth else "dim") for name, depth in queues]
    database = health.database
    wait = numbers.age_text(int(database.lag_ms))
    lines.append(_fact("machine.database", word("machine.database_text", n=database.waiting, age=wait)))
    if database.dropped:
        lines.append(_fact("machine.dropped", str(database.dropped), "attention"))
    if database.trouble:
        lines += _sentences(f"! {database.trouble}", width, "attention")
    lines.append(_fact("machine.clock", clock_text(health)))
    if health.clock.drift_ms_per_hour is not None:
        lines.append(_fact("machine.drift", word("machine.drift_text", ms=f"{health.clock.drift_ms_per_hour:+.0f}")))
    for process in health.processes:
        size = word("value.none") if process.memory_mb is None else f"{process.memory_mb:.0f} {word('unit.mb')}"
        lines.append(_labelled(_process_name(process.name), f"{size}  ({process.process_id})"))
    return lines


def _analysis_lines(health: HealthView) -> list[Line]:
    times = health.analysis
    if not times.rounds:
        return [_fact("machine.analysis", word("machine.analysis_none"), "dim")]
    return [
        _fact("machine.analysis", word("machine.analysis_last", ms=f"{times.last_ms:.0f}", n=times.closes)),
        _fact(
            "machine.analysis_many",
            f"{numbers.milliseconds_text(times.p50_ms, times.p99_ms, decimals=0)}  ({times.rounds})",
        ),
    ]


def _queue_name(name: str) -> str:
    key = name.replace(" ", "_")
    return word(f"machine.queue.{key}") if has_word(f"machine.queue.{key}") else name


def _process_name(name: str) -> str:
    kind, _, number = name.partition(" ")
    return f"{word(f'machine.process.{kind}')} {number}" if has_word(f"machine.process.{kind}") else name


def screen_lines(view: View, figures: Mapping[str, float], width: int) -> list[Line]:
    """What the screen costs, and how the phone is."""
    lines = [
        _fact("machine.tick", numbers.milliseconds_text(figures["tick_p50_ms"], figures["tick_p99_ms"], decimals=2)),
        _fact("machine.tick_max", numbers.milliseconds_text(figures["tick_max_ms"])),
        _fact("machine.timer", numbers.milliseconds_text(figures["lag_p99_ms"])),
        _fact("machine.snapshots", f"{figures['snapshots_per_s']:.1f}"),
        _fact("machine.lines", f"{figures['lines_per_beat']:.1f}"),
        (),
    ]
    phone = view.snapshot.health.phone if view.snapshot.health else None
    state = phone.state if phone else "OFF"
    token = {"REACHED": "up", "TROUBLE": "attention"}.get(state, "muted")
    lines.append(_fact("machine.phone", word(f"machine.phone.{state}"), token))
    if phone and phone.trouble:
        lines += _sentences(f"! {heard(phone.trouble)}", width, "attention")
    return lines


def _fact(label: str, value: str, token: str = "text") -> Line:
    return _labelled(word(label), value, token)


def _labelled(label: str, value: str, token: str = "text") -> Line:
    return ((f" {fit(label, LABEL)} ", "muted"), (value, token))


def _sentences(text: str, width: int, token: str) -> list[Line]:
    return [((f" {part}", token),) for part in wrap(text, width - 2)]
