"""Margin, liquidation and funding."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.exchange.simulator.core import AccountEvent, ExchangeCore, OrderEvent
from futtui.exchange.simulator.core.brackets import default_table
from futtui.exchange.simulator.ports import MarketTick
from tests.exchange.simulator.core.helpers import ALT, BTC, KEY, START_MS, D, limit, market, new_core, stop, story, tick

EIGHT_HOURS_MS = 8 * 3_600_000


def test_balance_position_locks_its_initial_margin() -> None:
    core = new_core(flat=True)
    core.place_order(KEY, market("BUY", "1"))
    balance = core.balance(KEY)
    fee = D(25)
    assert balance.wallet_balance == D(10000) - fee
    assert balance.position_initial_margin == D(50_000) / 20
    assert balance.available_balance == D(10000) - fee - D(2500)
    assert balance.maintenance_margin == default_table(BTC).maintenance(D(50_000))


def test_balance_orders_of_both_sides_lock_only_the_larger_exposure() -> None:
    core = new_core(flat=True)
    core.place_order(KEY, limit("BUY", "0.1", "49000"))
    one = core.balance(KEY).open_order_initial_margin
    core.place_order(KEY, limit("SELL", "0.05", "51000"))
    assert core.balance(KEY).open_order_initial_margin == one == D(245)


def test_closing_order_fits_even_without_free_margin() -> None:
    core = new_core(flat=True, balance="2530")
    core.place_order(KEY, market("BUY", "1"))
    assert core.balance(KEY).available_balance < 10
    core.place_order(KEY, limit("SELL", "1", "50500", reduce_only=True))
    core.place_order(KEY, market("SELL", "1"))
    assert core.position(KEY, BTC).quantity == 0


def test_isolated_position_takes_its_margin_out_of_the_cross_wallet_and_gives_it_back() -> None:
    core = new_core(flat=True)
    core.set_margin_type(KEY, BTC, "ISOLATED")
    core.set_leverage(KEY, BTC, 10)
    core.place_order(KEY, market("BUY", "1"))
    assert core.position(KEY, BTC).isolated_wallet == D(5000)
    assert core.balance(KEY).cross_wallet_balance == D(10000) - 25 - 5000
    core.change_position_margin(KEY, BTC, D(100), 1)
    core.change_position_margin(KEY, BTC, D(50), 2)
    assert core.position(KEY, BTC).isolated_wallet == D(5050)
    core.place_order(KEY, market("SELL", "0.5"))
    assert core.position(KEY, BTC).isolated_wallet == D(2525)
    core.place_order(KEY, market("SELL", "0.5"))
    balance = core.balance(KEY)
    assert balance.cross_wallet_balance == balance.wallet_balance == D(10000) - 50


@settings(max_examples=60, deadline=None)
@given(
    side=st.sampled_from(["BUY", "SELL"]),
    quantity=st.integers(200, 1500),
    other=st.sampled_from([None, "BUY", "SELL"]),
    isolated=st.booleans(),
)
def test_liquidation_price_is_where_margin_balance_meets_maintenance(
    side: str, quantity: int, other: str | None, isolated: bool
) -> None:
    core = new_core(flat=True)
    if isolated:
        core.set_margin_type(KEY, BTC, "ISOLATED")
    core.place_order(KEY, market(side, f"{Decimal(quantity) / 1000}"))
    if other:
        core.place_order(KEY, market(other, "20000", ALT))
        tick(core, 0.501, 1, ALT)
    tick(core, 50_010.0)
    position = core.position(KEY, BTC)
    price = position.liquidation_price
    if price == 0:
        assert side == "BUY"
        return
    table = default_table(BTC)
    bracket = table.at(position.notional)
    if table.at(position.quantity * price) != bracket:
        return
    profit = position.quantity * (price - position.entry_price)
    maintenance = abs(position.quantity) * price * bracket.maintenance_ratio - bracket.cum
    if isolated:
        left = position.isolated_wallet + profit
    else:
        left = core.balance(KEY).cross_wallet_balance + profit
        alt = core.position(KEY, ALT)
        left += alt.unrealized_pnl
        maintenance += alt.maintenance_margin
    assert abs(left - maintenance) <= abs(position.quantity) * D("0.06") + D("0.001")


@pytest.mark.parametrize("isolated", [False, True])
@pytest.mark.parametrize(("side", "direction"), [("BUY", -1), ("SELL", 1)])
def test_liquidation_happens_at_the_stated_price_and_not_before(side: str, direction: int, isolated: bool) -> None:
    core = new_core(flat=True, balance="4000")
    if isolated:
        core.set_margin_type(KEY, BTC, "ISOLATED")
    core.place_order(KEY, market(side, "1"))
    core.place_order(KEY, limit(side, "0.005", "48000" if side == "BUY" else "52000"))
    guard = core.place_algo(KEY, stop("SELL" if side == "BUY" else "BUY", "30000" if side == "BUY" else "90000"))
    price = float(core.position(KEY, BTC).liquidation_price)
    core.cancel_all_orders(KEY, BTC)
    core.drain_events()
    core.apply_tick(_at(core, price - direction * 5))
    core.set_mark_price(BTC, price - direction * 5)
    assert core.position(KEY, BTC).quantity != 0
    core.apply_tick(_at(core, price + direction * 5))
    core.set_mark_price(BTC, price + direction * 5)
    assert core.position(KEY, BTC).quantity == 0
    events = core.drain_events()
    forced = next(e for e in events if isinstance(e, OrderEvent))
    assert forced.order.client_order_id.startswith("autoclose-")
    assert (forced.execution_type, forced.order.status) == ("CALCULATED", "FILLED")
    assert core.algo_order(KEY, algo_id=guard.algo_id).status == "EXPIRED"
    wallet = core.balance(KEY).wallet_balance
    assert 0 <= wallet < 4000
    if isolated:
        assert wallet >= D(4000) - D(2500) - D(25)


def _at(core: ExchangeCore, price: float) -> MarketTick:
    return MarketTick(BTC, core.now_ms + 600_000, round(price, 1), 1.0, None)


def test_liquidation_far_beyond_bankruptcy_is_covered_by_the_insurance_fund() -> None:
    core = new_core(flat=True, balance="2600")
    core.place_order(KEY, market("BUY", "1"))
    core.place_order(KEY, limit("SELL", "0.001", "52000"))
    core.drain_events()
    tick(core, 40_000.0, 600_000)
    core.set_mark_price(BTC, 40_000.0)
    events = core.drain_events()
    assert core.balance(KEY).wallet_balance == 0
    assert "EXPIRED EXPIRED" in story(events)
    assert "ACCOUNT INSURANCE_CLEAR" in story(events)
    clear = core.income(KEY, income_type="INSURANCE_CLEAR")[0]
    assert clear.income > 0


@given(rate=st.decimals("-0.003", "0.003", places=6), side=st.sampled_from(["BUY", "SELL"]))
@settings(max_examples=30, deadline=None)
def test_funding_longs_pay_a_positive_rate_on_the_mark_value(rate: Decimal, side: str) -> None:
    core = new_core(flat=True, funding_rate=lambda symbol, time_ms: rate)
    core.place_order(KEY, market(side, "0.2"))
    before = core.balance(KEY).wallet_balance
    core.drain_events()
    core.advance_time(START_MS + EIGHT_HOURS_MS - 1)
    assert core.drain_events() == []
    core.advance_time(START_MS + EIGHT_HOURS_MS)
    change = core.balance(KEY).wallet_balance - before
    assert change == (D(-10_000) if side == "BUY" else D(10_000)) * rate
    if rate:
        event = core.drain_events()[0]
        assert isinstance(event, AccountEvent)
        assert (event.reason, event.funding_symbol, event.positions) == ("FUNDING_FEE", BTC, ())
        assert event.balances[0].change == change
        assert event.time_ms == START_MS + EIGHT_HOURS_MS


def test_funding_isolated_comes_out_of_the_isolated_wallet_and_carries_the_position() -> None:
    core = new_core(flat=True)
    core.set_margin_type(KEY, BTC, "ISOLATED")
    core.place_order(KEY, market("BUY", "0.2"))
    cross = core.balance(KEY).cross_wallet_balance
    core.drain_events()
    core.advance_time(START_MS + EIGHT_HOURS_MS)
    assert core.balance(KEY).cross_wallet_balance == cross
    event = core.drain_events()[0]
    assert isinstance(event, AccountEvent)
    assert event.positions[0].isolated_wallet == D(500) - D(1)


def test_funding_is_paid_once_for_each_period_however_time_arrives() -> None:
    totals = []
    for moments in ([3 * EIGHT_HOURS_MS], [EIGHT_HOURS_MS, EIGHT_HOURS_MS + 5, 3 * EIGHT_HOURS_MS]):
        core = new_core(flat=True)
        core.place_order(KEY, market("BUY", "0.2"))
        for moment in moments:
            core.advance_time(START_MS + moment)
        totals.append([(i.time_ms, i.income) for i in core.income(KEY, income_type="FUNDING_FEE")])
    assert totals[0] == totals[1]
    assert [time_ms for time_ms, _ in totals[0]] == [START_MS + k * EIGHT_HOURS_MS for k in (1, 2, 3)]


def test_settings_leverage_change_is_told_and_limits_the_position() -> None:
    core = new_core(flat=True)
    chosen = core.set_leverage(KEY, BTC, 50)
    assert (chosen.leverage, chosen.max_notional) == (50, D(12_000_000))
    assert story(core.drain_events()) == ["LEVERAGE 50"]
    core.set_leverage(KEY, BTC, 50)
    assert core.drain_events() == []
    assert core.settings(KEY, BTC).margin_type == "CROSSED"
    core.set_margin_type(KEY, BTC, "ISOLATED")
    assert core.settings(KEY, BTC).margin_type == "ISOLATED"
