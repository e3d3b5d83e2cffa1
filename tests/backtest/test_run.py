"""Whole runs: hand-computed trades on made-up candles, real candles the same for any number of processes, bad input."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from futtui.backtest import run as run_module
from futtui.backtest.report import as_json, fingerprint, summary
from futtui.backtest.road import Passage
from futtui.backtest.run import Backtest, BacktestResult
from futtui.backtest.settings import BacktestRequest, Costs
from futtui.backtest.trades_table import trades_csv
from futtui.cli.app import app
from futtui.domain.errors import InvalidInputError
from futtui.domain.position import ExitReason, Trade, TradingMode
from futtui.domain.reading import AnalysisResult
from futtui.domain.side import Side
from futtui.domain.signal import RawSignal, Trigger
from futtui.live.past_candles import time_of
from tests.desk.world import raw_signal, reading, wide_settings
from tests.shared_data import shared_path

SYMBOL = "TESTUSDT"
START_MS = time_of("2024-03-01 01:00")
STEP_MS = 900_000
FREE = Costs().times(0.0)


def folder(tmp_path: Path, bars: list[tuple[float, float, float, float] | None], calm: int = 64) -> Path:
    """Candles from `calm` quiet quarter hours before START_MS on, then `bars` (open, high, low, close; None: none)."""
    place = tmp_path / "candles" / "15m"
    place.mkdir(parents=True)
    rows = [
        "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore"
    ]
    for number, bar in enumerate([(100.0, 100.05, 99.95, 100.0)] * calm + bars):
        if bar is None:
            continue
        open_ms = START_MS + (number - calm) * STEP_MS
        figures = ",".join(f"{price:.2f}" for price in bar)
        rows.append(f"{open_ms},{figures},1000.000,{open_ms + STEP_MS - 1},,,,,0")
    (place / f"{SYMBOL}.csv").write_text("\n".join(rows) + "\n")
    return place.parent


class Scripted:
    """Stands in for the analyses: one signal at the first close of the run."""

    signal: RawSignal
    holes: frozenset[int] = frozenset()
    """Closes without a candle."""

    def __init__(self, jobs, crew, start_ms, *_) -> None:
        self._start_ms = start_ms

    def ask(self, until_ms: int) -> None:
        self._until_ms = until_ms

    def answers(self):
        first = self._start_ms + STEP_MS
        found = []
        for time_ms in range(first, self._until_ms + 1, STEP_MS):
            if time_ms in Scripted.holes:
                continue
            signals = (Scripted.signal,) if time_ms == first else ()
            found.append((time_ms, AnalysisResult(reading(SYMBOL, time_ms=time_ms), signals)))
        self._start_ms = self._until_ms
        return {SYMBOL: found}

    def stop(self) -> None: ...


def scripted(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    bars,
    *,
    costs: Costs = FREE,
    optimistic: bool = False,
    for_information: frozenset[str] = frozenset(),
    **changes,
) -> BacktestResult:
    """Enters long at 100 after the first bar (stop 99, targets 101, 102, 103), then price goes through `bars`."""
    Scripted.signal = raw_signal(symbol=SYMBOL, time_ms=START_MS + STEP_MS, **changes)
    monkeypatch.setattr(run_module, "Shards", Scripted)
    holes = frozenset(START_MS + (place + 2) * STEP_MS for place, bar in enumerate(bars) if bar is None)
    monkeypatch.setattr(Scripted, "holes", holes)
    history = folder(tmp_path, [(100.0, 100.05, 99.95, 100.0), *bars])
    end_ms = START_MS + (len(bars) + 1) * STEP_MS
    request = BacktestRequest(
        history, (SYMBOL,), START_MS, end_ms, desk=wide_settings(), costs=costs, optimistic=optimistic, workers=0,
        for_information=for_information,
    )  # fmt: skip
    return Backtest(request).run()


def only(result: BacktestResult) -> Trade:
    assert len(result.trades) == 1, [signal.status_reason for signal in result.signals]
    return result.trades[0]


def legs(trade: Trade) -> list[tuple[ExitReason, float]]:
    return [(leg.reason, float(leg.price)) for leg in trade.legs]


CALM = (100.0, 100.05, 99.95, 100.0)


def test_backtest_stop_inside_a_bar_fills_at_its_price_less_a_tick(monkeypatch, tmp_path):
    trade = only(scripted(monkeypatch, tmp_path, [(100.0, 100.2, 98.0, 98.2), CALM]))
    assert float(trade.entry_price) == pytest.approx(100.01)
    assert legs(trade) == [(ExitReason.STOP, 98.99)]


def test_backtest_gap_through_the_stop_fills_at_the_open(monkeypatch, tmp_path):
    trade = only(scripted(monkeypatch, tmp_path, [(97.5, 97.8, 97.0, 97.6), CALM]))
    assert legs(trade) == [(ExitReason.STOP, 97.49)]
    assert trade.result_r < -2.4


def test_backtest_time_stop_inside_a_hole_waits_for_the_first_price_after_it(monkeypatch, tmp_path):
    """Nobody can sell at a price that was there before the hole."""
    hole = [None] * 40
    fallen = only(scripted(monkeypatch, tmp_path / "a", [CALM, *hole, (60.0, 61.0, 59.0, 60.0)], time_stop_bars=8))
    assert legs(fallen) == [(ExitReason.STOP, 59.99)]
    assert fallen.result_r < -35
    lower = only(scripted(monkeypatch, tmp_path / "b", [CALM, *hole, (99.5, 99.6, 99.4, 99.5)], time_stop_bars=8))
    assert legs(lower) == [(ExitReason.TIME, 99.49)]
    assert lower.closed_ms >= START_MS + 42 * STEP_MS


def test_backtest_trade_past_the_end_of_its_candles_stays_open_and_is_told_at_its_stop(monkeypatch, tmp_path):
    result = scripted(monkeypatch, tmp_path, [CALM, *[None] * 40], time_stop_bars=8)
    assert result.trades == []
    assert result.open_positions == 1
    assert result.stranded_r == pytest.approx((-1.0,), abs=0.02)
    told = as_json(result)
    assert told["account"]["stranded_r"] == list(result.stranded_r)
    assert told["coverage"]["end_inside"] == [SYMBOL]
    assert not told["coverage"]["btc"]
    assert any(
        "candles of the symbol end before the period: at the stop worth -1.0 R" in line for line in summary(result)
    )


def test_backtest_bar_with_stop_and_target_is_a_loss_unless_optimistic(monkeypatch, tmp_path):
    bars = [(100.0, 103.6, 98.5, 100.0), CALM]
    careful = only(scripted(monkeypatch, tmp_path / "a", bars))
    assert legs(careful) == [(ExitReason.STOP, 98.99)]
    kind = only(scripted(monkeypatch, tmp_path / "b", bars, optimistic=True))
    assert legs(kind)[0][0] is ExitReason.TARGET_1
    assert kind.result_r > 0 > careful.result_r


def test_backtest_first_target_then_break_even(monkeypatch, tmp_path):
    bars = [(100.0, 101.3, 99.9, 101.2), (101.2, 101.3, 99.0, 99.2), CALM]
    found = legs(only(scripted(monkeypatch, tmp_path, bars)))
    assert [reason for reason, _ in found] == [ExitReason.TARGET_1, ExitReason.BREAK_EVEN]
    assert found[0][1] == pytest.approx(100.99, abs=0.021)
    assert found[1][1] == pytest.approx(100.0, abs=0.2)


def test_backtest_all_three_targets(monkeypatch, tmp_path):
    trade = only(scripted(monkeypatch, tmp_path, [(100.0, 103.5, 99.9, 103.4), CALM]))
    assert [reason for reason, _ in legs(trade)] == [ExitReason.TARGET_1, ExitReason.TARGET_2, ExitReason.TARGET_3]
    assert sum(leg.quantity for leg in trade.legs) == trade.quantity
    assert trade.result_r == pytest.approx(0.3 * 1 + 0.4 * 2 + 0.3 * 3, abs=0.06)


def test_backtest_costs_lower_the_result_by_fees_and_slippage(monkeypatch, tmp_path):
    bars = [(100.0, 100.2, 98.0, 98.2), CALM]
    free = only(scripted(monkeypatch, tmp_path / "a", bars))
    paid = only(scripted(monkeypatch, tmp_path / "b", bars, costs=Costs()))
    assert float(paid.fees) == pytest.approx(
        float(paid.quantity) * (float(paid.entry_price) + 98.98) * 0.0005, rel=1e-4
    )
    assert free.fees == 0
    assert float(paid.entry_price) == pytest.approx(100.02)
    assert legs(paid) == [(ExitReason.STOP, 98.98)]
    assert paid.result_r < free.result_r - 0.09


def test_backtest_funding_is_booked_at_its_hour(monkeypatch, tmp_path):
    bars = [CALM] * 30
    result = scripted(monkeypatch, tmp_path, [*bars, (100.0, 100.1, 98.0, 98.0)], time_stop_bars=500)
    trade = only(result)
    value = float(trade.quantity) * 100.0
    assert float(trade.funding) == pytest.approx(-value * 0.0001, rel=0.01)


@pytest.mark.parametrize(("rows", "fundings"), [((), 1.0), ((4, 8), 2.0), ((4,), 1.5)])
def test_backtest_symbol_funded_every_four_hours_pays_at_each_of_them(monkeypatch, tmp_path, rows, fundings):
    """Held from 01:15 to 08:30. Where no record is, it pays its share of the usual rate, at its own interval."""
    midnight = START_MS - 4 * STEP_MS
    if rows:
        place = tmp_path / "candles" / "funding"
        place.mkdir(parents=True)
        known = [f"{midnight + hour * 4 * STEP_MS + 3},0.0001" for hour in (-16, -12, -8, -4, 0, *rows, 12, 16)]
        (place / f"{SYMBOL}.csv").write_text("\n".join(["funding_time,funding_rate", *known]) + "\n")
    result = scripted(monkeypatch, tmp_path, [*[CALM] * 29, (100.0, 100.1, 98.0, 98.0)], time_stop_bars=500)
    trade = only(result)
    assert float(trade.funding) == pytest.approx(-float(trade.quantity) * 0.01 * fundings, rel=0.01)


def test_backtest_short_is_the_mirror_of_the_long(monkeypatch, tmp_path):
    long = only(scripted(monkeypatch, tmp_path / "a", [(100.0, 100.2, 98.0, 98.2), CALM]))
    short = only(scripted(monkeypatch, tmp_path / "b", [(100.0, 102.0, 99.8, 101.8), CALM], side=Side.SHORT))
    assert short.side is Side.SHORT
    assert legs(short) == [(ExitReason.STOP, 101.01)]
    assert short.result_r == pytest.approx(long.result_r, rel=1e-3)


def test_backtest_waiting_level_fills_at_the_level_and_not_at_the_close(monkeypatch, tmp_path):
    bars = [(100.0, 100.4, 98.9, 100.2), CALM]
    levels = raw_signal(symbol=SYMBOL, time_ms=0).levels
    moved = replace(levels, entry=99.5, stop=98.5, targets=(100.5, 101.5, 102.5))
    result = scripted(
        monkeypatch, tmp_path, bars, trigger=Trigger.ARMED, levels=moved, valid_until_ms=START_MS + 40 * STEP_MS
    )
    assert result.open_positions == 1
    assert [signal.status.value for signal in result.signals] == ["ACTIVE"]


def test_backtest_level_that_a_gap_jumps_over_is_filled_at_the_open(monkeypatch, tmp_path):
    """The level lies outside the whole bar, so only the way from the last close crosses it."""
    levels = raw_signal(symbol=SYMBOL, time_ms=0).levels
    moved = replace(levels, entry=99.5, stop=98.5, targets=(100.5, 101.5, 102.5))
    bars = [CALM, (99.4, 99.45, 99.3, 99.4), (99.4, 99.45, 99.3, 99.4)]
    result = scripted(
        monkeypatch, tmp_path, bars, trigger=Trigger.ARMED, levels=moved, valid_until_ms=START_MS + 40 * STEP_MS
    )
    assert [signal.status.value for signal in result.signals] == ["ACTIVE"]
    assert result.open_positions == 1
    assert result.quarters_by_path == {"15m": 2}, "a quarter hour away from the level is not walked"


@pytest.mark.parametrize("seed", range(8))
def test_backtest_bars_passed_at_once_end_as_those_walked_step_by_step(monkeypatch, tmp_path, seed: int):
    """Where no price can change anything a bar is told in one: every trade and signal is what single steps give."""
    draws = np.random.default_rng(seed)
    closes = 100.0 * np.exp(np.cumsum(draws.normal(0.0, 0.0015, 60)))
    opens = [100.0, *closes[:-1]]
    bars = [
        (first, max(first, last) + draws.uniform(0.0, 0.1), min(first, last) - draws.uniform(0.0, 0.1), last)
        for first, last in zip(opens, closes, strict=True)
    ]
    shape = {"trigger": Trigger.ARMED, "entry": 99.7} if seed % 2 else {}
    told: list[int] = []

    def counted(run: Backtest, passage: Passage) -> bool:
        found = passes_by(run, passage)
        told.append(found)
        return found

    passes_by = Backtest._pass_by
    monkeypatch.setattr(Backtest, "_pass_by", counted)
    quick = scripted(monkeypatch, tmp_path / "quick", bars, optimistic=seed % 3 == 0, **shape)
    monkeypatch.setattr(Backtest, "_pass_by", lambda *_: False)
    plain = scripted(monkeypatch, tmp_path / "plain", bars, optimistic=seed % 3 == 0, **shape)
    assert sum(told) > 20
    assert quick.signals == plain.signals
    assert quick.trades == plain.trades
    assert (quick.equity, quick.open_r) == (plain.equity, plain.open_r)


def test_backtest_signal_for_information_is_followed_but_in_no_total(monkeypatch, tmp_path):
    bars = [(100.0, 100.2, 98.0, 98.2), CALM]
    traded = only(scripted(monkeypatch, tmp_path / "a", bars, costs=Costs()))
    told = scripted(monkeypatch, tmp_path / "b", bars, costs=Costs(), for_information=frozenset({"atr_momentum"}))
    assert told.trades == []
    assert told.equity == 10_000
    (followed,) = told.information
    assert followed.mode is TradingMode.INFO
    assert replace(followed, mode=traded.mode) == traded
    found = as_json(told)
    assert found["total"]["trades"] == 0
    assert found["systems"] == {}
    assert found["equity_r"] == []
    assert found["information"]["systems"]["atr_momentum"]["net_r"] == pytest.approx(traded.result_r)
    assert found["signals"]["atr_momentum"] == {"traded": 0, "information": 1, "refused": 0, "expired": 0}
    lines = list(summary(told))
    place = next(number for number, line in enumerate(lines) if line.startswith("For information"))
    assert lines[place + 1].startswith("ATR Momentum")
    assert "n 1 (1 d)" in lines[place + 1]
    assert not any(line.startswith("ATR Momentum") for line in lines[:place])


REAL = ("ETHUSDT", "DOGEUSDT")


def real_request(**changes) -> BacktestRequest:
    history = shared_path("market-data/futures/klines")
    plain = BacktestRequest(history, REAL, time_of("2024-03-01"), time_of("2024-03-06"), workers=0)
    return replace(plain, **changes)


@cache
def run_alone() -> BacktestResult:
    return Backtest(real_request()).run()


def test_backtest_real_candles_are_the_same_for_any_number_of_processes():
    alone = run_alone()
    spread = Backtest(real_request(workers=2)).run()
    assert alone.trades
    assert fingerprint(alone.trades) == fingerprint(spread.trades)
    assert as_json(alone) == as_json(spread)
    assert json.loads(json.dumps(as_json(alone), allow_nan=False))["total"]["trades"] == len(alone.trades)
    rows = list(csv.DictReader(io.StringIO(trades_csv(alone))))
    assert sum(row["kind"] == "trade" for row in rows) == len(alone.trades)
    assert sum(row["kind"] == "leg" for row in rows) == sum(len(trade.legs) for trade in alone.trades)
    assert any("INSUFFICIENT" in line for line in summary(alone))


def test_backtest_shorter_data_gives_the_same_beginning():
    """Nothing later than a moment can change what was done before it."""
    whole = run_alone()
    cut_ms = time_of("2024-03-04")
    short = Backtest(real_request(end_ms=cut_ms)).run()
    before = [trade for trade in whole.trades if trade.closed_ms < cut_ms]
    assert before
    assert short.trades == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--symbols", "NOPEUSDT", "--from", "2024-03-01", "--to", "2024-03-02"), "No file for symbol NOPEUSDT"),
        (("--from", "2024-03-02", "--to", "2024-03-02"), "not after its start"),
        (("--from", "2020-01-01", "--to", "2020-02-01"), "has no candles from 2020-01-01"),
        (("--from", "someday", "--to", "2020-02-01"), "write a time as in"),
        (("--from", "2024-03-01", "--to", "2024-03-02", "--trade", "liquidity_flash"), "Did you mean liquidity_flush"),
        (("--from", "2024-03-01", "--to", "2024-03-02", "--json", "no/such/place.json"), "there is no folder"),
        (("--from", "2024-03-01", "--to", "2024-03-02", "--html", "."), "is a folder"),
    ],
)
def test_backtest_bad_input_is_one_sentence_and_leaves_nothing_behind(tmp_path, arguments, message):
    history = folder(tmp_path, [CALM])
    told = CliRunner().invoke(app, ["backtest", "--history", str(history), *arguments, "--workers", "0"])
    assert told.exit_code != 0
    assert isinstance(told.exception, InvalidInputError)
    assert message in str(told.exception)
    assert not list(tmp_path.glob("*.json*"))
