"""Signal detail: the plan, every part of the score with its reason, and the state of the signal."""

from __future__ import annotations

from futtui.domain.past_signals import SimilarSignals
from futtui.domain.signal import Signal, SignalPart, SignalStatus, Trigger
from futtui.domain.snapshot import PositionView
from futtui.domain.taking import TakeLook
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES
from futtui.tui.answers import Answer
from futtui.tui.engine_port import EnginePort
from futtui.tui.glyphs import BAR_EMPTY, BAR_FULL
from futtui.tui.heard import heard
from futtui.tui.paint import numbers
from futtui.tui.paint.details import Box, Detail, fact, fact_lines, paragraph
from futtui.tui.paint.names import (
    frame_name,
    regime_span,
    setup_name,
    side_span,
    status_text,
    status_token,
    system_name,
)
from futtui.tui.paint.past import ladder_lines, record_lines
from futtui.tui.paint.take_wish import state_lines
from futtui.tui.paint.text import Line, fit, line_width, wrap
from futtui.tui.paint.view import View
from futtui.tui.words import word

_BAR = 10
_ENTRIES = {
    Trigger.ARMED: "detail.armed",
    Trigger.IMMEDIATE: "detail.immediate",
    Trigger.BY_HAND: "detail.by_hand",
}


def signal_detail(signal: Signal, trail: tuple[str, ...]) -> Detail:
    """Plan, reasons, track record and surroundings of one signal.

    Follows its newest state, and keeps the last one when it leaves the list.
    """
    past: Answer[SimilarSignals] = Answer()
    taking: Answer[TakeLook] = Answer()

    def newest(view: View) -> Signal:
        desk = view.snapshot.desk
        found = (item for item in (desk.signals if desk else ()) if item.signal_id == signal.signal_id)
        return next(found, signal)

    def ask(engine: EnginePort) -> None:
        past.look(signal.signal_id, lambda: engine.similar_signals(signal))
        if signal.status.is_open:
            taking.look(signal.signal_id, lambda: engine.look_at_taking(signal.signal_id))

    return Detail(
        trail,
        (
            Box("plan", word("detail.plan"), lambda view, width: plan_lines(newest(view), view, width)),
            Box("parts", word("detail.why_signal"), lambda view, width: part_lines(newest(view), width)),
            Box("state", word("detail.state_title"), lambda view, width: _state(newest(view), taking, view, width)),
            Box("past", word("past.box.record"), lambda view, width: record_lines(newest(view), past, view, width)),
            Box("around", word("past.box.around"), lambda view, width: ladder_lines(newest(view), view, width)),
        ),
        symbol=signal.raw.symbol,
        signal_id=signal.signal_id,
        ask=ask,
        layout="-signal",
        frame=signal.raw.timeframe if signal.raw.timeframe in ANALYSIS_TIMEFRAMES else None,
    )


def plan_lines(signal: Signal, view: View, width: int) -> list[Line]:
    """Levels with their distances and rewards, per target."""
    raw = signal.raw
    levels, rules = raw.levels, view.rules(raw.symbol)
    row = view.by_symbol.get(raw.symbol)
    side, side_token = side_span(raw.side)

    def distance(price: float) -> str:
        return numbers.signed_percent_text((price / levels.entry - 1.0) * 100.0)

    def because(index: int) -> str:
        """Why a level lies where it does, where somebody said it and there is room."""
        return f"  {levels.reasons[index]}" if width >= 90 and index < len(levels.reasons) else ""

    now = word("detail.price_now", price=numbers.price_text(row.price, rules)) if row else ""
    kind = word(_ENTRIES[raw.trigger])
    lines = [
        fact(word("detail.symbol"), raw.symbol, "bold"),
        fact(word("detail.side"), side, side_token),
        fact(word("detail.entry"), numbers.price_text(levels.entry, rules), "bold", now),
        *fact_lines(word("detail.entry_kind"), kind, width, "muted"),
        fact(word("detail.stop"), numbers.price_text(levels.stop, rules), "down", distance(levels.stop) + because(0)),
    ]
    for index, target in enumerate(levels.targets):
        reward = word("detail.target_note", distance=distance(target), reward=f"{levels.reward_r(index):.2f}")
        lines.append(
            fact(
                word("detail.target", n=index + 1), numbers.price_text(target, rules), "up", reward + because(index + 1)
            )
        )
    atr = numbers.price_text(raw.atr, rules)
    stop_atr = f"{levels.risk / raw.atr:.1f}" if raw.atr > 0 else word("value.none")
    lines.append(fact(word("detail.atr"), atr, note=word("detail.stop_atr", n=stop_atr)))
    return lines


def _state(signal: Signal, taking: Answer[TakeLook], view: View, width: int) -> list[Line]:
    raw = signal.raw
    regime, regime_token = regime_span(raw.regime.value)
    born = numbers.date_time_text(raw.time_ms, view.zone)
    lines = [
        fact(word("detail.status"), status_text(signal), status_token(signal)),
        *state_lines(signal, taking.value, view, width),
        *(fact_lines(word("detail.status_reason"), heard(signal.status_reason), width) if signal.status_reason else []),
        fact(word("detail.system"), system_name(raw.system.value)),
        fact(word("detail.setup"), setup_name(raw.strategy), note=frame_name(raw.timeframe)),
        fact(word("detail.regime"), regime, regime_token),
        fact(word("detail.born"), born, note=word("detail.ago", age=numbers.long_age_text(view.now_ms - raw.time_ms))),
    ]
    if signal.status is SignalStatus.WAITING:
        left = numbers.long_age_text(max(0, raw.valid_until_ms - view.now_ms))
        until = numbers.time_text(raw.valid_until_ms, view.zone)
        lines.append(fact(word("detail.valid"), until, note=word("detail.left", time=left)))
    lines.append(fact(word("detail.time_stop"), word("detail.bars", n=raw.time_stop_bars)))
    position = _position_of(signal, view)
    if position is not None:
        pnl = f"{numbers.direction_sign(position.pnl)} {numbers.signed_money_text(position.pnl)}"
        note = f"{numbers.signed_text(position.pnl_r, 1)}R"
        lines.append(fact(word("detail.position"), pnl, numbers.direction_token(position.pnl), note))
    return lines


def _position_of(signal: Signal, view: View) -> PositionView | None:
    desk = view.snapshot.desk
    positions = desk.positions if desk else ()
    return next((item for item in positions if item.signal_id == signal.signal_id), None)


def part_lines(signal: Signal, width: int) -> list[Line]:
    """The score and each of its parts: points, a bar, and the reason in full."""
    parts = signal.parts or signal.raw.parts
    lines: list[Line] = paragraph(signal.raw.summary, width, "text")
    known = word("detail.completeness", percent=round(signal.completeness * 100))
    score = word("detail.score", score=numbers.score_text(signal.score))
    if signal.needed_score:
        known = f"{word('detail.score_needed', needed=numbers.score_text(signal.needed_score))} · {known}"
    lines += [(), ((f" {score}", "bold"), (f"   {known}", "muted"))]
    largest = max((abs(part.points) for part in parts), default=1.0) or 1.0
    for part in parts:
        lines += _part(part, largest, width)
    if signal.tags:
        lines += [(), ((f" {word('detail.tags')} {', '.join(signal.tags)}", "dim"),)]
    return lines


def _part(part: SignalPart, largest: float, width: int) -> list[Line]:
    points = numbers.signed_text(part.points, 1) if part.valid else word("value.none")
    token = numbers.direction_token(part.points) if part.valid else "dim"
    full = round(abs(part.points) / largest * _BAR) if part.valid else 0
    name = fit(part.name.replace("_", " "), 28 if width >= 100 else 20)
    told = "text" if part.valid else "dim"
    head: Line = (
        (f" {name}", told),
        (f"{points:>6} ", token),
        (" " + BAR_FULL * full, token),
        (BAR_EMPTY * (_BAR - full) + " ", "dim"),
    )
    lead = line_width(head)
    if width - lead < 24:
        return [head, *(((f"   {text}", told),) for text in wrap(part.reason, width - 5))]
    texts = wrap(part.reason, width - lead - 1)
    return [(*head, (texts[0], told)), *(((" " * lead + text, told),) for text in texts[1:])]
