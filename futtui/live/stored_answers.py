"""What the screen asks of the database; empty answers where the engine keeps none."""

from __future__ import annotations

from futtui.domain.silence import WhyNoSignals
from futtui.storage.store import Storage


def why_no_signals(store: object, symbol: str, since_ms: int) -> WhyNoSignals:
    """What stood against signals of a symbol ("" = all) since a moment."""
    if not isinstance(store, Storage):
        return WhyNoSignals(symbol, since_ms)
    return store.answers.why_no_signals(symbol, since_ms)
