"""Symbols that come in and leave while the app runs: over the wire, with the real adapter and analyzers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from futtui.domain.position import TradingMode
from futtui.domain.side import Side
from futtui.domain.timeframe import Timeframe
from futtui.domain.universe import Listing
from futtui.exchange.binance.rest import BinanceRest
from futtui.live.engine import Engine
from futtui.live.lockstep import run_lockstep
from futtui.live.symbol_state import Phase
from futtui.live.universe_watch import UniverseWatch
from tests.live.engine_world import (
    QUARTER_MS,
    START_MS,
    SYMBOLS,
    WatchedAnalyzers,
    exchange,
    lines,
    server_config,
    watched,
    wired,
)


def set_turnover(engine: Engine, monkeypatch: pytest.MonkeyPatch, **volumes: float) -> None:
    """From now on the exchange tells these figures."""
    assert engine.connection is not None
    market = engine.connection.market
    ask = market.listings

    async def listings() -> list[Listing]:
        return [replace(item, quote_volume=volumes.get(item.symbol, item.quote_volume)) for item in await ask()]

    monkeypatch.setattr(market, "listings", listings)


async def look(engine: Engine, times: int) -> None:
    assert engine.connection is not None
    for _ in range(times):
        await engine.warmup.universe.look(await engine.connection.market.exchange_info())
    await engine.do_inner_work()


async def test_universe_symbol_that_leaves_is_let_go_and_comes_back_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exchange(server_config(speed="max")) as world:
        engine = wired(tmp_path / "a.db", world, symbols=()).build()
        try:
            await engine.open()
            assert set(engine.states) == set(SYMBOLS)
            with monkeypatch.context() as patch:
                set_turnover(engine, patch, ETHUSDT=-1.0)
                await look(engine, 5)
                assert "ETHUSDT" in engine.states
                await look(engine, 1)
            assert set(engine.states) == {"BTCUSDT"}
            assert [line.symbol for line in lines(engine, "is not watched any more")] == ["ETHUSDT"]
            seen = len(watched(engine).opens("ETHUSDT", Timeframe.M15))
            await run_lockstep(engine, 31)
            assert len(watched(engine).opens("ETHUSDT", Timeframe.M15)) == seen
            assert watched(engine).opens("BTCUSDT", Timeframe.M15)
            await look(engine, 2)
            assert engine.states["ETHUSDT"].phase is Phase.READY
            assert [line.symbol for line in lines(engine, "is watched from now on")] == ["ETHUSDT"]
            await run_lockstep(engine, 31)
            assert len(watched(engine).opens("ETHUSDT", Timeframe.M15)) > seen
        finally:
            await engine.stop()


async def test_universe_symbol_with_an_open_position_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = WatchedAnalyzers({("ETHUSDT", START_MS + QUARTER_MS): Side.LONG})
    async with exchange(server_config(speed="max")) as world:
        engine = wired(tmp_path / "a.db", world, symbols=(), analyzers=script, mode=TradingMode.PAPER).build()
        try:
            await engine.open()
            await run_lockstep(engine, 17)
            assert [view.symbol for view in engine.runner.desk.snapshot().positions] == ["ETHUSDT"]
            set_turnover(engine, monkeypatch, ETHUSDT=-1.0, BTCUSDT=-1.0)
            await look(engine, 6)
            assert set(engine.states) == {"ETHUSDT"}
            assert "a trade on it is open" in engine.warmup.universe.standings["ETHUSDT"].reason
        finally:
            await engine.stop()


async def test_universe_tells_turnover_and_spread_whether_it_chooses_or_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exchange(server_config(speed="max")) as world:
        for name, symbols in (("a", ()), ("b", SYMBOLS)):
            engine = wired(tmp_path / f"{name}.db", world, symbols=symbols).build()
            try:
                await engine.open()
                set_turnover(engine, monkeypatch, **{SYMBOLS[0]: 4.2e9})
                await look(engine, 1)
                engine.publish()
                assert engine.snapshot().listings[SYMBOLS[0]].quote_volume == 4.2e9
            finally:
                await engine.stop()


async def test_universe_figures_of_nothing_we_know_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exchange(server_config(speed="max")) as world:
        engine = wired(tmp_path / "a.db", world, symbols=()).build()
        try:
            await engine.open()
            assert engine.connection is not None

            async def nothing() -> list[Listing]:
                return []

            monkeypatch.setattr(engine.connection.market, "listings", nothing)
            await look(engine, 8)
            assert set(engine.states) == set(SYMBOLS)
        finally:
            await engine.stop()


async def test_universe_after_a_restart_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with exchange(server_config(speed="max")) as world:
        engine = wired(tmp_path / "a.db", world, symbols=()).build()
        try:
            await engine.open()
            set_turnover(engine, monkeypatch, ETHUSDT=-1.0)
            await look(engine, 4)
            before = engine.warmup.universe.standings
            assert (before["ETHUSDT"].inside, before["ETHUSDT"].looks) == (True, 4)
        finally:
            await engine.stop()
        ask = BinanceRest.listings

        async def listings(self: BinanceRest) -> list[Listing]:
            return [replace(item, quote_volume=-1.0 if item.symbol == "ETHUSDT" else 1e9) for item in await ask(self)]

        monkeypatch.setattr(BinanceRest, "listings", listings)
        for _ in range(2):
            again = wired(tmp_path / "a.db", world, symbols=(), fresh=False).build()
            try:
                await again.open()
                assert again.warmup.universe.standings["ETHUSDT"].looks == 4, "a start is no look of its own"
                assert set(again.states) == set(SYMBOLS)
            finally:
                await again.stop()
        last = wired(tmp_path / "a.db", world, symbols=(), fresh=False).build()
        try:
            await last.open()
            await look(last, 2)
            assert set(last.states) == {"BTCUSDT"}
        finally:
            await last.stop()


async def test_universe_after_a_restart_with_an_empty_database_takes_only_what_is_good_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = BinanceRest.listings

    async def listings(self: BinanceRest) -> list[Listing]:
        return [replace(item, quote_volume=-1.0 if item.symbol == "ETHUSDT" else 1e9) for item in await ask(self)]

    monkeypatch.setattr(BinanceRest, "listings", listings)
    async with exchange(server_config(speed="max")) as world:
        engine = wired(tmp_path / "b.db", world, symbols=()).build()
        try:
            await engine.open()
            assert set(engine.states) == {"BTCUSDT"}
        finally:
            await engine.stop()


async def test_universe_symbol_on_which_a_trade_begins_while_others_are_let_go_stays() -> None:
    positions: list[SimpleNamespace] = []
    states = {symbol: SimpleNamespace(phase=Phase.READY, next_try_ms=0.0, buffered=[]) for symbol in ("AUSDT", "BUSDT")}

    async def unsubscribe(names: list[str]) -> None:
        positions.append(SimpleNamespace(symbol="BUSDT"))

    async def drop(symbol: str) -> None:
        return None

    engine = SimpleNamespace(
        states=dict(states),
        settings=SimpleNamespace(market=SimpleNamespace(symbols=())),
        runner=SimpleNamespace(desk=SimpleNamespace(snapshot=lambda: SimpleNamespace(positions=positions, signals=()))),
        connection=SimpleNamespace(streams=SimpleNamespace(unsubscribe=unsubscribe)),
        parts=SimpleNamespace(analyzers=SimpleNamespace(drop=drop)),
        say=lambda *_: None,
    )
    watch = UniverseWatch(engine)  # type: ignore[arg-type]
    outside = SimpleNamespace(inside=False, reason="too little is traded")

    async def choose(before: object) -> dict[str, object]:
        return dict.fromkeys(states, outside)

    watch._choose = choose  # type: ignore[assignment, method-assign]
    watch._take_over = lambda found, before: None  # type: ignore[method-assign]
    await watch.look({})
    assert set(engine.states) == {"BUSDT"}
