"""Halts of one symbol: a spread or a volatility in which no plan holds; and what is open that moves like it."""

from __future__ import annotations

from collections.abc import Iterable

from futtui.desk.positions import Position
from futtui.desk.refusals import Refusal
from futtui.desk.state import DeskState
from futtui.domain.signal import RawSignal
from futtui.domain.timeframe import MINUTE_MS, Timeframe

_BOOK_FRESH_MS = MINUTE_MS


def halt_refusal(state: DeskState, symbol: str, time_ms: int) -> Refusal | None:
    """Why the symbol itself is too wild or too thin for a new trade now; None if it is not, or not known."""
    halts = state.settings.risk.halts
    book = state.order_books.get(symbol)
    fresh = book is not None and book.valid and time_ms - book.time_ms <= _BOOK_FRESH_MS
    if fresh and book is not None and book.spread_bp is not None and 0.0 < halts.max_spread_bp < book.spread_bp:
        text = f"bid and ask are {book.spread_bp / 100:.2f} % apart, at most {halts.max_spread_bp / 100:g} % is allowed"
        return Refusal("halt", text)
    frame, usual = state.frame(symbol, Timeframe.M15), state.atrs.average(symbol, Timeframe.M15)
    if halts.max_volatility_ratio > 0.0 and frame is not None and frame.atr is not None and usual is not None:
        ratio = frame.atr / usual
        if ratio > halts.max_volatility_ratio:
            limit = f"{halts.max_volatility_ratio:g}"
            return Refusal("halt", f"it moves {ratio:.1f} times as much as usual, at most {limit} times is allowed")
    return None


def correlated_refusal(
    state: DeskState, raw: RawSignal, held: Iterable[Position], risk_pct: float, time_ms: int
) -> Refusal | None:
    """Why the trade would be one more of the same: open risk in its direction on symbols that move like it."""
    caps = state.settings.risk.caps
    if caps.max_correlated_risk_pct >= caps.max_open_risk_pct:
        return None  # the limit of the whole account is as tight
    together = risk_pct
    for position in held:
        plan = position.plan
        if plan.side is not raw.side:
            continue
        same = plan.symbol == raw.symbol
        likeness = 1.0 if same else state.closes.correlation(raw.symbol, plan.symbol, time_ms)
        if likeness is not None and likeness >= caps.correlated_from:
            together += state.risk_pct(position)
    if together <= caps.max_correlated_risk_pct + 1e-9:
        return None
    text = (
        f"symbols that move alike would risk {together:.2f} % in one direction, at most "
        f"{caps.max_correlated_risk_pct:g} % is allowed"
    )
    return Refusal("risk", text)
