"""Attacks on money and protection: rare orders of events in which a careless desk loses a stop, a fill or a fee."""

from __future__ import annotations

from decimal import Decimal

import pytest

from futtui.desk.desk import TradingDesk
from futtui.domain.effects import RecordTrade
from futtui.domain.events import (
    BalanceChanged,
    BlockSymbol,
    ChangeMode,
    ClockTick,
    ClosePosition,
    Event,
    FundingPaid,
    OrderFilled,
    PriceUpdate,
    RulesChanged,
    SetPaused,
)
from futtui.domain.orders import Fill, OrderIntent, OrderPurpose, OrderStatus, OrderType
from futtui.domain.position import ExitReason, TradingMode
from futtui.domain.side import OrderSide, Side
from futtui.domain.timeframe import DAY_MS, MINUTE_MS
from tests.desk.test_pending_news import Quiet, placed
from tests.desk.world import START_MS, SYMBOL, World, rules, wide_settings


def target(world: World, number: int) -> OrderIntent:
    return next(item for item in world.targets() if item.leg_index == number)


# --- stops and exits that fail half way -----------------------------------------------------------------------------


def test_rest_of_a_broken_stop_is_sold_at_once_although_a_stop_move_was_refused_before() -> None:
    world = Quiet()
    (stop,) = world.stops()
    (moved,) = placed(world.filled(target(world, 1), "101"))
    world.tell(moved.client_id, OrderStatus.REJECTED, "-1008 overloaded")
    world.tell(stop.client_id, OrderStatus.TRIGGERED)
    world.filled(stop, "98.95", Decimal(10))
    (rest,) = placed(world.tell(stop.client_id, OrderStatus.EXPIRED))
    assert rest.quantity == Decimal(25)


def test_position_without_stop_is_never_given_up_while_the_exchange_is_down() -> None:
    world = Quiet()
    (stop,) = world.stops()
    world.tell(stop.client_id, OrderStatus.TRIGGERED)
    effects = world.tell(stop.client_id, OrderStatus.REJECTED, "-1008 overloaded")
    sent = 0
    for _ in range(20 * 60):
        for order in placed(effects):
            sent += 1
            effects = world.tell(order.client_id, OrderStatus.REJECTED, "-1008 overloaded")
            break
        else:
            effects = world.look(98.5)
    assert 105 <= sent <= 125, "about every ten seconds: nothing else protects it"
    assert 1 <= sum("no stop" in line for line in world.lines()) <= 6


def test_position_that_loses_its_stop_after_many_failed_exits_is_still_closed() -> None:
    world = Quiet()
    position = world.desk.snapshot().positions[0]
    for _ in range(6):
        for order in placed(world.send(ClosePosition(world.now_ms, position.position_id))):
            world.tell(order.client_id, OrderStatus.REJECTED, "try later")
    world.desk._state.open[position.position_id].exit_attempts = 5
    for number in range(1, 5):
        stops = [item for item in placed(world.effects) if item.purpose is OrderPurpose.STOP]
        effects = world.tell(stops[-1].client_id, OrderStatus.EXPIRED, f"removed by hand {number}")
        for item in placed(effects):
            world.tell(item.client_id, OrderStatus.OPEN)
    exits = [item for _ in range(90) for item in placed(world.look(100.0)) if item.purpose is OrderPurpose.EXIT]
    assert len(exits) == 1


def test_close_by_command_that_fills_in_part_goes_on_by_itself() -> None:
    world = Quiet()
    position = world.desk.snapshot().positions[0]
    (order,) = placed(world.send(ClosePosition(world.now_ms, position.position_id)))
    world.filled(order, "99.9", Decimal(20))
    world.tell(order.client_id, OrderStatus.EXPIRED)
    rests = [item for _ in range(10) for item in placed(world.look(99.9))]
    assert [item.quantity for item in rests] == [Decimal(30)]


@pytest.mark.parametrize(("minutes", "stops_left"), [(11, 1), (1, 0)])
def test_stop_that_the_user_takes_away_now_and_then_is_put_back_and_one_that_never_stays_closes_the_position(
    minutes: int, stops_left: int
) -> None:
    world = World()
    world.enter()
    for _ in range(6):
        for _ in range(minutes * 6):
            world.price(100.2, step_ms=10_000)
        for stop in world.stops():
            del world.broker.resting[stop.client_id]
            world.send(world.broker._update(stop, OrderStatus.CANCELED, "", world.now_ms))
    assert len(world.stops()) == stops_left
    assert len(world.desk.snapshot().positions) == stops_left


@pytest.mark.parametrize("entry_first", [True, False])
def test_filled_entry_without_a_stop_is_closed_at_once_although_its_executions_are_not_told(entry_first: bool) -> None:
    world = World()
    honest, untold = world.broker.place, list[Event]()

    def place(intent: OrderIntent) -> list[Event]:
        if intent.purpose is OrderPurpose.STOP:
            return [world.broker._update(intent, OrderStatus.REJECTED, "-4045 too many")]
        events = honest(intent)
        if intent.purpose in (OrderPurpose.ENTRY, OrderPurpose.EXIT):
            untold.extend(event for event in events if isinstance(event, OrderFilled))
            events = [event for event in events if not isinstance(event, OrderFilled)]
        return events

    world.broker.place = place  # type: ignore[method-assign]
    world.enter()
    exits = [item for item in placed(world.effects) if item.purpose is OrderPurpose.EXIT]
    assert [(item.quantity, item.reduce_only) for item in exits] == [(50, True)]
    for event in untold if entry_first else untold[::-1]:
        for _ in range(90):
            world.price(100.0)
        world.send(event)
    assert not world.desk.snapshot().positions
    assert [leg.quantity for leg in world.trades[-1].legs] == [50]
    assert len([item for item in placed(world.effects) if item.purpose is OrderPurpose.EXIT]) == 1


# --- targets --------------------------------------------------------------------------------------------------------


class LostTargets(World):
    """The first `lost` targets with number `number` are refused."""

    def __init__(self, reason: str, lost: int = 1, number: int = 1) -> None:
        super().__init__()
        self.target_orders: list[OrderIntent] = []
        honest = self.broker.place

        def place(intent: OrderIntent) -> list[Event]:
            if intent.purpose is OrderPurpose.TARGET and intent.leg_index == number:
                self.target_orders.append(intent)
                if len(self.target_orders) <= lost:
                    return [self.broker._update(intent, OrderStatus.REJECTED, reason)]
            return honest(intent)

        self.broker.place = place  # type: ignore[method-assign]
        self.enter()


def test_target_that_price_has_passed_already_is_sold_at_market_and_moves_the_stop() -> None:
    world = LostTargets("-2021 Order would immediately trigger.")
    world.price(101.3)
    world.price(101.3)
    first, second = world.target_orders
    assert second.order_type is OrderType.MARKET
    assert second.reduce_only
    assert second.quantity == first.quantity == Decimal(15)
    (position,) = world.desk.snapshot().positions
    assert position.targets_hit == 1


def test_target_that_price_passed_for_a_moment_only_waits_at_its_price_again() -> None:
    world = LostTargets("-2021 Order would immediately trigger.")
    world.price(100.2)
    world.price(100.2)
    _, second = world.target_orders
    assert second.order_type is OrderType.TAKE_PROFIT_MARKET
    assert world.desk.snapshot().positions[0].targets_hit == 0


def test_target_that_was_lost_is_placed_again_after_a_pause() -> None:
    world = LostTargets("-1008 overloaded")
    assert len(world.target_orders) == 1
    for _ in range(40):
        world.price(100.1)
    assert [item.order_type for item in world.target_orders] == [OrderType.TAKE_PROFIT_MARKET] * 2
    assert sorted(item.leg_index for item in world.targets()) == [1, 2, 3]
    assert sum((item.quantity for item in world.targets()), Decimal(0)) == Decimal(50)


def test_target_that_is_refused_for_good_is_given_up_with_words() -> None:
    world = LostTargets("-4045 too many", lost=99)
    for _ in range(30):
        world.tick()
    assert len(world.target_orders) == 4
    assert any("the stop covers its part" in line for line in world.lines())


def test_lost_target_survives_a_restart() -> None:
    world = LostTargets("-1008 overloaded")
    desk = TradingDesk(wide_settings(), TradingMode.SIGNALS)
    states = [item.position for item in world.effects if type(item).__name__ == "RecordPosition"]
    desk.restore(positions=[states[-1]])
    desk.handle(RulesChanged(world.now_ms, rules()))
    effects = desk.handle(PriceUpdate(SYMBOL, world.now_ms + MINUTE_MS, 101.2, 101.2, 101.2))
    (again,) = placed(effects)
    assert (again.leg_index, again.quantity, again.order_type) == (1, Decimal(15), OrderType.MARKET)


def test_target_that_filled_in_part_and_died_sells_its_rest_before_the_stop_moves() -> None:
    world = Quiet()
    first = target(world, 1)
    world.tell(first.client_id, OrderStatus.TRIGGERED)
    world.filled(first, "101", Decimal(6))
    (rest,) = placed(world.tell(first.client_id, OrderStatus.EXPIRED))
    assert (rest.quantity, rest.order_type) == (Decimal(9), OrderType.MARKET)
    (stop,) = placed(world.filled(rest, "100.9"))
    assert stop.purpose is OrderPurpose.STOP
    assert stop.quantity == Decimal(35)


# --- accounts -------------------------------------------------------------------------------------------------------


def live_trade(world: World, exit_price: float) -> None:
    world.send(BalanceChanged(world.now_ms, TradingMode.LIVE, Decimal(10_000)))
    world.enter(entry=100.0)
    world.price(exit_price, low=min(100.0, exit_price))


@pytest.mark.parametrize("wallet", ["500", "9800", "250000"])
def test_live_account_after_a_restart_counts_its_day_from_its_own_money(wallet: str) -> None:
    world = World(mode=TradingMode.LIVE)
    live_trade(world, 98.0)
    (trade,) = world.trades
    later = World(mode=TradingMode.LIVE)
    later.desk = TradingDesk(later.desk._state.settings, TradingMode.LIVE)
    later.desk.restore(trades=[trade], time_ms=world.now_ms)
    later.now_ms = world.now_ms
    later.send(RulesChanged(later.now_ms, rules()))
    later.price(100.0)
    later.send(BalanceChanged(later.now_ms, TradingMode.LIVE, Decimal(wallet)))
    view = later.desk.snapshot().account
    assert view.wallet_balance == float(wallet)
    started = float(wallet) - float(trade.pnl)
    assert view.today_pct == pytest.approx(float(trade.pnl) / started * 100)
    assert view.start_equity == pytest.approx(started)


def test_corrected_losing_trade_counts_once_in_the_row_of_losses() -> None:
    world = Quiet()
    (stop,) = world.stops()
    world.filled(stop, "99")
    entry = next(intent for intent in placed(world.effects) if intent.client_id.endswith("E1"))
    (rest,) = placed(world.filled(entry, "100", Decimal(5)))
    world.filled(rest, "99.5")
    account = world.desk._state.accounts[TradingMode.SIGNALS]
    assert account.closed_trades == 1
    assert account.losses_in_a_row == 1


def test_funding_told_after_the_close_still_reaches_its_trade() -> None:
    world = World()
    world.enter()
    funding_ms = world.now_ms + 500
    world.price(98.9)
    (trade,) = world.trades
    world.send(FundingPaid(funding_ms, SYMBOL, TradingMode.SIGNALS, Decimal("-0.75")))
    corrected = world.trades[-1]
    assert corrected.position_id == trade.position_id
    assert corrected.funding == Decimal("-0.75")
    assert corrected.pnl == trade.pnl - Decimal("0.75")
    view = world.desk.snapshot().account
    assert view.closed_trades == 1
    assert view.wallet_balance == 10_000 + float(corrected.pnl)


def test_funding_of_a_time_when_nothing_was_held_changes_no_trade() -> None:
    world = World()
    world.enter()
    world.price(98.9)
    count = len(world.trades)
    effects = world.send(FundingPaid(world.now_ms + 60_000, SYMBOL, TradingMode.SIGNALS, Decimal(-1)))
    effects += world.send(FundingPaid(START_MS - 1, SYMBOL, TradingMode.SIGNALS, Decimal(-1)))
    effects += world.send(FundingPaid(world.now_ms, SYMBOL, TradingMode.LIVE, Decimal(-1)))
    assert [effect for effect in effects if isinstance(effect, RecordTrade)] == []
    assert len(world.trades) == count


def test_fee_in_another_coin_is_never_taken_for_usdt() -> None:
    world = Quiet()
    position = world.desk.snapshot().positions[0]
    (order,) = placed(world.send(ClosePosition(world.now_ms, position.position_id)))
    fill = Fill(
        order.client_id, SYMBOL, "bnb", OrderSide.SELL, Decimal(100), order.quantity, Decimal("0.003"), world.now_ms,
        fee_asset="BNB",
    )  # fmt: skip
    world.send(OrderFilled(fill))
    (trade,) = world.trades
    assert trade.legs[0].fee == order.quantity * 100 * Decimal("0.0005")


def test_day_limit_is_counted_anew_at_midnight_with_positions_open() -> None:
    world = World(wide_settings())
    world.enter()
    world.price(99.2)
    world.now_ms = START_MS + DAY_MS + 1000
    world.send(ClockTick(world.now_ms))
    assert -0.03 < world.desk.snapshot().account.today_pct <= 0.0  # only the fee of the time stop, no loss of yesterday


@pytest.mark.parametrize("side", Side)
def test_break_even_stop_never_lies_beyond_the_price_it_protects_from(side: Side) -> None:
    """A target so near that fees reach beyond it leaves the stop where it is."""
    world = World(fee_rate=Decimal("0.01"))
    world.enter(side)
    world.price(100 + side.sign * 1.0)
    (stop,) = world.stops()
    assert side.sign * (float(stop.trigger_price or 0) - world.desk.snapshot().positions[0].mark_price) < 0


def test_paused_or_blocked_desk_still_manages_what_is_open() -> None:
    world = World()
    world.enter()
    world.send(SetPaused(world.now_ms, True))
    world.send(BlockSymbol(world.now_ms, SYMBOL))
    world.send(ChangeMode(world.now_ms, TradingMode.PAPER))
    world.price(101.0)
    (stop,) = world.stops()
    assert stop.quantity == Decimal(35)
    assert stop.trigger_price is not None
    assert stop.trigger_price > 100
    world.price(99.0)
    (trade,) = world.trades
    assert trade.mode is TradingMode.SIGNALS
    assert [leg.reason for leg in trade.legs] == [ExitReason.TARGET_1, ExitReason.BREAK_EVEN]
