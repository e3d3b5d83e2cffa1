"""The status bar: mode, account and feed in one line that gives way politely when the window is narrow."""

from __future__ import annotations

from dataclasses import dataclass

from futtui.domain.position import TradingMode
from futtui.domain.regime import Regime
from futtui.domain.timeframe import Timeframe
from futtui.tui.glyphs import DOT, RING
from futtui.tui.heard import heard
from futtui.tui.paint import numbers
from futtui.tui.paint.names import frame_name, regime_span
from futtui.tui.paint.text import Line, Span, line_width, spread
from futtui.tui.paint.view import View, source_of
from futtui.tui.words import word

FEED_WIDTH = 20
SHORT_FEED_WIDTH = 12
"""A longer text about the feed stands in the log and in the market panel."""
_BAR_TOKENS = {"up": "bar_up", "down": "bar_down"}
_GIVES_WAY = (
    "clock", "risk", "badge", "equity", "today", "day", "pill", "feed", "frame", "day", "pill", "pill", "risk",
    "clock", "today", "frame", "clock", "change",
)  # fmt: skip
"""Which part takes a shorter form next where room is short; one that has none is passed over."""


@dataclass(slots=True)
class _Item:
    """A part of the bar in forms from long to short; an empty form means that it is left out."""

    forms: list[Line]

    @property
    def line(self) -> Line:
        return self.forms[0]

    def shrink(self) -> bool:
        if len(self.forms) < 2:
            return False
        self.forms.pop(0)
        return True


def status_line(view: View, width: int) -> Line:
    """The bar in exactly `width` cells. In live mode every token is one of the filled warning bar."""
    return _bar(view, _account(view), width)


def symbol_status_line(view: View, symbol: str, timeframe: Timeframe, width: int) -> Line:
    """The bar over a chart that has no room for a line of its own: symbol, price, change and regime for the account."""
    row = view.by_symbol.get(symbol)
    parts: dict[str, _Item] = {"symbol": _Item([((symbol, "bar_bold"),)])}
    if row is not None and row.price > 0:
        parts["price"] = _Item([((numbers.price_text(row.price, row.rules), "bar_bold"),)])
    if row is not None and row.change_24h_pct is not None:
        change, is_old = row.change_24h_pct, view.stale or not row.fresh
        token = "bar" if is_old else _BAR_TOKENS.get(numbers.direction_token(change), "bar")
        text = f"{numbers.direction_sign(change)} {numbers.signed_percent_text(change)}"
        parts["change"] = _Item([((text, token),), ()])
    regimes = {Timeframe.M15: row.regime_m15, Timeframe.H1: row.regime_h1} if row is not None else {}
    frame: Line = ((frame_name(timeframe), "bar"),)
    regime = regimes.get(timeframe, Regime.UNKNOWN.value)
    known: list[Line] = [] if regime == Regime.UNKNOWN.value else [(*frame, (f" {regime_span(regime)[0]}", "bar"))]
    parts["frame"] = _Item([*known, frame, ()])  # the frame of the chart tells it, too
    return _bar(view, parts, width, _Item([*_clock(view).forms, ()]))


def _bar(view: View, told: dict[str, _Item], width: int, clock: _Item | None = None) -> Line:
    """Mode at the left, then what is told, feed and clock at the right edge."""
    left = {"pill": _pill(view), "badge": _badge(view)} | told
    right = {"feed": _feed(view), "clock": clock or _clock(view)}
    items = left | right

    def compose() -> tuple[Line, Line]:
        return _joined(list(left.values()), lead=False), _joined(list(right.values()), lead=True)

    first, last = compose()
    for name in _GIVES_WAY:
        if line_width(first) + line_width(last) <= width:
            break
        if name in items and items[name].shrink():
            first, last = compose()
    line = spread(first, last, width, "bar")
    if view.mode is TradingMode.LIVE:
        return tuple((text, "bar_live_strong" if token in _STRONG else "bar_live") for text, token in line)
    return line


_STRONG = ("pill_live", "bar_bold", "bar_badge", "bar_attention")


def _joined(items: list[_Item], *, lead: bool) -> Line:
    spans: list[Span] = []
    for item in items:
        if item.line:
            if spans or lead:
                spans.append(("  ", "bar"))
            spans.extend(item.line)
    if lead:
        spans.append((" ", "bar"))
    return tuple(spans)


def _pill(view: View) -> _Item:
    mode = view.mode
    token = f"pill_{mode.value.lower()}"
    name, short = (word(f"{place}.{mode.value}").upper() for place in ("mode", "mode.short"))
    forms = [name, short]
    if mode is TradingMode.LIVE and source_of(view.snapshot).embedded:
        notes = [word(note) for note in ("mode.harmless", "mode.harmless_short", "mode.harmless_tiny")]
        forms = [*(f"{name} {note}" for note in notes), f"{short} {notes[-1]}"]
    forms = list(dict.fromkeys(forms))
    if view.snapshot.desk and view.snapshot.desk.paused:
        forms = [f"{form} {word('mode.paused')}" for form in forms]
    return _Item([((f" {form} ", token),) for form in forms])


def _badge(view: View) -> _Item:
    source = source_of(view.snapshot)
    if not source.badge:
        return _Item([()])
    return _Item([((f" {source.badge} ", "bar_badge"),), ((f" {source.short_badge} ", "bar_badge"),)])


def _account(view: View) -> dict[str, _Item]:
    desk = view.snapshot.desk
    if desk is None:
        text = word("bar.failed") if view.failed else heard(view.snapshot.phase_text) or word("loading.starting")
        return {"equity": _Item([((text, "bar"),), ((text[:24], "bar"),)])}
    account = desk.account
    equity = numbers.money_text(account.equity)
    sign = numbers.direction_sign(account.today_pct)
    today = numbers.signed_percent_text(account.today_pct)
    today_token = _BAR_TOKENS.get(numbers.direction_token(account.today_pct), "bar")
    risk, cap = f"{account.open_risk_pct:.1f}", f"{account.open_risk_cap_pct:.1f}"
    left = f"{account.day_loss_left_pct:.1f}%"
    left_token = "bar_attention" if account.day_loss_left_pct <= 1.0 else "bar"
    today_full: Line = ((word("bar.today") + " ", "bar"), (f"{sign} {today}", today_token))
    return {
        "equity": _Item([((word("bar.equity") + " ", "bar"), (equity, "bar_bold")), ((equity, "bar_bold"),)]),
        "today": _Item([today_full, ((f"{today} {sign}", today_token),), ()]),
        "risk": _Item([_plain(word(name, risk=risk, cap=cap)) for name in ("bar.risk", "bar.risk_short")] + [()]),
        "day": _Item(
            [
                ((word("bar.day_left") + " ", "bar"), (left, left_token)),
                ((word("bar.day_left_short") + " ", "bar"), (left, left_token)),
                (),
            ]
        ),
    }


def _plain(text: str) -> Line:
    return ((text, "bar"),)


def _feed(view: View) -> _Item:
    feed = view.snapshot.feed
    if view.failed:
        return _Item([((f"! {word('feed.failed')}", "bar_attention"),)])
    if view.engine_silent:
        text = word("feed.silent", age=numbers.long_age_text(view.stale_age_ms))
        return _Item([((f"! {text}", "bar_attention"),)])
    if not feed.connected:
        if not view.stale:
            text = heard(feed.text.partition(":")[0]) or word("feed.connecting")
            if len(text) > FEED_WIDTH:
                text = word("feed.none")
            short = text if len(text) <= SHORT_FEED_WIDTH else word("feed.none")
            return _Item([((f"{RING} {text}", "bar_attention"),), ((f"{RING} {short}", "bar_attention"),)])
        age = numbers.long_age_text(feed.age_ms)
        return _Item(
            [((f"! {word('feed.old', age=age)}", "bar_attention"),), ((f"! {age}", "bar_attention"),)]
        )  # fmt: skip
    delay = word("feed.delay", n=max(0, feed.delay_ms))
    return _Item(
        [((f"{DOT} ", "bar_up"), (f"{word('feed.name')} {delay}", "bar")), ((f"{DOT} ", "bar_up"), (delay, "bar"))]
    )


def _clock(view: View) -> _Item:
    time = numbers.time_text(view.now_ms, view.zone)
    return _Item([((f"{time} {view.zone_name}", "bar"),), ((time, "bar"),), ((time[:5], "bar"),)])
