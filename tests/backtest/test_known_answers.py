"""Trades worked out by hand to the cent, one for each way out, and the columns of the table about them.

In all of them a long is taken at 100 with its stop at 99: it fills a tick higher, at 100.01, so R is 1.01 and the
targets are 101.02, 102.03 and 103.04, each sold a tick lower. The account has 10,000 USDT and risks half a percent: 50
pieces.
"""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from decimal import ROUND_CEILING, Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from futtui.backtest import run as run_module
from futtui.backtest.charges import slippage_money
from futtui.backtest.report import as_json, figures_line, summary
from futtui.backtest.run import Backtest, BacktestResult
from futtui.backtest.settings import BacktestRequest, Costs
from futtui.backtest.trades_table import gross_r, parts_text, trades_csv
from futtui.domain.side import Side
from futtui.domain.signal import Signal, SignalPart, SignalStatus
from futtui.measurement.statistics import statistics_of
from tests.backtest.made_trades import made_trade
from tests.backtest.test_run import CALM, FREE, START_MS, STEP_MS, SYMBOL, Scripted, folder, only, scripted
from tests.desk.world import raw_signal, wide_settings

DROP = (100.0, 100.2, 98.0, 98.2)


def exits(result: BacktestResult) -> list[tuple[str, int, float]]:
    return [(leg.reason.value, int(leg.quantity), float(leg.price)) for leg in only(result).legs]


def test_stop_inside_a_bar_costs_one_r_and_two_ticks(monkeypatch, tmp_path):
    """50 x (98.99 - 100.01) = -51.00; R is 50 x 1.01 = 50.50."""
    result = scripted(monkeypatch, tmp_path, [DROP, CALM])
    assert exits(result) == [("STOP", 50, 98.99)]
    assert only(result).pnl == Decimal("-51")
    assert only(result).result_r == pytest.approx(-51 / 50.5)


def test_gap_through_the_stop_costs_the_whole_gap(monkeypatch, tmp_path):
    """Opened at 97.50, sold at 97.49: 50 x (97.49 - 100.01) = -126.00."""
    result = scripted(monkeypatch, tmp_path, [(97.5, 97.8, 97.0, 97.6), CALM])
    assert exits(result) == [("STOP", 50, 97.49)]
    assert only(result).pnl == Decimal("-126")


def test_gap_over_two_targets_sells_them_at_their_prices_not_at_the_better_open(monkeypatch, tmp_path):
    """Careful: 15 x 1.00 + 20 x 2.01, and the rest behind the trail, 1.2 ATR below the highest price of 102.60."""
    bars = [(102.5, 102.6, 102.4, 102.5), (102.5, 102.5, 98.0, 98.2), CALM]
    result = scripted(monkeypatch, tmp_path, bars)
    assert [each[:2] for each in exits(result)] == [("TARGET_1", 15), ("TARGET_2", 20), ("TRAIL", 15)]
    assert exits(result)[0][2] == 101.01
    assert exits(result)[1][2] == 102.02


def test_first_target_then_break_even_keeps_the_fee_and_a_little(monkeypatch, tmp_path):
    """Stop at 100.01 + exit fee 0.050005 + 0.05 R (0.0505) = 100.1105, up to 100.12: 15 x 1.00 + 35 x 0.10 = 18.50."""
    bars = [(100.0, 101.3, 99.9, 101.2), (101.2, 101.3, 99.0, 99.2), CALM]
    result = scripted(monkeypatch, tmp_path, bars)
    assert exits(result) == [("TARGET_1", 15, 101.01), ("BREAK_EVEN", 35, 100.11)]
    assert only(result).pnl == Decimal("18.5")
    assert only(result).result_r == pytest.approx(18.5 / 50.5)
    assert only(result).result_pct == pytest.approx(18.5 / 5000.5 * 100)
    assert only(result).mfe_r == pytest.approx(1.29 / 1.01)
    assert only(result).mae_r == pytest.approx(-0.11 / 1.01)


def test_trail_follows_the_highest_price(monkeypatch, tmp_path):
    """Highest 102.60, ATR 1, trail 1.2: stop 101.39 (down to the tick), sold at 101.38: 15 + 40.20 + 20.55 = 75.75."""
    bars = [(100.0, 102.6, 99.9, 102.5), (102.5, 102.55, 101.0, 101.1), CALM]
    result = scripted(monkeypatch, tmp_path, bars)
    assert exits(result) == [("TARGET_1", 15, 101.01), ("TARGET_2", 20, 102.02), ("TRAIL", 15, 101.38)]
    assert only(result).pnl == Decimal("75.75")
    assert only(result).result_r == pytest.approx(1.5)


def test_all_targets_earn_their_shares(monkeypatch, tmp_path):
    """15 x 1.00 + 20 x 2.01 + 15 x 3.02 = 100.50."""
    result = scripted(monkeypatch, tmp_path, [(100.0, 103.5, 99.9, 103.4), CALM])
    assert exits(result) == [("TARGET_1", 15, 101.01), ("TARGET_2", 20, 102.02), ("TARGET_3", 15, 103.03)]
    assert only(result).pnl == Decimal("100.5")


def test_time_stop_sells_after_its_bars(monkeypatch, tmp_path):
    """Four bars of 15 minutes after the entry, at 100.00 less a tick: 50 x -0.02 = -1.00."""
    result = scripted(monkeypatch, tmp_path, [CALM] * 10, time_stop_bars=4)
    assert exits(result) == [("TIME", 50, 99.99)]
    assert only(result).closed_ms - only(result).opened_ms == 4 * STEP_MS
    assert only(result).pnl == Decimal("-1")


def test_loss_beyond_the_account_is_a_liquidation_that_counts_whole_and_leaves_nothing(monkeypatch, tmp_path):
    """50 short at 99.99; bought back by force at 400.00 and a tick: 50 x (99.99 - 400.01) = -15,001.00 of 10,000.

    The account loses what it has, the exchange the rest; the trade has lost all of it: 15,001 / (50 x 1.01) R.
    """
    bars = [CALM, (400.0, 404.0, 396.0, 400.0), *[(400.0, 400.5, 399.5, 400.0)] * 3]
    result = scripted(monkeypatch, tmp_path, bars, side=Side.SHORT)
    assert exits(result) == [("LIQUIDATION", 50, 400.01)]
    assert only(result).pnl == Decimal("-15001")
    assert only(result).result_r == pytest.approx(-15001 / 50.5)
    assert (result.open_positions, result.equity) == (0, 0.0)


@pytest.mark.parametrize(("side", "paid"), [(Side.LONG, "-0.5"), (Side.SHORT, "0.5")])
def test_funding_is_paid_by_longs_and_received_by_shorts(monkeypatch, tmp_path, side: Side, paid: str):
    """One funding of 0.01 % on 50 x 100.00 lies inside the trade; its own price part is known from the stop."""
    last = (100.0, 100.1, 98.0, 98.0) if side is Side.LONG else (100.0, 102.1, 99.9, 102.0)
    trade = only(scripted(monkeypatch, tmp_path, [*[CALM] * 30, last], time_stop_bars=500, side=side))
    assert trade.funding == Decimal(paid)
    assert trade.pnl == Decimal("-51") + Decimal(paid)


@pytest.mark.parametrize(
    ("equity", "expected"),
    [
        (2000, [("TARGET_1", 3, 101.01), ("TARGET_2", 4, 102.02), ("TARGET_3", 3, 103.03)]),
        (1400, [("TARGET_1", 2, 101.01), ("TARGET_2", 3, 102.02), ("TARGET_3", 2, 103.03)]),
        (400, [("TARGET_1", 1, 101.01), ("TARGET_2", 1, 102.02)]),
    ],
)
def test_partial_sales_are_whole_pieces_that_add_up(monkeypatch, tmp_path, equity: int, expected):
    """10, 7 and 2 pieces of a contract that is traded in whole pieces only: nothing is lost by rounding."""
    Scripted.signal = raw_signal(symbol=SYMBOL, time_ms=START_MS + STEP_MS)
    monkeypatch.setattr(run_module, "Shards", Scripted)
    history = folder(tmp_path, [CALM, (100.0, 103.6, 99.9, 103.5), CALM])
    candles = history / "15m" / f"{SYMBOL}.csv"
    candles.write_text(candles.read_text().replace("1000.000", "1000"))
    request = BacktestRequest(
        history, (SYMBOL,), START_MS, START_MS + 3 * STEP_MS, desk=wide_settings(), costs=FREE, workers=0,
        start_equity=Decimal(equity),
    )  # fmt: skip
    result = Backtest(request).run()
    assert exits(result) == expected
    assert sum(leg.quantity for leg in only(result).legs) == only(result).quantity


def test_table_shows_costs_that_add_up_to_the_price_without_them(monkeypatch, tmp_path):
    """With costs: in at 100.02, out at 98.98. Fees 0.05 % of 5,001 and 4,949 = 4.975; slippage 50 x 0.02 twice = 2.00.

    Without any of them the stop would have cost 50 x (99.00 - 100.00) = 50.00, which is 50 / 51 R.
    """
    result = scripted(monkeypatch, tmp_path, [DROP, CALM], costs=Costs())
    trade_row, leg_row = list(csv.DictReader(io.StringIO(trades_csv(result))))
    assert (trade_row["entry"], trade_row["stop"], trade_row["exit_price"]) == ("100.02", "99.00", "98.98")
    assert [float(trade_row[name]) for name in ("target_1", "target_2", "target_3")] == [101, 102, 103]
    assert Decimal(trade_row["fee"]) == Decimal("4.975")
    assert Decimal(trade_row["slippage"]) == 2
    assert Decimal(trade_row["pnl"]) == Decimal("-56.975")
    assert float(trade_row["result_r"]) == pytest.approx(-56.975 / 51, abs=1e-6)
    assert float(trade_row["gross_r"]) == pytest.approx(-50 / 51, abs=1e-6)
    assert float(trade_row["result_pct"]) == pytest.approx(-56.975 / 5001 * 100, abs=1e-6)
    assert float(trade_row["mae_r"]) == pytest.approx(-1.04 / 1.02, abs=1e-4)
    assert (trade_row["exit_reason"], trade_row["class"], trade_row["side"]) == ("STOP", "LOSS", "LONG")
    assert trade_row["signal_time"] == "2024-03-01 01:15"
    assert (leg_row["quantity"], leg_row["exit_price"], leg_row["exit_reason"]) == ("50", "98.98", "STOP")
    assert Decimal(leg_row["pnl"]) == -52
    assert float(leg_row["gross_r"]) == pytest.approx(-52 / 51, abs=1e-6)
    assert trade_row["parts"]


def test_parts_of_a_score_are_told_with_what_is_not_known():
    signal = scripted_signal()
    assert parts_text(signal) == "setup +4.00; RSI n/a; late trend -1.00"


def scripted_signal() -> Signal:
    parts = (SignalPart("setup", 4.0, ""), SignalPart("RSI", 0.0, "", valid=False), SignalPart("late trend", -1.0, ""))
    return Signal(raw_signal(), 3.0, parts, SignalStatus.CLOSED, "", 0)


@given(st.integers(500, 90_000), st.integers(500, 90_000), st.booleans())
def test_slippage_is_found_again_from_the_prices_that_were_paid(entry: int, leave: int, long: bool):
    """Whatever the market's price was, charging it and finding the charge again gives the same (to a tick
    where two prices would both be paid so)."""
    tick, costs, side = Decimal("0.01"), Costs(), Side.LONG if long else Side.SHORT

    def charged(price: Decimal) -> Decimal:
        ticks = (price * Decimal("0.0002") / tick).to_integral_value(ROUND_CEILING)
        return max(tick, ticks * tick)

    last_in, last_out = entry * tick, leave * tick
    trade = made_trade(
        1.0, side=side, entry_price=last_in + side.sign * charged(last_in),
        legs=(replace(made_trade(1.0).legs[0], price=last_out - side.sign * charged(last_out)),),
    )  # fmt: skip
    expected = 10 * (charged(last_in) + charged(last_out))
    assert abs(slippage_money(trade, costs, tick) - expected) <= 2 * 10 * tick


def test_gross_result_of_a_real_run_is_the_net_one_with_costs_given_back(monkeypatch, tmp_path: Path):
    result = scripted(monkeypatch, tmp_path, [DROP, CALM], costs=Costs())
    assert gross_r(result, only(result)) == pytest.approx(-50 / 51)


def test_figures_count_slippage_among_the_costs_as_the_table_does(monkeypatch, tmp_path: Path):
    """Fees of 4.975 and slippage of 2.00 on a risk of 51: all that lies between gross and net is told as costs."""
    result = scripted(monkeypatch, tmp_path, [DROP, CALM], costs=Costs())
    total = as_json(result)["total"]
    assert total["gross_r"] == pytest.approx(-50 / 51)
    assert total["costs_r"] == pytest.approx(6.975 / 51)
    assert total["slippage_r"] == pytest.approx(2 / 51)
    assert total["gross_r"] - total["costs_r"] == pytest.approx(total["net_r"])
    dearer = scripted(monkeypatch, tmp_path / "dearer", [DROP, CALM], costs=Costs().times(10.0))
    assert "(costs 1.2)" in "\n".join(summary(dearer))  # of which the slippage is 0.2


def test_figures_of_an_account_name_fees_and_funding_where_slippage_is_not_known():
    found = statistics_of([made_trade(1.0, fees=Decimal(2))], draws=10)
    assert found.slippage_r is None
    assert (found.gross_r, found.costs_r) == (pytest.approx(1.2), pytest.approx(0.2))
    assert "(fees and funding 0.2)" in figures_line("mine", found)


def test_what_is_open_at_the_end_is_told_with_its_worth_and_the_win_rate_it_may_cost():
    """Nine wins of nine, and three open of which two are down: a far stop must not make a win rate of 100 %."""
    request = BacktestRequest(Path(), (SYMBOL,), START_MS, START_MS + STEP_MS)
    won = [made_trade(0.2, number=number, symbol=SYMBOL) for number in range(9)]
    result = BacktestResult(request, won, open_positions=3, open_r=(-0.7, -0.2, 0.1))
    result.tick_sizes = {SYMBOL: Decimal("0.01")}
    told = "3 positions were still open at the end, worth -0.8 R, in no figure above. With 2 of them that are down"
    assert any(line.startswith(f"{told} counted as lost: WR 82%.") for line in summary(result))
    result.open_r = (0.3, 0.2, 0.1)
    assert any(line.endswith("worth +0.6 R, in no figure above.") for line in summary(result))
