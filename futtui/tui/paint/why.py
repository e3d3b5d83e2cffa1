"""Why there are no signals, in words: what stops everything, what gates refused, what strategies missed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby

from futtui.domain.signal import SignalStatus
from futtui.domain.silence import RefusalCount, SilenceCount, WhyNoSignals
from futtui.tui.glyphs import ARROW
from futtui.tui.heard import heard
from futtui.tui.paint import numbers
from futtui.tui.paint.details import paragraph
from futtui.tui.paint.names import frame_name, setup_name, side_span
from futtui.tui.paint.text import Line, fit, spread, wrap
from futtui.tui.paint.view import View
from futtui.tui.words import has_word, word

KINDS_SHOWN = 3
"""Reasons shown of one strategy when all symbols are looked at; of one symbol twice as many."""
_INDENT = 9


@dataclass(frozen=True, slots=True)
class WhyLook:
    """What the screen looks at: a symbol ("" = all), so many UTC days, and what came back."""

    symbol: str
    days: int
    found: WhyNoSignals | None
    trouble: str = ""


Painter = Callable[[WhyLook, View, int], list[Line]]


def gate_name(gate: str) -> str:
    """Everyday name of a gate; the gate's own words where there is none."""
    identity = f"why.gate.{_slug(gate)}"
    return word(identity) if has_word(identity) else gate or word("why.gate.unknown")


def gate_change(gate: str) -> str:
    """What would have to change for the gate to open; empty where nothing can be said."""
    identity = f"why.change.{_slug(gate)}"
    return word(identity) if has_word(identity) else ""


def _slug(gate: str) -> str:
    """The part of a gate's name that words know: of the last gate, which has many, the kind in brackets."""
    kind = re.search(r"\((.+)\)$", gate)
    return re.sub(r"[^a-z0-9]+", "_", (kind.group(1) if kind else gate).lower()).strip("_")


def short_lines(look: WhyLook, view: View, width: int) -> list[Line]:
    """What stands against every signal now, then how many candidates went which way."""
    lines: list[Line] = []
    stops = list(_stops(look, view))
    for text in stops:
        lines += paragraph(f"! {text}", width, "attention")
    if not stops:
        lines += paragraph(word("why.nothing_stops"), width, "text")
    for text in _some(look, view):
        lines += paragraph(text, width, "muted")
    lines += _levels(look, view, width)
    lines.append(())
    return lines + (_waiting(look, width) or _funnel(look, width))


def _levels(look: WhyLook, view: View, width: int) -> list[Line]:
    """How many levels wait in the market for price, and the nearest of them."""
    desk = view.snapshot.desk
    if desk is None:
        return []
    armed = [each for each in desk.signals if each.status is SignalStatus.WAITING and not each.is_set_aside]
    waiting = [each.raw for each in (*armed, *desk.standing) if not look.symbol or each.raw.symbol == look.symbol]
    priced = [(raw, view.by_symbol[raw.symbol].price) for raw in waiting if raw.symbol in view.by_symbol]
    gaps = [(abs(raw.levels.entry / price - 1.0) * 100.0, raw) for raw, price in priced if price > 0]
    if not gaps:
        return []
    gap, raw = min(gaps, key=lambda item: item[0])
    text = word(
        "why.levels",
        n=len(waiting),
        symbol=_base(raw.symbol, view),
        side=side_span(raw.side)[0],
        setup=setup_name(raw.strategy),
        gap=numbers.percent_text(gap),
    )
    return paragraph(text, width, "text")


def _stops(look: WhyLook, view: View) -> Iterator[str]:
    """Sentences about what keeps all signals of the symbol from trading at this moment."""
    desk = view.snapshot.desk
    row = view.by_symbol.get(look.symbol)
    if view.failed:
        yield word("why.stop.failed")
    elif desk is None:
        yield word("why.stop.starting")
    elif view.stale:
        yield word("why.stop.stale", age=numbers.long_age_text(view.stale_age_ms))
    if desk is not None and desk.kill_level:
        yield word("why.stop.kill", level=desk.kill_level)
    if desk is not None and desk.paused:
        yield word("why.stop.paused", reason=heard(desk.pause_reason))
    if row is not None and row.blocked_until_ms is not None:
        until = row.blocked_until_ms
        when = numbers.until_text(until, view.now_ms, view.zone) if until else ""
        yield word("why.stop.blocked_until" if until else "why.stop.blocked", symbol=look.symbol, time=when)
    if row is not None and not row.ready:
        state = heard(row.state_text) or word("market.warming_up")
        yield word("why.stop.not_ready", symbol=look.symbol, state=state)


def _some(look: WhyLook, view: View) -> Iterator[str]:
    """Sentences about symbols that cannot trade now while the others can."""
    snapshot = view.snapshot
    if look.symbol:
        return
    if snapshot.symbols_ready < snapshot.symbols_total:
        yield word("why.stop.warming_up", n=snapshot.symbols_total - snapshot.symbols_ready)
    blocked = sum(item.blocked_until_ms is not None for item in snapshot.market)
    if blocked:
        yield word("why.stop.some_blocked", n=blocked)


def _waiting(look: WhyLook, width: int) -> list[Line]:
    """A sentence where there is nothing to show yet; empty when there is."""
    found = look.found
    if found is None:
        return paragraph(look.trouble or word("why.loading"), width, "attention" if look.trouble else "muted")
    if not found.looks and not found.candidates:
        return paragraph(word("why.nothing_looked"), width, "muted")
    return []


def _funnel(look: WhyLook, width: int) -> list[Line]:
    found = look.found
    assert found is not None
    taken = found.candidates - found.refused - found.expired
    steps = (
        ("looks", found.looks, "muted"),
        ("candidates", found.candidates, "bold"),
        ("refused", found.refused, "attention" if found.refused else "muted"),
        ("expired", found.expired, "muted"),
        ("taken", taken, "up" if taken else "muted"),
    )
    lines: list[Line] = []
    for name, count, token in steps:
        texts = wrap(word(f"why.funnel.{name}"), width - _INDENT - 1)
        lines.append(((f"{count:>7,} ", token), (f" {texts[0]}", "text")))
        lines += [((" " * _INDENT + text, "text"),) for text in texts[1:]]
    return lines


def refusal_lines(look: WhyLook, view: View, width: int) -> list[Line]:
    """Each gate that refused: how often, the newest case, and what would have to change."""
    found = look.found
    if found is None or not found.refusals:
        return _waiting(look, width) or paragraph(word("why.no_refusals"), width, "muted")
    lines: list[Line] = []
    for item in found.refusals:
        lines += _refusal(item, view, width)
    return lines


def _refusal(item: RefusalCount, view: View, width: int) -> list[Line]:
    age = word("why.last", age=numbers.age_text(view.now_ms - item.last_ms))
    head: Line = ((f"{item.count:>7,} ", "attention"), (f" {gate_name(item.gate)}", "bold"))
    lines = [spread(head, ((f"  {age} ", "dim"),), width)]
    told = word("why.newest", symbol=_base(item.last_symbol, view), reason=item.last_reason)
    lines += paragraph(told, width, "text", lead=" " * _INDENT)
    change = gate_change(item.gate)
    if change:
        texts = wrap(change, width - _INDENT - 3)
        lines += [
            ((f"{' ' * (_INDENT - 2)}{ARROW if at == 0 else ' '} {each}", "muted"),) for at, each in enumerate(texts)
        ]
    return lines


def silence_lines(look: WhyLook, view: View, width: int) -> list[Line]:
    """By strategy, most silent first: how often it proposed nothing and for which reasons."""
    found = look.found
    if found is None or not found.silences:
        return _waiting(look, width) or paragraph(word("why.no_silences"), width, "muted")
    by_name = sorted(found.silences, key=lambda item: item.strategy)
    groups = [list(items) for _, items in groupby(by_name, key=lambda item: item.strategy)]
    groups.sort(key=lambda items: (-sum(item.count for item in items), items[0].strategy))
    shown = KINDS_SHOWN * 2 if look.symbol else KINDS_SHOWN
    lines: list[Line] = []
    for items in groups:
        total = sum(item.count for item in items)
        lines.append(((f"{total:>7,} ", "bold"), (f" {_maker(items[0].strategy)}", "bold")))
        items.sort(key=lambda item: (-item.count, item.last_reason))
        for item in items[:shown]:
            lines += _silence(item, look, view, width)
        if len(items) > shown:
            lines.append(((" " * _INDENT + word("why.more_reasons", n=len(items) - shown), "dim"),))
    return lines


def _maker(strategy: str) -> str:
    return word("why.data") if strategy == "analyzer" else setup_name(strategy)


def _silence(item: SilenceCount, look: WhyLook, view: View, width: int) -> list[Line]:
    head = f"{item.count:>12,} "
    texts = wrap(item.last_reason, width - len(head) - 1)
    age = numbers.age_text(view.now_ms - item.last_ms)
    where = age if look.symbol else f"{_base(item.last_symbol, view)} {age}"
    lines: list[Line] = [((head, "muted"), (texts[0], "text"))]
    lines += [((" " * len(head) + text, "text"),) for text in texts[1:]]
    note = f"  {where} "
    used = len(head) + len(texts[-1])
    if used + len(note) <= width:
        lines[-1] = (*lines[-1], (f"{note:>{width - used}}", "dim"))
    return lines


def nearly_lines(look: WhyLook, view: View, width: int) -> list[Line]:
    """Refused candidates with the best scores, each with what refused it."""
    found = look.found
    if found is None or not found.nearly:
        return _waiting(look, width) or paragraph(word("why.no_nearly"), width, "muted")
    lines: list[Line] = []
    for signal in found.nearly:
        raw = signal.raw
        side, token = side_span(raw.side)
        score = numbers.score_text(signal.score)
        name = f" {setup_name(raw.strategy)} {frame_name(raw.timeframe)}"
        age = numbers.age_text(view.now_ms - raw.time_ms)
        head: Line = (
            (f"{score:>7} ", "bold"),
            (f" {fit(_base(raw.symbol, view), 6)} ", "bold"),
            (fit(side, 7), token),
            (name, "text"),
        )
        lines.append(spread(head, ((f"  {age} ", "dim"),), width))
        lines += paragraph(heard(signal.status_reason), width, "muted", lead=" " * _INDENT)
    return lines


def _base(symbol: str, view: View) -> str:
    return numbers.base_asset(symbol, view.rules(symbol))
