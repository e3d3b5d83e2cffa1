"""The same market gives the same signals and trades, byte for byte, whatever the machine does."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from futtui.domain.position import TradingMode
from futtui.live.headless import HeadlessResult, run
from tests.desk.world import wide_settings
from tests.live.engine_world import WatchedAnalyzers, exchange, server_config, wired

MINUTES = 720


def headless(folder: Path, seed: int, mode: TradingMode) -> HeadlessResult:
    async def go() -> HeadlessResult:
        async with exchange(server_config(seed)) as world:
            plan = wired(folder / "run.db", world, mode=mode, analyzers=WatchedAnalyzers(), desk=wide_settings())
            return await run(plan.build, MINUTES)

    return asyncio.run(go())


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, HeadlessResult]:
    folder = tmp_path_factory.mktemp("repeats")
    return {
        "live": headless(folder, 3, TradingMode.LIVE),
        "live again": headless(folder, 3, TradingMode.LIVE),
        "paper": headless(folder, 3, TradingMode.PAPER),
        "other seed": headless(folder, 1, TradingMode.LIVE),
    }


def without_machine(result: HeadlessResult) -> dict[str, object]:
    plain = result.as_json()
    del plain["wall_seconds"]
    return plain


def test_engine_same_seed_twice_in_live_gives_the_same_result_in_full(results: dict[str, HeadlessResult]) -> None:
    first, second = results["live"], results["live again"]
    assert first.counts["trades"] >= 2
    assert first.counts["fills"] >= 4
    assert without_machine(first) == without_machine(second)
    assert first.fingerprint == second.fingerprint


def test_engine_other_seed_gives_other_signals(results: dict[str, HeadlessResult]) -> None:
    assert results["other seed"].fingerprint != results["live"].fingerprint
    assert results["other seed"].signals != results["live"].signals


def test_engine_paper_opens_the_same_signals_as_live(results: dict[str, HeadlessResult]) -> None:
    def opened(result: HeadlessResult) -> list[tuple[str, float, float]]:
        return [
            (item["signal_id"], item["entry"], item["score"]) for item in result.signals if item["status"] == "ACTIVE"
        ]

    assert opened(results["paper"]) == opened(results["live"])
    assert len(opened(results["live"])) == results["live"].counts["signals"]


def test_engine_live_books_what_the_exchange_booked(results: dict[str, HeadlessResult]) -> None:
    live = results["live"]
    booked = sum(float(trade["pnl"]) for trade in live.trades)
    assert live.account["open_positions"] == 0
    assert live.account["wallet_balance"] == pytest.approx(10_000 + booked, abs=1e-6)
