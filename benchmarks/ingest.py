"""How the stream client bears 5,000 frames a second for a minute, sent by another process over a real socket."""

from __future__ import annotations

import asyncio
import gc
import json
import multiprocessing
import os
import tempfile
import time
from array import array
from decimal import Decimal
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

from futtui.analysis.pool import AnalyzerPool
from futtui.analysis.settings import AnalysisSettings
from futtui.desk.settings import DeskSettings
from futtui.domain.symbols import SymbolRules
from futtui.exchange.binance import socket_session
from futtui.exchange.binance.decode import Decoded, StreamDecoder
from futtui.exchange.binance.routes import StreamSettings
from futtui.exchange.binance.streams import BinanceStreams
from futtui.exchange.ports import Endpoints, KlineMessage, StreamMessage
from futtui.live.assembly import EnginePlan, build_engine
from futtui.live.engine import Engine
from futtui.live.settings import EngineSettings
from futtui.live.symbol_state import Phase, SymbolState

NAME = "ingest"
DESCRIPTION = "5,000 stream frames a second through loopback into the real client: loss, latency, processor time."
FRAMES_PER_SECOND = 5_000
SECONDS = int(os.environ.get("FUTTUI_INGEST_SECONDS", "60"))
SYMBOLS = 240
NAMES = [f"S{number}USDT" for number in range(SYMBOLS)]
BEATS_PER_SECOND = 100
"""The sender wakes so often and sends what is due, as an exchange pushes many symbols at once."""
DRAIN_SECONDS = 5.0


def _frame(symbol: str, number: int, time_us: int) -> str:
    """A kline event as the exchange words it; only its volume is the frame's number, its open time when it was sent."""
    bar = (
        f'{{"t":{time_us},"T":1790772299999,"s":"{symbol}","i":"15m","f":8132503391,"L":8132505633,'
        f'"o":"83896.40","c":"83860.20","h":"83920.00","l":"83860.10","v":"{number}","n":2239,"x":false,'
        '"q":"9615538.66780","V":"48.488","Q":"4068722.10360","B":"0"}'
    )
    return f'{{"e":"kline","E":{time_us // 1000},"s":"{symbol}","k":{bar},"st":1}}'


def serve_frames(pipe: Pipe, frames_per_second: int, seconds: int) -> None:
    """The sending process: tells its port, waits for the subscription, then sends at a steady pace."""
    asyncio.run(_serve(pipe, frames_per_second, seconds))


async def _serve(pipe: Pipe, frames_per_second: int, seconds: int) -> None:
    from websockets.asyncio.server import ServerConnection, serve

    subscribed: asyncio.Queue[ServerConnection] = asyncio.Queue()

    async def handle(socket: ServerConnection) -> None:
        async for text in socket:
            request = json.loads(text)
            await socket.send(json.dumps({"result": None, "id": request["id"]}))
            subscribed.put_nowait(socket)

    server = await serve(handle, "127.0.0.1", 0, compression=None)
    pipe.send(next(iter(server.sockets)).getsockname()[1])
    while not pipe.poll():
        await asyncio.sleep(0.01)
    sockets: list[ServerConnection] = []
    while not subscribed.empty():
        socket = subscribed.get_nowait()
        if socket not in sockets:
            sockets.append(socket)
    sent, total = 0, frames_per_second * seconds
    began = time.monotonic()
    while sent < total:
        due = min(total, int((time.monotonic() - began) * frames_per_second))
        for number in range(sent, due):
            body = _frame(NAMES[number % SYMBOLS], number, time.time_ns() // 1000)
            await sockets[number % len(sockets)].send(body)
        sent = due
        await asyncio.sleep(1.0 / BEATS_PER_SECOND)
    pipe.send((sent, time.monotonic() - began))
    await asyncio.sleep(DRAIN_SECONDS)
    server.close()


class TimedDecoder(StreamDecoder):
    """The real decoder; notes when it began with the newest frame."""

    began_ns = 0

    def decode(self, payload: bytes | str) -> Decoded:
        """As StreamDecoder.decode."""
        TimedDecoder.began_ns = time.perf_counter_ns()
        return super().decode(payload)


class Arrivals:
    """Hands each message to the engine and notes which frames came and how many microseconds they were under way."""

    def __init__(self, engine: Engine, total: int) -> None:
        self._handle = engine.handle
        self.seen = bytearray(total)
        self.under_way_us = array("d")
        self.decode_to_state_us = array("d")

    def __call__(self, message: StreamMessage) -> None:
        self._handle(message)
        if type(message) is KlineMessage and message.forming is not None:
            self.decode_to_state_us.append((time.perf_counter_ns() - TimedDecoder.began_ns) / 1000.0)
            self.under_way_us.append(time.time_ns() / 1000.0 - message.forming.open_time_ms)
            self.seen[int(message.forming.volume)] = 1


async def _receive(pipe: Pipe, folder: Path, frames: int) -> dict[str, float]:
    socket_session.StreamDecoder = TimedDecoder  # type: ignore[misc]
    engine = _engine(folder)
    port = await asyncio.to_thread(pipe.recv)
    arrivals = Arrivals(engine, frames)
    endpoints = Endpoints(f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}", "benchmark")
    streams = BinanceStreams(endpoints, arrivals, settings=StreamSettings(silence_ms={}))
    await streams.subscribe([f"{symbol.lower()}@kline_15m" for symbol in engine.states])
    gc.collect()
    began, cpu_began = time.perf_counter(), time.process_time()
    pipe.send("go")
    while not pipe.poll():
        await asyncio.sleep(0.05)
    sent, seconds = pipe.recv()
    deadline = time.perf_counter() + DRAIN_SECONDS
    while len(arrivals.under_way_us) < sent and time.perf_counter() < deadline:
        await asyncio.sleep(0.01)
    cpu, wall = time.process_time() - cpu_began, time.perf_counter() - began
    await streams.close()
    await engine.stop()
    times, inside = sorted(arrivals.under_way_us), sorted(arrivals.decode_to_state_us)
    return {
        "decode_to_state_p99_ms": inside[int(len(inside) * 0.99)] / 1000.0,
        "decode_to_state_worst_ms": inside[-1] / 1000.0,
        "sent": sent,
        "received": sum(arrivals.seen),
        "frames_per_s": sent / seconds,
        "p50_ms": times[len(times) // 2] / 1000.0,
        "p99_ms": times[int(len(times) * 0.99)] / 1000.0,
        "worst_ms": times[-1] / 1000.0,
        "core_pct": 100.0 * cpu / wall,
    }


def _engine(folder: Path) -> Engine:
    """A real engine with ready symbols, desk, paper account and database; nothing is connected."""

    async def nowhere() -> Endpoints:
        raise RuntimeError("The benchmark connects by itself.")

    pool = AnalyzerPool(AnalysisSettings(), 0)
    plan = EnginePlan(EngineSettings(), DeskSettings(), pool, folder / "ingest.db", nowhere)
    engine = build_engine(plan)
    now_ms = time.time_ns() // 1_000_000
    engine.clock.observe(now_ms)
    engine.runner.brokers |= engine.parts.virtual_brokers(engine.runner, now_ms)
    one = Decimal(1)
    for name in NAMES:
        rules = SymbolRules(name, name[:-4], Decimal("0.1"), one, one, one * 1000, one * 1000, one, one, one * 10**6)
        engine.states[name] = SymbolState(name, rules, Phase.READY)
        engine.tell_rules(rules)
    return engine


def run() -> tuple[list[tuple[str, ...]], dict[str, float]]:
    """One run of a minute (FUTTUI_INGEST_SECONDS changes that)."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    sender = context.Process(target=serve_frames, args=(theirs, FRAMES_PER_SECOND, SECONDS), daemon=True)
    sender.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            figures = asyncio.run(_receive(ours, Path(folder), FRAMES_PER_SECOND * SECONDS))
    finally:
        sender.join(2 * DRAIN_SECONDS)
        if sender.is_alive():
            sender.terminate()
    rows = [
        ("what", "figure", "goal"),
        ("frames sent", f"{figures['sent']:,.0f} ({figures['frames_per_s']:,.0f}/s for {SECONDS} s)", "5,000/s"),
        ("frames lost", f"{figures['sent'] - figures['received']:,.0f}", "0"),
        ("decode to state, p99", f"{figures['decode_to_state_p99_ms']:.3f} ms", "under 5 ms"),
        ("decode to state, worst", f"{figures['decode_to_state_worst_ms']:.3f} ms", "-"),
        ("from sending to state, median", f"{figures['p50_ms']:.2f} ms", "-"),
        ("from sending to state, p99", f"{figures['p99_ms']:.2f} ms", "-"),
        ("from sending to state, worst", f"{figures['worst_ms']:.2f} ms", "-"),
        ("processor of the receiving process", f"{figures['core_pct']:.1f} % of a core", "under 25 %"),
    ]
    return rows, figures
