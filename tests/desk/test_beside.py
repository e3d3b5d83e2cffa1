"""Manual positions beside ours: they belong to the equity and take their part of the funding, and falsify nothing."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from futtui.desk.settings import DeskSettings
from futtui.desk.storage_form import position_state, resume_position
from futtui.domain.account import AccountSeen, FundingSummed, HeldAmount
from futtui.domain.events import BalanceChanged, ClockTick, FundingPaid, OrderFilled
from futtui.domain.orders import Fill
from futtui.domain.position import TradingMode
from futtui.domain.side import OrderSide
from futtui.domain.timeframe import DAY_MS
from tests.desk.world import SYMBOL, World, wide_settings

LIVE = TradingMode.LIVE
OTHER = "BTCUSDT"


class Beside(World):
    """A real account of 10,000 USDT with whatever the user holds beside futtui."""

    def __init__(self, settings: DeskSettings | None = None, *held: HeldAmount) -> None:
        super().__init__(settings, mode=LIVE, symbols=(SYMBOL, OTHER))
        self.wallet("10000")
        self.look(*held)

    def wallet(self, amount: str) -> None:
        self.now_ms += 2_000
        self.send(BalanceChanged(self.now_ms, LIVE, Decimal(amount)))

    def look(self, *held: HeldAmount) -> None:
        self.now_ms += 2_000
        self.send(AccountSeen(self.now_ms, self.now_ms, LIVE, held, ()))

    def clock(self) -> None:
        self.now_ms += 2_000
        self.send(ClockTick(self.now_ms))

    def by_hand(self, quantity: int, symbol: str = OTHER) -> None:
        self.now_ms += 2_000
        side = OrderSide.BUY if quantity > 0 else OrderSide.SELL
        number = f"x{self.now_ms}"
        fill = Fill("web_1", symbol, number, side, Decimal(100), Decimal(abs(quantity)), Decimal(0), self.now_ms)
        self.send(OrderFilled(fill))

    @property
    def equity(self) -> float:
        return self.desk.snapshot().account.equity


def held(amount: int, entry: int, mark: int, symbol: str = OTHER) -> HeldAmount:
    return HeldAmount(symbol, Decimal(amount), Decimal(entry), Decimal(mark))


def strict() -> DeskSettings:
    """A day loss limit of 3 % and a drawdown of 15 %, as they come."""
    settings = wide_settings()
    caps = replace(settings.risk.caps, day_loss_limit_pct=3.0)
    return replace(settings, risk=replace(settings.risk, caps=caps, kill=replace(settings.risk.kill, drawdown_pct=15)))


def test_open_loss_beside_ours_lowers_the_equity_that_trades_are_sized_on() -> None:
    world = Beside(None, held(40, 200, 100))
    world.look(held(40, 200, 100))
    assert world.equity == 6_000.0
    plain = Beside()
    for each in (world, plain):
        each.enter()
    sizes = [item.desk.snapshot().positions[0].quantity for item in (world, plain)]
    assert sizes[0] == pytest.approx(sizes[1] * 0.6)


def test_loss_that_was_there_at_the_first_look_is_none_of_this_day_and_a_later_one_is() -> None:
    world = Beside(strict(), held(40, 200, 100))
    world.look(held(40, 200, 100))
    world.clock()
    view = world.desk.snapshot()
    assert (view.account.today_pct, view.account.start_equity, view.kill_level) == (0.0, 6_000.0, 0)
    world.look(held(40, 200, 97))
    assert world.desk.snapshot().account.today_pct == pytest.approx(-2.0)
    world.look(held(40, 200, 95))
    world.clock()
    assert world.desk.snapshot().kill_level == 2


def test_profit_of_ours_counts_once_on_a_symbol_that_is_shared() -> None:
    world = Beside()
    world.enter()
    world.by_hand(50, SYMBOL)
    world.price(100.4)
    world.wallet("9990")
    shared = HeldAmount(SYMBOL, Decimal(100), Decimal("100.1"), Decimal("100.4"))
    for _ in range(2):
        world.look(shared)
        assert world.equity == pytest.approx(9_990 + 30)
    world.price(100.6)
    assert world.equity == pytest.approx(9_990 + 40), "ours goes on with the price, the rest waits for a look"


@pytest.mark.parametrize("wallet_first", [True, False])
@pytest.mark.parametrize("mark", [50, 150])
def test_manual_position_that_is_closed_is_neither_a_fall_nor_a_best_before_the_next_look(
    mark: int, wallet_first: bool
) -> None:
    world = Beside(strict(), held(40, 100, mark))
    world.look(held(40, 100, mark))
    world.clock()
    true = world.equity
    steps = [lambda: world.wallet(str(int(true))), lambda: world.by_hand(-40)]
    for step in steps if wallet_first else steps[::-1]:
        step()
        world.clock()
        assert world.equity <= true, "what may be counted twice is not traded on"
        assert world.desk.snapshot().kill_level == 0
    assert not world.desk.agrees_with_account, "the next look comes soon"
    world.look()
    world.clock()
    assert (world.equity, world.desk.snapshot().kill_level) == (true, 0)
    assert world.desk.agrees_with_account
    world.wallet(str(int(true * 0.84)))
    world.clock()
    assert world.desk.snapshot().kill_level == 4


def test_day_that_begins_before_the_look_starts_with_what_the_look_finds() -> None:
    world = Beside(None, held(40, 100, 50))
    world.look(held(40, 100, 50))
    world.wallet("8000")
    world.tick(minutes=24 * 60)
    world.look()
    view = world.desk.snapshot().account
    assert (view.equity, view.today_pct) == (8_000.0, 0.0)


@pytest.mark.parametrize("amount", [1, 40])
@pytest.mark.parametrize("mark", [99, 101])
def test_wallet_that_falls_while_the_looks_fail_is_judged(amount: int, mark: int) -> None:
    world = Beside(strict(), held(amount, 100, mark))
    world.look(held(amount, 100, mark))
    world.clock()
    start, limits = int(world.equity), [0]
    for lost in range(100, 2_000, 100):
        world.wallet(str(10_000 - lost))
        world.clock()
        level = world.desk.snapshot().kill_level
        assert not level or lost >= start * 0.03, "never before the limit is reached"
        limits.append(level)
    assert limits[-1] == 4
    assert limits[5] == 2


def test_open_loss_beside_is_judged_while_the_wallet_never_rests() -> None:
    world = Beside(strict(), held(40, 100, 100))
    level = 0
    for step in range(1, 10):
        world.look(held(40, 100, 100 - step))
        world.wallet(str(10_000 - step))
        assert not world.desk.agrees_with_account
        world.clock()
        level = world.desk.snapshot().kill_level
        assert not level or 41 * step >= 300, "not before the limit is reached"
    assert level == 2


def test_what_is_cashed_in_beside_is_no_loss_however_long_the_looks_fail() -> None:
    both = (held(40, 100, 150), HeldAmount("ETHUSDT", Decimal(40), Decimal(100), Decimal(55)))
    world = Beside(strict(), *both)
    for _ in range(2):
        world.look(*both)
        world.clock()
    for wallet in ("9100", "8200", "9200", "10200"):  # the loss first, then the profit, each by halves
        world.wallet(wallet)
        world.clock()
    for _ in range(60):
        world.clock()
    assert world.desk.snapshot().kill_level == 0
    world.wallet("8000")
    world.clock()
    assert world.desk.snapshot().kill_level == 0, "2,000 may be open still"
    world.look()
    world.clock()
    assert world.desk.snapshot().kill_level == 4


def test_own_losses_between_midnight_and_the_look_are_of_the_new_day() -> None:
    world = Beside(strict(), held(40, 100, 101))
    world.clock()
    world.now_ms += DAY_MS - 60_000 - world.now_ms % DAY_MS
    world.look(held(40, 100, 101))
    world.enter()
    (position,) = world.desk._state.open.values()
    world.wallet(str(10_000 + position.ledger.net))
    world.tick(minutes=1)
    before = position.unrealized
    world.price(99.5)
    lost = float(before - position.unrealized)
    assert lost > 0
    world.look(held(40, 100, 101), HeldAmount(SYMBOL, position.ledger.open, position.entry_price, Decimal("99.5")))
    view = world.desk.snapshot().account
    assert view.today_pct == pytest.approx(-lost / (view.equity + lost) * 100)


def test_funding_is_shared_with_what_is_held_beside_ours() -> None:
    world = Beside()
    world.enter()
    world.by_hand(950, SYMBOL)
    world.send(FundingPaid(world.now_ms + 1, SYMBOL, LIVE, Decimal(-100)))
    (position,) = world.desk._state.open.values()
    assert position.ledger.funding == -5
    world.by_hand(-950, SYMBOL)
    world.send(FundingPaid(world.now_ms + 1, SYMBOL, LIVE, Decimal(-7)))
    assert position.ledger.funding == -12
    for _ in range(2):
        world.send(FundingSummed(world.now_ms, SYMBOL, position.opened_ms, Decimal(-107)))
        assert position.ledger.funding == -12, "the sum is not all ours"
        position = resume_position(position_state(position))
        world.desk._state.add(position)


def test_position_stored_by_an_older_futtui_shares_its_symbol_with_nobody() -> None:
    world = Beside()
    world.enter()
    state = position_state(next(iter(world.desk._state.open.values())))
    old = replace(state, detail=state.detail.replace('"shares_symbol":false,', ""))
    assert old.detail != state.detail
    assert resume_position(old).shares_symbol is False
