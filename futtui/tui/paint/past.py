"""The track record of a signal's setup, and the ladder of zones and levels around its plan."""

from __future__ import annotations

from collections.abc import Callable

from futtui.domain.past_signals import PastSignal, PastTally, SimilarSignals
from futtui.domain.position import TradeClass
from futtui.domain.shares import wilson_interval
from futtui.domain.signal import Signal, SignalStatus
from futtui.domain.zone import Zone
from futtui.tui.answers import Answer
from futtui.tui.glyphs import RULE
from futtui.tui.paint import numbers
from futtui.tui.paint.details import paragraph
from futtui.tui.paint.names import frame_name, zone_letter, zone_token
from futtui.tui.paint.text import Line, Span, fit
from futtui.tui.paint.view import View
from futtui.tui.words import word

ODDS = "past results"
"""Name of the part of a score that carries the odds."""
SMALL_SAMPLE = 30
NEAR_SHARE = 0.6
"""Zones up to this share of the plan's span beyond its ends are shown."""
_LABEL = 30


def record_lines(signal: Signal, past: Answer[SimilarSignals], view: View, width: int) -> list[Line]:
    """The odds of the signal, how earlier ones of its kind ended, and the newest of them."""
    lines = _odds(signal, width)
    found = past.value
    if found is None:
        text = past.trouble or word("past.loading")
        return [*lines, *paragraph(text, width, "attention" if past.trouble else "muted")]
    raw = signal.raw
    base = numbers.base_asset(raw.symbol, view.rules(raw.symbol))
    lines.append(tally_line(word("past.here", symbol=base), found.here, width))
    lines.append(tally_line(word("past.frame", frame=frame_name(raw.timeframe)), found.frame, width))
    trades = max(found.here.trades, found.frame.trades)
    if trades < SMALL_SAMPLE:
        lines += paragraph(word("past.none" if not trades else "past.small"), width, "muted")
    if found.newest:
        lines.append(())
    lines += [_past_line(item, view, width) for item in found.newest]
    return lines


def _odds(signal: Signal, width: int) -> list[Line]:
    part = next((part for part in signal.parts if part.name == ODDS), None)
    if part is None:
        return []
    text = word("past.odds", text=part.reason) if part.valid else word("past.no_odds", text=part.reason)
    return paragraph(text, width, "bold" if part.valid else "muted")


def tally_line(label: str, tally: PastTally, width: int) -> Line:
    """A label with n, the share of wins with its interval, and the mean result."""
    trades = tally.trades
    head: Line = ((f" {fit(label, min(_LABEL, max(12, width // 3)))} ", "muted"),)
    if not trades:
        return (*head, (word("past.no_trades", n=tally.signals), "dim"))
    low, high = wilson_interval(tally.wins, trades) or (0.0, 1.0)
    mean = tally.net_r / trades
    return (
        *head,
        (word("past.trades", n=trades), "text"),
        ("  ", "text"),
        (
            word("past.won", share=f"{tally.wins / trades:.0%}", low=f"{low * 100:.0f}", high=f"{high * 100:.0f}"),
            "text",
        ),
        ("  ", "text"),
        (word("past.mean", r=numbers.signed_text(mean, 2)), numbers.direction_token(mean)),
    )


_RESULT_TOKENS = {TradeClass.WIN: "up", TradeClass.LOSS: "down", TradeClass.BREAK_EVEN: "muted"}


def _past_line(item: PastSignal, view: View, width: int) -> Line:
    when = numbers.day_time_text(item.time_ms, view.zone)
    head: Line = (
        (f" {when}  ", "dim"),
        (f"{fit(numbers.base_asset(item.symbol, view.rules(item.symbol)), 8)} ", "text"),
        (f"{fit(frame_name(item.timeframe), 3)} ", "muted"),
        (f"{numbers.score_text(item.score):>5}  ", "text"),
    )
    if item.result_r is None or item.result_class is None:
        status = "still_open" if item.status.is_open else "ended" if item.status is SignalStatus.CLOSED else "expired"
        return (*head, (word(f"past.{status}"), "dim"))
    mode = f"  {word(f'mode.{item.mode.value}')}" if item.mode is not None and width >= 60 else ""
    return (
        *head,
        (f"{numbers.signed_text(item.result_r, 2):>6}R ", _RESULT_TOKENS[item.result_class]),
        (word(f"trade.class.{item.result_class.value}"), "muted"),
        (mode, "dim"),
    )


def ladder_lines(signal: Signal, view: View, width: int) -> list[Line]:
    """Zones, the levels of the plan and the price from high to low, as far as they matter to the plan."""
    raw = signal.raw
    reading = view.snapshot.readings.get(raw.symbol)
    row = view.by_symbol.get(raw.symbol)
    zones = reading.zones if reading is not None else ()
    levels = raw.levels
    prices = [levels.entry, levels.stop, *levels.targets, *([row.price] if row is not None else ())]
    reach = (max(prices) - min(prices)) * NEAR_SHARE
    shown = [zone for zone in zones if zone.high >= min(prices) - reach and zone.low <= max(prices) + reach]
    steps: list[tuple[float, int, Callable[[], Line]]] = []
    for zone in shown:
        steps.append((zone.middle, 1, lambda zone=zone: _zone_line(zone, levels.entry, view, width)))  # type: ignore[misc]
    for name, price, token in _named(signal):
        steps.append((price, 0, lambda name=name, price=price, token=token: _level(name, price, token, signal, view)))  # type: ignore[misc]
    if row is not None and row.price > 0:
        price = row.price
        steps.append((price, 0, lambda: _price_rule(price, signal, view, width)))
    steps.sort(key=lambda step: (-step[0], step[1]))
    lines = [step[2]() for step in steps]
    if not shown:
        lines += [(), *paragraph(word("past.no_zones"), width, "muted")]
    return lines


def _named(signal: Signal) -> list[tuple[str, float, str]]:
    levels = signal.raw.levels
    named = [(word("chart.level.stop"), levels.stop, "down"), (word("chart.level.entry"), levels.entry, "bold")]
    return named + [(word("detail.target", n=at), price, "up") for at, price in enumerate(levels.targets, start=1)]


def _level(name: str, price: float, token: str, signal: Signal, view: View) -> Line:
    raw = signal.raw
    away = numbers.signed_percent_text((price / raw.levels.entry - 1.0) * 100.0)
    note = "" if price == raw.levels.entry else f"  {away}"
    return (
        (f" {fit(name, 6)} ", token),
        (numbers.price_text(price, view.rules(raw.symbol)), token),
        (note, "dim"),
    )


def _price_rule(price: float, signal: Signal, view: View, width: int) -> Line:
    text = f" {RULE * 2} {word('zones.price', price=numbers.price_text(price, view.rules(signal.raw.symbol)))} "
    return ((text + RULE * max(0, min(40, width - 2) - len(text)), "dim" if view.stale else "price_line"),)


def _zone_line(zone: Zone, entry: float, view: View, width: int) -> Line:
    band = numbers.band_text(zone.low, zone.high, view.rules(zone.symbol), 22, " - ")
    gap = zone.gap_pct(entry)
    where = word("past.at_entry") if gap == 0 else word("past.from_entry", gap=numbers.percent_text(gap))
    spans: list[Span] = [
        (f" {zone_letter(zone)} {band} ", zone_token(zone)),
        (f"  {fit(frame_name(zone.timeframe), 3)} ", "muted"),
        (word("past.zone_score", score=f"{zone.score:.0f}"), "text"),
    ]
    if sum(len(text) for text, _ in spans) + len(where) + 3 <= width:
        spans.append((f"  {where}", "muted"))
    if width >= 90:
        spans.append((f"  {word(f'zone.life.{zone.state.value}')}", "dim"))
    return tuple(spans)
