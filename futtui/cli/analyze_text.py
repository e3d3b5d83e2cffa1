"""An analysis as lines of text in everyday words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields

from futtui.domain.reading import AnalysisResult, FrameReading, SymbolReading
from futtui.domain.regime import Bias, Regime
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES, Timeframe
from futtui.domain.vwap import VwapReading
from futtui.domain.zone import Zone, ZoneKind
from futtui.domain.zone_words import life_words, zone_reasons
from futtui.live.past_candles import moment_text, price_text

LABEL, CELL = 30, 12
FRAMES = tuple(reversed(ANALYSIS_TIMEFRAMES))
_REGIMES = {
    Regime.TREND_UP: "trend up",
    Regime.TREND_DOWN: "trend down",
    Regime.RANGE: "range (sideways)",
    Regime.SQUEEZE: "squeeze (very quiet)",
    Regime.CHOP: "chop (no clear way)",
    Regime.EXPANSION: "wild moves, no trend",
    Regime.UNKNOWN: "not known",
}
_BIASES = {Bias.BULLISH: "favours buyers", Bias.BEARISH: "favours sellers", Bias.NEUTRAL: "favours nobody"}
_LABELS = {
    "atr": "ATR (usual size of a bar)",
    "adx": "ADX (strength of the trend)",
    "rsi": "RSI",
    "ema_20": "average of 20 bars",
    "ema_50": "average of 50 bars",
    "ema_200": "average of 200 bars",
    "bollinger_upper": "Bollinger band, upper",
    "bollinger_lower": "Bollinger band, lower",
    "bollinger_width_percentile": "bands wider than % of bars",
    "donchian_high": "highest of the bars before",
    "donchian_low": "lowest of the bars before",
    "flow": "buyers (+) or sellers (-)",
    "volume_ratio": "volume against the usual",
    "ema_5": "average of 5 bars",
    "ema_9": "average of 9 bars",
    "ema_13": "average of 13 bars",
    "ema_21": "average of 21 bars",
    "ema_50_slope_atr": "way of 50-bar average in ATR",
    "ema_200_slope_atr": "way of 200-bar average in ATR",
    "atr_pct": "ATR in % of price",
    "plus_di": "strength of the moves up",
    "minus_di": "strength of the moves down",
    "bollinger_middle": "Bollinger band, middle",
    "bollinger_width": "width of the bands / middle",
    "efficiency_ratio": "straightness of the way (0-1)",
    "cvd": "bought minus sold, 20 bars",
    "cvd_slope": "the same a bar, last 10 bars",
    "flow_side": "side that last was stronger",
    "flow_flip": "bars since it changed sides",
}
_PRICES = {"atr", "ema_5", "ema_9", "ema_13", "ema_20", "ema_21", "ema_50", "ema_200", "donchian_high", "donchian_low"}
_PRICES |= {"bollinger_upper", "bollinger_middle", "bollinger_lower"}
_SMALL = {"bollinger_width", "atr_pct", "efficiency_ratio"}
_HIDDEN = {"timeframe", "close_time_ms", "close", "regime"}


def analysis_lines(
    result: AnalysisResult, source: str, bars: Mapping[Timeframe, int], anchors: Sequence[VwapReading] = ()
) -> Iterator[str]:
    """The whole analysis, top to bottom: price, regimes, figures, levels, zones with reasons, what strategies say.

    `anchors`: VWAPs from moments that the user named.
    """
    reading = result.reading
    change = "" if reading.change_24h_pct is None else f", {reading.change_24h_pct:+.2f} % in 24 hours"
    yield f"{reading.symbol} at {moment_text(reading.time_ms)}: {price_text(reading.price)}{change}"
    used = ", ".join(f"{count:,} of {frame.code}" for frame, count in sorted(bars.items(), key=lambda each: each[0].ms))
    yield f"Candles used: {used}, from {source}. Nothing after this moment was known."
    if not reading.ready:
        yield f"Not everything is known yet: {reading.ready_reason}."
    yield from ("", "Market regime")
    for frame in FRAMES:
        if frame in reading.frames:
            yield from _regime_lines(reading.frames[frame])
    yield from ("", *_figures(reading))
    yield from ("", "Levels", *_levels(reading))
    yield from ("", *vwap_lines(reading, anchors))
    yield from ("", "Price against aggressive orders (divergence)", *_divergences(reading))
    yield from ("", *_zones(reading))
    yield from ("", "What the strategies say at this close", *_verdicts(result))


def _regime_lines(frame: FrameReading) -> Iterator[str]:
    regime = frame.regime
    late = ", late in its life" if regime.late_trend else ""
    sure = f"{regime.confidence * 100:.0f} % sure"
    yield f"  {frame.timeframe.code:4} {_REGIMES[regime.regime]}{late}; {_BIASES[regime.bias]}; {sure}: {regime.reason}"


def _figures(reading: SymbolReading) -> Iterator[str]:
    frames = [reading.frames[frame] for frame in FRAMES if frame in reading.frames]
    heads = "".join(f"{frame.timeframe.code:>{CELL}}" for frame in frames)
    yield f"{'Figures at the last close of':{LABEL}}{heads}"
    for name in (field.name for field in fields(FrameReading) if field.name not in _HIDDEN):
        values = [getattr(frame, name) for frame in frames]
        if any(not isinstance(value, float | int | None) for value in values):
            continue
        label = _LABELS.get(name, name.replace("_", " "))
        cells = "".join(f"{_figure(name, value):>{CELL}}" for value in values)
        yield f"  {label:{LABEL - 2}}{cells}"


def _figure(name: str, value: float | None) -> str:
    if value is None:
        return "-"
    if name == "flow_side":
        return "buyers" if value > 0 else "sellers"
    if name == "flow_flip":
        return f"{value:.0f}"
    return price_text(value) if name in _PRICES else f"{value:.{4 if name in _SMALL else 2}f}"


def _levels(reading: SymbolReading) -> Iterator[str]:
    levels = [("VWAP of the day", reading.daily_vwap), ("VWAP of the week", reading.anchored_vwap)]
    profile = reading.profile
    if profile is not None:
        levels += [
            ("value area, top", profile.value_area_high),
            (f"most traded price ({profile.window})", profile.poc),
            ("value area, bottom", profile.value_area_low),
        ]
    for name, level in levels:
        yield _level(name, level, reading.price)


def _level(name: str, level: float | None, price: float) -> str:
    gap = "" if level is None else f"   price is {(price / level - 1.0) * 100:+.2f} % away from it"
    return f"  {name:{LABEL + 8}}{'not available' if level is None else price_text(level)}{gap}"


def vwap_lines(reading: SymbolReading, anchors: Sequence[VwapReading] = ()) -> Iterator[str]:
    """Every VWAP with its bands; `anchors` are those that the user asked for."""
    vwaps = reading.vwaps
    sessions = (
        ("Asia session", vwaps.session_asia),
        ("Europe session", vwaps.session_europe),
        ("US session", vwaps.session_us),
    )
    known = [*vwaps.anchored, *(each for _, each in sessions if each is not None), *anchors]
    yield "VWAPs: average price paid since a moment; the bands are 1, 2 and 3 usual distances from it"
    for each in known:
        bands = ", ".join(f"{price_text(each.band(-size))} / {price_text(each.band(size))}" for size in (1, 2, 3))
        since = f"{each.name}, since {moment_text(each.anchor_ms)[5:16]}"
        yield _level(since, each.value, reading.price)
        yield f"  {'':{LABEL + 8}}bands {bands}"
    closed = [name for name, each in sessions if each is None]
    if closed:
        yield f"  Not available (closed, or begun less than 8 bars ago): {', '.join(closed)}."


def _divergences(reading: SymbolReading) -> Iterator[str]:
    for code, found in (("15m", reading.divergence.m15), ("1h", reading.divergence.h1)):
        if found.valid and found.side is not None and found.second_ms is not None:
            since = moment_text(found.second_ms)[5:16]
            told = f"speaks for {found.side.value} since {since}: {found.strength:.0%} of the range of the flow"
        elif found.known:
            told = f"none: {found.reason}"
        else:
            told = f"not known: {found.reason}"
        yield f"  {code:4} {told}"


def _zones(reading: SymbolReading) -> Iterator[str]:
    if not reading.zones:
        yield "Zones: none is good enough."
        return
    yield f"Zones, nearest first ({len(reading.zones)})"
    for zone in sorted(reading.zones, key=lambda each: (each.gap_pct(reading.price), -each.score)):
        yield ""
        yield f"  {zone_title(zone)}  {price_text(zone.low)} - {price_text(zone.high)}, {_place(zone, reading.price)}"
        strength = "" if zone.strength is None else f", strength {zone.strength:.0f}"
        purity = "" if zone.purity is None else f", {zone.purity * 100:.0f} % of closes outside"
        yield f"     score {zone.score:.0f}{strength}: {life_words(zone)}{purity}"
        for reason in zone_reasons(zone, reading):
            yield f"       - {reason}"


def zone_title(zone: Zone) -> str:
    """Letter, grade and timeframe, as in `S A 1h support`; S support, R resistance."""
    letter = "S" if zone.kind is ZoneKind.SUPPORT else "R"
    return f"{letter} {zone.grade or '-'} {zone.timeframe.code:3} {zone.kind.value.lower()}"


def _place(zone: Zone, price: float) -> str:
    if zone.contains(price):
        return "price is inside"
    above = zone.low > price
    gone_through = ", which has gone through it" if above == (zone.kind is ZoneKind.SUPPORT) else ""
    return f"{zone.gap_pct(price):.2f} % {'above' if above else 'below'} price{gone_through}"


def _verdicts(result: AnalysisResult) -> Iterator[str]:
    for signal in result.signals:
        levels = signal.levels
        targets = ", ".join(price_text(target) for target in levels.targets)
        yield f"  Signal: {signal.side.value} by {signal.strategy}: {signal.summary}"
        yield f"     entry {price_text(levels.entry)}, stop {price_text(levels.stop)}, targets {targets}"
    for verdict in result.verdicts:
        yield f"  {verdict.strategy}: {'proposes: ' if verdict.proposed else ''}{verdict.reason}"
    if not result.signals and not result.verdicts:
        yield "  Nothing was asked."
