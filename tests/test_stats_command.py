"""`futtui stats`: figures of stored trades by account and strategy, read beside whoever writes."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from futtui.cli.app import app
from futtui.cli.places import Places
from futtui.cli.stats_command import stats_lines
from futtui.domain.effects import RecordSignal, RecordTrade
from futtui.domain.errors import InvalidInputError, StorageError
from futtui.domain.position import Trade, TradingMode
from futtui.domain.signal import System
from futtui.domain.timeframe import DAY_MS, HOUR_MS
from futtui.live.history_jobs.taking import now_ms
from futtui.measurement.performance import performance_report
from futtui.measurement.statistics import statistics_of
from futtui.storage.store import Storage
from tests.backtest.made_trades import made_trade
from tests.desk.world import START_MS, World, raw_signal


def stats(home: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["stats", *arguments, "--home", str(home)])


def figures(home: Path, *arguments: str) -> dict[str, Any]:
    answer = stats(home, "--json", *arguments)
    assert answer.exit_code == 0, answer.output
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


def stored(file: Path, *trades: Trade) -> None:
    storage = Storage(file)
    for trade in trades:
        storage.submit(RecordTrade(trade, trade.closed_ms))
    storage.close_now()


def some_trades(now: int) -> list[Trade]:
    """Three strategies on three accounts, one trade for each of the last nine days; every third one breaks even."""
    makers = [
        ("liquidity_flush", System.CORE, TradingMode.LIVE, "AUSDT"),
        ("dual_h1", System.DUAL, TradingMode.INFO, "BUSDT"),
        ("my_own", System.PLUGIN, TradingMode.PAPER, "AUSDT"),
    ]
    return [
        made_trade(
            (1.0, -1.0, 0.02)[age % 3],
            opened_ms=now - age * DAY_MS - 2 * HOUR_MS,
            number=place,
            strategy=strategy,
            system=system,
            mode=mode,
            symbol=symbol,
        )
        for place, (strategy, system, mode, symbol) in enumerate(makers)
        for age in range(9)
    ]


def test_stats_json_has_the_figures_of_each_account_and_never_adds_them(tmp_path: Path) -> None:
    trades = some_trades(now_ms())
    stored(Places.of(tmp_path).database, *trades)
    found = figures(tmp_path)
    assert found["schema"] == 1
    assert [account["mode"] for account in found["accounts"]] == ["LIVE", "PAPER", "INFO"]
    for account in found["accounts"]:
        own = sorted((one for one in trades if one.mode.value == account["mode"]), key=lambda one: one.closed_ms)
        told, expected = account["total"]["figures"], statistics_of(own)
        counts = (told["trades"], told["wins"], told["break_evens"], told["losses"])
        assert counts == (9, 3, 3, 3)
        assert told["win_rate"]["value"] == pytest.approx(3 / 9)
        assert told["profit_factor"]["value"] == expected.profit_factor.value
        assert told["expectancy_r"]["low"] == expected.expectancy_r.low
        assert told["verdict"] == "INSUFFICIENT"
        assert [line["strategy"] for line in account["strategies"]] == [own[0].strategy]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--days", "4"), {"LIVE": 4, "PAPER": 4, "INFO": 4}),
        (("--symbol", "busdt"), {"INFO": 9}),
        (("--system", "liquidity_flush"), {"LIVE": 9}),
        (("--system", "dual"), {"INFO": 9}),
        (("--system", "my_own,dual_h1", "--days", "1"), {"PAPER": 1, "INFO": 1}),
        (("--system", "core", "--symbol", "BUSDT"), {}),
    ],
)
def test_stats_options_choose_what_counts(tmp_path: Path, arguments: tuple[str, ...], expected: dict[str, int]) -> None:
    storage = Storage(Places.of(tmp_path).database)
    for trade in some_trades(now_ms()):
        storage.submit(RecordTrade(trade, trade.closed_ms))
    world = World()
    world.analyse(raw_signal(time_ms=world.now_ms, strategy="my_own"))
    storage.submit(RecordSignal(next(iter(world.signals.values())), world.now_ms))
    storage.close_now()
    found = figures(tmp_path, *arguments)
    assert {each["mode"]: each["total"]["figures"]["trades"] for each in found["accounts"]} == expected


def test_stats_text_gives_every_rate_its_sample_its_interval_and_a_verdict(tmp_path: Path) -> None:
    stored(Places.of(tmp_path).database, *some_trades(now_ms()))
    answer = stats(tmp_path)
    assert answer.exit_code == 0, answer.output
    lines = answer.stdout.splitlines()
    assert [line for line in lines if line in ("Live", "Paper", "For information")] == [
        "Live",
        "Paper",
        "For information",
    ]
    first = lines.index("Live") + 1
    assert "Liquidity Flush    n 9 (9 d)  WR 33% [12-65] be 33%" in lines[first]
    assert lines[first].endswith("INSUFFICIENT")
    assert (
        "3 won, 3 break-even, 3 lost; at 33 wins of 100 it only pays its costs; parts left by the stop (9)"
        in (lines[first + 1])
    )
    assert "my_own (your own)" in answer.stdout


def test_stats_of_a_demo_count_days_back_from_where_its_market_stopped(tmp_path: Path) -> None:
    stored(Places.of(tmp_path).demo_database, *some_trades(START_MS))
    assert figures(tmp_path, "--demo", "--days", "2")["accounts"][0]["total"]["figures"]["trades"] == 3
    assert "no trade" not in stats(tmp_path, "--demo").stdout


def test_stats_reads_beside_a_writer_and_writes_nothing(tmp_path: Path) -> None:
    file = Places.of(tmp_path).database
    stored(file, *some_trades(now_ms()))
    running = Storage(file)
    try:
        with closing(sqlite3.connect(file, isolation_level=None)) as writer:
            writer.execute("BEGIN IMMEDIATE")
            writer.execute("DELETE FROM legs")
            writer.execute("DELETE FROM trades")
            assert len(figures(tmp_path)["accounts"]) == 3
            writer.execute("ROLLBACK")
    finally:
        running.close_now()
    before = file.read_bytes()
    assert len(figures(tmp_path)["accounts"]) == 3
    assert file.read_bytes() == before


def test_stats_says_what_is_wrong_and_what_to_do(tmp_path: Path) -> None:
    places = Places.of(tmp_path)
    assert isinstance(stats(tmp_path).exception, InvalidInputError)
    stored(places.database)
    assert "No signal has become a trade" in stats(tmp_path).stdout
    wrong = stats(tmp_path, "--system", "liquidity_flsh").exception
    assert "Did you mean liquidity_flush?" in str(wrong)
    assert "There are: action_price" in str(stats(tmp_path, "--system", "xyz").exception)
    with closing(sqlite3.connect(places.database)) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()
    assert "made by a newer futtui" in str(stats(tmp_path).exception)
    with closing(sqlite3.connect(places.database)) as database:
        database.execute("UPDATE alembic_version SET version_num = '0001'")
        database.commit()
    assert "Start futtui once" in str(stats(tmp_path).exception)
    places.database.write_bytes(b"no database at all" * 100)
    damaged = stats(tmp_path).exception
    assert isinstance(damaged, StorageError)
    assert "cannot be read" in str(damaged)


def test_stats_lines_tell_an_open_position_that_cannot_be_valued_as_unknown() -> None:
    from dataclasses import replace

    from futtui.desk.storage_form import position_state

    world = World(mode=TradingMode.PAPER)
    world.enter()
    state = position_state(next(iter(world.desk._state.open.values())))
    whole = performance_report([], [state], {}, [], 0, START_MS)
    assert any("1 open (-0.05 R now)" in line for line in stats_lines(whole))
    broken = performance_report([], [replace(state, detail="")], {}, [], 0, START_MS)
    assert any("1 open (n/a), in no figure above" in line for line in stats_lines(broken))
