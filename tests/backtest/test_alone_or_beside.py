"""A trade goes the same way whether anything else is open or not: on its own symbol, on others, on either account."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from futtui.backtest.data import BASE, SymbolData, load_symbol
from futtui.backtest.run import Backtest, BacktestResult
from futtui.backtest.settings import BacktestRequest
from futtui.backtest.shards import Answers
from futtui.backtest.single_trade import ANY_SCORE
from futtui.desk import entries
from futtui.domain.candle import Candle
from futtui.domain.events import Event, PriceApart
from futtui.domain.position import Trade
from futtui.domain.reading import AnalysisResult
from futtui.domain.side import Side
from futtui.domain.signal import RawSignal, System, Trigger
from futtui.domain.timeframe import DAY_MS, HOUR_MS, Timeframe
from futtui.exchange.simulator.market.funding_files import FundingHistory
from futtui.live.past_candles import time_of
from futtui.risk.sizing import Sizing
from tests.backtest.made_history import write_candles
from tests.desk.world import raw_signal, reading, wide_settings

START_MS = time_of("2024-03-01")
COARSE, FINE = "COARSEUSDT", "FINEUSDT"
"""One has quarter hours only, the other has minutes."""
DAYS = 1.5
BOOKS = (
    (System.CORE, "atr_momentum"),
    (System.ACTION_PRICE, "action_price"),
    (System.SR, "flip_retest"),
    (System.DUAL, "dual_m15"),
    (System.DUAL, "dual_h1"),
)
TOLD = frozenset({"action_price", "dual_h1"})
"""Followed for information, on an account of their own, where they may hold the other side."""


class Script:
    """Stands in for the analyses: these signals, each at its close, and a reading of every close."""

    def __init__(self, data: dict[str, SymbolData], signals: list[RawSignal]) -> None:
        self._data, self._signals = data, signals
        self._at_ms = self._until_ms = START_MS

    def ask(self, until_ms: int) -> None:
        self._until_ms = until_ms

    def answers(self) -> dict[str, Answers]:
        found: dict[str, Answers] = {}
        for name, one in self._data.items():
            bars = one.quarters(self._at_ms, self._until_ms)
            found[name] = [(BASE.end_ms(bar.open_time_ms), self._answer(name, bar)) for bar in bars]
        self._at_ms = self._until_ms
        return found

    def _answer(self, name: str, bar: Candle) -> AnalysisResult:
        time_ms = BASE.end_ms(bar.open_time_ms)
        signals = tuple(raw for raw in self._signals if raw.symbol == name and raw.time_ms == time_ms)
        return AnalysisResult(reading(name, price=bar.close, time_ms=time_ms), signals)

    def stop(self) -> None: ...


def history(folder: Path, seed: int) -> dict[str, SymbolData]:
    from_ms, days = START_MS - DAY_MS, DAYS + 1
    write_candles(folder / "15m" / f"{COARSE}.csv", from_ms, days, seed=seed)
    write_candles(folder / "1m" / f"{FINE}.csv", from_ms, days, seed=seed + 50, frame=Timeframe.M1)
    return {name: load_symbol(folder, name, START_MS) for name in (COARSE, FINE)}


def drawn_signals(data: dict[str, SymbolData], seed: int) -> list[RawSignal]:
    """Signals at random closes: at once, or waiting a little away; both sides; levels on and between the ticks."""
    draws = np.random.default_rng(seed)
    found = []
    for name, one in data.items():
        bars = one.quarters(START_MS, START_MS + int(DAYS * DAY_MS))
        for place in sorted(draws.choice(len(bars) - 24, 20, replace=False)):
            system, strategy = BOOKS[draws.integers(len(BOOKS))]
            side = Side.LONG if draws.random() < 0.6 else Side.SHORT
            trigger = Trigger.ARMED if draws.random() < 0.6 else Trigger.IMMEDIATE
            risk, away = float(draws.uniform(0.9, 1.6)), float(draws.uniform(-0.9, 0.9))
            found.append(
                raw_signal(
                    side, symbol=name, entry=bars[place].close + away * (trigger is Trigger.ARMED), risk=risk,
                    rewards=(0.9, 1.5, 2.1), time_ms=BASE.end_ms(bars[place].open_time_ms), trigger=trigger,
                    strategy=strategy, system=system, valid_ms=6 * HOUR_MS, time_stop_bars=40,
                )
            )  # fmt: skip
    return found


def run(
    data: dict[str, SymbolData], signals: list[RawSignal], monkeypatch: pytest.MonkeyPatch, optimistic: bool = False
) -> tuple[BacktestResult, Counter[str]]:
    """The run, and how many prices were for some positions alone."""
    rates = FundingHistory({})
    end_ms = START_MS + int(DAYS * DAY_MS)
    request = BacktestRequest(
        Path(), tuple(data), START_MS, end_ms, desk=replace(wide_settings(), scoring=ANY_SCORE), workers=0,
        for_information=TOLD, optimistic=optimistic,
    )  # fmt: skip
    seen: Counter[str] = Counter()
    made = Backtest(request, lambda *_: Script(data, signals), data, rates)
    submit = made._runner.submit

    def counted(event: Event) -> None:
        seen[event.symbol if isinstance(event, PriceApart) else ""] += 1
        submit(event)

    monkeypatch.setattr(made._runner, "submit", counted)
    return made.run(), seen


def way_of(trade: Trade) -> tuple[object, ...]:
    """Everything that happened to it, exactly."""
    legs = tuple((leg.reason, leg.price, leg.quantity, leg.time_ms) for leg in trade.legs)
    return trade.opened_ms, trade.closed_ms, trade.entry_price, legs, trade.fees, trade.mfe_r, trade.mae_r


@pytest.mark.parametrize("seed", range(6))
def test_trade_alone_and_beside_others_has_equal_fills_times_and_r(tmp_path, monkeypatch, seed: int):
    """Sizes are fixed: they hang on the money of the account, which is what others change by right."""
    size = Sizing(Decimal(10), Decimal(1000), Decimal(10))
    monkeypatch.setattr(entries, "size_position", lambda *_: size)
    data = history(tmp_path, seed)
    signals = drawn_signals(data, seed)
    together, prices = run(data, signals, monkeypatch, optimistic=seed % 3 == 2)
    beside = {trade.position_id: trade for trade in (*together.trades, *together.information)}
    assert len(beside) >= 10
    assert prices[COARSE] + prices[FINE], "there are bars with more than one way through them"
    for raw in signals:
        trade = beside.get(f"p-{raw.signal_id}")
        if trade is None:
            continue
        only_it, _ = run({raw.symbol: data[raw.symbol]}, [raw], monkeypatch, optimistic=seed % 3 == 2)
        (alone,) = (*only_it.trades, *only_it.information)
        assert way_of(alone) == way_of(trade)
        assert float(alone.funding) == pytest.approx(float(trade.funding), abs=1e-7)
        assert alone.result_r == pytest.approx(trade.result_r, abs=1e-8)


@pytest.mark.parametrize("seed", [7, 12])
def test_money_of_every_trade_adds_up_to_the_equity(tmp_path, monkeypatch, seed: int):
    """Fees of entry and every part, funding by its sign, worst and best point: worked out anew from the fills."""
    data = history(tmp_path, seed)
    result, _ = run(data, drawn_signals(data, seed), monkeypatch)
    booked = sum((trade.pnl for trade in result.trades), Decimal(0))
    assert result.open_positions or result.equity == pytest.approx(10_000 + float(booked), abs=1e-6)
    everything = [*result.trades, *result.information]
    assert {trade.side for trade in everything if trade.funding} == {Side.LONG, Side.SHORT}
    for trade in everything:
        sign = trade.side.sign
        earned = sum((sign * (leg.price - trade.entry_price) * leg.quantity for leg in trade.legs), Decimal(0))
        turned = trade.entry_price * trade.quantity + sum((leg.price * leg.quantity for leg in trade.legs), Decimal(0))
        assert sum(leg.quantity for leg in trade.legs) == trade.quantity
        assert float(trade.fees) == pytest.approx(float(turned) * 0.0005, abs=1e-5)
        assert float(trade.pnl) == pytest.approx(float(earned - trade.fees + trade.funding), abs=1e-6)
        assert trade.funding == 0 or (trade.funding < 0) == (sign > 0), "longs pay the usual rate, shorts get it"
        moves = [sign * float(leg.price - trade.entry_price) for leg in trade.legs]
        risk = float(trade.pnl) / trade.result_r / float(trade.quantity)
        assert trade.mae_r - 1e-9 <= min(moves) / risk
        assert trade.mfe_r + 1e-9 >= max(moves) / risk
