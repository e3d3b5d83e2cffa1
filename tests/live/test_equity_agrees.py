"""Backtest, paper, orders over the wire and replays of their journals decide and earn the same on the same prices.

All three share one desk, one way through a bar, one set of costs and one model of fills. What cannot be equal, and so
is no part of these runs: an ordinary demo or the real exchange has its own prices inside a bar, where a backtest takes
the careful order; a real book has depth; answers of a real exchange take time, in which price moves and further signals
are judged; and where the real account waits for a person, after a deep fall or a day's loss, the others go on.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from futtui.desk.settings import DeskSettings
from futtui.domain.position import TradingMode
from futtui.domain.side import Side
from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.live.past_candles import time_of
from futtui.live.settings import HistorySettings
from futtui.risk.settings import CapSettings, KillSettings, RiskSettings
from futtui.strategies.settings import StrategySettings
from tests.backtest.made_history import write_candles
from tests.live.engine_world import Armed
from tests.live.equity_world import Market, Outcome, backtest, money, over_the_wire, replayed, told
from tests.shared_data import shared_path

QUARTER_MS = Timeframe.M15.ms
UNSTOPPED = DeskSettings(
    risk=RiskSettings(caps=CapSettings(day_loss_limit_pct=50.0), kill=KillSettings(drawdown_pct=100.0))
)
"""Without the stops after which the real account waits for a person."""
START_MS = 20_000 * DAY_MS
WARM_DAYS = 62
HALF_A_CENT = 0.005


def made_market(folder: Path, symbols: tuple[str, ...], quarters: int, every: int) -> Market:
    """Candles of a random walk, with a made-up signal on each symbol at the same closes: every third one waits."""
    for number, name in enumerate(symbols):
        write_candles(
            folder / "15m" / f"{name}.csv", START_MS - WARM_DAYS * DAY_MS, WARM_DAYS + quarters / 96, seed=number + 1,
            price=1000.0 * (number + 1), decimals=2, taker=True,
        )  # fmt: skip
    script: dict[tuple[str, int], Side | Armed] = {}
    for number, quarter in enumerate(range(4, quarters - 4, every)):
        side = Side.LONG if number // 2 % 2 else Side.SHORT
        for name in symbols:
            script[name, START_MS + quarter * QUARTER_MS] = Armed(side, 0.7) if number % 3 == 2 else side
    return Market(folder, symbols, START_MS, START_MS + quarters * QUARTER_MS, script, desk=UNSTOPPED)


def assert_replays_decide_the_same(past: Outcome, folder: Path) -> None:
    for mode in (TradingMode.PAPER, TradingMode.LIVE):
        found = replayed(mode, folder)
        assert found.steps == past.steps
        assert found.decisions == past.decisions
        assert (
            f"{past.decisions.hash} ({past.decisions.signals} signals, {past.decisions.trades} trades)" in found.printed
        )


def all_three(market: Market, folder: Path) -> tuple[Outcome, Outcome, Outcome]:
    return (
        backtest(market),
        over_the_wire(market, TradingMode.PAPER, folder),
        over_the_wire(market, TradingMode.LIVE, folder),
    )


def assert_equal(outcomes: tuple[Outcome, Outcome, Outcome]) -> Outcome:
    past, paper, wire = outcomes
    assert told(paper) == told(past)
    assert told(wire) == told(past)
    assert money(paper) == pytest.approx(money(past), abs=HALF_A_CENT)
    assert money(wire) == pytest.approx(money(past), abs=HALF_A_CENT)
    assert paper.open_positions == wire.open_positions == past.open_positions
    assert paper.steps == wire.steps == past.steps
    assert paper.decisions == wire.decisions == past.decisions
    return past


def reasons(outcome: Outcome) -> set[str]:
    return {leg.reason.value for trade in outcome.trades.values() for leg in trade.legs}


@pytest.mark.timeout(600)
def test_backtest_paper_wire_and_replay_agree_over_half_a_day_of_made_up_signals(tmp_path: Path) -> None:
    market = made_market(tmp_path, ("BTCUSDT", "ETHUSDT"), quarters=48, every=1)
    past = assert_equal(all_three(market, tmp_path))
    assert_replays_decide_the_same(past, tmp_path)
    assert len(past.trades) >= 5
    assert {"STOP", "TARGET_1", "BREAK_EVEN", "TIME"} <= reasons(past)
    assert any(trade.funding for trade in past.trades.values())


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_backtest_paper_and_wire_agree_to_the_cent_over_thirty_days_of_made_up_signals(tmp_path: Path) -> None:
    market = made_market(tmp_path, ("BTCUSDT", "ETHUSDT"), quarters=30 * 96 - 3, every=5)
    past = assert_equal(all_three(market, tmp_path))
    assert len(past.trades) >= 150
    assert {"STOP", "TARGET_1", "TARGET_2", "TARGET_3", "BREAK_EVEN", "TRAIL", "TIME"} <= reasons(past)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_backtest_paper_and_wire_agree_to_the_cent_over_thirty_days_of_the_market(tmp_path: Path) -> None:
    symbols = ("BTCUSDT", "ETHUSDT", "BNBUSDT", "DOGEUSDT")
    start_ms = time_of("2024-03-02 00:00")
    market = Market(
        shared_path("market-data/futures/klines"), symbols, start_ms, start_ms + 30 * DAY_MS - QUARTER_MS,
        warm_up=HistorySettings(), desk=UNSTOPPED,
    )  # fmt: skip
    past = assert_equal(all_three(market, tmp_path))
    assert len(past.trades) >= 10


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("informed", [frozenset(), StrategySettings().for_information()], ids=["all traded", "shipped"])
def test_backtest_wire_and_replay_decide_the_same_over_a_week_of_the_market(
    informed: frozenset[str], tmp_path: Path
) -> None:
    symbols = ("BTCUSDT", "ETHUSDT", "DOGEUSDT")
    start_ms = time_of("2024-03-02 00:00")
    market = Market(
        shared_path("market-data/futures/klines"), symbols, start_ms, start_ms + 7 * DAY_MS - QUARTER_MS,
        warm_up=HistorySettings(), desk=UNSTOPPED, for_information=informed,
    )  # fmt: skip
    past = assert_equal(all_three(market, tmp_path))
    assert_replays_decide_the_same(past, tmp_path)
    assert past.decisions.trades >= 20
    assert past.decisions.signals >= 50
