"""What an exchange, a user or a PC may do in the worst moment: between a decision and its order."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest

from futtui.domain.account import AccountModes, SymbolSetup
from futtui.domain.errors import ExchangeError
from futtui.domain.events import Event, OrderChanged, OrderFilled
from futtui.domain.kill import KillLevel, KillSwitch
from futtui.domain.orders import Fill, OrderPurpose, OrderStatus, OrderUpdate
from futtui.domain.position import TradingMode
from futtui.domain.side import OrderSide
from futtui.exchange.binance.errors import Refused
from futtui.exchange.binance.trading_models import OpenPosition
from futtui.exchange.ports import ACCOUNT_MODE_CHANGED, AccountMessage
from futtui.live import exchange_broker, kill_watch, sent_orders
from futtui.live.account_watch import BLIND_LOOKS, AccountWatch
from futtui.live.exchange_broker import ExchangeDeskBroker
from futtui.live.flatten import FlattenReport
from futtui.live.kill_file import ask_panic, panic_asked
from futtui.live.real_account import RealAccount
from tests.desk.world import START_MS, SYMBOL
from tests.live.test_engine_order_faults import Trading, intent
from tests.live.test_leaving import Running


async def until_idle(engine: Running) -> None:
    async with asyncio.timeout(10):
        while not engine.live_broker.is_idle:
            await asyncio.sleep(0)


def watch_over(
    desk: SimpleNamespace, said: list[str], tasks: list[asyncio.Future[None]], folder: Path
) -> kill_watch.KillWatch:
    """The watch of an engine whose account is open; `said` and `tasks` take what it says and begins."""
    engine = SimpleNamespace(
        runner=SimpleNamespace(on_latch=None, desk=desk, submit=lambda event: None),
        account=SimpleNamespace(trading=SimpleNamespace(known_rules={})),
        real_account=SimpleNamespace(is_awaited=False),
        live_broker=None,
        clock=SimpleNamespace(now_ms=lambda: START_MS),
        say=lambda topic, text, *_: said.append(text),
        beside=lambda work, name: tasks.append(asyncio.ensure_future(work)),
    )
    return kill_watch.KillWatch(engine, folder / "a.db", keeps=True)  # type: ignore[arg-type]


@pytest.mark.parametrize("level", [KillLevel.CANCEL, KillLevel.FLATTEN])
async def test_entry_that_has_not_left_yet_never_leaves_after_the_kill_switch(
    level: KillLevel, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Running()
    asked, answered = asyncio.Event(), asyncio.Event()

    async def slow(symbol: str, leverage: int, known: SymbolSetup | None = None) -> SymbolSetup:
        asked.set()
        await answered.wait()
        return SymbolSetup(True, leverage)

    monkeypatch.setattr(engine.venue, "prepare", slow)
    engine.signal()
    await asked.wait()
    engine.runner.submit(KillSwitch(START_MS, level, "by you"))
    answered.set()
    await until_idle(engine)
    assert engine.venue.sent == []
    assert engine.venue.held == 0
    assert not engine.runner.desk.snapshot().positions
    (signal,) = engine.runner.desk.snapshot().signals
    assert "cancelled before it left" in signal.status_reason
    await engine.live_broker.close()


async def test_account_that_cannot_be_looked_at_is_told_once_and_again_when_it_can(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = Running()
    is_away = True

    async def positions() -> list[object]:
        if is_away:
            raise ExchangeError("Invalid API-key (code -2015).")
        return []

    monkeypatch.setattr(engine.venue, "positions", positions)
    watch = AccountWatch(engine, engine.venue, engine.live_broker)  # type: ignore[arg-type]
    for _ in range(BLIND_LOOKS - 1):
        await watch.try_look()
    assert engine.said == []
    for _ in range(100):
        await watch.try_look()
    (told,) = engine.said
    assert "cannot be looked at" in told
    assert "-2015" in told
    is_away = False
    for _ in range(3):
        await watch.try_look()
    assert engine.said[1:] == ["The account can be looked at again."]
    await engine.live_broker.close()


@pytest.mark.parametrize("multi_asset", [True, False])
async def test_account_switched_to_a_mode_without_isolated_margin_opens_nothing_more(
    multi_asset: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, checks = Running(), list[asyncio.Future[None]]()

    async def modes() -> AccountModes:
        return AccountModes(can_trade=True, hedge=False, multi_asset=multi_asset)

    monkeypatch.setattr(engine.venue, "modes", modes)
    shell = SimpleNamespace(
        **vars(engine),
        account=SimpleNamespace(trading=engine.venue),
        spawn=lambda work, name: checks.append(asyncio.ensure_future(work)),
        say=engine.say,
    )
    RealAccount(shell).on_news(AccountMessage(START_MS, ACCOUNT_MODE_CHANGED, {}, {}))  # type: ignore[arg-type]
    await asyncio.gather(*checks)
    engine.signal()
    await until_idle(engine)
    assert bool(engine.venue.sent) is not multi_asset
    assert [("multi-assets" in text) for text in engine.said] == [True] * multi_asset
    assert ("on the exchange" in engine.runner.desk.snapshot().pause_reason) is multi_asset
    await engine.live_broker.close()


async def test_wallet_that_is_missing_in_answers_while_a_position_is_held_closes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = Running()
    engine.signal()
    await until_idle(engine)

    async def held() -> list[OpenPosition]:
        amount, price = engine.venue.held, Decimal(100)
        return [OpenPosition(SYMBOL, amount, price, price, Decimal(0), Decimal(50), isolated=True)]

    async def no_money() -> Decimal:
        return Decimal(0)

    monkeypatch.setattr(engine.venue, "positions", held)
    monkeypatch.setattr(engine.venue, "wallet_balance", no_money)
    watch = AccountWatch(engine, engine.venue, engine.live_broker)  # type: ignore[arg-type]
    for _ in range(BLIND_LOOKS):
        await watch.try_look()
        engine.tick(START_MS)
    desk = engine.runner.desk
    assert desk.kill_level == 0
    assert desk.reported_wallet(TradingMode.LIVE) == 10_000
    assert [view.status for view in desk.snapshot().positions] == ["PROTECTED"]
    assert len([text for text in engine.said if "no USDT" in text]) == 1
    shell = SimpleNamespace(**vars(engine), account=None)
    with pytest.raises(ExchangeError, match="no USDT"):  # nor does it at the start
        await RealAccount(shell)._believe(Decimal(0), SimpleNamespace(trading=engine.venue))  # type: ignore[arg-type]
    await engine.live_broker.close()


async def test_stop_and_exit_do_not_wait_for_a_disk_that_hangs_and_an_entry_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sent_orders, "DISK_S", 0.01)
    works = asyncio.Event()
    ahead, trading, news = SimpleNamespace(secure=works.wait), Trading([None]), list[Event]()
    broker = ExchangeDeskBroker(trading, news.append, lambda: START_MS, ahead=ahead)
    stop = replace(intent("f-a-S1"), reduce_only=True, purpose=OrderPurpose.STOP)
    close = replace(intent("f-a-X1"), reduce_only=True, purpose=OrderPurpose.EXIT)
    for item in (intent("f-a-E1"), stop, close):
        broker.place(item)
    async with asyncio.timeout(10):
        while len(trading.sent) < 2:
            await asyncio.sleep(0.001)
    assert sorted(trading.sent) == ["f-a-S1", "f-a-X1"]
    works.set()
    async with asyncio.timeout(10):
        while len(trading.sent) < 3:
            await asyncio.sleep(0.001)
    assert trading.sent[-1] == "f-a-E1"
    await broker.close()


@pytest.mark.parametrize("rearmed", [False, True])
async def test_panic_that_could_not_close_everything_goes_on_until_it_is_done_or_rearmed(
    rearmed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks, said, attempts = list[asyncio.Future[None]](), list[str](), list[int]()
    desk = SimpleNamespace(kill_level=KillLevel.LOCK)

    async def flatten(*_: object, **__: object) -> FlattenReport:
        attempts.append(1)
        return FlattenReport(is_flat=len(attempts) >= 3)

    monkeypatch.setattr(kill_watch, "flatten", flatten)
    monkeypatch.setattr(kill_watch, "AGAIN_S", (0.0,))
    watch = watch_over(desk, said, tasks, tmp_path)
    ask_panic(tmp_path)
    for number in range(6):
        watch.look(START_MS)
        await asyncio.gather(*tasks)
        if number < (1 if rearmed else 2):
            assert panic_asked(tmp_path), "what is left is not forgotten"
        if number == 0 and rearmed:
            desk.kill_level = KillLevel.PAUSE
    assert len(attempts) == (1 if rearmed else 3)
    assert not panic_asked(tmp_path)
    assert len([text for text in said if "tried again" in text]) == (1 if rearmed else 2)


async def test_order_that_ends_after_an_execution_that_was_not_told_ends_only_when_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exchange_broker, "LOOK_PAUSES_S", (0.001,))
    trading, news = Trading([ExchangeError("No connection.")]), list[Event]()
    trading.fills = [Fill("f-a-E1", SYMBOL, "9", OrderSide.BUY, Decimal(5), Decimal(1), Decimal(0), 1)]
    broker = ExchangeDeskBroker(trading, news.append, lambda: START_MS)
    broker.place(intent("f-a-E1"))
    ended = OrderUpdate("f-a-E1", SYMBOL, OrderStatus.EXPIRED, 1, "77", executed=Decimal(1))
    broker.on_update(ended)
    async with asyncio.timeout(10):
        while OrderChanged(ended) not in news:
            await asyncio.sleep(0.001)
    assert news.index(OrderFilled(trading.fills[0])) < news.index(OrderChanged(ended))
    await broker.close()


async def test_panic_after_rearming_is_tried_again_as_soon_as_the_first_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks, said = list[asyncio.Future[None]](), list[str]()
    desk = SimpleNamespace(kill_level=KillLevel.LOCK)

    async def flatten(*_: object, **__: object) -> FlattenReport:
        return FlattenReport(is_flat=False)

    monkeypatch.setattr(kill_watch, "flatten", flatten)
    monkeypatch.setattr(kill_watch, "AGAIN_S", (0.0, 300.0))
    watch = watch_over(desk, said, tasks, tmp_path)
    for level in (KillLevel.LOCK, 0, KillLevel.LOCK):
        desk.kill_level = level
        if level:
            watch.flatten_soon()
            await asyncio.gather(*tasks)
        watch.look(START_MS)
        await asyncio.gather(*tasks)
    pauses = [text.split(" seconds")[0].split()[-1] for text in said if "tried again" in text]
    assert pauses == ["0", "300", "0", "300"]


@pytest.mark.parametrize(("together", "left"), [(True, False), (False, True)])
async def test_live_ends_after_refusals_of_two_moments_not_of_two_looks_at_once(
    together: bool, left: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Running()

    async def positions() -> list[object]:
        await asyncio.sleep(0)
        raise Refused(-2015, "Invalid API-key, IP, or permissions for action.")

    monkeypatch.setattr(engine.venue, "positions", positions)
    watch = AccountWatch(engine, engine.venue, engine.live_broker)  # type: ignore[arg-type]
    if together:
        await asyncio.gather(watch.try_look(), watch.try_look(), watch.try_look())
    else:
        await watch.try_look()
        assert engine.runner.desk.snapshot().mode is TradingMode.LIVE
        await watch.try_look()
    assert (engine.runner.desk.snapshot().mode is TradingMode.SIGNALS) is left
    await watch.try_look()
    assert engine.runner.desk.snapshot().mode is TradingMode.SIGNALS
    await engine.live_broker.close()
