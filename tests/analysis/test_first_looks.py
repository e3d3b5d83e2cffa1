"""A close that nobody asks reasons of: the same signals and the same memory, for less work."""

from __future__ import annotations

import pickle
import sys
from collections import Counter
from dataclasses import replace

import pytest

from futtui.analysis.analyzer import SymbolAnalyzer
from futtui.analysis.context import LiveContext
from futtui.analysis.settings import AnalysisSettings
from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.strategies.base import StrategyContext
from futtui.strategies.manager import StrategyManager
from futtui.strategies.plugin import PluginSource, make_plugin
from futtui.strategies.settings import StrategySettings
from tests.analysis.markets import WARM_UP_BARS, all_frames, at, real_quarters, split, walk

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
