"""What must hold whatever happens: random news, random prices, both sides, twice the same."""

from __future__ import annotations

import itertools
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.desk.desk import TradingDesk
from futtui.desk.positions import Position
from futtui.domain.effects import Effect, PlaceOrder, RecordPosition, RecordTrade
from futtui.domain.events import (
    AnalysisDone,
    BalanceChanged,
    BlockSymbol,
    ChangeMode,
    ClockTick,
    ClosePosition,
    Event,
    FeedState,
    FundingPaid,
    OrderChanged,
    OrderFilled,
    PriceUpdate,
    RulesChanged,
    SetPaused,
)
from futtui.domain.orders import Fill, OrderIntent, OrderPurpose, OrderStatus, OrderUpdate
from futtui.domain.position import ExitReason, PositionStatus, TradeClass, TradingMode
from futtui.domain.reading import AnalysisResult
from futtui.domain.side import OrderSide, Side
from futtui.domain.signal import RawSignal, Trigger
from futtui.domain.symbols import ZERO
from futtui.domain.timeframe import MINUTE_MS
from futtui.risk.settings import EntrySettings
from tests.desk.world import START_MS, SYMBOL, World, raw_signal, reading, rules, wide_settings

# --- random news ---------------------------------------------------------------------------------------------------

step = st.one_of(
    st.tuples(st.just("price"), st.integers(9_600, 10_400)),
    st.tuples(st.just("signal"), st.sampled_from(Side), st.sampled_from(Trigger), st.sampled_from(["a", "b", "c"])),
    st.tuples(st.just("update"), st.integers(0, 60), st.sampled_from(OrderStatus)),
    st.tuples(st.just("fill"), st.integers(0, 60), st.integers(1, 60_000), st.integers(9_600, 10_400), st.booleans()),
    st.tuples(st.just("honest"), st.integers(0, 60)),
    st.tuples(st.just("tick"), st.integers(1, 400)),
    st.tuples(st.just("close"), st.integers(0, 5), st.sampled_from([100, 50, 25, 99])),
    st.tuples(st.just("command"), st.integers(0, 7)),
)


class Chaos:
    """Feeds a desk with news that need not make sense, and looks after each."""

    def __init__(self) -> None:
        self.desk = TradingDesk(wide_settings(), start_equity=Decimal(10_000))
        self.now_ms = START_MS
        self.sent: list[OrderIntent] = []
        self.statuses: dict[str, list[str]] = {}
        self.effects: list[Effect] = []
        self.number = 0
        self.give(RulesChanged(self.now_ms, rules()))

    def give(self, event: Event) -> None:
        for effect in self.desk.handle(event):
            self.effects.append(effect)
            if isinstance(effect, PlaceOrder):
                self.sent.append(effect.intent)
            if isinstance(effect, RecordPosition):
                self.statuses.setdefault(effect.position.position_id, []).append(effect.position.status)
        for position in self.desk._state.open.values():
            check(position)

    def apply(self, item: tuple[Any, ...]) -> None:
        self.number += 1
        self.now_ms += 700
        kind, values = item[0], item[1:]
        if kind == "price":
            last = values[0] / 100
            self.give(PriceUpdate(SYMBOL, self.now_ms, last, last - 0.1, last + 0.1))
        elif kind == "signal":
            self.give(self.close_with(*values))
        elif kind == "tick":
            self.now_ms += values[0] * MINUTE_MS
            self.give(ClockTick(self.now_ms))
        elif kind == "close":
            held = self.desk.snapshot().positions
            name = held[values[0] % len(held)].position_id if held else "p-none"
            self.give(ClosePosition(self.now_ms, name, Decimal(values[1])))
        elif kind == "command":
            self.give(self.command(values[0]))
        elif self.sent:
            self.about_an_order(kind, values)

    def about_an_order(self, kind: str, values: tuple[Any, ...]) -> None:
        intent = self.sent[-1 - values[0] % len(self.sent)]
        if kind == "update":
            reason = "-2021" if self.number % 3 == 0 else "made up"
            self.give(OrderChanged(OrderUpdate(intent.client_id, SYMBOL, values[1], self.now_ms, reason=reason)))
        elif kind == "fill":
            trade_id = str(self.number if values[3] else self.number % 5)
            quantity = Decimal(values[1]) / 1000
            self.fill(intent, trade_id, quantity, Decimal(values[2]) / 100)
        elif intent.trigger_price is not None:
            self.give(OrderChanged(OrderUpdate(intent.client_id, SYMBOL, OrderStatus.OPEN, self.now_ms)))
        else:
            self.fill(intent, str(self.number), intent.quantity, Decimal(100))
            self.give(OrderChanged(OrderUpdate(intent.client_id, SYMBOL, OrderStatus.FILLED, self.now_ms)))

    def fill(self, intent: OrderIntent, trade_id: str, quantity: Decimal, price: Decimal) -> None:
        self.give(
            OrderFilled(
                Fill(intent.client_id, SYMBOL, trade_id, intent.side, price, quantity, Decimal("0.01"), self.now_ms)
            )
        )

    def close_with(self, side: Side, trigger: Trigger, strategy: str) -> Event:
        entry = 100.0 if trigger is Trigger.IMMEDIATE else 99.0
        raw = raw_signal(side, entry=entry, time_ms=self.now_ms, trigger=trigger, strategy=strategy)
        return AnalysisDone(self.now_ms, AnalysisResult(reading(time_ms=self.now_ms), (raw,)))

    def command(self, number: int) -> Event:
        commands: list[Event] = [
            SetPaused(self.now_ms, False),
            ChangeMode(self.now_ms, TradingMode.PAPER),
            ChangeMode(self.now_ms, TradingMode.SIGNALS),
            FeedState(self.now_ms, SYMBOL, True),
            FeedState(self.now_ms, SYMBOL, False),
            BlockSymbol(self.now_ms, SYMBOL, self.now_ms + MINUTE_MS),
            BalanceChanged(self.now_ms, TradingMode.SIGNALS, Decimal(9_000)),
            FundingPaid(self.now_ms, SYMBOL, TradingMode.SIGNALS, Decimal("0.3")),
        ]
        return commands[number]


def check(position: Position) -> None:
    ledger = position.ledger
    assert ledger.entry_quantity == ledger.open + sum((leg.quantity for leg in ledger.legs), ZERO)
    assert ledger.open >= 0
    if position.status is PositionStatus.PROTECTED:
        live = [order for order in position.of(OrderPurpose.STOP) if order.is_live]
        assert any(order.remaining >= ledger.open for order in live)
    ids = list(position.orders)
    assert len(ids) == len(set(ids))


AFTER_END = {
    "CLOSED": {"CLOSED", "CLOSING"},
    "FAILED": {"FAILED", "CLOSING", "CLOSED"},
}


@settings(max_examples=400, deadline=None)
@given(st.lists(step, min_size=5, max_size=80))
def test_random_news_never_raises_and_never_loses_a_stop(steps: list[tuple[Any, ...]]) -> None:
    chaos = Chaos()
    chaos.apply(("price", 10_000))
    chaos.apply(("signal", Side.LONG, Trigger.IMMEDIATE, "a"))
    for item in steps:
        chaos.apply(item)
    for row in chaos.statuses.values():
        for before, after in itertools.pairwise(row):
            assert after in AFTER_END.get(before, {after})
            assert after != "ENTERING" or before == "ENTERING"
    for effect in chaos.effects:
        if isinstance(effect, RecordTrade):
            trade = effect.trade
            assert sum((leg.quantity for leg in trade.legs), ZERO) == trade.quantity
    ids = [intent.client_id for intent in chaos.sent]
    assert len(ids) == len(set(ids))
    chaos.desk.snapshot()


@settings(max_examples=100, deadline=None)
@given(st.lists(step, min_size=5, max_size=60))
def test_same_events_give_the_same_effects(steps: list[tuple[Any, ...]]) -> None:
    first, second = Chaos(), Chaos()
    for item in (("price", 10_000), ("signal", Side.LONG, Trigger.IMMEDIATE, "a"), *steps):
        first.apply(item)
        second.apply(item)
    assert first.effects == second.effects
    assert first.desk.snapshot() == second.desk.snapshot()


def test_events_about_orders_that_are_not_ours_never_raise() -> None:
    chaos = Chaos()
    for client_id in ("", "web_abc", "f-", "f--", "f-0123456789abcdef-E1", "autoclose-1", "f-x-S1-y"):
        chaos.give(OrderChanged(OrderUpdate(client_id, SYMBOL, OrderStatus.FILLED, START_MS)))
        fill = Fill(client_id, SYMBOL, "1", OrderSide.BUY, Decimal(1), Decimal(1), Decimal(0), START_MS)
        chaos.give(OrderFilled(fill))
    assert chaos.sent == []


# --- random prices with an honest broker ----------------------------------------------------------------------------

moves = st.lists(st.integers(-30, 30), min_size=1, max_size=60)


def play(world: World, side: Side, ticks: list[int], centre: float = 100.0) -> None:
    """Enter and walk; prices of a short are those of a long mirrored at the centre."""
    world.enter(side, rewards=(1.0, 2.0, 4.0))
    moved = 0
    for index, tick in enumerate(ticks):
        moved += tick
        world.price(round(centre + side.sign * moved / 20, 2))
        if index % 3 == 0:
            world.analyse(price=centre)
    world.tick(minutes=8 * 24 * 60)


@settings(max_examples=150, deadline=None)
@given(moves)
def test_honest_broker_always_ends_flat_with_sound_trades(ticks: list[int]) -> None:
    world = World()
    play(world, Side.LONG, ticks)
    (trade,) = world.trades
    assert world.broker.resting == {}
    assert all(value == 0 for value in world.broker.held.values())
    gross = sum((leg.quantity * (leg.price - trade.entry_price) for leg in trade.legs), ZERO)
    assert trade.pnl == gross - trade.fees
    for leg in trade.legs:
        if leg.reason is ExitReason.STOP:
            assert leg.price < trade.entry_price
        if leg.reason in (ExitReason.BREAK_EVEN, ExitReason.TRAIL, ExitReason.TARGET_1):
            assert leg.price > trade.entry_price
    assert trade.mae_r <= 0.0 <= trade.mfe_r
    snapshot = world.desk.snapshot()
    assert snapshot.account.wins + snapshot.account.losses + snapshot.account.break_evens == 1
    assert snapshot.account.wins == (trade.result_class is TradeClass.WIN)


@settings(max_examples=100, deadline=None)
@given(moves)
def test_mirrored_prices_give_mirrored_trades(ticks: list[int]) -> None:
    free = wide_settings()
    costless = replace(free, risk=replace(free.risk, entry=EntrySettings(taker_fee_pct=0.0, slippage_pct=0.0)))
    trades = []
    for side in Side:
        world = World(costless, fee_rate=ZERO)
        play(world, side, ticks)
        trades.append(world.trades[0])
    long, short = trades
    assert [leg.reason for leg in long.legs] == [leg.reason for leg in short.legs]
    assert [leg.quantity for leg in long.legs] == [leg.quantity for leg in short.legs]
    assert [leg.price - 100 for leg in long.legs] == [100 - leg.price for leg in short.legs]
    assert long.pnl == short.pnl
    assert long.result_r == short.result_r
    assert (long.mfe_r, long.mae_r) == (short.mfe_r, short.mae_r)


@settings(max_examples=100, deadline=None)
@given(
    plans=st.lists(
        st.tuples(st.sampled_from(Side), st.sampled_from(["a", "b"]), st.integers(0, 3), st.floats(2.5, 6.0)),
        max_size=25,
    )
)
def test_open_positions_never_oppose_each_other_on_a_symbol(plans: list[tuple[Side, str, int, float]]) -> None:
    symbols = ("AAAUSDT", "BBBUSDT", "CCCUSDT", "DDDUSDT")
    world = World(symbols=symbols)
    for side, strategy, which, score in plans:
        world.now_ms += 1000
        raw: RawSignal = raw_signal(
            side, symbol=symbols[which], strategy=strategy, base_score=score, time_ms=world.now_ms
        )
        world.analyse(raw)
        held = [(item.symbol, item.side) for item in world.desk.snapshot().positions]
        assert len({symbol for symbol, _ in held}) == len(held)
