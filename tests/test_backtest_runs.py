"""Backtests for the screen: the form, a process of its own that is followed and ended, and what is kept."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from futtui.backtest import folds as folds_module
from futtui.backtest.folds import Fold
from futtui.backtest.gate import OpenGate
from futtui.cli import backtest_child
from futtui.cli.backtest_form import run_settings, wanted_of
from futtui.cli.backtest_runs import BacktestRuns
from futtui.cli.stopwatch import Stopwatch
from futtui.config.settings import Settings
from futtui.domain.backtests import RunState
from futtui.domain.errors import FuttuiError
from futtui.domain.settings_sheet import SettingKind
from tests.backtest.made_history import write_candles
from tests.tui.fake_backtests import run_result

START_MS = 1_709_251_200_000
"""2024-03-01."""

CHILD = """
import json, os, sys
from pathlib import Path
how, template, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
def tell(**facts): print(json.dumps(facts), flush=True)
tell(text="loading", read=[3, 4]); tell(text="running", notes=["DOGEUSDT has a hole"]); tell(share=0.5)
if how == "fail": tell(error="DOGEUSDT has no candles."); sys.exit(1)
if how == "wait":
    while os.read(0, 1): pass
    sys.exit(130)
if how == "die": os._exit(9)
for file in template.iterdir():
    (folder / file.name).write_text(file.read_text().replace("TEMPLATE", folder.name))
"""
"""Does as told without loading anything: a run works for the rest."""


STEPPING = """
import sys, time
from pathlib import Path
from futtui.cli import backtest_child as child
def work(folder, asked, gate, watch):
    step = 0
    while True:
        gate.wait()
        step += 1
        child.tell(text="running", share=step / 1e9)
        time.sleep(0.001)
child.work = work
raise SystemExit(child.main(Path(sys.argv[1])))
"""
"""The child as it is, with work that never ends in place of a run."""


def template_of(place: Path) -> Path:
    """The files that a run leaves."""
    place.mkdir(parents=True, exist_ok=True)
    kept = run_result("TEMPLATE", 3)
    (place / "result.json").write_bytes(msgspec.json.encode(kept))
    (place / "head.json").write_bytes(msgspec.json.encode(kept.head))
    (place / "trades.csv").write_text("kind")
    (place / "report.html").write_text("<html>")
    return place


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """Two symbols with a day of candles each."""
    for name in ("AVAXUSDT", "DOGEUSDT"):
        write_candles(tmp_path / "candles" / "15m" / f"{name}.csv", START_MS, 1)
    return tmp_path / "candles"


def runs_of(home: Path, how: str = "work") -> BacktestRuns:
    """Runs whose child does as told instead of working."""
    template = template_of(home / "template")
    return BacktestRuns(home, None, Settings(), command=(sys.executable, "-c", CHILD, how, str(template)))


def values(history: Path, **more: str) -> dict[str, str]:
    return {"run.history": str(history), "run.from": "2024-03-01", "run.to": "2024-03-02", **more}


def asked_of_the_child(tmp_path: Path, **more: str) -> tuple[BacktestRuns, Path, dict[str, Any]]:
    """Runs, and the folder and wishes of one on made-up candles that the child itself is to work out."""
    history, home = tmp_path / "candles", tmp_path / "home"
    write_candles(history / "15m" / "MADEUSDT.csv", START_MS - 36 * 86_400_000, 40, seed=4)
    runs = runs_of(home)
    asked = {item.path: item.value for item in runs.form().settings}
    asked |= values(history, **{"run.systems": "volume_profile", "run.workers": "0"}, **more)
    folder = home / "backtests" / "20260101-000000"
    folder.mkdir(parents=True)
    return runs, folder, {"values": asked, "chosen": {}, "home": str(home), "made_ms": 1}


def wait_for(condition: Callable[[], bool], limit_s: float = 60.0) -> None:
    until = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.02)


def ended(runs: BacktestRuns) -> RunState:
    wait_for(lambda: runs.progress().state is not RunState.RUNNING)
    return runs.progress().state


def test_form_holds_the_options_of_the_command_then_account_and_strategies(tmp_path: Path) -> None:
    sheet = BacktestRuns(tmp_path, None, Settings()).form()
    named = {item.path: item for item in sheet.settings}
    assert [item.path for item in sheet.inside("run")][:5] == [
        "run.history", "run.symbols", "run.systems", "run.from", "run.to",
    ]  # fmt: skip
    assert (named["run.workers"].kind, named["run.workers"].bounds.high) == (SettingKind.WHOLE_NUMBER, "64")
    assert named["run.costs"].default == "1"
    assert named["account.start_equity"].value == "10000.0"
    assert "strategies.liquidity_flush.distance_pct" in named
    assert "telegram.enabled" not in named
    walking = {item.name: item.default for item in sheet.inside("walk")}
    assert walking == {
        "forward": "false", "learn_months": "6", "step_months": "1", "gap_days": "7", "rolling": "false",
        "choose": "false",
    }  # fmt: skip
    assert len(run_settings()) == len(sheet.inside("run"))


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("run.history", "", "Say where the candles are"),
        ("run.history", "/no/such/place", "There is no folder"),
        ("run.systems", "liquidity_flsh", "Did you mean liquidity_flush?"),
        ("run.from", "yesterday", "The first day is yesterday: write it as in 2024-03-01"),
        ("run.workers", "2.5", "write a whole number from 0 to 64"),
        ("run.costs", "much", "write a number from 0 to 10"),
        ("walk.learn_months", "0", "write a whole number from 1 to 120"),
        ("account.start_equity", "-4", "must be greater than 0"),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(tmp_path: Path, path: str, text: str, said: str) -> None:
    with pytest.raises(FuttuiError, match=said.replace("?", r"\?")):
        BacktestRuns(tmp_path, None, Settings()).take(path, text)


def test_what_can_be_is_taken_in_one_way_of_writing(tmp_path: Path, history: Path) -> None:
    runs = BacktestRuns(tmp_path, None, Settings())
    assert runs.take("run.symbols", "doge usdt, avaxusdt,avaxusdt".replace(" usdt", "usdt")) == "DOGEUSDT,AVAXUSDT"
    assert runs.take("run.costs", "1.50") == "1.5"
    assert runs.take("run.systems", "Volume_Profile") == "volume_profile"
    assert runs.take("run.history", str(history)) == str(history)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("qwerty", "QWERTY has no candles in .*There are: AVAXUSDT, DOGEUSDT"),
        ("doge, nope, btcusdt", "NOPE and BTCUSDT have no candles in .*There are: AVAXUSDT, DOGEUSDT"),
        ("dogusdt", r"Did you mean DOGEUSDT\?"),
        ("?!; drop", r"\?!; DROP has no candles"),
        ("x" * 300, r"X{24}\.\.\. has no candles"),
    ],
)
def test_symbols_without_candles_are_all_named_with_what_is_there(
    tmp_path: Path, history: Path, text: str, said: str
) -> None:
    runs = BacktestRuns(tmp_path, None, Settings())
    with pytest.raises(FuttuiError, match=said):
        runs.take("run.symbols", text, {"run.history": str(history)})


def test_symbols_are_completed_from_the_folder_and_checked_without_one_by_their_form(
    tmp_path: Path, history: Path
) -> None:
    runs = BacktestRuns(tmp_path, None, Settings())
    assert runs.take(
        "run.symbols", "doge, DOGEUSDT avax".replace(" avax", ", avax"), {"run.history": str(history)}
    ) == ("DOGEUSDT,AVAXUSDT")
    assert runs.take("run.symbols", "", {"run.history": str(history)}) == '""'
    with pytest.raises(FuttuiError, match=r"is no symbol\. Write names with commas"):
        runs.take("run.symbols", "what is this", {"run.history": '""'})


def test_typed_values_are_kept_without_a_run_and_for_the_next_start(tmp_path: Path, history: Path) -> None:
    def value(runs: BacktestRuns, path: str) -> str:
        return next(item.value for item in runs.form().settings if item.path == path)

    runs = runs_of(tmp_path / "home")
    runs.keep({"run.history": str(history), "run.from": "2024-03-01"})
    runs.keep({"run.from": "2024-03-02"})
    for again in (runs, runs_of(tmp_path / "home")):
        assert (value(again, "run.history"), value(again, "run.from")) == (str(history), "2024-03-02")
    (tmp_path / "file").write_text("", encoding="utf-8")
    nowhere = BacktestRuns(tmp_path / "file", None, Settings())
    nowhere.keep({"run.from": "2024-03-03"})
    assert value(nowhere, "run.from") == "2024-03-03"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"run.to": "2024-03-01"}, "The last day is not after the first one"),
        ({"run.to": ""}, "The last day is missing"),
        ({"walk.forward": "true"}, "The period is too short to walk forward"),
        ({"run.symbols": "BTCUSDT"}, "BTCUSDT has no candles in .*There are: AVAXUSDT, DOGEUSDT"),
    ],
)
def test_a_run_that_makes_no_sense_does_not_start(tmp_path: Path, history: Path, more: dict, said: str) -> None:
    runs = runs_of(tmp_path / "home")
    with pytest.raises(FuttuiError, match=said):
        runs.start(values(history, **more))
    assert runs.progress() is None


def test_values_of_the_form_reach_the_run(history: Path, tmp_path: Path) -> None:
    wanted = wanted_of(values(history, **{"run.systems": "volume_profile", "run.costs": "2", "run.optimistic": "true"}))
    request = wanted.request(None, tmp_path)
    assert request.symbols == ("AVAXUSDT", "DOGEUSDT")
    assert request.start_ms == START_MS
    assert request.optimistic
    assert float(request.costs.taker_fee) == pytest.approx(0.001)
    strategies = request.analysis.strategies
    assert strategies.volume_profile.enabled
    assert not strategies.break_retest.enabled
    assert request.for_information == frozenset()


def test_a_finished_run_is_kept_listed_and_exported(tmp_path: Path, history: Path, monkeypatch) -> None:
    runs = runs_of(tmp_path / "home")
    monkeypatch.chdir(tmp_path)
    strategy = {"strategies.liquidity_flush.distance_pct": "7.5", "account.start_equity": "5000"}
    run_id = runs.start(values(history, **strategy))
    assert ended(runs) is RunState.DONE
    assert runs.progress().notes == ("DOGEUSDT has a hole",)
    assert [head.run_id for head in runs.runs()] == [run_id]
    assert len(runs.result(run_id).trades) == 40
    config = (tmp_path / "home" / "backtests" / run_id / "config.yaml").read_text()
    assert "distance_pct: 7.5" in config
    assert "start_equity: 5000" in config
    assert f"backtest-{run_id}.csv" in runs.export(run_id)
    assert (tmp_path / f"backtest-{run_id}.html").read_text() == "<html>"
    again = BacktestRuns(tmp_path / "home", None, Settings())
    assert again.form().setting("run.from").value == "2024-03-01"
    assert again.form().setting("strategies.liquidity_flush.distance_pct").value == "7.5"
    assert again.runs() == runs.runs()
    with pytest.raises(FuttuiError, match="cannot be read any more"):
        runs.result("20200101-000000")


@pytest.mark.parametrize(("how", "said"), [("fail", "DOGEUSDT has no candles."), ("die", "ended unexpectedly")])
def test_a_failed_run_tells_why_and_leaves_nothing(tmp_path: Path, history: Path, how: str, said: str) -> None:
    runs = runs_of(tmp_path, how)
    runs.start(values(history))
    assert ended(runs) is RunState.FAILED
    assert said in runs.progress().text
    assert how == "fail" or str(tmp_path / "backtests" / "newest-run.log") in runs.progress().text
    assert runs.runs() == ()
    assert not [path for path in (tmp_path / "backtests").iterdir() if path.is_dir()]


def test_one_run_at_a_time_and_cancel_ends_it(tmp_path: Path, history: Path) -> None:
    runs = runs_of(tmp_path, "wait")
    runs.start(values(history))
    wait_for(lambda: runs.progress().share == 0.5)
    assert runs.progress().days_per_s > 0
    assert (runs.progress().symbols_done, runs.progress().symbols) == (3, 4)
    with pytest.raises(FuttuiError, match="running already"):
        runs.start(values(history))
    runs.cancel()
    assert ended(runs) is RunState.CANCELLED
    runs.start(values(history))
    runs.close()
    assert ended(runs) is RunState.CANCELLED


def stands_still(read: Callable[[], object]) -> bool:
    """Whether nothing changes for a while."""
    first = read()
    for _ in range(8):
        time.sleep(0.05)
        if read() != first:
            return False
    return True


def test_a_paused_run_stands_still_goes_on_and_can_be_ended_either_way(tmp_path: Path, history: Path) -> None:
    runs = BacktestRuns(tmp_path, None, Settings(), command=(sys.executable, "-c", STEPPING))
    runs.pause(True)  # nothing to pause yet
    runs.start(values(history))
    wait_for(lambda: runs.progress().share > 0)
    runs.pause(True)
    assert runs.progress().state is RunState.PAUSED
    wait_for(lambda: stands_still(lambda: runs.progress().share))
    before = runs.progress()
    assert stands_still(lambda: runs._watch.seconds)
    with pytest.raises(FuttuiError, match="running already"):
        runs.start(values(history))
    runs.pause(False)
    assert runs.progress().state is RunState.RUNNING
    wait_for(lambda: runs.progress().share > before.share)
    runs.pause(True)
    runs.cancel()
    wait_for(lambda: not runs.progress().is_under_way)
    assert runs.progress().state is RunState.CANCELLED
    assert not [path for path in (tmp_path / "backtests").iterdir() if path.is_dir()]
    runs.start(values(history))
    wait_for(lambda: runs.progress().share > 0)
    runs.pause(True)
    runs.close()
    wait_for(lambda: not runs.progress().is_under_way)
    assert runs.progress().state is RunState.CANCELLED


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_paused_run_and_its_workers_use_no_processor(tmp_path: Path, workers: str) -> None:
    import psutil

    def come(condition: Callable[[], bool]) -> None:
        wait_for(condition, 600.0)

    history = tmp_path / "candles"
    for seed, name in enumerate(("MADEUSDT", "OTHERUSDT")):
        write_candles(history / "15m" / f"{name}.csv", START_MS - 36 * 86_400_000, 52, seed=seed)
    runs = BacktestRuns(tmp_path / "home", None, Settings())
    run_id = runs.start(values(history, **{"run.workers": workers, "run.to": "2024-03-15"}))
    come(lambda: runs.progress().text == "running" and runs.progress().share > 0.1)
    runs.pause(True)
    assert runs._child is not None
    family = [psutil.Process(runs._child.pid)]
    family += family[0].children(recursive=True)
    come(lambda: stands_still(lambda: [sum(one.cpu_times()[:2]) for one in family]))
    share = runs.progress().share
    assert 0.1 < share < 1.0
    runs.pause(False)
    come(lambda: not runs.progress().is_under_way)
    assert runs.progress().state is RunState.DONE
    assert runs.result(run_id).head.symbols == ("MADEUSDT", "OTHERUSDT")
    runs.start(values(history, **{"run.workers": workers, "run.from": "2024-03-02", "run.to": "2024-03-15"}))
    come(lambda: runs.progress().text == "running" and runs.progress().share > 0.1)
    runs.pause(True)
    more = [psutil.Process(runs._child.pid), *psutil.Process(runs._child.pid).children(recursive=True)]
    runs._child.kill()  # with no time to end its workers, which wait at the gate
    family += more
    come(lambda: not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in more))
    assert not [one for one in family if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


def test_the_child_walks_forward_as_the_command_does_and_keeps_only_what_was_never_learned_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    half_ms = 43_200_000
    fold = Fold(START_MS, START_MS + half_ms, START_MS + half_ms, START_MS + 4 * half_ms)
    monkeypatch.setattr(folds_module, "folds", lambda *_, **__: [fold])
    runs, folder, wanted = asked_of_the_child(tmp_path, **{"run.to": "2024-03-03", "walk.forward": "true"})
    backtest_child.work(folder, wanted, OpenGate(), Stopwatch())
    told = [json.loads(line) for line in capfd.readouterr().out.splitlines() if line.startswith("{")]
    assert [*dict.fromkeys(line["text"] for line in told if "text" in line)] == ["loading", "running", "writing"]
    assert max(line.get("share", 0) for line in told) == 1.0
    result = runs.result("20260101-000000")
    figures = json.loads((folder / "figures.json").read_text())
    assert result.walk is not None
    assert [(one.learned.trades, one.seen.trades) for one in result.walk.folds] == [
        (one["learned_trades"], one["seen_trades"]) for one in figures["folds"]
    ]
    assert result.walk.folds[0].seen.trades == len(result.trades) == result.head.trades > 0
    assert all(fold.see_from_ms <= one.trade.opened_ms < fold.see_to_ms and one.targets for one in result.trades)
    assert result.head.folds == 1
    monkeypatch.chdir(tmp_path)
    assert "backtest-20260101-000000.csv and backtest-20260101-000000.json" in runs.export("20260101-000000")


def test_old_runs_go_when_there_are_too_many(tmp_path: Path, history: Path, monkeypatch) -> None:
    monkeypatch.setattr("futtui.cli.backtest_runs.MOST_RUNS", 3)
    for day in range(1, 6):
        (tmp_path / "backtests" / f"2024010{day}-000000").mkdir(parents=True)
        (tmp_path / "backtests" / f"2024010{day}-000000" / "head.json").write_text("{}")
    runs = runs_of(tmp_path)
    newest = runs.start(values(history))
    assert ended(runs) is RunState.DONE
    left = sorted(path.name for path in (tmp_path / "backtests").iterdir() if path.is_dir())
    assert left == ["20240104-000000", "20240105-000000", newest]


def test_the_child_works_a_whole_run_and_writes_what_the_screen_reads(tmp_path: Path, capfd) -> None:
    runs, folder, wanted = asked_of_the_child(tmp_path, **{"run.to": "2024-03-04"})
    (folder / "wanted.json").write_text(json.dumps(wanted))
    assert backtest_child.work(folder, wanted, OpenGate(), Stopwatch()) is None
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines() if line.startswith("{")]
    steps = [(line["text"], line["read"]) for line in lines if "read" in line]
    assert steps == [("loading", [0, 1]), ("loading", [1, 1]), ("warming", [0, 1])]
    assert lines[-1] == {"text": "writing"}
    assert max(line.get("share", 0) for line in lines) == 1.0
    result = runs.result("20260101-000000")
    assert result.head.systems == "volume_profile"
    assert result.head.symbols == ("MADEUSDT",)
    assert result.traded.total.figures.trades == len(result.trades) == result.head.trades > 0
    for one in result.trades:
        found = runs.candles("20260101-000000", "MADEUSDT", one.trade.position_id)
        assert found.candles[0].open_time_ms < one.trade.opened_ms < found.candles[-1].open_time_ms + 900_000
    assert (folder / "report.html").is_file()
    assert (folder / "trades.csv").read_text().startswith("kind,")
