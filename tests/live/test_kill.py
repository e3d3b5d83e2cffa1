"""Kill -9 again and again on a trading day: nothing is lost, doubled or left without a stop.

The exchange runs in this process and on the wire, the engine in a process of its own that is killed at chance moments:
by the clock, or right before or after the exchange carried out one of its order requests.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
import os
import random
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import Any

import psutil
import pytest

from futtui.domain.position import Trade
from futtui.exchange.simulator.market.synthetic import DEFAULT_START_MS
from futtui.exchange.simulator.wire.config import DEMO_KEY
from futtui.storage.store import Storage
from tests.live.engine_world import Exchange, exchange, server_config
from tests.live.killed_engine import SYMBOLS, fork

MINUTE_MS = 60_000
NAKED_LIMIT_S = 5.0
FATES = ("in the take-over", "at a moment of the day", "before an order", "after an order")


class Life:
    """One process of the engine and what it said."""

    def __init__(self, arguments: tuple[str, str, str, int], forked: bool) -> None:
        self.started_s = time.monotonic()
        self.read_end, write_end = os.pipe()
        os.set_blocking(self.read_end, False)
        self._rest = b""
        self.is_dead = False
        self.said: list[dict[str, Any]] = []
        if forked:
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload(["tests.live.killed_engine", "ccxt.async_support.binanceusdm"])
            process = context.Process(target=fork, args=(DupFd(write_end), arguments), daemon=True)
            process.start()
            assert process.pid is not None
            self.pid, self._alive, self._wait = process.pid, process.is_alive, process.join
        else:
            self._spawn(arguments, write_end)
        os.close(write_end)

    def _spawn(self, arguments: tuple[str, str, str, int], write_end: int) -> None:
        import subprocess

        command = [sys.executable, "-m", "tests.live.killed_engine", *(str(item) for item in arguments)]
        process = subprocess.Popen(command, stdout=write_end, stderr=subprocess.DEVNULL)
        self.pid, self._alive, self._wait = process.pid, lambda: process.poll() is None, process.wait

    @property
    def is_alive(self) -> bool:
        return bool(self._alive())

    def listen(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._rest += os.read(self.read_end, 65_536)
        *lines, self._rest = self._rest.split(b"\n")
        self.said += [json.loads(line) for line in lines if line.startswith(b"{")]

    def word(self, name: str) -> dict[str, Any] | None:
        return next((said for said in self.said if said["word"] == name), None)

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def bury(self) -> None:
        self.kill()
        self._wait()
        self.listen()
        os.close(self.read_end)


@dataclass
class Report:
    """What all lives together showed."""

    lives: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    takeovers: int = 0
    with_position: int = 0
    differences: list[str] = field(default_factory=list)
    longest_naked_s: float = 0.0
    naked_at_start: list[float] = field(default_factory=list)
    work_to_stop_s: list[float] = field(default_factory=list)
    """The process' own work until the stop: what the time would be on a machine with nothing else to do."""

    def table(self) -> str:
        rows = [
            ("processes started", self.lives),
            *((f"killed {how}", count) for how, count in sorted(self.kills.items())),
            ("take-overs completed", self.takeovers),
            ("of these with open positions", self.with_position),
            ("started without a stop on the exchange", len(self.naked_at_start)),
            ("longest from start to stop [s]", f"{max(self.naked_at_start, default=0.0):.2f}"),
            ("most own work from start to stop [s]", f"{max(self.work_to_stop_s, default=0.0):.2f}"),
            ("longest without a stop while alive [s]", f"{self.longest_naked_s:.2f}"),
            ("differences between ledger and exchange", len(self.differences)),
        ]
        return "\n".join(f"{name:42} {value:>8}" for name, value in rows)


class Reaper:
    """Kills lives at drawn moments and watches the account meanwhile."""

    def __init__(self, world: Exchange, database: Path, end_ms: int, seed: int, forked: bool) -> None:
        self.world = world
        self.arguments = (str(database), world.endpoints.rest, world.endpoints.stream, end_ms)
        self.chance = random.Random(seed)
        self.forked = forked
        self.take_over_s = (0.02, 0.6) if forked else (1.5, 4.0)
        self.report = Report()
        self.life: Life | None = None
        self._requests_left = 0
        self._before = False
        self._uncovered_since: dict[str, float] = {}
        self._hook()

    def _hook(self) -> None:
        """Let every order request to the exchange be a possible moment of death."""
        core = self.world.server.venue.core
        for name in ("place_order", "place_algo", "cancel_algo"):
            setattr(core, name, self._deadly(getattr(core, name)))

    def _deadly(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any, **more: Any) -> Any:
            self._requests_left -= 1
            strikes = self._requests_left == 0 and self.life is not None
            if strikes and self._before and self.life is not None:
                self._kill("before an order")
                raise ConnectionResetError
            answer = call(*args, **more)
            if strikes:
                self._kill("after an order")
            return answer

        return called

    def _kill(self, how: str) -> None:
        if self.life is not None and not self.life.is_dead:
            self.life.is_dead = True
            self.report.kills[how] += 1
            self.life.kill()

    async def live(self, stretch_minutes: float | None) -> Life:
        """One life; None = let it live to its end. Else it dies at the latest after about that much exchange time."""
        life = self.life = Life(self.arguments, self.forked)
        self.report.lives += 1
        naked = {symbol for symbol in SYMBOLS if not self._is_covered(symbol)}
        fate = self.chance.choice(FATES) if stretch_minutes is not None else ""
        self._before = fate == "before an order"
        self._requests_left = self.chance.randrange(1, 9) if fate.endswith("an order") else 0
        in_take_over_s = self.chance.uniform(*self.take_over_s) if fate == "in the take-over" else float("inf")
        share = 1.0 if self._requests_left else self.chance.random()
        dies_ms = self.world.now_ms + int(share * (stretch_minutes or 1e9) * MINUTE_MS)
        while life.is_alive:
            await asyncio.sleep(0.003)
            life.listen()
            self._watch(life, naked)
            if time.monotonic() > life.started_s + in_take_over_s and not life.said:
                self._kill("in the take-over")
            elif self.world.now_ms > dies_ms:
                await asyncio.sleep(self.chance.uniform(0.0, 0.05))
                self._kill("at a moment of the day")
        life.bury()
        self.life = None
        self._judge(life)
        return life

    def _is_covered(self, symbol: str) -> bool:
        return max(self.world.stops(symbol), default=Decimal(0)) >= abs(self.world.quantity(symbol))

    def _watch(self, life: Life, naked_at_start: set[str]) -> None:
        now_s = time.monotonic()
        for symbol in SYMBOLS:
            if not self._is_covered(symbol):
                since_s = max(self._uncovered_since.setdefault(symbol, now_s), life.started_s)
                self.report.longest_naked_s = max(self.report.longest_naked_s, now_s - since_s)
                continue
            self._uncovered_since.pop(symbol, None)
            if symbol in naked_at_start:
                naked_at_start.discard(symbol)
                self.report.naked_at_start.append(now_s - life.started_s)
                with contextlib.suppress(psutil.Error):
                    times = psutil.Process(life.pid).cpu_times()
                    self.report.work_to_stop_s.append(times.user + times.system)

    def _judge(self, life: Life) -> None:
        opened = life.word("open")
        if opened is None:
            return
        self.report.takeovers += 1
        self.report.with_position += bool(opened["held"])

    def compare(self, said: dict[str, Any]) -> None:
        """What the engine believes to hold against what the exchange holds."""
        for symbol in SYMBOLS:
            ours, held = Decimal(said["held"].get(symbol, "0")), self.world.quantity(symbol)
            if ours != held:
                self.report.differences.append(f"{symbol}: engine {ours}, exchange {held}")


def check_ledger(world: Exchange, trades: list[Trade], report: Report) -> None:
    """Trades against the exchange's own books: money, executions, entries."""
    core = world.server.venue.core
    booked = Decimal(10_000) + sum((trade.pnl for trade in trades), Decimal(0))
    if abs(booked - world.wallet()) > Decimal("0.000001"):
        report.differences.append(f"wallet: trades say {booked}, the exchange {world.wallet()}")
    ours = {trade.signal_id: trade.quantity for trade in trades}
    entered: dict[str, Decimal] = defaultdict(Decimal)
    entries: Counter[str] = Counter()
    for symbol in SYMBOLS:
        for order in core.all_orders(DEMO_KEY, symbol, limit=1000):
            _, _, rest = order.client_order_id.partition("-")
            signal_id, _, kind = rest.partition("-")
            if kind.startswith("E") and order.executed_quantity:
                entered[signal_id] += order.executed_quantity
                entries[signal_id] += 1
    report.differences += [f"{count} entries of {signal_id}" for signal_id, count in entries.items() if count > 1]
    for signal_id in entered.keys() | ours.keys():
        if entered[signal_id] != ours.get(signal_id, Decimal(0)):
            text = f"{signal_id}: bought {entered[signal_id]}, in trades {ours.get(signal_id, Decimal(0))}"
            report.differences.append(text)


async def day_of_death(folder: Path, points: int, minutes: int, *, forked: bool, seed: int = 11) -> Report:
    config = server_config(seed=5, symbols=SYMBOLS, start_ms=DEFAULT_START_MS)
    database = folder / "live.db"
    async with exchange(config) as world:
        reaper = Reaper(world, database, DEFAULT_START_MS + minutes * MINUTE_MS, seed, forked)
        for _ in range(points):
            await reaper.live(1.8 * minutes / points)
        last = await reaper.live(None)
        ended = last.word("end")
        assert ended is not None, "the last life did not reach its end"
        reaper.compare(ended)
        store = Storage(database)
        trades = store.trades(10_000)
        store.close_now()
        check_ledger(world, trades, reaper.report)
        assert trades
        found = "\n".join(reaper.report.differences)
        print(f"\n{reaper.report.table()}\ntrades {len(trades)}, wallet {world.wallet()}\n{found}")  # noqa: T201
        return reaper.report


@pytest.mark.timeout(600)
async def test_killed_process_loses_doubles_and_uncovers_nothing(tmp_path: Path) -> None:
    report = await day_of_death(tmp_path, 2, 120, forked=False)
    assert sum(report.kills.values()) >= 1
    assert report.differences == []
    assert max(report.work_to_stop_s, default=0.0) < NAKED_LIMIT_S


@pytest.mark.slow
@pytest.mark.timeout(3600)
async def test_killed_three_hundred_times_on_one_day(tmp_path: Path) -> None:
    points, seed = int(os.environ.get("FUTTUI_KILLS", "300")), int(os.environ.get("FUTTUI_SEED", "11"))
    report = await day_of_death(tmp_path, points, max(240, points * 24 // 5), forked=True, seed=seed)
    assert report.differences == []
    assert max(report.work_to_stop_s, default=0.0) < NAKED_LIMIT_S
