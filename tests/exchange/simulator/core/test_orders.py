"""LIMIT and MARKET orders: what fills, what rests, what expires, in which order it is told."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from futtui.exchange.simulator.core import ExchangeRefusal, ModifyRequest
from futtui.exchange.simulator.ports import SymbolSpec
from tests.exchange.simulator.core.helpers import (
    ALT,
    BTC,
    KEY,
    START_MS,
    D,
    btc_rules,
    limit,
    market,
    new_core,
    story,
    tick,
)


def test_market_order_small_fills_at_the_best_price_with_taker_fee() -> None:
    core = new_core()
    ask = core.market(BTC).ask
    order = core.place_order(KEY, market("BUY", "0.010"))
    assert (order.status, order.average_price, order.executed_quantity) == ("FILLED", ask, D("0.010"))
    trade = core.trades(KEY, BTC)[0]
    assert not trade.maker
    assert trade.fee == ask * D("0.010") * D("0.0005")
    assert core.balance(KEY).wallet_balance == D(10000) - trade.fee


def test_market_order_large_slips_further_the_larger_it_is() -> None:
    averages = []
    for quantity in ("0.1", "2", "20"):
        core = new_core(balance="10000000")
        averages.append(core.place_order(KEY, market("BUY", quantity)).average_price)
    assert averages[0] < averages[1] < averages[2]


def test_market_order_beyond_the_take_bound_expires_the_rest() -> None:
    core = new_core(balance="100000000", btc_price=600.0)
    spec = SymbolSpec(btc_rules(max_quantity=D(9000), market_max_quantity=D(9000)), 0, market_take_bound=D("0.0005"))
    core.update_symbol(spec)
    within_bound = sum(quantity for price, quantity in core.book(BTC, 500)[1] if price <= D("600.3"))
    order = core.place_order(KEY, market("BUY", "9000"))
    assert 0 < within_bound < 9000
    assert (order.status, order.expiry_reason, order.executed_quantity) == ("EXPIRED", 9, within_bound)


def test_fill_tells_order_before_account_for_each_execution() -> None:
    core = new_core()
    core.place_order(KEY, market("BUY", "0.010"))
    assert story(core.drain_events()) == ["NEW NEW", "TRADE FILLED", "ACCOUNT ORDER"]


def test_limit_order_touched_rests_and_traded_through_fills_as_maker_at_its_price() -> None:
    core = new_core()
    placed = core.place_order(KEY, limit("BUY", "0.010", "49900"))
    assert placed.status == "NEW"
    tick(core, 49_900.0)
    assert core.order(KEY, BTC, order_id=placed.order_id).status == "NEW"
    tick(core, 49_899.9)
    order = core.order(KEY, BTC, order_id=placed.order_id)
    assert (order.status, order.average_price) == ("FILLED", D("49900"))
    trade = core.trades(KEY, BTC)[0]
    assert trade.maker
    assert trade.fee == D("49900") * D("0.010") * D("0.0002")


def test_limit_order_crossing_takes_up_to_its_limit_and_rests_with_the_remainder() -> None:
    core = new_core(balance="10000000")
    ask = core.market(BTC).ask
    best_quantity = core.book(BTC, 1)[1][0][1]
    order = core.place_order(KEY, limit("BUY", "20", f"{ask}"))
    assert order.status == "PARTIALLY_FILLED"
    assert order.executed_quantity == best_quantity
    assert core.open_orders(KEY)[0].remaining == D(20) - best_quantity


def test_ioc_order_fills_what_it_can_and_expires() -> None:
    core = new_core(balance="10000000")
    ask = core.market(BTC).ask
    order = core.place_order(KEY, limit("BUY", "20", f"{ask}", tif="IOC"))
    assert (order.status, order.expiry_reason) == ("EXPIRED", 2)
    assert 0 < order.executed_quantity < 20
    assert core.open_orders(KEY) == []


def test_fok_order_fills_wholly_or_is_refused_without_a_trace() -> None:
    core = new_core(balance="10000000")
    ask = core.market(BTC).ask
    with pytest.raises(ExchangeRefusal) as refused:
        core.place_order(KEY, limit("BUY", "20", f"{ask}", tif="FOK"))
    assert refused.value.code == -5021
    assert core.all_orders(KEY, BTC) == []
    assert core.drain_events() == []
    assert core.place_order(KEY, limit("BUY", "0.010", f"{ask}", tif="FOK")).status == "FILLED"


def test_gtx_order_that_would_take_is_refused_and_a_passive_one_rests() -> None:
    core = new_core()
    view = core.market(BTC)
    with pytest.raises(ExchangeRefusal) as refused:
        core.place_order(KEY, limit("BUY", "0.010", f"{view.ask}", tif="GTX"))
    assert refused.value.code == -5022
    assert core.place_order(KEY, limit("BUY", "0.010", f"{view.bid}", tif="GTX")).status == "NEW"


def test_gtd_order_expires_at_its_date() -> None:
    core = new_core()
    date = START_MS + 3_600_000
    order = core.place_order(KEY, limit("BUY", "0.010", "49000", tif="GTD", good_till_date_ms=date))
    core.advance_time(date - 1)
    assert core.order(KEY, BTC, order_id=order.order_id).status == "NEW"
    core.drain_events()
    tick(core, 50_000.0, 5_000)
    expired = core.order(KEY, BTC, order_id=order.order_id)
    assert (expired.status, expired.update_time_ms) == ("EXPIRED", date)
    assert story(core.drain_events()) == ["EXPIRED EXPIRED"]


def test_orders_at_one_price_fill_in_the_order_of_their_arrival() -> None:
    core = new_core()
    first = core.place_order(KEY, limit("BUY", "0.010", "49900"))
    second = core.place_order(KEY, limit("BUY", "0.011", "49900"))
    better = core.place_order(KEY, limit("BUY", "0.012", "49950"))
    tick(core, 49_000.0)
    assert [t.order_id for t in core.trades(KEY)] == [better.order_id, first.order_id, second.order_id]


def test_modify_order_loses_its_place_in_the_queue_and_is_written_down() -> None:
    core = new_core()
    first = core.place_order(KEY, limit("BUY", "0.010", "49900"))
    second = core.place_order(KEY, limit("BUY", "0.011", "49900"))
    core.drain_events()
    request = ModifyRequest(
        symbol=BTC, side="BUY", quantity=D("0.020"), price=D("49900"), order_id=first.order_id, modify_id=5
    )
    changed = core.modify_order(KEY, request)
    assert (changed.quantity, changed.modify_id) == (D("0.020"), 5)
    assert story(core.drain_events()) == ["AMENDMENT NEW"]
    tick(core, 49_000.0)
    assert [t.order_id for t in core.trades(KEY)] == [second.order_id, first.order_id]
    amendment = core.amendments(KEY, BTC, first.order_id)[0]
    assert (amendment.quantity_before, amendment.quantity_after, amendment.count) == (D("0.010"), D("0.020"), 1)


def test_modify_order_to_what_is_executed_already_cancels_it() -> None:
    core = new_core(balance="10000000")
    ask = core.market(BTC).ask
    order = core.place_order(KEY, limit("BUY", "20", f"{ask}"))
    request = ModifyRequest(
        symbol=BTC, side="BUY", quantity=order.executed_quantity, price=order.price, order_id=order.order_id
    )
    assert core.modify_order(KEY, request).status == "CANCELED"


def test_modify_order_across_the_book_takes() -> None:
    core = new_core()
    order = core.place_order(KEY, limit("BUY", "0.010", "49000"))
    request = ModifyRequest(symbol=BTC, side="BUY", quantity=D("0.010"), price=D("50100"), order_id=order.order_id)
    assert core.modify_order(KEY, request).status == "FILLED"


def test_modify_order_post_only_across_the_book_cancels_it() -> None:
    core = new_core()
    order = core.place_order(KEY, limit("BUY", "0.010", "49000", tif="GTX"))
    request = ModifyRequest(symbol=BTC, side="BUY", quantity=D("0.010"), price=D("50100"), order_id=order.order_id)
    assert core.modify_order(KEY, request).status == "CANCELED"
    assert core.trades(KEY) == []


def test_cancel_all_orders_leaves_other_symbols_alone() -> None:
    core = new_core()
    core.place_order(KEY, limit("BUY", "0.010", "49000"))
    core.place_order(KEY, limit("BUY", "0.011", "49000"))
    other = core.place_order(KEY, limit("BUY", "100", "0.49", ALT))
    assert core.cancel_all_orders(KEY, BTC) == 2
    assert [o.order_id for o in core.open_orders(KEY)] == [other.order_id]


def test_batch_of_cancels_each_element_has_its_own_answer() -> None:
    core = new_core()
    good = core.place_order(KEY, limit("BUY", "0.010", "49000")).order_id
    canceled = core.cancel_orders(KEY, BTC, order_ids=[good, 42])
    assert [getattr(a, "code", None) or a.status for a in canceled] == ["CANCELED", -2011]  # type: ignore[union-attr]


def test_reduce_only_market_order_larger_than_the_position_closes_it_and_expires() -> None:
    core = new_core()
    core.place_order(KEY, market("BUY", "0.010"))
    order = core.place_order(KEY, market("SELL", "0.050", reduce_only=True))
    assert (order.status, order.executed_quantity, order.expiry_reason) == ("EXPIRED", D("0.010"), 4)
    assert core.position(KEY, BTC).quantity == 0


def test_resting_reduce_only_order_expires_when_the_position_is_gone() -> None:
    core = new_core()
    core.place_order(KEY, market("BUY", "0.010"))
    target = core.place_order(KEY, limit("SELL", "0.010", "51000", reduce_only=True))
    core.place_order(KEY, market("SELL", "0.010"))
    order = core.order(KEY, BTC, order_id=target.order_id)
    assert (order.status, order.expiry_reason) == ("EXPIRED", 4)


def test_price_match_queue_joins_the_best_price_of_the_own_side() -> None:
    core = new_core()
    bids, asks = core.book(BTC, 20)
    for kind, expected in (("QUEUE", bids[0]), ("QUEUE_5", bids[4]), ("OPPONENT_10", asks[9])):
        request = replace(limit("BUY", "0.010", "1", price_match=kind), price=None)
        assert core.place_order(KEY, request).price == expected[0]


def test_order_by_client_id_is_found_open_and_after_its_end() -> None:
    core = new_core()
    core.place_order(KEY, limit("BUY", "0.010", "49000", client_order_id="mine-1"))
    assert core.open_order(KEY, BTC, client_order_id="mine-1").status == "NEW"
    core.cancel_order(KEY, BTC, client_order_id="mine-1")
    assert core.order(KEY, BTC, client_order_id="mine-1").status == "CANCELED"
    again = core.place_order(KEY, limit("BUY", "0.010", "49000", client_order_id="mine-1"))
    assert core.order(KEY, BTC, client_order_id="mine-1").order_id == again.order_id


def test_test_order_checks_and_changes_nothing() -> None:
    core = new_core()
    core.test_order(KEY, market("BUY", "0.010"))
    with pytest.raises(ExchangeRefusal):
        core.test_order(KEY, market("BUY", "100"))
    assert (core.drain_events(), core.all_orders(KEY), core.trades(KEY)) == ([], [], [])


def test_break_even_price_closing_there_gives_back_exactly_the_fees_paid_so_far() -> None:
    core = new_core(flat=True)
    core.place_order(KEY, market("BUY", "0.100"))
    position = core.position(KEY, BTC)
    paid = Decimal(10000) - core.balance(KEY).wallet_balance
    assert (position.break_even_price - position.entry_price) * position.quantity == paid


def test_flip_one_market_order_closes_and_opens_the_other_side() -> None:
    core = new_core(flat=True)
    core.place_order(KEY, market("BUY", "0.100"))
    tick(core, 51_000.0)
    core.place_order(KEY, market("SELL", "0.150"))
    position = core.position(KEY, BTC)
    assert (position.quantity, position.entry_price) == (D("-0.050"), D(51000))
    assert core.trades(KEY)[-1].realized_pnl == D(100)
