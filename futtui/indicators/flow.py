"""Taker flow: who crosses the spread, buyers or sellers. From closed candles, or from single trades.

Unknown taker volume is unknown: every measure whose window holds such a bar is None, never 0.
"""

from __future__ import annotations

from collections import deque
from itertools import islice
from math import fsum
from typing import NamedTuple

from futtui.domain.candle import Candle
from futtui.domain.errors import InvalidInputError

CLEAR_FLOW = 0.05
"""Flow from which one side counts as clearly stronger."""
REMEMBERED_BARS = 48
"""A side that was last clearly stronger longer ago than this counts no longer; so no answer depends on far history."""
LONGEST_SILENCE_BARS = 1_000
"""A stream of trades that was silent for longer than this starts anew."""


class FlowWindow:
    """Taker buy minus taker sell volume over the last `bars` bars, as a share of all volume: -1 to +1.

    None while the window is not full, while the taker volume of any bar in it is unknown, and without any trades.
    """

    __slots__ = ("_deltas", "_volumes", "bars", "value", "warm_up_bars")

    def __init__(self, bars: int = 3) -> None:
        self.bars = bars
        self.warm_up_bars = bars
        self.value: float | None = None
        self._deltas: deque[float | None] = deque(maxlen=bars)
        self._volumes: deque[float] = deque(maxlen=bars)

    def update(self, candle: Candle) -> None:
        """Take the next closed candle."""
        self.add(candle.delta, candle.volume)

    def add(self, delta: float | None, volume: float) -> None:
        """Take the next bar as its delta (None: unknown) and its volume."""
        self._deltas.append(delta)
        self._volumes.append(volume)
        self.value = self._flow() if len(self._deltas) == self.bars else None

    def _flow(self) -> float | None:
        known = [delta for delta in self._deltas if delta is not None]
        total = fsum(self._volumes)
        if len(known) < self.bars or total <= 0:
            return None
        return max(-1.0, min(1.0, fsum(known) / total))


class CVDCalculator:
    """Cumulative volume delta over a window: taker buy minus taker sell volume of the last `bars` bars, in contracts.

    A window and not a sum since the beginning, because the level of an endless sum only tells where it began. `slope`
    is the mean delta a bar over the last `slope_bars`. Both are None until their bars are there and all known.
    """

    __slots__ = ("_deltas", "_unknown", "bars", "slope_bars", "warm_up_bars")

    def __init__(self, bars: int = 20, slope_bars: int = 10) -> None:
        if not 1 <= slope_bars <= bars:
            raise InvalidInputError(f"slope_bars must be from 1 to bars ({bars}), not {slope_bars}.")
        self.bars = bars
        self.slope_bars = slope_bars
        self.warm_up_bars = bars
        self._deltas: deque[float] = deque(maxlen=bars)
        self._unknown = 0
        """How many of the newest bars hold the last one whose delta is not known; 0 when it is out of the window."""

    def update(self, candle: Candle) -> None:
        """Take the next closed candle."""
        self.add(candle.delta)

    def add(self, delta: float | None) -> None:
        """Take the next bar as its delta; None: unknown."""
        if delta is None:
            self._unknown = 1
        elif self._unknown:
            self._unknown = self._unknown + 1 if self._unknown < self.bars else 0
        self._deltas.append(0.0 if delta is None else delta)

    @property
    def value(self) -> float | None:
        """Sum of the deltas of the window."""
        return self._sum(self.bars)

    @property
    def slope(self) -> float | None:
        """Change a bar over the last `slope_bars`."""
        total = self._sum(self.slope_bars)
        return None if total is None else total / self.slope_bars

    def _sum(self, bars: int) -> float | None:
        deltas = self._deltas
        first = len(deltas) - bars
        if first < 0 or 0 < self._unknown <= bars:
            return None
        return fsum(islice(deltas, first, None) if first else deltas)


class FlowFlip:
    """Which side the flow was last clearly on, and how long ago that changed.

    `side` is +1 (buyers) or -1 (sellers) since a flow of at least `clear`; `bars_since` counts the bars since it
    turned from the other side (0 = at this bar). Both are None where they are not known: after unknown flow, after
    `remembered` bars without clear flow, and `bars_since` also when the turn lies further back than that.
    """

    __slots__ = ("_quiet", "bars_since", "clear", "remembered", "side")

    def __init__(self, clear: float = CLEAR_FLOW, remembered: int = REMEMBERED_BARS) -> None:
        self.clear = clear
        self.remembered = remembered
        self.side: int | None = None
        self.bars_since: int | None = None
        self._quiet = 0

    def update(self, flow: float | None) -> None:
        """Take the flow at the next close; None: unknown."""
        if flow is None:
            self.side = self.bars_since = None
            return
        if self.bars_since is not None:
            self.bars_since = self.bars_since + 1 if self.bars_since < self.remembered else None
        if abs(flow) < self.clear:
            self._quiet += 1
            if self._quiet > self.remembered:
                self.side = self.bars_since = None
            return
        self._quiet = 0
        side = 1 if flow > 0 else -1
        if self.side == -side:
            self.bars_since = 0
        self.side = side


class BarFlow(NamedTuple):
    """A bar that is over, from its trades. `delta` None: trades are missing, so nobody knows it."""

    open_ms: int
    volume: float
    delta: float | None


class TradeFlow:
    """Puts single trades together to bars of `bar_ms`, for `FlowWindow.add` and `CVDCalculator.add`.

    Trades come with the exchange's consecutive numbers. Where one is missing, and in the bar in which the stream
    began, the delta is unknown; a bar without any trade in an unbroken stream has delta 0.
    """

    __slots__ = ("_bar_ms", "_delta", "_last_id", "_open_ms", "_volume", "_whole")

    def __init__(self, bar_ms: int) -> None:
        self._bar_ms = bar_ms
        self._open_ms = -1
        self._last_id = -1
        self._volume = self._delta = 0.0
        self._whole = False

    def add_trade(self, trade_id: int, time_ms: int, quantity: float, buyer_is_maker: bool) -> list[BarFlow]:
        """The bars that this trade ends, oldest first, mostly none. Repeated and older trades change nothing."""
        if trade_id <= self._last_id:
            return []
        unbroken = trade_id == self._last_id + 1
        self._last_id = trade_id
        open_ms = max(time_ms - time_ms % self._bar_ms, self._open_ms)
        ended = self._end_bars(open_ms, unbroken) if open_ms != self._open_ms else []
        if not unbroken:
            self._whole = False
        self._volume += quantity
        self._delta += -quantity if buyer_is_maker else quantity
        return ended

    def _end_bars(self, open_ms: int, unbroken: bool) -> list[BarFlow]:
        """End the bar that is open and the empty ones after it; a missing trade may belong to any of them."""
        ended = []
        if self._open_ms >= 0 and open_ms - self._open_ms <= LONGEST_SILENCE_BARS * self._bar_ms:
            known = unbroken and self._whole
            ended.append(BarFlow(self._open_ms, self._volume, self._delta if known else None))
            empty = range(self._open_ms + self._bar_ms, open_ms, self._bar_ms)
            ended += [BarFlow(each, 0.0, 0.0 if unbroken else None) for each in empty]
        self._whole = unbroken and self._open_ms >= 0
        self._open_ms = open_ms
        self._volume = self._delta = 0.0
        return ended
