"""A close that nobody asks reasons of: the same signals and the same memory, for less work."""

from __future__ import annotations

import pickle
import random
import sys
from collections import Counter
from dataclasses import replace

import pytest

from futtui.analysis.analyzer import SymbolAnalyzer
from futtui.analysis.context import LiveContext
from futtui.analysis.settings import AnalysisSettings
from futtui.domain.candle import Candle
from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.domain.zone import ZoneKind
from futtui.strategies.base import StrategyContext
from futtui.strategies.dual.engine import SignalEngineM15
from futtui.strategies.dual.settings import SetupSettings
from futtui.strategies.dual.setups import find_setup, reach_of
from futtui.strategies.manager import StrategyManager
from futtui.strategies.plugin import PluginSource, make_plugin
from futtui.strategies.settings import StrategySettings
from futtui.strategies.sr.flip_retest import SrFlipRetest
from futtui.strategies.sr.setup import SrSetup
from futtui.strategies.sr.sweep_return import SrSweepReturn
from tests.analysis.markets import WARM_UP_BARS, all_frames, at, real_quarters, split, walk
from tests.strategies.crafted import START_MS
from tests.strategies.crafted import zone as plain_zone
from tests.strategies.sr.crafted import SrSurroundings

M15, H1 = Timeframe.M15, Timeframe.H1


class Counting(StrategyManager):
    """Counts how often each strategy was asked, and how often for a whole answer."""

    def __init__(self, strategies, *rest):
        super().__init__(strategies, *rest)
        self.looked, self.asked = Counter(), Counter()
        for strategy in strategies:
            self._count(strategy, "may_propose", self.looked)
            self._count(strategy, "evaluate", self.asked)

    @staticmethod
    def _count(strategy, method, counter):
        plain = getattr(strategy, method)

        def counted(context):
            counter[strategy.name] += 1
            return plain(context)

        setattr(strategy, method, counted)


def _memory(analyzer):
    return {each.name: each.state() for each in analyzer._manager.strategies}


ARMED = replace(StrategySettings().break_retest, entry="armed")


@pytest.mark.parametrize(
    ("symbol", "first", "days", "settings", "least"),
    [
        ("ETHUSDT", "2024-03-04", 7, StrategySettings(), 7),
        ("DOGEUSDT", "2024-02-26", 3, replace(StrategySettings(), break_retest=ARMED), 4),
    ],
)
def test_first_look_never_hides_a_signal_and_leaves_the_same_memory(monkeypatch, symbol, first, days, settings, least):
    begin_ms = at(first)
    frames = all_frames(real_quarters(symbol, "2023-08-01", "2024-04-01"))
    past, moments = split(frames, begin_ms, WARM_UP_BARS)
    monkeypatch.setattr("futtui.analysis.analyzer.StrategyManager", Counting)
    told, silent = (SymbolAnalyzer(symbol, AnalysisSettings(strategies=settings)) for _ in range(2))
    assert told.load(past) == silent.load(past)
    assert told._manager.verdicts == silent._manager.verdicts != ()
    found = Counter()
    for time_ms, closes in moments.items():
        if time_ms <= begin_ms + days * DAY_MS:
            whole, short = told.on_closes(closes), silent.on_closes(closes, explain=False)
            assert short.signals == whole.signals
            assert _memory(silent) == _memory(told)
            assert short.verdicts == ()
            found.update(each.strategy for each in short.signals)
    asked, always = silent._manager.asked, told._manager.asked
    # A standing level is renewed at nearly every close; all others mostly have nothing to say.
    others = [name for name in always if name != "liquidity_flush"]
    assert sum(asked[name] for name in others) < 0.3 * sum(always[name] for name in others)
    assert len(found) >= least


def test_analyzer_takes_up_reasons_again_without_old_ones_among_them():
    quarters = walk(5, 96 * 45)
    past, moments = split({**all_frames(quarters), M15: quarters[96 * 34 :]}, quarters[96 * 44].open_time_ms)
    told, mixed = SymbolAnalyzer("TESTUSDT"), SymbolAnalyzer("TESTUSDT")
    told.load(past)
    mixed.load(past)
    for place, closes in enumerate(moments.values()):
        whole, part = told.on_closes(closes), mixed.on_closes(closes, explain=place % 8 == 7)
        names = {each.strategy: each for each in whole.verdicts}
        for verdict in part.verdicts:
            assert verdict == names[verdict.strategy]
        assert len(part.verdicts) >= (10 if place % 8 == 7 else 0)


class Keeping(StrategyManager):
    """Keeps every context, as a user's own strategy might, and notes nothing of it at its close."""

    kept: list[StrategyContext]

    def on_close(self, timeframe, context):
        Keeping.kept.append(context)
        return super().on_close(timeframe, context)


CALM = """
from futtui.strategies.base import MemorylessStrategy

class Calm(MemorylessStrategy):
    name = "calm_one"
    title = "Calm One"
    enabled = True
    required_bars = 1

    def evaluate(self, context):
        return self.refuse("nothing to do")
"""


@pytest.fixture
def kept_contexts(monkeypatch):
    """Contexts that nobody asked anything, with what the analysis said at their closes; with or without a plug-in."""

    def run(plugins, explain):
        quarters = walk(5, 96 * 45)
        past, moments = split({**all_frames(quarters), M15: quarters[96 * 34 :]}, quarters[96 * 44].open_time_ms)
        monkeypatch.setattr("futtui.analysis.analyzer.StrategyManager", Keeping)
        monkeypatch.setattr(Keeping, "kept", [], raising=False)
        analyzer = SymbolAnalyzer("TESTUSDT", AnalysisSettings(plugins=plugins))
        analyzer.load(past)
        Keeping.kept.clear()
        readings = {time_ms: analyzer.on_closes(each, explain=explain).reading for time_ms, each in moments.items()}
        return [(context, readings[context.time_ms]) for context in Keeping.kept], analyzer

    return run


def test_context_that_a_plugin_may_keep_tells_what_was_true_at_its_own_close(kept_contexts):
    seen, _ = kept_contexts((PluginSource("calm.py", CALM),), False)
    assert len({reading.zones for _, reading in seen}) > 3
    for context, reading in seen:
        assert (context.zones, context.profiles, context.profile) == (reading.zones, reading.profiles, reading.profile)
        assert (context.divergence, context.daily_vwap) == (reading.divergence, reading.daily_vwap)
        assert {**context.frames} == {
            frame: each for frame, each in reading.frames.items() if each.close_time_ms <= context.time_ms
        }
        assert context.frame(M15) is context.frames[M15]
        assert context.candles(M15, 1)[-1].close == reading.price
        assert context.oriented(M15, 1, -1)[-1].close == -reading.price
    assert len({context.vwaps.daily for context, _ in seen}) > 50


def test_context_never_tells_something_of_a_later_close(kept_contexts):
    seen, analyzer = kept_contexts((), False)
    context, reading = seen[10]
    assert isinstance(context, LiveContext)
    assert context.frame(M15) == reading.frames[M15]  # a strategy asked for it
    with pytest.raises(RuntimeError, match="Ask while the close is decided on"):
        _ = context.divergence  # no shipped strategy asks for it
    assert [bar.close for bar in context.candles(M15, 3)][-1] == reading.price
    with pytest.raises(AttributeError):
        _ = context.colour
    assert analyzer.reading.time_ms > context.time_ms


def test_context_of_an_analyzer_can_be_changed_like_any_other():
    taken = []

    class Changing(StrategyManager):
        def on_close(self, timeframe, context):
            taken.append((context, replace(context, tick_size=0.5)))
            return ()

    quarters = walk(5, 96 * 30)
    past, _ = split(all_frames(quarters), quarters[-1].open_time_ms)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("futtui.analysis.analyzer.StrategyManager", Changing)
        SymbolAnalyzer("TESTUSDT").load(past)
    live, changed = taken[-1]
    assert type(changed) is StrategyContext
    assert (changed.tick_size, changed.zones, changed.frames) == (0.5, live.zones, live.frames)


def test_analyzer_that_was_put_away_goes_on_as_if_it_had_not(monkeypatch):
    quarters = walk(5, 96 * 45)
    past, moments = split({**all_frames(quarters), M15: quarters[96 * 34 :]}, quarters[96 * 44].open_time_ms)
    first = SymbolAnalyzer("TESTUSDT")
    first.load(past)
    for place, closes in enumerate(moments.values()):
        if place == 20:
            second = pickle.loads(pickle.dumps(first))
        if place >= 20:
            assert second.on_closes(closes, explain=False) == first.on_closes(closes, explain=False)
        else:
            first.on_closes(closes, explain=False)
    assert _memory(second) == _memory(first)


CHANGED = """
from futtui.strategies.liquidity_sweep import LiquiditySweep

class Every(LiquiditySweep):
    name = "every_close"
    title = "Every Close"

    def evaluate(self, context):
        self.asked = getattr(self, "asked", 0) + 1
        return self.refuse("asked")
"""


def test_plugin_that_changes_a_shipped_strategy_is_asked_at_every_close():
    strategy = make_plugin("TESTUSDT", PluginSource("every.py", CHANGED))
    manager = StrategyManager([strategy])
    manager.explains = False
    quarters = walk(5, 96 * 3)
    context = StrategyContext("TESTUSDT", M15.end_ms(quarters[-1].open_time_ms), {}, lambda frame, count: quarters)
    for _ in range(3):
        assert manager.on_close(M15, context) == ()
    assert strategy.asked == 3
    assert sys.modules[type(strategy).__module__].LiquiditySweep.may_propose is not type(strategy).may_propose


def _made_up(dice, count):
    """A market on a coarse grid, so that closes, lows and edges often are the same price."""
    bars, close = [], 100.0
    for place in range(count):
        opened, close = close, close + dice.randrange(-4, 5) / 4
        low, high = min(opened, close) - dice.randrange(5) / 4, max(opened, close) + dice.randrange(5) / 4
        bars.append(Candle(START_MS + place * M15.ms, opened, high, low, close, 100.0))
    return bars


def test_place_that_no_first_look_reaches_has_no_setup_in_any_made_up_market():
    dice, complete, passed_by = random.Random(12), Counter(), 0
    engine, sweeps, flips = SignalEngineM15("TESTUSDT"), SrSweepReturn("TESTUSDT"), SrFlipRetest("TESTUSDT")
    loose = SetupSettings(wick_ratio=0.5, reaction_bars=6, reaction_atr=0.5, sweep_max_atr=2.0)
    for _ in range(1200):
        bars, surroundings = _made_up(dice, 70), SrSurroundings(atr=dice.choice((0.5, 1.0, 2.0)))
        context, last = surroundings.context(bars), bars[-1]
        place = last.close + dice.randrange(-12, 13) / 4
        kind, side = dice.choice(((ZoneKind.SUPPORT, 1), (ZoneKind.RESISTANCE, -1)))
        zone = replace(
            plain_zone(kind, place, place + dice.randrange(1, 5) / 4), flipped=dice.random() < 0.5,
            flipped_ms=bars[dice.randrange(20, 69)].open_time_ms + M15.ms, created_ms=START_MS,
        )  # fmt: skip
        for settings in (engine._settings.setups, loose):
            oriented = context.oriented(M15, len(bars), side)
            setup = find_setup(zone, side, bars, oriented, surroundings.atr, settings)
            newest = bars[-settings.reaction_bars - 1 :]
            dips = context.dips(M15, settings.return_bars, side)
            reach = reach_of(newest, dips, side, surroundings.atr, settings)
            is_reached = reach is not None and reach.holds(zone, side)
            assert is_reached or setup is None
            complete["dual"] += setup is not None
            passed_by += not is_reached
        for strategy in (sweeps, flips):
            reaches = strategy.reaches(M15, surroundings.atr, context)
            view = strategy._view(M15, context)
            for sign in (1, -1):
                low, high = (zone.low, zone.high) if sign > 0 else (-zone.high, -zone.low)
                edge = high if strategy.edge_is_far else low
                if isinstance(strategy.find(zone, sign, view), SrSetup):
                    assert any(way == sign and bottom <= edge <= top for way, bottom, top in reaches)
                    complete[strategy.name] += 1
    assert passed_by > 1000
    assert min(complete[name] for name in ("dual", sweeps.name, flips.name)) > 10, complete
