"""A part closed by hand: rounded, booked as a leg, and the rest never without a stop of at least its size."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.desk.orders import WorkingOrder
from futtui.domain.effects import CancelOrder, Effect, PlaceOrder
from futtui.domain.events import BalanceChanged, ClosePosition, KillSwitch
from futtui.domain.kill import KillLevel
from futtui.domain.orders import OrderIntent, OrderPurpose, OrderStatus
from futtui.domain.part_close import PartRefusal, part_of
from futtui.domain.position import ExitReason, TradingMode
from futtui.domain.position_story import StepKind
from futtui.domain.side import Side
from futtui.domain.symbols import ZERO
from futtui.risk.targets import Slice, rescaled
from tests.desk.test_flows import SIDES, at, walk
from tests.desk.test_pending_news import Quiet, placed
from tests.desk.test_restart import restart
from tests.desk.world import FEE_RATE, World, rules

MODES = [TradingMode.SIGNALS, TradingMode.PAPER, TradingMode.LIVE]


class Watched(World):
    """Looks after every single step that a stop on the exchange covers all that is held."""

    def after_effect(self) -> None:
        if any(item.status == "PROTECTED" for item in self.desk.snapshot().positions):
            held = sum(self.broker.held.values(), ZERO)
            assert max((stop.quantity for stop in self.stops()), default=ZERO) >= held


def close(world: World, percent: float | str) -> list[Effect]:
    """Sends the command for the only open position."""
    (position,) = world.desk.snapshot().positions
    return world.send(ClosePosition(world.now_ms, position.position_id, Decimal(str(percent))))


def sizes(intents: list[OrderIntent]) -> list[Decimal]:
    return [item.quantity for item in sorted(intents, key=lambda item: item.leg_index)]


def orders(world: World, purpose: OrderPurpose) -> list[WorkingOrder]:
    (position,) = world.desk._state.open.values()
    return position.of(purpose)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("mode", MODES)
def test_half_is_sold_and_stop_and_targets_go_on_with_the_other_half(side: Side, mode: TradingMode) -> None:
    world = Watched(mode=mode)
    world.send(BalanceChanged(world.now_ms, mode, Decimal(10_000)))
    world.enter(side)
    walk(world, side, 0.5)
    made = close(world, 50)
    (part,) = [item for item in placed(made) if item.purpose is OrderPurpose.PART]
    assert (part.quantity, part.reduce_only, part.client_id[-3:]) == (Decimal(25), True, "-P1")
    assert sizes(world.stops()) == [Decimal(25)]
    assert sizes(world.targets()) == [Decimal("7.5"), Decimal(10), Decimal("7.5")]
    assert [item.trigger_price for item in world.targets()] == [Decimal(str(at(side, move))) for move in (1, 2, 3)]
    (position,) = world.desk.snapshot().positions
    assert (position.status, position.quantity, position.stop) == ("PROTECTED", 25.0, at(side, -1.0))
    assert any(line.endswith("stop and targets go on with 25") for line in world.lines())
    assert StepKind.PART_SENT in [step.kind for step in position.story.steps]


@pytest.mark.parametrize("side", SIDES)
def test_half_then_stop_books_both_legs_net_of_fees(side: Side) -> None:
    world = Watched()
    world.enter(side)
    walk(world, side, 0.5)
    close(world, 50)
    walk(world, side, -1.0)
    (trade,) = world.trades
    legs = [(leg.reason, leg.quantity) for leg in trade.legs]
    assert legs == [(ExitReason.MANUAL, Decimal(25)), (ExitReason.STOP, Decimal(25))]
    gross = Decimal(25) * Decimal("0.5") - Decimal(25)
    fees = (trade.quantity * 100 + sum(leg.quantity * leg.price for leg in trade.legs)) * FEE_RATE
    assert (trade.pnl, trade.fees) == (gross - fees, fees)
    assert trade.result_r == pytest.approx(float(trade.pnl) / 50)
    assert world.broker.resting == {}
    assert "50 % at your command, 50 % at the stop" in world.lines()[-1]


@pytest.mark.parametrize("side", SIDES)
def test_quarter_then_all_targets_sells_the_rest_in_the_planned_shares(side: Side) -> None:
    world = Watched()
    world.enter(side)
    walk(world, side, 0.4)
    close(world, 25)
    walk(world, side, 1.0, 2.0, 3.0)
    (trade,) = world.trades
    assert [leg.quantity for leg in trade.legs] == [Decimal("12.5"), Decimal("11.25"), Decimal(15), Decimal("11.25")]
    assert [leg.reason.value for leg in trade.legs] == ["MANUAL", "TARGET_1", "TARGET_2", "TARGET_3"]
    assert sum((leg.quantity for leg in trade.legs), ZERO) == trade.quantity


def test_part_after_the_first_target_leaves_what_was_sold_there_alone() -> None:
    world = Watched()
    world.enter()
    walk(world, Side.LONG, 1.0, 1.5)
    close(world, 40)
    assert sizes(world.stops()) == [Decimal(21)]
    assert sizes(world.targets()) == [Decimal(12), Decimal(9)]
    (position,) = world.desk.snapshot().positions
    assert (position.targets_hit, len(position.targets)) == (1, 3)
    walk(world, Side.LONG, 2.0, 3.0)
    assert [leg.quantity for leg in world.trades[0].legs] == [Decimal(15), Decimal(14), Decimal(12), Decimal(9)]


def test_two_parts_in_a_row_share_what_is_left_each_time() -> None:
    world = Watched()
    world.enter()
    close(world, 50)
    close(world, 50)
    assert sizes(world.stops()) == [Decimal("12.5")]
    assert sum(sizes(world.targets()), ZERO) == Decimal("12.5")
    close(world, 100)
    assert [leg.quantity for leg in world.trades[0].legs] == [Decimal(25), Decimal("12.5"), Decimal("12.5")]
    assert world.broker.resting == {}


def test_rest_that_fits_one_target_only_keeps_that_one() -> None:
    world = Watched(symbol_rules=rules(min_quantity=Decimal(4), step_size=Decimal(1)))
    world.enter()
    close(world, 90)
    assert sizes(world.stops()) == [Decimal(5)]
    assert [(item.leg_index, item.quantity) for item in world.targets()] == [(2, Decimal(5))]
    walk(world, Side.LONG, 2.0)
    assert [leg.reason for leg in world.trades[0].legs] == [ExitReason.MANUAL, ExitReason.TARGET_2]


@pytest.mark.parametrize(
    ("percent", "changes", "reason"),
    [
        (99.99, {}, "what is left (0.005, worth 0.50 USDT) would be below the exchange's minimum"),
        (50, {"min_quantity": Decimal(30)}, "that would be less than the exchange's smallest quantity of 30"),
        (1, {"step_size": Decimal(1)}, "that would be less than the exchange's smallest quantity of 0.001"),
        (0, {}, "the share has to be above 0 %"),
        (-5, {}, "the share has to be above 0 %"),
    ],
)
def test_impossible_part_is_refused_with_its_reason_and_sends_nothing(
    percent: float, changes: dict[str, Decimal], reason: str
) -> None:
    world = Watched(symbol_rules=rules(**changes))
    world.enter()
    before = dict(world.broker.resting)
    assert not [item for item in close(world, percent) if isinstance(item, PlaceOrder | CancelOrder)]
    assert world.broker.resting == before
    assert reason in world.lines()[-1]


@given(
    steps=st.integers(1, 5000),
    percent=st.decimals(0, 100, places=2),
    price=st.decimals(1, 200, places=2),
    step=st.sampled_from(["0.001", "0.1", "1", "10"]),
)
def test_part_and_rest_are_in_steps_sum_up_and_never_exceed_the_share(
    steps: int, percent: Decimal, price: Decimal, step: str
) -> None:
    known = rules(step_size=Decimal(step), min_quantity=Decimal(step))
    held = steps * Decimal(step)
    part = part_of(held, percent, price, known)
    assert part.quantity + part.rest == held
    assert known.is_on_step(part.quantity)
    assert part.quantity <= held * percent / 100
    if part.refusal is None and percent < 100:
        assert part.quantity >= known.min_quantity
        assert part.rest * price >= known.min_notional
    if percent >= 100:
        assert (part.quantity, part.refusal) == (held, None)
    if part.refusal is PartRefusal.TOO_SMALL:
        assert part.quantity < known.min_quantity


@given(
    counts=st.lists(st.integers(1, 400), min_size=1, max_size=3),
    sold=st.integers(0, 3),
    left=st.integers(1, 1000),
    completed=st.sampled_from([(), (1,)]),
)
def test_rescaled_slices_sell_exactly_what_is_left(
    counts: list[int], sold: int, left: int, completed: tuple[int, ...]
) -> None:
    slices = tuple(Slice(index + 1, Decimal(count)) for index, count in enumerate(counts))
    known = {
        item.target: item.quantity if item.target in completed else min(item.quantity - 1, Decimal(sold))
        for item in slices
    }
    made = rescaled(slices, completed, known, Decimal(left), rules(step_size=Decimal(1), min_quantity=Decimal(1)))
    waiting = [item for item in made if item.target not in completed]
    if len(slices) > len(completed):
        assert sum((item.quantity - known[item.target] for item in waiting), ZERO) == left
    assert [item for item in made if item.target in completed] == [item for item in slices if item.target in completed]
    assert all(item.quantity > known[item.target] for item in waiting)


def test_part_that_the_exchange_refuses_changes_nothing() -> None:
    world = Watched()
    world.enter()
    before = dict(world.broker.resting)
    world.broker.reject.add(OrderPurpose.PART)
    close(world, 50)
    assert world.broker.resting == before
    assert world.lines()[-1].endswith("could not be closed (refused by the test); the position stays as it is")
    world.broker.reject.clear()
    close(world, 50)
    assert sizes(world.stops()) == [Decimal(25)]


def test_second_part_waits_for_the_first_and_a_full_close_sells_only_the_rest() -> None:
    world = Quiet()
    (part,) = placed(close(world, 50))
    assert placed(close(world, 50)) == []
    assert "another part is being closed" in world.lines()[-1]
    assert placed(close(world, 100)) == []
    world.filled(part, "100.2")
    (rest,) = placed(world.effects)[-1:]
    assert (rest.purpose, rest.quantity) == (OrderPurpose.EXIT, Decimal(25))
    world.filled(rest, "100.1")
    assert [leg.quantity for leg in world.trades[0].legs] == [Decimal(25), Decimal(25)]


def test_part_that_fills_in_pieces_resizes_once_and_its_lost_end_is_not_chased() -> None:
    world = Quiet()
    (part,) = placed(close(world, 50))
    assert placed(world.filled(part, "100.2", Decimal(10))) == []
    (stop,) = placed(world.tell(part.client_id, OrderStatus.EXPIRED))
    assert (stop.purpose, stop.quantity) == (OrderPurpose.STOP, Decimal(40))
    (late_stop,) = placed(world.tell(stop.client_id, OrderStatus.OPEN)) or [stop]
    assert late_stop.quantity == Decimal(40)
    assert world.desk.snapshot().positions[0].status == "PROTECTED"
    assert [item.purpose for _ in range(5) for item in placed(world.look(100.1))] == []


def test_target_that_fires_meanwhile_is_sold_once_and_the_rest_is_shared_anew() -> None:
    world = Quiet()
    (part,) = placed(close(world, 50))
    first = next(item for item in world.targets() if item.leg_index == 1)
    world.tell(first.client_id, OrderStatus.TRIGGERED)
    made = world.filled(part, "101")
    assert not [item for item in made if isinstance(item, CancelOrder)]  # what fires now comes first
    made = world.filled(first, "101")
    cancelled = [item.client_id for item in made if isinstance(item, CancelOrder)]
    assert [order.client_id for order in orders(world, OrderPurpose.TARGET)[1:]] == cancelled
    for client_id in cancelled:
        made = world.tell(client_id, OrderStatus.CANCELED)
    assert [(item.leg_index, item.quantity) for item in placed(made) if item.purpose is OrderPurpose.TARGET] == [
        (2, Decimal("5.714")),
        (3, Decimal("4.286")),
    ]


def test_target_that_fires_instead_of_being_cancelled_completes_as_a_target() -> None:
    world = Quiet()
    (part,) = placed(close(world, 50))
    world.filled(part, "100.9")
    first, second, third = orders(world, OrderPurpose.TARGET)
    assert all(order.cancel_sent for order in (first, second, third))
    world.filled(world.desk._state.open[next(iter(world.desk._state.open))].intent_of(first), "101")
    world.tell(second.client_id, OrderStatus.CANCELED)
    world.tell(third.client_id, OrderStatus.CANCELED)
    assert world.desk.snapshot().positions[0].targets_hit == 1
    waiting = [order for order in orders(world, OrderPurpose.TARGET) if not order.cancel_sent]
    assert sum((order.quantity for order in waiting), ZERO) == Decimal(10)


def test_stop_that_fires_while_a_part_is_under_way_leaves_nothing_over() -> None:
    world = Quiet()
    (part,) = placed(close(world, 50))
    (stop,) = world.stops()
    world.tell(stop.client_id, OrderStatus.TRIGGERED)
    world.filled(part, "99.1")
    world.filled(stop, "99", Decimal(25))
    world.tell(stop.client_id, OrderStatus.EXPIRED)
    (trade,) = world.trades
    assert [leg.reason for leg in trade.legs] == [ExitReason.MANUAL, ExitReason.STOP]


def test_kill_switch_while_a_part_is_under_way_closes_the_rest() -> None:
    world = Quiet()
    (part,) = placed(close(world, 25))
    assert placed(world.send(KillSwitch(world.now_ms, KillLevel.FLATTEN))) == []
    world.filled(part, "100")
    (rest,) = placed(world.effects)[-1:]
    assert rest.quantity == Decimal("37.5")


def test_unprotected_or_closing_position_is_closed_whole_or_not_at_all() -> None:
    world = Quiet()
    (stop,) = world.stops()
    world.tell(stop.client_id, OrderStatus.CANCELED, "removed by hand")
    close(world, 50)
    assert "it is not protected by a stop at this moment; only all of it can be closed" in world.lines()[-1]
    close(world, 100)
    close(world, 50)
    assert "all of it is being closed already" in world.lines()[-1]


def test_restart_between_the_part_and_its_news_loses_neither_fill_nor_size() -> None:
    world = Quiet()
    (part,) = placed(close(world, 50))
    restart(world)
    (stop,) = placed(world.filled(part, "100.2"))[:1]
    restart(world)
    assert stop.quantity == Decimal(25)
    cancelled = [order for order in orders(world, OrderPurpose.TARGET) if order.cancel_sent]
    assert len(cancelled) == 3
    for order in cancelled:
        made = world.tell(order.client_id, OrderStatus.CANCELED)
    assert sizes([item for item in placed(made) if item.purpose is OrderPurpose.TARGET]) == [
        Decimal("7.5"),
        Decimal(10),
        Decimal("7.5"),
    ]


@settings(max_examples=60, deadline=None)
@given(
    side=st.sampled_from(SIDES),
    acts=st.lists(st.one_of(st.integers(1, 99), st.floats(-0.9, 2.9)), min_size=1, max_size=10),
)
def test_whatever_is_closed_and_wherever_price_goes_the_trade_adds_up(side: Side, acts: list[float]) -> None:
    world = Watched()
    world.enter(side)
    for act in acts:
        if isinstance(act, float):
            walk(world, side, round(act, 2))
        elif world.desk.snapshot().positions:
            close(world, act)
        for position in world.desk.snapshot().positions:
            assert sizes(world.stops()) == [Decimal(str(position.quantity))]
            assert sum(sizes(world.targets()), ZERO) == Decimal(str(position.quantity))
    walk(world, side, -1.0)
    walk(world, side, -2.5)
    (trade,) = world.trades
    assert sum((leg.quantity for leg in trade.legs), ZERO) == trade.quantity
    assert world.broker.resting == {}
