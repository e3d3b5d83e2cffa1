"""Each refusal: its code and its text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from futtui.exchange.simulator.core import ExchangeCore, ExchangeRefusal, ModifyRequest
from tests.exchange.simulator.core.helpers import ALT, BTC, KEY, START_MS, D, limit, market, new_core, stop, tick

GOOD_LIMIT = limit("BUY", "0.010", "49900")


def order(**changes: object) -> Callable[[ExchangeCore], object]:
    return lambda core: core.place_order(KEY, replace(GOOD_LIMIT, **changes))  # type: ignore[type-var]


def algo(**changes: object) -> Callable[[ExchangeCore], object]:
    return lambda core: core.place_algo(KEY, replace(stop("SELL", "49000", "0.010"), **changes))  # type: ignore[type-var]


def trailing(**changes: object) -> Callable[[ExchangeCore], object]:
    request = {"order_type": "TRAILING_STOP_MARKET", "trigger_price": None, "callback_rate": D(1)}
    return algo(**(request | changes))


def bought(quantity: str, then: Callable[[ExchangeCore], object]) -> Callable[[ExchangeCore], object]:
    def run(core: ExchangeCore) -> object:
        core.place_order(KEY, market("BUY", quantity))
        return then(core)

    return run


def rested(then: Callable[[ExchangeCore], object]) -> Callable[[ExchangeCore], object]:
    def run(core: ExchangeCore) -> object:
        core.place_order(KEY, replace(GOOD_LIMIT, client_order_id="a"))
        return then(core)

    return run


def modify(**changes: object) -> Callable[[ExchangeCore], object]:
    values = {"symbol": BTC, "side": "BUY", "quantity": D("0.020"), "price": D("49900"), "client_order_id": "a"}
    return lambda core: core.modify_order(KEY, ModifyRequest(**(values | changes)))  # type: ignore[arg-type]


def many_orders(core: ExchangeCore) -> None:
    for _ in range(201):
        core.place_order(KEY, limit("BUY", "0.002", "49000"))


def many_algos(core: ExchangeCore) -> None:
    for _ in range(201):
        core.place_algo(KEY, stop("SELL", "49000", "0.010"))


def isolated_then(then: Callable[[ExchangeCore], object]) -> Callable[[ExchangeCore], object]:
    def run(core: ExchangeCore) -> object:
        core.set_margin_type(KEY, BTC, "ISOLATED")
        core.place_order(KEY, market("BUY", "0.010"))
        return then(core)

    return run


def spike_then_market(core: ExchangeCore) -> None:
    tick(core, 60_000.0)
    core.place_order(KEY, market("BUY", "0.010"))


def highest_leverage_then_too_much(core: ExchangeCore) -> None:
    core.set_leverage(KEY, ALT, 75)
    core.place_order(KEY, market("BUY", "30000", ALT))


def margin_change(amount: str, change_type: int = 1) -> Callable[[ExchangeCore], object]:
    return lambda core: core.change_position_margin(KEY, BTC, D(amount), change_type)


CASES: list[tuple[int, Callable[[ExchangeCore], object]]] = [
    (-1102, order(price=None)),
    (-1102, order(quantity=None)),
    (-1102, order(time_in_force=None)),
    (-1102, lambda core: core.cancel_order(KEY, BTC)),
    (-1102, lambda core: core.algo_order(KEY)),
    (-1102, algo(trigger_price=None)),
    (-1102, trailing(callback_rate=None)),
    (-1106, lambda core: core.place_order(KEY, replace(market("BUY", "0.01"), price=D(50000)))),
    (-1106, lambda core: core.place_order(KEY, replace(market("BUY", "0.01"), time_in_force="GTC"))),
    (-1106, order(good_till_date_ms=START_MS + 10**7)),
    (-1106, lambda core: core.place_algo(KEY, stop("SELL", "49000", reduce_only=True))),
    (-1111, order(price=D("49900.05"))),
    (-1111, order(quantity=D("0.0105"))),
    (-1115, order(time_in_force="DAY")),
    (-1116, order(order_type="ICEBERG")),
    (-1116, algo(order_type="LIMIT")),
    (-1117, order(side="HOLD")),
    (-1121, order(symbol="NOPEUSDT")),
    (-1121, algo(symbol="NOPEUSDT")),
    (-1121, lambda core: core.market("NOPEUSDT")),
    (-1130, algo(working_type="INDEX_PRICE")),
    (-1130, algo(algo_type="VP")),
    (-1130, trailing(callback_rate=D(21))),
    (-1130, trailing(callback_rate=D("0.05"))),
    (-2011, lambda core: core.cancel_order(KEY, BTC, order_id=1)),
    (-2011, lambda core: core.cancel_algo(KEY, algo_id=1)),
    (-2013, lambda core: core.order(KEY, BTC, order_id=1)),
    (-2013, lambda core: core.open_order(KEY, BTC, client_order_id="x")),
    (-2013, lambda core: core.algo_order(KEY, client_algo_id="x")),
    (-2013, modify(client_order_id="x")),
    (-2015, lambda core: core.balance("somebody")),
    (-2019, lambda core: core.place_order(KEY, market("BUY", "5"))),
    (-2021, algo(trigger_price=D(50000))),
    (-2021, algo(side="BUY", trigger_price=D(49000))),
    (-2021, algo(order_type="TAKE_PROFIT_MARKET", trigger_price=D(49000))),
    (-2021, trailing(activate_price=D(49000))),
    (-2022, lambda core: core.place_order(KEY, market("SELL", "0.01", reduce_only=True))),
    (-2022, bought("0.01", lambda core: core.place_order(KEY, market("BUY", "0.01", reduce_only=True)))),
    (-2025, many_orders),
    (-2027, highest_leverage_then_too_much),
    (-2027, bought("2", lambda core: core.set_leverage(KEY, BTC, 125))),
    (-2028, bought("3.5", lambda core: core.set_leverage(KEY, BTC, 10))),
    (-4001, order(price=D(0))),
    (-4002, order(price=D(9_000_000))),
    (-4003, order(quantity=D(0))),
    (-4003, order(quantity=D(-1))),
    (-4004, lambda core: core.place_order(KEY, market("BUY", "4", ALT))),
    (-4005, order(quantity=D(1001))),
    (-4005, lambda core: core.place_order(KEY, market("BUY", "121"))),
    (-4006, algo(trigger_price=D(0))),
    (-4007, algo(trigger_price=D(9_000_000))),
    (-4013, order(price=D("556.7"))),
    (-4015, order(client_order_id="no spaces")),
    (-4015, order(client_order_id="x" * 37)),
    (-4016, order(price=D("52501"))),
    (-4024, order(side="SELL", price=D("47499"))),
    (-4028, lambda core: core.set_leverage(KEY, BTC, 126)),
    (-4028, lambda core: core.set_leverage(KEY, BTC, 0)),
    (-4045, many_algos),
    (-4046, lambda core: core.set_margin_type(KEY, BTC, "CROSSED")),
    (-4047, rested(lambda core: core.set_margin_type(KEY, BTC, "ISOLATED"))),
    (-4048, bought("0.01", lambda core: core.set_margin_type(KEY, BTC, "ISOLATED"))),
    (-4049, bought("0.01", margin_change("5"))),
    (-4050, isolated_then(margin_change("10000"))),
    (-4051, isolated_then(margin_change("5", 2))),
    (-4055, isolated_then(margin_change("0"))),
    (-4059, lambda core: core.set_position_mode(KEY, False)),
    (-4060, order(position_side="UP")),
    (-4061, order(position_side="LONG")),
    (-4067, rested(lambda core: core.set_position_mode(KEY, True))),
    (-4068, bought("0.01", lambda core: core.set_position_mode(KEY, True))),
    (-4531, lambda core: core.set_position_mode(KEY, True)),
    (-4169, lambda core: core.set_multi_assets_mode(KEY, True)),
    (-4171, lambda core: core.set_multi_assets_mode(KEY, False)),
    (-4082, lambda core: core.cancel_orders(KEY, BTC, order_ids=range(11))),
    (-4082, lambda core: core.cancel_orders(KEY, BTC)),
    (-4116, rested(order(client_order_id="a"))),
    (-4120, order(order_type="STOP_MARKET")),
    (-4120, order(order_type="TRAILING_STOP_MARKET")),
    (-4129, algo(time_in_force="GTE_GTC")),
    (-4131, spike_then_market),
    (-4135, trailing(activate_price=D(0))),
    (-4136, order(close_position=True)),
    (-4136, algo(order_type="STOP", quantity=None, close_position=True)),
    (-4137, algo(close_position=True)),
    (-4161, isolated_then(lambda core: core.set_leverage(KEY, BTC, 10))),
    (-4164, order(quantity=D("0.001"))),
    (-4164, algo(quantity=D("0.001"))),
    (-5027, rested(modify(quantity=D("0.010")))),
    (-5029, rested(modify(quantity=D("0.001")))),
    (-5037, order(price=None, price_match="BEST")),
    (-5038, lambda core: core.place_order(KEY, replace(market("BUY", "0.01"), price_match="QUEUE"))),
    (-5039, order(self_trade_prevention="MAYBE")),
    (-5040, order(time_in_force="GTD", good_till_date_ms=START_MS + 600_000)),
    (-5047, rested(modify(reduce_only=True))),
]


@pytest.mark.parametrize(("code", "action"), CASES, ids=[f"{code}-{i}" for i, (code, _) in enumerate(CASES)])
def test_refusal_has_the_exchange_code(code: int, action: Callable[[ExchangeCore], object]) -> None:
    with pytest.raises(ExchangeRefusal) as refused:
        action(new_core())
    assert refused.value.code == code
    assert refused.value.http_status == (401 if code == -2015 else 400)
    assert refused.value.message
    assert "{" not in refused.value.message
