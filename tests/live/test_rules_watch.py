"""Trading rules that change while the app runs, and symbols that leave the exchange and come back."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from futtui.domain.errors import ExchangeError
from futtui.domain.symbols import SymbolRules
from futtui.live.rules_watch import RulesWatch
from futtui.live.symbol_state import Phase
from futtui.live.watchdog import Watchdog
from tests.live.engine_world import until
from tests.live.small_engine import NOW_MS, SmallEngine, rules


def test_rules_watch_changed_tick_reaches_desk_and_screen() -> None:
    engine = SmallEngine("BTCUSDT", "ETHUSDT")
    before = engine.ready("BTCUSDT").row(0, None)
    finer = rules("BTCUSDT", "0.01")
    RulesWatch(engine).take({"BTCUSDT": finer, "ETHUSDT": rules("ETHUSDT")})  # type: ignore[arg-type]
    assert engine.rules_told == [finer]
    after = engine.states["BTCUSDT"].row(0, None)
    assert (before.rules, after.rules) == (rules("BTCUSDT"), finer)
    assert after.version > before.version


def test_rules_watch_symbol_that_left_is_switched_off_and_loaded_when_it_is_back() -> None:
    engine = SmallEngine("BTCUSDT", "LUNAUSDT")
    engine.ready("BTCUSDT")
    engine.ready("LUNAUSDT")
    watch, watcher = RulesWatch(engine), Watchdog(engine)  # type: ignore[arg-type]
    for _ in range(2):
        watch.take({"BTCUSDT": rules("BTCUSDT")})
    state = engine.states["LUNAUSDT"]
    assert state.phase is Phase.DISABLED
    assert len(engine.lines) == 1
    assert "not traded" in state.row(0, None).state_text
    watcher.check_candles(NOW_MS + 3_600_000, retry_now=True)
    engine.rounds.set_aside(state, "its last analysis failed")
    watcher.check_candles(NOW_MS + 3_600_000, retry_now=True)
    assert "LUNAUSDT" not in engine.reloaded
    watch.take({name: rules(name) for name in engine.states})
    watcher.check_candles(NOW_MS, retry_now=True)
    assert engine.reloaded == ["LUNAUSDT"]


def test_rules_watch_list_without_any_of_our_symbols_is_not_believed() -> None:
    engine = SmallEngine("BTCUSDT")
    engine.ready("BTCUSDT")
    watch = RulesWatch(engine)  # type: ignore[arg-type]
    watch.take({})
    watch.take({"OTHERUSDT": rules("OTHERUSDT")})
    assert engine.states["BTCUSDT"].phase is Phase.READY


@pytest.mark.parametrize("really", [True, False])
async def test_rules_watch_held_symbol_that_one_list_lacks_is_given_up_only_when_the_next_lacks_it_too(
    really: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = SmallEngine("BTCUSDT", "ETHUSDT")
    engine.settings = SimpleNamespace(lockstep=True)  # type: ignore[attr-defined]
    engine.ready("BTCUSDT")
    state = engine.ready("ETHUSDT")
    engine.runner.desk.live_symbols = ("ETHUSDT",)
    asked: list[asyncio.Task[None]] = []
    engine.beside = lambda work, name: asked.append(asyncio.ensure_future(work))
    whole = {name: rules(name) for name in engine.states}
    cut = {"BTCUSDT": rules("BTCUSDT")}
    watch = RulesWatch(engine)  # type: ignore[arg-type]

    async def look() -> None:
        watch.take(cut if really else whole)

    monkeypatch.setattr(watch, "look", look)
    watch.take(cut)
    assert state.phase is Phase.READY
    await asyncio.gather(*asked)
    assert (len(asked), state.phase is Phase.DISABLED) == (1, really)
    watch.take(whole)
    watch.take(cut)
    assert len(asked) == 2, "a list in between begins the count anew"
    await asyncio.gather(*asked)


async def test_rules_watch_goes_on_asking_after_failures() -> None:
    engine = SmallEngine("BTCUSDT")
    engine.ready("BTCUSDT")
    answers: list[Exception | dict[str, SymbolRules]] = [
        ExchangeError("no answer"), RuntimeError("a mistake of ours"), {"BTCUSDT": rules("BTCUSDT", "0.5")},
    ]  # fmt: skip

    async def exchange_info() -> dict[str, SymbolRules]:
        answer = answers.pop(0) if answers else {"BTCUSDT": rules("BTCUSDT", "0.5")}
        if isinstance(answer, Exception):
            raise answer
        return answer

    engine.market.exchange_info = exchange_info  # type: ignore[method-assign]
    task = asyncio.create_task(RulesWatch(engine, pause_s=0.001).run())  # type: ignore[arg-type]
    await until(lambda: bool(engine.rules_told))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert engine.states["BTCUSDT"].rules == rules("BTCUSDT", "0.5")
