"""Modifiers of the score: each answers with a part that carries points, value, validity and a plain reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from futtui.domain.divergence import NO_DIVERGENCES
from futtui.domain.order_book import BookReading, InterestReading
from futtui.domain.reading import FrameReading, SymbolReading
from futtui.domain.regime import Regime
from futtui.domain.signal import RawSignal, SignalPart
from futtui.signals.btc import BtcView, btc_part
from futtui.signals.confluence import confluence_part
from futtui.signals.factors import factor_part
from futtui.signals.regime_fit import is_aligned, regime_weight
from futtui.signals.settings import ScoringSettings


@dataclass(frozen=True, slots=True)
class ScoringContext:
    """What the scorer knows besides the raw signal; `frame` is the reading of the signal's own timeframe.

    `time_ms` is the moment of scoring, against which the ages of `book` and `interest` are judged.
    """

    raw: RawSignal
    frame: FrameReading | None
    btc: BtcView
    atr_average: float | None = None
    book: BookReading | None = None
    interest: InterestReading | None = None
    time_ms: int = 0
    reading: SymbolReading | None = None
    others: tuple[RawSignal, ...] = ()
    """Signals of other setups on the symbol: of this close, and open ones of late."""
    funding_rate: float | None = None
    """Rate of the next funding, as a share; positive: longs pay. For 8 hours."""

    @property
    def regime(self) -> Regime:
        """Regime of the signal's timeframe; what the strategy saw where the reading has none."""
        if self.frame is not None and self.frame.regime.regime is not Regime.UNKNOWN:
            return self.frame.regime.regime
        return self.raw.regime


ORDER_BOOK = "order book"
OPEN_INTEREST = "open interest"
REGIME_WEIGHT = "regime weight"
DIVERGENCE = "divergence"

Modifier = Callable[[ScoringContext, ScoringSettings], SignalPart]


def volume(context: ScoringContext, settings: ScoringSettings) -> SignalPart:
    """Bonus for unusual volume on the deciding bar."""
    ratio = context.raw.volume_ratio
    if ratio is None and context.frame is not None:
        ratio = context.frame.volume_ratio
    if ratio is None:
        return _unknown("volume", "volume is not known")
    points = settings.volume_points if ratio >= settings.volume_ratio else 0.0
    return SignalPart("volume", points, f"volume is {ratio:.1f} times its average", ratio)


def money_flow(context: ScoringContext, settings: ScoringSettings) -> SignalPart:
    """Bonus when taker buying and selling agree with the direction."""
    flow = context.raw.flow
    if flow is None and context.frame is not None:
        flow = context.frame.flow
    if flow is None:
        return _unknown("money flow", "money flow is not known")
    agrees = flow * context.raw.side.sign > 0.0
    text = "money flow agrees with the direction" if agrees else "money flow does not agree with the direction"
    return SignalPart("money flow", settings.flow_points if agrees else 0.0, text, flow)


def trend_strength(context: ScoringContext, settings: ScoringSettings) -> SignalPart:
    """Bonus for a strong trend by ADX."""
    adx = context.frame.adx if context.frame is not None else None
    if adx is None:
        return _unknown("trend strength", "ADX is not known")
    strong = context.regime.is_trend and adx > settings.adx_level
    text = f"ADX {adx:.0f}" + (", a strong trend" if strong else ", no strong trend")
    return SignalPart("trend strength", settings.adx_points if strong else 0.0, text, adx)


def rsi_extreme(context: ScoringContext, settings: ScoringSettings) -> SignalPart:
    """Bonus for an extreme RSI, for setups that trade against a move."""
    rsi = context.frame.rsi if context.frame is not None else None
    if rsi is None:
        return _unknown("RSI", "RSI is not known")
    if not settings.is_mean_reversion(context.raw.strategy):
        return SignalPart("RSI", 0.0, f"RSI {rsi:.0f} is not used for this setup", rsi)
    from_side = rsi if context.raw.side.sign > 0 else 100.0 - rsi
    extreme = from_side < settings.rsi_low
    text = f"RSI {rsi:.0f}" + (" is extreme, a turn is near" if extreme else " is not extreme")
    return SignalPart("RSI", settings.rsi_points if extreme else 0.0, text, rsi)


def regime_weighting(context: ScoringContext, settings: ScoringSettings) -> SignalPart:
    """The base score grows or shrinks with how this setup usually does in this regime."""
    if context.regime is Regime.UNKNOWN:
        return _unknown(REGIME_WEIGHT, "the regime is not known")
    weight = regime_weight(context.raw.strategy, context.regime, context.raw.side)
    points = context.raw.base_score * (weight - 1.0)
    return SignalPart(REGIME_WEIGHT, points, f"weight {weight:.1f} in {regime_word(context.regime)}", weight)


def regime_alignment(context: ScoringContext, settings: ScoringSettings) -> SignalPart:
    """Bonus when the regime is the one the setup was made for."""
    if context.regime is Regime.UNKNOWN:
        return _unknown("regime fit", "the regime is not known")
    fits = is_aligned(context.raw.strategy, context.regime, context.raw.side)
    text = f"{regime_word(context.regime)} " + ("suits this setup" if fits else "gives this setup no bonus")
    return SignalPart("regime fit", settings.regime_points if fits else 0.0, text)


def late_trend(context: ScoringContext, settings: ScoringSettings) -> SignalPart:
    """Penalty when the trend is already old."""
    if context.frame is None or context.frame.regime.regime is Regime.UNKNOWN:
        return _unknown("late trend", "the age of the trend is not known")
    late = context.frame.regime.late_trend
    text = "the trend is already late" if late else "the trend is not late"
    return SignalPart("late trend", -settings.late_trend_points if late else 0.0, text)


def atr_expansion(context: ScoringContext, settings: ScoringSettings) -> SignalPart:
    """Penalty when volatility jumped: measured against its own average, else as the regime detector says."""
    atr = context.frame.atr if context.frame is not None else None
    if atr is not None and context.atr_average is not None and context.atr_average > 0.0:
        ratio = atr / context.atr_average
        wild = ratio > settings.atr_expansion_ratio
        text = f"volatility is {ratio:.1f} times its average"
        return SignalPart("volatility", -settings.atr_expansion_points if wild else 0.0, text, ratio)
    if context.regime is Regime.UNKNOWN:
        return _unknown("volatility", "usual volatility is not known yet")
    wild = context.regime is Regime.EXPANSION
    text = "volatility jumped" if wild else "volatility did not jump"
    return SignalPart("volatility", -settings.atr_expansion_points if wild else 0.0, text)


def btc_filter(context: ScoringContext, settings: ScoringSettings) -> SignalPart:
    """Penalty when BTC moves against the signal, scaled by correlation."""
    return btc_part(context.raw, context.btc, settings)


def order_book(context: ScoringContext, settings: ScoringSettings) -> SignalPart:
    """Bonus when the book leans to the signal's side now and has done so in most of its latest samples."""
    book, sign = context.book, context.raw.side.sign
    if book is None:
        return _unknown(ORDER_BOOK, "the order book is not watched")
    if not book.valid or book.imbalance is None:
        return _unknown(ORDER_BOOK, book.reason or "the order book cannot be used")
    if abs(context.time_ms - book.time_ms) + book.age_ms > settings.book_max_age_s * 1000.0:
        return _unknown(ORDER_BOOK, "the order book is too old")
    share = book.bid_share if sign > 0 else book.ask_share
    if share is None:
        return _unknown(ORDER_BOOK, "the order book was not watched long enough")
    agrees = book.imbalance * sign >= settings.book_lean and share >= settings.book_share
    side = "buyers" if book.imbalance > 0.0 else "sellers"
    text = f"the order book leans to {side} by {abs(book.imbalance):.2f}, {share:.0%} of the time in the direction"
    return SignalPart(ORDER_BOOK, settings.book_points if agrees else 0.0, text, book.imbalance)


def open_interest(context: ScoringContext, settings: ScoringSettings) -> SignalPart:
    """Bonus, alike for both directions, when new positions come in at a healthy pace."""
    interest = context.interest
    if interest is None:
        return _unknown(OPEN_INTEREST, "open interest was not asked for")
    change = interest.change_1h_pct
    if not interest.valid or change is None:
        return _unknown(OPEN_INTEREST, interest.reason or "open interest is not known")
    if abs(context.time_ms - interest.time_ms) > settings.interest_max_age_minutes * 60_000.0:
        return _unknown(OPEN_INTEREST, "open interest is too old")
    grows = settings.interest_low_pct <= change <= settings.interest_high_pct
    points = settings.interest_points if grows else 0.0
    return SignalPart(OPEN_INTEREST, points, f"open interest changed by {change:+.1f} % in an hour", change)


def funding(context: ScoringContext, settings: ScoringSettings) -> SignalPart:
    """Penalty for the side that pays an extreme funding rate, bonus for the side that gets it."""
    rate = context.funding_rate
    if rate is None:
        return _unknown("funding", "the funding rate is not known")
    rate_pct = rate * 100.0
    if abs(rate_pct) < settings.funding_extreme_pct:
        return SignalPart("funding", 0.0, f"funding of {rate_pct:+.3f} % is not extreme", rate)
    pays = rate * context.raw.side.sign > 0.0
    text = f"funding of {rate_pct:+.3f} %: this side {'pays' if pays else 'is paid'}"
    return SignalPart("funding", -settings.funding_points if pays else settings.funding_points, text, rate)


def divergence(context: ScoringContext, settings: ScoringSettings) -> SignalPart:
    """Bonus when price and taker flow part in the direction of the signal on 15m or 1h; the same taken away if not."""
    found = NO_DIVERGENCES if context.reading is None else context.reading.divergence
    if not found.known:
        return _unknown(DIVERGENCE, f"divergence is not known: {found.reason}")
    if not found.valid:
        return SignalPart(DIVERGENCE, 0.0, f"price and aggressive orders do not part: {found.reason}", 0.0)
    points = settings.divergence
    size = points.both_points if found.both else points.h1_points if found.h1.valid else points.m15_points
    frames = "15m and 1h" if found.both else "1h" if found.h1.valid else "15m"
    agrees = found.side is context.raw.side
    text = f"price and aggressive orders part on {frames}, {'for' if agrees else 'against'} this side"
    return SignalPart(DIVERGENCE, size if agrees else -size, text, found.strength)


def confirmation(context: ScoringContext, settings: ScoringSettings) -> SignalPart:
    """Bonus when three or more independent factors agree."""
    return factor_part(context.raw, context.reading, settings)


def confluence(context: ScoringContext, settings: ScoringSettings) -> SignalPart:
    """Bonus when other setups say the same."""
    return confluence_part(context.raw, context.others, settings)


MODIFIERS: tuple[Modifier, ...] = (
    volume,
    money_flow,
    trend_strength,
    rsi_extreme,
    regime_weighting,
    regime_alignment,
    late_trend,
    atr_expansion,
    btc_filter,
    order_book,
    open_interest,
    funding,
    confirmation,
    confluence,
)
"""Those that every signal meets. One that is switched off is no missing input."""


def modifiers_of(settings: ScoringSettings) -> tuple[Modifier, ...]:
    """The modifiers that the settings want, in the order in which they are told."""
    return (*MODIFIERS, divergence) if settings.divergence.enabled else MODIFIERS


LIVE_MODIFIERS: dict[str, Modifier] = {ORDER_BOOK: order_book, OPEN_INTEREST: open_interest}
"""Those whose inputs change between two closes; a waiting signal looks at them again when its level is reached."""

_WORDS = {
    Regime.TREND_UP: "an up trend",
    Regime.TREND_DOWN: "a down trend",
    Regime.RANGE: "a range",
    Regime.SQUEEZE: "a squeeze",
    Regime.CHOP: "a choppy market",
    Regime.EXPANSION: "a wild market",
    Regime.UNKNOWN: "an unknown regime",
}


def regime_word(regime: Regime) -> str:
    """The regime in everyday words."""
    return _WORDS[regime]


def _unknown(name: str, reason: str) -> SignalPart:
    return SignalPart(name, 0.0, reason, None, valid=False)
