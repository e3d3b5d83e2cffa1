"""The signals panel: the list, and the plan of the selected signal under it."""

from __future__ import annotations

from collections.abc import Sequence

from futtui.domain.signal import Signal, SignalStatus
from futtui.tui.glyphs import RULE, SEPARATOR
from futtui.tui.heard import heard
from futtui.tui.paint import numbers
from futtui.tui.paint.names import frame_name, is_listed_open, setup_name, side_span, status_text, status_token
from futtui.tui.paint.table import Column, choose_columns, row_line
from futtui.tui.paint.text import Line, Span, fit, wrap
from futtui.tui.paint.view import View
from futtui.tui.words import word

COLUMNS = (
    Column("age", 4),
    Column("symbol", 7, grow=3),
    Column("side", 7),
    Column("setup", 12, grow=10),
    Column("frame", 3, rank=1),
    Column("score", 6, ">"),
    Column("status", 8, rank=2),
    Column("entry", 10, ">", 3),
    Column("stop", 10, ">", 4),
    Column("reward", 6, ">", 5),
)


def columns_for(width: int) -> tuple[Column, ...]:
    """The columns that fit."""
    return choose_columns(COLUMNS, width)


def listed_signals(view: View) -> list[Signal]:
    """Open signals, newest first, then those set aside and the finished ones, newest first."""
    desk = view.snapshot.desk
    signals = desk.signals if desk else ()
    return sorted(signals, key=lambda item: (not is_listed_open(item), -item.raw.time_ms, item.signal_id))


def signal_age_text(signal: Signal, view: View) -> str:
    """Age of the signal; an armed one that price has not reached `waits`."""
    if signal.status is SignalStatus.WAITING:
        return word("signal.waits")
    return numbers.age_text(view.now_ms - signal.raw.time_ms)


def signal_line(signal: Signal, view: View, columns: Sequence[Column], selected: bool) -> Line:
    """One signal of the list."""
    dimmed = view.stale or not is_listed_open(signal)

    def cell(column: Column) -> Span:
        text, token = _cell(signal, view, column)
        return (text, "dim") if dimmed else (text, token)

    return row_line(columns, cell, selected=selected, cursor=view.cursor)


def _cell(signal: Signal, view: View, column: Column) -> Span:
    raw = signal.raw
    rules = view.rules(raw.symbol)
    match column.id:
        case "age":
            waits = signal.status is SignalStatus.WAITING
            return signal_age_text(signal, view), "attention" if waits else "muted"
        case "symbol":
            return numbers.base_asset(raw.symbol, rules), "bold"
        case "side":
            return side_span(raw.side)
        case "setup":
            return setup_name(raw.strategy), "text"
        case "frame":
            return frame_name(raw.timeframe), "muted"
        case "score":
            return numbers.score_of_needed(signal.score, signal.needed_score), "bold"
        case "status":
            return status_text(signal), status_token(signal)
        case "entry":
            return numbers.price_text(raw.levels.entry, rules), "text"
        case "stop":
            return numbers.price_text(raw.levels.stop, rules), "text"
        case _:
            return _reward(signal), "text"


def _reward(signal: Signal) -> str:
    levels = signal.raw.levels
    return f"{levels.reward_r(levels.main_target):.1f}R" if levels.main_target is not None else word("value.none")


def compact_line(signal: Signal, view: View, selected: bool, width: int) -> Line:
    """One signal with its main levels in one line, for the stacked layout."""
    raw = signal.raw
    rules = view.rules(raw.symbol)
    dimmed = view.stale or not is_listed_open(signal)
    spans: list[Span] = [
        (view.cursor if selected else " ", "marker"),
        (f"{signal_age_text(signal, view):>5} ", "muted"),
        (fit(numbers.base_asset(raw.symbol, rules), 5), "bold"),
        (" ", "text"),
        (fit(side_span(raw.side)[0], 7), side_span(raw.side)[1]),
        (f" {fit(setup_name(raw.strategy), 13)} {fit(frame_name(raw.timeframe), 3)} ", "text"),
        (numbers.score_text(signal.score) + " ", "bold"),
    ]
    used = sum(len(text) for text, _ in spans)
    entry, stop = (numbers.price_text(price, rules) for price in (raw.levels.entry, raw.levels.stop))
    for text in (
        word("signal.compact_full", entry=entry, stop=stop, reward=_reward(signal)),
        word("signal.compact", entry=entry, stop=stop),
        word("signal.compact_short", entry=entry),
    ):
        if used + 1 + len(text) <= width:
            spans.append((" " + text, "muted"))
            break
    return tuple((text, "dim") for text, _ in spans) if dimmed else tuple(spans)


def plan_lines(signal: Signal | None, view: View, width: int, room: int) -> list[Line]:
    """The plan of `signal` in at most `room` lines: levels first, then why; nothing without a signal."""
    if signal is None or room < 3:
        return []
    raw = signal.raw
    rules = view.rules(raw.symbol)
    levels = raw.levels
    name = fit(f" {numbers.base_asset(raw.symbol, rules)}", 7)
    stop_pct = (levels.stop / levels.entry - 1.0) * 100.0
    targets = " / ".join(numbers.price_text(price, rules) for price in levels.targets)
    rewards = " / ".join(f"{levels.reward_r(index):.1f}R" for index in range(len(levels.targets)))
    indent = " " * 7
    entry, stop = numbers.price_text(levels.entry, rules), numbers.price_text(levels.stop, rules)
    lines: list[Line] = [
        ((" " + RULE * max(0, width - 2), "dim"),),
        (
            (name, "bold"),
            (word("plan.entry", price=entry), "text"),
            ("  " + word("plan.stop", price=stop), "text"),
            (f" ({numbers.signed_percent_text(stop_pct, 1)})", "muted"),
        ),
    ]
    one_line = f"{indent}{word('plan.targets', prices=targets)}  {word('plan.reward', rewards=rewards)}"
    if len(one_line) <= width:
        lines.append(((one_line, "text"),))
    else:
        lines.append(((f"{indent}{word('plan.targets', prices=targets)}", "text"),))
        lines.append(((f"{indent}{word('plan.reward', rewards=rewards)}", "text"),))
    lines += _state_lines(signal, view, indent, width)
    why = word("plan.why")
    left = max(1, room - len(lines))
    texts = wrap(raw.summary, width - 8 - len(why), left)
    for index, text in enumerate(texts):
        head = why if index == 0 else " " * len(why)
        lines.append(((indent, "text"), (head, "muted"), (text, "text")))
    spare = room - len(lines) - 1
    if spare > 3:
        lines.append(())
        lines += part_lines(signal, width, spare)
    lines = lines[:room]
    return [tuple((text, "dim") for text, _ in line) for line in lines] if view.stale else lines


def _state_lines(signal: Signal, view: View, indent: str, width: int) -> list[Line]:
    left_ms = signal.raw.valid_until_ms - view.now_ms
    if signal.status is SignalStatus.WAITING:
        text = word("plan.waiting", time=numbers.long_age_text(max(0, left_ms)))
        return [((f"{indent}{text}", "attention"),)]
    if signal.status is SignalStatus.ACTIVE:
        return []
    status, reason = status_text(signal), heard(signal.status_reason)
    said = not reason or reason.startswith(status)
    text = (reason or status) if said else f"{status}: {reason}"
    return [((f"{indent}{part}", "muted"),) for part in wrap(text, width - len(indent) - 1, 2)]


def part_lines(signal: Signal, width: int, room: int) -> list[Line]:
    """The score's parts with points and reason, as many as there is room for."""
    lines: list[Line] = []
    parts = signal.parts or signal.raw.parts
    for part in parts[:room]:
        points = numbers.signed_text(part.points, 1) if part.valid else word("value.none")
        token = numbers.direction_token(part.points) if part.valid else "dim"
        name = fit(part.name.replace("_", " "), 20)
        lines.append(((f" {points:>5} ", token), (name, "text"), (" " + fit(part.reason, max(0, width - 29)), "muted")))
    if len(parts) > room and lines:
        lines[-1] = ((word("plan.more_parts", n=len(parts) - room + 1), "dim"),)
    return lines


def empty_lines(view: View, width: int) -> list[Line]:
    """Why there are no signals, what happened last, and what is being watched."""
    desk = view.snapshot.desk
    if desk is None or not view.snapshot.market:
        return [(), ((f"   {word('failed.panel' if view.failed else 'signals.waiting')}", "muted"),)]
    close = sum(row.gap_pct is not None and row.gap_pct <= 0.5 for row in view.snapshot.market)
    sentences = [word("signals.none")]
    if desk.paused:
        sentences.append(word("signals.paused"))
    elif view.snapshot.symbols_ready < view.snapshot.symbols_total:
        sentences.append(word("signals.warming_up"))
    sentences.append(word("signals.watched", n=len(view.snapshot.market), close=close))
    sentences.append(word("signals.why_none"))
    lines: list[Line] = [()]
    for index, sentence in enumerate(sentences):
        lines += [((f"   {text}", "text" if index == 0 else "muted"),) for text in wrap(sentence, width - 5)]
    return lines


def subtitle(view: View) -> str:
    """How many are active, waiting and expired."""
    desk = view.snapshot.desk
    if desk is None:
        return ""
    listed = [item.status for item in desk.signals if is_listed_open(item)]
    active, waiting = listed.count(SignalStatus.ACTIVE), listed.count(SignalStatus.WAITING)
    parts = [word("signals.active", n=active)]
    if waiting:
        parts.append(word("signals.waiting_count", n=waiting))
    if desk.expired_today:
        parts.append(word("signals.expired", n=desk.expired_today))
    return f" {SEPARATOR} ".join(parts)
