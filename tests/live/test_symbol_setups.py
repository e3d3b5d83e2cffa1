"""What entries rely on is what the exchange confirmed and nobody changed since."""

from __future__ import annotations

import pytest

from futtui.domain.account import SymbolSetup
from futtui.domain.errors import ExchangeError
from futtui.exchange.ports import ACCOUNT_MODE_CHANGED, AccountMessage
from futtui.live.symbol_setups import SymbolSetups


class Account:
    """Counts what it is asked; `truth` is what the exchange has."""

    def __init__(self) -> None:
        self.truth: dict[str, SymbolSetup] = {}
        self.prepared: list[tuple[str, int, SymbolSetup | None]] = []
        self.error: ExchangeError | None = None
        self.meanwhile: SymbolSetups | None = None

    async def prepare(self, symbol: str, leverage: int, known: SymbolSetup | None = None) -> SymbolSetup:
        self.prepared.append((symbol, leverage, known))
        if self.error is not None:
            raise self.error
        self.truth[symbol] = SymbolSetup(True, leverage)
        return self.truth[symbol]

    async def symbol_setups(self, symbol: str | None = None) -> dict[str, SymbolSetup]:
        if self.error is not None:
            raise self.error
        answer = dict(self.truth)
        if self.meanwhile is not None:
            await self.meanwhile.prepare("ETHUSDT", 6)
        return answer


@pytest.fixture
def account() -> Account:
    return Account()


@pytest.fixture
async def setups(account: Account) -> SymbolSetups:
    setups = SymbolSetups(account)
    await setups.prepare("ETHUSDT", 20)
    assert account.prepared == [("ETHUSDT", 20, None)]
    return setups


async def asks_again(setups: SymbolSetups, account: Account, leverage: int = 20) -> bool:
    """Whether the next entry asks the exchange."""
    before = len(account.prepared)
    await setups.prepare("ETHUSDT", leverage)
    return len(account.prepared) > before


async def test_an_entry_like_the_one_before_asks_nothing(setups: SymbolSetups, account: Account) -> None:
    assert not await asks_again(setups, account)
    await setups.look()
    assert not await asks_again(setups, account)
    setups.on_account(AccountMessage(1, "LEVERAGE", {}, {}, leverages={"ETHUSDT": 20}))
    assert not await asks_again(setups, account), "the echo of our own request"
    assert await asks_again(setups, account, leverage=6)
    assert account.prepared[-1] == ("ETHUSDT", 6, SymbolSetup(True, 20))


@pytest.mark.parametrize(
    "message",
    [
        AccountMessage(1, "LEVERAGE", {}, {}, leverages={"ETHUSDT": 50}),
        AccountMessage(1, "MARGIN_TYPE_CHANGE", {}, {}),
        AccountMessage(1, "MARGIN_TYPE_CHANGE", {}, {"ETHUSDT": 0}),  # type: ignore[dict-item]
    ],
)
async def test_what_the_user_changed_is_asked_again(
    setups: SymbolSetups, account: Account, message: AccountMessage
) -> None:
    setups.on_account(message)
    assert await asks_again(setups, account)
    assert account.prepared[-1] == ("ETHUSDT", 20, None)


async def test_a_change_that_no_news_told_is_found_by_a_look(setups: SymbolSetups, account: Account) -> None:
    account.truth["ETHUSDT"] = SymbolSetup(False, 20)
    await setups.look()
    assert await asks_again(setups, account)
    assert account.prepared[-1] == ("ETHUSDT", 20, SymbolSetup(False, 20))


async def test_doubt_forgets(setups: SymbolSetups, account: Account) -> None:
    setups.forget_all()
    assert await asks_again(setups, account)
    account.error = ExchangeError("no answer")
    with pytest.raises(ExchangeError):
        await setups.look()
    with pytest.raises(ExchangeError):
        await setups.prepare("ETHUSDT", 20)
    account.error = None
    assert await asks_again(setups, account)
    setups.on_account(AccountMessage(1, ACCOUNT_MODE_CHANGED, {}, {}))
    assert await asks_again(setups, account), "another mode of the account may be another margin"
    account.error = ExchangeError("refused")
    with pytest.raises(ExchangeError):
        await setups.prepare("ETHUSDT", 6)
    account.error = None
    assert await asks_again(setups, account), "a change without an answer leaves nothing known"


async def test_an_answer_older_than_an_entry_is_not_believed(setups: SymbolSetups, account: Account) -> None:
    account.meanwhile = setups
    await setups.look()
    account.meanwhile = None
    assert await asks_again(setups, account, leverage=20)
    assert account.prepared[-1] == ("ETHUSDT", 20, SymbolSetup(True, 6))


TO_CROSS = AccountMessage(1, "MARGIN_TYPE_CHANGE", {}, {"ETHUSDT": 0})  # type: ignore[dict-item]


class Exchange(Account):
    """Looks first and sets the leverage later; in between, as often as `switches`, the user changes to cross."""

    def __init__(self, switches: int) -> None:
        super().__init__()
        self.switches = switches
        self.setups = SymbolSetups(self)
        self.news: AccountMessage | None = TO_CROSS
        self.truth["ETHUSDT"] = SymbolSetup(False, 20)

    async def prepare(self, symbol: str, leverage: int, known: SymbolSetup | None = None) -> SymbolSetup:
        self.prepared.append((symbol, leverage, known))
        seen = known or self.truth[symbol]
        if not seen.isolated:
            self.truth[symbol] = SymbolSetup(True, seen.leverage)
            self.setups.on_account(TO_CROSS)  # the echo does not tell which type it is
        if self.switches:
            self.switches -= 1
            self.truth[symbol] = SymbolSetup(False, seen.leverage)
            if self.news is None:
                self.setups.forget_all()
            else:
                self.setups.on_account(self.news)
        self.truth[symbol] = SymbolSetup(self.truth[symbol].isolated, leverage)
        self.setups.on_account(AccountMessage(1, "LEVERAGE", {}, {}, leverages={symbol: leverage}))
        return SymbolSetup(True, leverage)


@pytest.mark.parametrize("news", [TO_CROSS, AccountMessage(1, "MARGIN_TYPE_CHANGE", {}, {}), None])
async def test_a_change_while_an_entry_is_prepared_is_set_right_before_it_leaves(news: AccountMessage | None) -> None:
    exchange = Exchange(switches=1)
    exchange.news = news
    await exchange.setups.prepare("ETHUSDT", 10)
    assert exchange.truth["ETHUSDT"] == SymbolSetup(True, 10)
    assert not await asks_again(exchange.setups, exchange, leverage=10)


async def test_an_entry_is_refused_when_its_settings_keep_being_changed() -> None:
    exchange = Exchange(switches=99)
    with pytest.raises(ExchangeError, match="ETHUSDT"):
        await exchange.setups.prepare("ETHUSDT", 10)
    exchange.switches = 0
    await exchange.setups.prepare("ETHUSDT", 10)
    assert exchange.truth["ETHUSDT"] == SymbolSetup(True, 10)


async def test_a_preparation_that_only_sets_the_leverage_asks_once() -> None:
    exchange = Exchange(switches=0)
    exchange.truth["ETHUSDT"] = SymbolSetup(True, 20)
    await exchange.setups.prepare("ETHUSDT", 10)
    assert len(exchange.prepared) == 1


async def test_leverage_for_the_screen_is_what_was_told_last_and_none_once_nobody_listened(
    setups: SymbolSetups, account: Account
) -> None:
    assert (setups.leverage("ETHUSDT"), setups.leverage("BTCUSDT")) == (20, None)
    setups.on_account(AccountMessage(1, "MARGIN_TYPE_CHANGE", {}, {}))
    assert setups.leverage("ETHUSDT") == 20  # the margin type is another matter
    setups.on_account(AccountMessage(2, "LEVERAGE", {}, {}, leverages={"ETHUSDT": 7}))
    assert setups.leverage("ETHUSDT") == 7
    setups.forget_all()
    assert setups.leverage("ETHUSDT") is None
    await setups.prepare("ETHUSDT", 5)
    account.truth["ETHUSDT"] = SymbolSetup(True, 9)
    await setups.look()
    assert setups.leverage("ETHUSDT") == 9


async def test_leverage_of_what_an_earlier_run_left_is_asked_once_and_never_guessed(account: Account) -> None:
    setups = SymbolSetups(account)
    account.error = ExchangeError("no connection")
    with pytest.raises(ExchangeError):
        await setups.learn(["ETHUSDT"])
    assert setups.leverage("ETHUSDT") is None
    account.error, account.truth = None, {"ETHUSDT": SymbolSetup(True, 7), "BTCUSDT": SymbolSetup(True, 9)}
    await setups.learn(["ETHUSDT", "GONEUSDT"])
    assert [setups.leverage(name) for name in ("ETHUSDT", "BTCUSDT", "GONEUSDT")] == [7, None, None]
    account.error = ExchangeError("asked although it is known")
    await setups.learn(["ETHUSDT"])
    assert not account.prepared, "learning changes nothing on the exchange"
