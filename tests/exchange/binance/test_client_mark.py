"""The mark in the ids of our orders: each leaves as it was first sent or came in."""

from __future__ import annotations

import pytest

from futtui.domain.orders import OrderStatus, OrderUpdate
from futtui.exchange.binance.client_mark import ClientMark

SIGNAL = "0123456789abcdef"


def asked(ids: ClientMark, inside: str) -> list[str]:
    return [form["origClientOrderId"] for form in ids.outward({"origClientOrderId": inside, "symbol": "A"})]


def sent(ids: ClientMark, inside: str) -> list[str]:
    return [form["newClientOrderId"] for form in ids.outward({"newClientOrderId": inside}, sends=True)]


def news(ids: ClientMark, wire: str) -> str:
    return ids.news(OrderUpdate(wire, "A", OrderStatus.OPEN, 1)).client_id


def test_an_order_of_an_earlier_run_is_asked_for_with_each_mark_and_without_until_it_is_known() -> None:
    ids = ClientMark(("beef", "cafe"))
    stop = f"f-{SIGNAL}-S1"
    assert asked(ids, stop) == [f"fbeef-{SIGNAL}-S1", f"fcafe-{SIGNAL}-S1", stop]
    answer = ids.inward([{"clientAlgoId": f"fcafe-{SIGNAL}-S1", "other": 1}])
    assert answer == [{"clientAlgoId": stop, "other": 1}]
    assert asked(ids, stop) == [f"fcafe-{SIGNAL}-S1"]


def test_what_came_in_plain_leaves_plain_and_what_is_new_carries_the_mark() -> None:
    ids = ClientMark(("beef",))
    assert news(ids, f"f-{SIGNAL}-S9") == f"f-{SIGNAL}-S9"
    assert asked(ids, f"f-{SIGNAL}-S9") == [f"f-{SIGNAL}-S9"]
    assert sent(ids, f"f-{SIGNAL}-S10") == [f"fbeef-{SIGNAL}-S10"]
    assert asked(ids, f"f-{SIGNAL}-S10") == [f"fbeef-{SIGNAL}-S10"]
    assert news(ids, f"fbeef-{SIGNAL}-S10") == f"f-{SIGNAL}-S10"


def test_unmarked_order_of_the_name_of_one_of_ours_is_not_taken_for_it() -> None:
    ids = ClientMark(("beef",))
    entry = f"f-{SIGNAL}-E1"
    assert news(ids, entry) == entry  # nothing of ours has that name yet
    assert sent(ids, entry) == [f"fbeef-{SIGNAL}-E1"]
    theirs = news(ids, entry)
    assert theirs == f"f0-{SIGNAL}-E1"
    assert asked(ids, theirs) == [entry]
    assert asked(ids, entry) == [f"fbeef-{SIGNAL}-E1"]


@pytest.mark.parametrize(
    ("waiting", "mark"),
    [
        ([f"fbeef-{SIGNAL}-S1", f"fbeef-{SIGNAL}-T1", "fcafe-0a-S1", "web_1"], "beef"),
        ([f"fbeef-{SIGNAL}-S1", f"f-{SIGNAL}-S1"], None),  # ours is plain, so the other one is not
        ([f"fbeef-{SIGNAL}-S1", f"fcafe-{SIGNAL}-S1"], None),
        (["fcafe-0a-S1"], None),
        ([], None),
    ],
)
def test_lost_mark_is_found_on_orders_of_what_is_open(waiting: list[str], mark: str | None) -> None:
    told: list[str] = []
    ids = ClientMark((), {SIGNAL}, told.append)
    assert ids.is_lost
    assert asked(ids, f"f-{SIGNAL}-S1") == [f"f-{SIGNAL}-S1"]
    assert ids.learn(waiting) is (mark is not None)
    assert told == ([] if mark is None else [mark])
    assert ids.is_lost is (mark is None)
    if mark is not None:
        assert asked(ids, f"f-{SIGNAL}-S1") == [f"f{mark}-{SIGNAL}-S1", f"f-{SIGNAL}-S1"]


def test_without_a_mark_all_stays_as_it_is() -> None:
    ids = ClientMark()
    for name in (f"f-{SIGNAL}-E1", f"fbeef-{SIGNAL}-E1", "web_1"):
        assert (sent(ids, name), asked(ids, name), news(ids, name)) == ([name], [name], name)
