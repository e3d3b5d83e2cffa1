"""The gap ledger: every hole in the stored candles, from its discovery until it is filled or accepted.

Pure bookkeeping without I/O; times arrive with the calls. Who asks the exchange is `gap_keeper.py` (and `gaps.py` for
the newest candles). A hole is never asked for for ever: an answer without candles counts, and after the last one it
is accepted; while the exchange cannot be asked the waits grow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from futtui.domain.gaps import Gap, GapClass, GapKey, GapState, GapsView
from futtui.domain.timeframe import HOUR_MS, MINUTE_MS, Timeframe

ANSWER_WAITS_MS = (10 * MINUTE_MS, 2 * HOUR_MS)
"""Waits after answers without candles (some come to the exchange's history late); after the next one it is accepted."""
FAILURE_WAITS_MS = (MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS)
"""Waits while the exchange cannot be asked; the last one repeats."""

Span = tuple[int, int]


class GapLedger:
    """All holes that are open or accepted; closed ones leave with `take_changes`."""

    def __init__(self) -> None:
        self._series: dict[tuple[str, Timeframe], dict[int, Gap]] = {}
        self._changes: dict[GapKey, Gap] = {}
        self.filled_gaps = 0
        self.filled_candles = 0

    def restore(self, gaps: Iterable[Gap]) -> None:
        """Take over what an earlier run knew."""
        for gap in gaps:
            self._series.setdefault((gap.symbol, gap.timeframe), {})[gap.first_open_ms] = gap

    def take_changes(self) -> list[Gap]:
        """What changed since the last call, to be written."""
        changes, self._changes = list(self._changes.values()), {}
        return changes

    # --- what is learned ------------------------------------------------------------------------------------------

    def found(self, symbol: str, timeframe: Timeframe, first_ms: int, last_ms: int, now_ms: int, reason: str) -> None:
        """These candles are not there. What is known of them already stays as it is."""
        for first, last in self._unknown(symbol, timeframe, first_ms, last_ms):
            grown = next((gap for gap in self._of(symbol, timeframe) if gap.last_open_ms == first - timeframe.ms), None)
            if grown is not None and grown.state is GapState.OPEN and not grown.tries:
                self._put(replace(grown, last_open_ms=last))
                continue
            state = GapState.OPEN
            self._put(
                Gap(symbol, timeframe, first, last, GapClass.OURS, state, now_ms, next_try_ms=now_ms, reason=reason)
            )

    def came(self, symbol: str, timeframe: Timeframe, opens: Collection[int], now_ms: int) -> None:
        """The candles with these open times are here now."""
        for gap in list(self._of(symbol, timeframe)):
            left = _left(gap, opens)
            missing = sum(timeframe.bars_between(first, last) for first, last in left)
            if missing == gap.candles:
                continue
            self.filled_candles += gap.candles - missing
            if not left or left[0][0] != gap.first_open_ms:
                end_ms = left[0][0] - timeframe.ms if left else gap.last_open_ms
                self._close(replace(gap, last_open_ms=end_ms, reason="filled"), GapState.FILLED, now_ms)
            for first, last in left:
                self._put(replace(gap, first_open_ms=first, last_open_ms=last))

    def not_there(
        self, symbol: str, timeframe: Timeframe, first_ms: int, last_ms: int, now_ms: int, gap_class: GapClass
    ) -> None:
        """The exchange answered that it has none of these candles, for all that is known because of `gap_class`."""
        for gap in list(self._of(symbol, timeframe)):
            if gap.state is not GapState.OPEN or gap.last_open_ms < first_ms or gap.first_open_ms > last_ms:
                continue
            tries = gap.tries + 1
            asked = replace(gap, gap_class=gap_class, tries=tries, failures=0, reason=gap_class.words)
            if tries > len(ANSWER_WAITS_MS) or gap_class in (GapClass.LISTED_LATER, GapClass.DELISTED):
                self._close(asked, GapState.ACCEPTED, now_ms)
            else:
                self._put(replace(asked, next_try_ms=now_ms + ANSWER_WAITS_MS[tries - 1]))

    def unreachable(self, gap: Gap, now_ms: int, why: str) -> None:
        """The exchange could not be asked."""
        known = self._series.get((gap.symbol, gap.timeframe), {}).get(gap.first_open_ms)
        if known is None:
            return
        wait_ms = FAILURE_WAITS_MS[min(known.failures, len(FAILURE_WAITS_MS) - 1)]
        self._put(replace(known, failures=known.failures + 1, next_try_ms=now_ms + wait_ms, reason=why))

    def leave_behind(self, symbol: str, timeframe: Timeframe, before_ms: int, now_ms: int) -> None:
        """Nobody looks at candles before `before_ms` any more: what is missing there is accepted and forgotten."""
        for gap in list(self._of(symbol, timeframe)):
            if gap.last_open_ms >= before_ms:
                continue
            if gap.state is GapState.OPEN:
                self._close(replace(gap, reason="older than what is analysed"), GapState.ACCEPTED, now_ms)
            self._series[symbol, timeframe].pop(gap.first_open_ms)

    # --- what is asked --------------------------------------------------------------------------------------------

    def due(self, now_ms: int) -> list[Gap]:
        """Open holes whose time has come, the oldest candles first, higher timeframes first at one time."""
        waiting = [gap for gap in self.gaps() if gap.state is GapState.OPEN and gap.next_try_ms <= now_ms]
        return sorted(waiting, key=lambda gap: (gap.first_open_ms, -gap.timeframe.ms, gap.symbol))

    def gaps(self) -> Iterator[Gap]:
        """Everything open or accepted."""
        for series in self._series.values():
            yield from series.values()

    def not_ready_reason(self, symbol: str) -> str:
        """Why a symbol must not be judged now: candles are missing and the exchange was not heard about them."""
        for (name, timeframe), series in self._series.items():
            if name != symbol:
                continue
            open_gaps = [gap for gap in series.values() if gap.state is GapState.OPEN and not gap.tries]
            if open_gaps:
                count = sum(gap.candles for gap in open_gaps)
                why = next((f" ({gap.reason})" for gap in open_gaps if gap.failures), "")
                return f"{timeframe.code}: {count} missing candle{'s' if count != 1 else ''} being fetched{why}"
        return ""

    def covering(self, timeframe: Timeframe, first_ms: int, last_ms: int) -> set[str]:
        """Symbols for which the exchange said that it has none of the candles from `first_ms` to `last_ms`."""
        return {
            gap.symbol
            for gap in self.gaps()
            if gap.timeframe is timeframe
            and gap.tries
            and gap.first_open_ms <= first_ms
            and gap.last_open_ms >= last_ms
        }

    def view(self, corrected: int = 0) -> GapsView:
        """Counts for the screen and the doctor. `corrected`: candles that differed from the exchange's history."""
        open_gaps = [gap for gap in self.gaps() if gap.state is GapState.OPEN]
        accepted = [gap for gap in self.gaps() if gap.state is GapState.ACCEPTED]
        return GapsView(
            open=len(open_gaps),
            open_candles=sum(gap.candles for gap in open_gaps),
            filled=self.filled_gaps,
            filled_candles=self.filled_candles,
            accepted=len(accepted),
            by_class=dict(sorted(Counter(gap.gap_class.value for gap in (*open_gaps, *accepted)).items())),
            corrected_candles=corrected,
        )

    # --- how it works ---------------------------------------------------------------------------------------------

    def _of(self, symbol: str, timeframe: Timeframe) -> Collection[Gap]:
        return self._series.get((symbol, timeframe), {}).values()

    def _put(self, gap: Gap) -> None:
        self._series.setdefault((gap.symbol, gap.timeframe), {})[gap.first_open_ms] = gap
        self._changes[gap.key] = gap

    def _close(self, gap: Gap, state: GapState, now_ms: int) -> None:
        self._put(replace(gap, state=state, closed_ms=now_ms))
        if state is GapState.FILLED:
            self.filled_gaps += 1
            del self._series[gap.symbol, gap.timeframe][gap.first_open_ms]

    def _unknown(self, symbol: str, timeframe: Timeframe, first_ms: int, last_ms: int) -> list[Span]:
        """The parts of first..last that no hole of the ledger covers."""
        parts: list[Span] = []
        start_ms = first_ms
        for gap in sorted(self._of(symbol, timeframe), key=lambda gap: gap.first_open_ms):
            if gap.last_open_ms < start_ms or gap.first_open_ms > last_ms:
                continue
            if gap.first_open_ms > start_ms:
                parts.append((start_ms, gap.first_open_ms - timeframe.ms))
            start_ms = gap.last_open_ms + timeframe.ms
        return [*parts, (start_ms, last_ms)] if start_ms <= last_ms else parts


def _left(gap: Gap, opens: Collection[int]) -> list[Span]:
    """The parts of a hole that are still missing."""
    here = sorted({open_ms for open_ms in opens if gap.first_open_ms <= open_ms <= gap.last_open_ms})
    left: list[Span] = []
    start_ms = gap.first_open_ms
    for open_ms in here:
        if open_ms > start_ms:
            left.append((start_ms, open_ms - gap.timeframe.ms))
        start_ms = open_ms + gap.timeframe.ms
    return [*left, (start_ms, gap.last_open_ms)] if start_ms <= gap.last_open_ms else left
