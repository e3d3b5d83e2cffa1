"""SymbolAnalyzer on made-up markets: each close once, in order, nothing from the future."""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from futtui.analysis.analyzer import SymbolAnalyzer
from futtui.analysis.settings import AnalysisSettings
from futtui.domain.errors import InvalidInputError
from futtui.domain.regime import Regime
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES, HOUR_MS, Timeframe
from futtui.domain.vwap import NO_VWAPS
from futtui.strategies.manager import StrategyManager
from futtui.strategies.settings import StrategySettings
from tests.analysis.markets import all_frames, split, walk

M15, H1, H4 = Timeframe.M15, Timeframe.H1, Timeframe.H4
QUARTERS = walk(seed=5, bars=96 * 45)
FRAMES = {**all_frames(QUARTERS), M15: QUARTERS[96 * 34 :]}
START_MS = QUARTERS[96 * 40].open_time_ms
PAST, MOMENTS = split(FRAMES, START_MS)


def loaded() -> SymbolAnalyzer:
    analyzer = SymbolAnalyzer("TESTUSDT")
    analyzer.load(PAST)
    return analyzer


def test_analyzer_after_load_is_ready_and_knows_the_last_close():
    reading = SymbolAnalyzer("TESTUSDT").load(PAST)
    assert (reading.time_ms, reading.price) == (START_MS, PAST[M15][-1].close)
    assert (reading.ready, reading.ready_reason) == (True, "")
    assert set(reading.frames) == set(ANALYSIS_TIMEFRAMES)
    assert reading.change_24h_pct == pytest.approx((PAST[M15][-1].close / PAST[M15][-97].close - 1) * 100)
    assert reading.frames[H4].regime.regime is not Regime.UNKNOWN


def test_analyzer_load_equals_feeding_close_by_close():
    fed = SymbolAnalyzer("TESTUSDT")
    past, moments = split(FRAMES, M15.end_ms(FRAMES[M15][0].open_time_ms))
    fed.load(past)
    for time_ms, closes in moments.items():
        if time_ms <= START_MS:
            fed.on_closes(closes)
    assert fed.reading == loaded().reading
    at_once = loaded()
    for closes in MOMENTS.values():
        left, right = fed.on_closes(closes), at_once.on_closes(closes)
        assert (left.reading, left.signals) == (right.reading, right.signals)


def test_analyzer_order_of_closes_of_one_moment_does_not_matter():
    moment = next(closes for closes in MOMENTS.values() if len(closes) == 4)
    first, second = loaded(), loaded()
    for time_ms, closes in MOMENTS.items():
        same = closes is moment
        left, right = first.on_closes(closes), second.on_closes(closes[::-1])
        assert left == right
        if same:
            assert all(reading.close_time_ms == time_ms for reading in left.reading.frames.values())
            break


def test_analyzer_repeated_candle_is_ignored_and_reported():
    analyzer = loaded()
    closes = next(iter(MOMENTS.values()))
    first = analyzer.on_closes(closes)
    again = analyzer.on_closes([(frame, replace(candle, volume=1.0)) for frame, candle in closes])
    assert again.reading == first.reading
    assert again.signals == ()
    assert [verdict.strategy for verdict in again.verdicts[: len(closes)]] == ["analyzer"] * len(closes)
    assert "already taken" in again.verdicts[0].reason


def test_analyzer_candle_after_a_hole_is_refused_until_reloaded():
    analyzer = loaded()
    moments = list(MOMENTS.values())
    before = analyzer.reading
    for closes in moments[2:5]:
        result = analyzer.on_closes([each for each in closes if each[0] is M15])
    assert result.reading.ready is False
    assert "15m: not ready, 4 candles missing" in result.reading.ready_reason
    assert M15 not in result.reading.frames
    assert result.reading.price == before.price
    assert result.signals == ()
    repaired, _ = split(FRAMES, M15.end_ms(moments[4][0][1].open_time_ms))
    assert analyzer.load(repaired).ready


def test_analyzer_hole_in_a_senior_frame_stops_strategies_but_not_the_rest():
    analyzer = loaded()
    seen_h4 = 0
    for closes in MOMENTS.values():
        seen_h4 += any(frame is H4 for frame, _ in closes)
        kept = [each for each in closes if not (each[0] is H4 and seen_h4 == 1)]
        result = analyzer.on_closes(kept)
        assert M15 in result.reading.frames
        assert not (seen_h4 and result.signals)
    assert "4h: not ready" in result.reading.ready_reason
    assert H4 not in result.reading.frames


def test_analyzer_late_senior_close_means_not_ready_instead_of_old_context():
    analyzer = loaded()
    time_ms, closes = next((time_ms, closes) for time_ms, closes in MOMENTS.items() if time_ms % H4.ms == 0)
    for earlier, group in MOMENTS.items():
        if earlier < time_ms:
            analyzer.on_closes(group)
    without = analyzer.on_closes([each for each in closes if each[0] is not H4])
    assert (without.reading.ready, without.reading.ready_reason) == (False, "4h: its newest candle has not arrived")
    assert analyzer.on_closes([each for each in closes if each[0] is H4]).reading.ready


@pytest.mark.parametrize(
    "spoil",
    [
        lambda bar: replace(bar, high=bar.low / 2),
        lambda bar: replace(bar, close=float("nan")),
        lambda bar: replace(bar, open_time_ms=bar.open_time_ms + 1),
    ],
)
def test_analyzer_impossible_candle_is_refused_and_its_frame_waits_for_a_reload(spoil):
    analyzer = loaded()
    first, second = list(MOMENTS.values())[:2]
    result = analyzer.on_closes([(frame, spoil(candle)) for frame, candle in first])
    assert result.signals == ()
    result = analyzer.on_closes(second)
    assert "1 candle missing" in result.reading.ready_reason


def test_analyzer_history_with_a_hole_uses_the_newest_unbroken_run():
    broken = {**PAST, M15: [*PAST[M15][:-50], *PAST[M15][-49:]]}
    only_tail = {**PAST, M15: PAST[M15][-49:]}
    assert SymbolAnalyzer("A").load(broken) == SymbolAnalyzer("A").load(only_tail)


def test_analyzer_without_history_is_refused_with_advice():
    with pytest.raises(InvalidInputError, match="Load some history first"):
        SymbolAnalyzer("TESTUSDT").load({})
    with pytest.raises(InvalidInputError, match="Load its history first"):
        SymbolAnalyzer("TESTUSDT").on_closes([])


def test_analyzer_young_coin_is_measured_but_not_ready():
    young = {
        frame: [bar for bar in candles if bar.open_time_ms >= START_MS - 30 * HOUR_MS]
        for frame, candles in PAST.items()
    }
    reading = SymbolAnalyzer("NEWUSDT").load(young)
    assert reading.frames[M15].atr is not None
    assert not reading.ready
    assert "4h: warming up" in reading.ready_reason


def test_analyzer_disabled_strategies_never_speak_up():
    shipped = StrategySettings()
    off = {each.name: replace(getattr(shipped, each.name), enabled=False) for each in fields(shipped)}
    quiet = AnalysisSettings(strategies=StrategySettings(**off))
    analyzer = SymbolAnalyzer("TESTUSDT", quiet)
    analyzer.load(PAST)
    results = [analyzer.on_closes(closes) for closes in list(MOMENTS.values())[:100]]
    assert not any(result.signals for result in results)
    assert {verdict.reason for verdict in results[-1].verdicts} == {"switched off in the settings"}


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cut=st.integers(min_value=1, max_value=len(MOMENTS) - 1))
def test_analyzer_decision_does_not_change_when_later_candles_are_cut(cut: int):
    """Loaded with history up to any moment, the next close is answered as in the uninterrupted run."""
    times = list(MOMENTS)
    past, later = split(FRAMES, times[cut - 1])
    analyzer = SymbolAnalyzer("TESTUSDT")
    analyzer.load(past)
    result = analyzer.on_closes(later[times[cut]])
    assert (result.reading, result.signals) == whole_run()[cut]


@cache
def whole_run():
    analyzer = loaded()
    results = [analyzer.on_closes(closes) for closes in MOMENTS.values()]
    return [(result.reading, result.signals) for result in results]


def test_analyzer_strategies_never_see_a_candle_that_is_not_closed(monkeypatch: pytest.MonkeyPatch):
    seen = []

    class Watching(StrategyManager):
        def on_close(self, timeframe, context):
            for frame in ANALYSIS_TIMEFRAMES:
                reading, bars = context.frame(frame), context.candles(frame, 3)
                assert reading is None or reading.close_time_ms == frame.open_ms(context.time_ms)
                assert all(frame.end_ms(bar.open_time_ms) <= context.time_ms for bar in bars)
                seen.append(frame)
            return super().on_close(timeframe, context)

    monkeypatch.setattr("futtui.analysis.analyzer.StrategyManager", Watching)
    analyzer = loaded()
    for closes in list(MOMENTS.values())[:200]:
        analyzer.on_closes(closes)
    assert len(seen) > 1000


def test_analyzer_future_higher_candles_change_nothing_before_their_close():
    """A 4h candle that is still open at the decision has no influence, whatever it will hold."""
    spoiled = {
        frame: [
            replace(bar, high=bar.high * 3, close=bar.high * 2) if frame.end_ms(bar.open_time_ms) > time_ms else bar
            for bar in candles
        ]
        for time_ms in (list(MOMENTS)[150],)
        for frame, candles in FRAMES.items()
    }
    _, moments = split(spoiled, START_MS)
    analyzer = loaded()
    for number, closes in enumerate(list(moments.values())[:151]):
        result = analyzer.on_closes(closes)
        assert (result.reading, result.signals) == whole_run()[number]


def test_analyzer_signal_ids_are_unique():
    signals = [signal for _, found in whole_run() for signal in found]
    assert signals
    assert len({signal.signal_id for signal in signals}) == len(signals)


def test_analyzer_that_is_not_asked_to_explain_decides_the_same_and_explains_later_what_comes_later():
    silent, telling = loaded(), loaded()
    silent.take_zone_events()
    telling.take_zone_events()
    answers = list(MOMENTS.values())
    events = 0
    for closes in answers[:-1]:
        quiet, told = silent.on_closes(closes, explain=False), telling.on_closes(closes)
        assert (quiet.reading, quiet.signals) == (replace(told.reading, vwaps=NO_VWAPS), told.signals)
        assert (quiet.verdicts, quiet.zone_events) == ((), ())
        events += len(told.zone_events)
    assert events
    assert told.reading.vwaps != NO_VWAPS
    assert silent.on_closes(answers[-1]) == telling.on_closes(answers[-1])


@pytest.mark.parametrize(
    "spoil",
    [
        {"high": float("nan")}, {"volume": float("nan")}, {"high": float("inf")}, {"volume": float("inf")},
        {"volume": -1.0}, {"low": 0.0}, {"open": 1e9}, {"close": 1e-9}, {"open": float("nan")},
    ],
)  # fmt: skip
def test_analyzer_takes_no_next_candle_whose_figures_are_impossible(spoil):
    analyzer, (time_ms, closes) = loaded(), next(iter(MOMENTS.items()))
    quarter = next(bar for frame, bar in closes if frame is M15)
    result = analyzer.on_closes([(M15, replace(quarter, **spoil))])
    assert result.reading.time_ms == START_MS < time_ms
    assert "15m: not ready, 1 candle missing" in result.reading.ready_reason
