"""One order as the desk knows it: facts only add up."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from futtui.desk.orders import WorkingOrder, client_id_for, signal_id_of
from futtui.domain.orders import OrderPurpose, OrderStatus, OrderType
from futtui.domain.position import ExitReason
from futtui.domain.side import OrderSide
from tests.desk.world import raw_signal

FINAL = [status for status in OrderStatus if status.is_final]


def stop_order() -> WorkingOrder:
    return WorkingOrder(
        "f-a-S1",
        OrderPurpose.STOP,
        OrderType.STOP_MARKET,
        OrderSide.SELL,
        Decimal(10),
        Decimal(99),
        0,
        ExitReason.STOP,
        0,
    )


@given(st.lists(st.sampled_from(OrderStatus), max_size=12))
def test_order_first_final_status_stays(news: list[OrderStatus]) -> None:
    order = stop_order()
    for status in news:
        order.learn(status)
    first = next((status for status in news if status.is_final), None)
    if first is not None:
        assert order.status is first
        assert not order.unsure
        assert not order.is_live


@pytest.mark.parametrize("final", FINAL)
def test_order_late_open_does_not_revive_it(final: OrderStatus) -> None:
    order = stop_order()
    order.learn(final)
    assert not order.learn(OrderStatus.OPEN)
    assert not order.is_live


def test_order_unknown_is_doubt_until_evidence_and_never_undoes_a_confirmation() -> None:
    order = stop_order()
    assert order.learn(OrderStatus.UNKNOWN)
    assert order.unsure
    assert order.is_in_flight
    assert order.learn(OrderStatus.OPEN)
    assert order.is_live
    assert order.learn(OrderStatus.UNKNOWN)
    assert order.is_live
    assert order.unsure
    order.take(Decimal(1))
    assert not order.unsure


def test_order_filled_by_status_alone_is_not_spent_before_its_fills() -> None:
    order = stop_order()
    order.learn(OrderStatus.FILLED)
    assert order.fired
    assert not order.is_spent
    order.take(Decimal(10))
    assert order.is_spent


def test_client_id_leads_back_to_its_signal() -> None:
    signal_id = raw_signal().signal_id
    for purpose in OrderPurpose:
        client_id = client_id_for(signal_id, purpose, 999)
        assert len(client_id) <= 36
        assert signal_id_of(client_id) == signal_id
    assert signal_id_of("web_xyz") is None
