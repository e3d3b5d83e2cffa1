"""`futtui signals`: a signal is explained from the database alone, and unknown ids get a helpful answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from futtui.cli.app import app
from futtui.cli.places import Places
from futtui.domain.effects import RecordNoSignal, RecordSignal
from futtui.domain.errors import InvalidInputError
from futtui.domain.events import AnalysisDone, SetPaused
from futtui.domain.reading import AnalysisResult, StrategyVerdict
from futtui.domain.signal import RawSignal, Signal, SignalPart
from futtui.domain.timeframe import DAY_MS, HOUR_MS
from futtui.live.code_hash import PACKAGE, RUN_ROOMS, code_hash, hash_of, run_code_hash
from futtui.storage.store import Storage
from tests.desk.world import START_MS, World, raw_signal, reading


def signals(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["signals", *arguments, "--home", str(home)])


def traded(world: World, **changes: object) -> RawSignal:
    raw = raw_signal(time_ms=world.now_ms, **changes)  # type: ignore[arg-type]
    world.analyse(raw)
    return raw


def stored(home: Path, found: list[Signal], program: str = "0123456789abcdef") -> None:
    storage = Storage(Places.of(home).database, program)
    for signal in found:
        storage.submit(RecordSignal(signal, signal.updated_ms))
    storage.close_now()


def test_explain_prints_levels_parts_filters_life_and_origin_from_the_database(tmp_path: Path) -> None:
    world = World()
    levels = replace(raw_signal().levels, reasons=("0.15 ATR behind 99.15", "1.00 R", "2.00 R, at a zone", "3.00 R"))
    parts = (
        SignalPart("break", 3.5, "closed far beyond the level", 1.2),
        SignalPart("swing", 0.5, "a swing stands there", 1.0),
    )
    raw = traded(world, levels=levels, parts=parts, inputs_hash="aaaa1111.bbbb2222")
    stored(tmp_path, [world.signals[raw.signal_id]])
    told = signals(tmp_path, "explain", raw.signal_id[:8].upper())
    assert told.exit_code == 0, told.output
    for text in (
        f"Signal {raw.signal_id}: LONG ETHUSDT by ATR Momentum (15m)",
        "2024-03-01",
        "State: active - followed without an order",
        "0.15 ATR behind 99.15",
        "2.00 R, at a zone",
        "  +3.50  break: closed far beyond the level",
        "    n/a  order book",
        "passed   history complete",
        "passed   score, regime and BTC",
        "passed   price, size and limits at the entry",
        "active: followed without an order",
        "parameters  aaaa1111",
        "candles     bbbb2222",
        "program     0123456789abcdef",
    ):
        assert text in told.output
    assert "REFUSED" not in told.output


def test_explain_refused_signal_names_the_filter_that_refused_and_none_after_it(tmp_path: Path) -> None:
    world = World()
    world.send(SetPaused(world.now_ms, True))
    raw = traded(world)
    signal = world.signals[raw.signal_id]
    assert [check.passed for check in signal.checks] == [True] * (len(signal.checks) - 1) + [False]
    assert signal.checks[-1].reason == signal.status_reason == "new trades are paused"
    stored(tmp_path, [signal])
    told = signals(tmp_path, "explain", raw.signal_id).output
    assert "REFUSED  trading not paused: new trades are paused" in told
    assert "not blocked" not in told


def test_explain_refusal_at_the_entry_is_a_filter_too() -> None:
    world = World()
    world.send(SetPaused(world.now_ms, False))
    raw = traded(world, atr=0.01)
    found = world.signals[raw.signal_id]
    assert found.status.value == "REFUSED", found.status_reason
    assert not found.checks[-1].passed
    assert found.checks[-1].reason == found.status_reason
    assert all(check.passed for check in found.checks[:-1])


def test_explain_unknown_id_names_near_ones_and_list_shows_them(tmp_path: Path) -> None:
    world = World()
    raw = traded(world)
    stored(tmp_path, [world.signals[raw.signal_id]])
    wrong = raw.signal_id[:-1] + ("0" if raw.signal_id[-1] != "0" else "1")
    told = signals(tmp_path, "explain", wrong)
    assert isinstance(told.exception, InvalidInputError)
    assert str(told.exception) == f"There is no signal {wrong!r}. Did you mean {raw.signal_id}?"
    nothing = signals(tmp_path, "explain", "%")
    assert "futtui signals list" in str(nothing.exception)
    listed = signals(tmp_path, "list", "ethusdt").output
    assert listed.startswith(f"{raw.signal_id}  2024-03-01")
    assert "active: followed without an order" in listed
    assert "No signals on XRPUSDT yet." in signals(tmp_path, "list", "XRPUSDT").output


def test_explain_signal_of_an_older_futtui_says_what_was_not_recorded(tmp_path: Path) -> None:
    world = World()
    raw = traded(world)
    old = replace(world.signals[raw.signal_id], checks=())
    stored(tmp_path, [old], program="")
    told = signals(tmp_path, "explain", raw.signal_id).output
    assert "They were not recorded when this signal was made." in told
    assert "program     not recorded" in told
    assert "1.00 R" in told


def test_signals_without_a_database_say_what_to_do(tmp_path: Path) -> None:
    told = signals(tmp_path, "list")
    assert "Start futtui first" in str(told.exception)
    assert not Places.of(tmp_path).database.exists()


def test_program_of_a_signal_is_the_one_that_made_it_not_the_one_that_closed_it(tmp_path: Path) -> None:
    world = World()
    raw = traded(world)
    stored(tmp_path, [world.signals[raw.signal_id]], program="first")
    stored(tmp_path, [replace(world.signals[raw.signal_id], status_reason="later")], program="second")
    told = signals(tmp_path, "explain", raw.signal_id).output
    assert "program     first" in told
    assert "State: active - later" in told


@pytest.mark.parametrize(("room", "counts"), [("strategies", True), ("tui", False)])
def test_code_hash_changes_with_deciding_code_only(tmp_path: Path, room: str, counts: bool) -> None:
    for name in ("strategies", "tui"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "one.py").write_bytes(b"a = 1\n")
    before = hash_of(tmp_path)
    (tmp_path / room / "one.py").write_bytes(b"a = 2\n")
    assert (hash_of(tmp_path) != before) is counts
    (tmp_path / room / "one.py").write_bytes(b"a = 1\r\n")
    assert hash_of(tmp_path) == before
    assert code_hash() == hash_of(PACKAGE) != ""


@pytest.mark.parametrize(
    ("file", "counts"),
    [
        ("exchange/simulator/core/liquidity.py", True),
        ("measurement/statistics.py", True),
        ("backtest/run.py", True),
        ("strategies/one.py", True),
        ("tui/one.py", False),
    ],
)
def test_hash_of_a_runs_code_changes_with_fills_funding_and_figures_too(
    tmp_path: Path, file: str, counts: bool
) -> None:
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).write_text("a = 1\n")
    before = hash_of(tmp_path, RUN_ROOMS)
    (tmp_path / file).write_text("a = 2\n")
    assert (hash_of(tmp_path, RUN_ROOMS) != before) is counts
    assert run_code_hash() == hash_of(PACKAGE, RUN_ROOMS) != code_hash()


def closed(time_ms: int, *reasons: tuple[str, str, bool], signals: tuple[RawSignal, ...] = ()) -> AnalysisDone:
    verdicts = tuple(StrategyVerdict(name, False, reason, available) for name, reason, available in reasons)
    return AnalysisDone(time_ms, AnalysisResult(reading(time_ms=time_ms), signals, verdicts))


def test_why_not_counts_reasons_without_their_figures_and_survives_a_restart(tmp_path: Path) -> None:
    for run in range(2):  # two runs of the program on one day add up
        world = World()
        raw = raw_signal(time_ms=START_MS, base_score=0.25 + run * 0.25)
        world.send(closed(START_MS + run, ("calm", f"ADX is {run + 10}.5; 20 is the least", True), signals=(raw,)))
        world.send(closed(START_MS + 900_000, ("calm", "no level was broken", True)))
        storage = Storage(Places.of(tmp_path).database)
        for effect in world.effects:
            if isinstance(effect, RecordSignal | RecordNoSignal):
                storage.submit(effect)
        storage.close_now()
    told = signals(tmp_path, "why-not", "ethusdt", "--day", "2024-03-01")
    assert told.exit_code == 0, told.output
    assert "Nearly a signal on ETHUSDT, 2024-03-01 (UTC): 1 candidate was refused" in told.output
    assert "LONG by ATR Momentum, score 0.5: score 0.5 is below" in told.output
    assert "    2 times  calm (your own): ADX is 11.5; 20 is the least" in told.output
    assert "    2 times  calm (your own): no level was broken" in told.output
    assert "Nothing was looked at" in signals(tmp_path, "why-not", "XRPUSDT", "--day", "2024-03-01").output
    assert "Nothing was looked at" in signals(tmp_path, "why-not", "--day", "2024-03-02").output
    Places.of(tmp_path).database.rename(Places.of(tmp_path).demo_database)
    newest = signals(tmp_path, "why-not", "ethusdt", "--demo")
    assert "Nearly a signal on ETHUSDT, 2024-03-01 (UTC)" in newest.output, "a demo's today is its newest day"


def test_why_not_counts_an_hourly_strategy_only_at_the_closes_at_which_it_was_asked() -> None:
    world = World()
    for quarter in range(5):
        time_ms = START_MS + quarter * 900_000
        asked = StrategyVerdict("hourly", False, "no leg", time_ms=time_ms // HOUR_MS * HOUR_MS)
        world.send(AnalysisDone(time_ms, AnalysisResult(reading(time_ms=time_ms), (), (asked,))))
    counted = [effect.time_ms for effect in world.effects if isinstance(effect, RecordNoSignal)]
    assert counted == [START_MS, START_MS + HOUR_MS]


def test_day_check_tells_once_at_the_end_of_the_utc_day() -> None:
    world = World()
    raw = raw_signal(time_ms=START_MS, base_score=0.25)
    world.send(closed(START_MS, ("calm", "nothing", True), ("broken", "set aside", False), signals=(raw,)))
    world.send(closed(START_MS + 900_000, ("calm", "nothing", True), ("broken", "set aside", False)))
    world.now_ms = START_MS + DAY_MS - 60_001
    world.tick()
    assert not [line for line in world.lines() if "Self-check" in line]
    world.tick()
    world.tick()
    assert [line for line in world.lines() if "Self-check" in line] == [
        "Self-check of the day: 1 strategy at work, 2 closes analysed, 1 candidate, 1 refused (filter 1); "
        "without an answer all day: broken"
    ]


def test_why_not_keeps_thirty_days(tmp_path: Path) -> None:
    storage = Storage(Places.of(tmp_path).database)
    for day in (0, 1, 31):
        day_ms = START_MS + day * DAY_MS
        storage.submit(RecordNoSignal(day_ms, "ETHUSDT", "calm", "nothing", "nothing", day_ms))
    storage.writer.flush()
    assert storage.counts()["no_signals"] == 2
    storage.close_now()
