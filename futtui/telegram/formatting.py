"""Text for a phone: prices by tick, ages, escaped words, long texts cut between lines."""

from __future__ import annotations

import html
import re
from datetime import datetime, tzinfo

from futtui.domain.position import ExitReason, Trade, TradeClass
from futtui.domain.snapshot import DeskSnapshot, EngineSnapshot
from futtui.domain.symbols import SymbolRules
from futtui.domain.timeframe import DAY_MS, HOUR_MS, MINUTE_MS
from futtui.language.catalogue import Language, Texts
from futtui.language.heard import heard_in
from futtui.language.screen import names, performance
from futtui.live.past_candles import price_text

MESSAGE_LIMIT = 4000
"""Telegram takes 4096 signs in a message; some room is kept."""
CAPTION_LIMIT = 1000
"""The same under a picture, of 1024."""
_TAG = re.compile(r"</?(?:b|i|code|pre)>")
_MARK = {TradeClass.WIN: "✅", TradeClass.BREAK_EVEN: "▫", TradeClass.LOSS: "❌"}


def escaped(text: str) -> str:
    """The text so that Telegram's HTML shows it as it is."""
    return html.escape(text, quote=False)


def plain(text: str) -> str:
    """A message without its markup."""
    return html.unescape(_TAG.sub("", text))


def price(value: float, rules: SymbolRules | None) -> str:
    """A price with the decimals of the tick, or with seven digits where the tick is not known."""
    return price_text(value) if rules is None else f"{value:,.{rules.price_decimals}f}"


def signed(value: float, decimals: int = 2) -> str:
    """A number with its sign."""
    return f"{value:+,.{decimals}f}"


def age(texts: Texts, span_ms: float) -> str:
    """A span of time in words."""
    span = max(0, int(span_ms))
    if span < MINUTE_MS:
        return texts("age.seconds", n=span // 1000)
    if span < HOUR_MS:
        return texts("age.minutes", n=span // MINUTE_MS)
    if span < 2 * DAY_MS:
        return texts("age.hours", h=span // HOUR_MS, m=span % HOUR_MS // MINUTE_MS)
    return texts("age.days", n=span // DAY_MS)


def clock(time_ms: int, zone: tzinfo) -> str:
    """Hour and minute in the user's time zone, with the day if the moment is not near."""
    return f"{datetime.fromtimestamp(time_ms / 1000, zone):%d.%m. %H:%M}"


def foot(texts: Texts, snapshot: EngineSnapshot) -> str:
    """The last line of every message: mode and age of the market data."""
    mode = snapshot.desk.mode if snapshot.desk is not None else snapshot.start_mode
    name = texts(f"mode.{mode.value}")
    made_up = texts("foot.synthetic") if snapshot.synthetic else ""
    if not snapshot.market:
        return made_up + texts("foot.no_data", mode=name)
    return made_up + texts("foot", mode=name, age=age(texts, snapshot.feed.age_ms))


def exits(texts: Texts, trade: Trade) -> str:
    """Where a trade was closed, each reason once, in order."""
    reasons: dict[ExitReason, None] = dict.fromkeys(leg.reason for leg in trade.legs)
    return ", ".join(texts(f"exit.{reason.value}") for reason in reasons)


def result_mark(trade: Trade) -> str:
    """A sign for won, even or lost; never a colour alone."""
    return _MARK[trade.result_class]


def strategy_name(strategy: str) -> str:
    """`liquidity_flush` as the screen writes it."""
    return escaped(names.ENGLISH.get(f"strategy.{strategy}", strategy.replace("_", " ").title()))


def heard(texts: Texts, text: str) -> str:
    """What the engine said, in the language of these texts where the sentence is known."""
    return escaped(heard_in(text, texts.language))


def verdict_name(texts: Texts, verdict: str) -> str:
    """What the figures prove, in the words of the screen."""
    tables = {
        Language.ENGLISH: performance.ENGLISH,
        Language.UKRAINIAN: performance.UKRAINIAN,
        Language.RUSSIAN: performance.RUSSIAN,
    }
    return escaped(tables[texts.language][f"verdict.{verdict.replace(' ', '_')}"])


def split(text: str, limit: int = MESSAGE_LIMIT) -> list[str]:
    """The text in pieces of at most `limit` signs, cut between lines; a line that is too long loses its markup."""
    pieces: list[str] = []
    current = ""
    for line in _short_lines(text, limit):
        longer = f"{current}\n{line}" if current else line
        if len(longer) <= limit:
            current = longer
            continue
        pieces.append(current)
        current = line
    return [*pieces, current] if current or not pieces else pieces


def _short_lines(text: str, limit: int) -> list[str]:
    lines: list[str] = []
    for line in text.split("\n"):
        if len(line) <= limit:
            lines.append(line)
            continue
        bare = plain(line)
        step = max(1, limit // 5)  # an escaped sign takes up to five
        lines += [escaped(bare[start : start + step]) for start in range(0, len(bare), step)]
    return lines


def open_here(desk: DeskSnapshot) -> int:
    """How many positions are open in the mode in force, as the screen counts them."""
    return sum(position.mode is desk.mode for position in desk.positions)
