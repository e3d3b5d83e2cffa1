"""How fast the embedded exchange moves in lockstep, over real sockets, with the streams that the app follows."""

from __future__ import annotations

import asyncio
import time

import aiohttp

from futtui.exchange.simulator.market.synthetic import SyntheticMarket
from futtui.exchange.simulator.wire.config import ServerConfig
from futtui.exchange.simulator.wire.server import WireServer, bind, endpoints_of

NAME = "wire-demo"
DESCRIPTION = "Lockstep steps per second of the embedded exchange over loopback: 12 symbols, klines and mark prices."
STEPS = 1_500
SERVER_STEPS = 500
ROUTE = "/market/stream?streams="


async def _measure() -> tuple[int, float, float, float]:
    """Messages, seconds for all steps over the wire, milliseconds of server work a step, virtual seconds a step."""
    config = ServerConfig(speed="max")
    source = SyntheticMarket()
    names = [f"{spec.rules.symbol.lower()}@kline_15m" for spec in source.specs]
    streams = "/".join([*names, "!markPrice@arr@1s", "!simBarrier"])
    listener = bind(config)
    endpoints = endpoints_of(listener, source)
    server = WireServer(config, source)
    await server.start(listener)
    try:
        async with aiohttp.ClientSession() as session, session.ws_connect(endpoints.stream + ROUTE + streams) as ws:
            began = time.perf_counter()
            messages = 0
            for _ in range(STEPS):
                async with session.post(endpoints.rest + "/sim/advance") as answer:
                    await answer.read()
                messages += await _read_to_barrier(ws)
            elapsed_s = time.perf_counter() - began
            work_s = 0.0
            for _ in range(SERVER_STEPS):
                began = time.perf_counter()
                server.venue.step()
                server.venue.barrier()
                work_s += time.perf_counter() - began
                await _read_to_barrier(ws)
    finally:
        await server.stop()
        listener.close()
    return messages, elapsed_s, work_s / SERVER_STEPS * 1000, config.step_ms / 1000


async def _read_to_barrier(ws: aiohttp.ClientWebSocketResponse) -> int:
    count = 1
    while '"simBarrier"' not in await ws.receive_str():
        count += 1
    return count


def run() -> tuple[list[tuple[str, ...]], dict[str, float]]:
    """Table and figures; client and server share one process and one core."""
    messages, elapsed_s, server_ms, step_s = asyncio.run(_measure())
    rate = STEPS / elapsed_s
    rows: list[tuple[str, ...]] = [
        ("what", "value"),
        ("steps per second, client included", f"{rate:,.0f}"),
        ("milliseconds of server work per step", f"{server_ms:.3f}"),
        ("messages per second", f"{messages / elapsed_s:,.0f}"),
        ("virtual time against real time", f"{rate * step_s:,.0f} x"),
    ]
    figures = {
        "steps_per_s": round(rate, 1),
        "server_ms_per_step": round(server_ms, 4),
        "messages_per_s": round(messages / elapsed_s, 1),
        "times_real_time": round(rate * step_s, 1),
    }
    return rows, figures
