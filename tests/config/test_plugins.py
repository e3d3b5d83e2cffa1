"""Strategies of the user's own: the example of the README runs as written; each fault harms its own file only."""

from __future__ import annotations

import re
from dataclasses import fields
from itertools import pairwise
from pathlib import Path

import pytest
from typer.testing import CliRunner

from futtui.analysis.pool import AnalyzerPool
from futtui.analysis.settings import AnalysisSettings
from futtui.cli.app import app
from futtui.cli.signals_text import shown_name
from futtui.cli.traded import for_information
from futtui.config.plugins import FoundPlugins, PluginSettings, find_plugins
from futtui.config.settings import load, own_strategies
from futtui.domain.effects import Severity
from futtui.domain.errors import InvalidInputError
from futtui.domain.reading import AnalysisResult
from futtui.domain.regime import Bias, Regime
from futtui.domain.side import Side
from futtui.domain.signal import RawSignal, System
from futtui.domain.timeframe import Timeframe
from futtui.live.strategy_watch import StrategyWatch
from futtui.strategies.catalogue import shipped_names, title_of
from futtui.strategies.manager import StrategyManager
from futtui.strategies.plugin import PluginError, PluginSource, build_plugins, make_plugin
from futtui.strategies.settings import StrategySettings
from futtui.tui.paint.names import setup_name, system_name
from tests.analysis.markets import all_frames, split, walk
from tests.strategies.crafted import Surroundings, Tape, signals

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
SECTION = README[README.index("## A strategy of your own") :]
CONFIGURATION, EXAMPLE = (
    re.search(rf"```{kind}\n(.*?)```", SECTION, re.DOTALL).group(1) for kind in ("yaml", "python")
)
RISING, FALLING = Regime.TREND_UP, Regime.TREND_DOWN


def installed(folder: Path, **files: str) -> FoundPlugins:
    """What is found of files (by their name without ending) in the folder that the README's configuration names."""
    (folder / "my_strategies").mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / "my_strategies" / f"{name}.py").write_text(text, encoding="utf-8")
    config = folder / "config.yaml"
    config.write_text(CONFIGURATION, encoding="utf-8")
    return own_strategies(load(config, {}).settings, config)


def quick(name: str, body: str = "return self.refuse('nothing to do')", more: str = "") -> str:
    """The text of a small strategy."""
    return (
        "from futtui.strategies.base import MemorylessStrategy\n\n\nclass Mine(MemorylessStrategy):\n"
        f"    name, title, enabled, required_bars = {name!r}, 'Mine', True, 1\n{more}\n"
        f"    def evaluate(self, context):\n        {body}\n"
    )


def closes(*prices: float) -> Tape:
    tape = Tape()
    for before, after in pairwise(prices):
        tape.bar(before, max(before, after), min(before, after), after)
    return tape


def test_readme_example_is_short_and_fires_on_both_sides(tmp_path: Path) -> None:
    found = installed(tmp_path, three=EXAMPLE)
    assert (found.problems, found.titles) == ((), ("Three Closes (three.py)",))
    assert len([line for line in EXAMPLE.splitlines() if line.strip()]) <= 50
    rising = closes(100, 99.5, 100, 100.5, 101, 101.5)
    fired = {}
    for side, tape, regime in ((Side.LONG, rising, RISING), (Side.SHORT, rising.mirrored(), FALLING)):
        strategy = make_plugin("TESTUSDT", found.ready[0])
        manager = StrategyManager([strategy])
        answers = manager.on_close(strategy.timeframe, Surroundings(regime=regime).context(tape.bars))
        assert [each.side for each in answers] == [side], manager.verdicts
        fired[side] = answers[0]
    long, short = fired[Side.LONG], fired[Side.SHORT]
    assert (long.system, long.levels.entry, long.levels.stop, long.levels.targets[0]) == (System.PLUGIN, 101.5, 99, 104)
    assert [200 - price for price in (short.levels.entry, short.levels.stop, *short.levels.targets)] == [
        long.levels.entry, long.levels.stop, *long.levels.targets,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("prices", "regime"), [((100, 101, 102, 101, 102, 103), RISING), ((100, 101, 102, 103, 104, 105), Regime.RANGE)]
)
def test_readme_example_is_silent_without_its_rule(tmp_path: Path, prices: tuple[float, ...], regime: Regime) -> None:
    strategy = make_plugin("TESTUSDT", installed(tmp_path, three=EXAMPLE).ready[0])
    answer = strategy.evaluate(Surroundings(regime=regime, bias=Bias.NEUTRAL).context(closes(*prices).bars))
    assert not signals([answer])


def test_readme_settings_reach_the_strategy_and_its_bounds_are_kept(tmp_path: Path) -> None:
    found = installed(tmp_path, three=EXAMPLE)
    assert found.ready[0].settings == (("closes", 4),)
    four = closes(98, 99, 100, 101, 102, 103)  # the configuration of the README asks for four
    assert signals([make_plugin("TESTUSDT", found.ready[0]).evaluate(Surroundings().context(four.bars))])
    three = closes(101, 100, 99, 100, 101, 102)
    assert not signals([make_plugin("TESTUSDT", found.ready[0]).evaluate(Surroundings().context(three.bars))])
    for given, words in (
        ({"closes": 1}, "`closes` is 1: it must be greater than or equal to 2"),
        ({"closed": 4}, "`closed` is not a setting. Did you mean `closes`?"),
    ):
        wrong = find_plugins(PluginSettings("my_strategies", {"three_closes": given}), tmp_path)
        assert wrong.ready == ()
        assert words in wrong.problems[0]


FAULTS = {
    "import_missing": ("import no_such_thing\n", "line 1: ModuleNotFoundError: No module named 'no_such_thing'"),
    "syntax": ("class Mine(:\n", "line 1: invalid syntax"),
    "nothing": ("x = 1\n", "there is no strategy in it: write a class that extends MemorylessStrategy"),
    "raises": ("def one():\n    return 1 / 0\n\n\none()\n", "line 2: ZeroDivisionError: division by zero"),
    "leaves": ("raise SystemExit(3)\n", "line 1: SystemExit: 3"),
    "wrong_name": (quick("Not good"), "`name` is 'Not good'; use 2 to 40 small letters"),
    "shipped_name": (quick("order_flow"), "`name` is 'order_flow', the name of a shipped strategy"),
    "taken_name": (quick("calm"), "`name` is 'calm', the name of calm.py"),
    "no_title": (quick("untitled", more="    title = ''"), "`title` is ''"),
    "half": (
        "from futtui.strategies.base import BaseStrategy\n\nclass Half(BaseStrategy):\n    name = title = 'half'\n",
        "Half lacks `enabled`, `evaluate`, `memory_bars`, `required_bars`, `reset`, `restore`, `state`",
    ),
    "two": (quick("one") + quick("other").replace("Mine", "Other"), "there are 2 strategies in it (Mine, Other)"),
    "bars": (quick("many_bars", more="    required_bars = 'many'"), "`required_bars` is 'many'"),
    "cannot_be_made": (
        quick("unmade", more="    def __init__(self, symbol):\n        raise KeyError(symbol)"),
        "Mine cannot be made (KeyError: 'BTCUSDT')",
    ),
    "odd_settings": (quick("odd", more="    settings_type = int"), "`settings_type` must be a frozen dataclass"),
}  # fmt: skip


def test_every_fault_of_a_file_is_told_in_a_sentence_and_the_good_ones_are_loaded(tmp_path: Path) -> None:
    files = {"calm": quick("calm"), "zz_good": EXAMPLE, **{name: text for name, (text, _) in FAULTS.items()}}
    found = installed(tmp_path, _left_out="1 / 0", **files)
    assert found.titles == ("Mine (calm.py)", "Three Closes (zz_good.py)")
    assert len(found.problems) == len(FAULTS)
    for name, (_, words) in FAULTS.items():
        told = [problem for problem in found.problems if problem.startswith(f"Your strategy {name}.py is not used: ")]
        assert len(told) == 1, name
        assert words in told[0]
        assert told[0].endswith(".")


def test_file_that_never_finishes_loading_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("futtui.analysis.deadline.StrategyDeadline.__init__.__defaults__", (0.2,))
    found = installed(tmp_path, endless="while True:\n    pass\n", good=EXAMPLE)
    assert found.titles == ("Three Closes (good.py)",)
    assert "endless.py is not used: it did not finish loading" in found.problems[0]


def test_missing_folder_and_settings_of_nobody_are_told(tmp_path: Path) -> None:
    assert find_plugins(PluginSettings(), tmp_path) == FoundPlugins()
    assert "there is no such folder" in find_plugins(PluginSettings("nowhere"), tmp_path).problems[0]
    alone = find_plugins(PluginSettings("", {"three_closes": {}}), tmp_path)
    assert alone.problems == ("plugins.settings.three_closes is not used: plugins.folder is not set.",)
    installed(tmp_path, good=EXAMPLE)
    named = find_plugins(PluginSettings("my_strategies", {"three_close": {}}), tmp_path)
    assert "plugins.settings.three_close is not used: no strategy of that name" in named.problems[0]
    assert len(named.ready) == 1


def test_config_check_names_them_and_fails_for_a_bad_one(tmp_path: Path) -> None:
    installed(tmp_path, good=EXAMPLE, bad="import nowhere_to_be_found\n")
    told = CliRunner().invoke(app, ["config", "check", "--config", str(tmp_path / "config.yaml")])
    assert told.exit_code == 1
    assert "Your own strategy Three Closes (good.py) can be used." in told.output
    assert "Your strategy bad.py is not used" in told.output


def test_strategy_that_fails_only_where_it_runs_is_shown_and_the_others_go_on() -> None:
    bad, good = PluginSource("/x/bad.py", "import nowhere_to_be_found\n"), PluginSource("/x/calm.py", quick("calm"))
    with pytest.raises(PluginError):
        make_plugin("TESTUSDT", bad)
    strategies = build_plugins("TESTUSDT", (bad, good))
    manager = StrategyManager(strategies)
    manager.on_close(strategies[0].timeframe, Surroundings().context(closes(1, 2, 3).bars))
    told = {verdict.strategy: verdict for verdict in manager.verdicts}
    assert (told["bad.py"].set_aside, told["calm"].reason) == (True, "nothing to do")
    assert "No module named 'nowhere_to_be_found'" in told["bad.py"].reason


QUARTERS = walk(11, 96 * 46)
SHORT = {Timeframe.M15: 300, Timeframe.H1: 250, Timeframe.H4: 250, Timeframe.D1: 40}
PAST, MOMENTS = split(all_frames(QUARTERS), QUARTERS[-96].open_time_ms, SHORT)


async def answers(settings: AnalysisSettings, workers: int, *, timed: bool = False) -> list[AnalysisResult]:
    pool = AnalyzerPool(settings, workers, timed=timed)
    pool.start()
    try:
        await pool.load("AAAUSDT", PAST, 0.01)
        return [await pool.on_closes("AAAUSDT", closes) for closes in MOMENTS.values()]
    finally:
        await pool.stop()


def own_signals(results: list[AnalysisResult]) -> list[RawSignal]:
    return [signal for result in results for signal in result.signals if signal.system is System.PLUGIN]


async def test_example_and_faulty_ones_in_a_worker_process_as_in_this_one_and_the_shipped_ones_go_on(
    tmp_path: Path,
) -> None:
    raising = quick("raising", "raise ValueError('no luck')")
    found = installed(tmp_path, three=EXAMPLE, raising=raising)
    with_own = AnalysisSettings(plugins=found.ready)
    here, there, alone = (
        await answers(with_own, 0), await answers(with_own, 1), await answers(AnalysisSettings(), 0)
    )  # fmt: skip
    assert here == there
    assert own_signals(here)
    assert all(signal.strategy == "three_closes" for signal in own_signals(here))
    last = {verdict.strategy: verdict for verdict in here[-1].verdicts}
    assert last["raising"].set_aside
    assert "ValueError: no luck" in last["raising"].reason
    shipped = [[each for each in result.signals if each.system is not System.PLUGIN] for result in here]
    assert shipped == [list(result.signals) for result in alone]


async def test_endless_strategy_is_interrupted_in_a_worker_and_the_others_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("futtui.analysis.worker_link._BOOT", IMPATIENT)
    endless = quick(
        "endless",
        "while True:\n            try:\n                pass\n            except Exception:\n                pass",
    )
    found = installed(tmp_path, endless=endless, three=EXAMPLE)
    results = await answers(AnalysisSettings(plugins=found.ready), 1, timed=True)
    last = {verdict.strategy: verdict for verdict in results[-1].verdicts}
    assert last["endless"].set_aside
    assert "gave no answer within" in last["endless"].reason
    assert own_signals(results)


IMPATIENT = (
    "import sys; sys.path.insert(0, sys.argv[1]); import futtui.analysis.deadline as deadline;"
    "deadline.StrategyDeadline.__init__.__defaults__ = (0.3,);"
    "from futtui.analysis.worker import main; main()"
)


def test_own_strategies_are_shown_as_such() -> None:
    assert setup_name("three_closes") == "own: Three Closes"
    assert setup_name("order_flow") == "Order Flow"
    assert system_name("PLUGIN") == "Your own strategy"
    assert (shown_name("three_closes"), shown_name("order_flow")) == ("three_closes (your own)", "Order Flow")


def test_shipped_strategies_have_one_name_on_the_screen_and_in_every_report() -> None:
    assert {name: setup_name(name) for name in shipped_names()} == {name: title_of(name) for name in shipped_names()}


def test_watch_introduces_own_strategies_once_and_keeps_their_problems_in_view() -> None:
    told: list[tuple[str, str, Severity]] = []
    watch = StrategyWatch(lambda *line: told.append(line), ("Three Closes (three.py)",), ("Your strategy x.py ...",))
    watch.introduce()
    watch.introduce()
    assert told == [
        ("strategy", "Your own strategies run too: Three Closes (three.py).", Severity.NOTICE),
        ("strategy", "Your strategy x.py ... The other strategies go on.", Severity.WARNING),
    ]
    assert list(watch.troubles()) == ["Your strategy x.py ..."]


def test_own_strategy_can_be_the_only_one_traded_and_is_not_traded_when_others_are_named() -> None:
    own = (PluginSource("/x/calm.py", quick("calm")),)
    shipped = {each.name for each in fields(StrategySettings())}
    assert for_information(StrategySettings(), "calm", own) == shipped
    assert for_information(StrategySettings(), "order_flow", own) == shipped - {"order_flow"} | {"calm"}
    assert for_information(StrategySettings(), "all", own) == frozenset()
    with pytest.raises(InvalidInputError, match="Did you mean calm"):
        for_information(StrategySettings(), "clam", own)
