"""Runs an engine without a screen for a stretch of exchange time and says what happened."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from futtui.domain.effects import RecordSignal, RecordTrade, Severity
from futtui.domain.errors import InvalidInputError
from futtui.domain.events import ChangeMode
from futtui.domain.position import TradeClass, TradingMode
from futtui.domain.signal import SignalStatus
from futtui.domain.timeframe import MINUTE_MS
from futtui.live.attach.door import open_door
from futtui.live.clock import steady_ms
from futtui.live.compat.ending import heard_in_loop
from futtui.live.decisions import DecisionBook
from futtui.live.engine import Engine
from futtui.live.engine_thread import POOL_THREADS
from futtui.live.lockstep import run_lockstep

SCHEMA = 1
POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class HeadlessResult:
    """What happened, in figures and in full. `signals` and `trades` depend on the market alone, not on the machine."""

    run: dict[str, Any]
    counts: dict[str, Any]
    account: dict[str, Any]
    signals: list[dict[str, Any]]
    trades: list[dict[str, Any]]
    wall_seconds: float
    decisions: str
    """As a backtest and a replay have it."""

    @property
    def fingerprint(self) -> str:
        """Hash of all signals and trades: equal for equal runs."""
        text = msgspec.json.encode([self.signals, self.trades])
        return hashlib.sha256(text).hexdigest()[:16]

    def summary(self) -> Iterator[tuple[str, Any]]:
        """Lines for people."""
        yield from self.run.items()
        for name, value in self.counts.items():
            if isinstance(value, dict):
                yield name, ", ".join(f"{key} {count}" for key, count in value.items()) or "none"
            else:
                yield name, value
        yield from self.account.items()
        yield "fingerprint", self.fingerprint
        yield "decisions", self.decisions
        yield "wall_seconds", round(self.wall_seconds, 1)

    def as_json(self) -> dict[str, Any]:
        """One JSON object; its schema is described in the README."""
        return {
            "schema": SCHEMA,
            "run": self.run,
            "counts": self.counts,
            "account": self.account,
            "fingerprint": self.fingerprint,
            "decisions": self.decisions,
            "wall_seconds": round(self.wall_seconds, 3),
            "signals": self.signals,
            "trades": self.trades,
        }


async def run(
    build: Callable[[], Engine],
    minutes: int | None,
    *,
    screens_at: Path | None = None,
    tell: Callable[[str], None] = lambda text: None,
) -> HeadlessResult:
    """Build an engine, run it for `minutes` of exchange time, stop it, and return the result.

    `minutes` None runs a lockstep market to the end of its data; on the clock that has no end, so it is refused.
    On the clock screens find the engine by the note `screens_at`, and `tell` gets a sentence about that.
    """
    started = steady_ms()
    engine = build()
    engine.runner.records = []
    try:
        if engine.settings.lockstep:
            await engine.open()
            start_ms = engine.clock.now_ms()
            complete = await run_lockstep(engine, minutes)
        else:
            async with open_door(engine, screens_at, tell) as invitation:
                start_ms, complete = await _run_on_the_clock(engine, _limited(minutes), lambda: _told(invitation, tell))
        return _result(engine, start_ms, complete, (steady_ms() - started) / 1000.0)
    finally:
        await _stop(engine, tell)


async def run_until_stopped(
    build: Callable[[], Engine], tell: Callable[[str], None], *, live: bool, screens_at: Path | None = None
) -> None:
    """Run an engine until this process is asked to end; `live` goes live once all symbols are loaded.

    Screens find it by the note `screens_at` and may come and go.

    Raises FuttuiError when the engine cannot start, or when something stands against Live.
    """
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(POOL_THREADS, thread_name_prefix="engine-pool"))
    engine = build()
    with heard_in_loop(engine.ask_to_stop):
        try:
            async with open_door(engine, screens_at, tell) as invitation:
                _told(invitation, tell)
                await _run_and_tell(engine, tell, live)
        finally:
            await _stop(engine, tell)


async def _stop(engine: Engine, tell: Callable[[str], None]) -> None:
    await engine.stop()
    for sentence in engine.real_account.left_open:
        tell(sentence)


def _told(text: str, tell: Callable[[str], None]) -> None:
    if text:
        tell(text)


async def _run_and_tell(engine: Engine, tell: Callable[[str], None], live: bool) -> None:
    work = asyncio.create_task(engine.run())
    told, is_live = 0, False
    while not work.done():
        lines = engine.parts.log_book.lines()
        fresh = min(engine.parts.log_book.version - told, len(lines))
        for line in lines[len(lines) - fresh :]:
            if line.severity is not Severity.DEBUG:
                tell(f"{line.topic:8} {line.text}")
        told = engine.parts.log_book.version
        if live and not is_live and engine.pictures.phase == "running":
            is_live = True
            tell(await engine.command(ChangeMode(engine.clock.now_ms(), TradingMode.LIVE)))
        await asyncio.sleep(POLL_S)
    work.result()


def _limited(minutes: int | None) -> int:
    if minutes is None:
        raise InvalidInputError("A run on the clock needs an end. Say for how many minutes, as in --minutes 60.")
    return minutes


async def _run_on_the_clock(engine: Engine, minutes: int, on_start: Callable[[], None]) -> tuple[int, bool]:
    work = asyncio.create_task(engine.run())
    try:
        while engine.pictures.phase != "running" and not work.done():
            await asyncio.sleep(POLL_S)
        if not work.done():
            on_start()
        start_ms = engine.clock.now_ms()
        while engine.clock.now_ms() < start_ms + minutes * MINUTE_MS and not work.done():
            await asyncio.sleep(POLL_S)
        if work.done():
            work.result()
        return start_ms, True
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


def _result(engine: Engine, start_ms: int, complete: bool, wall_seconds: float) -> HeadlessResult:
    records = engine.runner.records or []
    trades = [_plain(item.trade) for item in records if isinstance(item, RecordTrade)]
    signals = [_signal(item) for item in records if isinstance(item, RecordSignal)]
    return HeadlessResult(
        run={
            "source": engine.pictures.source_label,
            "synthetic": engine.pictures.synthetic,
            "mode": engine.runner.desk.snapshot().mode.value,
            "symbols": len(engine.states),
            "start_ms": start_ms,
            "end_ms": engine.clock.now_ms(),
            "complete": complete,
        },
        counts=_counts(engine, records),
        account=_account(engine, records),
        signals=signals,
        trades=trades,
        wall_seconds=wall_seconds,
        decisions=_decisions(records),
    )


def _decisions(records: list[Any]) -> str:
    book = DecisionBook()
    for record in records:
        book.note(record)
    return book.decisions().hash


def _counts(engine: Engine, records: list[Any]) -> dict[str, Any]:
    runner = engine.runner
    refused = sum(isinstance(item, RecordSignal) and item.signal.status is SignalStatus.REFUSED for item in records)
    return {
        "candles": engine.counts["candles"],
        "analyses": engine.counts["analyses"],
        "duplicate_candles": engine.counts["duplicates"],
        "signals": sum(runner.signals_by_strategy.values()),
        "signals_by_strategy": dict(sorted(runner.signals_by_strategy.items())),
        "signals_refused": refused,
        "orders": runner.counts["orders"],
        "cancels": runner.counts["cancels"],
        "fills": runner.counts["fills"],
        "trades": runner.counts["trades"],
        "gaps": engine.gaps.holes,
        "gap_candles_filled": engine.gaps.bars_filled,
        "reconnects": engine.feed.reconnects,
        "log_lines": engine.parts.log_book.version,
    }


def _account(engine: Engine, records: list[Any]) -> dict[str, Any]:
    view = engine.runner.desk.snapshot().account
    traded = [
        item.trade for item in records if isinstance(item, RecordTrade) and item.trade.mode is not TradingMode.INFO
    ]
    classes = [trade.result_class for trade in traded]
    return {
        "equity": round(view.equity, 8),
        "wallet_balance": round(view.wallet_balance, 8),
        "start_equity": round(view.start_equity, 8),
        "wins": classes.count(TradeClass.WIN),
        "losses": classes.count(TradeClass.LOSS),
        "break_evens": classes.count(TradeClass.BREAK_EVEN),
        "net_r": round(sum(trade.result_r for trade in traded), 8),
        "open_positions": sum(
            position.mode is not TradingMode.INFO for position in engine.runner.desk.snapshot().positions
        ),
    }


def _plain(value: Any) -> dict[str, Any]:
    return dict(msgspec.to_builtins(value))


def _signal(record: RecordSignal) -> dict[str, Any]:
    signal = record.signal
    raw = signal.raw
    return {
        "signal_id": signal.signal_id,
        "time_ms": record.time_ms,
        "status": signal.status.value,
        "reason": signal.status_reason,
        "symbol": raw.symbol,
        "strategy": raw.strategy,
        "side": raw.side.value,
        "trigger": raw.trigger.value,
        "score": signal.score,
        "entry": raw.levels.entry,
        "stop": raw.levels.stop,
        "targets": list(raw.levels.targets),
        "summary": raw.summary,
    }
