"""FS-41: a strategy that raises, answers with no number or is too slow is set aside; the others go on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from futtui.analysis import analyzer
from futtui.analysis.pool import AnalyzerPool
from futtui.analysis.settings import AnalysisSettings
from futtui.domain.effects import Severity
from futtui.domain.reading import AnalysisResult, StrategyVerdict
from futtui.live.strategy_watch import StrategyWatch
from tests.analysis import faulty
from tests.analysis.markets import all_frames, split, walk

SYMBOL = "AAAUSDT"
QUARTERS = walk(3, 96 * 8)
PAST, MOMENTS = split(all_frames(QUARTERS), QUARTERS[-6].open_time_ms)
LATER = list(MOMENTS.values())


async def answers(workers: int, *, timed: bool = False) -> list[AnalysisResult]:
    pool = AnalyzerPool(AnalysisSettings(), workers, timed=timed)
    pool.start()
    try:
        await pool.load(SYMBOL, PAST, 0.01)
        return [await pool.on_closes(SYMBOL, closes) for closes in LATER]
    finally:
        await pool.stop()


def verdicts(result: AnalysisResult) -> dict[str, StrategyVerdict]:
    return {verdict.strategy: verdict for verdict in result.verdicts}


@pytest.mark.parametrize("workers", [0, 1])
async def test_pool_faulty_strategies_are_set_aside_and_the_others_answer_as_ever(
    workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = await answers(0)
    monkeypatch.setattr(analyzer, "build_strategies", analyzer.build_strategies)
    faulty.install()
    monkeypatch.setattr("futtui.analysis.worker_link._BOOT", faulty.BOOT)
    monkeypatch.setattr(faulty, "SLOW_S", 0.26)
    beside = await answers(workers, timed=True)
    last = verdicts(beside[-1])
    for name, words in (("raises", "ZeroDivisionError: no volume"), ("not_a_number", "not a number"), ("slow", "ms")):
        assert (last[name].set_aside, last[name].available, last[name].proposed) == (True, False, False), name
        assert words in last[name].reason
    assert "3 times in a row longer than 250 ms" in last["slow"].reason
    others = [
        replace(each, verdicts=tuple(item for item in each.verdicts if item.strategy not in faulty.NAMES))
        for each in beside
    ]
    assert others == alone


async def test_pool_that_is_not_timed_lets_a_slow_strategy_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analyzer, "build_strategies", analyzer.build_strategies)
    monkeypatch.setattr(faulty, "SLOW_FROM_MS", QUARTERS[-6].open_time_ms)
    faulty.install()
    last = verdicts((await answers(0))[-1])
    assert last["slow"].available
    assert last["raises"].set_aside


def result(symbol: str, *aside: str) -> AnalysisResult:
    reading = type("Reading", (), {"symbol": symbol})()
    found = [StrategyVerdict(name, False, "set aside after 3 faults", False, True) for name in aside]
    return AnalysisResult(reading, (), (StrategyVerdict("calm", False, "nothing"), *found))  # type: ignore[arg-type]


def test_watch_one_line_for_many_symbols_told_once_and_a_trouble_while_it_lasts() -> None:
    told: list[tuple[str, str, Severity]] = []
    watch = StrategyWatch(lambda *line: told.append(line))
    watch.look(result(f"{letter}USDT", "mine") for letter in "ABCDE")
    watch.look(result(f"{letter}USDT", "mine") for letter in "ABCDE")
    assert len(told) == 1
    topic, text, severity = told[0]
    assert (topic, severity) == ("strategy", Severity.WARNING)
    assert text == (
        "Strategy mine on AUSDT, BUSDT, CUSDT and 2 more: set aside after 3 faults. The other strategies go on."
    )
    assert list(watch.troubles()) == [
        "Strategy mine does not run on AUSDT, BUSDT, CUSDT and 2 more: set aside after 3 faults."
    ]
    watch.look([*(result(f"{letter}USDT") for letter in "ABCD"), result("EUSDT", "mine", "other")])
    assert [text for _, text, _ in told[1:]] == [
        "Strategy other on EUSDT: set aside after 3 faults. The other strategies go on."
    ]


def test_watch_strategy_that_works_again_is_no_trouble_any_more() -> None:
    watch = StrategyWatch(lambda *line: None)
    watch.look([result("AUSDT", "mine")])
    assert list(watch.troubles())
    calm = AnalysisResult(result("AUSDT").reading, (), (StrategyVerdict("mine", False, "nothing to do"),))
    watch.look([calm])
    assert list(watch.troubles()) == []
