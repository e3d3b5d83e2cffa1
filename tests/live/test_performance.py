"""What became of signals, as the database tells it: accounts apart, open ones beside closed ones, nothing lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from futtui.desk.storage_form import position_state
from futtui.domain.candle import Candle
from futtui.domain.effects import PositionState, RecordPosition, RecordSignal, RecordTrade
from futtui.domain.performance import PerformanceReport
from futtui.domain.position import ExitReason, Leg, Trade, TradingMode
from futtui.domain.signal import SignalStatus
from futtui.domain.timeframe import DAY_MS, HOUR_MS, MINUTE_MS, Timeframe
from futtui.live.performance import performance_of, stored_performance
from futtui.measurement.statistics import statistics_of
from futtui.storage.store import Storage
from tests.backtest.made_trades import made_trade
from tests.desk.world import START_MS, SYMBOL, World, raw_signal

NOW_MS = START_MS + 40 * DAY_MS


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Storage]:
    storage = Storage(tmp_path / "futtui.db")
    yield storage
    storage.close_now()


def keep(store: Storage, *trades: Trade) -> None:
    for trade in trades:
        store.submit(RecordTrade(trade, trade.closed_ms))
    assert store.flush()


def held_position(price: float, mode: TradingMode = TradingMode.PAPER) -> PositionState:
    """A long from 100 with its stop at 99 that last saw `price`."""
    world = World(mode=mode)
    world.enter(rewards=(5.0, 6.0, 7.0))
    world.price(price)
    (position,) = world.desk._state.open.values()
    return position_state(position)


def report_of(store: Storage, days: int | None = None, **prices: float) -> PerformanceReport:
    return performance_of(store, prices, NOW_MS, days)


def test_accounts_are_kept_apart_and_each_has_the_figures_of_its_own_trades(store: Storage) -> None:
    results = {
        (TradingMode.LIVE, "atr_momentum"): [1.0, -1.0, 0.01],
        (TradingMode.PAPER, "atr_momentum"): [-0.5],
        (TradingMode.INFO, "dual_h1"): [2.0, -1.0],
        (TradingMode.INFO, "order_flow"): [0.02, 0.03],
    }
    trades = {
        key: [
            made_trade(value, opened_ms=START_MS + day * DAY_MS, number=group, mode=key[0], strategy=key[1])
            for day, value in enumerate(values)
        ]
        for group, (key, values) in enumerate(results.items())
    }
    keep(store, *(trade for own in trades.values() for trade in own))
    report = report_of(store)
    assert [account.mode for account in report.accounts] == [TradingMode.LIVE, TradingMode.PAPER, TradingMode.INFO]
    for account in report.accounts:
        mine = {name: own for (mode, name), own in trades.items() if mode is account.mode}
        assert {line.strategy: line.figures for line in account.strategies} == {
            name: statistics_of(own) for name, own in mine.items()
        }
        assert account.total.figures.trades == sum(map(len, mine.values()))
        assert sum(count for _, count in account.total.exits) == account.total.figures.trades
        assert account.total.running_r[-1][1] == pytest.approx(account.total.figures.net_r)
        assert sum(item.trades for item in account.symbols) == account.total.figures.trades
        assert sum(item.net_r for item in account.symbols) == pytest.approx(account.total.figures.net_r)
    flow = report.accounts[2].strategies[1].figures
    assert (flow.wins, flow.break_evens, flow.losses, flow.win_rate.value) == (0, 2, 0, 0.0)


def test_days_choose_trades_by_their_close(store: Storage) -> None:
    ages = (1, 6, 8, 39)
    keep(store, *(made_trade(1.0, opened_ms=NOW_MS - age * DAY_MS - HOUR_MS, number=age) for age in ages))
    counts = {days: report_of(store, days).accounts for days in (1, 7, 30, None)}
    assert {days: found[0].total.figures.trades if found else 0 for days, found in counts.items()} == {
        1: 1, 7: 2, 30: 3, None: 4,
    }  # fmt: skip


def test_legs_are_counted_by_reason_and_sum_to_the_trades(store: Storage) -> None:
    half = Leg(Decimal(5), Decimal(101), ExitReason.TARGET_1, START_MS, Decimal(0))
    rest = (replace(half, reason=ExitReason.BREAK_EVEN), replace(half, reason=ExitReason.TRAIL))
    keep(store, *(made_trade(0.5, number=n, legs=(half, leg)) for n, leg in enumerate((*rest, rest[0]))))
    exits = report_of(store).accounts[0].total.exits
    assert exits == ((ExitReason.TARGET_1, 3), (ExitReason.BREAK_EVEN, 2), (ExitReason.TRAIL, 1))


def test_open_positions_are_valued_at_the_newest_price_and_are_in_no_closed_figure(store: Storage) -> None:
    keep(store, made_trade(1.0, opened_ms=START_MS))
    store.submit(RecordPosition(held_position(100.2), START_MS))
    assert store.flush()
    total = report_of(store).accounts[0].total
    assert (total.figures.trades, total.open_trades) == (1, 1)
    fees = 0.05  # one side of 0.05 % of 100, with 1 at risk
    assert total.open_r == pytest.approx(0.2 - fees)  # the last price that it saw itself
    store.submit_candles(SYMBOL, Timeframe.M15, [Candle(START_MS, 100.0, 101.0, 99.0, 99.5, 5.0)])
    assert store.flush()
    assert report_of(store).accounts[0].total.open_r == pytest.approx(-0.5 - fees)
    fresh = report_of(store, **{SYMBOL: 100.8}).accounts[0].total
    assert fresh.open_r == pytest.approx(0.8 - fees)
    assert fresh.net_with_open_r == pytest.approx(1.8 - fees)


def test_an_open_position_that_cannot_be_read_is_counted_but_not_valued(store: Storage) -> None:
    store.submit(RecordPosition(replace(held_position(100.2), detail="{}"), START_MS))
    assert store.flush()
    total = report_of(store).accounts[0].total
    assert (total.open_trades, total.open_r, total.net_with_open_r) == (1, None, None)


def test_signals_are_counted_by_what_they_are_now(store: Storage) -> None:
    world = World(mode=TradingMode.PAPER, for_information=frozenset({"order_flow"}))
    world.price(100.0)
    world.analyse(raw_signal(time_ms=world.now_ms))
    world.analyse(raw_signal(time_ms=world.now_ms + MINUTE_MS))  # its place is taken
    world.analyse(raw_signal(time_ms=world.now_ms, strategy="order_flow"))
    for effect in world.effects:
        if isinstance(effect, RecordSignal):
            store.submit(effect)
    assert store.flush()
    counts = {each.strategy: each for each in report_of(store).signals}
    momentum = counts["atr_momentum"]
    assert (momentum.found, momentum.count(SignalStatus.REFUSED), momentum.count(SignalStatus.ACTIVE)) == (2, 1, 1)
    assert counts["order_flow"].by_status == ((SignalStatus.ACTIVE, 1),)
    assert report_of(store, 1).signals == ()


def test_the_report_outlives_a_restart_and_can_be_read_beside_a_writer(tmp_path: Path) -> None:
    path = tmp_path / "futtui.db"
    first = Storage(path)
    keep(first, made_trade(1.0, opened_ms=START_MS, mode=TradingMode.INFO))
    first.close_now()
    second = Storage(path)
    try:
        keep(second, made_trade(-1.0, opened_ms=START_MS, number=1, mode=TradingMode.INFO))
        with second._engine.connect() as writing:
            writing.exec_driver_sql("BEGIN IMMEDIATE")  # the writer is in the middle of a transaction
            report = stored_performance(second._engine, NOW_MS, None)
        assert report.accounts[0].total.figures.trades == 2
        one = stored_performance(second._engine, NOW_MS, None, ["BUSDT"])
        assert one.accounts == ()
    finally:
        second.close_now()


def test_an_engine_without_a_database_has_an_empty_report() -> None:
    assert performance_of(object(), {}, NOW_MS, 7) == PerformanceReport(NOW_MS - 7 * DAY_MS, NOW_MS)
