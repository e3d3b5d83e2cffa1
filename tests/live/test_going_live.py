"""What stands against live trading is found before the first order: modes, rights, disk, latch, another futtui."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from futtui.cli.account_lock import sole_account
from futtui.domain.errors import FuttuiError
from futtui.domain.events import ChangeMode, ClosePosition
from futtui.domain.health import ClockHealth
from futtui.domain.position import TradingMode
from futtui.domain.side import Side
from futtui.exchange.binance.errors import Refused, Unavailable
from futtui.exchange.ports import Credentials
from futtui.exchange.simulator.core.records import OrderRequest
from futtui.exchange.simulator.wire.config import DEMO_KEY
from futtui.live.kill_file import Latch, ask_panic, write_latch
from futtui.live.live_book import LiveBook
from futtui.live.lockstep import run_lockstep
from futtui.live.preflight import machine_findings
from futtui.live.real_account import WATCH
from tests.live.engine_world import (
    Exchange,
    WatchedAnalyzers,
    exchange,
    leftovers,
    lines,
    server_config,
    until,
    wired,
)
from tests.live.live_world import SYMBOL, live_engine, states, with_position

SECRET = "PlantedSecret0123456789abcdefPlanted"


def config(**more: Any):  # type: ignore[no-untyped-def]
    return server_config(seed=3, symbols=(SYMBOL,), **more)


def hedge(world: Exchange) -> None:
    world.server.venue.modes.hedge = True


def multi(world: Exchange) -> None:
    world.server.venue.modes.multi_asset = True


def withdraws(world: Exchange) -> None:
    world.server.venue.modes.key_withdraws = True


def closed(world: Exchange) -> None:
    world.server.venue.modes.can_trade = False


async def test_account_that_could_not_be_opened_is_closed_whole_and_opened_at_the_next_wish(
    tmp_path: Path,
) -> None:
    async with exchange(config()) as world:
        engine = wired(
            tmp_path / "a.db", world, mode=TradingMode.SIGNALS, symbols=(SYMBOL,), fresh=False, lockstep=False,
            analyzers=WatchedAnalyzers({("", 0): Side.LONG}),
        ).build()  # fmt: skip
        work = asyncio.create_task(engine.run())
        await until(lambda: engine.snapshot().phase == "running")
        world.fault("{action: respond, status: 503, kind: B, path: '*/balance', count: 1}")
        with pytest.raises(FuttuiError, match="overloaded"):
            await engine.real_account.use()
        assert engine.account is engine.live_broker is None
        assert WATCH not in leftovers()
        await engine.real_account.use()
        await engine.real_account.use()
        assert leftovers().count(WATCH) == 1
        await engine.stop()
        await work
        assert WATCH not in leftovers()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (hedge, "hedge mode"),
        (multi, "multi-assets mode"),
        (withdraws, "may withdraw money"),
        (closed, "may not trade"),
    ],
)
async def test_going_live_is_refused_with_reason_and_what_to_do(
    spoil: Callable[[Exchange], None], words: str, tmp_path: Path
) -> None:
    async with exchange(config()) as world:
        spoil(world)
        engine = await live_engine(world, tmp_path / "a.db", mode=TradingMode.SIGNALS)
        with pytest.raises(FuttuiError, match=words):
            await engine.command(ChangeMode(world.now_ms, TradingMode.LIVE))
        assert engine.runner.desk.snapshot().mode is TradingMode.SIGNALS
        await engine.stop()


async def test_report_before_going_live_tells_the_account_and_what_stands_against_it(tmp_path: Path) -> None:
    async with exchange(config()) as world:
        engine = await live_engine(world, tmp_path / "a.db", mode=TradingMode.SIGNALS)
        well = await engine.real_account.report()
        assert all(finding.passed for finding in well.findings)
        assert well.wallet is not None
        assert f"{well.wallet:,.2f} USDT on the futures account." in [item.text for item in well.findings]
        assert (well.risk_per_trade_pct, well.day_loss_limit_pct) == (0.5, 3.0)
        hedge(world)
        found = await engine.real_account.report()
        against = [finding for finding in found.findings if not finding.passed]
        assert ["hedge mode" in finding.text for finding in against] == [True]
        assert engine.runner.desk.snapshot().mode is TradingMode.SIGNALS
        await engine.stop()


async def test_going_live_on_windows_names_the_lid_and_an_unsure_clock_stands_against_it() -> None:
    clock = ClockHealth(offset_ms=38, uncertainty_ms=12)
    assert [item.text for item in await machine_findings(None, clock, None, "linux")] == ["The clock is +38 ms off."]
    lid = (await machine_findings(None, clock, None, "win32"))[-1]
    assert lid.passed
    assert "closed lid" in lid.advice
    unsure = await machine_findings(None, replace(clock, uncertainty_ms=501), None, "linux")
    assert [item.passed for item in unsure] == [True, False]
    assert "within 501 ms" in unsure[1].text


async def test_report_before_going_live_says_when_the_account_does_not_answer(tmp_path: Path) -> None:
    async with exchange(config()) as world:
        engine = await live_engine(world, tmp_path / "a.db", mode=TradingMode.SIGNALS)
        world.fault("{action: respond, status: 503, kind: B, path: '*/balance', count: 99}")
        found = await engine.real_account.report()
        assert [finding.passed for finding in found.findings] == [False]
        assert "overloaded" in found.findings[0].advice
        assert found.wallet is None
        await engine.stop()


async def test_going_live_with_all_well_is_allowed_and_tells_each_check(tmp_path: Path) -> None:
    async with exchange(config()) as world:
        world.server.venue.modes.key_bound = False
        engine = await live_engine(world, tmp_path / "a.db", mode=TradingMode.SIGNALS)
        await engine.command(ChangeMode(world.now_ms, TradingMode.LIVE))
        assert engine.runner.desk.snapshot().mode is TradingMode.LIVE
        assert lines(engine, "One-way mode.")
        assert lines(engine, "Bind it to your address")
        assert lines(engine, "cannot withdraw")
        await engine.stop()


async def test_going_live_is_refused_while_latched_or_panicking_or_when_nothing_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exchange(config()) as world:
        engine = await live_engine(world, tmp_path / "a.db", mode=TradingMode.SIGNALS)
        write_latch(tmp_path, Latch(4, "by you", 1))
        with pytest.raises(FuttuiError, match="latched"):
            await engine.command(ChangeMode(world.now_ms, TradingMode.LIVE))
        write_latch(tmp_path, Latch(0, "", 1))
        ask_panic(tmp_path)
        with pytest.raises(FuttuiError, match="PANIC"):
            await engine.command(ChangeMode(world.now_ms, TradingMode.LIVE))
        (tmp_path / "PANIC").unlink()

        async def full(self: LiveBook) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(LiveBook, "secure", full)
        with pytest.raises(FuttuiError, match="No space left"):
            await engine.command(ChangeMode(world.now_ms, TradingMode.LIVE))
        await engine.stop()


async def test_entry_sets_isolated_margin_and_a_leverage_whose_liquidation_is_far_beyond_the_stop(
    tmp_path: Path,
) -> None:
    async with exchange(config()) as world:
        engine = await live_engine(world, tmp_path / "a.db", 1)
        await run_lockstep(engine, 17)
        assert states(engine) == ["PROTECTED"]
        core = world.server.venue.core
        settings = core.settings(DEMO_KEY, SYMBOL)
        assert settings.margin_type.upper() == "ISOLATED"
        view = engine.runner.desk.snapshot().positions[0]
        liquidation = core.position(DEMO_KEY, SYMBOL).liquidation_price
        stop_away = abs(view.entry_price - view.stop)
        assert abs(float(liquidation) - view.entry_price) >= 1.9 * stop_away
        await engine.stop()


async def test_entry_is_not_sent_when_margin_cannot_be_set(tmp_path: Path) -> None:
    async with exchange(config()) as world:
        engine = await live_engine(world, tmp_path / "a.db", 1)
        world.fault("{action: reject, code: -4168, message: Not now., method: POST, path: '*/marginType'}")
        await run_lockstep(engine, 17)
        assert world.quantity(SYMBOL) == 0
        assert states(engine) == []
        assert lines(engine, "isolated margin")
        await engine.stop()


async def test_entry_is_not_sent_with_cross_margin_that_an_order_of_the_user_keeps(tmp_path: Path) -> None:
    async with exchange(config()) as world:
        core = world.server.venue.core
        order = OrderRequest(
            symbol=SYMBOL, side="BUY", order_type="LIMIT", quantity=Decimal("0.1"), price=Decimal("2900.00"),
            time_in_force="GTC", client_order_id="web_limit",
        )  # fmt: skip
        core.place_order(DEMO_KEY, order)
        core.set_leverage(DEMO_KEY, SYMBOL, 50)
        engine = await live_engine(world, tmp_path / "a.db", 1)
        await run_lockstep(engine, 17)
        assert world.quantity(SYMBOL) == 0
        assert states(engine) == []
        assert lines(engine, "cross margin")
        await engine.stop()


async def test_entry_finds_isolated_margin_again_that_the_user_took_away_between_two_trades(tmp_path: Path) -> None:
    async with exchange(config()) as world:
        engine = await with_position(world, tmp_path / "a.db", 1, 3)
        await engine.command(ClosePosition(world.now_ms, engine.runner.desk.snapshot().positions[0].position_id))
        await run_lockstep(engine, 1)
        core = world.server.venue.core
        core.set_margin_type(DEMO_KEY, SYMBOL, "CROSSED")
        core.set_leverage(DEMO_KEY, SYMBOL, 50)
        await run_lockstep(engine, 27)
        settings = core.settings(DEMO_KEY, SYMBOL)
        assert states(engine) == ["PROTECTED"]
        assert (settings.margin_type.upper(), settings.leverage) == ("ISOLATED", 20)
        await engine.stop()


def test_fs43_second_futtui_on_one_account_only_watches(tmp_path: Path) -> None:
    keys = Credentials("the-key", SECRET)
    with sole_account(keys, tmp_path) as first:
        assert first
        with sole_account(keys, tmp_path) as second:
            assert not second
        with sole_account(Credentials("another", SECRET), tmp_path) as other:
            assert other
        assert all("the-key" not in path.name for path in tmp_path.iterdir())
    with sole_account(keys, tmp_path) as again:
        assert again
    with sole_account(None, tmp_path) as nobody:
        assert nobody


async def _futtui(folder: Path, world: Exchange, *words: str, stdin: bytes | None = None) -> tuple[int, str]:
    environment = os.environ | {
        "FUTTUI_API_KEY": "demo-key",
        "FUTTUI_API_SECRET": "demo-secret",
        "FUTTUI__EXCHANGE__REST_URL": world.endpoints.rest,
        "FUTTUI__EXCHANGE__STREAM_URL": world.endpoints.stream,
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "futtui", *words, "--home", str(folder)),
        env=environment, cwd=Path.cwd(), stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await asyncio.wait_for(process.communicate(stdin), 60)
    return process.returncode or 0, output.decode()


async def test_futtui_account_says_what_is_wrong_and_fix_mends_it(tmp_path: Path) -> None:
    async with exchange(config(speed=1.0)) as world:
        hedge(world)
        multi(world)
        code, text = await _futtui(tmp_path, world, "account")
        assert code == 1
        assert "hedge mode" in text
        assert "futtui account --fix" in text
        code, text = await _futtui(tmp_path, world, "account", "--fix")
        assert code == 0, text
        assert "One-way mode." in text
        assert "Single-asset mode." in text
        assert "demo-secret" not in text


async def test_headless_live_needs_the_typed_number(tmp_path: Path) -> None:
    async with exchange(config(speed=1.0)) as world:
        code, text = await _futtui(tmp_path, world, "headless", "--live", stdin=b"0000\n")
        assert code == 2
        assert "Nothing was started" in text
        assert world.server.venue.core.open_orders(DEMO_KEY) == []


def test_no_money_is_a_reason_not_to_go_live() -> None:
    from futtui.live.preflight import account_findings, refusal

    class Empty:
        async def modes(self) -> Any:
            from futtui.domain.account import AccountModes

            return AccountModes(can_trade=True, hedge=False, multi_asset=False)

        async def key_rights(self) -> None:
            return None

        async def wallet_balance(self) -> Decimal:
            return Decimal(0)

    found = asyncio.run(account_findings(Empty()))
    assert "Transfer money" in (refusal(found) or "")


async def test_live_ends_after_two_looks_that_the_exchange_refuses_because_of_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exchange(config()) as world:
        engine = await with_position(world, tmp_path / "a.db")
        assert engine.account is not None
        assert engine.account_watch is not None
        desk, trading = engine.runner.desk, engine.account.trading
        waiting = len(await trading.open_orders(SYMBOL))
        answers: list[Exception | None] = [Refused(-2015, "Invalid API-key"), Unavailable("no connection")]
        answers += [Refused(-2015, "Invalid API-key"), None, Refused(-2015, "Invalid API-key")]
        well = trading.positions

        async def positions() -> Any:
            error = answers.pop(0) if answers else Refused(-2015, "Invalid API-key")
            if error is not None:
                raise error
            return await well()

        monkeypatch.setattr(trading, "positions", positions)
        for _ in range(5):  # never two refusals in a row
            await engine.account_watch.try_look()
            assert desk.snapshot().mode is TradingMode.LIVE
        await engine.account_watch.try_look()
        assert desk.snapshot().mode is TradingMode.SIGNALS
        assert len(lines(engine, "Live is switched off")) == 1
        await engine.account_watch.try_look()
        assert len(lines(engine, "Live is switched off")) == 1
        assert states(engine) == ["PROTECTED"]
        assert len(await trading.open_orders(SYMBOL)) == waiting
        await engine.stop()
