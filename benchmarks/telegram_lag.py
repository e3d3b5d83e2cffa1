"""Whether the engine feels Telegram: loop lag of a demo without it, with it out of reach, and with it silent."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from socket import socket

from futtui.analysis.pool import AnalyzerPool
from futtui.cli.demo_command import DEMO_HISTORY
from futtui.cli.phone import TOKEN, Phone
from futtui.config.settings import Settings
from futtui.domain.position import TradingMode
from futtui.exchange.ports import Credentials
from futtui.exchange.simulator.process import EmbeddedExchange
from futtui.exchange.simulator.wire.config import ServerConfig
from futtui.live.assembly import EnginePlan, build_engine
from futtui.live.settings import EngineSettings, MarketSettings
from futtui.telegram.settings import TelegramSettings

NAME = "telegram-lag"
DESCRIPTION = (
    "Loop lag of the engine (60x demo, 12 symbols): without Telegram, out of reach, accepting and never answering."
)
SECONDS = 20.0
WARM_UP_S = 8.0
SPEED = 60.0
FAKE_TOKEN = "1234567890:AAbenchbenchbenchbenchbenchbenchben"


@contextmanager
def silent_server() -> Iterator[str]:
    """The address of a server that takes connections and says nothing."""
    with socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        held: list[socket] = []

        def accept() -> None:
            try:
                while True:
                    held.append(listener.accept()[0])
            except OSError:
                return

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


async def _lags(telegram: TelegramSettings, folder: Path) -> list[float]:
    """The engine's recent lag in milliseconds, ten times a second, while a demo runs."""
    settings = Settings(telegram=telegram)
    exchange = EmbeddedExchange(ServerConfig(speed=SPEED))
    exchange.start(held=False)
    pool = AnalyzerPool(settings.analysis(), 1)
    pool.start()
    phone = Phone(settings, (folder,), folder / "demo.db", demo=True)
    market = MarketSettings(min_quote_volume=0.0, top_count=240, history=DEMO_HISTORY)
    engine_settings = EngineSettings(
        market=market, mode=TradingMode.PAPER, start_equity=Decimal(10_000), speed=SPEED, live_allowed=True
    )
    plan = EnginePlan(
        settings=engine_settings,
        desk=settings.desk,
        pool=pool,
        database=folder / "demo.db",
        endpoints=exchange.wait_ready_async,
        credentials=Credentials("demo-key", "demo-secret"),
        fresh_database=True,
        virtual_clock=True,
    )
    engine = phone.attach(build_engine(plan))
    work = asyncio.ensure_future(engine.run())
    try:
        await asyncio.sleep(WARM_UP_S)
        samples = []
        for number in range(int(SECONDS * 10)):
            engine.say("risk", f"a warning that Telegram should tell, number {chr(97 + number % 26)}")
            samples.append(engine.lag.recent_ms)
            await asyncio.sleep(0.1)
        return samples
    finally:
        engine.ask_to_stop()
        await asyncio.gather(work, return_exceptions=True)
        await engine.stop()
        phone.stop()
        exchange.stop()


def run() -> tuple[list[tuple[str, ...]], dict[str, float]]:
    """Table and figures, all three in one run."""
    rows: list[tuple[str, ...]] = [("Telegram", "median lag ms", "p99 lag ms", "worst ms")]
    figures: dict[str, float] = {}
    with silent_server() as silent:
        cases = {"none": "", "out of reach": "http://127.0.0.1:9", "silent": silent}
        for name, address in cases.items():
            with tempfile.TemporaryDirectory() as place:
                folder = Path(place)
                (folder / ".env").write_text(f"{TOKEN}={FAKE_TOKEN}\n", encoding="utf-8")
                telegram = TelegramSettings(enabled=bool(address), chat_id=1, base_url=address, in_demo=True)
                lags = asyncio.run(_lags(telegram, folder))
            ordered = sorted(lags)
            p99 = ordered[int(len(ordered) * 0.99) - 1]
            median = statistics.median(ordered)
            rows.append((name, f"{median:.2f}", f"{p99:.2f}", f"{ordered[-1]:.2f}"))
            figures[f"{name.replace(' ', '_')}_p99_ms"] = round(p99, 3)
    return rows, figures
