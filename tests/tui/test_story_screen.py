"""Position detail: orders with their state, the next rule as a sentence, what happened, and the walk."""

from __future__ import annotations

from dataclasses import replace

import pytest

from futtui.domain.orders import OrderPurpose, OrderStatus
from futtui.domain.position import ExitReason, TradingMode
from futtui.domain.position_story import NextRule, OrderView, PositionStep, PositionStory, RuleKind, StepKind
from futtui.domain.side import Side
from futtui.domain.snapshot import AccountMargins, HeldMargin, PositionView
from futtui.tui.paint import story
from futtui.tui.paint.position_detail import position_detail, result_at_stop
from futtui.tui.paint.text import line_text, line_width
from futtui.tui.words import has_word
from tests.tui.conftest import AppMaker
from tests.tui.fake_engine import NOW_MS, FakeEngine, margins, positions
from tests.tui.screen_text import screen_text
from tests.tui.test_painters import view_of


def boxes_of(position: PositionView, told: AccountMargins, width: int = 60, later_ms: int = 0) -> tuple[str, str]:
    """The boxes with the money and with the orders, as the account tells about the position."""
    view = view_of()
    assert view.snapshot.desk is not None
    desk = replace(view.snapshot.desk, positions=(position,))
    shown = view_of(replace(view.snapshot, desk=desk, margins=told), now_ms=NOW_MS + later_ms)
    money, _, orders, _, _ = (box.lines for box in position_detail(position, ("Dashboard",)).boxes)
    both = ["\n".join(line_text(line) for line in lines(shown, width)) for lines in (money, orders)]
    return both[0], both[1]


def orders_text(width: int, *orders: OrderView) -> str:
    shown = replace(positions()[0], story=PositionStory(orders=orders))
    return "\n".join(line_text(line) for line in story.order_lines(shown, view_of(), width))


def test_orders_come_waiting_first_with_price_size_state_age_and_id() -> None:
    lines = [line_text(line) for line in story.order_lines(positions()[0], view_of(), 100)]
    assert lines[0].split() == ["Stop", "3,081.50", "0.51", "waiting", "40m", "ago", "f-ethusdt-S2"]
    assert lines[1].split()[:2] == ["TP2", "3,147.67"]
    assert "sent, no answer yet" in lines[1]
    assert "✓ filled" in lines[2]


@pytest.mark.parametrize("width", [53, 56, 76, 118])
def test_no_line_of_the_story_is_wider_than_its_box(width: int) -> None:
    for position in positions():
        for painter in (story.order_lines, story.rule_lines, story.step_lines):
            assert max(line_width(line) for line in painter(position, view_of(), width)) <= width


def test_order_in_doubt_stands_out_and_one_at_market_has_no_price() -> None:
    text = orders_text(
        100,
        OrderView("x", OrderPurpose.EXIT, OrderStatus.SENT, 1.0, 0.0, None, NOW_MS, unsure=True),
        OrderView("y", OrderPurpose.STOP, OrderStatus.OPEN, 1.0, 0.0, 5.0, NOW_MS, leaving=True),
    )
    assert "Close        market" in text
    assert "no answer: being checked" in text
    assert "being cancelled" in text
    assert orders_text(60) == " No orders now."


def test_every_rule_step_and_state_has_its_sentence() -> None:
    for kind in RuleKind:
        text = story.rule_text(NextRule(kind, 3100.0, 1.0, NOW_MS + 60_000, 2.0), positions()[0], view_of())
        assert "{" not in text
        assert text.endswith(".")
    for step in StepKind:
        assert has_word(f"story.step.{step.value}")
    for status in OrderStatus:
        assert has_word(f"story.state.{status.value}")
    for purpose in OrderPurpose:
        assert has_word(f"story.order.{purpose.value}")


def test_first_stop_that_moved_without_a_rule_was_moved_by_hand() -> None:
    step = PositionStep(NOW_MS, StepKind.STOP_MOVED, 3090.0, 0.51, ExitReason.STOP)
    assert story.step_span(step, positions()[0], view_of())[0] == "stop moved to 3,090.00 (by hand)"


async def test_position_detail_tells_the_next_rule_and_n_walks_to_the_next_position(
    make_app: AppMaker, engine: FakeEngine
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.press("3", "enter")
        await pilot.pause()
        text = screen_text(app)
        assert "→ At 3,147.67 (+2.0R) target 2 is taken" in text
        assert "stop moved to 3,081.50 (break-even)" in text
        await pilot.press("n", "n", "n")
        await pilot.pause()
        assert "Dashboard › Positions › ETHUSDT" in screen_text(app)  # three positions; closed trades are no neighbours
        await pilot.press("n")
        await pilot.pause()
        assert "Dashboard › Positions › XRPUSDT" in screen_text(app)
        assert engine.commands == []


def test_closed_position_keeps_its_last_figures_but_no_orders_and_no_rules() -> None:
    opened = view_of()
    detail = position_detail(positions()[0], ("Dashboard",))
    moved = replace(positions()[0], mark_price=3130.0, pnl=16.27)
    assert opened.snapshot.desk is not None
    later = view_of(replace(opened.snapshot, desk=replace(opened.snapshot.desk, positions=(moved,))))
    gone = view_of(replace(opened.snapshot, desk=replace(opened.snapshot.desk, positions=())))
    money, rules, orders, steps, _ = (box.lines for box in detail.boxes)
    for view in (opened, later):
        assert "What acts next" in "\n".join(line_text(line) for line in rules(view, 60))
    told = "\n".join(line_text(line) for line in money(gone, 60))
    assert "This position is closed." in told
    assert "3,130.00" in told
    assert "What acts next" not in "\n".join(line_text(line) for line in rules(gone, 60))
    assert [line_text(line) for line in orders(gone, 60)] == [" No orders now."]
    assert len(steps(gone, 60)) == 5


@pytest.mark.parametrize("side", list(Side))
def test_result_at_the_stop_holds_what_was_banked_and_the_way_to_the_stop(side: Side) -> None:
    held = replace(positions()[0], side=side, quantity=2.0, mark_price=100.0, stop=100.0 - 3.0 * side.sign, pnl=4.5)
    assert result_at_stop(held) == pytest.approx(4.5 - 6.0)
    assert result_at_stop(replace(held, stop=held.mark_price)) == pytest.approx(4.5)


def test_liquidation_price_is_told_with_its_distance_and_margin_with_its_leverage() -> None:
    held = replace(positions()[0], mode=TradingMode.LIVE)
    money, _ = boxes_of(held, margins(TradingMode.LIVE))
    facts = [line.split() for line in money.splitlines()]
    assert ["Liq.", "price", "2,104.00", "-32.60%", "away"] in facts
    assert ["Margin", "isolated", "3x"] in facts
    assert "before the stop" not in money


def test_what_the_account_does_not_tell_is_left_out_and_never_zero() -> None:
    held = replace(positions()[0], mode=TradingMode.LIVE)
    unknown = AccountMargins((HeldMargin(TradingMode.LIVE, held.symbol, True),))
    money, _ = boxes_of(held, unknown)
    assert "Liq. price" not in money
    assert ["Margin", "isolated"] in [line.split() for line in money.splitlines()]
    for other in (AccountMargins(), margins(TradingMode.PAPER)):  # nothing told, and told of another account
        money, orders = boxes_of(held, other)
        assert "Liq. price" not in money
        assert "Margin" not in money
        assert "checked" not in orders


@pytest.mark.parametrize(("side", "stop", "at", "is_first"), [
    (Side.LONG, 95.0, 90.0, False), (Side.LONG, 95.0, 96.0, True),
    (Side.SHORT, 105.0, 110.0, False), (Side.SHORT, 105.0, 104.0, True),
])  # fmt: skip
def test_liquidation_that_comes_before_the_stop_says_so(side: Side, stop: float, at: float, is_first: bool) -> None:
    held = replace(positions()[0], mode=TradingMode.LIVE, side=side, mark_price=100.0, stop=stop)
    told = AccountMargins((HeldMargin(TradingMode.LIVE, held.symbol, True, 5, at),))
    assert ("before the stop" in boxes_of(held, told)[0]) is is_first


@pytest.mark.parametrize(("later_ms", "age"), [(0, "6 s"), (30_000, "36 s"), (120_000, "2 min")])
def test_orders_box_tells_how_long_ago_the_exchange_was_asked(later_ms: int, age: str) -> None:
    held = replace(positions()[0], mode=TradingMode.LIVE)
    _, orders = boxes_of(held, margins(TradingMode.LIVE), later_ms=later_ms)
    assert f"Orders checked against the exchange {age} ago" in orders
    assert ("✓" in orders.splitlines()[-1]) is (later_ms < 60_000)


def test_check_is_not_told_for_pretend_money_or_for_a_position_that_it_is_older_than() -> None:
    live, told = replace(positions()[0], mode=TradingMode.LIVE), margins(TradingMode.LIVE)
    assert "checked" not in boxes_of(positions()[0], told)[1]
    assert told.checked_ms is not None
    assert "checked" not in boxes_of(replace(live, opened_ms=told.checked_ms + 1), told)[1]
    assert "do not agree yet" in boxes_of(live, replace(told, agrees=False), 100)[1]
