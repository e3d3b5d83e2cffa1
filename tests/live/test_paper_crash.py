"""The program dies after any record: the virtual account goes on whole, nothing is stuck, no money is made or lost."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from futtui.desk.desk import TradingDesk
from futtui.domain.effects import (
    PositionState,
    RecordPosition,
    RecordSignal,
    RecordSymbolState,
    RecordTrade,
    Say,
)
from futtui.domain.events import AnalysisDone, ClockTick, ClosePosition, PriceUpdate, RulesChanged
from futtui.domain.position import Trade, TradingMode
from futtui.domain.reading import AnalysisResult
from futtui.domain.side import Side
from futtui.domain.signal import Signal
from futtui.domain.timeframe import MINUTE_MS
from futtui.exchange.simulator.paper import PaperBroker
from futtui.live.brokers import PaperDeskBroker
from futtui.live.desk_runner import DeskRunner, Record
from futtui.live.restore import restore_state
from tests.desk.world import START_MS, SYMBOL, raw_signal, reading, rules, wide_settings

MODE = TradingMode.PAPER
EQUITY = Decimal(10_000)
PRICES = (100.0, 100.4, 101.1, 100.9, 102.2, 101.4, 100.6, 99.0, 98.5, 98.0)
"""Through the first two targets and back through the trailing stop."""


class Memory:
    """A database in memory: what was recorded before the crash."""

    def __init__(self, records: Sequence[Record] = ()) -> None:
        self.records = list(records)

    def submit(self, record: Record) -> None:
        self.records.append(record)

    def open_positions(self) -> list[PositionState]:
        newest = {item.position.position_id: item.position for item in self.records if isinstance(item, RecordPosition)}
        return [state for state in newest.values() if state.status not in ("CLOSED", "FAILED")]

    def ended_positions(self, mode: TradingMode, since_ms: int) -> list[PositionState]:
        newest = {item.position.position_id: item.position for item in self.records if isinstance(item, RecordPosition)}
        ended = [state for state in newest.values() if state.status in ("CLOSED", "FAILED")]
        return [state for state in ended if state.mode == mode.value and state.updated_ms >= since_ms]

    def trades(self, limit: int) -> list[Trade]:
        newest = {item.trade.position_id: item.trade for item in self.records if isinstance(item, RecordTrade)}
        return list(newest.values())[-limit:]

    def open_signals(self) -> list[Signal]:
        newest = {item.signal.signal_id: item.signal for item in self.records if isinstance(item, RecordSignal)}
        return [signal for signal in newest.values() if signal.status.is_open]

    def blocked_symbols(self) -> dict[str, tuple[int, str]]:
        return {
            item.symbol: (item.blocked_until_ms, item.reason)
            for item in self.records
            if isinstance(item, RecordSymbolState) and item.blocked_until_ms is not None
        }


class Lines:
    def __init__(self) -> None:
        self.texts: list[str] = []

    def say(self, line: Say) -> None:
        self.texts.append(line.text)


class Run:
    """One life of the program, on the records of the lives before."""

    def __init__(self, before: Sequence[Record], now_ms: int) -> None:
        self.memory, self.lines = Memory(before), Lines()
        self.desk = TradingDesk(wide_settings(), MODE, EQUITY)
        self.runner = DeskRunner(self.desk, self.memory, self.lines)
        self.paper = PaperBroker(EQUITY, now_ms, mode=MODE)
        self.runner.carry_out(restore_state(self.memory, self.desk, {MODE: self.paper}, now_ms))  # type: ignore[arg-type]
        self.runner.brokers[MODE] = PaperDeskBroker(self.paper, MODE, self.runner.submit)
        self.paper.set_rules(rules())
        self.runner.submit(RulesChanged(now_ms, rules()))

    def price(self, last: float, time_ms: int) -> None:
        update = PriceUpdate(SYMBOL, time_ms, last, last, last)
        self.runner.brokers[MODE].on_price(update)
        self.runner.submit(update)

    def signal(self, time_ms: int, side: Side) -> None:
        raw = raw_signal(side, time_ms=time_ms)
        self.runner.submit(AnalysisDone(time_ms, AnalysisResult(reading(time_ms=time_ms), (raw,))))

    def walk(self, prices: Sequence[float], start_ms: int) -> int:
        time_ms = start_ms
        for last in prices:
            for _ in range(4):
                time_ms += 20_000
                self.price(last, time_ms)
            self.runner.submit(ClockTick(time_ms))
        return time_ms


def first_life(side: Side, by_hand: str) -> list[Record]:
    run = Run((), START_MS)
    run.price(100.0, START_MS + 1000)
    run.signal(START_MS + 2000, side)
    prices = [mirrored(side, price) for price in PRICES]
    cut = {"": len(prices), "all": 4, "part": 2}[by_hand]
    end_ms = run.walk(prices[:cut], START_MS + 3000)
    if by_hand:
        (view,) = run.desk.snapshot().positions
        run.runner.submit(ClosePosition(end_ms, view.position_id, Decimal(50 if by_hand == "part" else 100)))
    if by_hand == "part":
        run.walk(prices[cut:], end_ms)
    assert len(run.memory.trades(10)) == 1
    return run.memory.records


def mirrored(side: Side, price: float) -> float:
    return price if side is Side.LONG else 200.0 - price


def check_whole(run: Run) -> None:
    held = {position.symbol: position.quantity for position in run.paper.positions()}
    sign = {Side.LONG: 1, Side.SHORT: -1}
    views = run.desk.snapshot().positions
    assert {view.symbol: view.quantity * sign[view.side] for view in views} == {
        symbol: float(quantity) for symbol, quantity in held.items()
    }
    assert {view.status for view in views} <= {"PROTECTED"}
    assert run.paper.wallet_balance() == run.desk.booked_wallet(MODE)
    trades = run.memory.trades(100)
    if not views:
        assert run.paper.wallet_balance() == EQUITY + sum((trade.pnl for trade in trades), Decimal(0))


@pytest.mark.parametrize("by_hand", ["", "all", "part"])
@pytest.mark.parametrize("side", Side)
def test_paper_crash_after_any_record_leaves_a_whole_account(side: Side, by_hand: str) -> None:
    records = first_life(side, by_hand)
    assert len(records) > 12
    for count in range(len(records) + 1):
        now_ms = START_MS + 20 * MINUTE_MS
        run = Run(records[:count], now_ms)
        end_ms = run.walk([mirrored(side, price) for price in (100.3, 100.2)], now_ms)
        check_whole(run)
        end_ms = run.walk([mirrored(side, price) for price in (97.0, 97.0)], end_ms)
        assert not run.paper.positions(), f"after {count} records"
        check_whole(run)
        run.walk([100.0], end_ms)
        run.signal(end_ms + 100_000, side)
        assert [view.status for view in run.desk.snapshot().positions] == ["PROTECTED"], f"after {count} records"
