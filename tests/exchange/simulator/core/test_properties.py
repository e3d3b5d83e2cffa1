"""Whatever user and market do: money is conserved, positions are the fold of fills, nothing is negative."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.exchange.simulator.core import AccountEvent, CoreEvent, ExchangeCore, ExchangeRefusal, OrderEvent
from futtui.exchange.simulator.core.records import ZERO, TradeRecord
from futtui.exchange.simulator.ports import MarketTick
from tests.exchange.simulator.core.helpers import ALT, BTC, KEY, D, limit, market, new_core, stop, tick

CENTRE_TICKS = {BTC: 500_000, ALT: 5_000}
TICKS_A_UNIT = {BTC: 10, ALT: 10_000}
UNIT = {BTC: D("0.001"), ALT: D(100)}

symbols = st.sampled_from([BTC, ALT])
sides = st.sampled_from(["BUY", "SELL"])
sizes = st.integers(1, 900)
offsets = st.integers(-400, 400)  # in hundredths of a percent of the centre price
flags = st.booleans()

operation = st.one_of(
    st.tuples(st.just("tick"), symbols, st.integers(-900, 900), st.integers(1, 40_000)),
    st.tuples(st.just("tick"), symbols, st.integers(-900, 900), st.integers(1, 40_000)),
    st.tuples(st.just("market"), symbols, sides, sizes, flags),
    st.tuples(st.just("limit"), symbols, sides, sizes, offsets, flags),
    st.tuples(st.just("algo"), symbols, sides, sizes, offsets, st.sampled_from(["close", "reduce", "open"])),
    st.tuples(st.just("trail"), symbols, sides, sizes, st.integers(1, 30)),
    st.tuples(st.just("cancel"), symbols),
    st.tuples(st.just("leverage"), symbols, st.sampled_from([5, 20, 50, 75])),
    st.tuples(st.just("margin"), symbols, st.sampled_from(["CROSSED", "ISOLATED"])),
    st.tuples(st.just("time"), st.integers(1, 30_000_000)),
)
scripts = st.lists(operation, min_size=5, max_size=60)


def price_at(symbol: str, offset: int) -> float:
    centre = CENTRE_TICKS[symbol]
    return (centre + int(centre * offset / 10_000)) / TICKS_A_UNIT[symbol]


def act(core: ExchangeCore, step: tuple) -> None:
    """Carry out one step of a script; refusals are answers like others."""
    kind, *rest = step
    try:
        if kind == "tick":
            symbol, offset, gap_ms = rest
            tick(core, price_at(symbol, offset), gap_ms, symbol)
        elif kind == "market":
            symbol, side, size, reduce = rest
            core.place_order(KEY, market(side, f"{size * UNIT[symbol]}", symbol, reduce_only=reduce))
        elif kind == "limit":
            symbol, side, size, offset, reduce = rest
            price = f"{price_at(symbol, offset)}"
            core.place_order(KEY, limit(side, f"{size * UNIT[symbol]}", price, symbol, reduce_only=reduce))
        elif kind == "algo":
            place_conditional(core, *rest)
        elif kind == "trail":
            symbol, side, size, rate = rest
            request = stop(side, "1", f"{size * UNIT[symbol]}", symbol, order_type="TRAILING_STOP_MARKET")
            core.place_algo(KEY, replace(request, trigger_price=None, callback_rate=Decimal(rate) / 10))
        elif kind == "cancel":
            core.cancel_all_orders(KEY, rest[0])
        elif kind == "leverage":
            core.set_leverage(KEY, *rest)
        elif kind == "margin":
            core.set_margin_type(KEY, *rest)
        else:
            core.advance_time(core.now_ms + rest[0])
    except ExchangeRefusal:
        pass


def place_conditional(core: ExchangeCore, symbol: str, side: str, size: int, offset: int, kind: str) -> None:
    price = price_at(symbol, offset)
    above = price > float(core.market(symbol).last_price)
    order_type = "STOP_MARKET" if above == (side == "BUY") else "TAKE_PROFIT_MARKET"
    quantity = None if kind == "close" else f"{size * UNIT[symbol]}"
    request = stop(side, f"{price}", quantity, symbol, order_type=order_type)
    core.place_algo(KEY, replace(request, reduce_only=True if kind == "reduce" else None))


@dataclass
class Books:
    """An independent bookkeeper that only reads events."""

    start: Decimal
    realized: Decimal = ZERO
    fees: Decimal = ZERO
    other: Decimal = ZERO
    cash: Decimal = ZERO
    positions: dict[str, Decimal] | None = None

    def read(self, events: Iterable[CoreEvent]) -> None:
        self.positions = self.positions or {BTC: D(0), ALT: D(0)}
        for event in events:
            if isinstance(event, OrderEvent) and event.trade:
                self.read_trade(event, event.trade)
            elif isinstance(event, AccountEvent) and event.reason in ("FUNDING_FEE", "INSURANCE_CLEAR"):
                self.other += event.balances[0].change

    def read_trade(self, event: OrderEvent, trade: TradeRecord) -> None:
        assert self.positions is not None
        sign = 1 if trade.side == "BUY" else -1
        before = self.positions[trade.symbol]
        after = before + sign * trade.quantity
        assert trade.quantity > 0
        assert trade.fee >= 0
        if event.order.reduce_only:
            assert abs(after) < abs(before)
            assert after == 0 or (after > 0) == (before > 0)
        self.positions[trade.symbol] = after
        self.realized += trade.realized_pnl
        self.fees += trade.fee
        self.cash -= sign * trade.price * trade.quantity


def check(core: ExchangeCore, books: Books) -> None:
    balance = core.balance(KEY)
    assert balance.wallet_balance == books.start + books.realized - books.fees + books.other
    positions = {p.symbol: p for p in core.positions(KEY, all_symbols=True)}
    assert {s: p.quantity for s, p in positions.items()} == (books.positions or {BTC: D(0), ALT: D(0)})
    worth = sum((p.quantity * p.mark_price for p in positions.values()), D(0))
    by_cash = books.start + books.cash + worth - books.fees + books.other
    assert abs(balance.margin_balance - by_cash) < D("0.0000001")
    assert balance.wallet_balance >= 0 or any(p.quantity for p in positions.values())
    assert balance.available_balance >= 0
    for position in positions.values():
        assert position.entry_price >= 0
        assert position.isolated_wallet == 0 or (position.isolated and position.quantity)
        assert position.initial_margin >= position.position_initial_margin >= 0
    for order in core.open_orders(KEY):
        assert 0 <= order.executed_quantity < order.quantity
        if order.reduce_only:
            assert positions[order.symbol].quantity * (1 if order.side == "BUY" else -1) < 0


def run(script: list[tuple], **options: object) -> tuple[ExchangeCore, list[CoreEvent]]:
    core = new_core(**options)  # type: ignore[arg-type]
    events: list[CoreEvent] = []
    for step in script:
        act(core, step)
        events += core.drain_events()
    return core, events


@given(script=scripts, flat=flags)
@settings(max_examples=150, deadline=None)
def test_any_script_conserves_money_and_keeps_positions_the_fold_of_fills(script: list[tuple], flat: bool) -> None:
    core = new_core(balance="2000", flat=flat)
    books = Books(D(2000))
    for step in script:
        act(core, step)
        books.read(core.drain_events())
        check(core, books)


@given(script=scripts)
@settings(max_examples=40, deadline=None)
def test_any_script_twice_tells_the_same_story(script: list[tuple]) -> None:
    assert run(script)[1] == run(script)[1]


@given(script=scripts, balance=st.sampled_from(["300", "1000", "10000"]))
@settings(max_examples=200, deadline=None)
def test_watch_levels_never_hide_an_event(script: list[tuple], balance: str) -> None:
    """The quick path that skips quiet ticks gives the same events as looking closely at every tick."""
    quick = new_core(balance=balance, flat=True)
    close = new_core(balance=balance, flat=True)
    for step in script:
        act(quick, step)
        for listed in close._state.markets.values():
            listed.watch_everything()
        act(close, step)
        assert quick.drain_events() == close.drain_events()


MIRROR = {BTC: 100_000.0, ALT: 1.0}
OTHER_SIDE = {"BUY": "SELL", "SELL": "BUY"}


def mirrored(step: tuple) -> tuple:
    kind, *rest = step
    if kind == "tick":
        return (kind, rest[0], -rest[1], rest[2])
    if kind == "market":
        return (kind, rest[0], OTHER_SIDE[rest[1]], *rest[2:])
    if kind in ("limit", "algo"):
        return (kind, rest[0], OTHER_SIDE[rest[1]], rest[2], -rest[3], *rest[4:])
    return step


quiet_operation = st.one_of(
    st.tuples(st.just("tick"), symbols, st.integers(-300, 300), st.integers(1, 40_000)),
    st.tuples(st.just("market"), symbols, sides, st.integers(110, 900), flags),
    st.tuples(st.just("limit"), symbols, sides, st.integers(110, 900), st.integers(-200, 200), flags),
    st.tuples(
        st.just("algo"),
        symbols,
        sides,
        st.integers(110, 900),
        st.integers(-200, 200),
        st.sampled_from(["close", "open"]),
    ),
    st.tuples(st.just("cancel"), symbols),
)


@given(script=st.lists(quiet_operation, min_size=4, max_size=40))
@settings(max_examples=120, deadline=None)
def test_mirrored_prices_and_sides_give_the_mirrored_trades(script: list[tuple]) -> None:
    ours, _ = run(script, flat=True, balance="100000000")
    theirs, _ = run([mirrored(step) for step in script], flat=True, balance="100000000")
    left = [(t.symbol, t.side, t.price, t.quantity, t.realized_pnl, t.maker) for t in ours.trades(KEY, limit=9_999)]
    right = [
        (t.symbol, OTHER_SIDE[t.side], D(str(MIRROR[t.symbol])) - t.price, t.quantity, t.realized_pnl, t.maker)
        for t in theirs.trades(KEY, limit=9_999)
    ]
    assert left == right


@given(script=scripts)
@settings(max_examples=30, deadline=None)
def test_two_accounts_do_not_disturb_each_other(script: list[tuple]) -> None:
    alone, _ = run(script)
    shared = new_core()
    shared.add_account("other", "secret")
    for step in script:
        shared_step(shared, step)
        act(shared, step)
    assert [(t.price, t.quantity, t.fee, t.realized_pnl) for t in alone.trades(KEY)] == [
        (t.price, t.quantity, t.fee, t.realized_pnl) for t in shared.trades(KEY)
    ]
    assert alone.balance(KEY).wallet_balance == shared.balance(KEY).wallet_balance


def shared_step(core: ExchangeCore, step: tuple) -> None:
    if step[0] == "market":
        try:
            core.place_order("other", market(OTHER_SIDE[step[2]], f"{step[3] * UNIT[step[1]]}", step[1]))
        except ExchangeRefusal:
            pass


@given(
    prices=st.lists(st.integers(-500, 500), min_size=2, max_size=30),
    cuts=st.lists(st.integers(0, 29), max_size=5),
)
@settings(max_examples=30, deadline=None)
def test_extra_time_calls_between_ticks_change_nothing(prices: list[int], cuts: list[int]) -> None:
    results = []
    for with_cuts in (False, True):
        core = new_core(flat=True)
        core.place_order(KEY, market("BUY", "0.1"))
        core.place_order(KEY, limit("SELL", "0.05", "50900"))
        base = core.now_ms
        for index, offset in enumerate(prices):
            time_ms = base + (index + 1) * 3_000_000
            if with_cuts and index in cuts:
                core.advance_time(time_ms - 1)
            core.apply_tick(MarketTick(BTC, time_ms, price_at(BTC, offset), 1.0, None))
        results.append(core.drain_events())
    assert results[0] == results[1]


@given(script=scripts)
@settings(max_examples=60, deadline=None)
def test_asking_questions_changes_nothing(script: list[tuple]) -> None:
    silent, asked = new_core(balance="1000", flat=True), new_core(balance="1000", flat=True)
    for step in script:
        act(silent, step)
        for symbol in (ALT, BTC):
            asked.position(KEY, symbol)
            asked.settings(KEY, symbol)
            asked.open_orders(KEY, symbol)
        asked.positions(KEY, all_symbols=True)
        asked.balance(KEY)
        asked.book(BTC, 3)
        act(asked, step)
        assert silent.drain_events() == asked.drain_events()
