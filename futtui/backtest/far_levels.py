"""Standing levels that no price comes near. At most closes there is one, and a run without them ends the same."""

from __future__ import annotations

import numpy as np

from futtui.backtest.data import BASE, SymbolData
from futtui.domain.reading import AnalysisResult
from futtui.storage.candle_arrays import CandleArrays

Answers = list[tuple[int, AnalysisResult]]
SEEN_QUARTERS = 2
"""A level ends with its quarter hour; the clock takes it down only at the end of the next one."""


def without_far_levels(answers: Answers, quarters: CandleArrays) -> Answers:
    """The answers of a stretch without the standing levels that are out of reach until they are taken down.

    They stand for a quarter hour, as those of all strategies that are shipped. Whether a symbol is watched then changes
    nothing, as no other signal comes meanwhile: one that does, a level before it that is within reach, and a close
    beside which something is missing keep the level where it is. `quarters` are all quarter hours of the symbol.
    """
    if not answers:
        return answers
    after = quarters.between(answers[0][0], answers[-1][0] + SEEN_QUARTERS * BASE.ms)
    ranges = dict(
        zip(after.open_time_ms.tolist(), zip(after.low.tolist(), after.high.tolist(), strict=True), strict=True)
    )
    plain = [all(signal.standing for signal in result.signals) for _, result in answers]
    near = [_is_near(time_ms, result, ranges) for time_ms, result in answers]
    found = list(answers)
    for place in range(1, len(answers) - SEEN_QUARTERS):
        time_ms, result = answers[place]
        around = answers[place - 1][0], answers[place + SEEN_QUARTERS][0]
        is_whole = around == (time_ms - BASE.ms, time_ms + SEEN_QUARTERS * BASE.ms)
        is_alone = is_whole and all(plain[place : place + SEEN_QUARTERS + 1])
        if result.signals and is_alone and not near[place] and not near[place - 1]:
            found[place] = time_ms, AnalysisResult(result.reading, (), result.verdicts, result.zone_events)
    return found


def _is_near(time_ms: int, result: AnalysisResult, ranges: dict[int, tuple[float, float]]) -> bool:
    """Whether price comes to a standing level of this close before it is taken down, or nobody can say.

    `ranges`: lowest and highest price of the quarter hours, by the time at which they open.
    """
    standing = [signal for signal in result.signals if signal.standing]
    if not standing:
        return False
    low = high = result.reading.price
    for place in range(SEEN_QUARTERS):
        seen = ranges.get(time_ms + place * BASE.ms)
        if seen is None:
            return True
        low, high = min(low, seen[0]), max(high, seen[1])
    return any(low <= each.levels.entry <= high or each.valid_until_ms > time_ms + BASE.ms for each in standing)


def is_walked_inside(data: SymbolData) -> bool:
    """Whether the finer bars that are there never leave the quarter hours that they are part of, and end as they do."""
    quarters = data.past.series[BASE]
    for frame, bars in data.fine:
        opens = bars.open_time_ms - bars.open_time_ms % BASE.ms
        places = np.searchsorted(quarters.open_time_ms, opens)
        known = places < len(quarters)
        known[known] = quarters.open_time_ms[places[known]] == opens[known]
        at, ends = places[known], bars.open_time_ms[known] % BASE.ms == BASE.ms - frame.ms
        leave = (bars.low[known] < quarters.low[at]) | (bars.high[known] > quarters.high[at])
        if np.any(leave | (ends & (bars.close[known] != quarters.close[at]))):
            return False
    return True
