"""The paper account: careful fills, plain refusals, restarts, and equal results for equal inputs."""

from __future__ import annotations

from decimal import Decimal
from math import inf, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.domain.events import FundingPaid, PriceUpdate
from futtui.domain.orders import Fill, OrderIntent, OrderPurpose, OrderStatus, OrderType, OrderUpdate
from futtui.domain.position import TradingMode
from futtui.domain.side import OrderSide
from futtui.domain.timeframe import HOUR_MS
from futtui.exchange.simulator.paper import CLIENT_IDS_KEPT, HISTORY_KEPT, BrokerNews, PaperBroker, PaperPosition
from tests.exchange.simulator.core.helpers import BTC, START_MS, D, btc_rules

TICK = D("0.1")
BUY, SELL = OrderSide.BUY, OrderSide.SELL


def broker(*, balance: str = "10000", price: float | None = 50_000.0, slippage_ticks: int = 1) -> PaperBroker:
    paper = PaperBroker(
        D(balance), START_MS, maker_fee=D("0.0002"), taker_fee=D("0.0005"), slippage_ticks=slippage_ticks
    )
    paper.set_rules(btc_rules())
    if price is not None:
        paper.on_price(moved(price, START_MS + 1))
    return paper


def moved(last: float, time_ms: int, low: float | None = None, high: float | None = None) -> PriceUpdate:
    return PriceUpdate(BTC, time_ms, last, low if low is not None else last, high if high is not None else last)


def intent(
    client_id: str,
    side: OrderSide,
    order_type: OrderType = OrderType.MARKET,
    quantity: str = "0.010",
    price: str | None = None,
    reduce_only: bool = False,
    symbol: str = BTC,
) -> OrderIntent:
    level = D(price) if price else None
    return OrderIntent(
        client_id=client_id,
        symbol=symbol,
        side=side,
        order_type=order_type,
        quantity=D(quantity),
        purpose=OrderPurpose.EXIT if reduce_only else OrderPurpose.ENTRY,
        position_id="p",
        time_ms=START_MS,
        price=level if order_type is OrderType.LIMIT else None,
        trigger_price=level if order_type.is_conditional else None,
        reduce_only=reduce_only,
    )


def stop_loss(client_id: str, side: OrderSide, price: str) -> OrderIntent:
    return intent(client_id, side, OrderType.STOP_MARKET, price=price, reduce_only=True)


def target(client_id: str, side: OrderSide, price: str) -> OrderIntent:
    return intent(client_id, side, OrderType.TAKE_PROFIT_MARKET, price=price, reduce_only=True)


def states(news: list) -> list[object]:
    """Statuses and fills as short words."""
    return [item.status if isinstance(item, OrderUpdate) else type(item).__name__ for item in news]


def fills(news: list) -> list[Fill]:
    return [item for item in news if isinstance(item, Fill)]


def test_market_order_pays_slippage_and_taker_fee_and_tells_the_fill_before_its_end() -> None:
    paper = broker()
    news = paper.place(intent("a", BUY), START_MS + 5)
    assert states(news) == [OrderStatus.OPEN, "Fill", OrderStatus.FILLED]
    fill = fills(news)[0]
    assert (fill.price, fill.quantity, fill.maker, fill.time_ms) == (D("50000.1"), D("0.010"), False, START_MS + 5)
    assert fill.fee == D("50000.1") * D("0.010") * D("0.0005")
    assert paper.wallet_balance() == D(10000) - fill.fee


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (intent("a", BUY, symbol="NOPEUSDT"), "not known"),
        (intent("a", BUY, quantity="0.0001"), "Precision"),
        (intent("a", BUY, quantity="5"), "Margin is insufficient"),
        (intent("a", SELL, reduce_only=True), "ReduceOnly"),
        (stop_loss("a", SELL, "51000"), "immediately trigger"),
    ],
)
def test_order_that_cannot_be_taken_comes_back_rejected_with_a_reason(order: OrderIntent, words: str) -> None:
    paper = broker()
    news = paper.place(order, START_MS + 5)
    assert states(news) == [OrderStatus.REJECTED]
    assert isinstance(news[0], OrderUpdate)
    assert words in news[0].reason
    assert paper.wallet_balance() == 10000


def test_order_before_the_first_price_is_rejected_with_a_reason() -> None:
    news = broker(price=None).place(intent("a", BUY), START_MS)
    assert isinstance(news[0], OrderUpdate)
    assert "no price" in news[0].reason


def test_used_client_id_changes_nothing_and_gives_the_earlier_state() -> None:
    paper = broker()
    paper.place(intent("a", BUY), START_MS + 5)
    wallet = paper.wallet_balance()
    assert states(paper.place(intent("a", BUY), START_MS + 6)) == [OrderStatus.FILLED]
    paper.place(stop_loss("s", SELL, "49000"), START_MS + 7)
    assert states(paper.place(stop_loss("s", SELL, "48000"), START_MS + 8)) == [OrderStatus.OPEN]
    assert paper.wallet_balance() == wallet
    assert [p.quantity for p in paper.positions()] == [D("0.010")]


@pytest.mark.parametrize(
    ("update", "expected"),
    [
        (moved(49_500.0, START_MS + 20, low=48_900.0), "48999.9"),
        (moved(48_950.0, START_MS + 20, low=48_900.0), "48949.9"),
        (moved(48_000.0, START_MS + 20), "47999.9"),
        (moved(49_000.0, START_MS + 20), "48999.9"),
    ],
    ids=["touched and back", "beyond it at the end", "gap", "exactly there"],
)
def test_stop_of_a_long_fills_at_the_worse_of_trigger_and_last_price(update: PriceUpdate, expected: str) -> None:
    paper = broker()
    paper.place(intent("a", BUY), START_MS + 5)
    assert states(paper.place(stop_loss("s", SELL, "49000"), START_MS + 6)) == [OrderStatus.OPEN]
    news = paper.on_price(update)
    assert states(news) == [OrderStatus.TRIGGERED, "Fill", OrderStatus.FILLED]
    assert fills(news)[0].price == D(expected)
    assert fills(news)[0].client_id == "s"
    assert paper.positions() == []


def test_stop_of_a_short_fills_above_its_trigger() -> None:
    paper = broker()
    paper.place(intent("a", SELL), START_MS + 5)
    paper.place(stop_loss("s", BUY, "51000"), START_MS + 6)
    assert fills(paper.on_price(moved(50_500.0, START_MS + 20, high=51_500.0)))[0].price == D("51000.1")


def test_target_fills_at_its_trigger_less_slippage_even_when_price_jumps_past_it() -> None:
    paper = broker()
    paper.place(intent("a", BUY), START_MS + 5)
    paper.place(target("t", SELL, "51000"), START_MS + 6)
    assert fills(paper.on_price(moved(51_700.0, START_MS + 20)))[0].price == D("50999.9")


@pytest.mark.parametrize(("entry", "stop_at", "target_at"), [(BUY, "49000", "51000"), (SELL, "51000", "49000")])
def test_update_that_spans_stop_and_target_is_taken_as_the_loss(entry: OrderSide, stop_at: str, target_at: str) -> None:
    paper = broker()
    paper.place(intent("a", entry), START_MS + 5)
    paper.place(stop_loss("s", entry.opposite, stop_at), START_MS + 6)
    paper.place(target("t", entry.opposite, target_at), START_MS + 7)
    news = paper.on_price(moved(50_000.0, START_MS + 20, low=48_000.0, high=52_000.0))
    assert [fill.client_id for fill in fills(news)] == ["s"]
    rejected = [n for n in news if isinstance(n, OrderUpdate) and n.status is OrderStatus.REJECTED]
    assert [(n.client_id, n.reason) for n in rejected] == [("t", "Reduce Only reject")]


def test_limit_order_touched_waits_and_traded_through_fills_as_maker() -> None:
    paper = broker()
    assert states(paper.place(intent("a", BUY, OrderType.LIMIT, price="49900"), START_MS + 5)) == [OrderStatus.OPEN]
    assert paper.on_price(moved(50_000.0, START_MS + 20, low=49_900.0)) == []
    news = paper.on_price(moved(50_000.0, START_MS + 30, low=49_899.9))
    assert states(news) == ["Fill", OrderStatus.FILLED]
    assert (fills(news)[0].price, fills(news)[0].maker) == (D(49900), True)


def test_cancel_tells_what_became_of_the_order() -> None:
    paper = broker()
    paper.place(intent("a", BUY), START_MS + 5)
    paper.place(stop_loss("s", SELL, "49000"), START_MS + 6)
    paper.place(intent("l", BUY, OrderType.LIMIT, price="49900"), START_MS + 6)
    assert states(paper.cancel(BTC, "s", True, START_MS + 7)) == [OrderStatus.CANCELED]
    assert states(paper.cancel(BTC, "l", False, START_MS + 7)) == [OrderStatus.CANCELED]
    assert states(paper.cancel(BTC, "s", True, START_MS + 8)) == [OrderStatus.CANCELED]
    assert states(paper.cancel(BTC, "a", False, START_MS + 8)) == [OrderStatus.FILLED]
    assert states(paper.cancel(BTC, "never", False, START_MS + 8)) == [OrderStatus.REJECTED]
    assert states(paper.cancel("NOPEUSDT", "never", False, START_MS + 8)) == [OrderStatus.REJECTED]
    assert fills(paper.on_price(moved(48_000.0, START_MS + 9))) == []


def test_account_remembers_the_newest_orders_only_and_still_carries_out_an_old_one() -> None:
    paper = broker(balance="1000000")
    paper.place(intent("long", BUY), START_MS + 5)
    paper.place(stop_loss("stop", SELL, "49000"), START_MS + 6)
    paper.place(stop_loss("other", SELL, "48000"), START_MS + 6)
    for number in range(HISTORY_KEPT + 10):
        paper.place(intent(f"a{number}", BUY), START_MS + 10 + number)
        paper.place(stop_loss(f"s{number}", SELL, "40000"), START_MS + 10 + number)
        paper.cancel(BTC, f"s{number}", True, START_MS + 10 + number)
    account = paper._account
    kept = (account.order_history, account.algo_history, account.trades, account.income)
    assert [len(records) for records in kept] == [HISTORY_KEPT] * 4
    later = START_MS + 10_000
    assert states(paper.cancel(BTC, "stop", True, later)) == [OrderStatus.CANCELED]
    assert states(paper.cancel(BTC, "stop", True, later)) == [OrderStatus.CANCELED]
    assert len(fills(paper.on_price(moved(47_900.0, later + 1)))) == 1
    assert states(paper.cancel(BTC, "other", True, later + 2)) == [OrderStatus.FILLED]
    assert states(paper.cancel(BTC, "a0", False, later + 2)) == [OrderStatus.REJECTED]


def test_client_ids_are_remembered_for_the_newest_orders_only() -> None:
    paper = broker(price=None)
    for number in range(CLIENT_IDS_KEPT + 10):
        paper._note_placed(f"a{number}")
    assert len(paper._placed) == CLIENT_IDS_KEPT
    assert "a9" not in paper._placed
    assert f"a{CLIENT_IDS_KEPT + 9}" in paper._placed


def test_funding_is_told_once_and_before_an_order_that_closes_what_it_was_paid_on() -> None:
    funding_ms = START_MS + 8 * 3_600_000
    for order_first in (False, True):
        paper = broker(slippage_ticks=0)
        paper.set_funding_rate(BTC, 0.0002)
        paper.place(intent("a", BUY, quantity="0.1"), START_MS + 5)
        wallet = paper.wallet_balance()
        first = paper.place(intent("x", SELL, quantity="0.1", reduce_only=True), funding_ms + 1) if order_first else []
        news = [*first, *paper.on_price(moved(50_000.0, funding_ms + 2))]
        assert news[0] == FundingPaid(funding_ms, BTC, TradingMode.PAPER, D(-1))
        assert sum(isinstance(item, FundingPaid) for item in news) == 1
        assert paper.wallet_balance() == wallet - 1 - sum((fill.fee for fill in fills(first)), D(0))


def test_funding_comes_as_often_as_announced() -> None:
    paper = broker(slippage_ticks=0)
    paper.set_funding_rate(BTC, 0.0002, START_MS + 1, 4.0)
    paper.place(intent("a", BUY, quantity="0.1"), START_MS + 5)
    news = [at(paper, hour) for hour in range(1, 13)]
    paid = [item.time_ms - START_MS for each in news for item in each if isinstance(item, FundingPaid)]
    assert paid == [4 * HOUR_MS, 8 * HOUR_MS, 12 * HOUR_MS]


def test_rate_announced_after_a_funding_counts_from_the_next_one_on() -> None:
    paper = broker(slippage_ticks=0)
    paper.set_funding_rate(BTC, 0.0002)
    paper.place(intent("a", BUY, quantity="0.1"), START_MS + 5)
    paper.set_funding_rate(BTC, 0.003, START_MS + 8 * HOUR_MS + 900)
    news = [*paper.on_price(moved(50_000.0, START_MS + 8 * HOUR_MS + 1000)), *at(paper, 16)]
    assert [item.amount for item in news if isinstance(item, FundingPaid)] == [D(-1), D(-15)]


def test_funding_is_paid_on_the_newest_mark_price() -> None:
    paper = broker(slippage_ticks=0)
    paper.set_funding_rate(BTC, 0.0002)
    paper.set_mark(BTC, 70_000.0)
    paper.place(intent("a", BUY, quantity="0.1"), START_MS + 5)
    paper.set_mark(BTC, nan)
    paper.set_mark(BTC, 60_000.0)
    assert [item.amount for item in at(paper, 8) if isinstance(item, FundingPaid)] == [D("-1.2")]


def at(paper: PaperBroker, hour: int) -> list[BrokerNews]:
    return paper.on_price(moved(50_000.0, START_MS + hour * HOUR_MS + 1000))


@pytest.mark.parametrize("bad", [nan, inf, -1.0, 0.0])
def test_price_that_makes_no_sense_changes_nothing(bad: float) -> None:
    paper = broker()
    paper.place(intent("a", BUY), START_MS + 5)
    paper.place(stop_loss("s", SELL, "49000"), START_MS + 6)
    assert paper.on_price(moved(bad, START_MS + 20)) == []
    assert paper.on_price(PriceUpdate("NOPEUSDT", START_MS + 20, 1.0, 1.0, 1.0)) == []
    assert len(paper.positions()) == 1


@pytest.mark.parametrize("rules_first", [True, False])
def test_restore_goes_on_where_the_account_stopped(rules_first: bool) -> None:
    before = broker()
    before.place(intent("a", BUY), START_MS + 5)
    guard, limit_order = stop_loss("s", SELL, "49000"), intent("l", BUY, OrderType.LIMIT, price="48500")
    before.place(guard, START_MS + 6)
    before.place(limit_order, START_MS + 6)
    later = START_MS + 3_600_000
    after = PaperBroker(D(1), later, maker_fee=D("0.0002"), taker_fee=D("0.0005"))
    if rules_first:
        after.set_rules(btc_rules())
    after.restore(before.wallet_balance(), before.positions(), [guard, limit_order])
    after.set_rules(btc_rules())
    assert after.positions() == before.positions() == [PaperPosition(BTC, D("0.010"), D("50000.1"))]
    seen = []
    for paper in (before, after):
        news = [paper.on_price(moved(price, later + k)) for k, price in enumerate((50_100.0, 48_700.0, 48_499.0))]
        seen.append([(f.client_id, f.price, f.fee) for n in news for f in fills(n)])
    assert seen[0] == seen[1]
    assert [client_id for client_id, _, _ in seen[0]] == ["s", "l"]
    assert before.wallet_balance() == after.wallet_balance()


def test_restore_price_beyond_the_stop_meanwhile_fills_it_at_the_first_price() -> None:
    after = PaperBroker(D(1), START_MS, maker_fee=D(0), taker_fee=D(0))
    position = PaperPosition(BTC, D("0.010"), D(50_000))
    after.restore(D(10_000), [position], [stop_loss("s", SELL, "49000")])
    after.set_rules(btc_rules())
    news = after.on_price(moved(40_000.0, START_MS + 1))
    assert [(f.client_id, f.price) for f in fills(news)] == [("s", D("39999.9"))]
    assert after.wallet_balance() == D(10_000) - D("100.001")


def test_trade_ids_differ_between_two_runs_of_one_account() -> None:
    ids = []
    for start_ms in (START_MS, START_MS + 60_000):
        paper = PaperBroker(D(10_000), start_ms, maker_fee=D(0), taker_fee=D(0))
        paper.set_rules(btc_rules())
        paper.on_price(moved(50_000.0, start_ms + 1))
        ids.append(fills(paper.place(intent("a", BUY), start_ms + 2))[0].trade_id)
    assert ids[0] != ids[1]


def test_rules_change_takes_effect_for_the_next_order() -> None:
    paper = broker()
    paper.set_rules(btc_rules(min_notional=D(1_000)))
    assert states(paper.place(intent("a", BUY), START_MS + 5)) == [OrderStatus.REJECTED]


steps = st.one_of(
    st.tuples(st.just("price"), st.integers(-300, 300), st.integers(0, 200), st.integers(0, 200)),
    st.tuples(st.just("price"), st.integers(-300, 300), st.integers(0, 200), st.integers(0, 200)),
    st.tuples(st.just("market"), st.sampled_from([BUY, SELL]), st.integers(1, 400), st.booleans()),
    st.tuples(
        st.sampled_from(["stop", "target", "limit"]),
        st.sampled_from([BUY, SELL]),
        st.integers(1, 400),
        st.integers(-300, 300),
        st.booleans(),
    ),
    st.tuples(st.just("wait"), st.integers(1, 20_000_000)),
)
KINDS = {"stop": OrderType.STOP_MARKET, "target": OrderType.TAKE_PROFIT_MARKET, "limit": OrderType.LIMIT}


def replay(script: list[tuple]) -> tuple[PaperBroker, list, dict[str, OrderIntent], list[tuple[PriceUpdate, list]]]:
    paper = broker()
    time_ms, news, placed, priced = START_MS + 10, [], {}, []
    for number, (kind, *rest) in enumerate(script):
        time_ms += 1_000
        if kind == "price":
            last = (500_000 + rest[0] * 10) / 10
            update = moved(last, time_ms, last - rest[1], last + rest[2])
            answer = paper.on_price(update)
            priced.append((update, answer))
            news += answer
        elif kind == "wait":
            time_ms += rest[0]
        else:
            level = f"{50_000 + rest[2]}" if kind != "market" else None
            order = intent(
                f"o{number}", rest[0], KINDS.get(kind, OrderType.MARKET), f"{D(rest[1]) / 1000}", level, rest[-1]
            )
            placed[order.client_id] = order
            news += paper.place(order, time_ms)
    return paper, news, placed, priced


@given(script=st.lists(steps, min_size=5, max_size=50))
@settings(max_examples=150, deadline=None)
def test_any_script_wallet_and_positions_follow_from_the_fills_alone(script: list[tuple]) -> None:
    paper, news, placed, _ = replay(script)
    quantity, cash = D(0), D(10_000)
    for item in news:
        if isinstance(item, FundingPaid):
            cash += item.amount
        elif isinstance(item, Fill):
            before, quantity = quantity, quantity + item.side.sign * item.quantity
            cash -= item.side.sign * item.price * item.quantity + item.fee
            if placed[item.client_id].reduce_only:
                assert abs(quantity) < abs(before)
                assert quantity * before >= 0
    held = paper.positions()
    assert sum((p.quantity for p in held), D(0)) == quantity
    value = sum((p.quantity * p.entry_price for p in held), D(0))
    assert abs(paper.wallet_balance() - (cash + value)) < D("0.0000001")


@given(script=st.lists(steps, min_size=5, max_size=50))
@settings(max_examples=100, deadline=None)
def test_any_script_fills_are_never_better_than_they_should_be(script: list[tuple]) -> None:
    _, _, placed, priced = replay(script)
    for update, news in priced:
        for fill in fills(news):
            order = placed[fill.client_id]
            sign = fill.side.sign
            level = order.price or order.trigger_price
            assert level is not None
            if order.order_type is OrderType.LIMIT:
                assert fill.price == level
                passed = update.low < float(level) if sign > 0 else update.high > float(level)
                assert passed
            else:
                assert sign * (fill.price - (level + sign * TICK)) >= 0
                if order.order_type is OrderType.STOP_MARKET:
                    assert sign * (fill.price - (Decimal(str(update.last)) + sign * TICK)) >= 0


@given(script=st.lists(steps, min_size=5, max_size=50))
@settings(max_examples=40, deadline=None)
def test_any_script_twice_gives_the_same_news(script: list[tuple]) -> None:
    assert replay(script)[1] == replay(script)[1]


@pytest.mark.parametrize("side", [BUY, SELL])
def test_liquidation_price_that_is_told_is_the_one_at_which_the_account_is_liquidated(side: OrderSide) -> None:
    paper, towards = broker(balance="100"), -1 if side is BUY else 1
    paper.place(intent("a", side, quantity="0.020"), START_MS + 2)
    (held,) = paper.held()
    at = float(held.liquidation_price)
    assert (held.leverage, held.isolated) == (20, False)
    assert towards * (at - 50_000.0) > 2_000.0
    for mark, is_held in ((at - towards, True), (at + towards, False)):
        paper.on_price(PriceUpdate(BTC, START_MS + 3, 50_000.0, 50_000.0, 50_000.0, mark=mark))
        assert bool(paper.held()) is is_held


def test_liquidation_price_is_zero_where_the_market_cannot_get_there_and_flat_symbols_are_not_told() -> None:
    paper = broker()
    assert paper.held() == []
    paper.place(intent("a", BUY), START_MS + 2)
    assert [item.liquidation_price for item in paper.held()] == [0]
    paper.place(intent("b", SELL, reduce_only=True), START_MS + 3)
    assert paper.held() == []
