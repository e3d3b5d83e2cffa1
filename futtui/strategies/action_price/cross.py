"""The body cross of EMA 200 and what the chart looked like around it, seen from the side of the trade."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from futtui.domain.candle import Candle
from futtui.strategies.action_price.trail import SlowRow, fast_averages
from futtui.strategies.structure import OrientedBar, orient


class OrientedAverages(NamedTuple):
    """ATR (a distance) and averages of one close as the trade sees them: shorts have the sign flipped."""

    atr: float
    ema_5: float
    ema_9: float
    ema_13: float
    ema_21: float
    ema_200: float


@dataclass(frozen=True, slots=True)
class CrossView:
    """A cross with its surroundings, oriented. `bars` and `averages` end with the confirmation, bar for bar.

    `volume_ratio` is the initiator's volume divided by the mean of the bars before it.
    """

    sign: int
    bars: tuple[OrientedBar, ...]
    averages: tuple[OrientedAverages, ...]
    volume_ratio: float

    @property
    def initiator(self) -> OrientedBar:
        """The bar whose body crossed."""
        return self.bars[-2]

    @property
    def initiator_atr(self) -> float:
        """ATR at the close of the initiator."""
        return self.averages[-2].atr

    @property
    def confirmation(self) -> OrientedBar:
        """The bar that stayed on the new side; the last closed one."""
        return self.bars[-1]

    @property
    def now(self) -> OrientedAverages:
        """Averages at the confirmation."""
        return self.averages[-1]

    @property
    def depth_atr(self) -> float:
        """Distance of the confirming close from EMA 200, in ATR; positive on the trade's side."""
        return (self.confirmation.close - self.now.ema_200) / self.now.atr


def cross_direction(bars: Sequence[Candle], rows: Sequence[SlowRow]) -> int:
    """+1 or -1 when the last two closed bars are a body cross of EMA 200; 0 when not, or EMA 200 is not known.

    The first bar opens on one side of EMA 200 and closes on the other; the second one closes there and stays there
    with its whole range.
    """
    before, now = rows[-2].ema_200, rows[-1].ema_200
    if before is None or now is None:
        return 0
    first, second = bars[-2], bars[-1]
    if first.open < before < first.close:
        return 1 if second.close > now and second.low > now else 0
    if first.open > before > first.close:
        return -1 if second.close < now and second.high < now else 0
    return 0


def view_of(sign: int, bars: Sequence[Candle], rows: Sequence[SlowRow], volume_bars: int) -> CrossView | str:
    """The cross as the trade sees it, or what is missing in words.

    `rows` are complete; `bars` and `rows` both end with the confirmation.
    """
    fast = fast_averages(bars, len(rows))
    before = bars[-2 - volume_bars : -2]
    if fast is None or len(before) < volume_bars:
        return "the fast averages are not available: too few candles"
    usual = sum(bar.volume for bar in before) / volume_bars
    if usual <= 0:
        return f"the usual volume is not available: the {volume_bars} bars before had none"
    averages = tuple(_oriented(slow, quick, sign) for slow, quick in zip(rows, fast, strict=True))
    oriented = tuple(orient(bar, sign) for bar in bars[-len(rows) :])
    if not all(row.atr > 0 for row in averages):
        return "ATR is zero: price did not move"
    return CrossView(sign, oriented, averages, bars[-2].volume / usual)


def _oriented(slow: SlowRow, fast: Sequence[float], sign: int) -> OrientedAverages:
    ema_5, ema_9, ema_13, ema_21 = (sign * value for value in fast)
    return OrientedAverages(slow.atr or 0.0, ema_5, ema_9, ema_13, ema_21, sign * (slow.ema_200 or 0.0))
