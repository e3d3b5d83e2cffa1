"""A small local copy of the public archive that can be told to fail."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections import defaultdict, deque
from collections.abc import Callable

from aiohttp import web

from futtui.domain.timeframe import Timeframe
from futtui.exchange.archive_csv import KLINE_HEADER
from futtui.exchange.binance.archive.addresses import ArchiveFileName


class ArchiveServer:
    """Use with `async with`. `publish` adds a file; `fail` queues answers (a status, "cut" or "hang") for a path."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.before_answer: Callable[[str], None] = lambda path: None
        self._failures: dict[str, deque[int | str]] = defaultdict(deque)
        self._runner: web.AppRunner | None = None
        self.url = ""

    def publish(self, file: ArchiveFileName, text: str) -> bytes:
        """Adds the CSV text as zip, and its checksum; returns the zip."""
        memory = io.BytesIO()
        with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(file.name.replace(".zip", ".csv"), text)
        packed = memory.getvalue()
        self.files[file.path] = packed
        digest = hashlib.sha256(packed).hexdigest()
        self.files[f"{file.path}.CHECKSUM"] = f"{digest}  {file.name}\n".encode()
        return packed

    def publish_bars(self, file: ArchiveFileName, without: set[int] | None = None, price: float = 100.0) -> None:
        """Adds a file with a made-up bar for each time, apart from those (in ms) in `without`."""
        times = range(file.start_ms, file.end_ms, file.timeframe.ms)
        lines = [bar_line(time, file.timeframe, price) for time in times if time not in (without or set())]
        self.publish(file, "\n".join([KLINE_HEADER, *lines]) + "\n")

    def fail(self, path: str, *answers: int | str) -> None:
        """The next answers for `path`; after them it is served as usual."""
        self._failures[path].extend(answers)

    def asked_for(self, path: str) -> int:
        """How often the path was asked for."""
        return self.asked.count(path)

    async def __aenter__(self) -> ArchiveServer:
        app = web.Application()
        app.router.add_get("/data/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/data"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        self.asked.append(path)
        self.before_answer(path)
        failure = self._failures[path].popleft() if self._failures[path] else None
        body = self.files.get(path)
        if isinstance(failure, int):
            return web.Response(status=failure)
        if body is None:
            return web.Response(status=404)
        if failure == "cut":
            response = web.StreamResponse(headers={"Content-Length": str(len(body))})
            await response.prepare(request)
            await response.write(body[: len(body) // 2])
            assert request.transport is not None
            request.transport.close()
            return response
        return web.Response(body=body)


def bar_line(time_ms: int, timeframe: Timeframe, price: float = 100.0) -> str:
    """One archive line whose figures follow from its time."""
    wave = (time_ms // timeframe.ms) % 97 / 10
    figures = f"{price + wave:.2f},{price + wave + 1.5:.2f},{price + wave - 0.75:.2f},{price + wave + 0.25:.2f}"
    volume = 10 + wave
    return (
        f"{time_ms},{figures},{volume:.3f},{time_ms + timeframe.ms - 1},{volume * price:.5f},{int(volume)},"
        f"{volume / 2:.3f},{volume * price / 2:.5f},0"
    )
