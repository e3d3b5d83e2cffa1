"""Symbol detail: readings per timeframe, zones, and why there is or is no signal."""

from __future__ import annotations

from collections.abc import Callable

from futtui.domain.reading import FrameReading, SymbolReading
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES
from futtui.tui.glyphs import BLOCKED, CHECK
from futtui.tui.heard import heard
from futtui.tui.paint import numbers, zones
from futtui.tui.paint.details import Box, Detail, fact, fact_lines, paragraph
from futtui.tui.paint.names import frame_name, regime_span, setup_name, window_name, zone_letter
from futtui.tui.paint.text import Line, Span, fit
from futtui.tui.paint.view import View
from futtui.tui.words import has_word, word

_LABEL = 14
_CELL = 9


def symbol_detail(symbol: str, trail: tuple[str, ...]) -> Detail:
    """Everything futtui knows of one symbol."""
    return Detail(
        trail,
        (
            Box("now", word("detail.now"), lambda view, width: _now(symbol, view, width)),
            Box("why", word("detail.why_signals"), lambda view, width: _verdicts(symbol, view, width)),
            Box("frames", word("detail.frames"), lambda view, width: _frames(symbol, view, width)),
            Box("zones", word("detail.zones"), lambda view, width: _zones(symbol, view, width)),
        ),
        symbol=symbol,
    )


def _now(symbol: str, view: View, width: int) -> list[Line]:
    row = view.by_symbol.get(symbol)
    if row is None:
        return paragraph(word("detail.symbol_gone", symbol=symbol), width, "muted")
    reading = view.snapshot.readings.get(symbol)
    token = "dim" if view.stale or not row.fresh else "bold"
    lines = [fact(word("detail.price"), numbers.price_text(row.price, row.rules), token)]
    change = row.change_24h_pct
    sign = numbers.direction_sign(change)
    lines.append(
        fact(word("detail.change"), f"{sign} {numbers.signed_percent_text(change)}", numbers.direction_token(change))
    )
    if not row.fresh:
        lines.append(fact(word("detail.data"), word("market.old", age=numbers.long_age_text(row.age_ms)), "attention"))
    state = heard(row.state_text) or word("detail.ready" if row.ready else "market.warming_up")
    lines += fact_lines(word("detail.state"), state, width)
    lines += _block_lines(symbol, view, width)
    if reading is not None:
        lines += _level_facts(reading, view, symbol)
    if row.rules is not None:
        note = word(
            "detail.rules", tick=f"{row.rules.tick_size.normalize():f}", step=f"{row.rules.step_size.normalize():f}"
        )
        lines += fact_lines(word("detail.exchange"), note, width, "muted")
    return lines


def _block_lines(symbol: str, view: View, width: int) -> list[Line]:
    row = view.by_symbol[symbol]
    if row.blocked_until_ms is None:
        return [fact(word("detail.trading"), word("detail.allowed"))]
    desk = view.snapshot.desk
    reason = heard(desk.blocked[symbol][1]) if desk and symbol in desk.blocked else word("market.blocked_reason")
    if row.blocked_until_ms:
        until = numbers.until_text(row.blocked_until_ms, view.now_ms, view.zone)
        text = word("market.blocked_until", reason=reason, time=until)
    else:
        text = word("market.blocked", reason=reason)
    return fact_lines(word("detail.trading"), f"{BLOCKED} {text}", width, "attention")


def _level_facts(reading: SymbolReading, view: View, symbol: str) -> list[Line]:
    rules = view.rules(symbol)
    price = view.by_symbol[symbol].price
    lines = []
    for label, level, otherwise in (
        (word("detail.vwap"), reading.daily_vwap, word("detail.vwap_later")),
        (word("detail.anchored"), reading.anchored_vwap, word("detail.anchored_later")),
        (word("detail.poc"), reading.profile.poc if reading.profile else None, ""),
    ):
        gap = numbers.signed_percent_text((price / level - 1.0) * 100.0) if level else ""
        note = word("detail.price_against", gap=gap) if gap else otherwise
        lines.append(fact(label, numbers.price_text(level, rules), "text" if level else "dim", note))
    if reading.profile is not None:
        band = numbers.band_text(reading.profile.value_area_low, reading.profile.value_area_high, rules, 30, " - ")
        lines.append(fact(word("detail.value_area"), band, note=window_name(reading.profile.window)))
    return lines


def _verdicts(symbol: str, view: View, width: int) -> list[Line]:
    verdicts = view.snapshot.verdicts.get(symbol, ())
    reading = view.snapshot.readings.get(symbol)
    lines: list[Line] = []
    if reading is not None and not reading.ready and reading.ready_reason:
        lines += paragraph(f"! {heard(reading.ready_reason)}", width, "attention")
    if not verdicts:
        return [*lines, *paragraph(word("detail.no_verdicts"), width, "muted")]
    for verdict in verdicts:
        sign, token = (CHECK, "up") if verdict.proposed else (" ", "muted")
        lines.append(((f" {sign} ", token), (setup_name(verdict.strategy), "bold" if verdict.proposed else "text")))
        lines += paragraph(verdict.reason, width, "text" if verdict.proposed else "muted", lead="     ")
    if reading is not None:
        checked = word("detail.checked", time=numbers.time_text(reading.time_ms, view.zone))
        lines += [(), ((f" {checked}", "dim"),)]
    return lines


def _frames(symbol: str, view: View, width: int) -> list[Line]:
    reading = view.snapshot.readings.get(symbol)
    if reading is None or not reading.frames:
        return paragraph(word("detail.no_reading"), width, "muted")
    frames = [reading.frames[frame] for frame in reversed(ANALYSIS_TIMEFRAMES) if frame in reading.frames]
    rules = view.rules(symbol)

    def price(value: float | None) -> str:
        return word("value.none") if value is None else numbers.short_price_text(value, rules, _CELL)

    def plain(decimals: int) -> Callable[[float | None], str]:
        return lambda value: word("value.none") if value is None else f"{value:,.{decimals}f}"

    def row(label: str, texts: list[Span]) -> Line:
        cells = [(fit(text, _CELL, ">") + " ", token) for text, token in texts]
        return ((f" {fit(label, _LABEL)}", "muted"), *cells)

    def values(label: str, pick: Callable[[FrameReading], float | None], show: Callable[[float | None], str]) -> Line:
        return row(label, [(show(pick(frame)), "dim" if pick(frame) is None else "text") for frame in frames])

    lines = [row("", [(frame_name(frame.timeframe), "head") for frame in frames])]
    lines.append(row(word("reading.regime"), [regime_span(frame.regime.regime.value) for frame in frames]))
    lines.append(row(word("reading.bias"), [(word(f"bias.{frame.regime.bias.value}"), "text") for frame in frames]))
    lines.append(values(word("reading.confidence"), lambda frame: frame.regime.confidence * 100.0, plain(0)))
    lines.append(values(word("reading.close"), lambda frame: frame.close, price))
    lines.append(values(word("reading.atr"), lambda frame: frame.atr, price))
    lines.append(values(word("reading.adx"), lambda frame: frame.adx, plain(1)))
    lines.append(values(word("reading.rsi"), lambda frame: frame.rsi, plain(1)))
    lines.append(values(word("reading.ema_20"), lambda frame: frame.ema_20, price))
    lines.append(values(word("reading.ema_50"), lambda frame: frame.ema_50, price))
    lines.append(values(word("reading.ema_200"), lambda frame: frame.ema_200, price))
    lines.append(values(word("reading.bollinger_upper"), lambda frame: frame.bollinger_upper, price))
    lines.append(values(word("reading.bollinger_lower"), lambda frame: frame.bollinger_lower, price))
    lines.append(values(word("reading.bollinger_width"), lambda frame: frame.bollinger_width_percentile, plain(0)))
    lines.append(values(word("reading.donchian_high"), lambda frame: frame.donchian_high, price))
    lines.append(values(word("reading.donchian_low"), lambda frame: frame.donchian_low, price))
    lines.append(values(word("reading.flow"), lambda frame: frame.flow, plain(2)))
    lines.append(values(word("reading.volume"), lambda frame: frame.volume_ratio, plain(2)))
    lines.append(())
    for frame in frames:
        if frame.regime.reason:
            lines += paragraph(f"{frame_name(frame.timeframe)}: {frame.regime.reason}", width, "muted")
    return lines


def _zones(symbol: str, view: View, width: int) -> list[Line]:
    row = view.by_symbol.get(symbol)
    reading = view.snapshot.readings.get(symbol)
    if row is None or reading is None or not reading.zones:
        return paragraph(word("zones.none", symbol=symbol), width, "muted")
    lines: list[Line] = []
    for zone in sorted(reading.zones, key=lambda item: (item.gap_pct(row.price), -item.score)):
        side = "inside" if zone.contains(row.price) else "above" if zone.low > row.price else "below"
        gap = numbers.percent_text(zone.gap_pct(row.price))
        where = word(f"zones.{side}") if side == "inside" else word(f"zones.{side}", gap=gap)
        kind = zone_letter(zone)
        name = (
            word("zone.name.F") if zone.flipped else word(f"zone.name.{kind}") if has_word(f"zone.name.{kind}") else ""
        )
        band = numbers.band_text(zone.low, zone.high, row.rules, 26, " - ")
        rest = word("zones.facts", score=f"{zone.score:.0f}", touches=zone.touches, bounces=zone.bounces)
        age = numbers.age_text(view.now_ms - zone.last_touch_ms)
        lines.append(
            (
                (f" {kind} {fit(name, 11)}", zones.zone_token(zone)),
                (f" {fit(band, 21)}", "text"),
                (f" {fit(frame_name(zone.timeframe), 3)} {fit(where, 11)}", "text"),
                (f" {rest} {word('zones.touched', age=age)}" if width >= 90 else f" ({zone.score:.0f})", "muted"),
            )
        )
    return lines
