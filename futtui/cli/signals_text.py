"""A stored signal, and lists of them, as lines of text in everyday words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from futtui.domain.signal import FilterCheck, RawSignal, Signal, SignalPart, Trigger
from futtui.language.counting import counted
from futtui.live.past_candles import moment_text, price_text
from futtui.storage.signal_archive import Silence, StoredSignal
from futtui.strategies.catalogue import shipped_names, title_of

NEARLY_SHOWN = 20
SELF = "analyzer"
"""Speaks in verdicts too, about data and not about a strategy."""
SILENT_SHOWN = 30


def explain_lines(stored: StoredSignal) -> Iterator[str]:
    """Everything that explains a signal, top to bottom: what, levels, score, filters, life, origin."""
    signal, raw = stored.signal, stored.signal.raw
    maker = shown_name(raw.strategy)
    yield f"Signal {signal.signal_id}: {raw.side.value} {raw.symbol} by {maker} ({raw.timeframe.code})"
    yield f"  made from the candles closed by {moment_text(raw.time_ms)}; 4h regime {raw.regime.value}"
    yield f"  {raw.summary}"
    yield f"  State: {signal.status.value.lower()}{f' - {signal.status_reason}' if signal.status_reason else ''}"
    yield from ("", "Levels", *_levels(raw))
    known = f"{signal.completeness * 100:.0f} % of its inputs were known"
    if signal.needed_score:
        known = f"needs {signal.needed_score:g}; {known}"
    yield from ("", f"Score {signal.score:.2f}, the sum of these parts ({known})", *map(_part, signal.parts))
    yield from ("", "Filters, in the order in which they were asked", *_filters(signal.checks))
    yield from ("", "What happened to it")
    for step in stored.steps:
        yield f"  {moment_text(step.time_ms)}  {step.status.lower()}{f': {step.reason}' if step.reason else ''}"
    if stored.trade is not None:
        trade = stored.trade
        yield f"  Its trade: {trade.result_r:+.2f} R, {trade.pnl} USDT after fees and funding ({trade.mode.value})"
    yield from ("", "What made it (the same fingerprints mean the same inputs)", *_origin(stored))


def _levels(raw: RawSignal) -> Iterator[str]:
    levels = raw.levels
    waits = raw.trigger is Trigger.ARMED
    entry = "waits until price comes here" if waits else "the close that decided; the real entry is at market"
    names = ["stop", *(f"target {number}" for number in range(1, len(levels.targets) + 1))]
    prices = [levels.stop, *levels.targets]
    reasons = levels.reasons or ("",) * len(prices)
    yield f"  {'entry':10}{price_text(levels.entry):>14}  {entry}"
    for name, price, reason in zip(names, prices, reasons, strict=False):
        yield f"  {name:10}{price_text(price):>14}  {reason or f'{abs(price - levels.entry) / levels.risk:.2f} R'}"


def _part(part: SignalPart) -> str:
    points = f"{part.points:+.2f}" if part.valid else "n/a"
    return f"  {points:>7}  {part.name}: {part.reason}"


def _filters(checks: Iterable[FilterCheck]) -> Iterator[str]:
    told = list(checks)
    for check in told:
        yield f"  {'passed ' if check.passed else 'REFUSED'}  {check.name}{f': {check.reason}' if check.reason else ''}"
    if not told:
        yield "  They were not recorded when this signal was made."


def _origin(stored: StoredSignal) -> Iterator[str]:
    parameters, _, data = stored.signal.raw.inputs_hash.partition(".")
    for name, text in (("parameters", parameters), ("candles", data), ("program", stored.code_hash)):
        yield f"  {name:11} {text or 'not recorded'}"


def list_lines(signals: Iterable[Signal]) -> Iterator[str]:
    """One line a signal."""
    for signal in signals:
        raw = signal.raw
        yield (
            f"{signal.signal_id}  {moment_text(raw.time_ms)}  {raw.symbol:12} {raw.side.value:5} "
            f"{shown_name(raw.strategy):16} {signal.score:6.2f}  {signal.status.value.lower()}: {signal.status_reason}"
        )


def why_not_lines(day_ms: int, symbol: str, nearly: Sequence[Signal], silent: Sequence[Silence]) -> Iterator[str]:
    """What stood against signals on a day: candidates that were refused, best first, then what strategies missed."""
    where = f"{symbol or 'all symbols'}, {moment_text(day_ms)[:10]} (UTC)"
    if not nearly and not silent:
        yield f"Nothing was looked at on {where}. futtui was not running, or no history was complete."
        return
    yield f"Nearly a signal on {where}: {counted(len(nearly), 'candidate was', 'candidates were')} refused"
    for signal in nearly[:NEARLY_SHOWN]:
        raw, maker = signal.raw, shown_name(signal.raw.strategy)
        yield f"  {raw.symbol} {raw.side.value} by {maker}, score {signal.score:.1f}: {signal.status_reason}"
    if len(nearly) > NEARLY_SHOWN:
        yield f"  and {len(nearly) - NEARLY_SHOWN} more"
    yield from ("", "No candidate at all: how often and why, with one example of the figures")
    for item in silent[:SILENT_SHOWN]:
        yield f"  {item.count:5} {'time ' if item.count == 1 else 'times'}  {shown_name(item.strategy)}: {item.reason}"


def shown_name(strategy: str) -> str:
    """What people call the strategy; one of the user's own is marked as such."""
    if strategy == SELF:
        return "Analysis"
    return title_of(strategy) if strategy in shipped_names() else f"{strategy} (your own)"
