"""Conditional orders: their life, told in the recorded order and with the recorded fields."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from futtui.exchange.simulator.core import AlgoEvent, AlgoRequest, ExchangeCore, ExchangeRefusal, OrderEvent
from futtui.exchange.simulator.core.liquidity import FlatBook
from futtui.exchange.simulator.ports import MarketTick, SymbolSpec
from tests.exchange.simulator.core.helpers import (
    BTC,
    KEY,
    START_MS,
    D,
    btc_rules,
    limit,
    market,
    new_core,
    stop,
    story,
    tick,
)
from tests.shared_data import shared_path


def algo_events(core: ExchangeCore) -> list[AlgoEvent]:
    return [event for event in core.drain_events() if isinstance(event, AlgoEvent)]


def test_stop_market_life_is_told_step_by_step() -> None:
    core = new_core(flat=True)
    core.place_order(KEY, market("BUY", "0.010"))
    algo = core.place_algo(KEY, stop("SELL", "49000", "0.010", reduce_only=True, client_algo_id="guard"))
    core.drain_events()
    tick(core, 49_000.1)
    assert core.drain_events() == []
    tick(core, 48_900.0)
    events = core.drain_events()
    assert story(events) == [
        "ALGO TRIGGERING",
        "ALGO TRIGGERED",
        "NEW NEW",
        "TRADE FILLED",
        "ACCOUNT ORDER",
        "ALGO FINISHED",
    ]
    orders = [event.order for event in events if isinstance(event, OrderEvent)]
    assert {(o.client_order_id, o.order_type, o.orig_type) for o in orders} == {("guard", "MARKET", "STOP_MARKET")}
    finished = core.algo_order(KEY, algo_id=algo.algo_id)
    assert finished.actual_order_id == orders[0].order_id
    assert (finished.actual_price, finished.actual_quantity, finished.actual_type) == (D(48900), D("0.010"), "MARKET")


def test_algo_life_has_the_values_of_the_recorded_production_life() -> None:
    """A DOGEUSDT buy stop of December 2025, replayed: same order, same prices, the same values in each step."""
    steps = ("triggering", "triggered", "finished")
    folder = shared_path("fixtures/binance/nautilus_ws")
    texts = [(folder / f"ws_futures_algo_update_{step}.json").read_text(encoding="utf-8") for step in steps]
    recorded = [json.loads(text)["data"]["o"] for text in texts]
    rules = btc_rules(
        symbol="DOGEUSDT",
        base_asset="DOGE",
        tick_size=D("0.00001"),
        step_size=D(1),
        min_quantity=D(1),
        max_quantity=D(30_000_000),
        min_price=D("0.00244"),
        min_notional=D(5),
    )
    core = ExchangeCore([SymbolSpec(rules, 0)], START_MS, liquidity=FlatBook(0))
    core.add_account(KEY, "secret")
    core.apply_tick(MarketTick("DOGEUSDT", START_MS + 1, 0.1385, 1.0, None))
    first = recorded[0]
    request = AlgoRequest(
        symbol=first["s"],
        side=first["S"],
        order_type=first["o"],
        quantity=D(first["q"]),
        trigger_price=D(first["tp"]),
        client_algo_id=first["caid"],
    )
    core.place_algo(KEY, request)
    core.drain_events()
    core.apply_tick(MarketTick("DOGEUSDT", START_MS + 2, 0.13856, 1.0, None))
    events = algo_events(core)
    assert [event.algo.status for event in events] == [o["X"] for o in recorded]
    for event, theirs in zip(events, recorded, strict=True):
        ours = event.algo
        shown = {
            "caid": ours.client_algo_id,
            "at": ours.algo_type,
            "o": ours.order_type,
            "s": ours.symbol,
            "S": ours.side,
            "ps": ours.position_side,
            "f": ours.time_in_force,
            "q": f"{ours.quantity}",
            "tp": f"{ours.trigger_price}",
            "p": f"{ours.price}",
            "V": ours.self_trade_prevention,
            "wt": ours.working_type,
            "pm": ours.price_match,
            "cp": ours.close_position,
            "pP": ours.price_protect,
            "R": ours.reduce_only,
            "gtd": ours.good_till_date_ms,
        }
        if "ap" in theirs:
            shown |= {"ap": f"{ours.actual_price}", "aq": f"{ours.actual_quantity}", "act": ours.actual_type}
        assert shown == {name: theirs[name] for name in shown}
        assert (ours.actual_order_id is None) == (theirs["ai"] == "")
        assert set(theirs) - set(shown) == {"aid", "ai", "tt", "X"}
        assert ours.trigger_time_ms == START_MS + 2


@pytest.mark.parametrize(
    ("side", "order_type", "trigger", "before", "at"),
    [
        ("SELL", "STOP_MARKET", "49000", 49_000.1, 49_000.0),
        ("BUY", "STOP_MARKET", "51000", 50_999.9, 51_000.0),
        ("SELL", "TAKE_PROFIT_MARKET", "51000", 50_999.9, 51_000.0),
        ("BUY", "TAKE_PROFIT_MARKET", "49000", 49_000.1, 49_000.0),
    ],
)
def test_trigger_happens_when_price_touches_it_and_not_a_tick_before(
    side: str, order_type: str, trigger: str, before: float, at: float
) -> None:
    core = new_core(flat=True)
    algo = core.place_algo(KEY, stop(side, trigger, "0.010", order_type=order_type))
    tick(core, before)
    assert core.algo_order(KEY, algo_id=algo.algo_id).status == "NEW"
    tick(core, at)
    assert core.algo_order(KEY, algo_id=algo.algo_id).status == "FINISHED"
    assert core.position(KEY, BTC).quantity == (D("0.010") if side == "BUY" else D("-0.010"))


def test_mark_price_trigger_ignores_one_wild_print() -> None:
    core = new_core(flat=True)
    core.place_order(KEY, market("BUY", "0.010"))
    algo = core.place_algo(KEY, stop("SELL", "49000", working_type="MARK_PRICE"))
    tick(core, 48_000.0, 100)
    tick(core, 50_000.0, 100)
    assert core.algo_order(KEY, algo_id=algo.algo_id).status == "NEW"
    tick(core, 48_000.0, 60_000)
    tick(core, 48_000.0, 60_000)
    assert core.algo_order(KEY, algo_id=algo.algo_id).status == "FINISHED"


def test_close_position_closes_what_is_there_at_the_trigger() -> None:
    core = new_core(flat=True)
    core.place_order(KEY, market("BUY", "0.010"))
    core.place_algo(KEY, stop("SELL", "49000"))
    core.place_order(KEY, market("BUY", "0.015"))
    tick(core, 48_000.0)
    assert core.position(KEY, BTC).quantity == 0
    last = core.all_orders(KEY, BTC)[-1]
    assert (last.executed_quantity, last.reduce_only, last.close_position) == (D("0.025"), True, True)


def test_close_position_orders_expire_when_the_position_is_closed() -> None:
    core = new_core(flat=True)
    core.place_order(KEY, market("BUY", "0.010"))
    guard = core.place_algo(KEY, stop("SELL", "49000"))
    target = core.place_algo(KEY, stop("SELL", "52000", order_type="TAKE_PROFIT_MARKET"))
    core.drain_events()
    core.place_order(KEY, market("SELL", "0.010"))
    assert [core.algo_order(KEY, algo_id=a.algo_id).status for a in (guard, target)] == ["EXPIRED", "EXPIRED"]
    assert story(core.drain_events())[-2:] == ["ALGO EXPIRED", "ALGO EXPIRED"]


def test_second_close_position_stop_in_the_same_direction_is_refused() -> None:
    core = new_core(flat=True)
    core.place_order(KEY, market("BUY", "0.010"))
    core.place_algo(KEY, stop("SELL", "49000"))
    core.place_algo(KEY, stop("SELL", "52000", order_type="TAKE_PROFIT_MARKET"))
    with pytest.raises(ExchangeRefusal) as refused:
        core.place_algo(KEY, stop("SELL", "48000"))
    assert refused.value.code == -4130


def test_reduce_only_stop_without_position_is_rejected_at_its_trigger_with_the_recorded_reason() -> None:
    core = new_core(flat=True)
    core.place_order(KEY, market("BUY", "0.010"))
    algo = core.place_algo(KEY, stop("SELL", "49000", "0.010", reduce_only=True))
    core.place_order(KEY, market("SELL", "0.010"))
    core.drain_events()
    tick(core, 48_000.0)
    assert story(core.drain_events()) == ["ALGO TRIGGERING", "ALGO REJECTED"]
    text = shared_path("fixtures/binance/nautilus_crate/user_data_json__algo_update_new.json").read_text("utf-8")
    assert core.algo_order(KEY, algo_id=algo.algo_id).reject_reason == json.loads(text)["o"]["rm"]


def test_entry_stop_without_margin_is_taken_in_and_rejected_at_its_trigger() -> None:
    core = new_core(flat=True)
    algo = core.place_algo(KEY, stop("BUY", "51000", "100"))
    tick(core, 51_000.0)
    rejected = core.algo_order(KEY, algo_id=algo.algo_id)
    assert (rejected.status, rejected.reject_reason) == ("REJECTED", "Margin is insufficient.")
    assert core.position(KEY, BTC).quantity == 0


def test_cancel_of_a_waiting_order_works_once() -> None:
    core = new_core(flat=True)
    core.place_algo(KEY, stop("SELL", "49000", "0.010", client_algo_id="guard"))
    assert core.cancel_algo(KEY, client_algo_id="guard").status == "CANCELED"
    with pytest.raises(ExchangeRefusal) as refused:
        core.cancel_algo(KEY, client_algo_id="guard")
    assert refused.value.code == -2011
    tick(core, 48_000.0)
    assert core.trades(KEY) == []


def test_stop_limit_finishes_only_when_its_engine_order_is_over() -> None:
    core = new_core(flat=True)
    algo = core.place_algo(KEY, stop("BUY", "51000", "0.010", order_type="STOP", price=D(50_900)))
    tick(core, 51_000.0)
    waiting = core.algo_order(KEY, algo_id=algo.algo_id)
    assert waiting.status == "TRIGGERED"
    assert waiting.actual_order_id is not None
    core.drain_events()
    core.cancel_order(KEY, BTC, order_id=waiting.actual_order_id)
    assert story(core.drain_events()) == ["CANCELED CANCELED", "ALGO FINISHED"]
    assert core.algo_order(KEY, algo_id=algo.algo_id).actual_quantity == 0


def test_trailing_stop_follows_the_best_price_and_sells_at_its_distance() -> None:
    core = new_core(flat=True)
    core.place_order(KEY, market("BUY", "0.010"))
    request = AlgoRequest(
        symbol=BTC,
        side="SELL",
        order_type="TRAILING_STOP_MARKET",
        quantity=D("0.010"),
        activate_price=D(51_000),
        callback_rate=D(1),
    )
    algo = core.place_algo(KEY, request)
    core.drain_events()
    for price in (49_000.0, 50_900.0):
        tick(core, price)
    assert not core.algo_order(KEY, algo_id=algo.algo_id).activated
    tick(core, 51_000.0)
    assert [(e.algo.status, e.algo.activated) for e in algo_events(core)] == [("NEW", True)]
    for price in (52_000.0, 51_480.1):
        tick(core, price)
        assert core.algo_order(KEY, algo_id=algo.algo_id).status == "NEW"
    tick(core, 51_480.0)
    assert core.algo_order(KEY, algo_id=algo.algo_id).status == "FINISHED"
    assert core.trades(KEY)[-1].price == D(51_480)


def test_algo_orders_do_not_touch_margin_or_open_orders() -> None:
    core = new_core(flat=True)
    before = core.balance(KEY)
    core.place_algo(KEY, stop("BUY", "51000", "100"))
    assert core.balance(KEY) == before
    assert core.open_orders(KEY) == []
    assert len(core.open_algo_orders(KEY, BTC)) == 1


def test_gap_over_the_trigger_fills_at_the_price_after_the_gap() -> None:
    core = new_core(flat=True)
    core.place_order(KEY, market("BUY", "0.010"))
    core.place_algo(KEY, stop("SELL", "49000"))
    tick(core, 48_000.0)
    assert core.trades(KEY)[-1].price == Decimal(48_000)


def test_gap_beyond_the_take_bound_leaves_the_position_open_and_says_so() -> None:
    core = new_core(flat=True)
    core.place_order(KEY, market("BUY", "0.010"))
    algo = core.place_algo(KEY, stop("SELL", "49000"))
    tick(core, 40_000.0)
    finished = core.algo_order(KEY, algo_id=algo.algo_id)
    assert (finished.status, finished.actual_quantity) == ("FINISHED", 0)
    assert core.all_orders(KEY, BTC)[-1].expiry_reason == 9
    assert core.position(KEY, BTC).quantity == D("0.010")


def test_protection_of_flipped_position_is_gone() -> None:
    core = new_core(flat=True)
    core.place_order(KEY, market("BUY", "0.010"))
    algo = core.place_algo(KEY, stop("SELL", "49000"))
    core.place_order(KEY, limit("SELL", "0.030", "50000"))
    tick(core, 50_000.1)
    assert core.position(KEY, BTC).quantity == D("-0.020")
    assert core.algo_order(KEY, algo_id=algo.algo_id).status == "EXPIRED"
