"""Numbers as people read them: prices by tick, signed money, percent, ages, times. One formatter, no locale."""

from __future__ import annotations

import math
from datetime import datetime, tzinfo

from futtui.domain.symbols import SymbolRules
from futtui.domain.timeframe import DAY_MS, HOUR_MS, MINUTE_MS
from futtui.tui.glyphs import DOWN, UP
from futtui.tui.words import word

_QUOTES = ("USDT", "USDC", "FDUSD", "BUSD")


def price_decimals(price: float, rules: SymbolRules | None) -> int:
    """Digits after the point: those of the tick, or about five figures where the tick is not known."""
    if rules is not None:
        return rules.price_decimals
    if price <= 0 or not math.isfinite(price):
        return 2
    return max(1, min(10, 4 - math.floor(math.log10(price))))


def price_text(price: float | None, rules: SymbolRules | None = None, *, decimals: int | None = None) -> str:
    """The price with thousands separators, as in `64,506.9`; `n/a` where unknown."""
    if price is None or not math.isfinite(price):
        return word("value.none")
    digits = price_decimals(price, rules) if decimals is None else decimals
    return f"{price:,.{digits}f}"


def short_price_text(price: float, rules: SymbolRules | None, width: int) -> str:
    """The price in at most `width` cells; gives up decimals where it must."""
    digits = price_decimals(price, rules)
    while digits > 0 and len(f"{price:,.{digits}f}") > width:
        digits -= 1
    return f"{price:,.{digits}f}"


def band_text(low: float, high: float, rules: SymbolRules | None, width: int, between: str = "-") -> str:
    """A price band such as `64,330-64,390` in at most `width` cells, as long as its ends can still be told apart.

    Decimals go one by one; where five figures are left, the upper end loses what both begin with: `0.019376-454`.
    """
    most = digits = price_decimals(low, rules)
    while True:
        text = f"{low:,.{digits}f}{between}{high:,.{digits}f}"
        if len(text) <= width or digits == 0:
            return text
        if low < 10 ** (4 - digits):
            return _short_band(f"{low:,.{most}f}", f"{high:,.{most}f}", between, width) or text
        digits -= 1


def _short_band(low: str, high: str, between: str, width: int) -> str:
    """The band without what both ends begin with, three figures at least; empty where that does not help."""
    same = next((at for at, (one, other) in enumerate(zip(low, high, strict=False)) if one != other), len(low))
    begin = min(same, len(low) - 3)
    if len(low) != len(high) or begin <= low.find("."):
        return ""
    text = f"{low}{between}{high[begin:]}"
    return text if len(text) <= width else ""


def money_text(amount: float) -> str:
    """Money with two decimals and separators."""
    return f"{amount:,.2f}"


def amount_text(amount: float) -> str:
    """`182k`, `1.2M`: three figures and a letter; what rounds to a thousand of one letter is one of the next."""
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(amount) >= size * 0.9995:
            value = amount / size
            return f"{value:.1f}{letter}" if abs(value) < 9.95 else f"{value:.0f}{letter}"
    return f"{amount:.0f}" if abs(amount) >= 10 else f"{amount:.3g}"


def signed_text(amount: float, decimals: int = 2) -> str:
    """The number with its sign always shown; zero has none."""
    text = f"{amount:+,.{decimals}f}"
    return text[1:] if float(text.replace(",", "")) == 0 else text


def signed_money_text(amount: float) -> str:
    """The same with its unit."""
    return f"{signed_text(amount)} USDT"


def percent_text(value: float | None, decimals: int = 1) -> str:
    """`0.2%`, or `n/a`."""
    return word("value.none") if value is None else f"{value:.{decimals}f}%"


def signed_percent_text(value: float | None, decimals: int = 2) -> str:
    """`+1.84%`, or `n/a`."""
    return word("value.none") if value is None else f"{signed_text(value, decimals)}%"


def direction_sign(value: float | None) -> str:
    """An arrow for above or below zero, a blank for neither."""
    if value is None or value == 0:
        return " "
    return UP if value > 0 else DOWN


def direction_token(value: float | None) -> str:
    """Style token of a gain or a loss."""
    if value is None or value == 0:
        return "muted"
    return "up" if value > 0 else "down"


def age_text(age_ms: int) -> str:
    """`12s`, `3m`, `2h06`, `14h`, `3d` with the letters of the language: at most four cells up to 999 days."""
    if age_ms < MINUTE_MS:
        return f"{max(0, age_ms) // 1000}{word('age.letter.second')}"
    if age_ms < HOUR_MS:
        return f"{age_ms // MINUTE_MS}{word('age.letter.minute')}"
    if age_ms < DAY_MS:
        hours, minutes = age_ms // HOUR_MS, age_ms % HOUR_MS // MINUTE_MS
        return f"{hours}{word('age.letter.hour')}{f'{minutes:02d}' if hours < 10 else ''}"
    return f"{age_ms // DAY_MS}{word('age.letter.day')}"


def long_age_text(age_ms: int) -> str:
    """`9 s`, `14 min`, `3 h 19 min`, `2 days`: for sentences."""
    if age_ms < MINUTE_MS:
        return word("age.seconds", n=max(0, age_ms) // 1000)
    if age_ms < HOUR_MS:
        return word("age.minutes", n=age_ms // MINUTE_MS)
    if age_ms < 2 * DAY_MS:
        return word("age.hours", h=age_ms // HOUR_MS, m=age_ms % HOUR_MS // MINUTE_MS)
    return word("age.days", n=age_ms // DAY_MS)


def left_text(left_ms: int) -> str:
    """`45s`, `28m`, `1h 28m` with the letters of the language: how long until something, in a line with little room."""
    seconds, minutes, hours = left_ms // 1000, left_ms // MINUTE_MS, left_ms // HOUR_MS
    if not minutes:
        return f"{seconds}{word('age.letter.second')}"
    text = f"{minutes % 60 if hours else minutes}{word('age.letter.minute')}"
    return f"{hours}{word('age.letter.hour')} {text}" if hours else text


def time_text(time_ms: int, zone: tzinfo, *, seconds: bool = True) -> str:
    """Time of day in `zone`."""
    return datetime.fromtimestamp(time_ms / 1000, zone).strftime("%H:%M:%S" if seconds else "%H:%M")


def date_time_text(time_ms: int, zone: tzinfo) -> str:
    """Date and time in `zone`."""
    return datetime.fromtimestamp(time_ms / 1000, zone).strftime(word("date.long"))


def day_time_text(time_ms: int, zone: tzinfo) -> str:
    """Day, month and time of day in `zone`, eleven cells."""
    return datetime.fromtimestamp(time_ms / 1000, zone).strftime(word("date.short"))


def date_text(time_ms: int, zone: tzinfo) -> str:
    """The date in `zone`."""
    return datetime.fromtimestamp(time_ms / 1000, zone).strftime(word("date.day"))


def milliseconds_text(*values: float, decimals: int = 1) -> str:
    """`1.3 / 18.2 ms`."""
    return f"{' / '.join(f'{value:.{decimals}f}' for value in values)} {word('unit.ms')}"


def until_text(time_ms: int, now_ms: int, zone: tzinfo) -> str:
    """Time of day, with the date in front when it is not within the next 20 hours."""
    moment = datetime.fromtimestamp(time_ms / 1000, zone)
    return moment.strftime("%H:%M" if abs(time_ms - now_ms) < 20 * HOUR_MS else "%d.%m %H:%M")


def base_asset(symbol: str, rules: SymbolRules | None = None) -> str:
    """`LINK` of `LINKUSDT`."""
    if rules is not None and rules.base_asset:
        return rules.base_asset
    for quote in _QUOTES:
        if symbol.endswith(quote) and len(symbol) > len(quote):
            return symbol[: -len(quote)]
    return symbol


def score_text(score: float) -> str:
    """A score: one decimal on small scales, none on large ones."""
    return f"{score:.1f}" if abs(score) < 20 else f"{score:.0f}"


def score_of_needed(score: float, needed: float | None) -> str:
    """A score beside the threshold of its scale, as `8.7/3`; alone where nothing is demanded."""
    return f"{score_text(score)}/{needed:.0f}" if needed else score_text(score)


def quantity_text(quantity: float) -> str:
    """A quantity without superfluous zeros, at most six significant figures after the separators."""
    if quantity >= 1000:
        return f"{quantity:,.0f}" if quantity == int(quantity) else f"{quantity:,.1f}"
    return f"{quantity:.6g}"


def quantity_texts(quantity: float) -> tuple[str, ...]:
    """The same, and shorter ways to write it for a narrow column."""
    if quantity < 100:
        return quantity_text(quantity), f"{quantity:.3g}"
    shorter = (f"{quantity:,.0f}", f"{quantity / 1e3:,.0f}k", f"{quantity / 1e6:,.0f}M")
    return quantity_text(quantity), *(text for text in shorter if text[0] != "0")
