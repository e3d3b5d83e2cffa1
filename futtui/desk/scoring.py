"""Scores signals with everything the desk knows, at their close and again when a waiting one is reached."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from futtui.desk.refusals import Refusal
from futtui.desk.state import DeskState
from futtui.domain.events import AnalysisDone
from futtui.domain.reading import SymbolReading
from futtui.domain.signal import RawSignal, Signal
from futtui.domain.timeframe import MINUTE_MS, Timeframe
from futtui.signals.btc import BtcView, btc_view
from futtui.signals.confidence import estimate_part
from futtui.signals.modifiers import ScoringContext
from futtui.signals.scorer import ScoredSignal, renew_parts, score_signal, total_of

_NO_BTC = BtcView(False)


class SignalScorer:
    """The scorer with its inputs taken from the desk's state."""

    def __init__(self, state: DeskState) -> None:
        self._state = state

    def score(self, raw: RawSignal, reading: SymbolReading, others: Iterable[RawSignal] = ()) -> ScoredSignal:
        """The scored signal; `others` are signals of other setups that may agree with it."""
        state, scoring = self._state, self._state.settings.scoring
        btc_hour = state.frame(scoring.btc_symbol, Timeframe.H1)
        btc_atr = btc_hour.atr if btc_hour is not None else None
        context = ScoringContext(
            raw,
            reading.frames.get(raw.timeframe),
            btc_view(state.closes, raw.symbol, raw.time_ms, btc_atr, scoring.btc_symbol),
            atr_average=state.atrs.average(raw.symbol, raw.timeframe),
            book=state.order_books.get(raw.symbol),
            interest=state.interests.get(raw.symbol),
            time_ms=state.now_ms,
            reading=reading,
            others=tuple(other for other in others if not other.standing),
            funding_rate=state.funding_rate(raw.symbol),
        )
        return self._with_past_results(score_signal(context, scoring))

    def _with_past_results(self, item: ScoredSignal) -> ScoredSignal:
        """The scored signal with what past trades say about it, and refused where that is too little."""
        model, least = self._state.confidence, self._state.settings.scoring.least_win_share
        estimate = None if model is None else model.estimate(item.raw, item.score, item.parts, item.completeness)
        if estimate is None:
            return item
        reason = item.filter_reason
        if reason is None and estimate.win_share < least:
            reason = f"its chance of a win is {estimate.win_share:.0%} by past trades, at least {least:.0%} is asked"
        return replace(item, parts=(*item.parts, estimate_part(estimate)), filter_reason=reason)

    def renewed(self, signal: Signal, time_ms: int) -> Signal:
        """A waiting signal with what the order book says at the moment it is reached; itself if nothing is known."""
        parts = renew_parts(signal.parts, self._context(signal.raw, time_ms), self._state.settings.scoring)
        if parts == signal.parts:
            return signal
        score, completeness = total_of(parts)
        return replace(signal, parts=parts, score=score, completeness=completeness)

    def refusal_when_reached(self, signal: Signal) -> Refusal | None:
        """Why a renewed score is too low; None if it is not."""
        raw = signal.raw
        threshold = self._state.settings.scoring.threshold_of(raw.strategy, raw.system.value)
        if signal.score >= threshold:
            return None
        return Refusal("filter", f"score {signal.score:.1f} is below {threshold:.1f} when its level is reached")

    def agreeing_ones(self, event: AnalysisDone) -> list[RawSignal]:
        """Open signals of the symbol that are young enough to agree with a new one."""
        since_ms = event.time_ms - self._state.settings.scoring.confluence_minutes * MINUTE_MS
        return self._state.book.lately(event.result.reading.symbol, since_ms)

    def _context(self, raw: RawSignal, time_ms: int) -> ScoringContext:
        """What is known at any moment, not only at a close."""
        book, interest = self._state.order_books.get(raw.symbol), self._state.interests.get(raw.symbol)
        return ScoringContext(raw, None, _NO_BTC, book=book, interest=interest, time_ms=time_ms)
