"""The BTC filter: what the leading market did, and how much the coin follows it."""

from __future__ import annotations

from dataclasses import dataclass

from futtui.domain.signal import RawSignal, SignalPart
from futtui.signals.closes import BAR_MS, CloseBook
from futtui.signals.settings import ScoringSettings

_MOVE_BARS = 3
_HOUR_BARS = 4
_BLOCK_BARS = 2


@dataclass(frozen=True, slots=True)
class BtcView:
    """BTC at the moment of a signal; None = not known. `move_atr` is signed, in BTC's 1h ATR."""

    is_btc: bool
    correlation: float | None = None
    move_atr: float | None = None
    impulse_pct: float | None = None


def btc_view(closes: CloseBook, symbol: str, time_ms: int, btc_atr_1h: float | None, btc_symbol: str) -> BtcView:
    """What the BTC filter needs to know about a symbol at a close."""
    if symbol == btc_symbol:
        return BtcView(True)
    newest = closes.newest_time(btc_symbol, time_ms)
    if newest is None:
        return BtcView(False)
    return BtcView(
        False,
        closes.correlation(symbol, btc_symbol, newest),
        _move_atr(closes, btc_symbol, newest, btc_atr_1h),
        _largest_hour_range_pct(closes, btc_symbol, newest),
    )


def btc_part(raw: RawSignal, view: BtcView, settings: ScoringSettings) -> SignalPart:
    """Penalty of up to `btc_points`, scaled by correlation, when BTC just moved against the signal."""
    if view.is_btc:
        return SignalPart("BTC filter", 0.0, "this is BTC itself, the filter does not apply")
    if view.move_atr is None or view.correlation is None:
        return SignalPart("BTC filter", 0.0, "move of BTC or correlation to it is not known yet", None, valid=False)
    against = -raw.side.sign * view.move_atr
    text = f"correlation to BTC {view.correlation:.2f}, BTC moved {view.move_atr:+.2f} of its 1h ATR in 45 minutes"
    if against <= settings.btc_move_atr:
        return SignalPart("BTC filter", 0.0, f"BTC does not stand against it: {text}", view.move_atr)
    points = -settings.btc_points * max(0.0, view.correlation)
    return SignalPart("BTC filter", points, f"BTC moves against it: {text}", view.move_atr)


def btc_block(raw: RawSignal, view: BtcView, settings: ScoringSettings) -> str | None:
    """Why a mean-reversion setup has to wait after a BTC impulse; None when it may go on."""
    if view.is_btc or view.impulse_pct is None or not settings.is_mean_reversion(raw.strategy):
        return None
    if view.impulse_pct < settings.btc_impulse_pct:
        return None
    return f"BTC moved {view.impulse_pct:.1f} % within an hour, setups against a move wait 30 minutes"


def _move_atr(closes: CloseBook, symbol: str, time_ms: int, atr: float | None) -> float | None:
    now = closes.close_at(symbol, time_ms)
    before = closes.close_at(symbol, time_ms - _MOVE_BARS * BAR_MS)
    if now is None or before is None or atr is None or not atr > 0.0:
        return None
    return (now - before) / atr


def _largest_hour_range_pct(closes: CloseBook, symbol: str, time_ms: int) -> float | None:
    """Largest one-hour range of closes among the hours that ended in the last 30 minutes, in percent."""
    largest: float | None = None
    for back in range(_BLOCK_BARS + 1):
        end_ms = time_ms - back * BAR_MS
        prices = [closes.close_at(symbol, end_ms - step * BAR_MS) for step in range(_HOUR_BARS + 1)]
        known = [price for price in prices if price is not None]
        if len(known) < len(prices):
            continue
        spread = (max(known) / min(known) - 1.0) * 100.0
        largest = spread if largest is None else max(largest, spread)
    return largest
