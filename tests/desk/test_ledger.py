"""The fold over fills: exact sums in every order."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from futtui.desk.ledger import Ledger
from futtui.domain.orders import Fill
from futtui.domain.position import ExitReason
from futtui.domain.side import OrderSide
from futtui.domain.symbols import ZERO

amounts = st.integers(1, 1_000).map(lambda steps: Decimal(steps) / 1000)
prices = st.integers(1, 100_000).map(lambda ticks: Decimal(ticks) / 100)
fills = st.lists(st.tuples(st.booleans(), amounts, prices), min_size=1, max_size=20)


def fold(sign: int, items: list[tuple[bool, Decimal, Decimal]]) -> Ledger:
    ledger = Ledger(sign)
    for number, (entering, quantity, price) in enumerate(items):
        fill = Fill("c", "S", str(number), OrderSide.BUY, price, quantity, quantity * price / 2000, number)
        if entering:
            ledger.enter(fill)
        else:
            ledger.leave(fill, ExitReason.STOP)
    return ledger


@given(sign=st.sampled_from([1, -1]), items=fills)
def test_ledger_quantities_and_fees_always_sum(sign: int, items: list[tuple[bool, Decimal, Decimal]]) -> None:
    ledger = fold(sign, items)
    bought = sum((quantity for entering, quantity, _ in items if entering), ZERO)
    sold = sum((quantity for entering, quantity, _ in items if not entering), ZERO)
    waiting = sum((fill.quantity for fill, _ in ledger.unmatched), ZERO)
    assert ledger.entry_quantity == bought
    assert sum((leg.quantity for leg in ledger.legs), ZERO) == ledger.exit_quantity
    assert ledger.exit_quantity + waiting == sold
    assert ledger.open == bought - ledger.exit_quantity >= 0
    assert not (waiting and ledger.open)


@given(sign=st.sampled_from([1, -1]), items=fills)
def test_ledger_flat_result_is_sold_minus_bought(sign: int, items: list[tuple[bool, Decimal, Decimal]]) -> None:
    ledger = fold(sign, items)
    if ledger.open or not ledger.entry_quantity:
        return
    sold = sum((leg.quantity * leg.price for leg in ledger.legs), ZERO)
    bought = sum((quantity * price for entering, quantity, price in items if entering), ZERO)
    assert ledger.gross == sign * (sold - bought)
    assert ledger.net == ledger.gross - ledger.fees


def test_ledger_repeated_trade_id_is_told_apart() -> None:
    ledger = Ledger(1)
    assert ledger.is_new("7")
    assert not ledger.is_new("7")
