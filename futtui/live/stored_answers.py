"""What the screen asks of the database; empty answers where the engine keeps none."""

from __future__ import annotations

from collections.abc import Sequence

from futtui.domain.past_signals import SimilarSignals
from futtui.domain.signal import Signal
from futtui.domain.silence import WhyNoSignals
from futtui.domain.zone import ZoneEvent
from futtui.storage.store import Storage


def why_no_signals(store: object, symbol: str, since_ms: int) -> WhyNoSignals:
    """What stood against signals of a symbol ("" = all) since a moment."""
    if not isinstance(store, Storage):
        return WhyNoSignals(symbol, since_ms)
    return store.answers.why_no_signals(symbol, since_ms)


def similar_signals(store: object, signal: Signal) -> SimilarSignals:
    """What became of earlier accepted signals of the same system, strategy and side."""
    if not isinstance(store, Storage):
        return SimilarSignals(signal.signal_id)
    return store.answers.similar_signals(signal.signal_id, signal.raw)


def zone_story(store: object, symbol: str, zone_ids: Sequence[str]) -> tuple[ZoneEvent, ...]:
    """What happened at these zones of a symbol, newest first."""
    return store.answers.zone_story(symbol, zone_ids) if isinstance(store, Storage) else ()
